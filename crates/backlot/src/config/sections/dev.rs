//! `[dev]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of `backlot dev`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dev {
    /// The page of your own app, which the simulator shows instead of the demo page: the address of the Wix CLI's dev
    /// server. Today's CLI and the one on Astro serve at `http://localhost:4321`, with dashboard pages at
    /// `/_wix/extensions/backoffice/<id>`. The first CLI serves at `http://localhost:5173/`.
    pub app_page: Option<String>,
    /// The app's name in the simulator. Defaults to `app.name`. If that is not set either, to `Demo app` with the demo
    /// page, and to `Your app` with a page of your own.
    pub app_name: Option<String>,
}
