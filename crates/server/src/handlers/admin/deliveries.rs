//! `/admin/v1/deliveries`

use axum::Json;
use axum::extract::State;
use backlot_store::events::{DeliveryFilter, DeliveryState};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::events::order_of;
use super::instances::{Refused, failed, parse};
use super::parameters::{Number, QueryParameters};
use crate::error::{ApiError, ErrorCode};
use crate::event_views;

/// The most deliveries of a page.
const MAX_LISTED: u32 = 1000;
const DEFAULT_LISTED: u32 = 50;

/// The conditions of a list. All of them hold together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    subscription: Option<String>,
    instance: Option<String>,
    state: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    event: Option<i64>,
    #[serde(rename = "eventId")]
    event_id: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    after: Option<i64>,
    before: Option<i64>,
    limit: Option<u32>,
}

/// Lists deliveries, the latest first; after an id, the oldest first.
pub(crate) async fn list(
    State(admin): State<Admin>,
    QueryParameters(parameters): QueryParameters<Parameters>,
) -> Result<Json<Value>, Refused> {
    let state = |name: &str| DeliveryState::from_name(&name.to_ascii_uppercase());
    let state = match &parameters.state {
        Some(name) => Some(state(name).ok_or_else(|| unknown_state(name))?),
        None => None,
    };
    let filter = DeliveryFilter {
        subscription: parameters.subscription,
        instance_id: parameters.instance.as_deref().map(parse).transpose()?,
        state,
        event_type: parameters.event_type,
        event_sequence: parameters.event,
        event_id: parameters.event_id,
        since: parameters.since,
        until: parameters.until,
        after: parameters.after,
        before: parameters.before,
    };
    let order = order_of(filter.after);
    let limit = parameters.limit.unwrap_or(DEFAULT_LISTED).min(MAX_LISTED);
    let found = admin.state.store.list_deliveries(filter, order, limit);
    let deliveries: Vec<Value> = found
        .await
        .map_err(failed)?
        .iter()
        .map(|it| event_views::delivery(it).into())
        .collect();
    Ok(Json(json!({ "deliveries": deliveries })))
}

fn unknown_state(name: &str) -> ApiError {
    let known = DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
    let cause = format!("there is no state {name}; there are {known}");
    ApiError::from(ErrorCode::ParameterInvalid).with_data("cause", cause)
}

/// Returns a delivery with its recorded attempts.
pub(crate) async fn one(
    State(admin): State<Admin>,
    Number(id): Number,
) -> Result<Json<Value>, Refused> {
    whole(&admin, id).await
}

/// Makes a delivery due now.
pub(crate) async fn retry(
    State(admin): State<Admin>,
    Number(id): Number,
) -> Result<Json<Value>, Refused> {
    let now = admin.state.shared.clock.now();
    let retried = admin.state.store.retry_deliveries(vec![id], now).await;
    changed(&admin, id, retried.map_err(failed)?).await
}

/// Ends a delivery, and lets those behind it go on.
pub(crate) async fn skip(
    State(admin): State<Admin>,
    Number(id): Number,
) -> Result<Json<Value>, Refused> {
    let now = admin.state.shared.clock.now();
    let skipped = admin.state.store.skip_deliveries(vec![id], now).await;
    changed(&admin, id, skipped.map_err(failed)?).await
}

/// Returns the delivery, if it could be changed.
async fn changed(admin: &Admin, id: i64, count: u64) -> Result<Json<Value>, Refused> {
    let delivery = whole(admin, id).await?;
    if count == 0 {
        return Err(ErrorCode::DeliveryEnded.into());
    }
    Ok(delivery)
}

async fn whole(admin: &Admin, id: i64) -> Result<Json<Value>, Refused> {
    let store = &admin.state.store;
    let delivery = store.find_delivery(id).await.map_err(failed)?;
    let delivery = delivery.ok_or(ErrorCode::DeliveryNotFound)?;
    let attempts = store.list_attempts(id).await.map_err(failed)?;
    Ok(Json(
        event_views::whole_delivery(&delivery, &attempts).into(),
    ))
}
