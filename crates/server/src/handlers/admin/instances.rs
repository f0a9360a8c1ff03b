//! `/admin/v1/instances`: what is known of instances, and asking Wix again.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use backlot_outbound::wix::Priority;
use backlot_store::StoreError;
use backlot_store::instance_details::{Details, TokenRefusal};
use backlot_store::instances::Instance;
use backlot_wix::{InstanceId, Role};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Admin;
use crate::error::{ApiError, ErrorCode};

const MAX_LISTED: u32 = 100;

/// A refusal as the router's response.
pub(crate) struct Refused(ApiError);

impl<R: Into<ApiError>> From<R> for Refused {
    fn from(refusal: R) -> Self {
        Self(refusal.into())
    }
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        if let Some(cause) = self.0.cause() {
            tracing::warn!(code = self.0.code().name(), cause, "admin request failed");
        }
        self.0
            .into_response()
            .map(axum::body::Body::from)
            .into_response()
    }
}

/// The instances seen last, newest first.
pub(crate) async fn list(State(admin): State<Admin>) -> Result<Json<Value>, Refused> {
    let latest = admin.state.store.list_latest_instances(MAX_LISTED).await;
    let latest = latest.map_err(failed)?;
    let instances: Vec<Value> = latest.iter().map(|it| seen(Some(it)).into()).collect();
    Ok(Json(json!({ "instances": instances })))
}

/// Everything that is known of one.
pub(crate) async fn one(
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let id = parse(&id)?;
    let store = &admin.state.store;
    let instance = store.find_instance(id).await.map_err(failed)?;
    let details = store.find_details(id).await.map_err(failed)?;
    let refusal = store.find_refusal(id).await.map_err(failed)?;
    if instance.is_none() && details.is_none() && refusal.is_none() {
        return Err(ErrorCode::InstanceNotFound.into());
    }
    let usage = store.storage_usage(id).await.map_err(failed)?;
    let plan = details.as_ref().and_then(|it| it.answer.plan());
    let quotas = admin.state.data.storage.quotas();
    let mut known = seen(instance.as_ref());
    let storage = json!({
        "items": usage.items,
        "bytes": usage.bytes,
        "maxItems": quotas.items.for_plan(plan),
        "maxBytes": quotas.bytes.for_plan(plan),
    });
    known.insert("storage".to_owned(), storage);
    known.insert("instanceId".to_owned(), json!(id));
    known.extend(said(details.as_ref()));
    known.insert("tokenRefusal".to_owned(), refused(refusal.as_ref()));
    Ok(Json(known.into()))
}

/// Asks Wix now.
pub(crate) async fn refresh(
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refused> {
    let id = parse(&id)?;
    let refreshed = admin.state.directory.refresh(id, Priority::Interactive);
    let details = refreshed.await.map_err(ApiError::from)?;
    let mut known = said(Some(&details));
    known.insert("instanceId".to_owned(), json!(id));
    Ok(Json(known.into()))
}

pub(crate) fn parse(text: &str) -> Result<InstanceId, ErrorCode> {
    text.parse().map_err(|_| ErrorCode::InstanceNotFound)
}

pub(crate) fn failed(error: StoreError) -> ApiError {
    ApiError::from(ErrorCode::Internal).with_source(error)
}

fn seen(instance: Option<&Instance>) -> Map<String, Value> {
    let mut known = Map::new();
    if let Some(instance) = instance {
        let requests = Role::ALL.into_iter().map(|role| {
            (
                role.as_str().to_owned(),
                instance.requests[role.index()].into(),
            )
        });
        known.insert("instanceId".to_owned(), json!(instance.instance_id));
        known.insert("firstSeen".to_owned(), date(instance.first_seen));
        known.insert("lastSeen".to_owned(), date(instance.last_seen));
        known.insert(
            "requests".to_owned(),
            requests.collect::<Map<_, _>>().into(),
        );
        let plan = instance.plan.as_deref().filter(|it| !it.is_empty());
        known.insert("plan".to_owned(), json!(plan));
        known.insert("siteId".to_owned(), json!(instance.site_id));
    }
    known
}

fn said(details: Option<&Details>) -> Map<String, Value> {
    let mut known = Map::new();
    if let Some(details) = details {
        known.insert("plan".to_owned(), json!(details.answer.plan()));
        known.insert("details".to_owned(), json!(details.answer));
        known.insert("fetchedAt".to_owned(), date(details.fetched_at));
    }
    known
}

fn refused(refusal: Option<&TokenRefusal>) -> Value {
    refusal.map_or(Value::Null, |refusal| {
        json!({
            "status": refusal.status,
            "reason": refusal.reason,
            "refusedAt": date(refusal.refused_at),
        })
    })
}

fn date(timestamp: Timestamp) -> Value {
    format!("{timestamp:.3}").into()
}
