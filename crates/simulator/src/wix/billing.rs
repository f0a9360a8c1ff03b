//! `/apps/v1/checkout` and `/apps/v1/checkout/history`: buying a plan, and what was bought. Nothing
//! is really sold: a plan is changed with the simulator's own API.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::app_instance::CURRENCY;
use super::caller::Caller;
use super::refusal::invalid;
use crate::Stage;
use crate::memory::Arrived;

const CYCLES: [&str; 8] = [
    "NO_CYCLE",
    "MONTHLY",
    "YEARLY",
    "ONE_TIME",
    "TWO_YEARS",
    "THREE_YEARS",
    "FOUR_YEARS",
    "FIVE_YEARS",
];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    product_id: Option<String>,
    billing_cycle: Option<String>,
}

pub(super) fn checkout(stage: &Stage, call: &Arrived) -> Response {
    let wanted: Wanted = serde_json::from_slice(&call.body).unwrap_or_default();
    if wanted.product_id.is_none_or(|id| id.is_empty()) {
        return invalid("productId", "must not be empty");
    }
    let is_known = |cycle: &String| CYCLES.contains(&cycle.as_str());
    if !wanted.billing_cycle.as_ref().is_none_or(is_known) {
        return invalid("billingCycle", "must be one of Wix's cycles");
    }
    // As long as Wix's and as unreadable; nothing takes it back.
    let token = format!(
        "JWS.{}.{}",
        (stage.guid)().simple(),
        (stage.guid)().simple()
    );
    let url = format!("{}/?checkout={token}", stage.addresses.simulator);
    Json(json!({ "checkoutUrl": url, "token": token })).into_response()
}

pub(super) fn history(stage: &Stage, caller: &Caller) -> Response {
    let site = caller.site(stage);
    let plan = site.and_then(|now| now.site.plan.map(|plan| (plan, now.plan_since)));
    let purchases: Vec<Value> = plan
        .into_iter()
        .map(|(plan, since)| {
            json!({
                "productId": plan,
                "price": "9.99",
                "currency": CURRENCY,
                "billingCycle": "MONTHLY",
                "dateCreated": since,
            })
        })
        .collect();
    Json(json!({ "purchases": purchases })).into_response()
}
