//! `backlot instance list`

use std::io::Write as _;

use backlot_store::instance_details::Details;
use backlot_store::instances::Instance;
use backlot_wix::InstanceId;
use serde_json::json;

use crate::cli::arguments::InstanceList;
use crate::cli::configured::Configured;
use crate::cli::printable::printable;
use crate::cli::runtime;

/// The number of instances that are read at once.
const PAGE: u32 = 500;

/// A line of the list.
struct Line {
    id: String,
    site: Option<String>,
    /// Empty for none.
    plan: Option<String>,
    last_seen: Option<jiff::Timestamp>,
}

impl Line {
    fn new(id: InstanceId, seen: Option<Instance>, details: Option<Details>) -> Self {
        let last_seen = seen.as_ref().map(|it| it.last_seen);
        let (named, site_id) = seen.map_or((None, None), |it| (it.plan, it.site_id));
        let asked_at = details.as_ref().map(|it| it.fetched_at);
        let answer = details.map(|it| it.answer);
        let said = answer
            .as_ref()
            .map(|it| it.plan().unwrap_or_default().to_owned());
        // A credential of after the answer knows better.
        let plan = if asked_at > last_seen {
            said.or(named)
        } else {
            named.or(said)
        };
        let site = answer.and_then(|it| it.site.url.or(it.site.site_id));
        Self {
            id: id.to_string(),
            site: site.or(site_id),
            plan,
            last_seen,
        }
    }

    /// The plan in a word; `None` where it is not known.
    fn plan(&self) -> Option<&str> {
        self.plan
            .as_deref()
            .map(|it| if it.is_empty() { "free" } else { it })
    }
}

pub(super) fn run(arguments: &InstanceList) -> anyhow::Result<()> {
    let configured = Configured::read(&arguments.config)?;
    let lines = runtime()?.block_on(async {
        let store = configured.open().await?;
        let (mut after, mut lines) = (None, Vec::new());
        loop {
            let page = store.list_instance_ids(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for id in page {
                let details = store.find_details(id).await?;
                lines.push(Line::new(id, store.find_instance(id).await?, details));
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
                    "plan": line.plan.as_ref().filter(|it| !it.is_empty()),
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
            printable(line.plan().unwrap_or("unknown")),
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
