//! `backlot simulator events`: the event types of which the simulator has samples.

use std::io::Write as _;

use backlot_simulator::webhooks::event_types;
use serde_json::json;

use crate::cli::arguments::SimulatorEvents;

pub(super) fn run(arguments: &SimulatorEvents) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for event_type in event_types() {
        let (name, samples) = (&event_type.name, event_type.samples.len());
        if arguments.json {
            let line = json!({ "type": name, "kind": event_type.kind, "samples": samples });
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "{name}")?;
        }
    }
    Ok(())
}
