//! `[dev]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Only for `backlot dev`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dev {
    /// Your own app's page, to be shown by the simulator instead of the demo page: where the Wix
    /// CLI's dev server has it, such as `http://localhost:5173/`.
    pub app_page: Option<String>,
}
