//! Asking Wix for the app's token of one instance.

use std::sync::Arc;
use std::time::Duration;

use backlot_wix::oauth::{Grant, Granted};
use backlot_wix::{AppId, AppSecret, AppSecrets, InstanceId};
use http::StatusCode;
use serde_json::Value;
use tokio::time::Instant;

use super::{CachedToken, TokenEvents, TokenRefused};
use crate::resilience::Jitter;
use crate::wix::WixError;
use crate::wix::metadata_request::{MetadataResponse, metadata_request};
use crate::wix::wire::Wire;

const PATH: &str = "/oauth2/token";
/// Of Wix's own word for a refusal.
const MAX_REASON_CHARS: usize = 100;

pub(in crate::wix) struct TokenFetcher {
    pub(in crate::wix) wire: Arc<Wire>,
    pub(in crate::wix) jitter: Arc<Jitter>,
    pub(in crate::wix) app_id: AppId,
    pub(in crate::wix) secrets: AppSecrets,
    pub(in crate::wix) timeout: Duration,
    pub(in crate::wix) events: Arc<dyn TokenEvents>,
}

impl TokenFetcher {
    /// A new token. While the secret is rotated either may be the one that Wix knows, so the older
    /// ones are tried when the newest is refused.
    pub(super) async fn fetch(&self, instance_id: InstanceId) -> Result<CachedToken, WixError> {
        let mut refused = None;
        for secret in self.secrets.iter() {
            match self.fetch_with(secret, instance_id).await? {
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

    async fn fetch_with(
        &self,
        secret: &AppSecret,
        instance_id: InstanceId,
    ) -> Result<Result<CachedToken, TokenRefused>, WixError> {
        let grant = Grant::ClientCredentials {
            client_id: self.app_id,
            client_secret: secret.reveal(),
            instance_id,
        };
        let body =
            serde_json::to_vec(&grant).map_err(|error| WixError::unavailable(error.to_string()))?;
        let asked_at = Instant::now();
        let response = metadata_request(&self.wire, &self.jitter, PATH, body, self.timeout).await?;
        if response.status.is_client_error() {
            return Ok(Err(TokenRefused {
                status: response.status.as_u16(),
                reason: reason(&response),
            }));
        }
        let granted: Granted = serde_json::from_slice(&response.body).map_err(|_| unreadable())?;
        CachedToken::new(&granted, asked_at)
            .map(Ok)
            .ok_or_else(unreadable)
    }
}

/// The parser's own words are left out: they could repeat a piece of a token.
fn unreadable() -> WixError {
    WixError::unavailable("Wix's response to the request for a token cannot be read")
}

/// OAuth's `error`, or the code of Wix's standard error: a word, never what Wix says at length.
fn reason(response: &MetadataResponse) -> String {
    debug_assert_ne!(response.status, StatusCode::OK);
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = &body["details"]["applicationError"]["code"];
    let word = body["error"].as_str().or(code.as_str()).unwrap_or_default();
    let plain = |it: &char| it.is_ascii_alphanumeric() || "_-.".contains(*it);
    word.chars().filter(plain).take(MAX_REASON_CHARS).collect()
}
