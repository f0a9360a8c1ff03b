//! What a path under `/connections` names.

use std::sync::Arc;

use http::Method;

use crate::connections::{Connection, ConnectionSettings, Connections};
use crate::error::{ApiError, ErrorCode};
use crate::http::methods::{Methods, Verb};
use crate::policy::PlainPath;
use crate::routes::Route;
use crate::routes::connections::ManagedEndpoint;

/// What a path names.
pub(crate) struct ConnectionPath<'all, 'path> {
    pub(crate) connection: &'all Arc<Connection>,
    /// The path at the third party, or one that this server answers itself.
    pub(crate) rest: &'path str,
}

impl<'all, 'path> ConnectionPath<'all, 'path> {
    /// Takes `/connections/{name}/…` apart, byte for byte: a name in another spelling is no name.
    pub(crate) fn find(all: &'all Connections, path: &'path str) -> Result<Self, ApiError> {
        let inner = path.strip_prefix("/connections/");
        let inner = inner.ok_or(ErrorCode::RouteNotFound)?;
        let at = inner.find('/').unwrap_or(inner.len());
        let (name, rest) = inner.split_at(at);
        let connection = all.get(name).ok_or(ErrorCode::ConnectionNotFound)?;
        Ok(Self { connection, rest })
    }

    /// Returns the route that this server answers itself, if the path is one and the connection's credential needs it.
    pub(crate) fn managed(&self) -> Option<&'static Route<ManagedEndpoint>> {
        let route = ManagedEndpoint::find(self.rest)?;
        serves(&self.connection.settings, route.endpoint).then_some(route)
    }

    /// Returns the methods of the path.
    pub(crate) fn methods(&self) -> Methods {
        if let Some(route) = self.managed() {
            return managed_methods(&self.connection.settings, route);
        }
        let plain = PlainPath::with_slash(self.rest);
        plain.map_or_else(
            || Methods::new([]),
            |plain| self.connection.calls.methods(&plain),
        )
    }
}

/// Returns whether a connection has an endpoint: an account's, or that of a key which the owner types in.
pub(crate) fn serves(connection: &ConnectionSettings, endpoint: ManagedEndpoint) -> bool {
    let is_account = connection.auth.account().is_some();
    let is_key = connection.auth.instance_secret().is_some();
    match endpoint {
        ManagedEndpoint::Authorize | ManagedEndpoint::Callback => is_account,
        ManagedEndpoint::Key => is_key,
        ManagedEndpoint::Status | ManagedEndpoint::Disconnect => is_account || is_key,
    }
}

/// Returns the methods of an endpoint. `callback` takes POST only if the provider posts a form.
pub(crate) fn managed_methods(
    connection: &ConnectionSettings,
    route: &Route<ManagedEndpoint>,
) -> Methods {
    match route.endpoint {
        ManagedEndpoint::Callback if !posts_callback(connection) => {
            Methods::from_verbs(&[Verb::Get])
        }
        _ => Methods::from_verbs(route.spec.policy.methods),
    }
}

fn posts_callback(connection: &ConnectionSettings) -> bool {
    let account = connection.auth.account();
    account.is_some_and(|account| account.posts_callback)
}

/// Whether a request is a form that a provider's page posts: it comes from that page's origin, or none (`null`), and
/// proves itself by its state alone.
pub(crate) fn is_posted_callback(all: &Connections, method: &Method, path: &str) -> bool {
    if *method != Method::POST || !path.ends_with("/callback") {
        return false;
    }
    let place = ConnectionPath::find(all, path).ok();
    place.is_some_and(|place| {
        let managed = place.managed();
        managed.is_some_and(|route| route.endpoint == ManagedEndpoint::Callback)
            && posts_callback(&place.connection.settings)
    })
}
