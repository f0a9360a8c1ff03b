//! The local stand-in for Wix.
//!
//! - [`world`]: a make-believe app with two sites, kept in a file of the data folder
//! - [`issue`]: signed instances for its people, as Wix would sign them
//! - [`dashboard`]: the page that plays the Wix dashboard, and its small API
//! - [`demo_app`]: the app's own page, served from another origin as a Wix CLI app's is
//! - [`demo_upstream`]: a developer's own server, to have something behind the api room
//!
//! Nothing here listens by itself: each part is a router, which the program serves on loopback.

mod assets;
pub mod dashboard;
pub mod demo_app;
pub mod demo_upstream;
pub mod issue;
mod trouble;
pub mod world;

use std::sync::Arc;

use backlot_wix::AppSecret;
use jiff::Timestamp;

use world::World;

/// Where everything is, for the pages to say.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The backend's public listener: `http://127.0.0.1:8080`
    pub backend: String,
    /// The admin listener.
    pub admin: String,
    /// The simulator itself.
    pub simulator: String,
    /// The app's page, on an origin of its own: `http://localhost:5173/`
    pub app_page: String,
}

/// What the pages play with.
#[derive(Clone)]
pub struct Stage {
    /// The app and its sites.
    pub world: Arc<World>,
    /// The app's secret: the world's own, or the real app's where the configuration has one.
    pub secret: AppSecret,
    /// Where everything is.
    pub addresses: Arc<Addresses>,
    /// The time of day.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}
