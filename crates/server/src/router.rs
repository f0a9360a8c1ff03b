//! The router of the public listener: from a path to a row of [`crate::routes`], and from there to the endpoint and its
//! requirements as the configuration in force has them.

use std::borrow::Cow;
use std::sync::Arc;

use http::Method;

use crate::auth::{BodyRequirement, CallerRequirement, RateRequirement, Requirements};
use crate::connections::{self, Connection, Connections};
use crate::error::{ApiError, ErrorCode, ErrorKind};
use crate::handlers::connections::{CallTarget, ConnectionPath, managed_methods};
use crate::handlers::data::{self, DataHandlers};
use crate::handlers::links;
use crate::handlers::proxy::{Entries, Entry};
use crate::handlers::webhook_sources::SourcePath;
use crate::handlers::wix::{self, WixCalls};
use crate::http::methods::Methods;
use crate::http::request_head::RequestHead;
use crate::instances::PlanUse;
use crate::policy::{AnyCaller, Authorize, Deciders, Managers, OwnServer, Roles};
use crate::routes::connections::{CALL, ManagedEndpoint};
use crate::routes::data::DataOperation;
use crate::routes::links::LinksEndpoint;
use crate::routes::public::{API, FIXED, FixedEndpoint, WIX};
use crate::routes::webhook_sources::SourceEndpoint;
use crate::routes::{self, Authentication, BodyLimit, RateRule, RoutePolicy};
use crate::telemetry::route_group::RouteGroup;
use crate::webhook_sources::{WebhookSource, WebhookSources};

/// The routes with their settings.
pub(crate) struct Router {
    pub(crate) api: Entries,
    pub(crate) data: DataHandlers,
    pub(crate) wix: WixCalls,
    connections: Arc<Connections>,
    webhook_sources: Arc<WebhookSources>,
    read_only: Methods,
    post_only: Methods,
    webhook_body_bytes: u64,
    data_methods: Methods,
    links_methods: Methods,
}

