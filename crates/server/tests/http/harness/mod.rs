//! A server for one test, on free ports of loopback, with a clock that stands still.

pub mod accounts;
mod client;
mod credential;
pub mod events;
mod http2;
mod third_party;
mod upstream;
mod wix;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use backlot_outbound::body::PaceLimits;
use backlot_outbound::upstream::Address;
use backlot_server::cors::{CorsHeaders, Pattern, Policy as CorsPolicy};
use backlot_server::events::EventsSettings;
use backlot_server::handlers::data::DataApiSettings;
use backlot_server::handlers::proxy::{Destination, EntrySettings, Limits, Prefix};
use backlot_server::handlers::wix::{AllowedCall, OnBehalfOf, WixCallSettings};
use backlot_server::http::methods::Methods;
use backlot_server::policy::{AccessRule, AuthPolicy, CallPattern, RateLimit, Roles};
use backlot_server::secrets::{MasterKey, Vault};
use backlot_server::telemetry::log::{Format, RequestLog, Sink};
use backlot_server::transport::ConnectionLimits;
use backlot_server::{
    AccessTokenSettings, BufferLimits, Clock, Server, Settings, Shutdown, WixAccess,
};
use backlot_store::Store;
use backlot_store::sqlite::SqliteStore;
use backlot_wix::signed_instance::Policy;
use backlot_wix::{ApiKey, AppSecret, AppSecrets, Role};
use http::Method;
use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use client::{Reply, raw, request};
pub use credential::{APP_ID, INSTANCE_ID, NEW_SECRET, OLD_SECRET, instance, payload, signed};
pub use http2::{Http2, kind};
pub use third_party::{KEY, ThirdParty, connected};
pub use upstream::{Upstream, echo, endless};
pub use wix::{FakeWix, access_token, info};

/// When every test takes place.
pub const NOW: &str = "2026-11-22T12:00:00Z";
/// A page that is let in.
pub const PAGE: &str = "https://7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c.wix.run";

/// What every test's database is sealed with.
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A running server.
pub struct TestServer {
    pub address: SocketAddr,
    pub admin: SocketAddr,
    pub clock: Clock,
    pub store: Store,
    pub sink: Arc<Sink>,
    stop: Option<oneshot::Sender<Shutdown>>,
    running: JoinHandle<bool>,
    _folder: Option<tempfile::TempDir>,
}

impl TestServer {
    /// Starts with these entries.
    pub async fn start(api: Vec<EntrySettings>) -> Self {
        Self::start_with(api, |_| {}).await
    }

    /// Starts after a change to the settings.
    pub async fn start_with(api: Vec<EntrySettings>, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("backlot.db")).unwrap();
        Self::start_in(Store::Sqlite(store), Some(folder), api, change).await
    }

    /// Starts a second one with the same database.
    pub async fn start_on(store: Store, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_in(store, None, Vec::new(), change).await
    }

    async fn start_in(
        store: Store,
        folder: Option<tempfile::TempDir>,
        api: Vec<EntrySettings>,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let clock = Clock::standing_at(NOW.parse::<Timestamp>().unwrap());
        let sink = Sink::memory();
        let log = RequestLog::new(Arc::clone(&sink), Format::Json);
        let mut settings = settings(api);
        let master = MasterKey::parse(MASTER_KEY).unwrap();
        let vault = Vault::unlock(store.clone(), clock.clone(), &master).await;
        settings.vault = Some(vault.unwrap());
        change(&mut settings);
        let server = Server::bind(settings, store.clone(), clock.clone(), log)
            .await
            .unwrap();
        let (address, admin) = (server.public_address(), server.admin_address());
        let (stop, stopped) = oneshot::channel();
        let running =
            tokio::spawn(server.run(async { stopped.await.unwrap_or(Shutdown::Immediate) }));
        Self {
            address,
            admin,
            clock,
            store,
            sink,
            stop: Some(stop),
            running,
            _folder: folder,
        }
    }

    /// Asks it to end, without waiting.
    pub fn ask_to_stop(&mut self, stop: Shutdown) {
        if let Some(channel) = self.stop.take() {
            let _ = channel.send(stop);
        }
    }

    /// Ends it; true when nothing had to be cut.
    pub async fn stop(mut self) -> bool {
        self.ask_to_stop(Shutdown::Graceful);
        self.running.await.unwrap()
    }

    /// Everything logged once the server has ended.
    pub async fn stop_and_read_log(self) -> String {
        let sink = Arc::clone(&self.sink);
        self.stop().await;
        sink.contents()
    }
}

/// The elevated token of an instance, as the upstream that echoes at `/api` gets it.
pub async fn elevated_token(server: &TestServer) -> String {
    let owner = instance("owner");
    let headers = [("authorization", owner.as_str())];
    let response = request(server.address, "GET", "/api", &headers, "").await;
    let headers = response.json()["headers"].clone();
    let mut pairs = headers.as_array().unwrap().iter();
    let token = pairs.find(|pair| pair[0] == "x-backlot-elevated-token");
    token.unwrap()[1].as_str().unwrap().to_owned()
}

/// So far behind four kilobytes a second.
pub fn pace(timeout: Duration) -> PaceLimits {
    PaceLimits {
        timeout,
        bytes_per_second: NonZeroU32::new(4096).unwrap(),
    }
}

