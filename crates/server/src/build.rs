//! Building the service out of its settings.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use backlot_outbound::upstream::{Address, Client, ClientSettings};
use backlot_outbound::wix::{WixClient, WixSettings};
use backlot_store::Store;
use backlot_wix::token_info::TokenPolicy;
use jiff::SignedDuration;

use crate::auth::elevated_token::{
    ElevatedTokens, KeyReloader, SigningKeyError, SigningKeyStore, TokenLimits,
};
use crate::auth::{AccessTokens, Authenticator, Verifier};
use crate::buffers::BufferBudget;
use crate::clock::Clock;
use crate::connections::Connections;
use crate::context::SharedContext;
use crate::cors;
use crate::data::{CursorKey, Data, Storage};
use crate::echo_marks::EchoMarks;
use crate::events::{DeliveryMeans, LateEchoes, Subscriptions};
use crate::extract::clients::Clients;
use crate::handlers::data::DataHandlers;
use crate::handlers::index::{DevAddresses, Index};
use crate::handlers::proxy::{Destination, Entries};
use crate::handlers::wix::WixCalls;
use crate::instances::activity::InstanceActivity;
use crate::instances::{Events, InstanceDirectory, RefreshScheduler, SiteOrigins};
use crate::response_pace::ResponsePace;
use crate::router::Router;
use crate::secrets::Vault;
use crate::service::Service;
use crate::settings::Settings;
use crate::startup_error::StartupError;
use crate::state::AppState;
use crate::telemetry::log::RequestLog;
use crate::telemetry::metrics::Metrics;
use crate::transport::Drain;
use crate::transport::upgrade::{UpgradeLimits, UpgradedConnections};
use crate::webhook_sources::WebhookSources;
use crate::webhooks::Intake;
use crate::work::WorkPool;

