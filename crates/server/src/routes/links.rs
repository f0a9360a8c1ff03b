//! The rows of `/links/{collection}`: pairs of ids of an instance.

use http::Method;

use super::{
    Authentication, BodyLimit, Listener, QueryParameter, RateRule, Route, RoutePolicy, RouteSpec,
};
use crate::http::methods::Verb;

/// What is done with links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinksEndpoint {
    Upsert,
    Read,
    Delete,
}

const fn policy(methods: &'static [Verb], body: BodyLimit) -> RoutePolicy {
    RoutePolicy {
        methods,
        authentication: Authentication::App,
        body,
        rate: RateRule::Data,
    }
}

const PATH: &str = "/links/{collection}";
const EXTERNAL: QueryParameter = QueryParameter::Optional("external");
const INTERNAL: QueryParameter = QueryParameter::Optional("internal");

/// Every row. They differ in their methods.
pub(crate) static ROUTES: [Route<LinksEndpoint>; 3] = [
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path: PATH,
            policy: policy(&[Verb::Put], BodyLimit::Data),
            operation: "upsertLink",
            summary: "Inserts a link, or replaces the one that has one of its ids.",
            query: &[],
            request: Some("LinkRequest"),
            response: Some("Link"),
        },
        endpoint: LinksEndpoint::Upsert,
    },
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path: PATH,
            policy: policy(&[Verb::Get], BodyLimit::Unread),
            operation: "getLink",
            summary: "Returns the link with an external or an internal id. With neither, lists links by their external ids.",
            query: &[
                EXTERNAL,
                INTERNAL,
                QueryParameter::Optional("after"),
                QueryParameter::Optional("limit"),
            ],
            request: None,
            response: Some("LinkOrList"),
        },
        endpoint: LinksEndpoint::Read,
    },
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path: PATH,
            policy: policy(&[Verb::Delete], BodyLimit::Unread),
            operation: "deleteLink",
            summary: "Deletes the link with an external or an internal id, and returns it.",
            query: &[EXTERNAL, INTERNAL],
            request: None,
            response: Some("Link"),
        },
        endpoint: LinksEndpoint::Delete,
    },
];

impl LinksEndpoint {
    /// The row of a method.
    pub(crate) fn find(method: &Method) -> Option<&'static Route<Self>> {
        ROUTES.iter().find(|route| {
            let mut methods = route.spec.policy.methods.iter();
            methods.any(|verb| verb.to_method() == *method)
        })
    }
}
