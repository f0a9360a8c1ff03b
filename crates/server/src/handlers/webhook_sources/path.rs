//! What a path under `/webhooks` names.

use std::sync::Arc;

use http::Method;

use crate::error::{ApiError, ErrorCode};
use crate::http::methods::{Methods, Verb};
use crate::routes::Route;
use crate::routes::webhook_sources::{ADDRESSES, ROUTES, SourceEndpoint};
use crate::webhook_sources::{WebhookSource, WebhookSources};

/// What a path names.
pub(crate) struct SourcePath<'all, 'path> {
    pub(crate) source: &'all Arc<WebhookSource>,
    /// The key of an address, or the id of one.
    pub(crate) key: Option<&'path str>,
    endpoints: &'static [SourceEndpoint],
}

impl<'all, 'path> SourcePath<'all, 'path> {
    /// Takes `/webhooks/{name}/…` apart, byte for byte: a name in another spelling is no name.
    pub(crate) fn find(all: &'all WebhookSources, path: &'path str) -> Result<Self, ApiError> {
        let inner = path.strip_prefix("/webhooks/");
        let mut parts = inner.ok_or(ErrorCode::RouteNotFound)?.split('/');
        let name = parts.next().unwrap_or_default();
        let source = all.get(name).ok_or(ErrorCode::WebhookSourceNotFound)?;
        let (endpoints, key): (&[_], _) = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => (&[SourceEndpoint::Receive], None),
            (Some(ADDRESSES), None, _) => (
                &[
                    SourceEndpoint::ListAddresses,
                    SourceEndpoint::MakeAddress,
                    SourceEndpoint::DeleteAddresses,
                ],
                None,
            ),
            (Some(ADDRESSES), Some(id), None) => (&[SourceEndpoint::DeleteAddress], Some(id)),
            (Some(key), None, _) => (&[SourceEndpoint::ReceiveAtAddress], Some(key)),
            (Some(_), Some(_), _) => return Err(ErrorCode::RouteNotFound.into()),
        };
        Ok(Self {
            source,
            key,
            endpoints,
        })
    }

    /// Returns the methods of the path. `GET` is only for sources that ask for the address first.
    pub(crate) fn methods(&self) -> Methods {
        let verbs: Vec<Verb> = self
            .routes()
            .flat_map(|route| self.verbs(route).iter().copied())
            .collect();
        Methods::from_verbs(&verbs)
    }

    /// Returns the row for a method.
    pub(crate) fn route(
        &self,
        method: &Method,
    ) -> Result<&'static Route<SourceEndpoint>, ApiError> {
        let verb = Verb::from_method(method);
        let is_it = |route: &&Route<SourceEndpoint>| {
            verb.is_some_and(|verb| self.verbs(route).contains(&verb))
        };
        self.routes().find(is_it).ok_or_else(|| {
            ApiError::from(ErrorCode::MethodNotAllowed).allow(self.methods().header())
        })
    }

    fn routes(&self) -> impl Iterator<Item = &'static Route<SourceEndpoint>> {
        let routes = ROUTES.iter();
        routes.filter(|route| self.endpoints.contains(&route.endpoint))
    }

    fn verbs(&self, route: &Route<SourceEndpoint>) -> &'static [Verb] {
        match route.endpoint {
            SourceEndpoint::Receive | SourceEndpoint::ReceiveAtAddress
                if !self.source.settings.kind.has_get_handshake() =>
            {
                &[Verb::Post]
            }
            _ => route.spec.policy.methods,
        }
    }
}
