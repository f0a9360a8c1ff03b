//! The rows of `/webhooks/{name}`: requests of webhook sources, and the addresses of instances.

use super::{Authentication, BodyLimit, Listener, RateRule, Route, RoutePolicy, RouteSpec};
use crate::http::methods::Verb;

/// What a path below `/webhooks/{name}` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceEndpoint {
    Receive,
    ReceiveAtAddress,
    ListAddresses,
    MakeAddress,
    DeleteAddresses,
    DeleteAddress,
}

const fn received(
    path: &'static str,
    endpoint: SourceEndpoint,
    operation: &'static str,
    summary: &'static str,
) -> Route<SourceEndpoint> {
    let policy = RoutePolicy {
        methods: &[Verb::Post, Verb::Get],
        authentication: Authentication::Signature,
        body: BodyLimit::Events,
        rate: RateRule::None,
    };
    row(path, endpoint, policy, operation, summary, None)
}

const fn managed(
    path: &'static str,
    endpoint: SourceEndpoint,
    methods: &'static [Verb],
    operation: &'static str,
    summary: &'static str,
    response: &'static str,
) -> Route<SourceEndpoint> {
    let policy = RoutePolicy {
        methods,
        authentication: Authentication::App,
        body: BodyLimit::Unread,
        rate: RateRule::None,
    };
    row(path, endpoint, policy, operation, summary, Some(response))
}

const fn row(
    path: &'static str,
    endpoint: SourceEndpoint,
    policy: RoutePolicy,
    operation: &'static str,
    summary: &'static str,
    response: Option<&'static str>,
) -> Route<SourceEndpoint> {
    Route {
        spec: RouteSpec {
            listener: Listener::Public,
            path,
            policy,
            operation,
            summary,
            query: &[],
            request: None,
            response,
        },
        endpoint,
    }
}

/// The word in the place of a key under which an instance's addresses are.
pub(crate) const ADDRESSES: &str = "addresses";

pub(crate) static ROUTES: [Route<SourceEndpoint>; 6] = [
    received(
        "/webhooks/{name}",
        SourceEndpoint::Receive,
        "receiveWebhook",
        "Receives a request of a `[[webhook_source]]`. GET is served if the provider asks for the address first.",
    ),
    received(
        "/webhooks/{name}/{key}",
        SourceEndpoint::ReceiveAtAddress,
        "receiveWebhookAtAddress",
        "The same at an address that belongs to one instance.",
    ),
    managed(
        "/webhooks/{name}/addresses",
        SourceEndpoint::ListAddresses,
        &[Verb::Get],
        "listWebhookAddresses",
        "Lists the addresses of the instance, without their keys.",
        "WebhookAddressList",
    ),
    managed(
        "/webhooks/{name}/addresses",
        SourceEndpoint::MakeAddress,
        &[Verb::Post],
        "makeWebhookAddress",
        "Makes an address of the instance. Its key is returned this once.",
        "NewWebhookAddress",
    ),
    managed(
        "/webhooks/{name}/addresses",
        SourceEndpoint::DeleteAddresses,
        &[Verb::Delete],
        "deleteWebhookAddresses",
        "Deletes all addresses of the instance.",
        "DeletedWebhookAddresses",
    ),
    managed(
        "/webhooks/{name}/addresses/{addressId}",
        SourceEndpoint::DeleteAddress,
        &[Verb::Delete],
        "deleteWebhookAddress",
        "Deletes an address of the instance.",
        "DeletedWebhookAddresses",
    ),
];
