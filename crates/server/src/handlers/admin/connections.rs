//! `/admin/v1/connections`: what instances have used of connections.

use axum::Json;
use axum::extract::{Path, State};
use backlot_store::connection_usage::ConnectionUsage;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::instances::{Refused, failed, parse};
use super::parameters::QueryParameters;
use crate::connections::month;

const MAX_LISTED: u32 = 1000;

/// `?month=202611`. Defaults to this month.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    month: Option<i32>,
}

/// Every instance's usage of a month, most calls first.
pub(crate) async fn totals(
    State(admin): State<Admin>,
    QueryParameters(asked): QueryParameters<Asked>,
) -> Result<Json<Value>, Refused> {
    let state = &admin.state;
    let month = asked
        .month
        .unwrap_or_else(|| month(state.shared.clock.now()));
    let totals = state.store.list_connection_totals(month, MAX_LISTED).await;
    let totals = totals.map_err(failed)?;
    let usage: Vec<Value> = totals.iter().map(used).collect();
    Ok(Json(json!({ "month": month, "usage": usage })))
}

/// What one instance has used, of all months or of one.
pub(crate) async fn of_instance(
    State(admin): State<Admin>,
    Path(id): Path<String>,
    QueryParameters(asked): QueryParameters<Asked>,
) -> Result<Json<Value>, Refused> {
    let usage = admin
        .state
        .store
        .list_connection_usage(parse(&id)?, asked.month);
    let usage = usage.await.map_err(failed)?;
    let usage: Vec<Value> = usage.iter().map(used).collect();
    Ok(Json(json!({ "usage": usage })))
}

fn used(usage: &ConnectionUsage) -> Value {
    json!({
        "instanceId": usage.instance_id,
        "connection": usage.connection,
        "month": usage.month,
        "calls": usage.calls,
        "errors": usage.errors,
        "bytesSent": usage.bytes_sent,
        "bytesReceived": usage.bytes_received,
        "milliseconds": usage.milliseconds,
    })
}
