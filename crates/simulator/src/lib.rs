//! A local simulator of Wix.
//!
//! - [`world`]: a simulated app with two sites, stored in a file in the data folder
//! - [`issue`]: signed instances for its users, as Wix signs them
//! - [`access_token`]: access tokens for its users and for the app, as Wix's clients send them
//! - [`webhooks`]: webhooks of its events, signed and sent as Wix does
//! - [`router`]: the simulator's listener: Wix's REST APIs, the page that simulates the Wix dashboard,
//!   and the simulator's own API
//! - [`demo_app`]: the app's own page, served from another origin as a Wix CLI app's is
//! - [`demo_upstream`]: a developer's own server behind `[[api]]`
//!
//! Each part is a router, which the program serves on loopback.

pub mod access_token;
mod assets;
mod dashboard;
pub mod demo_app;
pub mod demo_upstream;
mod faults;
pub mod issue;
mod memory;
mod own_api;
mod present;
mod routes;
mod stage;
mod trouble;
pub mod webhooks;
mod wix;
pub mod world;

pub use memory::{SiteNow, Sites};
pub use routes::router;
pub use stage::{Addresses, Guid, Now, Stage};
pub use wix::{SiteData, SiteDataCall};
