//! `docs/limits.md`: the limits of a request, a site and a collection, and the reason for each.

use backlot_outbound::upstream::{MAX_RESPONSE_HEAD_BYTES, MAX_RESPONSE_HEADERS};
use backlot_server::limits::{
    BURST_BYTES, BYTES_PER_SECOND, MAX_WAITING_OF_ONE, MIN_PLACES, PLACES_PER_CORE,
    SMALL_RESPONSE_BYTES,
};
use backlot_store::index_builds::{MAX_PIECE_BYTES, MAX_PIECE_ITEMS, MAX_PIECE_KEYS};
use backlot_wix::data::limits::{
    AGGREGATE_OPERATIONS, BULK_ITEMS, CHOSEN_FIELDS, COLLECTIONS, DEFAULT_PAGE, DEFINITION_BYTES,
    DEFINITIONS_BYTES, DESCRIPTION_CHARACTERS, DISPLAY_NAME_CHARACTERS, FIELD_KEY_CHARACTERS,
    FIELDS, FILTER_BYTES, FILTER_DEPTH, FILTER_OPERANDS, GATHERED_BYTES, GROUPS, ITEM_BYTES,
    ITEM_DEPTH, ITEM_ID_CHARACTERS, JOB_BYTES, JOB_STEP_ATTEMPTS, JOBS, JOBS_BYTES, LARGEST_PAGE,
    LINKS, LINKS_OF_FIELD, MODIFICATIONS, PATH_BYTES, PATH_SEGMENTS, PATTERNS_BYTES,
    PIPELINE_ITEM_WORK, REGULAR_INDEXES, REQUEST_BYTES, REQUEST_SECONDS, REQUEST_WORK,
    SEARCH_CHARACTERS, SORT_FIELDS, STAGES, UNIQUE_INDEXES,
};

use crate::wording::{bytes, grouped};

