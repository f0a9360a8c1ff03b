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
    ListEvents,
    GetEvent,
    ReplayEvent,
    ListDeliveries,
    GetDelivery,
    RetryDelivery,
    SkipDelivery,
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
            query: query(endpoint),
            request: None,
            response,
        },
        endpoint,
    }
}

const fn query(endpoint: AdminEndpoint) -> &'static [QueryParameter] {
    match endpoint {
        AdminEndpoint::ListConnections | AdminEndpoint::GetInstanceConnections => {
            &[QueryParameter::Optional("month")]
        }
        AdminEndpoint::ListEvents => &[
            QueryParameter::Optional("instance"),
            QueryParameter::Optional("type"),
            QueryParameter::Optional("source"),
            QueryParameter::Optional("id"),
            QueryParameter::Optional("since"),
            QueryParameter::Optional("until"),
            QueryParameter::Optional("after"),
            QueryParameter::Optional("before"),
            QueryParameter::Optional("limit"),
        ],
        AdminEndpoint::ReplayEvent => &[QueryParameter::Optional("subscription")],
        AdminEndpoint::ListDeliveries => &[
            QueryParameter::Optional("subscription"),
            QueryParameter::Optional("instance"),
            QueryParameter::Optional("state"),
            QueryParameter::Optional("type"),
            QueryParameter::Optional("event"),
            QueryParameter::Optional("eventId"),
            QueryParameter::Optional("since"),
            QueryParameter::Optional("until"),
            QueryParameter::Optional("after"),
            QueryParameter::Optional("before"),
            QueryParameter::Optional("limit"),
        ],
        _ => &[],
    }
}

pub(crate) static ROUTES: [Route<AdminEndpoint>; 16] = [
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
    read(
        "/admin/v1/events",
        AdminEndpoint::ListEvents,
        "listEvents",
        "Lists events, the latest first; after a number, the oldest first.",
        Some("EventList"),
    ),
    read(
        "/admin/v1/events/{number}",
        AdminEndpoint::GetEvent,
        "getEvent",
        "Returns an event with its content and its deliveries.",
        Some("Event"),
    ),
    route(
        (&[Verb::Post], "/admin/v1/events/{number}/replay"),
        AdminEndpoint::ReplayEvent,
        Authentication::LoopbackPage,
        "replayEvent",
        "Delivers an event again, to the subscriptions that want it now, or to one of them.",
        Some("Event"),
    ),
    read(
        "/admin/v1/deliveries",
        AdminEndpoint::ListDeliveries,
        "listDeliveries",
        "Lists deliveries, the latest first; after an id, the oldest first.",
        Some("DeliveryList"),
    ),
    read(
        "/admin/v1/deliveries/{deliveryId}",
        AdminEndpoint::GetDelivery,
        "getDelivery",
        "Returns a delivery with its recorded attempts.",
        Some("Delivery"),
    ),
    route(
        (&[Verb::Post], "/admin/v1/deliveries/{deliveryId}/retry"),
        AdminEndpoint::RetryDelivery,
        Authentication::LoopbackPage,
        "retryDelivery",
        "Makes a delivery due now.",
        Some("Delivery"),
    ),
    route(
        (&[Verb::Post], "/admin/v1/deliveries/{deliveryId}/skip"),
        AdminEndpoint::SkipDelivery,
        Authentication::LoopbackPage,
        "skipDelivery",
        "Ends a delivery, and lets those behind it go on.",
        Some("Delivery"),
    ),
];
