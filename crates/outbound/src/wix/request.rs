//! A request to Wix: its subject, content and priority.

use backlot_wix::InstanceId;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use crate::body::CallBody;

/// The subject that a request is made for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The app, on one instance.
    App(InstanceId),
    /// The account's key, about one of its sites.
    Site(Box<str>),
    /// The account's key, about the account.
    Account(Box<str>),
}

/// The order of calls when the budget is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// The owner waits for the response, or the app itself.
    Interactive,
    /// A visitor waits for the response. A tenth of the budget is reserved for the owner.
    Public,
    /// No caller waits for the response. A quarter of the budget is reserved for the others.
    Background,
}

impl Priority {
    /// Returns the part of a budget that such calls may use.
    pub(super) const fn share_of(self, budget: usize) -> usize {
        match self {
            Self::Interactive => budget,
            Self::Public => budget - budget / 10,
            Self::Background if budget < 4 => 1,
            Self::Background => budget * 3 / 4,
        }
    }
}

/// A request to Wix.
pub struct WixRequest {
    /// The subject that the request is made for.
    pub subject: Subject,
    /// The method.
    pub method: Method,
    /// The path and query under the base address.
    pub target: PathAndQuery,
    /// The headers, without those that the client sets (`Authorization`, `Host`, the length).
    pub headers: HeaderMap,
    /// The body.
    pub body: CallBody,
    /// The priority.
    pub priority: Priority,
}

impl WixRequest {
    /// Returns a `GET` request.
    pub fn get(subject: Subject, target: PathAndQuery, priority: Priority) -> Self {
        Self {
            subject,
            method: Method::GET,
            target,
            headers: HeaderMap::new(),
            body: CallBody::Ready(bytes::Bytes::new()),
            priority,
        }
    }
}
