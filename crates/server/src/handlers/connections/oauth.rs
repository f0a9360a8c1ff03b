//! Accounts at third parties: `authorize`, `callback`, `status`, `disconnect`.
//!
//! `GET authorize` is where a browser goes by itself (with `?instance=`): it is sent on to the provider. `POST
//! authorize` is what a page asks: it gets the address, and opens it.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::{BodyLimits, RequestBody};
use backlot_outbound::third_party::oauth::{known_error_code, scopes_in};
use backlot_wix::{Caller, InstanceId};
use http::header::{CACHE_CONTROL, LOCATION, ORIGIN, REFERRER_POLICY};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::callback_page;
use crate::connections::{AuthorizationOutcome, Begun, Connection, Returned};
use crate::context::RequestContext;
use crate::error::{ApiError, ErrorCode};
use crate::response::ResponseBody;
use crate::routes::connections::{MAX_FORM_BYTES, ManagedEndpoint};
use crate::state::AppState;

/// How long Wix may take to say what the app is called.
const NAME_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) async fn answer(
    state: &AppState,
    connection: &Arc<Connection>,
    endpoint: ManagedEndpoint,
    caller: &Caller,
    request: Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    match endpoint {
        ManagedEndpoint::Authorize => authorize(state, connection, caller, &request).await,
        ManagedEndpoint::Disconnect => {
            let accounts = &state.connections.accounts;
            accounts.disconnect(connection, caller.instance_id).await?;
            Ok(answer_json(&json!({ "connected": false })))
        }
        ManagedEndpoint::Status | ManagedEndpoint::Callback | ManagedEndpoint::Key => {
            let accounts = &state.connections.accounts;
            let account = accounts.account(connection, caller.instance_id).await?;
            let status = match account {
                None => json!({ "kind": "account", "connected": false }),
                Some(account) => json!({
                    "kind": "account",
                    "connected": !account.broken,
                    "needsReconnect": account.broken,
                    "connectedAt": account.connected_at.to_string(),
                    "scopes": scopes_in(&account.scopes),
                    "expiresAt": account.expires_at.map(|end| end.to_string()),
                }),
            };
            Ok(answer_json(&status))
        }
    }
}

async fn authorize(
    state: &AppState,
    connection: &Arc<Connection>,
    caller: &Caller,
    request: &Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let return_to = parameter(request.uri(), "return_to");
    if let Some(return_to) = &return_to {
        let url = url::Url::parse(return_to).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let origin = url.map(|url| url.origin().ascii_serialization());
        if !origin.is_some_and(|origin| state.cors.allows(&origin)) {
            return Err(ApiError::from(ErrorCode::AuthorizationUnusable)
                .with_data("parameter", "return_to"));
        }
    }
    let origin = request.headers().get(ORIGIN);
    let begun = Begun {
        return_to,
        origin: origin.and_then(|it| it.to_str().ok()).map(str::to_owned),
    };
    let accounts = &state.connections.accounts;
    let url = accounts.authorize(connection, caller, begun).await?;
    if *request.method() == Method::POST {
        return Ok(answer_json(&json!({ "authorizationUrl": url })));
    }
    Ok(sent_on(&url))
}

/// `callback`: a browser comes back from the provider, by its address or by a form that is posted. What it shows is for
/// people.
pub(crate) async fn callback(
    state: &AppState,
    context: &mut RequestContext,
    connection: &Arc<Connection>,
    request: Request<RequestBody>,
) -> Response<ResponseBody> {
    let (outcome, refusal) = match ended(state, connection, request).await {
        Ok(mut outcome) => {
            let refusal = outcome.refusal.take();
            (Some(outcome), refusal)
        }
        Err(refusal) => (None, Some(refusal)),
    };
    if let Some(refusal) = &refusal {
        context.refused(refusal);
    }
    let return_to = outcome.as_ref().and_then(|it| it.return_to.as_deref());
    if let Some(mut url) = return_to.and_then(|text| url::Url::parse(text).ok()) {
        let name = &connection.settings.name;
        let mut query = url.query_pairs_mut();
        query.append_pair("connection", name);
        match &refusal {
            None => query.append_pair("connected", "true"),
            Some(refusal) => query.append_pair("error", refusal.code().name()),
        };
        drop(query);
        return sent_on(url.as_str());
    }
    let instance_id = outcome.as_ref().and_then(|it| it.instance_id);
    let app = app_name(state, instance_id).await;
    callback_page::ended(&callback_page::Ended {
        app: app.as_deref(),
        provider: &connection.settings.title(),
        connection: &connection.settings.name,
        refusal: refusal.as_ref(),
        request_id: context.id(),
        origin: outcome.as_ref().and_then(|it| it.origin.as_deref()),
    })
}

async fn ended(
    state: &AppState,
    connection: &Arc<Connection>,
    request: Request<RequestBody>,
) -> Result<AuthorizationOutcome, ApiError> {
    connection.account()?;
    let parameters = if *request.method() == Method::POST {
        let mut form = request.into_body();
        form.limit(BodyLimits {
            bytes: MAX_FORM_BYTES,
            idle_timeout: connection.settings.idle_timeout,
        });
        // The caller is not known yet.
        let nobody = InstanceId::from_bytes([0; 16]);
        let form = state.buffers.collect(nobody, &mut form).await?;
        pairs(&form)
    } else {
        pairs(request.uri().query().unwrap_or_default().as_bytes())
    };
    let find = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    let oauth_state = find("state").unwrap_or_default();
    let error = find("error").map(|error| known_error_code(Some(&error)));
    let answer = match (find("code"), error) {
        (Some(code), None) => Ok(code),
        (_, Some(error)) => Err(error),
        (None, None) => Err("no code".to_owned()),
    };
    let returned = Returned { answer, parameters };
    let accounts = &state.connections.accounts;
    accounts.finish(connection, oauth_state, returned).await
}

/// The app's name, as the configuration has it, or as Wix says.
async fn app_name(state: &AppState, instance_id: Option<InstanceId>) -> Option<String> {
    if let Some(name) = &state.connections.app_name {
        return Some(name.clone());
    }
    // A person waits, but not for long.
    let asked = state.directory.get(instance_id?);
    let details = tokio::time::timeout(NAME_TIMEOUT, asked).await.ok()?.ok()?;
    details.answer.instance.app_name.clone()
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}

fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = pairs(uri.query().unwrap_or_default().as_bytes());
    let found = pairs.into_iter().find(|(key, _)| key == name)?;
    Some(found.1)
}

fn sent_on(url: &str) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(url) {
        headers.insert(LOCATION, location);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

pub(crate) fn answer_json(value: &Value) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(value.to_string()));
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(http::header::CONTENT_TYPE, json);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
