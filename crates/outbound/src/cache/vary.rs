//! The headers of a request that a response may vary by.
//!
//! All headers that are sent count, whether the response names them in `Vary` or not: callers share a credential, and
//! many APIs vary by a header (a language, a customer's id) without saying so. Conditions and `Cache-Control` do not count.

use http::HeaderMap;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    PRAGMA, VARY,
};

/// The most headers. With more, hardly any request equals another.
const MAX_FIELDS: usize = 64;

/// Headers that do not change the response.
const IGNORED: [HeaderName; 4] = [CACHE_CONTROL, IF_MODIFIED_SINCE, IF_NONE_MATCH, PRAGMA];

/// The headers that a response may vary by, and their values.
pub(super) struct VariantKey(Vec<(HeaderName, Vec<HeaderValue>)>);

/// Returns whether a header counts unless `Vary` names it. The credential is the same within a key.
fn counts(name: &HeaderName) -> bool {
    *name != AUTHORIZATION && !IGNORED.contains(name)
}

impl VariantKey {
    /// Returns the headers of a request. `None` if the response varies by more than the request.
    pub(super) fn new(request: &HeaderMap, response: &HeaderMap) -> Option<Self> {
        let mut names: Vec<HeaderName> = request
            .keys()
            .filter(|name| counts(name))
            .cloned()
            .collect();
        for value in response.get_all(VARY) {
            for name in value.to_str().ok()?.split(',').map(str::trim) {
                if name.is_empty() {
                    continue;
                }
                // `*` is the name of a header, too.
                let name = (name != "*").then(|| name.parse().ok())??;
                if name != AUTHORIZATION && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let values = |name: HeaderName| {
            let values = request.get_all(&name).iter().cloned().collect();
            (name, values)
        };
        (names.len() <= MAX_FIELDS).then(|| Self(names.into_iter().map(values).collect()))
    }

    /// Returns whether a request has the same headers.
    pub(super) fn matches(&self, request: &HeaderMap) -> bool {
        let is_known = |name: &HeaderName| self.0.iter().any(|(known, _)| known == name);
        let are_same = |(name, values): &(HeaderName, Vec<HeaderValue>)| {
            request.get_all(name).iter().eq(values)
        };
        self.0.iter().all(are_same) && request.keys().all(|name| !counts(name) || is_known(name))
    }

    /// Returns the bytes that the headers take.
    pub(super) fn weight(&self) -> usize {
        let values = |(name, values): &(HeaderName, Vec<HeaderValue>)| {
            let values: usize = values
                .iter()
                .map(|it| it.len() + size_of::<HeaderValue>())
                .sum();
            name.as_str().len() + values + size_of::<Self>()
        };
        self.0.iter().map(values).sum()
    }
}
