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
mod events;
mod log;
mod secrets;
mod server;
mod subscription;
pub mod webhook_source;
mod websocket;
mod wix;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use access_token::AccessToken;
pub use admin::Admin;
pub use api::{Api, Auth, RateLimit};
pub use app::App;
pub use connection::{
    Auth as ConnectionAuth, CacheName, Connection, ConnectionCall, HmacAuth, OAuth,
    RuledConnectionCall,
};
pub use cors::{Cors, WixHosts};
pub use data::{ByPlan, Data};
pub use database::{Database, Durability};
pub use dev::Dev;
pub use elevated_token::ElevatedToken;
pub use events::Events;
pub use log::{Log, LogFormat, LogLevel};
pub use secrets::Secrets;
pub use server::Server;
pub use subscription::{FilterScalar, FilterValue, NatsAccess, Order, Subscription};
pub use webhook_source::WebhookSource;
pub use websocket::WebSocket;
pub use wix::{OnBehalfOfName, RuledCall, Wix, WixCall};

/// The contents of `backlot.toml`. Each section documents itself.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub app: App,
    pub server: Server,
    pub admin: Admin,
    pub cors: Cors,
    pub database: Database,
    pub data: Data,
    pub log: Log,
    pub access_token: AccessToken,
    pub elevated_token: ElevatedToken,
    pub api: Vec<Api>,
    pub websocket: WebSocket,
    pub wix: Wix,
    pub connection: Vec<Connection>,
    pub webhook_source: Vec<WebhookSource>,
    pub events: Events,
    pub subscription: Vec<Subscription>,
    pub secrets: Secrets,
    pub dev: Dev,
}
