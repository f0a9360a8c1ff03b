//! Everything that a request can reach, made once at the start.

use std::sync::atomic::AtomicBool;

use backlot_outbound::upstream::{Client, ClientSettings};
use backlot_store::Store;
use backlot_store::signing_keys::SigningKeys as _;
use ipnet::IpNet;

use crate::caller::Checker;
use crate::clock::Clock;
use crate::cors;
use crate::elevated::{ElevatedTokens, SigningKeyPair, new_signing_key};
use crate::listener::Drain;
use crate::log::RequestLog;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::rooms::api::{Destination, Entries};
use crate::routes::Routes;
use crate::settings::Settings;
use crate::start_error::StartError;
use crate::tunnels::Tunnels;

pub(crate) struct House {
    pub(crate) clock: Clock,
    pub(crate) log: RequestLog,
    pub(crate) metrics: Metrics,
    pub(crate) cors: cors::Policy,
    pub(crate) cors_answer: cors::Answer,
    pub(crate) routes: Routes,
    pub(crate) checker: Checker,
    pub(crate) elevated: ElevatedTokens,
    pub(crate) registry: Registry,
    pub(crate) upstreams: Client,
    pub(crate) tunnels: Tunnels,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) head_limit_bytes: usize,
    /// True from the signal to stop on: replies close their connection.
    pub(crate) draining: AtomicBool,
}

impl House {
    /// Makes everything ready.
    pub(crate) async fn furnish(
        settings: Settings,
        store: Store,
        clock: Clock,
        log: RequestLog,
        drain: &Drain,
    ) -> Result<Self, StartError> {
        let app_id = settings.policy.app_id;
        let kept = store.signing_keys_or(new_signing_key(clock.now())?).await?;
        let keys = kept
            .iter()
            .map(SigningKeyPair::read)
            .collect::<Result<_, _>>()?;
        let is_tls = |destination: &Destination| matches!(destination, Destination::Upstream(address) if address.is_tls());
        let upstreams = Client::new(ClientSettings {
            connect_timeout: settings.connect_timeout,
            idle_timeout: settings.upstream_idle_timeout,
            most_idle: 1024,
            tls: settings.api.iter().any(|entry| is_tls(&entry.destination)),
        });
        Ok(Self {
            clock,
            log,
            metrics: Metrics::new(),
            cors: settings.cors,
            cors_answer: settings.cors_answer,
            routes: Routes::new(Entries::new(settings.api)),
            checker: Checker::new(settings.secrets, settings.policy),
            elevated: ElevatedTokens::new(app_id, settings.elevated_lifetime, keys)?,
            registry: Registry::new(store),
            upstreams: upstreams.map_err(StartError::Certificates)?,
            tunnels: Tunnels::new(drain.close_tunnels(), drain.alive()),
            trusted_proxies: settings.trusted_proxies,
            head_limit_bytes: settings.head_limit_bytes,
            draining: AtomicBool::new(false),
        })
    }
}
