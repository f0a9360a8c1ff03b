//! `[dev]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Only for `backlot dev`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dev {
    /// Your own app's page, to be shown by the simulator instead of the demo page: where the Wix
    /// CLI's dev server has it. Today's CLI and the one on Astro are at `http://localhost:4321`, and a dashboard page there
    /// at `/_wix/extensions/backoffice/<id>`; the first CLI is at `http://localhost:5173/`.
    pub app_page: Option<String>,
    /// What the simulator calls the app. Defaults to `app.name`; without one to `Demo app` while the demo page is shown, and to `Your app` with a
    /// page of your own.
    pub app_name: Option<String>,
}
