//! The set of methods that a path serves.

use http::{HeaderValue, Method};

/// A method that routes are declared with. `GET` brings `HEAD` along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `GET`, and `HEAD`.
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Verb {
    /// Returns the verb of a method; `None` for a method that no route is declared with.
    pub(crate) fn from_method(method: &Method) -> Option<Self> {
        Some(match *method {
            Method::GET | Method::HEAD => Self::Get,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            _ => return None,
        })
    }

    /// Returns the name as `OpenAPI` has it: `get`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    /// Returns the method.
    pub const fn to_method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

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

    /// The methods of a row.
    pub(crate) fn from_verbs(verbs: &[Verb]) -> Self {
        Self::new(verbs.iter().map(|verb| verb.to_method()))
    }

    /// Those that pages use.
    pub(crate) fn usual() -> Self {
        let others = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        Self::new([Method::GET].into_iter().chain(others))
    }

    /// Returns their names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.list.iter().map(ToString::to_string).collect()
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
