//! `backlot simulator send`: webhooks as Wix sends them, by the running simulator, or printed.

use std::io::{Read as _, Write as _};

use anyhow::Context as _;
use backlot_server::Clock;
use backlot_simulator::webhooks::{EventContext, EventError, MAX_COUNT, WebhookRequest};
use backlot_simulator::world::Site;
use serde_json::{Value, json};

use super::no_world;
use super::running::RunningSimulator;
use crate::cli::arguments::SimulatorSend;
use crate::cli::dev::guid;
use crate::cli::known_app::known_app;
use crate::cli::runtime;
use crate::user_error::user_error;

/// The number of events of one request to the simulator, so that lines appear while others are sent.
const BATCH: u32 = 20;
const HINT: &str = "  hint: `backlot simulator events` lists the types";

pub(super) fn run(arguments: &SimulatorSend) -> anyhow::Result<()> {
    let request = request(arguments)?;
    if arguments.print {
        print(arguments, &request)
    } else {
        let simulator = RunningSimulator::find(&arguments.config())?;
        runtime()?.block_on(send(arguments, &request, &simulator))
    }
}

fn request(arguments: &SimulatorSend) -> anyhow::Result<WebhookRequest> {
    if arguments.event_id.is_some() && arguments.count > 1 {
        return Err(user_error(
            "--event-id: several events cannot have the same id\n  hint: remove --count, or send one event \
             several times with --repeat",
        ));
    }
    if arguments.has_too_much_data() {
        return Err(user_error(
            "--data: more than one file or folder\n  hint: give one file with the event's data, and one data folder",
        ));
    }
    Ok(WebhookRequest {
        event_type: arguments.event_type.clone(),
        instance_id: arguments.instance,
        data: data(arguments)?,
        entity_id: arguments.entity.clone(),
        sequence: arguments.sequence,
        event_id: arguments.event_id.clone(),
        sample: arguments.sample,
        count: arguments.count,
        repeat: arguments.repeat,
        shuffle: arguments.shuffle,
        wrong_key: arguments.wrong_key,
        to: arguments.to.clone(),
        speed: arguments.speed,
    })
}

fn data(arguments: &SimulatorSend) -> anyhow::Result<Option<Value>> {
    let Some(path) = arguments.data_file() else {
        return Ok(None);
    };
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path).map_err(|error| {
            user_error(format!("--data: cannot read {}: {error}", path.display()))
        })?;
    }
    let data = serde_json::from_str(&text)
        .map_err(|error| user_error(format!("--data: {} is not JSON: {error}", path.display())))?;
    Ok(Some(data))
}

/// The same request in parts. Each is small enough for the simulator, and sends in the order of the whole.
fn batches(request: &WebhookRequest) -> impl Iterator<Item = WebhookRequest> {
    let most = MAX_COUNT / request.repeat.saturating_add(1);
    // A random order is one of as many events as possible.
    let size = if request.shuffle {
        most
    } else {
        BATCH.min(most)
    }
    .max(1);
    let request = request.clone();
    let mut done = 0;
    std::iter::from_fn(move || {
        let count = (request.count - done).min(size);
        let sequence = request.sequence.map(|it| it.saturating_add(done.into()));
        done += count;
        (count > 0).then(|| WebhookRequest {
            count,
            sequence,
            ..request.clone()
        })
    })
}

/// Prints the signed bodies, one a line.
fn print(arguments: &SimulatorSend, request: &WebhookRequest) -> anyhow::Result<()> {
    let known = known_app(&arguments.config())?;
    let Some(signer) = known.event_signer else {
        return Err(no_world(&arguments.config()));
    };
    let signer = if request.wrong_key {
        signer.with_wrong_key().context("cannot make an RSA key")?
    } else {
        signer
    };
    let instance_id = arguments.instance;
    let site = known
        .sites
        .into_iter()
        .find(|it| it.instance_id == instance_id);
    let site = site.unwrap_or_else(|| Site::unknown(instance_id));
    let mut out = std::io::stdout().lock();
    for batch in batches(request) {
        let context = EventContext {
            app_id: known.resolved.settings.policy.app_id,
            site: &site,
            now: Clock::System.now(),
            guid: &guid,
        };
        for signed in batch.sign(&signer, context).map_err(|it| in_words(&it))? {
            writeln!(out, "{}", signed.body)?;
        }
    }
    Ok(())
}

fn in_words(error: &EventError) -> anyhow::Error {
    user_error(match error {
        EventError::UnknownType { .. } => format!("{error}\n{HINT}"),
        _ => error.to_string(),
    })
}

/// Sends them by the running simulator, and prints a line for each first attempt.
async fn send(
    arguments: &SimulatorSend,
    request: &WebhookRequest,
    simulator: &RunningSimulator,
) -> anyhow::Result<()> {
    let (mut all, mut failed) = (0, 0);
    for batch in batches(request) {
        let batch = serde_json::to_value(batch)?;
        let sent = simulator.post("/simulator/v1/webhooks", &batch).await?;
        let mut out = std::io::stdout().lock();
        for webhook in sent["webhooks"].as_array().into_iter().flatten() {
            let attempt = &webhook["attempts"][0];
            all += 1;
            failed += i32::from(attempt["status"] != 200);
            writeln!(out, "{}", line(webhook, attempt, arguments.json))?;
        }
        out.flush()?;
    }
    if failed == 0 {
        return Ok(());
    }
    Err(user_error(format!(
        "{failed} of {all} were not answered with 200\n  hint: the simulator tries again by Wix's schedule while it runs; \
         its page shows the attempts"
    )))
}

fn line(webhook: &Value, attempt: &Value, is_json: bool) -> String {
    let (event_type, event_id) = (&webhook["type"], &webhook["eventId"]);
    let (status, duration) = (&attempt["status"], &attempt["durationMs"]);
    if is_json {
        let line = json!({
            "type": event_type, "eventId": event_id, "status": status, "durationMs": duration,
        });
        return line.to_string();
    }
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let outcome = match status.as_u64() {
        Some(status) => status.to_string(),
        None => text(&attempt["error"]),
    };
    let (event_type, event_id) = (text(event_type), text(event_id));
    format!("{outcome}  {duration} ms  {event_type}  {event_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(count: u32, repeat: u32, shuffle: bool) -> WebhookRequest {
        serde_json::from_value(json!({
            "type": "AppInstalled", "instanceId": "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60",
            "sequence": 100, "count": count, "repeat": repeat, "shuffle": shuffle,
        }))
        .unwrap()
    }

    #[test]
    fn batches_count_on() {
        let parts = |request| {
            let parts = batches(&request).map(|it| (it.sequence.unwrap(), it.count));
            parts.collect::<Vec<_>>()
        };
        assert_eq!(parts(request(1, 0, false)), [(100, 1)]);
        assert_eq!(
            parts(request(45, 0, false)),
            [(100, 20), (120, 20), (140, 5)]
        );
        assert_eq!(
            parts(request(25, 99, false)),
            [(100, 10), (110, 10), (120, 5)]
        );
        assert_eq!(
            parts(request(1500, 1, true)),
            [(100, 500), (600, 500), (1100, 500)]
        );
    }
}
