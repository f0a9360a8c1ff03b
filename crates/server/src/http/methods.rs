//! The set of methods that a path serves.

use http::{HeaderValue, Method};

/// Methods, with the value of `Allow` ready.
#[derive(Debug, Clone)]
pub struct Methods {
    list: Vec<Method>,
    header: HeaderValue,
}

impl Methods {
    /// Takes a list. `GET` brings `HEAD` along, and every path answers `OPTIONS`.
    pub fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        let mut list: Vec<Method> = Vec::new();
        for method in methods {
            let with_head = method == Method::GET;
            for method in std::iter::once(method).chain(with_head.then_some(Method::HEAD)) {
                if !list.contains(&method) {
                    list.push(method);
                }
            }
        }
        let text = list
            .iter()
            .map(Method::as_str)
            .collect::<Vec<_>>()
            .join(", ");
        Self {
            list,
            header: HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("GET")),
        }
    }

    /// `GET` and `HEAD`.
    pub fn get() -> Self {
        Self::new([Method::GET])
    }

    /// Those that pages use.
    pub(crate) fn usual() -> Self {
        let others = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        Self::new([Method::GET].into_iter().chain(others))
    }

    /// Whether `method` is one of them.
    pub fn contains(&self, method: &Method) -> bool {
        self.list.contains(method)
    }

    /// Whether each of them is one of the others.
    pub(crate) fn are_among(&self, others: &Self) -> bool {
        self.list.iter().all(|method| others.contains(method))
    }

    /// True when the path serves nothing.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// `GET, HEAD, POST`
    pub const fn header(&self) -> &HeaderValue {
        &self.header
    }
}
