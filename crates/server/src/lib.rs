//! Backlot's server: listeners, authentication and handlers.
//!
//! The steps of a request are in `service`, the routes with their policies in [`routes`], the parts of a server in
//! [`settings`], and the table of error codes in [`error`].

pub mod auth;
mod background;
mod buffers;
mod build;
pub mod clock;
pub mod connections;
mod context;
pub mod cors;
mod data;
mod data_service;
mod echo_marks;
pub mod error;
pub mod event_views;
pub mod events;
mod extract;
pub mod handlers;
pub mod http;
mod id_hasher;
mod instances;
mod leaky_buckets;
pub mod limits;
mod links;
mod lossy_json;
pub mod policy;
mod refused_head;
mod response;
mod response_pace;
pub mod router;
pub mod routes;
mod routes_in_force;
pub mod secrets;
mod server;
mod service;
pub mod settings;
mod startup_error;
mod state;
pub mod telemetry;
pub mod transport;
pub mod webhook_sources;
mod webhooks;
mod wix_access;
mod work;

pub use crate::auth::{AccessTokenSettings, Verification, VerifiedCaller, Verifier, ask_wix_once};
pub use crate::extract::caller::{Caller, CallerMissing};
pub use crate::extract::connections::{
    ConnectionCall, ConnectionCallError, ConnectionResponse, Connections,
};
pub use crate::extract::items::{Items, ItemsError, ItemsPage, ItemsQuery};
pub use crate::extract::links::{Links, LinksError};
pub use crate::extract::wix::{Wix, WixCall, WixCallError, WixResponse};
pub use crate::instances::SiteOrigins;
pub use crate::links::Link;
pub use crate::response::ResponseBody;
pub use crate::startup_error::StartupError;
/// The error for a call to Wix without a response.
pub use backlot_outbound::wix::WixError;
pub use buffers::BufferLimits;
pub use clock::Clock;
#[doc(hidden)]
pub use data::fuzzing;
pub use data_service::{DataCaller, DataService};
pub use routes_in_force::{RateInForce, RouteInForce, RouteSettings, routes_in_force};
pub use server::{Server, Shutdown};
pub use settings::Settings;
pub use wix_access::WixAccess;
