//! What a path under `/connections` names.

use std::sync::Arc;

use http::Method;

use crate::connections::{Connection, Connections, CredentialSettings};
use crate::error::{ApiError, ErrorCode};
use crate::http::methods::Methods;
use crate::policy::PlainPath;

/// What a path names.
pub(crate) struct Place<'path> {
    pub(crate) connection: Arc<Connection>,
    /// The path at the third party, or of ours.
    pub(crate) rest: &'path str,
}

/// Paths of ours, where a connection's credential is an instance's own. They go before the third party's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    Authorize,
    Callback,
    Status,
    Disconnect,
    Key,
}

impl<'path> Place<'path> {
    /// Takes `/connections/{name}/…` apart, byte for byte: a name in another spelling is no name.
    pub(crate) fn find(all: &Connections, path: &'path str) -> Result<Self, ApiError> {
        let inner = path.strip_prefix("/connections/");
        let inner = inner.ok_or(ErrorCode::RouteNotFound)?;
        let at = inner.find('/').unwrap_or(inner.len());
        let (name, rest) = inner.split_at(at);
        let connection = all.get(name).ok_or(ErrorCode::ConnectionNotFound)?;
        Ok(Self {
            connection: Arc::clone(connection),
            rest,
        })
    }

    /// The path of ours that this is.
    pub(crate) fn own(&self) -> Option<Own> {
        let credential = &self.connection.settings.credential;
        let is_account = matches!(credential, CredentialSettings::Account(_));
        let is_key = credential.own_secret().is_some();
        Some(match self.rest {
            "/authorize" if is_account => Own::Authorize,
            "/callback" if is_account => Own::Callback,
            "/key" if is_key => Own::Key,
            "/status" if is_account || is_key => Own::Status,
            "/disconnect" if is_account || is_key => Own::Disconnect,
            _ => return None,
        })
    }
}

impl Own {
    /// The path of ours that this would be, if the connection's credential were of its kind.
    pub(crate) fn named(rest: &str) -> Option<Self> {
        Some(match rest {
            "/authorize" => Self::Authorize,
            "/callback" => Self::Callback,
            "/key" => Self::Key,
            "/status" => Self::Status,
            "/disconnect" => Self::Disconnect,
            _ => return None,
        })
    }

    pub(crate) fn methods(self, connection: &Connection) -> Methods {
        Methods::new(match self {
            Self::Authorize => vec![Method::GET, Method::POST],
            Self::Callback if posts_callback(connection) => vec![Method::GET, Method::POST],
            Self::Callback | Self::Status => vec![Method::GET],
            Self::Disconnect => vec![Method::POST],
            Self::Key => vec![Method::PUT],
        })
    }
}

/// Whether the provider sends the owner back by a form that is posted.
fn posts_callback(connection: &Connection) -> bool {
    let credential = &connection.settings.credential;
    matches!(credential, CredentialSettings::Account(account) if account.posts_callback)
}

/// Whether a request is a form that a provider's page posts: it comes from that page's origin, or none (`null`), and
/// proves itself by its state alone.
pub(crate) fn is_posted_callback(all: &Connections, method: &Method, path: &str) -> bool {
    if *method != Method::POST || !path.ends_with("/callback") {
        return false;
    }
    let place = Place::find(all, path).ok();
    place.is_some_and(|place| {
        place.own() == Some(Own::Callback) && posts_callback(&place.connection)
    })
}

/// The methods that a path serves, for preflights.
pub(crate) fn methods(all: &Connections, path: &str) -> Methods {
    let Ok(place) = Place::find(all, path) else {
        return Methods::new([]);
    };
    if let Some(own) = place.own() {
        return own.methods(&place.connection);
    }
    let Some(plain) = PlainPath::with_slash(place.rest) else {
        return Methods::new([]);
    };
    let calls = place.connection.settings.calls.iter();
    let fitting = calls.filter(|call| call.pattern.allows_path(&plain));
    Methods::new(fitting.map(|call| call.pattern.method().clone()))
}