/// What a path leads to. The method and the query decide the rest.
#[derive(Clone, Copy)]
pub(crate) enum Target<'router> {
    Fixed(&'static routes::Route<FixedEndpoint>),
    Api(&'router Entry),
    Wix,
    Data,
    Connections,
    WebhookSources,
    Links,
}

/// An endpoint, with the settings that its requirements come from.
pub(crate) enum Endpoint<'router> {
    Fixed(&'static routes::Route<FixedEndpoint>),
    Api(&'router Entry),
    Wix(Deciders<'router, wix::AllowedCall>),
    Data(DataOperation),
    Managed {
        connection: &'router Arc<Connection>,
        route: &'static routes::Route<ManagedEndpoint>,
        managers: Managers,
    },
    Call {
        connection: &'router Arc<Connection>,
        target: CallTarget,
        deciders: Deciders<'router, connections::AllowedCall>,
    },
    WebhookSource {
        source: &'router Arc<WebhookSource>,
        route: &'static routes::Route<SourceEndpoint>,
    },
    Links(&'static routes::Route<LinksEndpoint>),
}

impl Router {
    pub(crate) fn new(
        api: Entries,
        wix: WixCalls,
        data: DataHandlers,
        connections: Arc<Connections>,
        webhook_sources: Arc<WebhookSources>,
        webhook_body_bytes: u64,
    ) -> Self {
        Self {
            api,
            data,
            wix,
            connections,
            webhook_sources,
            read_only: Methods::new([Method::GET]),
            post_only: Methods::new([Method::POST]),
            webhook_body_bytes,
            data_methods: Methods::usual(),
            links_methods: Methods::new([Method::GET, Method::PUT, Method::DELETE]),
        }
    }

    /// Finds the target of a path.
    pub(crate) fn find(&self, path: &str) -> Result<Target<'_>, ApiError> {
        let fixed = || FIXED.iter().find(|route| route.spec.path == path);
        Ok(match path {
            _ if path.starts_with("/wix-data/") || path.starts_with("/_api/cloud-data/") => {
                Target::Data
            }
            _ if path.starts_with("/wix/") => Target::Wix,
            _ if path.starts_with("/connections/") => Target::Connections,
            _ if path.starts_with("/webhooks/") => Target::WebhookSources,
            _ if path.starts_with(links::PREFIX) => Target::Links,
            "/" => match (self.api.find(path), fixed()) {
                (Err(ErrorCode::RouteNotFound), Some(index)) => Target::Fixed(index),
                (found, _) => Target::Api(found?),
            },
            _ => match fixed() {
                Some(route) => Target::Fixed(route),
                None => Target::Api(self.api.find(path)?),
            },
        })
    }

    /// Returns the methods of a target.
    pub(crate) fn methods<'router>(
        &'router self,
        target: Target<'router>,
        path: &str,
    ) -> Cow<'router, Methods> {
        match target {
            Target::Fixed(route) => Cow::Borrowed(match route.endpoint {
                FixedEndpoint::WixWebhook => &self.post_only,
                FixedEndpoint::Index
                | FixedEndpoint::Healthz
                | FixedEndpoint::Readyz
                | FixedEndpoint::Jwks
                | FixedEndpoint::Whoami => &self.read_only,
            }),
            Target::Api(entry) => Cow::Borrowed(&entry.methods),
            Target::Data => Cow::Borrowed(&self.data_methods),
            Target::Links => Cow::Borrowed(&self.links_methods),
            Target::Wix => Cow::Owned(self.wix.methods(path)),
            Target::Connections => Cow::Owned(
                ConnectionPath::find(&self.connections, path)
                    .map_or_else(|_| Methods::new([]), |place| place.methods()),
            ),
            Target::WebhookSources => Cow::Owned(
                SourcePath::find(&self.webhook_sources, path)
                    .map_or_else(|_| Methods::new([]), |place| place.methods()),
            ),
        }
    }

    /// Finds the endpoint of a request.
    pub(crate) fn resolve<'router>(
        &'router self,
        target: Target<'router>,
        request: RequestHead<'_>,
    ) -> Result<Endpoint<'router>, ApiError> {
        let path = request.uri.path();
        Ok(match target {
            Target::Fixed(route) => Endpoint::Fixed(route),
            Target::Api(entry) => Endpoint::Api(entry),
            Target::Data => Endpoint::Data(data::operation(request.method, request.uri)?),
            Target::Wix => Endpoint::Wix(self.wix.deciders(request.method, path)?),
            Target::Connections => self.resolve_connection(request)?,
            Target::WebhookSources => {
                let place = SourcePath::find(&self.webhook_sources, path)?;
                Endpoint::WebhookSource {
                    route: place.route(request.method)?,
                    source: place.source,
                }
            }
            // HEAD is read as GET.
            Target::Links => Endpoint::Links(
                LinksEndpoint::find(request.method)
                    .or_else(|| LinksEndpoint::find(&Method::GET))
                    .ok_or(ErrorCode::RouteNotFound)?,
            ),
        })
    }

    fn resolve_connection(&self, request: RequestHead<'_>) -> Result<Endpoint<'_>, ApiError> {
        let path = request.uri.path();
        let place = ConnectionPath::find(&self.connections, path)?;
        let connection = place.connection;
        if let Some(route) = place.managed() {
            let methods = managed_methods(&connection.settings, route);
            if !methods.contains(request.method) {
                let refusal = ApiError::from(ErrorCode::MethodNotAllowed);
                return Err(connection.explain(refusal.allow(methods.header())));
            }
            return Ok(Endpoint::Managed {
                connection,
                route,
                managers: Managers(connection.settings.manage),
            });
        }
        let target = CallTarget::new(request.uri, place.rest);
        // A call that no caller may make is refused before any credential is read, so that the refusal does not look like a
        // wrong credential.
        let deciders = connection.deciders(&target.call(request));
        let deciders = deciders.map_err(|refusal| {
            let is_unlisted = refusal.code() == ErrorKind::Own(ErrorCode::ConnectionCallNotAllowed);
            if is_unlisted && ManagedEndpoint::find(place.rest).is_some() {
                connection.of_another_kind(refusal)
            } else {
                connection.explain(refusal)
            }
        })?;
        Ok(Endpoint::Call {
            connection,
            target,
            deciders,
        })
    }

    /// Returns what a request to the endpoint must satisfy.
    pub(crate) fn requirements<'router>(
        &'router self,
        endpoint: &'router Endpoint<'_>,
    ) -> Requirements<'router> {
        let policy = endpoint.policy();
        let access = match policy.authentication {
            Authentication::None
            | Authentication::WixSignature
            | Authentication::OAuthState
            | Authentication::Signature
            | Authentication::Loopback
            | Authentication::LoopbackPage => None,
            Authentication::Caller | Authentication::CallerOrApiKey => {
                Some(&AnyCaller as &dyn Authorize)
            }
            Authentication::App => Some(&OwnServer as &dyn Authorize),
            Authentication::Entry | Authentication::Calls | Authentication::Manage => {
                endpoint.access()
            }
        };
        let caller = access.map(|access| CallerRequirement {
            access,
            accepts_api_key: policy.authentication == Authentication::CallerOrApiKey,
            plan_use: match endpoint {
                Endpoint::Data(operation) => self.data.plan_use(*operation),
                Endpoint::Call { connection, .. } => connection.plan_use(),
                Endpoint::Links(route) => self.data.links_plan_use(route.endpoint),
                Endpoint::Fixed(_)
                | Endpoint::Api(_)
                | Endpoint::Wix(_)
                | Endpoint::WebhookSource { .. }
                | Endpoint::Managed { .. } => PlanUse::Nothing,
            },
        });
        Requirements {
            caller,
            rate: match policy.rate {
                // Calls to third parties are counted where handlers in Rust make them, too.
                RateRule::None | RateRule::Connection => RateRequirement::None,
                RateRule::Entry => endpoint.limiter(),
                RateRule::Data => RateRequirement::Data(self.data.limiters()),
            },
            body: match policy.body {
                BodyLimit::Unread => BodyRequirement::new(u64::MAX),
                BodyLimit::Entry | BodyLimit::Connection => endpoint.body(),
                BodyLimit::Data => self.data.body(),
                BodyLimit::Wix => BodyRequirement::new(self.wix.body().bytes),
                BodyLimit::Events => BodyRequirement::new(self.webhook_body_bytes),
                BodyLimit::Bytes(bytes) => BodyRequirement::new(bytes),
            },
        }
    }
}

