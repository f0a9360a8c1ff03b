//! The rows of the admin listener.

use super::{
    Authentication, BodyLimit, Listener, QueryParameter, RateRule, Route, RoutePolicy, RouteSpec,
};
use crate::http::methods::Verb;

/// An endpoint of the admin listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdminEndpoint {
    Index,
    Healthz,
    Metrics,
    OpenApi,
    ListInstances,
    GetInstance,
    GetInstanceConnections,
    RefreshInstance,
    ListConnections,
}

const fn read(
    path: &'static str,
    endpoint: AdminEndpoint,
    operation: &'static str,
    summary: &'static str,
    response: Option<&'static str>,
) -> Route<AdminEndpoint> {
    route(
        (&[Verb::Get], path),
        endpoint,
        Authentication::Loopback,
        operation,
        summary,
        response,
    )
}

const fn route(
    (methods, path): (&'static [Verb], &'static str),
    endpoint: AdminEndpoint,
    authentication: Authentication,
    operation: &'static str,
    summary: &'static str,
    response: Option<&'static str>,
) -> Route<AdminEndpoint> {
    Route {
        spec: RouteSpec {
            listener: Listener::Admin,
            path,
            policy: RoutePolicy {
                methods,
                authentication,
                body: BodyLimit::Unread,
                rate: RateRule::None,
            },
            operation,
            summary,
            query: match endpoint {
                AdminEndpoint::ListConnections | AdminEndpoint::GetInstanceConnections => {
                    &[QueryParameter::Optional("month")]
                }
                _ => &[],
            },
            request: None,
            response,
        },
        endpoint,
    }
}

pub(crate) static ROUTES: [Route<AdminEndpoint>; 9] = [
    read(
        "/",
        AdminEndpoint::Index,
        "adminIndex",
        "Shows what runs, as HTML.",
        None,
    ),
    read(
        "/healthz",
        AdminEndpoint::Healthz,
        "adminHealthz",
        "Tells whether the process answers.",
        Some("Health"),
    ),
    read(
        "/metrics",
        AdminEndpoint::Metrics,
        "metrics",
        "Returns the metrics as OpenMetrics text.",
        None,
    ),
    read(
        "/admin/v1/openapi.json",
        AdminEndpoint::OpenApi,
        "openApi",
        "Returns this API as an OpenAPI document.",
        Some("Object"),
    ),
    read(
        "/admin/v1/instances",
        AdminEndpoint::ListInstances,
        "listInstances",
        "Lists the instances that called last, the latest first.",
        Some("InstanceList"),
    ),
    read(
        "/admin/v1/instances/{instanceId}",
        AdminEndpoint::GetInstance,
        "getInstance",
        "Returns everything that is stored about an instance itself.",
        Some("Instance"),
    ),
    read(
        "/admin/v1/instances/{instanceId}/connections",
        AdminEndpoint::GetInstanceConnections,
        "getInstanceConnections",
        "Returns an instance's use of connections, by month.",
        Some("ConnectionUsageList"),
    ),
    route(
        (&[Verb::Post], "/admin/v1/instances/{instanceId}/refresh"),
        AdminEndpoint::RefreshInstance,
        Authentication::LoopbackPage,
        "refreshInstance",
        "Asks Wix about an instance now.",
        Some("Instance"),
    ),
    read(
        "/admin/v1/connections",
        AdminEndpoint::ListConnections,
        "listConnectionUsage",
        "Returns every instance's use of connections in a month, the most calls first.",
        Some("ConnectionUsageList"),
    ),
];
