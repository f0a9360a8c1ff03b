//! All endpoints.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::answer::Answer;
use super::caller::{self, Caller};
use super::refusal::refuse;
use super::{app_instance, billing, oauth, scripts, site_data, small, token_info};
use crate::Stage;
use crate::memory::Arrived;

pub(super) async fn answer(stage: &Stage, call: &Arrived) -> Answer {
    match (call.method.as_str(), call.uri.path()) {
        ("POST", "/oauth2/token") => oauth::grant(stage, call),
        ("POST", "/oauth2/token-info") => token_info::answer(stage, call),
        (_, "/oauth2/token" | "/oauth2/token-info") => not_served().into(),
        _ => match caller::find(stage, call) {
            Ok(caller) => Answer {
                response: for_caller(stage, call, &caller).await,
                seen: caller.seen(),
            },
            Err(none) => none.refuse().into(),
        },
    }
}

async fn for_caller(stage: &Stage, call: &Arrived, caller: &Caller) -> Response {
    if let Some(refusal) = count(stage, caller) {
        return refusal;
    }
    if let Some(data) = stage
        .site_data
        .as_ref()
        .filter(|_| site_data::is_about_it(call))
    {
        return site_data::answer(data, call, caller).await;
    }
    // What answers GET answers HEAD; the body stays here.
    let method = match call.method.as_str() {
        "HEAD" => "GET",
        other => other,
    };
    match (method, call.uri.path()) {
        ("GET", "/apps/v1/instance") => app_instance::get(stage, caller),
        ("POST", "/apps/v1/bi-event") => small::bi_event(call),
        ("POST", "/apps/v1/checkout") => billing::checkout(stage, call),
        ("GET", "/apps/v1/checkout/history") => billing::history(stage, caller),
        ("GET", "/apps/v1/scripts") => scripts::get(stage, caller),
        ("POST", "/apps/v1/scripts") => scripts::put(stage, call, caller),
        ("GET", "/site-properties/v4/properties") => small::site_properties(stage, caller),
        (_, path) if OWN_METHODS.contains(&path) => not_served(),
        _ => Json(json!({})).into_response(),
    }
}

/// Paths that are known well enough to say no to another method.
const OWN_METHODS: [&str; 6] = [
    "/apps/v1/instance",
    "/apps/v1/bi-event",
    "/apps/v1/checkout",
    "/apps/v1/checkout/history",
    "/apps/v1/scripts",
    "/site-properties/v4/properties",
];

fn not_served() -> Response {
    refuse(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        "Nothing is served here with this method.",
    )
}

/// Counts the call towards the limit of its instance, or returns the error if it is reached.
fn count(stage: &Stage, caller: &Caller) -> Option<Response> {
    let (most, says_when) = {
        let faults = stage.memory.faults.lock();
        (faults.requests_per_minute, faults.retry_after)
    };
    let mut limits = stage.memory.limits.lock();
    let admitted = limits.admit(&caller.limit_key(), most, (stage.now)());
    let seconds = admitted.err()?;
    let mut refusal = refuse(
        StatusCode::TOO_MANY_REQUESTS,
        "RESOURCE_EXHAUSTED",
        "Too many requests from this app on this site within a minute.",
    );
    if says_when {
        let seconds = HeaderValue::from(seconds);
        refusal.headers_mut().insert(RETRY_AFTER, seconds);
    }
    Some(refusal)
}
