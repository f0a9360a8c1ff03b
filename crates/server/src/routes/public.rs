//! The rows of the public listener that are neither Wix Data nor `/connections`.

use super::{Authentication, BodyLimit, Listener, RateRule, Route, RoutePolicy, RouteSpec};
use crate::http::methods::Verb;

/// The endpoint of a path that needs no configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FixedEndpoint {
    Index,
    Healthz,
    Readyz,
    Jwks,
    Whoami,
    WixWebhook,
}

const fn fixed(
    path: &'static str,
    endpoint: FixedEndpoint,
    authentication: Authentication,
    operation: &'static str,
    summary: &'static str,
    response: Option<&'static str>,
) -> Route<FixedEndpoint> {
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path,
            policy: RoutePolicy {
                methods: &[Verb::Get],
                authentication,
                body: BodyLimit::Unread,
                rate: RateRule::None,
            },
            operation,
            summary,
            query: &[],
            request: None,
            response,
        },
        endpoint,
    }
}

/// The paths that need no configuration. `/` gives way to an `[[api]]` entry that has it.
pub(crate) static FIXED: [Route<FixedEndpoint>; 6] = [
    fixed(
        "/",
        FixedEndpoint::Index,
        Authentication::None,
        "index",
        "Names the server and its public paths, as HTML or JSON.",
        Some("Index"),
    ),
    fixed(
        "/healthz",
        FixedEndpoint::Healthz,
        Authentication::None,
        "healthz",
        "Tells whether the process answers.",
        Some("Health"),
    ),
    fixed(
        "/readyz",
        FixedEndpoint::Readyz,
        Authentication::None,
        "readyz",
        "Tells whether the server takes new requests: it is not shutting down, and the database answers.",
        Some("Health"),
    ),
    fixed(
        "/.well-known/jwks.json",
        FixedEndpoint::Jwks,
        Authentication::None,
        "jwks",
        "Returns the public keys of elevated tokens as a JSON Web Key Set.",
        Some("JsonWebKeySet"),
    ),
    fixed(
        "/whoami",
        FixedEndpoint::Whoami,
        Authentication::Caller,
        "whoami",
        "Returns the verified caller, or tells why the credential is refused.",
        Some("Caller"),
    ),
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path: "/webhooks",
            policy: RoutePolicy {
                methods: &[Verb::Post],
                authentication: Authentication::WixSignature,
                body: BodyLimit::Events,
                rate: RateRule::None,
            },
            operation: "receiveWixWebhook",
            summary: "Stores an event of Wix, and answers when it is on disk. The body is Wix's JSON Web Token.",
            query: &[],
            request: None,
            response: Some("Empty"),
        },
        endpoint: FixedEndpoint::WixWebhook,
    },
];

/// Calls to Wix's REST APIs.
pub(crate) static WIX: RouteSpec = RouteSpec {
    listener: Listener::Public,
    path: "/wix/{path}",
    policy: RoutePolicy {
        methods: &[],
        authentication: Authentication::Calls,
        body: BodyLimit::Wix,
        rate: RateRule::None,
    },
    operation: "callWix",
    summary: "Calls Wix's REST API at this path as the app, on the caller's instance.",
    query: &[],
    request: None,
    response: None,
};

/// The developer's own server.
pub(crate) static API: RouteSpec = RouteSpec {
    listener: Listener::Public,
    path: "/{prefix}",
    policy: RoutePolicy {
        methods: &[],
        authentication: Authentication::Entry,
        body: BodyLimit::Entry,
        rate: RateRule::Entry,
    },
    operation: "callApi",
    summary: "Forwards the request to the upstream of the `[[api]]` entry with this prefix.",
    query: &[],
    request: None,
    response: None,
};