#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "it is the text of a page")]
pub(super) fn page() -> String {
    format!("\
# Limits

<!-- Generated from crates/backlot/src/references/limits.rs. Do not edit: change the text there and run
`BACKLOT_BLESS=1 cargo test -p backlot references`. -->

Requests of one site never starve or terminate another's. That takes limits on what a request may cost, on what a site may use at
once, and on what is stored. Rate limits, quotas and sizes that can be configured are in
[configuration.md](configuration.md#data).

## One request

| limit | value | error | reason |
| --- | --- | --- | --- |
| work | {work} | 422 `QUERY_TOO_COSTLY` | A filter of thousands of terms must not run for minutes. |
| memory for the parsed request, and for items, included items and links until the response is built | {request_bytes} | 422 `QUERY_TOO_COSTLY` | Seven bytes of JSON may take hundreds in memory. An included item counts once, however many items refer to it. |
| links that one request adds | {links} | 400 `WDE0080` | Each is a row of the database. |
| time | {REQUEST_SECONDS} seconds | 422 `QUERY_TOO_COSTLY` | It covers what is not counted, such as a slow database. |
| memory of an aggregation, pipeline, search or list of distinct values | {gathered} | 400 `WDE0092` | Groups and sorted items are in memory. |
| output of a pipeline for one item | {pipeline} | 429 `WDE0028` | Unwinding lists repeatedly can turn one item into millions. |

## One site

| limit | value | error | reason |
| --- | --- | --- | --- |
| slots for work | all while no other site requests data, otherwise a quarter, or an eighth for a site that uses much; there are {PLACES_PER_CORE} for each core, at least {MIN_PLACES}, and on PostgreSQL at most half of a node's connections | waits for its turn | One site's queries leave slots for others'. |
| requests waiting for a slot | {waiting} | 429 `INSTANCE_BUSY` | Waiting requests use memory. |
| rate of large responses | {rate} a second, after the first {burst}; the first {small} of a response do not count; unauthenticated callers are counted by their address | the response is delayed | Sending uses the processor, too. |
| waiting writes, on SQLite | 1,024 | 503 `DATABASE_BUSY` | It is a quarter of the writer's queue, which takes turns over sites. |
| items written before another site's turn, on SQLite | 50 | none | A bulk call with 1,000 items must not delay others. |
| links changed before another site's turn, on SQLite | 1,000 | none | An item with more takes one turn. |
| items of one step of a job | 100, or fewer if they are large or get many links | none | A step is one transaction. |
| one piece of an index build | {MAX_PIECE_ITEMS} items, {piece_bytes}, {piece_keys} keys | none | A piece is one transaction, and takes turns with the steps of jobs. |
| waiting or running jobs | {jobs} | 429 `TOO_MANY_JOBS` | Jobs run one at a time, in turn over sites. |
| filter and modifications of a job | {job_bytes} | 429 `TOO_MANY_JOBS` | They are stored for 30 days. |
| all stored jobs | {jobs_bytes} | 429 `TOO_MANY_JOBS` | They are stored for 30 days. |
| attempts of a job's step that takes too long | {JOB_STEP_ATTEMPTS} | the job is `FAILED` | One job must not delay others. |
| bodies that are read whole, and large data responses | a quarter of `server.max_buffered_bytes` | 429 `BUFFER_SHARE_EXHAUSTED` | A slow client's unread responses use memory. |
| stored items and bytes | `data.max_items`, `data.max_bytes` | 403 `STORAGE_QUOTA_EXCEEDED`; a job is `FAILED` | They depend on the plan. A link counts as its two ids and 100 bytes. |

## How work is counted

Work is counted where it is done, in units of about a nanosecond: 40 for a term of a filter, ten for each element of a list on the
path to a field, one for each four bytes of text that are searched, two to four for a byte of an item that is parsed, and four for a
byte of text that is case-folded, once for an item. A filter for one text over a million items of a kilobyte is within the limit of one
request, and so are 4,900 texts over 1,000 reviews of 540 letters, but not over 10,000 of them.

The memory for a request's JSON counts while it is parsed: some 570 bytes for an object with one field, 110 for an element of a list,
and the length of a text. Fields that a call does not use are skipped.

A bulk call is processed in parts of at most 200 items, or fewer if they are large. If a limit ends the call after some of them, it is
reported as the error of each remaining item.

Anything that takes more than a moment runs in the work pool. An instance may use all slots while no other requests data, and a quarter
of them for a quarter of a second after any request of another instance. An instance that uses no slot never waits for one that uses more
than its share. An instance that uses more than 50 milliseconds of processor time at once, or a quarter of a core over a longer time, has
half of that share, and its work has a lower priority than everything else. A third of the time that PostgreSQL spends for it counts,
too. Work ends when its client disconnects, and the query is then canceled in PostgreSQL.

A point read, a page of up to 100 items without a filter or by an indexed value, and a write of one small item run immediately, without
a slot.

## Responses of your own server

| limit | value | error | reason |
| --- | --- | --- | --- |
| header lines | {head_lines} | 502 `UPSTREAM_HEAD_TOO_LARGE` | They are in memory until they are sent. |
| the whole head | {head_bytes} | 502 `UPSTREAM_HEAD_TOO_LARGE` | It is in memory until it is sent. |

## Items and collections

| limit | value | error | reason |
| --- | --- | --- | --- |
| an item, as JSON | {item} | 400 `WDE0009` | Wix's limit. |
| nesting of an item | {item_depth} | 400 `WDE0080` | A deeper item could not be parsed again. |
| characters of an item's id | {item_id} | 400 `WDE0079` | Wix's limit. |
| items or patches of a bulk call | {bulk} | 400 `WDE0080` | Wix's limit. |
| modifications of a patch | {modifications} | 400 `WDE0080` | A patch is one write. |
| items that one field refers to | {links_of_field} | 400 `WDE0080` | They are removed together. |
| a page | {page} items, {DEFAULT_PAGE} by default | 400 `WDE0080` | Wix's limit. |
| collections of a site | {collections} | 400 `WDE0075` | Their definitions are listed and copied together. |
| a collection's definition, as JSON | {definition} | 400 `WDE0080` | Every call with the collection reads it. Definitions of more than 16 KiB are read in the work pool. |
| all definitions of a site's collections, and all that are declared | {definitions} | 400 `WDE0075`; `backlot check` for files | Recently used definitions are cached, in at most 96 MiB for all sites. |
| display names of collections and fields | {display_name} characters | 400 `WDE0080` | They are part of the definition. |
| a field's key, and its description | {field_key} characters, {description} characters | 400 `WDE0080` | They are in every response about the collection. |
| fields of a collection | {fields} | 400 `WDE0080` | Each is validated with every write. |
| compiled patterns of a collection | {patterns} | 400 `WDE0080` | They are in memory. |
| indexes of a collection | {REGULAR_INDEXES} regular, {UNIQUE_INDEXES} unique | 400 `WDE0112` | Wix's limit. Each index adds cost to every write. |

## Filters, aggregations and pipelines

| limit | value | error | reason |
| --- | --- | --- | --- |
| operands of a filter | {operands} | 400 `WDE0076` | Terms, and everything in their lists and objects. Lists of ids are looked up by hash. |
| names and texts of a filter | {filter} | 400 `WDE0076` | A filter is copied for cursors and jobs. |
| a dotted path | {PATH_SEGMENTS} names, {path} bytes | 400 `WDE0080` | Each name is one level of an item. |
| fields that a request selects | {chosen} | 400 `WDE0080` | Each is looked up in every item. |
| nesting of `$and`, `$or` and `$not` | {filter_depth} | 400 `WDE0076` | They are evaluated on the stack. |
| fields that a query sorts by | {sort} | 400 `WDE0080` | Wix's limit. |
| groups of an aggregation | {groups} | 400 `WDE0092` | They are in memory. |
| operations of an aggregation | {operations} | 400 `WDE0080` | Each is computed for every item. |
| stages of a pipeline | {stages} | 400 `WDE0080` | Each item goes through all of them. |
| characters of a search | {search} | 400 `WDE0080` | Each word is searched in every item. |
",
        work = grouped(REQUEST_WORK),
        request_bytes = bytes(REQUEST_BYTES),
        links = grouped(LINKS),
        gathered = bytes(GATHERED_BYTES as u64),
        pipeline = bytes(PIPELINE_ITEM_WORK as u64),
        waiting = grouped(MAX_WAITING_OF_ONE),
        rate = bytes(BYTES_PER_SECOND),
        burst = bytes(BURST_BYTES),
        small = bytes(SMALL_RESPONSE_BYTES),
        piece_bytes = bytes(MAX_PIECE_BYTES as u64),
        piece_keys = grouped(MAX_PIECE_KEYS),
        jobs = grouped(JOBS),
        job_bytes = bytes(JOB_BYTES as u64),
        jobs_bytes = bytes(JOBS_BYTES),
        head_lines = grouped(MAX_RESPONSE_HEADERS),
        head_bytes = bytes(MAX_RESPONSE_HEAD_BYTES as u64),
        item = bytes(ITEM_BYTES as u64),
        item_depth = grouped(ITEM_DEPTH),
        item_id = grouped(ITEM_ID_CHARACTERS),
        bulk = grouped(BULK_ITEMS),
        modifications = grouped(MODIFICATIONS),
        links_of_field = grouped(LINKS_OF_FIELD),
        page = grouped(LARGEST_PAGE),
        collections = grouped(COLLECTIONS),
        definition = bytes(DEFINITION_BYTES as u64),
        definitions = bytes(DEFINITIONS_BYTES),
        display_name = grouped(DISPLAY_NAME_CHARACTERS),
        field_key = grouped(FIELD_KEY_CHARACTERS),
        description = grouped(DESCRIPTION_CHARACTERS),
        fields = grouped(FIELDS),
        patterns = bytes(PATTERNS_BYTES as u64),
        operands = grouped(FILTER_OPERANDS),
        filter = bytes(FILTER_BYTES as u64),
        path = grouped(PATH_BYTES),
        chosen = grouped(CHOSEN_FIELDS),
        filter_depth = grouped(FILTER_DEPTH),
        sort = grouped(SORT_FIELDS),
        groups = grouped(GROUPS),
        operations = grouped(AGGREGATE_OPERATIONS),
        stages = grouped(STAGES),
        search = grouped(SEARCH_CHARACTERS),
    )
}
