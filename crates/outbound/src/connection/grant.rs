//! OAuth 2 at a third party's token endpoint (RFC 6749): codes, renewals, client credentials, revocation
//! (RFC 7009). Requests and answers are small, and limited in size and time.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::form::{encoded, pairs};
use crate::body::RequestBody;
use crate::upstream::{Address, Client, HopByHop, Patience, forward};

/// The most bytes of an answer.
const MOST_BYTES: usize = 64 * 1024;

/// How a client says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientProof {
    /// `Authorization: Basic`, as RFC 6749 prefers.
    Basic,
    /// `client_id` and `client_secret` in the form.
    Form,
}

/// One of a provider's endpoints.
#[derive(Clone)]
pub struct Endpoint {
    /// Guarded as the connection's own client is.
    pub client: Client,
    /// Its scheme, host and port.
    pub address: Address,
    /// Its path and query.
    pub target: PathAndQuery,
    /// How long it may take.
    pub timeout: Duration,
}

/// Who asks.
pub struct ClientIdentity<'secret> {
    /// `client_id`
    pub id: &'secret str,
    /// `client_secret`; public clients have none.
    pub secret: Option<&'secret str>,
    /// Where it stands.
    pub proof: ClientProof,
}

/// What was granted. It cannot be printed.
pub struct Grant {
    /// `access_token`
    pub access_token: Zeroizing<String>,
    /// `refresh_token`; a provider may leave it out when it stays the same.
    pub refresh_token: Option<Zeroizing<String>>,
    /// `expires_in`
    pub lifetime: Option<Duration>,
    /// `scope`; what was asked for where it is left out.
    pub scope: Option<String>,
}

/// Why nothing was granted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GrantError {
    /// The provider means it: asking again changes nothing.
    #[error("the provider refused with status {status}: {code}")]
    Refused {
        /// The status.
        status: u16,
        /// RFC 6749's `error`, such as `invalid_grant`; its other words are left out.
        code: String,
    },
    /// There was no answer that can be used; asking again may help.
    #[error("the provider gave no answer that can be used: {0}")]
    Unavailable(String),
}

impl GrantError {
    /// Whether the grant itself has come to its end: the owner took it back, or it was used up.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "invalid_grant")
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Grant(…)")
    }
}

impl Endpoint {
    /// Asks for tokens; `form` says with what.
    pub async fn ask(
        &self,
        identity: &ClientIdentity<'_>,
        form: &[(&str, &str)],
    ) -> Result<Grant, GrantError> {
        let (status, body) = self.post(identity, form).await?;
        let answer = Answer::read(&body);
        if !status.is_success() || answer.error.is_some() {
            return Err(refusal(status, answer.error.as_deref()));
        }
        let unusable = |cause: &str| GrantError::Unavailable(cause.to_owned());
        let kind = answer.token_type.unwrap_or_default();
        if NEED_PROOF.iter().any(|it| kind.eq_ignore_ascii_case(it)) {
            return Err(unusable("the token is of a kind that nobody may just bear"));
        }
        let token = Zeroizing::new(answer.access_token.unwrap_or_default());
        let is_visible = |byte: u8| byte.is_ascii_graphic();
        if token.is_empty() || !token.bytes().all(is_visible) {
            return Err(unusable(
                "the answer holds no access token that can be sent",
            ));
        }
        Ok(Grant {
            access_token: token,
            refresh_token: answer.refresh_token.map(Zeroizing::new),
            lifetime: answer.expires_in.and_then(seconds),
            scope: answer.scope,
        })
    }

    /// Takes a token back. A provider that does not know it any more has nothing to take back.
    pub async fn revoke(
        &self,
        identity: &ClientIdentity<'_>,
        token: &str,
    ) -> Result<(), GrantError> {
        let (status, body) = self.post(identity, &[("token", token)]).await?;
        let code = Answer::read(&body).error;
        let is_gone = matches!(code.as_deref(), Some("invalid_token" | "invalid_grant"));
        if status.is_success() || is_gone {
            Ok(())
        } else {
            Err(refusal(status, code.as_deref()))
        }
    }

