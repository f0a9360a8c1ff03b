//! Wix Data's error codes. A code stays as Wix wrote it, since programs compare it.
//!
//! Source: "Wix Data error codes", and the client's own source.

use serde_json::{Map, Value as Json};

macro_rules! codes {
    ($($variant:ident $status:literal $name:literal $meaning:literal;)*) => {
        /// A code of Wix Data.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum DataCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl DataCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it stands in a response.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it comes with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    NoIdInUpdate 400 "WDE0007" "An update has no `_id`.";
    ItemTooLarge 400 "WDE0009" "An item is larger than 500 kB.";
    NotAMultiReference 400 "WDE0020" "The field is not a multi-reference.";
    UnknownField 400 "WDE0024" "The collection does not have this field.";
    CollectionMissing 404 "WDE0025" "The collection does not exist.";
    PermissionDenied 403 "WDE0027" "The collection's permissions do not allow this caller to do this.";
    TimedOut 429 "WDE0028" "The operation took too long.";
    ReferenceExists 409 "WDE0029" "The items are already linked.";
    ItemMissing 404 "WDE0073" "The item does not exist.";
    ItemExists 409 "WDE0074" "An item with this id already exists.";
    BadRequest 400 "WDE0075" "The request cannot be processed.";
    BadFilter 400 "WDE0076" "The filter is not valid.";
    BadItemId 400 "WDE0079" "The item's id is not valid.";
    Invalid 400 "WDE0080" "A value in the request is not valid.";
    TooMuchMemory 400 "WDE0092" "The result would need too much memory.";
    CollectionExists 409 "WDE0104" "A collection with this id already exists.";
    TooLarge 413 "WDE0109" "The request is too large.";
    BadIndex 400 "WDE0112" "The index cannot be built.";
    DuplicateKey 409 "WDE0113" "Two items have the same value, so a unique index was not built. This is the `failure` of the index.";
    NotSupported 428 "WDE0119" "The collection does not support this.";
    UniqueViolated 409 "WDE0123" "Another item has this value, which must be unique.";
    DollarField 400 "WDE0134" "A field's name begins with `$`.";
    ReferenceMissing 404 "WDE0153" "The items are not linked.";
    StaleRevision 409 "WDE0178" "The collection has changed since this revision.";
    NotAnArrayOfIds 400 "WDE0303" "The value of a multi-reference must be a list of ids.";
    ConditionNotMet 409 "WDE0300" "The item does not meet the condition, and was not changed.";
    TooCostly 422 "QUERY_TOO_COSTLY" "The request needs more work, memory or time than a request may use.";
    StorageQuota 403 "STORAGE_QUOTA_EXCEEDED" "The site has as many items or bytes as its plan allows.";
    TooManyJobs 429 "TOO_MANY_JOBS" "The site has too many jobs, or too large ones.";
    JobMissing 404 "NOT_FOUND" "The job does not exist.";
}

/// A request that cannot be served, in Wix's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    code: DataCode,
    text: String,
    data: Map<String, Json>,
}

impl DataError {
    /// Whether a budget had no memory left.
    pub fn is_about_memory(&self) -> bool {
        self.code() == DataCode::TooCostly && self.0.data.get("limit") == Some(&"memory".into())
    }

    /// A fault with a sentence for people, without its code.
    pub fn new(code: DataCode, text: impl Into<String>) -> Self {
        let text = text.into();
        let data = Map::new();
        Self(Box::new(Inner { code, text, data }))
    }

    /// `WDE0080`: a value in the request is not valid.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(DataCode::Invalid, text)
    }

    /// `WDE0076`: the filter is not valid.
    pub fn filter(text: impl Into<String>) -> Self {
        Self::new(DataCode::BadFilter, text)
    }

    /// `WDE0073`, in the client's own wording.
    pub fn item_missing(item_id: &str, collection: &str) -> Self {
        let text = format!("Item [{item_id}] does not exist in collection [{collection}].");
        Self::new(DataCode::ItemMissing, text).with("itemId", item_id)
    }

    /// `WDE0074`
    pub fn item_exists(item_id: &str, collection: &str) -> Self {
        let text = format!("Item [{item_id}] already exists in collection [{collection}].");
        Self::new(DataCode::ItemExists, text).with("itemId", item_id)
    }

    /// `WDE0025`
    pub fn collection_missing(collection: &str) -> Self {
        let text = format!("The {collection} collection does not exist.");
        Self::new(DataCode::CollectionMissing, text).with("collectionName", collection)
    }

    /// `WDE0303`
    pub fn not_ids(field: impl std::fmt::Display) -> Self {
        let text = format!("The value of {field} must be a list of ids.");
        Self::new(DataCode::NotAnArrayOfIds, text)
    }

    /// Adds a fact for programs.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.0.data.insert(key.to_owned(), value.into());
        self
    }

    /// Says which field it is about, unless that is said.
    #[must_use]
    pub(super) fn about(mut self, field: &impl std::fmt::Display) -> Self {
        if !self.0.data.contains_key("field") {
            let field = super::path::shown(&field.to_string());
            self.0.text =
                format!("{} (the field {field})", self.0.text.trim_end_matches('.')) + ".";
            self.0.data.insert("field".to_owned(), field.into());
        }
        self
    }

    /// The code.
    pub const fn code(&self) -> DataCode {
        self.0.code
    }

    /// `WDE0073: Item [id] does not exist …`, as Wix puts it both in `message` and in `description`.
    pub fn description(&self) -> String {
        format!("{}: {}", self.0.code.name(), self.0.text)
    }

    /// The sentence for people, without its code.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Facts for programs.
    pub const fn data(&self) -> &Map<String, Json> {
        &self.0.data
    }
}

impl std::fmt::Display for DataError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.0.code.name(), self.0.text)
    }
}

impl std::error::Error for DataError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_sentences_end() {
        let mut names: Vec<_> = DataCode::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DataCode::ALL.len());
        for code in DataCode::ALL {
            assert!(code.meaning().ends_with('.'), "{}", code.name());
            assert!(code.status() >= 400, "{}", code.name());
        }
    }
}
