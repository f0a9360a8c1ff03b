//! The events that Backlot delivers to the demo upstream, and a stream of them for the demo page.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Demo, MAX_INSTANCES, tenant};

const MAX_EVENTS: usize = 20;

/// The last events of each instance. Cloning shares them.
#[derive(Clone)]
pub(super) struct Arrived {
    by_instance: Arc<Mutex<HashMap<String, VecDeque<Value>>>>,
    changed: watch::Sender<()>,
}

impl Arrived {
    pub(super) fn new() -> Self {
        Self {
            by_instance: Arc::default(),
            changed: watch::Sender::new(()),
        }
    }

    fn of(&self, instance_id: &str) -> Value {
        let all = self.by_instance.lock();
        json!({ "events": all.get(instance_id) })
    }
}

/// Takes a delivery. A repeated one is shown once.
pub(super) async fn take(State(demo): State<Demo>, Json(event): Json<Value>) -> StatusCode {
    let instance_id = event["instanceId"].as_str().unwrap_or_default().to_owned();
    let mut all = demo.arrived.by_instance.lock();
    if all.len() >= MAX_INSTANCES {
        all.clear();
    }
    let events = all.entry(instance_id).or_default();
    if events.iter().all(|known| known["id"] != event["id"]) {
        events.push_back(event);
    }
    if events.len() > MAX_EVENTS {
        events.pop_front();
    }
    demo.arrived.changed.send_replace(());
    StatusCode::OK
}

/// Server-sent events: the last events of the caller's instance, and again whenever one arrives.
pub(super) async fn stream(
    State(demo): State<Demo>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let instance_id = tenant(&headers);
    let mut changed = demo.arrived.changed.subscribe();
    changed.mark_changed();
    let next = (demo.arrived, changed, instance_id, Value::Null);
    let events = stream::unfold(
        next,
        async |(arrived, mut changed, instance_id, mut shown)| loop {
            changed.changed().await.ok()?;
            let now = arrived.of(&instance_id);
            if now != shown {
                shown = now;
                let event = Event::default().data(shown.to_string());
                return Some((Ok(event), (arrived, changed, instance_id, shown)));
            }
        },
    );
    Sse::new(events).keep_alive(KeepAlive::default())
}
