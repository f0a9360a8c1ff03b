//! Which of Wix's calls a request is, by its method and path.
//!
//! The client does not encode ids in paths, so an id may look like anything; what counts is the id in
//! the query or the body. `GET items/query` is a query, unless it names an item: then it asks for the
//! item with the id `query`.

use http::Method;

use crate::http::methods::Methods;

/// A call of Wix Data's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Get,
    Insert,
    Update,
    Save,
    Patch,
    Remove,
    Truncate,
    BulkInsert,
    BulkUpdate,
    BulkSave,
    BulkPatch,
    BulkRemove,
    AsyncPatch,
    AsyncRemove,
    JobStatus,
    Query,
    Count,
    Distinct,
    Aggregate,
    Pipeline,
    Search,
    InsertReferences,
    RemoveReferences,
    ReplaceReferences,
    IsReferenced,
    QueryReferenced,
    CreateCollection,
    GetCollection,
    ListCollections,
    UpdateCollection,
    PatchCollection,
    DeleteCollection,
    CreateField,
    UpdateField,
    PatchField,
    DeleteField,
    AddPlugin(Option<&'static str>),
    DeletePlugin(Option<&'static str>),
    CreateIndex,
    ListIndexes,
    AvailableIndexes,
    DropIndex,
    NotServed(&'static str),
}

/// The two families of paths: the second is what the client uses with a host of one's own.
const PREFIXES: [&str; 2] = ["/wix-data/v2/", "/_api/cloud-data/v2/"];

/// The types of plugins that have calls of their own, and the names of those calls.
const PLUGINS: [(&str, &str); 6] = [
    ("publish", "PUBLISH"),
    ("urlized", "URLIZED"),
    ("multilingual", "MULTILINGUAL"),
    ("cms", "CMS"),
    ("catalog", "CATALOG"),
    ("draft-items", "DRAFT_ITEMS"),
];

/// The methods of the data API.
pub(crate) fn methods() -> Methods {
    Methods::new([
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ])
}

impl Call {
    /// Whether this is often over in a moment, so that it may be tried on a thread that serves connections.
    pub(crate) const fn may_be_short(self) -> bool {
        matches!(
            self,
            Self::Get
                | Self::Insert
                | Self::Update
                | Self::Save
                | Self::Patch
                | Self::Remove
                | Self::Query
                | Self::IsReferenced
                | Self::JobStatus
        )
    }

    /// Whether this may add to what the instance keeps.
    pub(crate) const fn may_store(self) -> bool {
        matches!(
            self,
            Self::Insert
                | Self::Update
                | Self::Save
                | Self::Patch
                | Self::BulkInsert
                | Self::BulkUpdate
                | Self::BulkSave
                | Self::BulkPatch
                | Self::AsyncPatch
                | Self::InsertReferences
                | Self::ReplaceReferences
        )
    }

    /// `None` when there is no such call.
    pub(crate) fn find(method: &Method, path: &str, query: &str) -> Option<Self> {
        let path = PREFIXES
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix))?;
        let (family, rest) = path.split_once('/').unwrap_or((path, ""));
        match family {
            "items" => of_items(method, rest, query),
            "bulk" if *method == Method::POST => of_bulk(rest),
            "async-jobs" if *method == Method::GET && rest.ends_with("/status") => {
                Some(Self::JobStatus)
            }
            "collections" => of_collections(method, rest),
            "indexes" => of_indexes(method, rest),
            _ => None,
        }
    }
}

