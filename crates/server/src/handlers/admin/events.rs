//! `/admin/v1/events`

use axum::Json;
use axum::extract::State;
use backlot_store::events::{DeliveryFilter, EventFilter, ListOrder};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::instances::{Refused, failed, parse};
use super::parameters::{Number, QueryParameters};
use crate::error::{ApiError, ErrorCode};
use crate::event_views;
use crate::events::deliveries_again;

/// The most events of a page.
const MAX_LISTED: u32 = 1000;
const DEFAULT_LISTED: u32 = 50;
/// The most deliveries that an event shows.
const MAX_DELIVERIES: u32 = 100;

/// The conditions of a list. All of them hold together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    instance: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    source: Option<String>,
    id: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    after: Option<i64>,
    before: Option<i64>,
    limit: Option<u32>,
}

/// Lists events, the latest first; after a number, the oldest first.
pub(crate) async fn list(
    State(admin): State<Admin>,
    QueryParameters(parameters): QueryParameters<Parameters>,
) -> Result<Json<Value>, Refused> {
    let filter = EventFilter {
        instance_id: parameters.instance.as_deref().map(parse).transpose()?,
        event_type: parameters.event_type,
        source: parameters.source,
        event_id: parameters.id,
        since: parameters.since,
        until: parameters.until,
        after: parameters.after,
        before: parameters.before,
    };
    let order = order_of(filter.after);
    let limit = parameters.limit.unwrap_or(DEFAULT_LISTED).min(MAX_LISTED);
    let found = admin.state.store.list_events(filter, order, limit).await;
    let events: Vec<Value> = found
        .map_err(failed)?
        .iter()
        .map(|it| event_views::event(it).into())
        .collect();
    Ok(Json(json!({ "events": events })))
}

/// A page after a number begins with the oldest, so that the next page begins where it ends.
pub(super) const fn order_of(after: Option<i64>) -> ListOrder {
    match after {
        Some(_) => ListOrder::Oldest,
        None => ListOrder::Latest,
    }
}

/// `?subscription=NAME`. Defaults to all subscriptions that want the event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayParameters {
    subscription: Option<String>,
}

/// Delivers an event again.
pub(crate) async fn replay(
    State(admin): State<Admin>,
    Number(number): Number,
    QueryParameters(parameters): QueryParameters<ReplayParameters>,
) -> Result<Json<Value>, Refused> {
    let store = &admin.state.store;
    let event = store.find_event(number).await.map_err(failed)?;
    let event = event.ok_or(ErrorCode::EventNotFound)?;
    let subscriptions = &admin.state.intake.subscriptions;
    let only = parameters.subscription.as_deref();
    if let Some(name) = only.filter(|name| subscriptions.iter().all(|it| it.name != **name)) {
        let unknown = ApiError::from(ErrorCode::ParameterInvalid);
        let cause = format!("there is no subscription {name}");
        return Err(unknown.with_data("cause", cause).into());
    }
    let deliveries = deliveries_again(subscriptions, &event, only);
    let now = admin.state.shared.clock.now();
    let replayed = store.replay_events(vec![number], vec![deliveries], now);
    replayed.await.map_err(failed)?;
    whole(&admin, number).await
}

/// Returns an event with its content and its deliveries.
pub(crate) async fn one(
    State(admin): State<Admin>,
    Number(number): Number,
) -> Result<Json<Value>, Refused> {
    whole(&admin, number).await
}

async fn whole(admin: &Admin, number: i64) -> Result<Json<Value>, Refused> {
    let store = &admin.state.store;
    let event = store.find_event(number).await.map_err(failed)?;
    let event = event.ok_or(ErrorCode::EventNotFound)?;
    let filter = DeliveryFilter {
        event_sequence: Some(number),
        ..DeliveryFilter::default()
    };
    let deliveries = store.list_deliveries(filter, ListOrder::Oldest, MAX_DELIVERIES);
    let deliveries = deliveries.await.map_err(failed)?;
    Ok(Json(event_views::whole_event(&event, &deliveries).into()))
}
