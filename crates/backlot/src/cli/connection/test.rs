//! `backlot connection test`

use std::io::Write as _;

use backlot_server::connections::{CheckResult, Diagnosis};

use crate::cli::arguments::ConnectionTest;
use crate::cli::configured::Configured;
use crate::cli::{environment, runtime};
use crate::config::connections_of;
use crate::secrets;
use crate::user_error::user_error;

pub(super) fn run(arguments: &ConnectionTest) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let mut list = connections_of(&configured.source, &environment)?;
    let at = list.iter().position(|it| *it.name == *arguments.name);
    let Some(at) = at else {
        let names: Vec<&str> = list.iter().map(|it| &*it.name).collect();
        let hint = if names.is_empty() {
            "the configuration has none; [[connection]] adds one".to_owned()
        } else {
            format!("there are: {}", names.join(", "))
        };
        return Err(user_error(format!(
            "there is no connection {}\n  hint: {hint}",
            arguments.name
        )));
    };
    let settings = list.swap_remove(at);
    let key = configured.master_key()?;
    let results = runtime()?.block_on(async {
        let store = configured.open_or_make().await?;
        let is_needed = settings.needs_vault();
        let diagnosis = Diagnosis {
            vault: secrets::unlock(&store, &key, is_needed).await?,
            settings,
            store,
            instance_id: arguments.instance,
            path: arguments.path.clone(),
        };
        anyhow::Ok(diagnosis.run().await?)
    })?;
    let mut out = std::io::stdout().lock();
    for CheckResult {
        step,
        works,
        message,
    } in &results
    {
        let verdict = match works {
            Some(true) => "works",
            Some(false) => "fails",
            None => "left out",
        };
        writeln!(out, "{step:10}  {verdict:8}  {message}")?;
    }
    if results.iter().any(|finding| finding.works == Some(false)) {
        return Err(user_error(format!(
            "the connection {} does not work",
            arguments.name
        )));
    }
    Ok(())
}