fn of_items(method: &Method, rest: &str, query: &str) -> Option<Call> {
    match (method.as_str(), rest) {
        ("GET", "query") if !names_an_item(query) => Some(Call::Query),
        ("GET" | "HEAD", _) => Some(Call::Get),
        ("PUT", _) => Some(Call::Update),
        ("PATCH", _) => Some(Call::Patch),
        ("DELETE", _) => Some(Call::Remove),
        ("POST", name) => match name {
            "" => Some(Call::Insert),
            "query" => Some(Call::Query),
            "update" => Some(Call::Update),
            "save" => Some(Call::Save),
            "patch" => Some(Call::Patch),
            "remove" => Some(Call::Remove),
            "truncate" => Some(Call::Truncate),
            "count" => Some(Call::Count),
            "query-distinct-values" => Some(Call::Distinct),
            "aggregate" => Some(Call::Aggregate),
            "aggregate-pipeline" => Some(Call::Pipeline),
            "search" => Some(Call::Search),
            "query-referenced" => Some(Call::QueryReferenced),
            "is-referenced" => Some(Call::IsReferenced),
            "replace-references" => Some(Call::ReplaceReferences),
            "insert-reference" => Some(Call::InsertReferences),
            "remove-reference" => Some(Call::RemoveReferences),
            "create-draft" | "publish-draft" | "unpublish" => Some(Call::NotServed("Drafts")),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the query, in plain parameters, names an item. (A query's own words stand in `.r`.)
fn names_an_item(query: &str) -> bool {
    super::request::pairs(query).any(|pair| pair.starts_with("dataItemId=") || pair == "dataItemId")
        || super::request::encoded_names_an_item(query)
}

fn of_bulk(rest: &str) -> Option<Call> {
    Some(match rest.strip_prefix("items/")? {
        "insert" => Call::BulkInsert,
        "update" => Call::BulkUpdate,
        "save" => Call::BulkSave,
        "patch" => Call::BulkPatch,
        "remove" => Call::BulkRemove,
        "async-patch-by-filter" => Call::AsyncPatch,
        "async-remove-by-filter" => Call::AsyncRemove,
        "insert-references" => Call::InsertReferences,
        "remove-references" => Call::RemoveReferences,
        _ => return None,
    })
}

fn of_collections(method: &Method, rest: &str) -> Option<Call> {
    Some(match (method.as_str(), rest) {
        ("POST", "") => Call::CreateCollection,
        ("GET" | "HEAD", "") => Call::ListCollections,
        ("PUT", "") => Call::UpdateCollection,
        ("POST", "create-field") => Call::CreateField,
        ("POST", "update-field") => Call::UpdateField,
        ("POST", "delete-field") => Call::DeleteField,
        ("POST", "add-plugin") => Call::AddPlugin(None),
        ("POST", "delete-plugin") => Call::DeletePlugin(None),
        ("POST", name) if name.starts_with("restore/") => {
            Call::NotServed("Deleted collections and restoring them")
        }
        ("POST", name) => return of_plugins(name),
        ("PATCH", name) if name.ends_with("/patch-field") => Call::PatchField,
        ("PATCH", _) => Call::PatchCollection,
        ("GET" | "HEAD", _) => Call::GetCollection,
        ("DELETE", _) => Call::DeleteCollection,
        _ => return None,
    })
}

fn of_plugins(name: &str) -> Option<Call> {
    PLUGINS.iter().find_map(
        |(word, kind)| match name.strip_suffix("-plugin")?.split_once('-')? {
            ("add", rest) if rest == *word => Some(Call::AddPlugin(Some(kind))),
            ("delete", rest) if rest == *word => Some(Call::DeletePlugin(Some(kind))),
            _ => None,
        },
    )
}

fn of_indexes(method: &Method, rest: &str) -> Option<Call> {
    Some(match (method.as_str(), rest) {
        ("POST", "") => Call::CreateIndex,
        ("GET" | "HEAD", "") => Call::ListIndexes,
        ("GET" | "HEAD", "available") => Call::AvailableIndexes,
        ("DELETE", "") => Call::DropIndex,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_place() {
        for (method, path, call) in [
            ("POST", "items", Some(Call::Insert)),
            ("GET", "items/query?.r=e30", Some(Call::Query)),
            (
                "GET",
                "items/query?dataCollectionId=c&dataItemId=query",
                Some(Call::Get),
            ),
            // {"dataItemId":"query"}
            (
                "GET",
                "items/query?.r=eyJkYXRhSXRlbUlkIjoicXVlcnkifQ",
                Some(Call::Get),
            ),
            ("POST", "items/query", Some(Call::Query)),
            ("GET", "items/a/b", Some(Call::Get)),
            ("GET", "items/", Some(Call::Get)),
            ("DELETE", "items/x", Some(Call::Remove)),
            (
                "POST",
                "items/create-draft",
                Some(Call::NotServed("Drafts")),
            ),
            ("POST", "items/nonsense", None),
            ("POST", "bulk/items/insert", Some(Call::BulkInsert)),
            ("GET", "bulk/items/insert", None),
            ("GET", "async-jobs/1/status", Some(Call::JobStatus)),
            ("GET", "collections", Some(Call::ListCollections)),
            ("GET", "collections/App/Name", Some(Call::GetCollection)),
            (
                "POST",
                "collections/add-draft-items-plugin",
                Some(Call::AddPlugin(Some("DRAFT_ITEMS"))),
            ),
            ("PATCH", "collections/c/patch-field", Some(Call::PatchField)),
            ("GET", "indexes/available", Some(Call::AvailableIndexes)),
            ("DELETE", "indexes", Some(Call::DropIndex)),
            ("GET", "nothing", None),
        ] {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            for prefix in PREFIXES {
                let method = method.parse().unwrap();
                assert_eq!(
                    Call::find(&method, &format!("{prefix}{path}"), query),
                    call,
                    "{path}"
                );
            }
        }
        assert_eq!(
            Call::find(&Method::GET, "/wix-data/v3/items/query", ""),
            None
        );
        assert_eq!(Call::find(&Method::GET, "/wix-data/v2", ""), None);
    }
}
