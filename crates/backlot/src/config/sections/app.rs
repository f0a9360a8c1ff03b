//! `[app]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::values::{Duration, OneOrMore, Secret, Timeout, Value};

/// The Wix app that this server is the backend of.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    /// The app id, from the app's dashboard (View ID & keys). Can also be set as `WIX_CLIENT_ID`.
    pub id: Option<String>,
    /// The app's display name, for the page that the owner sees after an account is connected. Defaults to the name
    /// that Wix has for the app.
    pub name: Option<String>,
    /// The app secret, from the same page. Can also be set as `WIX_CLIENT_SECRET`. To rotate the secret, write a list
    /// with the newest first: all of them are accepted, and the log says when an old one was used.
    pub secret: Option<OneOrMore<Secret>>,
    /// The app's public key, from the same page: PEM, or base64 as in `WIX_CLIENT_PUBLIC_KEY`. It verifies webhooks, which
    /// are refused if it is not set. To rotate the key, write a list: all of them are accepted.
    pub public_key: Option<OneOrMore<Value>>,
    /// How old a signed instance without `expirationDate` may be.
    pub maximum_age: Timeout,
    /// The maximum difference between this server's clock and Wix's.
    pub clock_skew: Duration,
    /// Headers that may carry the credential besides `Authorization`, for pages of older apps that use another one.
    /// They are treated like `Authorization`: pages may send them, they are not forwarded to your server, and they are
    /// never logged.
    pub instance_headers: Vec<String>,
}

impl Default for App {
    fn default() -> Self {
        Self {
            id: None,
            name: None,
            secret: None,
            public_key: None,
            maximum_age: Timeout::hours(24),
            clock_skew: Duration::minutes(5),
            instance_headers: vec!["x-wix-instance".to_owned()],
        }
    }
}