fn settings(api: Vec<EntrySettings>) -> Settings {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let patterns = [PAGE, "https://*.wixsite.com"].map(|text| Pattern::parse(text).unwrap());
    Settings {
        secrets: AppSecrets::new(vec![AppSecret::new(NEW_SECRET), AppSecret::new(OLD_SECRET)])
            .unwrap(),
        policy: Policy {
            app_id: APP_ID.parse().unwrap(),
            maximum_age: Policy::DEFAULT_MAXIMUM_AGE,
            clock_skew: Policy::DEFAULT_CLOCK_SKEW,
        },
        instance_headers: vec!["x-wix-instance".parse().unwrap()],
        listen: loopback,
        admin_listen: loopback,
        cors: CorsPolicy::new(patterns, false),
        cors_answer: CorsHeaders::new(&["x-mine".to_owned()], &["x-shown".to_owned()], 600)
            .unwrap(),
        api,
        access_tokens: AccessTokenSettings {
            ceiling: Duration::from_mins(5),
            refusal_kept: Duration::from_secs(5),
            questions: RateLimit {
                requests: NonZeroU32::new(100_000).unwrap(),
                per: Duration::from_mins(1),
            },
        },
        wix: WixAccess {
            // Nobody is there: a test that needs Wix brings its own.
            base: Address::parse("http://127.0.0.1:9", false).unwrap(),
            api_key: ApiKey::new("IST.the-key-of-the-account"),
            requests_per_minute: 200,
            queue_time: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            token_timeout: Duration::from_secs(3),
            details_age: jiff::SignedDuration::from_hours(6),
        },
        wix_calls: WixCallSettings {
            calls: Vec::new(),
            body_bytes: 200_000,
            idle_timeout: Duration::from_secs(5),
        },
        data_api: DataApiSettings {
            body_bytes: 16 << 20,
            idle_timeout: Duration::from_secs(5),
            storage: backlot_server::handlers::data::StorageQuotas::default(),
            rates: backlot_server::handlers::data::DataRates::default(),
            limits: backlot_server::handlers::data::RequestLimits::default(),
        },
        installed_sites: false,
        websocket_max_lifetime: None,
        elevated_lifetime: jiff::SignedDuration::from_mins(5),
        trusted_proxies: Vec::new(),
        head_limit_bytes: 16 * 1024,
        connections: backlot_server::connections::ConnectionsSettings::default(),
        webhook_sources: backlot_server::webhook_sources::WebhookSourcesSettings::default(),
        public_keys: Vec::new(),
        events: EventsSettings::default(),
        vault: None,
        public_url: None,
        simulator: None,
        body_pace: pace(Duration::from_secs(5)),
        buffers: BufferLimits { bytes: 256 << 20 },
        connection_limits: ConnectionLimits {
            head_timeout: Duration::from_secs(5),
            write: pace(Duration::from_secs(5)),
            head_bytes: 64 * 1024,
            connections: 1000,
        },
        connect_timeout: Duration::from_secs(2),
        upstream_idle_timeout: Duration::from_secs(4),
        drain_linger: Duration::ZERO,
        drain_timeout: Duration::from_secs(5),
    }
}

/// An entry that hands `path` to an upstream, for everybody who is verified.
pub fn to_upstream(path: &str, upstream: SocketAddr) -> EntrySettings {
    let address = Address::parse(&format!("http://{upstream}"), false).unwrap();
    entry(path, Destination::Upstream(address))
}

/// An entry that hands `path` to a router of this program.
pub fn to_router(path: &str, router: Router) -> EntrySettings {
    entry(path, Destination::Mounted(router))
}

fn entry(path: &str, destination: Destination) -> EntrySettings {
    EntrySettings {
        path: Prefix::parse(path).unwrap(),
        destination,
        strip_prefix: false,
        methods: Methods::new([Method::GET, Method::POST]),
        access: allow([Role::Owner, Role::Member, Role::Visitor]),
        limits: Limits {
            timeout: Duration::from_secs(5),
            body_bytes: 100_000,
            idle_timeout: Duration::from_secs(5),
            body_timeout: None,
        },
        rate_limit: None,
        pass_authorization: false,
        pass_headers: Vec::new(),
        rewrite_redirects: true,
    }
}

/// A call to Wix that these roles may make.
pub fn may_call(call: &str, roles: impl IntoIterator<Item = Role>) -> AllowedCall {
    AllowedCall {
        pattern: CallPattern::parse(call).unwrap(),
        rules: AccessRule {
            roles: Roles::new(roles),
            plans: Vec::new(),
        },
        on_behalf_of: OnBehalfOf::App,
    }
}

/// These roles, on any plan.
pub fn allow(roles: impl IntoIterator<Item = Role>) -> AuthPolicy {
    AuthPolicy::Verified(AccessRule {
        roles: Roles::new(roles),
        plans: Vec::new(),
    })
}

/// So many requests an hour.
pub fn an_hour(requests: u32) -> RateLimit {
    RateLimit {
        requests: NonZeroU32::new(requests).unwrap(),
        per: Duration::from_hours(1),
    }
}
