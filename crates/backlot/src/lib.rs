//! Backlot: the backend behind a Wix app. This crate is the program, and the library for programs
//! in Rust that bring their own routes.
//!
//! A program of one's own is Backlot with routes mounted in it: it has all of Backlot's commands
//! (`dev`, `serve`, `sign`, `explain`, `init`, …), and its handlers get the verified caller, and a
//! handle for calls to Wix on the caller's instance, from extractors.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use backlot::{Backlot, Caller, Mount, Role};
//!
//! async fn hello(caller: Caller) -> String {
//!     format!("Hello, {} of {}", caller.role, caller.instance_id)
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     let routes = Router::new().route("/api/hello", get(hello));
//!     Backlot::builder()
//!         .mount(Mount::new("/api", routes).allow([Role::Owner, Role::Member]))
//!         .main()
//! }
//! ```

mod cli;
mod collections;
pub mod config;
mod data_folder;
mod folder_lock;
mod library;
mod lock_holder;
mod open_files;
mod output_file;
mod protected_files;
pub mod references;
mod secrets;
mod server_lock;
mod unfinished_note;
mod user_error;
mod wording;

pub use backlot_server::{Caller, CallerMissing, Wix, WixCall, WixCallError, WixResponse};
pub use backlot_server::{ConnectionCall, ConnectionCallError, ConnectionResponse, Connections};
pub use backlot_server::{Items, ItemsError, ItemsPage, ItemsQuery};
/// The words of Wix Data, for filters and faults.
pub use backlot_wix::data;
pub use backlot_wix::{AppId, AppInstance, InstanceId, Role};
pub use library::{Backlot, Builder, Mount};
