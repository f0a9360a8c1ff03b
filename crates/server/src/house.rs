//! Everything that a request can reach, made once at the start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use backlot_outbound::body::PaceLimits;
use backlot_outbound::upstream::{Client, ClientSettings};
use backlot_outbound::wix::{WixClient, WixSettings};
use backlot_store::Store;
use backlot_store::instance_details::InstanceDetails as _;
use backlot_wix::token_info::TokenPolicy;
use backlot_wix::{ApiKey, Caller, InstanceId};
use http::HeaderName;
use ipnet::IpNet;

use crate::buffers::BufferBudget;
use crate::caller::{AccessTokens, Checker};
use crate::clock::Clock;
use crate::connections::Connections;
use crate::connections_handle;
use crate::cors;
use crate::data::{CursorKey, Data, Storage, Who};
use crate::directory::{Directory, Events, Schedule, SiteOrigins};
use crate::elevated::{ElevatedTokens, KeyReloader, SigningKeyError, SigningKeyStore, TokenLimits};
use crate::items_handle::Items;
use crate::listener::Drain;
use crate::log::RequestLog;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::reply_pace::ReplyPace;
use crate::rooms::api::{Destination, Entries};
use crate::rooms::index::{DevAddresses, Index};
use crate::rooms::wix::Calls;
use crate::routes::Routes;
use crate::settings::Settings;
use crate::start_error::StartError;
use crate::tunnels::{TunnelLimits, Tunnels};
use crate::vault::Vault;
use crate::wix_handle::Wix;
use crate::work::WorkPool;

pub(crate) struct House {
    pub(crate) clock: Clock,
    pub(crate) log: RequestLog,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) cors: cors::Policy,
    pub(crate) cors_answer: cors::Answer,
    /// Where the world reaches this server, if the configuration says so.
    pub(crate) public_url: Option<String>,
    pub(crate) refused_preflights: cors::RefusedPreflights,
    pub(crate) routes: Routes,
    /// The page at `/`.
    pub(crate) index: Index,
    pub(crate) checker: Checker,
    /// Headers that the credential may come in besides `Authorization`.
    pub(crate) instance_headers: Vec<HeaderName>,
    /// The account's API key, for calls that carry it.
    pub(crate) api_key: Option<ApiKey>,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) elevated: ElevatedTokens,
    pub(crate) signing_keys: KeyReloader,
    pub(crate) registry: Registry,
    pub(crate) wix: WixClient,
    pub(crate) directory: Directory,
    pub(crate) schedule: Schedule,
    pub(crate) store: Store,
    pub(crate) data: Arc<Data>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) upstreams: Client,
    pub(crate) tunnels: Tunnels,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) head_limit_bytes: usize,
    /// How slowly a request's body may come.
    pub(crate) body_pace: PaceLimits,
    /// How fast large replies go out.
    pub(crate) reply_pace: ReplyPace,
    /// The memory for bodies that are read whole.
    pub(crate) buffers: BufferBudget,
    /// True from the signal to stop on: replies close their connection.
    pub(crate) draining: AtomicBool,
    /// Whether the database answered when it was last looked at, which is once a second.
    pub(crate) database_answers: AtomicBool,
}

