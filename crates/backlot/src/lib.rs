#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::missing_errors_doc)]

mod cli;
mod collections;
#[doc(hidden)]
pub mod config;
mod data_folder;
mod error;
mod folder_lock;
mod library;
mod lock_holder;
mod open_files;
mod output_file;
mod protected_files;
#[doc(hidden)]
pub mod references;
mod secrets;
mod server_lock;
mod unfinished_note;
mod user_error;
mod wording;

pub use backlot_server::error::{ApiError, ErrorCode, ErrorKind};
pub use backlot_server::events::{Event, NoInstance};
pub use backlot_server::{
    Caller, CallerMissing, Wix, WixCall, WixCallError, WixError, WixResponse,
};
pub use backlot_server::{
    ConnectionCall, ConnectionCallError, ConnectionResponse, Connections, Items, ItemsError,
    ItemsPage, ItemsQuery, Link, Links, LinksError,
};
pub use backlot_server::{Server, Shutdown, StartupError};
/// Wix Data: filters, values and errors.
pub use backlot_wix::data;
pub use backlot_wix::{AppId, AppInstance, InstanceId, Role, app_instance, caller};
pub use config::{ConfigError, ConfigProblem, Origin};
pub use error::Error;
pub use library::{Backlot, Builder, Mount};
