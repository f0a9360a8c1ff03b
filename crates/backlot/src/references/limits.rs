//! `docs/limits.md`: what one request, one site and all together may take, and what each limit is for.

use std::fmt::{Display, Write as _};

use backlot_outbound::upstream::{MAX_REPLY_HEAD_BYTES, MAX_REPLY_HEADERS};
use backlot_server::limits::{
    BURST_BYTES, BYTES_PER_SECOND, MAX_WAITING_OF_ONE, MIN_PLACES, PLACES_PER_CORE,
    SMALL_REPLY_BYTES,
};
use backlot_store::index_builds::{MAX_PIECE_BYTES, MAX_PIECE_ITEMS, MAX_PIECE_KEYS};
use backlot_wix::data::limits;

const HEAD: &str = "\
# Limits

<!-- Generated from crates/wix/src/data/limits.rs and crates/backlot/src/references/limits.rs. Do not edit: change them
there and run `BACKLOT_BLESS=1 cargo test -p backlot references`. -->

No request of one site starves or ends another's. That takes limits: what one request may cost, what one site may
have at once, and what is kept. Rates, quotas and sizes that are configuration are in
[configuration.md](configuration.md#data).
";

const WORK: &str = "
## How work is counted

Work is counted where it is done, in units of about a nanosecond: 40 for a term of a filter, ten for each element of a list on the way to its field, one for each four bytes of text
that it is looked for in, two to four for a byte of an item that is parsed, four for a byte of text that is folded, once
for an item. A filter of one text over a million items of a kilobyte fits into one request; 4,900 texts over 1,000
reviews of 540 letters do, too, and over 10,000 of them they do not.

What is made of a request's JSON counts against its memory while it is read: some 570 bytes for an object of one field, 110
for an element of a list, and a text as it is. What no field of a call takes is passed over.

A bulk call is done in parts of at most 200 items, fewer where they are large. Once some are done, what ends the call is told
as the error of each of the others.

What takes more than a moment runs in the work pool. An instance may hold all places while no other asks for data, and a quarter
of them for a quarter of a second after any request of another; an instance that holds none never waits for one that holds
more than its share. An instance that takes more than 50 milliseconds of processor time at once, or a quarter of a core for longer, has
half of that share, and its work a lower priority than everything else. A third of the time that PostgreSQL takes for it counts, too. Work ends when its client has gone, and PostgreSQL is told to end its query.

A point read, a page of up to 100 items without a filter or by an indexed value, and the write of one small item are done at
once, without a place.
";

/// One row: the limit, its value, where it is refused, and what it is for.
type Row = (&'static str, String, &'static str, &'static str);

pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    table(&mut page, "One request", request());
    table(&mut page, "One site", site());
    page.push_str(WORK);
    table(&mut page, "Replies of your own server", replies());
    table(&mut page, "Items and collections", items());
    table(&mut page, "Filters, aggregates and pipelines", queries());
    page
}

fn table(page: &mut String, title: &str, rows: Vec<Row>) {
    let _ = write!(
        page,
        "\n## {title}\n\n| limit | value | answer past it | what it is for |\n| --- | --- | --- | --- |\n"
    );
    for (limit, value, answer, purpose) in rows {
        let _ = writeln!(page, "| {limit} | {value} | {answer} | {purpose} |");
    }
}

fn request() -> Vec<Row> {
    let costly = "422 `QUERY_TOO_COSTLY`";
    vec![
        (
            "work",
            count(limits::REQUEST_WORK),
            costly,
            "a filter of thousands of terms does not run for minutes",
        ),
        (
            "what is made of a request, and the items, included items and links kept until the reply is made",
            bytes(limits::REQUEST_BYTES),
            costly,
            "seven bytes of JSON may be hundreds in memory; an included item counts once, however often it is referred to",
        ),
        (
            "links that one request makes",
            count(limits::LINKS as u64),
            "400 `WDE0080`",
            "each is a row of the database",
        ),
        (
            "time in its place",
            format!("{} seconds", limits::REQUEST_SECONDS),
            costly,
            "what is not counted, such as a slow database",
        ),
        (
            "what an aggregate, pipeline, search or list of distinct values gathers",
            bytes(limits::GATHERED_BYTES as u64),
            "400 `WDE0092`",
            "groups and sorted items lie in memory",
        ),
        (
            "what a pipeline makes of one item",
            bytes(limits::PIPELINE_ITEM_WORK as u64),
            "429 `WDE0028`",
            "lists unwound one after the other make millions of one item",
        ),
    ]
}

fn replies() -> Vec<Row> {
    let answer = "502 `UPSTREAM_HEAD_TOO_LARGE`";
    vec![
        (
            "header lines",
            count(MAX_REPLY_HEADERS as u64),
            answer,
            "they lie in memory until they are sent",
        ),
        (
            "the whole head",
            bytes(MAX_REPLY_HEAD_BYTES as u64),
            answer,
            "it lies in memory until it is sent",
        ),
    ]
}

fn site() -> Vec<Row> {
    vec![
        (
            "places for work",
            format!(
                "all while no other site asks for data, else a quarter, an eighth for one that uses much; {PLACES_PER_CORE} for each core, at least {MIN_PLACES}, on PostgreSQL at most half of a node's connections"
            ),
            "waits for its turn",
            "one site's queries leave room for others'",
        ),
        (
            "requests that wait for a place",
            count(MAX_WAITING_OF_ONE as u64),
            "429 `INSTANCE_BUSY`",
            "what waits takes memory",
        ),
        (
            "bytes of large replies",
            format!(
                "{} a second, beyond {} at once; the first {} of a reply are not counted; callers who are not known are counted by their address",
                bytes(BYTES_PER_SECOND),
                bytes(BURST_BYTES),
                bytes(SMALL_REPLY_BYTES)
            ),
            "the reply goes on later",
            "sending takes the processor, too",
        ),
        (
            "writes that wait, on SQLite",
            count(1024),
            "503 `DATABASE_BUSY`",
            "a quarter of the writer's queue, which takes turns over sites",
        ),
        (
            "items written before another site has its turn, on SQLite",
            count(50),
            "none",
            "a bulk of 1,000 items holds up nobody",
        ),
        (
            "links changed before another site has its turn, on SQLite",
            count(1000),
            "none",
            "one item with more is one turn",
        ),
        (
            "items of one step of a job",
            "100, fewer where they are large or get many links".to_owned(),
            "none",
            "a step is one transaction",
        ),
        (
            "one piece of an index that is built",
            format!(
                "{MAX_PIECE_ITEMS} items, {}, {} keys",
                bytes(MAX_PIECE_BYTES as u64),
                count(MAX_PIECE_KEYS as u64)
            ),
            "none",
            "a piece is one transaction, in turn with the steps of jobs",
        ),
        (
            "jobs that wait or run",
            count(limits::JOBS),
            "429 `TOO_MANY_JOBS`",
            "one at a time, in turn over sites",
        ),
        (
            "filter and modifications of a job",
            bytes(limits::JOB_BYTES as u64),
            "429 `TOO_MANY_JOBS`",
            "they are kept for 30 days",
        ),
        (
            "all jobs that are kept",
            bytes(limits::JOBS_BYTES),
            "429 `TOO_MANY_JOBS`",
            "they are kept for 30 days",
        ),
        (
            "attempts of a job's step that takes too long",
            count(u64::from(limits::JOB_STEP_ATTEMPTS)),
            "the job is `FAILED`",
            "one job holds up no other",
        ),
        (
            "bodies read whole, and large replies of data",
            "a quarter of `server.max_buffered_bytes`".to_owned(),
            "429 `BUFFER_SHARE_EXHAUSTED`",
            "slow clients keep what they have not read",
        ),
        (
            "items and bytes kept",
            "`data.max_items`, `data.max_bytes`".to_owned(),
            "403 `STORAGE_QUOTA_EXCEEDED`; a job is `FAILED`",
            "by plan; a link counts as its two ids and 100 bytes",
        ),
    ]
}

fn items() -> Vec<Row> {
    let invalid = "400 `WDE0080`";
    let mut rows = vec![
        (
            "an item, as JSON",
            bytes(limits::ITEM_BYTES as u64),
            "400 `WDE0009`",
            "Wix's own",
        ),
        (
            "depth of an item",
            count(limits::ITEM_DEPTH as u64),
            invalid,
            "it could not be read again",
        ),
        (
            "characters of an item's id",
            count(limits::ITEM_ID_CHARACTERS as u64),
            "400 `WDE0079`",
            "Wix's own",
        ),
        (
            "items or patches of a bulk call",
            count(limits::BULK_ITEMS as u64),
            invalid,
            "Wix's own",
        ),
        (
            "modifications of a patch",
            count(limits::MODIFICATIONS as u64),
            invalid,
            "a patch is one write",
        ),
        (
            "items that one field refers to",
            count(limits::LINKS_OF_FIELD as u64),
            invalid,
            "they go together",
        ),
        (
            "a page",
            format!(
                "{} items, {} where none are named",
                count(u64::from(limits::LARGEST_PAGE)),
                limits::DEFAULT_PAGE
            ),
            invalid,
            "Wix's own",
        ),
    ];
    rows.extend(collections());
    rows
}

fn collections() -> Vec<Row> {
    let invalid = "400 `WDE0080`";
    vec![
        (
            "collections of a site",
            count(limits::COLLECTIONS as u64),
            "400 `WDE0075`",
            "their definitions are listed and moved together",
        ),
        (
            "a collection's definition, as JSON",
            bytes(limits::DEFINITION_BYTES as u64),
            invalid,
            "every call with the collection reads it; larger ones than 16 KiB are read in the work pool",
        ),
        (
            "all definitions of a site's collections, and all that are declared",
            bytes(limits::DEFINITIONS_BYTES),
            "400 `WDE0075`; `backlot check` for files",
            "what was read a moment ago lies in memory, within 96 MiB for all sites",
        ),
        (
            "names that people see",
            format!(
                "{} characters",
                count(limits::DISPLAY_NAME_CHARACTERS as u64)
            ),
            invalid,
            "of a collection and of a field",
        ),
        (
            "a field's key, and its description",
            format!(
                "{} characters, {} characters",
                count(limits::FIELD_KEY_CHARACTERS as u64),
                count(limits::DESCRIPTION_CHARACTERS as u64)
            ),
            invalid,
            "they lie in every answer about the collection",
        ),
        (
            "fields of a collection",
            count(limits::FIELDS as u64),
            invalid,
            "each is checked with every write",
        ),
        (
            "compiled patterns of a collection",
            bytes(limits::PATTERNS_BYTES as u64),
            invalid,
            "they lie in memory",
        ),
        (
            "indexes of a collection",
            format!(
                "{} regular, {} unique",
                limits::REGULAR_INDEXES,
                limits::UNIQUE_INDEXES
            ),
            "400 `WDE0112`",
            "Wix's own; each costs with every write",
        ),
    ]
}

fn queries() -> Vec<Row> {
    let filter = "400 `WDE0076`";
    let invalid = "400 `WDE0080`";
    vec![
        (
            "operands of a filter",
            count(limits::FILTER_OPERANDS as u64),
            filter,
            "terms, and all that stands in their lists and objects; a list of ids is found in by hash",
        ),
        (
            "names and texts of a filter",
            bytes(limits::FILTER_BYTES as u64),
            filter,
            "a filter is copied for cursors and jobs",
        ),
        (
            "a dotted path",
            format!(
                "{} names, {} bytes",
                limits::PATH_SEGMENTS,
                count(limits::PATH_BYTES as u64)
            ),
            invalid,
            "each name is one level of an item",
        ),
        (
            "fields that a request chooses of an item",
            count(limits::CHOSEN_FIELDS as u64),
            invalid,
            "each is looked for in every item",
        ),
        (
            "depth of `$and`, `$or` and `$not`",
            count(limits::FILTER_DEPTH as u64),
            filter,
            "the stack",
        ),
        (
            "fields that a query sorts by",
            count(limits::SORT_FIELDS as u64),
            invalid,
            "Wix's own",
        ),
        (
            "groups of an aggregate",
            count(limits::GROUPS as u64),
            "400 `WDE0092`",
            "they lie in memory",
        ),
        (
            "operations of an aggregate",
            count(limits::AGGREGATE_OPERATIONS as u64),
            invalid,
            "each is done for every item",
        ),
        (
            "stages of a pipeline",
            count(limits::STAGES as u64),
            invalid,
            "each item goes through all of them",
        ),
        (
            "characters of a search",
            count(limits::SEARCH_CHARACTERS as u64),
            invalid,
            "each word is looked for in every item",
        ),
    ]
}

fn bytes(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{} bytes", count(bytes)),
    }
}

/// `1,000`
fn count(number: impl Display) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