/// Builds the state, the router and what they stand on.
#[expect(
    clippy::too_many_lines,
    reason = "a list of parts, each made once and in order"
)]
pub(crate) async fn build(
    settings: Settings,
    store: Store,
    clock: Clock,
    log: RequestLog,
    drain: &Drain,
    public_address: SocketAddr,
    admin_address: SocketAddr,
) -> Result<Service, StartupError> {
    let app_id = settings.policy.app_id;
    let vault = settings.vault.clone().ok_or(StartupError::NoVault)?;
    let event_vault = vault.clone();
    let data = data(&settings, &vault, &store, &clock)?;
    let (elevated, signing_keys) = elevated(&settings, vault, &store, &clock).await?;
    let upstreams = upstreams(&settings).map_err(StartupError::Certificates)?;
    let metrics = Arc::new(Metrics::new());
    let origins = Arc::new(SiteOrigins::default());
    let events = Events {
        store: store.clone(),
        clock: clock.clone(),
        origins: Arc::clone(&origins),
        metrics: Arc::clone(&metrics),
    };
    let wix = wix_client(&settings, Arc::new(events)).map_err(StartupError::Certificates)?;
    let mut cors = settings.cors;
    if settings.installed_sites {
        cors = with_installed_sites(cors, &store, &origins).await?;
    }
    let cors = Arc::new(cors);
    let directory = InstanceDirectory::new(
        store.clone(),
        wix.clone(),
        clock.clone(),
        Arc::clone(&origins),
    );
    let own_url = || format!("http://{public_address}");
    let public_url = settings.public_url.clone().unwrap_or_else(own_url);
    let source_vault = settings.vault.clone();
    let connections = Connections::new(
        settings.connections,
        settings.vault,
        &store,
        &clock,
        &public_url,
    );
    let connections = Arc::new(connections.map_err(StartupError::Certificates)?);
    let upgraded = upgraded(
        settings.websocket_max_lifetime,
        settings.policy.clock_skew,
        &clock,
        drain,
    );
    let token_policy = TokenPolicy {
        app_id,
        clock_skew: settings.policy.clock_skew,
    };
    let schedule = Arc::new(RefreshScheduler::new(
        origins,
        clock.clone(),
        settings.wix.details_age,
        settings.installed_sites,
    ));
    let cors_answer = settings
        .cors_answer
        .with_instance_headers(&settings.instance_headers);
    let elevated = Arc::new(elevated);
    let instance_headers = settings.instance_headers;
    let activity = Arc::new(InstanceActivity::new(store.clone()));
    let auth = Authenticator {
        checker: Verifier::new(settings.secrets, settings.policy),
        instance_headers: instance_headers.clone(),
        api_key: settings.wix.api_key,
        access_tokens: AccessTokens::new(
            token_policy,
            settings.access_tokens,
            wix.clone(),
            directory.clone(),
        ),
        elevated: Arc::clone(&elevated),
        signing_keys,
        directory: directory.clone(),
        activity: Arc::clone(&activity),
        refresh: Arc::clone(&schedule),
        cors: Arc::clone(&cors),
        store: store.clone(),
        metrics: Arc::clone(&metrics),
    };
    let event_limits = settings.events.limits();
    let stored = LateEchoes {
        subscriptions: Subscriptions::new(settings.events.subscriptions.clone()),
        store: store.clone(),
        clock: clock.clone(),
    };
    let echo_marks = EchoMarks::new(store.clone(), clock.clone(), Arc::new(stored));
    let clients = Arc::new(Clients {
        app_id,
        wix: wix.clone(),
        directory: directory.clone(),
        connections: Arc::clone(&connections),
        data: Arc::clone(&data),
        echo_marks: echo_marks.clone(),
    });
    let mut subscriptions = settings.events.subscriptions;
    for subscription in &mut subscriptions {
        subscription.destination.give(&clients);
    }
    let subscriptions = Subscriptions::new(subscriptions);
    let intake = Arc::new(Intake {
        keys: settings.public_keys,
        subscriptions,
        activity,
        echo_marks: echo_marks.clone(),
        store: store.clone(),
        clock: clock.clone(),
        metrics: Arc::clone(&metrics),
    });
    let of_sources = Arc::clone(&intake);
    let webhook_sources = Arc::new(WebhookSources::new(
        settings.webhook_sources,
        source_vault,
        store.clone(),
        clock.clone(),
        &public_url,
        Arc::new(move |events| {
            let intake = Arc::clone(&of_sources);
            async move { intake.store_of_source(events).await }
        }),
    ));
    let deliveries = DeliveryMeans {
        store: store.clone(),
        clock: clock.clone(),
        client: upstreams.clone(),
        vault: event_vault,
        elevated: Arc::clone(&elevated),
        directory: directory.clone(),
        metrics: Arc::clone(&metrics),
    };
    let router = Router::new(
        Entries::new(settings.api),
        WixCalls::new(settings.wix_calls),
        DataHandlers::new(settings.data_api),
        Arc::clone(&connections),
        Arc::clone(&webhook_sources),
        event_limits.body_bytes,
    );
    let dev = settings.simulator.map(|simulator| DevAddresses {
        simulator,
        admin: format!("http://{admin_address}"),
    });
    let index = Index::new(dev.as_ref());
    let state = AppState {
        shared: Arc::new(SharedContext {
            clock,
            log,
            metrics,
            response_pace: ResponsePace::default(),
            trusted_proxies: settings.trusted_proxies,
        }),
        app_id,
        instance_headers,
        elevated,
        cors,
        cors_answer,
        refused_preflights: cors::RefusedPreflights::default(),
        public_url: settings.public_url,
        wix,
        directory,
        schedule,
        store,
        data,
        connections,
        webhook_sources,
        upstreams,
        intake,
        echo_marks,
        clients,
        deliveries: Arc::new(deliveries),
        events: event_limits,
        upgraded,
        head_limit_bytes: settings.head_limit_bytes,
        body_pace: settings.body_pace,
        buffers: BufferBudget::new(settings.buffers),
        draining: AtomicBool::new(false),
        // It was opened a moment ago.
        database_answers: AtomicBool::new(true),
    };
    Ok(Service {
        state: Arc::new(state),
        auth,
        router,
        index,
    })
}

