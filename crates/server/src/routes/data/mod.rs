//! The rows of Wix Data: which of its calls a method and a path are.
//!
//! The client does not encode ids in paths, so an id may look like anything; what counts is the id in the query or the
//! body. `GET items/query` is a query, unless it names an item: then it asks for the item with the id `query`.

mod rows;

use http::Method;

use super::Route;
use crate::http::methods::Verb;
pub(crate) use rows::{POLICY, ROUTES};

/// A call of Wix Data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataOperation {
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
    /// With the plugin's type, if the path names it.
    AddPlugin(Option<&'static str>),
    DeletePlugin(Option<&'static str>),
    CreateIndex,
    ListIndexes,
    AvailableIndexes,
    DropIndex,
    /// A call that is refused by name.
    NotServed(&'static str),
}

/// The prefix of the rows.
const PREFIX: &str = "/wix-data/v2/";

/// The prefix that the client uses if it is given a host. Every row is served under it, too.
pub(crate) const ALIAS_PREFIX: &str = "/_api/cloud-data/v2/";

impl DataOperation {
    /// Finds the call of a request. `names_an_item` says whether its query names an item.
    pub(crate) fn find(
        method: &Method,
        path: &str,
        names_an_item: impl FnOnce() -> bool,
    ) -> Option<Self> {
        let verb = Verb::from_method(method)?;
        let path = path
            .strip_prefix(PREFIX)
            .or_else(|| path.strip_prefix(ALIAS_PREFIX))?;
        let mut matches = ROUTES
            .iter()
            .filter(|route| route.spec.policy.methods.contains(&verb) && route.matches(path));
        let found = matches.next()?.endpoint;
        if found == Self::Query && verb == Verb::Get && names_an_item() {
            return Some(Self::Get);
        }
        Some(found)
    }

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

    /// Whether this may add to the instance's storage.
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
}

impl Route<DataOperation> {
    /// Whether a path below the prefix is this row's. A parameter takes any text, slashes and nothing included.
    fn matches(&self, path: &str) -> bool {
        let template = &self.spec.path[PREFIX.len()..];
        let Some((before, after)) = template.split_once('{') else {
            return template == path;
        };
        let end = after.split_once('}').map_or("", |(_, end)| end);
        match path.strip_prefix(before) {
            Some(rest) => rest.ends_with(end),
            None => end.is_empty() && before.strip_suffix('/') == Some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_its_path() {
        use DataOperation as Call;
        for (method, path, call) in [
            ("POST", "items", Some(Call::Insert)),
            ("GET", "items/query", Some(Call::Query)),
            ("HEAD", "items/query", Some(Call::Query)),
            ("POST", "items/query", Some(Call::Query)),
            ("GET", "items/a/b", Some(Call::Get)),
            ("GET", "items/", Some(Call::Get)),
            ("GET", "items", Some(Call::Get)),
            ("GET", "itemsx", None),
            ("DELETE", "items/x", Some(Call::Remove)),
            ("PUT", "items", Some(Call::Update)),
            (
                "POST",
                "items/create-draft",
                Some(Call::NotServed("Drafts")),
            ),
            ("POST", "items/nonsense", None),
            ("POST", "bulk/items/insert", Some(Call::BulkInsert)),
            ("GET", "bulk/items/insert", None),
            ("GET", "async-jobs/1/status", Some(Call::JobStatus)),
            ("GET", "async-jobs/1", None),
            ("GET", "collections", Some(Call::ListCollections)),
            ("GET", "collections/App/Name", Some(Call::GetCollection)),
            (
                "POST",
                "collections/add-draft-items-plugin",
                Some(Call::AddPlugin(Some("DRAFT_ITEMS"))),
            ),
            ("PATCH", "collections/c/patch-field", Some(Call::PatchField)),
            ("PATCH", "collections/c", Some(Call::PatchCollection)),
            ("GET", "indexes/available", Some(Call::AvailableIndexes)),
            ("DELETE", "indexes", Some(Call::DropIndex)),
            ("GET", "nothing", None),
            ("PROPFIND", "items", None),
        ] {
            for prefix in [PREFIX, ALIAS_PREFIX] {
                let method = method.parse().unwrap();
                let path = format!("{prefix}{path}");
                assert_eq!(
                    DataOperation::find(&method, &path, || false),
                    call,
                    "{path}"
                );
            }
        }
        let find = |path, names| DataOperation::find(&Method::GET, path, || names);
        assert_eq!(find("/wix-data/v2/items/query", true), Some(Call::Get));
        assert_eq!(find("/wix-data/v3/items/query", false), None);
        assert_eq!(find("/wix-data/v2", false), None);
    }

    #[test]
    fn every_row_is_found_by_its_own_path() {
        for route in ROUTES {
            for verb in route.spec.policy.methods {
                let found = DataOperation::find(&verb.to_method(), route.spec.path, || false);
                assert_eq!(found, Some(route.endpoint), "{}", route.spec.path);
            }
        }
    }
}
