//! A small developer's server, without any code for CORS, signatures or tenants. It trusts the headers that Backlot sets.

mod events;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::Stream;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Now;
use crate::trouble::{method_not_served, nothing_served};

const MAX_NOTES: usize = 50;
const MAX_INSTANCES: usize = 1000;
const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

#[derive(Clone)]
struct Demo {
    now: Now,
    notes: Arc<Mutex<HashMap<String, Vec<Value>>>>,
    arrived: events::Arrived,
}

/// Every route of the demo upstream.
pub fn router(now: Now) -> Router {
    let notes = Arc::default();
    Router::new()
        .route("/api/hello", get(hello))
        .route("/api/notes", get(list).post(add))
        .route("/api/clock", get(clock))
        .route("/api/events", get(events::stream))
        .route("/events", post(events::take).layer(DefaultBodyLimit::max(MAX_EVENT_BYTES)))
        .fallback(async || {
            nothing_served("The demo's own server has `/api/hello`, `/api/notes`, `/api/clock` and `/api/events`.")
        })
        .method_not_allowed_fallback(method_not_served)
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(Demo {
            now,
            notes,
            arrived: events::Arrived::new(),
        })
}

async fn hello(headers: HeaderMap) -> Json<Value> {
    let role = header(&headers, "x-backlot-role");
    Json(json!({
        "message": format!("Hello from your own server. You are the site's {}.", role.as_str().unwrap_or("guest")),
        "caller": {
            "instanceId": header(&headers, "x-backlot-instance-id"),
            "role": role,
            "userId": header(&headers, "x-backlot-user-id"),
        },
        "requestId": header(&headers, "x-request-id"),
    }))
}

async fn list(State(demo): State<Demo>, headers: HeaderMap) -> Json<Value> {
    let notes = demo.notes.lock();
    Json(json!({ "notes": notes.get(&tenant(&headers)).cloned().unwrap_or_default() }))
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

async fn add(State(demo): State<Demo>, headers: HeaderMap, Json(note): Json<Note>) -> Json<Value> {
    let mut all = demo.notes.lock();
    if all.len() >= MAX_INSTANCES {
        all.clear();
    }
    let notes = all.entry(tenant(&headers)).or_default();
    let at = format!("{:.3}", (demo.now)());
    notes.push(json!({ "text": note.text, "by": header(&headers, "x-backlot-role"), "at": at }));
    if notes.len() > MAX_NOTES {
        notes.remove(0);
    }
    Json(json!({ "notes": notes }))
}

/// Server-sent events: the time, once a second.
async fn clock(State(demo): State<Demo>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = tokio::time::interval(Duration::from_secs(1));
    Sse::new(futures_util::stream::unfold(ticks, move |mut ticks| {
        let now = Arc::clone(&demo.now);
        async move {
            ticks.tick().await;
            let data = json!({ "time": format!("{:.3}", now()) });
            Some((Ok(Event::default().data(data.to_string())), ticks))
        }
    }))
}

/// The tenant is in a header that no page can set.
fn tenant(headers: &HeaderMap) -> String {
    header(headers, "x-backlot-instance-id")
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn header(headers: &HeaderMap, name: &str) -> Value {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map_or(Value::Null, Value::from)
}
