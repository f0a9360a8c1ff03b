//! How large things may be. Wix's own limits where the documentation names them.

/// The most bytes of one item, as JSON (`WDE0009`).
pub const ITEM_BYTES: usize = 500_000;
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
/// The most operands that a filter may hold, all its lists counted.
pub const FILTER_OPERANDS: usize = 10_000;
/// How deep `$and`, `$or` and `$not` may stand in each other.
pub const FILTER_DEPTH: usize = 64;
/// The most names of a dotted path.
pub const PATH_SEGMENTS: usize = 32;
/// The most fields that a query may be sorted by.
pub const SORT_FIELDS: usize = 10;
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
