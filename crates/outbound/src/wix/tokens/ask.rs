//! Asking Wix for the app's token of one instance.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::oauth::{Grant, Granted};
use backlot_wix::{AppId, AppSecret, AppSecrets, InstanceId};
use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use super::{Kept, TokenEvents, TokenRefused};
use crate::repeat::Jitter;
use crate::wix::WixError;
use crate::wix::question::{Answer, ask};
use crate::wix::wire::Wire;

const PATH: &str = "/oauth2/token";
/// Of Wix's own word for a refusal.
const MAX_REASON_CHARS: usize = 100;

pub(in crate::wix) struct Asker {
    pub(in crate::wix) wire: Arc<Wire>,
    pub(in crate::wix) jitter: Arc<Jitter>,
    pub(in crate::wix) app_id: AppId,
    pub(in crate::wix) secrets: AppSecrets,
    pub(in crate::wix) time: Duration,
    pub(in crate::wix) events: Arc<dyn TokenEvents>,
}

impl Asker {
    /// A new token. While the secret is rotated either may be the one that Wix knows, so the older
    /// ones are tried when the newest is refused.
    pub(super) async fn ask(&self, instance_id: InstanceId) -> Result<Kept, WixError> {
        let mut refused = None;
        for secret in self.secrets.iter() {
            match self.ask_with(secret, instance_id).await? {
                Ok(kept) => {
                    self.events.granted(instance_id);
                    return Ok(kept);
                }
                Err(reason) => refused = refused.or(Some(reason)),
            }
        }
        let Some(refused) = refused else {
            return Err(WixError::unavailable("there is no app secret"));
        };
        self.events.refused(instance_id, &refused);
        Err(WixError::Refused(refused))
    }

    async fn ask_with(
        &self,
        secret: &AppSecret,
        instance_id: InstanceId,
    ) -> Result<Result<Kept, TokenRefused>, WixError> {
        let grant = Grant::ClientCredentials {
            client_id: self.app_id,
            client_secret: secret.reveal(),
            instance_id,
        };
        let body =
            serde_json::to_vec(&grant).map_err(|error| WixError::unavailable(error.to_string()))?;
        let asked_at = Instant::now();
        let answer = ask(&self.wire, &self.jitter, PATH, body, self.time).await?;
        if answer.status.is_client_error() {
            return Ok(Err(TokenRefused {
                status: answer.status.as_u16(),
                reason: reason(&answer),
            }));
        }
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
        Kept::new(&granted, asked_at).map(Ok).ok_or_else(unreadable)
    }
}

/// The parser's own words are left out: they could repeat a piece of a token.
fn unreadable() -> WixError {
    WixError::unavailable("Wix's answer to the request for a token cannot be read")
}

/// OAuth's `error`, or the code of Wix's standard error: a word, never what Wix says at length.
fn reason(answer: &Answer) -> String {
    debug_assert_ne!(answer.status, StatusCode::OK);
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = &body["details"]["applicationError"]["code"];
    let word = body["error"].as_str().or(code.as_str()).unwrap_or_default();
    let plain = |it: &char| it.is_ascii_alphanumeric() || "_-.".contains(*it);
    word.chars().filter(plain).take(MAX_REASON_CHARS).collect()
}
