//! `backlot deliveries show`

use std::io::Write as _;

use backlot_server::event_views;
use serde_json::Value;

use crate::cli::arguments::DeliveryShow;
use crate::cli::configured::Configured;
use crate::cli::runtime;
use crate::user_error::user_error;

pub(super) fn run(arguments: &DeliveryShow) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    runtime()?.block_on(async {
        let store = configured.open().await?;
        let id = arguments.delivery;
        let delivery = store.find_delivery(id).await?.ok_or_else(|| {
            user_error(format!(
                "there is no delivery {id} in {}\n  hint: `backlot deliveries list` shows ids",
                configured.database
            ))
        })?;
        let attempts = store.list_attempts(id).await?;
        let view = Value::from(event_views::whole_delivery(&delivery, &attempts));
        let mut out = std::io::stdout().lock();
        if arguments.json {
            writeln!(out, "{view}")?;
        } else {
            writeln!(out, "{view:#}")?;
        }
        Ok(())
    })
}
