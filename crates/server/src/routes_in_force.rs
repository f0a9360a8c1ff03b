//! The table of routes with a configuration: what `backlot routes` prints.

use backlot_wix::Role;
use serde::Serialize;

use crate::connections::ConnectionSettings;
use crate::handlers::connections::{managed_methods, serves};
use crate::handlers::data::DataApiSettings;
use crate::handlers::proxy::EntrySettings;
use crate::handlers::wix::WixCallSettings;
use crate::http::methods::{Methods, Verb};
use crate::policy::{AccessRule, AuthPolicy, CallPattern, DataRates, RateLimit, Roles};
use crate::routes::connections::{CALL, MANAGED};
use crate::routes::public::{API, WIX};
use crate::routes::{Authentication, BodyLimit, RateRule, RouteSpec, all};
use crate::webhook_sources::{InstanceRule, WebhookSourcesSettings};

/// The settings that the table depends on.
pub struct RouteSettings<'settings> {
    /// The entries of `[[api]]`.
    pub api: &'settings [EntrySettings],
    /// `[wix]`
    pub wix: &'settings WixCallSettings,
    /// `[data]`
    pub data: &'settings DataApiSettings,
    /// `events.body_limit`
    pub webhook_body_bytes: u64,
    /// The entries of `[[connection]]`.
    pub connections: &'settings [ConnectionSettings],
    /// The entries of `[[webhook_source]]`.
    pub webhook_sources: &'settings WebhookSourcesSettings,
}

/// A route with the policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteInForce {
    /// `public` or `admin`.
    pub listener: &'static str,
    /// The methods that are served.
    pub methods: Vec<String>,
    /// The path. `{name}` stands for one segment, `**` for any number of them.
    pub path: String,
    /// The operation in `docs/openapi.json`.
    pub operation: &'static str,
    /// How the caller is authenticated.
    pub authentication: &'static str,
    /// The roles that are admitted; empty if no credential is read.
    pub roles: Vec<&'static str>,
    /// The plans that are admitted; empty for all.
    pub plans: Vec<String>,
    /// The most bytes of a request's body; `None` if it is not read.
    pub body_limit_bytes: Option<u64>,
    /// The rates that requests are counted against.
    pub rate_limits: Vec<RateInForce>,
    /// The server that requests are sent to; `None` if this one answers.
    pub destination: Option<String>,
    /// One sentence about it.
    pub summary: &'static str,
}

/// A rate that requests are counted against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RateInForce {
    /// What is counted together: `instance`, `client`, `caller`, `visitor`, `app`, or `all`.
    pub by: &'static str,
    /// How many requests.
    pub requests: u32,
    /// In how many milliseconds.
    pub per_milliseconds: u128,
}

/// Returns the routes in force: the public listener's, then the admin listener's.
pub fn routes_in_force(settings: &RouteSettings<'_>) -> Vec<RouteInForce> {
    all()
        .flat_map(|spec| match spec.policy.authentication {
            Authentication::Entry => entries(settings),
            Authentication::Calls if spec.path == WIX.path => wix_calls(settings),
            Authentication::Calls => connection_calls(settings),
            _ if spec.path.starts_with("/connections/") => managed(spec, settings),
            _ if spec.path.starts_with("/webhooks/") => webhook_sources(spec, settings),
            _ => vec![RouteInForce::new(spec, settings)],
        })
        .collect()
}

impl RouteInForce {
    fn new(spec: &'static RouteSpec, settings: &RouteSettings<'_>) -> Self {
        let policy = &spec.policy;
        let roles = match policy.authentication {
            Authentication::App => vec![Role::App.as_str()],
            Authentication::None
            | Authentication::Signature
            | Authentication::WixSignature
            | Authentication::OAuthState
            | Authentication::Loopback
            | Authentication::LoopbackPage => Vec::new(),
            Authentication::Caller
            | Authentication::CallerOrApiKey
            | Authentication::Entry
            | Authentication::Calls
            | Authentication::Manage => Role::ALL.map(Role::as_str).to_vec(),
        };
        Self {
            listener: spec.listener.as_str(),
            methods: methods(policy.methods),
            path: spec.path.to_owned(),
            operation: spec.operation,
            authentication: policy.authentication.as_str(),
            roles,
            plans: Vec::new(),
            body_limit_bytes: match policy.body {
                BodyLimit::Unread | BodyLimit::Entry | BodyLimit::Connection => None,
                BodyLimit::Data => Some(settings.data.body_bytes),
                BodyLimit::Wix => Some(settings.wix.body_bytes),
                BodyLimit::Events => Some(settings.webhook_body_bytes),
                BodyLimit::Bytes(bytes) => Some(bytes),
            },
            rate_limits: match policy.rate {
                RateRule::None | RateRule::Entry | RateRule::Connection => Vec::new(),
                RateRule::Data => data_rates(settings.data.rates),
            },
            destination: None,
            summary: spec.summary,
        }
    }

    fn ruled(mut self, rule: &AccessRule) -> Self {
        self.authentication = Authentication::Caller.as_str();
        self.roles = roles(rule.roles);
        self.plans.clone_from(&rule.plans);
        self
    }

