//! The headers of a request that a reply may depend on.
//!
//! All that go along count, whether the reply names them in `Vary` or not: callers share a credential here, and many an
//! API answers by a header (a language, a customer's id) without saying so. Only those do not count that speak of what
//! the caller has, or of how old a reply may be.

use http::HeaderMap;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    PRAGMA, VARY,
};

/// More headers than that, and hardly any request is like another.
const MAX_FIELDS: usize = 64;

/// What changes nothing of what the reply is.
const ABOUT_KEEPING: [HeaderName; 4] = [CACHE_CONTROL, IF_MODIFIED_SINCE, IF_NONE_MATCH, PRAGMA];

/// The headers that a reply may depend on, as they were.
pub(super) struct Selection(Vec<(HeaderName, Vec<HeaderValue>)>);

/// Whether a header counts without being named. The credential is one and the same within a key.
fn counts(name: &HeaderName) -> bool {
    *name != AUTHORIZATION && !ABOUT_KEEPING.contains(name)
}

impl Selection {
    /// `None` for a reply that depends on more than its request.
    pub(super) fn of(request: &HeaderMap, reply: &HeaderMap) -> Option<Self> {
        let mut names: Vec<HeaderName> = request
            .keys()
            .filter(|name| counts(name))
            .cloned()
            .collect();
        for value in reply.get_all(VARY) {
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

    /// Whether the reply is one to this request, too.
    pub(super) fn fits(&self, request: &HeaderMap) -> bool {
        let is_known = |name: &HeaderName| self.0.iter().any(|(known, _)| known == name);
        let are_same = |(name, values): &(HeaderName, Vec<HeaderValue>)| {
            request.get_all(name).iter().eq(values)
        };
        self.0.iter().all(are_same) && request.keys().all(|name| !counts(name) || is_known(name))
    }

    /// The bytes that it takes.
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
