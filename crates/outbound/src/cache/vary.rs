//! The headers of a request that a reply depends on.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, VARY};

/// More headers than that, and hardly any request is like another.
const MOST: usize = 16;

/// The headers that a reply depends on, as they were.
pub(super) struct Selection(Vec<(HeaderName, Vec<HeaderValue>)>);

impl Selection {
    /// `None` for a reply that depends on more than its request.
    pub(super) fn of(request: &HeaderMap, reply: &HeaderMap) -> Option<Self> {
        let mut names = Vec::new();
        for value in reply.get_all(VARY) {
            for name in value.to_str().ok()?.split(',').map(str::trim) {
                if name.is_empty() {
                    continue;
                }
                // `*` is the name of a header, too.
                let name = (name != "*").then(|| name.parse().ok())??;
                // One and the same within a key.
                if name != AUTHORIZATION && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let values = |name: HeaderName| {
            let values = request.get_all(&name).iter().cloned().collect();
            (name, values)
        };
        (names.len() <= MOST).then(|| Self(names.into_iter().map(values).collect()))
    }

    /// Whether the reply is one to this request, too.
    pub(super) fn fits(&self, request: &HeaderMap) -> bool {
        self.0
            .iter()
            .all(|(name, values)| request.get_all(name).iter().eq(values))
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
