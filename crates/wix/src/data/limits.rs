//! How large things may be. Wix's own limits where the documentation names them.

/// The most bytes of one item, as JSON (`WDE0009`).
pub const ITEM_BYTES: usize = 500_000;
/// How deep lists and objects may stand in each other in an item. What reads JSON gives up beyond 128, and
/// requests and answers hold items inside of other things.
pub const ITEM_DEPTH: usize = 100;
/// The most characters of an item's id.
pub const ITEM_ID_CHARACTERS: usize = 128;
/// The most characters of a collection's id.
pub const COLLECTION_ID_CHARACTERS: usize = 256;
/// The most collections of one instance.
pub const COLLECTIONS: usize = 1_000;
/// The most items of one bulk call.
pub const BULK_ITEMS: usize = 1_000;
/// The most patches of one bulk call.
pub const BULK_PATCHES: usize = 1_000;
/// The size of a page when the request names none.
pub const DEFAULT_PAGE: u32 = 50;
/// The largest page.
pub const LARGEST_PAGE: u32 = 1_000;
/// The most operands that a filter may hold: terms, and whatever stands in their lists and objects.
pub const FILTER_OPERANDS: usize = 10_000;
/// The most bytes of a filter's names and texts: a list of as many ids as there may be operands.
pub const FILTER_BYTES: usize = 1 << 20;
/// How deep `$and`, `$or` and `$not` may stand in each other. (JSON itself is read 128 levels deep, and each of
/// these takes two.)
pub const FILTER_DEPTH: usize = 50;
/// The most names of a dotted path.
pub const PATH_SEGMENTS: usize = 32;
/// The most bytes of a dotted path.
pub const PATH_BYTES: usize = 10_000;
/// The most fields that a query may be sorted by.
pub const SORT_FIELDS: usize = 10;
/// The most fields that a request may choose of an item, each counted once.
pub const CHOSEN_FIELDS: usize = 1_000;
/// The most bytes of a collection's compiled patterns.
pub const PATTERNS_BYTES: usize = 16 << 20;
/// The most bytes of a collection's definition, as JSON (`WDE0080`): a thousand fields with some words for each.
pub const DEFINITION_BYTES: usize = 256 * 1024;
/// The most bytes of the definitions of one instance's collections, as JSON (`WDE0075`). Those that are declared count
/// apart, all together.
pub const DEFINITIONS_BYTES: u64 = 8 << 20;
/// The most characters of a field's key (`WDE0080`).
pub const FIELD_KEY_CHARACTERS: usize = 256;
/// The most characters of the name that people see of a collection or a field (`WDE0080`).
pub const DISPLAY_NAME_CHARACTERS: usize = 1_000;
/// The most characters of a field's description (`WDE0080`).
pub const DESCRIPTION_CHARACTERS: usize = 10_000;
/// The most fields of a collection.
pub const FIELDS: usize = 1_000;
/// The most regular indexes of a collection.
pub const REGULAR_INDEXES: usize = 3;
/// The most unique indexes of a collection.
pub const UNIQUE_INDEXES: usize = 1;
/// The most fields of a regular index.
pub const INDEX_FIELDS: usize = 3;
/// The most modifications of one patch.
pub const MODIFICATIONS: usize = 1_000;
/// The most links that one request may make (`WDE0080`).
pub const LINKS: usize = 10_000;
/// The most links that one field of one item may hold (`WDE0080`): they are taken away as one.
pub const LINKS_OF_FIELD: usize = 5_000;
/// The most bytes that one aggregation, pipeline, search or list of distinct values may gather (`WDE0092`).
pub const GATHERED_BYTES: usize = 64 << 20;
/// The most groups of one aggregation.
pub const GROUPS: usize = 100_000;
/// The most bytes of the name of a computed field.
pub const FIELD_NAME_BYTES: usize = 1_000;
/// The most fields that items are grouped by.
pub const GROUPING_FIELDS: usize = 32;
/// The most operations of an aggregation.
pub const AGGREGATE_OPERATIONS: usize = 100;
/// The most stages of a pipeline.
pub const STAGES: usize = 100;
/// The most entries of a list in a stage or in an expression.
pub const STAGE_ENTRIES: usize = 1_000;
/// The most expressions and projected fields of a whole pipeline.
pub const EXPRESSIONS: usize = 2_000;
/// How deep expressions may stand in each other, and projections too.
pub const EXPRESSION_DEPTH: usize = 32;
/// How much deeper than the items the results of a whole pipeline may be.
pub const PIPELINE_DEEPENING: usize = 64;
/// The most bytes of one item on its way through a pipeline.
pub const PIPELINE_ITEM_BYTES: usize = 16 << 20;
/// The most bytes that a pipeline may make of one item (`WDE0028`).
pub const PIPELINE_ITEM_WORK: usize = 256 << 20;
/// The most bytes that a pipeline may make of what it gathered (`WDE0028`).
pub const PIPELINE_FINAL_WORK: usize = 1 << 30;
/// The most characters of a search expression.
pub const SEARCH_CHARACTERS: usize = 100;
/// The most work of one request, in units of about a nanosecond (`QUERY_TOO_COSTLY`): a filter of one text over a million
/// items of a kilobyte.
pub const REQUEST_WORK: u64 = 8_000_000_000;
/// The most bytes of items, included items and links that one request keeps until its response is made
/// (`QUERY_TOO_COSTLY`).
pub const REQUEST_BYTES: u64 = 40 << 20;
/// The longest that one request may take, in seconds (`QUERY_TOO_COSTLY`).
pub const REQUEST_SECONDS: u64 = 10;
/// The most jobs of one instance that wait or run (`TOO_MANY_JOBS`).
pub const JOBS: u64 = 100;
/// The most bytes of the filter and the modifications of one job (`TOO_MANY_JOBS`).
pub const JOB_BYTES: usize = 256 * 1024;
/// The most bytes of all jobs of one instance that are kept, for 30 days (`TOO_MANY_JOBS`).
pub const JOBS_BYTES: u64 = 16 << 20;
/// How often a step of a job is tried that takes too long.
pub const JOB_STEP_ATTEMPTS: u32 = 3;