impl Target<'_> {
    /// Returns whether the response may depend on the caller's credential.
    pub(crate) fn depends_on_caller(self) -> bool {
        match self {
            Self::Fixed(route) => route.spec.policy.authentication.depends_on_caller(),
            Self::Api(entry) => entry.rule().is_some(),
            Self::Wix | Self::Data | Self::Connections | Self::WebhookSources | Self::Links => true,
        }
    }

    /// The group that requests are counted by.
    pub(crate) fn group(self) -> RouteGroup {
        match self {
            Self::Fixed(route) => match route.endpoint {
                FixedEndpoint::Index => RouteGroup::Index,
                FixedEndpoint::Healthz | FixedEndpoint::Readyz => RouteGroup::Health,
                FixedEndpoint::Jwks => RouteGroup::Keys,
                FixedEndpoint::Whoami => RouteGroup::Whoami,
                FixedEndpoint::WixWebhook => RouteGroup::Webhooks,
            },
            Self::Api(_) => RouteGroup::Api,
            Self::Wix => RouteGroup::Wix,
            Self::Data => RouteGroup::Data,
            Self::Connections => RouteGroup::Connections,
            Self::WebhookSources => RouteGroup::Webhooks,
            Self::Links => RouteGroup::Links,
        }
    }
}

impl Endpoint<'_> {
    /// The policy of the endpoint's row.
    fn policy(&self) -> &'static RoutePolicy {
        match self {
            Self::Fixed(route) => &route.spec.policy,
            Self::Api(_) => &API.policy,
            Self::Wix(_) => &WIX.policy,
            Self::Data(_) => &routes::data::POLICY,
            Self::Managed { route, .. } => &route.spec.policy,
            Self::Call { .. } => &CALL.policy,
            Self::WebhookSource { route, .. } => &route.spec.policy,
            Self::Links(route) => &route.spec.policy,
        }
    }

    /// What admits callers; `None` if the configuration says `auth = "none"`.
    fn access(&self) -> Option<&dyn Authorize> {
        match self {
            Self::Api(entry) => entry.rule().map(|rule| rule as &dyn Authorize),
            Self::Wix(deciders) => Some(deciders),
            Self::Call { deciders, .. } => Some(deciders),
            Self::Managed { managers, .. } => Some(managers),
            // Their rows admit any caller, and name no rule.
            Self::Fixed(_) | Self::Data(_) | Self::WebhookSource { .. } | Self::Links(_) => {
                Some(&Managers(Roles::NONE))
            }
        }
    }

    fn limiter(&self) -> RateRequirement<'_> {
        match self {
            Self::Api(entry) => entry
                .limiter
                .as_ref()
                .map_or(RateRequirement::None, RateRequirement::Each),
            _ => RateRequirement::None,
        }
    }

    fn body(&self) -> BodyRequirement {
        BodyRequirement::new(match self {
            Self::Api(entry) => entry.body_limit(),
            Self::Managed { connection, .. } | Self::Call { connection, .. } => {
                connection.settings.body_bytes
            }
            Self::Fixed(_)
            | Self::Wix(_)
            | Self::Data(_)
            | Self::WebhookSource { .. }
            | Self::Links(_) => 0,
        })
    }

    /// Returns a refusal with a remedy that fits the connection, if the endpoint is one's.
    pub(crate) fn explain(&self, refusal: ApiError) -> ApiError {
        match self {
            Self::Managed { connection, .. } | Self::Call { connection, .. } => {
                connection.explain(refusal)
            }
            Self::Fixed(_)
            | Self::Api(_)
            | Self::Wix(_)
            | Self::Data(_)
            | Self::WebhookSource { .. }
            | Self::Links(_) => refusal,
        }
    }
}
