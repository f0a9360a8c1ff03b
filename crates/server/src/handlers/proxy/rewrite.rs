//! The path and query that an upstream is asked for.

use http::Uri;
use http::uri::PathAndQuery;

use super::route::EntrySettings;
use crate::auth::remove_instance;

/// What came in, without the prefix where the entry strips it, and without a credential in the
/// query. `None` when the prefix is spelled so that it cannot be stripped.
pub(crate) fn target(
    uri: &Uri,
    settings: &EntrySettings,
    without_instance: bool,
) -> Option<PathAndQuery> {
    let stripped = if settings.strip_prefix {
        Some(settings.path.strip(uri.path())?)
    } else {
        None
    };
    let cleaned = match uri.query() {
        Some(query) if without_instance => remove_instance(query),
        _ => None,
    };
    if stripped.is_none() && cleaned.is_none() {
        let whole = uri.path_and_query().cloned();
        return Some(whole.unwrap_or_else(|| PathAndQuery::from_static("/")));
    }
    let path = stripped.unwrap_or_else(|| uri.path());
    match cleaned.as_deref().or_else(|| uri.query()) {
        Some(query) if !query.is_empty() => format!("{path}?{query}").parse().ok(),
        _ => path.parse().ok(),
    }
}
