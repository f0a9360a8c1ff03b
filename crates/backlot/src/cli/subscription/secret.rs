//! `backlot subscription secret`

use std::io::Write as _;

use anyhow::Context as _;
use backlot_server::events::subscription_secret;

use crate::cli::arguments::SubscriptionSecret;
use crate::cli::configured::Configured;
use crate::cli::runtime;
use crate::config::sections::Subscription;
use crate::secrets;
use crate::user_error::user_error;

pub(super) fn run(arguments: &SubscriptionSecret) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let name = &arguments.name;
    let subscriptions = configured.source.parse()?.subscription;
    check(name, &subscriptions, configured.is_dev()?)?;
    let secret = runtime()?.block_on(async {
        let store = configured.open_or_make().await?;
        let key = configured.master_key()?;
        let vault = secrets::unlock(&store, &key, true).await?;
        let vault = vault.context("the vault stays shut")?;
        anyhow::Ok(subscription_secret(&vault, name).await?)
    })?;
    writeln!(std::io::stdout(), "{}", secret.reveal())?;
    Ok(())
}

/// Checks that deliveries are signed with the generated secret. `backlot dev` has a subscription that no configuration
/// names.
fn check(name: &str, subscriptions: &[Subscription], is_dev: bool) -> anyhow::Result<()> {
    match subscriptions.iter().find(|it| it.name == name) {
        Some(found) if found.secret.is_some() => Err(user_error(format!(
            "the subscription {name} has a secret in the configuration\n  hint: use that one, or remove the line `secret` \
             to have one generated"
        ))),
        None if !is_dev || !subscriptions.is_empty() => {
            let names: Vec<&str> = subscriptions.iter().map(|it| &*it.name).collect();
            let hint = if names.is_empty() {
                "add a [[subscription]] to the configuration".to_owned()
            } else {
                format!("the configuration has {}", names.join(", "))
            };
            Err(user_error(format!(
                "there is no subscription {name:?}\n  hint: {hint}"
            )))
        }
        Some(_) | None => Ok(()),
    }
}