    fn call(mut self, prefix: &str, pattern: &CallPattern, rule: &AccessRule) -> Self {
        self.methods = vec![pattern.method().to_string()];
        self.path = format!("{prefix}{}", pattern.path());
        self.ruled(rule)
    }
}

fn entries(settings: &RouteSettings<'_>) -> Vec<RouteInForce> {
    let mut entries: Vec<&EntrySettings> = settings.api.iter().collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.path.length()));
    let in_force = entries.into_iter().map(|entry| {
        let mut route = RouteInForce::new(&API, settings);
        let prefix = entry.path.as_str().trim_end_matches('/');
        route.path = format!("{prefix}/**");
        route.methods = entry.methods.names();
        route.body_limit_bytes = Some(entry.limits.body_bytes);
        route.destination = entry.destination.upstream().map(ToString::to_string);
        let by = match &entry.access {
            AuthPolicy::Anybody => {
                route.authentication = Authentication::None.as_str();
                route.roles.clear();
                "client"
            }
            AuthPolicy::WixDigest => {
                route.authentication = Authentication::WixSignature.as_str();
                route.roles.clear();
                "client"
            }
            AuthPolicy::Verified(rule) => {
                route = route.ruled(rule);
                "instance"
            }
        };
        route.rate_limits.extend(rate(by, entry.rate_limit));
        route
    });
    in_force.collect()
}

fn wix_calls(settings: &RouteSettings<'_>) -> Vec<RouteInForce> {
    let calls = settings.wix.calls.iter();
    calls
        .map(|call| RouteInForce::new(&WIX, settings).call("/wix", &call.pattern, &call.rules))
        .collect()
}

fn connection_calls(settings: &RouteSettings<'_>) -> Vec<RouteInForce> {
    let calls = |connection: &ConnectionSettings| -> Vec<RouteInForce> {
        let prefix = format!("/connections/{}", connection.name);
        let calls = connection.calls.iter().map(|call| {
            let mut route =
                RouteInForce::new(&CALL, settings).call(&prefix, &call.pattern, &call.rules);
            route.body_limit_bytes = Some(connection.body_bytes);
            let rates = [
                rate("instance", connection.rate_limit),
                rate("all", connection.total_rate_limit),
            ];
            route.rate_limits = rates.into_iter().flatten().collect();
            route.destination = Some(connection.base.to_string());
            route
        });
        calls.collect()
    };
    settings.connections.iter().flat_map(calls).collect()
}

/// The paths of connections that this server answers itself.
fn managed(spec: &'static RouteSpec, settings: &RouteSettings<'_>) -> Vec<RouteInForce> {
    let route = MANAGED.iter().find(|route| route.spec.path == spec.path);
    let Some(managed) = route else {
        return Vec::new();
    };
    let connections = settings.connections.iter();
    let serving = connections.filter(|connection| serves(connection, managed.endpoint));
    let in_force = serving.map(|connection| {
        let mut route = RouteInForce::new(spec, settings);
        route.path = spec.path.replace("{name}", &connection.name);
        if spec.policy.authentication == Authentication::Manage {
            route.roles = roles(connection.manage);
        }
        if spec.policy.body == BodyLimit::Connection {
            route.body_limit_bytes = Some(connection.body_bytes);
        }
        route.methods = managed_methods(connection, managed).names();
        route
    });
    in_force.collect()
}

/// The paths of each source, with an address if the source has those.
fn webhook_sources(spec: &'static RouteSpec, settings: &RouteSettings<'_>) -> Vec<RouteInForce> {
    let needs_addresses = spec.path != "/webhooks/{name}";
    let sources = settings.webhook_sources.list.iter();
    let serving = sources.filter(|source| {
        let has_addresses = source.instance == InstanceRule::Address;
        has_addresses == needs_addresses
    });
    let in_force = serving.map(|source| {
        let mut route = RouteInForce::new(spec, settings);
        route.path = spec.path.replace("{name}", &source.name);
        let is_received = spec.policy.authentication == Authentication::Signature;
        if is_received && !source.kind.has_get_handshake() {
            route.methods = methods(&[Verb::Post]);
        }
        route
    });
    in_force.collect()
}

fn methods(verbs: &[Verb]) -> Vec<String> {
    Methods::from_verbs(verbs).names()
}

fn roles(roles: Roles) -> Vec<&'static str> {
    roles.iter().map(Role::as_str).collect()
}

fn data_rates(rates: DataRates) -> Vec<RateInForce> {
    let rates = [
        rate("instance", rates.instance),
        rate("caller", rates.caller),
        rate("visitor", rates.visitor),
        rate("app", rates.app),
    ];
    rates.into_iter().flatten().collect()
}

fn rate(by: &'static str, limit: Option<RateLimit>) -> Option<RateInForce> {
    let limit = limit?;
    Some(RateInForce {
        by,
        requests: limit.requests.get(),
        per_milliseconds: limit.per.as_millis(),
    })
}
