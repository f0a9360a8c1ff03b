//! Credentials for a page with a valid instance: an access token, which Wix's host would provide, and some that must be
//! refused. Callers without a valid instance get none.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use backlot_wix::signed_instance::{Payload, Wire, sign};
use backlot_wix::{AppId, AppSecret, AppSecrets, InstanceId, Role};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::Stage;
use crate::access_token::{LIFETIME, TokenIssue};
use crate::trouble::trouble;
use crate::wix;
use crate::world::Site;

#[derive(Deserialize)]
pub(super) struct Held {
    instance: String,
}

type Sent = Result<Json<Held>, JsonRejection>;

/// An access token for the same site, role and person as the page's instance.
pub(super) async fn access_token(State(stage): State<Stage>, held: Sent) -> Response {
    let held = held.ok();
    let subject = held.and_then(|Json(held)| wix::subject(&stage, &held.instance));
    let Some(subject) = subject else {
        return no_instance();
    };
    let person = Person {
        instance_id: subject.instance_id,
        role: subject.role,
        user_id: subject.user_id.as_deref(),
    };
    let now = stage.signing_time(subject.instance_id);
    let lifetime = stage.memory.faults.lock().token_lifetime();
    let token = person.token(&stage, stage.world.app.id, now, lifetime);
    let expires_at = now.saturating_add(lifetime).unwrap_or(now);
    Json(json!({ "accessToken": token, "expiresAt": format!("{expires_at:.3}") })).into_response()
}

/// The same credentials, expired and for another app.
pub(super) async fn wrong(State(stage): State<Stage>, held: Sent) -> Response {
    let Some(bytes) = verified(held, &stage.secret) else {
        return no_instance();
    };
    let Ok(mut payload) = Payload::from_json(&bytes) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let now = (stage.now)();
    let ago = |hours| {
        let then = now.checked_sub(SignedDuration::from_hours(hours));
        then.unwrap_or(now)
    };
    let app_id = stage.world.app.id;
    let tokens = Person::from_payload(&payload).map(|person| {
        let dead = person.token(&stage, app_id, ago(30), LIFETIME);
        let fresh = stage.signing_time(person.instance_id);
        (
            dead,
            person.token(&stage, other_app(app_id), fresh, LIFETIME),
        )
    });
    let (dead_token, other_app_token) = tokens.unzip();
    let resigned = |payload: &Payload<'_>, secret: &AppSecret| {
        sign(secret, &serde_json::to_vec(payload).unwrap_or_default())
    };
    let other_app = resigned(&payload, &AppSecret::new("the secret of another app"));
    payload.sign_date = format!("{:.3}", ago(30)).into();
    payload.expiration_date = Some(format!("{:.3}", ago(26)).into());
    let expired = resigned(&payload, &stage.secret);
    Json(json!({
        "expired": expired,
        "otherApp": other_app,
        "deadToken": dead_token,
        "otherAppToken": other_app_token,
    }))
    .into_response()
}

fn no_instance() -> Response {
    trouble(
        StatusCode::UNAUTHORIZED,
        "INSTANCE_SIGNATURE_INVALID",
        "Send the page's own instance, one that is still good, as JSON: {\"instance\": …}.",
    )
}

fn verified(held: Sent, secret: &AppSecret) -> Option<Vec<u8>> {
    let Json(held) = held.ok()?;
    let secrets = AppSecrets::new(vec![secret.clone()])?;
    let verified = Wire::parse(&held.instance).ok()?.verify(&secrets).ok()?;
    verified.decode().ok()
}

/// The subject of a token.
struct Person<'text> {
    instance_id: InstanceId,
    role: Role,
    user_id: Option<&'text str>,
}

impl<'text> Person<'text> {
    /// Returns `None` if the payload names no instance.
    fn from_payload(payload: &'text Payload<'_>) -> Option<Self> {
        let (role, user_id) = payload.role_and_user();
        let instance_id = payload.instance_id.parse().ok()?;
        Some(Self {
            instance_id,
            role,
            user_id,
        })
    }

    /// Returns the world's site, or a generated one for an instance of the real app.
    fn token(
        &self,
        stage: &Stage,
        app_id: AppId,
        signed_at: Timestamp,
        lifetime: SignedDuration,
    ) -> String {
        let known = stage.sites().find(self.instance_id).map(|now| now.site);
        let site = known.unwrap_or_else(|| Site::unknown(self.instance_id));
        stage.tokens.make(&TokenIssue {
            app_id,
            site: &site,
            role: self.role,
            user_id: self.user_id,
            signed_at,
            lifetime,
        })
    }
}

/// Another app.
fn other_app(app_id: AppId) -> AppId {
    let bytes = app_id.as_bytes().map(|byte| !byte);
    AppId::new(uuid::Uuid::from_bytes(bytes))
}
