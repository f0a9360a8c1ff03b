//! `backlot events`

mod find;
mod list;
mod replay;
mod show;
mod tail;

use std::io::Write as _;

use backlot_server::event_views;
use backlot_store::events::{Event, EventFilter, UNASSIGNED};
use jiff::Timestamp;

use super::arguments::{EventSelection, Events};
use super::printable::printable;

pub(super) fn run(command: &Events) -> anyhow::Result<()> {
    match command {
        Events::List(arguments) => list::run(arguments),
        Events::Show(arguments) => show::run(arguments),
        Events::Tail(arguments) => tail::run(arguments),
        Events::Replay(arguments) => replay::run(arguments),
    }
}

impl EventSelection {
    fn filter(&self, now: Timestamp) -> EventFilter {
        EventFilter {
            instance_id: self.instance,
            event_type: self.event_type.clone(),
            source: self.source.clone(),
            event_id: self.id.clone(),
            since: self.since.map(|it| it.seen_from(now)),
            until: self.until.map(|it| it.seen_from(now)),
            after: None,
            before: None,
        }
    }
}

/// Prints an event as one line.
fn print(event: &Event, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        let view = serde_json::Value::from(event_views::event(event));
        writeln!(out, "{view}")?;
        return Ok(());
    }
    let instance = if event.instance_id == UNASSIGNED {
        "no instance".to_owned()
    } else {
        event.instance_id.to_string()
    };
    writeln!(
        out,
        "{:>8}  {:.3}  {:36}  {}  {}",
        event.sequence,
        event.received_at,
        instance,
        printable(&event.event_type),
        printable(event.entity_id.as_deref().unwrap_or_default()),
    )?;
    Ok(())
}
