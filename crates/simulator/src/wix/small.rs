//! The two that fit in a few lines: BI events, and the site's properties.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::app_instance::{CURRENCY, owner_email};
use super::caller::Caller;
use super::refusal::{forbidden, invalid};
use crate::Stage;
use crate::memory::Arrived;

/// `POST /apps/v1/bi-event`
pub(super) fn bi_event(call: &Arrived) -> Response {
    let event: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    match event["eventName"].as_str() {
        None | Some("") => invalid("eventName", "must not be empty"),
        Some(_) => Json(json!({})).into_response(),
    }
}

/// `GET /site-properties/v4/properties`
pub(super) fn site_properties(stage: &Stage, caller: &Caller) -> Response {
    let Some(now) = caller.site(stage) else {
        return forbidden("These are a site's properties, and none is known by this credential.");
    };
    let (language, country) = match now.locale.split_once(['-', '_']) {
        Some((language, country)) => (language, Some(country)),
        None => (now.locale.as_str(), None),
    };
    let properties = json!({
        "siteDisplayName": now.site.site_name,
        "locale": { "languageCode": language, "country": country },
        "language": language,
        "paymentCurrency": CURRENCY,
        "timeZone": "Europe/Berlin",
        "email": owner_email(&now),
        "businessName": now.site.site_name,
        "description": "A make-believe site of the simulator.",
    });
    Json(json!({ "properties": properties, "version": "1" })).into_response()
}
