//! `POST /oauth2/token`, as JSON or as a form.
//!
//! Errors have OAuth's own shape here. Source: Wix's "Authenticate using OAuth"; the bodies of the
//! refusals are RFC 6749's, of which `invalid_grant` has been seen at Wix.

use std::collections::HashMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backlot_wix::{InstanceId, Role};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::alive;
use super::answer::Answer;
use crate::Stage;
use crate::access_token::{Subject, TokenIssue};
use crate::memory::{Arrived, Seen};

type Fields = HashMap<String, String>;

pub(super) fn grant(stage: &Stage, call: &Arrived) -> Answer {
    let Some(fields) = fields(call) else {
        let what = "The body is neither a JSON object nor a form.";
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", what).into();
    };
    match fields.get("grant_type").map(String::as_str) {
        Some("client_credentials") => client_credentials(stage, &fields),
        Some("strip_bound_session") => strip_bound_session(stage, &fields),
        Some(_) => {
            let what = "The grants are client_credentials and strip_bound_session.";
            refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", what).into()
        }
        None => {
            let what = "There is no grant_type.";
            refuse(StatusCode::BAD_REQUEST, "invalid_request", what).into()
        }
    }
}

/// The texts at the top of the body; others are no part of any grant. JSON is looked for first:
/// `curl -d` calls everything a form.
fn fields(call: &Arrived) -> Option<Fields> {
    let object = serde_json::from_slice::<HashMap<String, Value>>(&call.body);
    let Ok(object) = object else {
        let pairs = form_urlencoded::parse(&call.body);
        return call.is_form().then(|| pairs.into_owned().collect());
    };
    let texts = object.into_iter().filter_map(|(key, value)| match value {
        Value::String(text) => Some((key, text)),
        _ => None,
    });
    Some(texts.collect())
}

/// The app itself, on one instance.
fn client_credentials(stage: &Stage, fields: &Fields) -> Answer {
    let client_id = fields.get("client_id").and_then(|id| id.parse().ok());
    if client_id != Some(stage.world.app.id) || !has_secret(stage, fields) {
        return wrong_client();
    }
    let instance_id = fields.get("instance_id").and_then(|id| id.parse().ok());
    let (uninstalled, lifetime) = {
        let faults = stage.memory.faults.lock();
        let is_gone = |id: &InstanceId| faults.uninstalled.contains(id);
        (
            instance_id.as_ref().is_some_and(is_gone),
            faults.token_lifetime(),
        )
    };
    let site = instance_id.and_then(|id| stage.sites().find(id));
    let Some(site) = site.filter(|_| !uninstalled) else {
        return wrong_grant("The app is not installed as this instance.");
    };
    let token = stage.tokens.make(&TokenIssue {
        app_id: stage.world.app.id,
        site: &site.site,
        role: Role::App,
        user_id: None,
        signed_at: stage.signing_time(site.site.instance_id),
        lifetime,
    });
    let seconds = lifetime.as_secs();
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds });
    Answer {
        response: Json(body).into_response(),
        seen: Seen {
            instance_id,
            subject_type: Some("APP"),
        },
    }
}

/// The caller of a token, without the session that it is bound to.
fn strip_bound_session(stage: &Stage, fields: &Fields) -> Answer {
    if !has_secret(stage, fields) {
        return wrong_client();
    }
    let token = fields.get("access_token").map_or("", String::as_str);
    let is_ours = |subject: &Subject| subject.app_id == stage.world.app.id;
    let subject = alive::of_token(stage, token).filter(is_ours);
    let unbound = subject.and_then(|subject| {
        let now = stage.signing_time(subject.instance_id);
        Some((stage.tokens.unbound(token, now).ok()?, subject))
    });
    let Some(((unbound, left), subject)) = unbound else {
        return wrong_grant("The access token is not good, or another app's.");
    };
    let body = json!({ "access_token": unbound, "expires_in": left.as_secs() });
    Answer {
        response: Json(body).into_response(),
        seen: Seen::new(&subject),
    }
}

/// Compared in constant time.
fn has_secret(stage: &Stage, fields: &Fields) -> bool {
    let given = fields.get("client_secret").map_or("", String::as_str);
    let expected = stage.secret.reveal();
    let is_equal = verify_slices_are_equal(given.as_bytes(), expected.as_bytes()).is_ok();
    is_equal && !stage.memory.faults.lock().secret_expired
}

fn wrong_client() -> Answer {
    let what = "The client id or the client secret is wrong.";
    refuse(StatusCode::UNAUTHORIZED, "invalid_client", what).into()
}

fn wrong_grant(what: &str) -> Answer {
    refuse(StatusCode::BAD_REQUEST, "invalid_grant", what).into()
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status, Json(body)).into_response()
}
