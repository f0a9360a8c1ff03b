//! `backlot secret list`

use std::io::Write as _;

use super::runtime;
use crate::cli::arguments::SecretList;
use crate::cli::configured::Configured;
use crate::secrets;

pub(super) fn run(arguments: &SecretList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let listed = runtime()?.block_on(async {
        // A list makes neither a database nor a key, but says so if the key is not the one.
        let key = configured.master_key()?;
        if !configured.database.exists() {
            key.check()?;
            return Ok(Vec::new());
        }
        let store = configured.open().await?;
        secrets::unlock(&store, &key, false).await?;
        anyhow::Ok(store.list_secrets(arguments.instance).await?)
    })?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let all: Vec<_> = listed
            .iter()
            .map(|secret| {
                serde_json::json!({
                    "name": secret.name,
                    "instanceId": secret.instance_id,
                    "version": secret.version,
                    "createdAt": secret.created_at.to_string(),
                    "changedAt": secret.changed_at.to_string(),
                })
            })
            .collect();
        writeln!(out, "{}", serde_json::Value::from(all))?;
        return Ok(());
    }
    let widest = listed.iter().map(|secret| secret.name.len()).max();
    let width = widest.unwrap_or_default();
    for secret in &listed {
        let (name, version, changed_at) = (&secret.name, secret.version, secret.changed_at);
        writeln!(
            out,
            "{name:width$}  version {version}  changed {changed_at:.0}"
        )?;
    }
    if listed.is_empty() {
        let database = &configured.database;
        writeln!(std::io::stderr(), "there are no secrets in {database}")?;
    }
    Ok(())
}
