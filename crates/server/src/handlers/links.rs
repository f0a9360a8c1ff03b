//! `/links/{collection}`: pairs of ids, for your own server.

use axum::extract::Query;
use backlot_outbound::body::{BodyLimits, RequestBody};
use backlot_store::entity_links::LinkSide;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, Uri};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::auth::Authenticated;
use crate::error::{ApiError, ErrorCode};
use crate::links::{InstanceLinks, Link, MAX_LISTED, NewLink};
use crate::response::ResponseBody;
use crate::routes::links::LinksEndpoint;
use crate::state::AppState;

const DEFAULT_LISTED: u32 = 100;

/// What comes before the name of a collection in a path.
pub(crate) const PREFIX: &str = "/links/";

#[derive(Deserialize)]
struct LinksQuery {
    external: Option<String>,
    internal: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// Handles one call.
pub(crate) async fn handle(
    state: &AppState,
    endpoint: LinksEndpoint,
    limits: BodyLimits,
    caller: Authenticated,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let collection = collection(request.uri())?;
    let (id, plan) = (caller.instance_id, caller.plan.clone());
    let links = InstanceLinks::new(state.data.clone(), id, plan.as_deref().map(Into::into));
    if endpoint == LinksEndpoint::Upsert {
        let body = request.body_mut();
        body.limit(limits);
        let body = state.buffers.collect(id, body).await?;
        let link: NewLink = serde_json::from_slice(&body).map_err(|error| {
            invalid("The body is {\"external\":\"…\",\"internal\":\"…\",\"hash\":\"…\"}.")
                .with_source(error)
        })?;
        return Ok(respond(&links.upsert(&collection, link).await?));
    }
    let Query(query) = Query::<LinksQuery>::try_from_uri(request.uri())
        .map_err(|rejection| invalid(&rejection.body_text()))?;
    let side = match (&query.external, &query.internal) {
        (Some(id), None) => Some(LinkSide::External(id)),
        (None, Some(id)) => Some(LinkSide::Internal(id)),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(invalid("name either `external` or `internal`")),
    };
    let found = match (endpoint, side) {
        (LinksEndpoint::Delete, None) => return Err(invalid("name `external` or `internal`")),
        (LinksEndpoint::Delete, Some(side)) => links.delete(&collection, side).await?,
        (_, Some(side)) => links.find(&collection, side).await?,
        (_, None) => return list(&links, &collection, &query).await,
    };
    let link = found.ok_or_else(|| ApiError::from(ErrorCode::LinkNotFound))?;
    Ok(respond(&link))
}

async fn list(
    links: &InstanceLinks,
    collection: &str,
    query: &LinksQuery,
) -> Result<Response<ResponseBody>, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_LISTED).clamp(1, MAX_LISTED);
    let found = links
        .list(collection, query.after.as_deref(), limit)
        .await?;
    // A page that is not full is the last one.
    let is_full = found.len() == limit as usize;
    let next = found
        .last()
        .filter(|_| is_full)
        .map(|it: &Link| &it.external);
    Ok(respond(&json!({ "links": found, "next": next })))
}

/// The name of the collection, which is one segment of the path.
fn collection(uri: &Uri) -> Result<String, ApiError> {
    let name = uri.path().strip_prefix(PREFIX).unwrap_or_default();
    if name.is_empty() || name.contains('/') {
        return Err(ErrorCode::RouteNotFound.into());
    }
    let name = percent_decode_str(name).decode_utf8();
    let name = name.map_err(|_| invalid("the name of the collection is not UTF-8"))?;
    Ok(name.into_owned())
}

fn invalid(cause: &str) -> ApiError {
    ApiError::from(ErrorCode::ParameterInvalid).with_data("cause", cause)
}

fn respond(content: &impl Serialize) -> Response<ResponseBody> {
    let json = serde_json::to_string(content).unwrap_or_default();
    let mut response = Response::new(ResponseBody::full(json));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