    async fn post(
        &self,
        identity: &ClientIdentity<'_>,
        form: &[(&str, &str)],
    ) -> Result<(StatusCode, Bytes), GrantError> {
        let unusable = |cause: String| GrantError::Unavailable(cause);
        let mut all = form.to_vec();
        let mut basic = None;
        match (identity.proof, identity.secret) {
            (ClientProof::Basic, Some(secret)) => {
                // Each part is encoded as in a form first (RFC 6749, 2.3.1).
                let both = Zeroizing::new(format!("{}:{}", encoded(identity.id), encoded(secret)));
                let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(both.as_bytes())));
                basic = HeaderValue::from_str(&text).ok();
            }
            (_, secret) => {
                all.push(("client_id", identity.id));
                all.extend(secret.map(|secret| ("client_secret", secret)));
            }
        }
        let body = Bytes::from(pairs(all));
        let mut request = Request::new(RequestBody::ready(body));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(mut basic) = basic {
            basic.set_sensitive(true);
            headers.insert(AUTHORIZATION, basic);
        }
        let patience = Patience {
            head: self.timeout,
            silence: self.timeout,
        };
        let target = self.target.clone();
        let work = async {
            let sent = forward(
                &self.client,
                &self.address,
                patience,
                target,
                HopByHop::default(),
                request,
            );
            let reply = sent.await.map_err(|error| unusable(error.to_string()))?;
            let status = reply.response.status();
            let body = Limited::new(reply.response.into_body(), MOST_BYTES);
            let body = body
                .collect()
                .await
                .map_err(|error| unusable(error.to_string()))?;
            Ok((status, body.to_bytes()))
        };
        let late = || Err(unusable("it took too long".to_owned()));
        timeout(self.timeout, work).await.unwrap_or_else(|_| late())
    }
}

/// `expires_in` is a number; some write it as a text.
fn seconds(value: serde_json::Value) -> Option<Duration> {
    let number = match value {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    // A year, at most: nobody means more.
    let number = number.filter(|number| number.is_finite() && *number > 0.0)?;
    Some(Duration::from_secs_f64(number.min(31_536_000.0)))
}

/// Kinds of tokens that prove nothing by themselves. Any other is sent as it is: some providers call theirs by
/// names of their own.
const NEED_PROOF: [&str; 2] = ["mac", "dpop"];

/// The words that the standards have for refusals. Any other is left out: it could be anything that was sent.
const WORDS: [&str; 14] = [
    "access_denied",
    "consent_required",
    "interaction_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_token",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
];

/// A provider's word for a refusal, if it is one of the standards'.
pub fn known_word(word: Option<&str>) -> String {
    let known = WORDS.into_iter().find(|known| Some(*known) == word);
    known.unwrap_or("another reason").to_owned()
}

fn refusal(status: StatusCode, code: Option<&str>) -> GrantError {
    let is_meant = status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429);
    // Some refuse with 200.
    if is_meant || (status.is_success() && code.is_some()) {
        let code = known_word(code);
        return GrantError::Refused {
            status: status.as_u16(),
            code,
        };
    }
    GrantError::Unavailable(format!("it answered with status {}", status.as_u16()))
}

/// An answer, in JSON, or as a form (some old ones).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    access_token: Option<String>,
    token_type: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    scope: Option<String>,
    error: Option<String>,
}

impl Answer {
    fn read(body: &[u8]) -> Self {
        if let Ok(answer) = serde_json::from_slice(body) {
            return answer;
        }
        let mut answer = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let value = Some(value.into_owned());
            match &*name {
                "access_token" => answer.access_token = value,
                "token_type" => answer.token_type = value,
                "refresh_token" => answer.refresh_token = value,
                "expires_in" => answer.expires_in = value.map(serde_json::Value::String),
                "scope" => answer.scope = value,
                "error" => answer.error = value,
                _ => {}
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_in_every_spelling() {
        let json = br#"{"access_token":"a","refresh_token":"r","expires_in":"3600","scope":"x y"}"#;
        let form = b"access_token=a&refresh_token=r&expires_in=3600&scope=x+y";
        for body in [&json[..], &form[..]] {
            let answer = Answer::read(body);
            assert_eq!(answer.access_token.as_deref(), Some("a"));
            assert_eq!(answer.refresh_token.as_deref(), Some("r"));
            assert_eq!(answer.scope.as_deref(), Some("x y"));
            let lifetime = answer.expires_in.and_then(seconds);
            assert_eq!(lifetime, Some(Duration::from_hours(1)));
        }
        for odd in ["null", "-5", "0", "1e400", "\"\"", "[]"] {
            let value = serde_json::from_str(odd).unwrap_or_default();
            assert_eq!(seconds(value), None, "{odd}");
        }
    }

    #[test]
    fn what_is_meant_and_what_may_pass() {
        let code = |text: &'static str| Some(text);
        assert!(refusal(StatusCode::BAD_REQUEST, code("invalid_grant")).is_final());
        assert!(refusal(StatusCode::OK, code("invalid_grant")).is_final());
        for (status, words) in [
            (StatusCode::BAD_REQUEST, code("invalid_client")),
            (StatusCode::TOO_MANY_REQUESTS, code("invalid_grant")),
            (StatusCode::BAD_GATEWAY, None),
        ] {
            assert!(!refusal(status, words).is_final(), "{status}");
        }
    }
}
