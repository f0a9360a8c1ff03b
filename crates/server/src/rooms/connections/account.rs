//! Accounts at third parties: `authorize`, `callback`, `status`, `disconnect`.
//!
//! `GET authorize` is where a browser goes by itself (with `?instance=`): it is sent on to the provider. `POST
//! authorize` is what a page asks: it gets the address, and opens it.

use std::sync::Arc;

use backlot_outbound::body::RequestBody;
use backlot_outbound::connection::grant::known_word;
use backlot_wix::Caller;
use http::header::{CACHE_CONTROL, LOCATION, ORIGIN, REFERRER_POLICY};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::page;
use super::place::Own;
use crate::body::ReplyBody;
use crate::connections::{AccountSettings, Begun, Connection, CredentialSettings, of_manage};
use crate::error::{Code, Refusal};
use crate::exchange::Exchange;
use crate::house::House;

pub(super) async fn answer(
    house: &House,
    connection: &Arc<Connection>,
    own: Own,
    caller: &Caller,
    request: Request<RequestBody>,
) -> Result<Response<ReplyBody>, Refusal> {
    let settings = settings(connection)?;
    match own {
        Own::Authorize => authorize(house, connection, settings, caller, &request).await,
        Own::Disconnect => {
            may_manage(connection, caller)?;
            let accounts = &house.connections.accounts;
            accounts
                .disconnect(connection, settings, caller.instance_id)
                .await?;
            Ok(answer_json(&json!({ "connected": false })))
        }
        Own::Status | Own::Callback | Own::Key => {
            let accounts = &house.connections.accounts;
            let account = accounts.account(connection, caller.instance_id).await?;
            let status = match account {
                None => json!({ "kind": "account", "connected": false }),
                Some(account) => json!({
                    "kind": "account",
                    "connected": !account.broken,
                    "needsReconnect": account.broken,
                    "connectedAt": account.connected_at.to_string(),
                    "scopes": account.scopes.split_whitespace().collect::<Vec<_>>(),
                    "expiresAt": account.expires_at.map(|end| end.to_string()),
                }),
            };
            Ok(answer_json(&status))
        }
    }
}

async fn authorize(
    house: &House,
    connection: &Arc<Connection>,
    settings: &AccountSettings,
    caller: &Caller,
    request: &Request<RequestBody>,
) -> Result<Response<ReplyBody>, Refusal> {
    may_manage(connection, caller)?;
    let return_to = parameter(request.uri(), "return_to");
    if let Some(return_to) = &return_to {
        let url = url::Url::parse(return_to).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let origin = url.map(|url| url.origin().ascii_serialization());
        if !origin.is_some_and(|origin| house.cors.allows(&origin)) {
            return Err(Refusal::from(Code::AuthorizationUnusable).fact("parameter", "return_to"));
        }
    }
    let origin = request.headers().get(ORIGIN);
    let begun = Begun {
        return_to,
        origin: origin.and_then(|it| it.to_str().ok()).map(str::to_owned),
    };
    let accounts = &house.connections.accounts;
    let url = accounts
        .authorize(connection, settings, caller, begun)
        .await?;
    if *request.method() == Method::POST {
        return Ok(answer_json(&json!({ "authorizationUrl": url })));
    }
    Ok(sent_on(&url))
}

/// `GET callback`: a browser comes back from the provider. What it shows is for people.
pub(super) async fn callback(
    house: &House,
    exchange: &mut Exchange,
    connection: &Arc<Connection>,
    uri: &Uri,
) -> Response<ReplyBody> {
    let name = &connection.settings.name;
    let outcome = match settings(connection) {
        Ok(settings) => {
            let state = parameter(uri, "state").unwrap_or_default();
            let (code, error) = (parameter(uri, "code"), parameter(uri, "error"));
            let error = error.map(|error| known_word(Some(&error)));
            let answer = match (&code, &error) {
                (Some(code), None) => Ok(code.as_str()),
                (_, Some(error)) => Err(error.as_str()),
                (None, None) => Err("no code"),
            };
            let accounts = &house.connections.accounts;
            accounts.finish(connection, settings, &state, answer).await
        }
        Err(refusal) => Err(refusal),
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(refusal) => {
            exchange.refused(&refusal);
            return page::failed(name, &refusal, exchange.id(), None);
        }
    };
    if let Some(refusal) = &outcome.refusal {
        exchange.refused(refusal);
    }
    let Some(return_to) = &outcome.return_to else {
        return match &outcome.refusal {
            Some(refusal) => page::failed(name, refusal, exchange.id(), outcome.origin.as_deref()),
            None => page::connected(name, outcome.origin.as_deref()),
        };
    };
    let Ok(mut url) = url::Url::parse(return_to) else {
        return page::connected(name, outcome.origin.as_deref());
    };
    url.query_pairs_mut().append_pair("connection", name);
    match &outcome.refusal {
        None => url.query_pairs_mut().append_pair("connected", "true"),
        Some(refusal) => url
            .query_pairs_mut()
            .append_pair("error", refusal.code().name()),
    };
    sent_on(url.as_str())
}

fn settings(connection: &Connection) -> Result<&AccountSettings, Refusal> {
    match &connection.settings.credential {
        CredentialSettings::Account(settings) => Ok(settings),
        _ => Err(Code::AuthorizationUnusable.into()),
    }
}

/// Only those whom the configuration names connect, type in and take back.
pub(super) fn may_manage(connection: &Connection, caller: &Caller) -> Result<(), Refusal> {
    let rules = crate::admission::Rules {
        roles: connection.settings.manage,
        plans: Vec::new(),
    };
    rules.admit(caller).map_err(of_manage)
}

fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default().as_bytes();
    let mut pairs = url::form_urlencoded::parse(query);
    let found = pairs.find(|(key, _)| key == name)?;
    Some(found.1.into_owned())
}

fn sent_on(url: &str) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::empty());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(url) {
        headers.insert(LOCATION, location);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

pub(super) fn answer_json(value: &Value) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::full(value.to_string()));
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(http::header::CONTENT_TYPE, json);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
