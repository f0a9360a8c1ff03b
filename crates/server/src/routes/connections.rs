//! The rows of `/connections/{name}/…`: five paths that this server answers itself, and the third party's.

use super::{
    Authentication, BodyLimit, Listener, QueryParameter, RateRule, Route, RoutePolicy, RouteSpec,
};
use crate::http::methods::Verb;

/// A path that this server answers itself. It goes before the third party's path of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ManagedEndpoint {
    Authorize,
    Callback,
    Status,
    Disconnect,
    Key,
}

/// The most bytes of a form that a provider's page posts to `callback`.
pub(crate) const MAX_FORM_BYTES: u64 = 64 * 1024;

const fn managed(
    path: &'static str,
    endpoint: ManagedEndpoint,
    policy: RoutePolicy,
    operation: &'static str,
    summary: &'static str,
) -> Route<ManagedEndpoint> {
    let request = match endpoint {
        ManagedEndpoint::Key => Some("ConnectionKey"),
        _ => None,
    };
    let response = match endpoint {
        ManagedEndpoint::Callback => None,
        ManagedEndpoint::Authorize => Some("AuthorizationUrl"),
        ManagedEndpoint::Status | ManagedEndpoint::Disconnect | ManagedEndpoint::Key => {
            Some("ConnectionStatus")
        }
    };
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path,
            policy,
            operation,
            summary,
            query: match endpoint {
                ManagedEndpoint::Authorize => &[QueryParameter::Optional("return_to")],
                ManagedEndpoint::Callback => &[
                    QueryParameter::Optional("state"),
                    QueryParameter::Optional("code"),
                    QueryParameter::Optional("error"),
                ],
                _ => &[],
            },
            request,
            response,
        },
        endpoint,
    }
}

const fn policy(
    methods: &'static [Verb],
    authentication: Authentication,
    body: BodyLimit,
) -> RoutePolicy {
    RoutePolicy {
        methods,
        authentication,
        body,
        rate: RateRule::None,
    }
}

/// What every path of this server's begins with; the rest is `/authorize` and the like.
const PREFIX: &str = "/connections/{name}";

pub(crate) static MANAGED: [Route<ManagedEndpoint>; 5] = [
    managed(
        "/connections/{name}/authorize",
        ManagedEndpoint::Authorize,
        policy(
            &[Verb::Get, Verb::Post],
            Authentication::Manage,
            BodyLimit::Unread,
        ),
        "authorizeConnection",
        "Begins an OAuth authorization: redirects a browser to the provider (GET), or returns the address (POST).",
    ),
    managed(
        "/connections/{name}/callback",
        ManagedEndpoint::Callback,
        policy(
            &[Verb::Get, Verb::Post],
            Authentication::OAuthState,
            BodyLimit::Bytes(MAX_FORM_BYTES),
        ),
        "finishAuthorization",
        "Receives the provider's redirect after an authorization. POST is served if the provider posts a form.",
    ),
    managed(
        "/connections/{name}/status",
        ManagedEndpoint::Status,
        policy(&[Verb::Get], Authentication::Caller, BodyLimit::Unread),
        "getConnectionStatus",
        "Tells whether the caller's instance is connected.",
    ),
    managed(
        "/connections/{name}/disconnect",
        ManagedEndpoint::Disconnect,
        policy(&[Verb::Post], Authentication::Manage, BodyLimit::Unread),
        "disconnect",
        "Revokes and deletes the instance's account or key.",
    ),
    managed(
        "/connections/{name}/key",
        ManagedEndpoint::Key,
        policy(&[Verb::Put], Authentication::Manage, BodyLimit::Connection),
        "setConnectionKey",
        "Stores the instance's key. A key is never returned.",
    ),
];

/// Calls to the third party.
pub(crate) static CALL: RouteSpec = RouteSpec {
    listener: Listener::Public,
    path: "/connections/{name}/{path}",
    policy: RoutePolicy {
        methods: &[],
        authentication: Authentication::Calls,
        body: BodyLimit::Connection,
        rate: RateRule::Connection,
    },
    operation: "callConnection",
    summary: "Calls the third party's API at this path with the connection's credential.",
    query: &[],
    request: None,
    response: None,
};

impl ManagedEndpoint {
    /// The endpoint of this path below `/connections/{name}`.
    pub(crate) fn find(rest: &str) -> Option<&'static Route<Self>> {
        MANAGED
            .iter()
            .find(|route| route.spec.path.strip_prefix(PREFIX) == Some(rest))
    }
}
