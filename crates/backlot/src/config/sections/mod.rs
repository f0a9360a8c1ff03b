//! Every section and every key. The comments here are the reference: `docs/configuration.md` is
//! generated from them.

mod access_token;
mod admin;
mod api;
mod app;
mod connection;
mod cors;
mod data;
mod database;
mod dev;
mod elevated_token;
mod log;
mod secrets;
mod server;
mod websocket;
mod wix;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use access_token::AccessToken;
pub use admin::Admin;
pub use api::{Api, Auth, RateLimit};
pub use app::App;
pub use connection::{
    Auth as ConnectionAuth, BasicAuth, CacheName, ClientCredentials, ClientProofName, Connection,
    ConnectionCall, EncodingName, HashName, HeaderAuth, HmacAuth, OAuth, QueryAuth,
    RuledConnectionCall,
};
pub use cors::{Cors, WixHosts};
pub use data::{ByPlan, Data};
pub use database::{Database, Durability};
pub use dev::Dev;
pub use elevated_token::ElevatedToken;
pub use log::{Log, LogFormat, LogLevel};
pub use secrets::Secrets;
pub use server::Server;
pub use websocket::WebSocket;
pub use wix::{OnBehalfOfName, RuledCall, Wix, WixCall};

/// `backlot.toml`
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The Wix app that this server is the backend of.
    pub app: App,
    /// The public listener: what the world may call.
    pub server: Server,
    /// The admin listener: health, metrics and the console, for the person who runs the server.
    pub admin: Admin,
    /// Which pages may read what the server answers.
    pub cors: Cors,
    /// Where everything is kept.
    pub database: Database,
    /// Wix Data on your own server: collections and items for every instance, spoken to with the npm
    /// client `@wix/data`.
    pub data: Data,
    /// What is logged, and how.
    pub log: Log,
    /// Wix access tokens as callers: what `httpClient.fetchWithAuth()` sends. Only Wix can check
    /// one, so Wix is asked, and its answer is kept for a while.
    pub access_token: AccessToken,
    /// The tokens that your own server is handed.
    pub elevated_token: ElevatedToken,
    /// Your own server, in any language. One entry for each prefix of paths; the longest prefix
    /// wins.
    pub api: Vec<Api>,
    /// A WebSocket to your own server is closed when the credential that opened it ends, and when this server stops: both
    /// sides get a close frame (1001).
    pub websocket: WebSocket,
    /// Calls to Wix's REST APIs: how they are made, and which of them pages and your own server may
    /// make through `/wix/…`.
    pub wix: Wix,
    /// A third-party API, called through `/connections/{name}/…` with a credential that no page ever has.
    /// Nothing is allowed that is not written here.
    pub connection: Vec<Connection>,
    /// Secrets that Backlot keeps, sealed, in its database: `backlot secret set NAME` puts one there, and
    /// `{ secret = "NAME" }` stands for it wherever this file takes a value.
    pub secrets: Secrets,
    /// Only for `backlot dev`.
    pub dev: Dev,
}
