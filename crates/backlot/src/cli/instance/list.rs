//! `backlot instance list`

use std::io::Write as _;

use backlot_store::instance_details::InstanceDetails as _;
use backlot_store::instances::Instances as _;
use serde_json::json;

use crate::cli::arguments::InstanceList;
use crate::cli::configured::Configured;
use crate::cli::runtime;

/// Instances that are asked for at once.
const PAGE: u32 = 500;

/// What is told of an instance.
struct Line {
    id: String,
    site: Option<String>,
    plan: Option<String>,
    last_seen: Option<jiff::Timestamp>,
}

pub(super) fn run(arguments: &InstanceList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.place)?;
    let lines = runtime()?.block_on(async {
        let store = configured.open().await?;
        let (mut after, mut lines) = (None, Vec::new());
        loop {
            let page = store.instances_after(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for id in page {
                let details = store.details(id).await?.map(|it| it.answer);
                let seen = store.instance(id).await?;
                lines.push(Line {
                    id: id.to_string(),
                    plan: details.as_ref().and_then(|it| it.plan().map(str::to_owned)),
                    site: details.and_then(|it| it.site.url.or(it.site.site_id)),
                    last_seen: seen.map(|it| it.last_seen),
                });
            }
        }
        anyhow::Ok(lines)
    })?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let all: Vec<_> = lines
            .iter()
            .map(|line| {
                json!({
                    "instanceId": line.id,
                    "site": line.site,
                    "plan": line.plan,
                    "lastSeen": line.last_seen.map(|it| it.to_string()),
                })
            })
            .collect();
        writeln!(out, "{}", serde_json::Value::from(all))?;
        return Ok(());
    }
    for line in &lines {
        let seen = line.last_seen.map(|it| format!("{it:.0}"));
        writeln!(
            out,
            "{}  plan {:12}  last seen {:20}  {}",
            line.id,
            printable(line.plan.as_deref().unwrap_or("-")),
            seen.as_deref().unwrap_or("never"),
            printable(line.site.as_deref().unwrap_or("site unknown")),
        )?;
    }
    if lines.is_empty() {
        let database = &configured.database;
        writeln!(std::io::stderr(), "there are no instances in {database}")?;
    }
    Ok(())
}

/// What a site calls itself must not speak to the terminal.
fn printable(text: &str) -> String {
    let replace = |it: char| if it.is_control() { '\u{fffd}' } else { it };
    text.chars().map(replace).collect()
}
