//! What a server is made of, checked and typed. The configuration file's own words are elsewhere
//! (the `backlot` crate); here nothing can be wrong any more but an address that is taken.

use std::net::SocketAddr;
use std::time::Duration;

use backlot_outbound::body::PaceLimits;
use backlot_wix::AppSecrets;
use backlot_wix::jwt::PublicKey;
use backlot_wix::signed_instance::Policy;
use http::HeaderName;
use ipnet::IpNet;
use jiff::SignedDuration;

use crate::auth::AccessTokenSettings;
use crate::buffers::BufferLimits;
use crate::connections::ConnectionsSettings;
use crate::cors;
use crate::events::EventsSettings;
use crate::handlers::data::DataApiSettings;
use crate::handlers::proxy::EntrySettings;
use crate::handlers::wix::WixCallSettings;
use crate::secrets::Vault;
use crate::transport::ConnectionLimits;
use crate::webhook_sources::WebhookSourcesSettings;
use crate::wix_access::WixAccess;

/// Everything that a server is started with.
pub struct Settings {
    /// The secrets that instances are signed with.
    pub secrets: AppSecrets,
    /// Which instances are accepted; names the app.
    pub policy: Policy,
    /// Headers that the credential may come in besides `Authorization`.
    pub instance_headers: Vec<HeaderName>,
    /// The public listener. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The admin listener.
    pub admin_listen: SocketAddr,
    /// Which pages may read responses.
    pub cors: cors::Policy,
    /// What preflights answer.
    pub cors_answer: cors::CorsHeaders,
    /// The entries of `[[api]]`.
    pub api: Vec<EntrySettings>,
    /// How answers about access tokens are kept.
    pub access_tokens: AccessTokenSettings,
    /// How Wix is called.
    pub wix: WixAccess,
    /// Calls to Wix.
    pub wix_calls: WixCallSettings,
    /// Wix Data.
    pub data_api: DataApiSettings,
    /// Third-party APIs.
    pub connections: ConnectionsSettings,
    /// Webhooks of third parties.
    pub webhook_sources: WebhookSourcesSettings,
    /// The app's public keys, which verify what Wix sends. Empty if none is configured.
    pub public_keys: Vec<PublicKey>,
    /// How events are received, kept and delivered.
    pub events: EventsSettings,
    /// The secrets, open. A server needs it for its signing key; `None` until the database is open.
    pub vault: Option<Vault>,
    /// Where the world reaches the public listener, for providers that send people back.
    pub public_url: Option<String>,
    /// The simulator's address on a developer's machine: the page at `/` tells it, and the admin listener's.
    pub simulator: Option<String>,
    /// Whether CORS allows the sites that have the app installed.
    pub installed_sites: bool,
    /// The longest that a WebSocket lasts; `None` for as long as its credential does.
    pub websocket_max_lifetime: Option<SignedDuration>,
    /// How long elevated tokens last.
    pub elevated_lifetime: SignedDuration,
    /// Proxies whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The most bytes of a request's head.
    pub head_limit_bytes: usize,
    /// How slowly a request's body may come, where an entry says nothing else.
    pub body_pace: PaceLimits,
    /// How much memory bodies may take that are read whole.
    pub buffers: BufferLimits,
    /// What each listener grants its connections.
    pub connection_limits: ConnectionLimits,
    /// How long a connection to an upstream may take to come about.
    pub connect_timeout: Duration,
    /// How long an idle connection to an upstream is kept.
    pub upstream_idle_timeout: Duration,
    /// How long to go on accepting after the signal to stop.
    pub drain_linger: Duration,
    /// How long to wait then for requests that are being answered.
    pub drain_timeout: Duration,
}