/// Upgraded connections, which end with their credentials and with the server.
fn upgraded(
    max_lifetime: Option<SignedDuration>,
    clock_skew: SignedDuration,
    clock: &Clock,
    drain: &Drain,
) -> UpgradedConnections {
    let limits = UpgradeLimits {
        max_lifetime,
        clock_skew,
    };
    UpgradedConnections::new(drain.close_tunnels(), drain.alive(), clock.clone(), limits)
}

/// The policy that also allows sites that have the app installed.
async fn with_installed_sites(
    cors: cors::Policy,
    store: &Store,
    origins: &Arc<SiteOrigins>,
) -> Result<cors::Policy, StartupError> {
    for (instance_id, origin) in store.list_site_origins().await? {
        origins.set(instance_id, Some(origin));
    }
    Ok(cors.with_installed_sites(Arc::clone(origins)))
}

/// What makes and checks elevated tokens, and what looks for new keys.
async fn elevated(
    settings: &Settings,
    vault: Vault,
    store: &Store,
    clock: &Clock,
) -> Result<(ElevatedTokens, KeyReloader), SigningKeyError> {
    let limits = TokenLimits {
        lifetime: settings.elevated_lifetime,
        clock_skew: settings.policy.clock_skew,
    };
    let keys = SigningKeyStore::new(store.clone(), vault, clock.clone(), limits.lifetime);
    // A program that ended between sealing a key and emptying the log has left it there.
    keys.scrub().await;
    let tokens = ElevatedTokens::new(settings.policy.app_id, limits, keys.load().await?);
    Ok((tokens, KeyReloader::new(keys)))
}

/// The data of all callers.
fn data(
    settings: &Settings,
    vault: &Vault,
    store: &Store,
    clock: &Clock,
) -> Result<Arc<Data>, StartupError> {
    // Every node has the same data key, which outlasts signing keys.
    let cursors = vault.derived_key("backlot data cursors");
    let cursors = cursors.map_err(SigningKeyError::from)?;
    Ok(Arc::new(Data {
        store: store.clone(),
        clock: clock.clone(),
        cursors: CursorKey::derived_from(cursors.as_ref()),
        new_job: tokio::sync::Notify::new(),
        work: WorkPool::new(settings.data_api.limits, store.connections()),
        storage: Storage::new(settings.data_api.storage.clone()),
    }))
}

fn wix_client(settings: &Settings, events: Arc<Events>) -> std::io::Result<WixClient> {
    WixClient::new(WixSettings {
        base: settings.wix.base.clone(),
        app_id: settings.policy.app_id,
        secrets: settings.secrets.clone(),
        api_key: settings.wix.api_key.clone(),
        requests_per_minute: settings.wix.requests_per_minute,
        queue_time: settings.wix.queue_time,
        timeout: settings.wix.timeout,
        token_timeout: settings.wix.token_timeout,
        idle_timeout: settings.wix_calls.idle_timeout,
        connect_timeout: settings.connect_timeout,
        events,
        seed: fastrand::u64(..),
    })
}

fn has_tls_subscription(settings: &Settings) -> bool {
    let mut subscriptions = settings.events.subscriptions.iter();
    subscriptions.any(|it| it.destination.address().is_some_and(Address::is_tls))
}

/// What calls the developer's own servers: anywhere, since the configuration says where they are.
fn upstreams(settings: &Settings) -> std::io::Result<Client> {
    let is_tls = |destination: &Destination| matches!(destination, Destination::Upstream(address) if address.is_tls());
    Client::new(ClientSettings {
        connect_timeout: settings.connect_timeout,
        idle_timeout: settings.upstream_idle_timeout,
        most_idle: 1024,
        http2_over_tls: true,
        guard: None,
        extra_roots: Vec::new(),
        tls: settings.api.iter().any(|entry| is_tls(&entry.destination))
            || has_tls_subscription(settings),
    })
}
