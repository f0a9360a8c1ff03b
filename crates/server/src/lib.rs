//! Backlot's server: listeners, layers and rooms.
//!
//! Where things are: every layer of the public listener in `pipeline`, every route in `routes` and
//! `admin`, what a server is made of in [`settings`], the table of codes in [`error`].

pub mod admin;
pub mod admission;
mod body;
mod buffers;
mod caller;
pub mod clock;
pub mod connections;
mod connections_handle;
pub mod cors;
mod data;
mod data_service;
mod directory;
pub mod elevated;
pub mod error;
mod exchange;
mod house;
mod housekeeping;
mod instance_hash;
mod items_handle;
mod leaky_buckets;
pub mod limits;
pub mod listener;
pub mod log;
pub mod methods;
mod metrics;
mod pipeline;
mod plain_page;
mod plain_text;
mod refused_head;
mod registry;
mod reply_pace;
mod request_id;
pub mod rooms;
pub mod routes;
mod server;
pub mod settings;
mod start_error;
mod takeover;
mod tunnels;
pub mod vault;
mod wix_handle;
mod work;

pub use body::ReplyBody;
pub use buffers::BufferLimits;
pub use caller::{
    AccessTokenSettings, Caller, CallerMissing, Checked, Checker, Proof, ask_wix_once,
};
pub use clock::Clock;
pub use connections_handle::{ConnectionAnswer, ConnectionCall, ConnectionFault, Connections};
#[doc(hidden)]
pub use data::fuzzing;
pub use data_service::{DataCaller, DataService};
pub use directory::SiteOrigins;
pub use items_handle::{Items, ItemsFault, ItemsPage, ItemsQuery};
pub use server::{Server, Stop};
pub use settings::Settings;
pub use settings::WixAccess;
pub use start_error::StartError;
pub use wix_handle::{Wix, WixAnswer, WixCall, WixFault};
