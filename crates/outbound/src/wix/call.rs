//! One call to Wix: on whose behalf, what, and how urgent.

use backlot_wix::InstanceId;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use crate::body::RequestBody;

/// On whose behalf.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The app, on one instance.
    App(InstanceId),
    /// The account's key, about one of its sites.
    Site(Box<str>),
    /// The account's key, about the account.
    Account(Box<str>),
}

/// Who goes first when the budget is short: the first of these, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// The owner waits for it, or the app itself.
    Interactive,
    /// Somebody who visits the site does. A tenth of the budget is kept from these, so that no visitor
    /// can shut the owner out.
    Public,
    /// Nobody does. A quarter of the budget is kept from these.
    Background,
}

impl Priority {
    /// What of a budget such calls may use.
    pub(super) const fn share_of(self, budget: usize) -> usize {
        match self {
            Self::Interactive => budget,
            Self::Public => budget - budget / 10,
            Self::Background if budget < 4 => 1,
            Self::Background => budget * 3 / 4,
        }
    }
}

/// What is sent along.
pub enum CallBody {
    /// Bytes that are here, and can be sent again.
    Ready(Bytes),
    /// A body that is still coming, and can be sent once.
    Streaming(RequestBody),
    /// Nothing: it has been sent.
    Spent,
}

/// One call.
pub struct Call {
    /// On whose behalf.
    pub subject: Subject,
    /// `GET`, `POST`, …
    pub method: Method,
    /// The path and query under the base address.
    pub target: PathAndQuery,
    /// Headers besides those that the client sees to (`Authorization`, `Host`, the length).
    pub headers: HeaderMap,
    /// The body.
    pub body: CallBody,
    /// How urgent.
    pub priority: Priority,
}

impl Call {
    /// A call without a body.
    pub fn get(subject: Subject, target: PathAndQuery, priority: Priority) -> Self {
        Self {
            subject,
            method: Method::GET,
            target,
            headers: HeaderMap::new(),
            body: CallBody::Ready(Bytes::new()),
            priority,
        }
    }
}

impl CallBody {
    /// The body for one attempt. `None` when it was sent already and cannot be again.
    pub(super) fn take(&mut self) -> Option<RequestBody> {
        match self {
            Self::Ready(bytes) => Some(RequestBody::ready(bytes.clone())),
            Self::Streaming(_) => match std::mem::replace(self, Self::Spent) {
                Self::Streaming(body) => Some(body),
                Self::Ready(_) | Self::Spent => None,
            },
            Self::Spent => None,
        }
    }
}
