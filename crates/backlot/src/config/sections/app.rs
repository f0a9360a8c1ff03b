//! `[app]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Duration, OneOrMore, Secret, Value};

/// The Wix app that this server is the backend of.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// The app id, from the app's dashboard (View ID & keys). Also `WIX_CLIENT_ID`.
    pub id: Option<String>,
    /// The app's name, as people know it: for the page that the owner sees after an account is connected. Without it
    /// the one that Wix says.
    pub name: Option<String>,
    /// The app secret, from the same page. A list, newest first, while it is being rotated: all of
    /// them are accepted, and the log says when an old one was used. Also `WIX_CLIENT_SECRET`.
    pub secret: Option<OneOrMore<Secret>>,
    /// The app's public key, from the same page: PEM, or base64 as `WIX_CLIENT_PUBLIC_KEY` holds
    /// it.
    pub public_key: Option<Value>,
    /// How old a signed instance may be that carries no `expirationDate`.
    pub maximum_age: Duration,
    /// How far this server's clock and Wix's may be apart.
    pub clock_skew: Duration,
    /// Headers that the credential may come in besides `Authorization`: pages of older apps have one of their own. They
    /// are treated as it is: pages may send them, your own server does not see them, and no log has them.
    pub instance_headers: Vec<String>,
}

impl Default for App {
    fn default() -> Self {
        Self {
            id: None,
            name: None,
            secret: None,
            public_key: None,
            maximum_age: Duration::hours(24),
            clock_skew: Duration::minutes(5),
            instance_headers: vec!["x-wix-instance".to_owned()],
        }
    }
}