impl House {
    /// Makes everything ready.
    pub(crate) async fn furnish(
        settings: Settings,
        store: Store,
        clock: Clock,
        log: RequestLog,
        drain: &Drain,
        public_address: SocketAddr,
        admin_address: SocketAddr,
    ) -> Result<Self, StartError> {
        let app_id = settings.policy.app_id;
        let vault = settings.vault.clone().ok_or(StartError::NoVault)?;
        let data = data(&settings, &vault, &store, &clock)?;
        let (elevated, signing_keys) = elevated(&settings, vault, &store, &clock).await?;
        let upstreams = upstreams(&settings);
        let metrics = Arc::new(Metrics::new());
        let origins = Arc::new(SiteOrigins::default());
        let events = Events {
            store: store.clone(),
            clock: clock.clone(),
            origins: Arc::clone(&origins),
            metrics: Arc::clone(&metrics),
        };
        let wix = wix_client(&settings, Arc::new(events)).map_err(StartError::Certificates)?;
        let mut cors = settings.cors;
        if settings.installed_sites {
            cors = with_installed_sites(cors, &store, &origins).await?;
        }
        let directory = Directory::new(
            store.clone(),
            wix.clone(),
            clock.clone(),
            Arc::clone(&origins),
        );
        let dev = settings.simulator.map(|simulator| DevAddresses {
            simulator,
            admin: format!("http://{admin_address}"),
        });
        let own_url = || format!("http://{public_address}");
        let public_url = settings.public_url.clone().unwrap_or_else(own_url);
        let connections = Connections::new(
            settings.connections,
            settings.vault,
            &store,
            &clock,
            &public_url,
        );
        let connections = Arc::new(connections.map_err(StartError::Certificates)?);
        let tunnel_limits = TunnelLimits {
            max_lifetime: settings.websocket_max_lifetime,
            clock_skew: settings.policy.clock_skew,
        };
        let (close, alive) = (drain.close_tunnels(), drain.alive());
        let tunnels = Tunnels::new(close, alive, clock.clone(), tunnel_limits);
        let token_policy = TokenPolicy {
            app_id,
            clock_skew: settings.policy.clock_skew,
        };
        Ok(Self {
            schedule: Schedule::new(
                origins,
                clock.clone(),
                settings.wix.details_age,
                settings.installed_sites,
            ),
            clock,
            log,
            metrics,
            cors,
            index: Index::new(dev.as_ref()),
            cors_answer: settings
                .cors_answer
                .with_instance_headers(&settings.instance_headers),
            instance_headers: settings.instance_headers,
            public_url: settings.public_url,
            refused_preflights: cors::RefusedPreflights::default(),
            routes: Routes::new(
                Entries::new(settings.api),
                Calls::new(settings.wix_room),
                settings.data_room,
                Arc::clone(&connections),
            ),
            connections,
            checker: Checker::new(settings.secrets, settings.policy),
            access_tokens: AccessTokens::new(
                token_policy,
                settings.access_tokens,
                wix.clone(),
                directory.clone(),
            ),
            api_key: settings.wix.api_key,
            wix,
            directory,
            store: store.clone(),
            data,
            elevated,
            signing_keys,
            registry: Registry::new(store),
            upstreams: upstreams.map_err(StartError::Certificates)?,
            tunnels,
            trusted_proxies: settings.trusted_proxies,
            head_limit_bytes: settings.head_limit_bytes,
            body_pace: settings.body_pace,
            reply_pace: ReplyPace::default(),
            buffers: BufferBudget::new(settings.buffers),
            draining: AtomicBool::new(false),
            // It was opened a moment ago.
            database_answers: AtomicBool::new(true),
        })
    }

    /// The means to call Wix on one instance, for a handler in Rust.
    pub(crate) fn wix_handle(&self, instance_id: InstanceId) -> Wix {
        Wix::new(self.wix.clone(), self.directory.clone(), instance_id)
    }

    /// The third parties that a caller may call, for a handler in Rust.
    pub(crate) fn connections_handle(
        &self,
        caller: &Arc<Caller>,
    ) -> connections_handle::Connections {
        connections_handle::Connections::new(
            Arc::clone(&self.connections),
            self.directory.clone(),
            Arc::clone(caller),
        )
    }

    /// The items of a caller, for a handler in Rust.
    pub(crate) fn items_handle(&self, caller: &Caller) -> Items {
        let who = Who::caller(caller, self.checker.app_id());
        Items::new(self.data.of(who))
    }
}

/// The policy that also lets in the sites that have the app.
async fn with_installed_sites(
    cors: cors::Policy,
    store: &Store,
    origins: &Arc<SiteOrigins>,
) -> Result<cors::Policy, StartError> {
    for (instance_id, origin) in store.site_origins().await? {
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
) -> Result<Arc<Data>, StartError> {
    // Every node has the same data key, which outlasts signing keys.
    let cursors = vault.derived_key("backlot data cursors");
    let cursors = cursors.map_err(SigningKeyError::from)?;
    Ok(Arc::new(Data {
        store: store.clone(),
        clock: clock.clone(),
        cursors: CursorKey::derived_from(cursors.as_ref()),
        new_job: tokio::sync::Notify::new(),
        work: WorkPool::new(settings.data_room.limits, store.connections()),
        storage: Storage::new(settings.data_room.storage.clone()),
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
        silence: settings.wix_room.silence,
        connect_timeout: settings.connect_timeout,
        events,
        seed: fastrand::u64(..),
    })
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
        tls: settings.api.iter().any(|entry| is_tls(&entry.destination)),
    })
}
