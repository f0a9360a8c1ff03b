//! OAuth 2 at a third party's token endpoint (RFC 6749): codes, renewals, client credentials, revocation
//! (RFC 7009). Requests and answers are small, and limited in size and time.
//!
//! - [`token_response`]: what an endpoint says, in whatever manner; [`lifetime`] and [`scopes`] are the two parts that have many
//! - [`refusal`]: what it says instead, and whether it means the end of a refresh token

mod lifetime;
mod refusal;
mod scopes;
mod token_response;

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::form::{encoded, pairs};
use crate::body::{LimitedBody, ReplyLimits, RequestBody, ResponseBodyError};
use crate::decode::{DecodeLimits, DecodedBody, take_encodings};
use crate::upstream::ResponseStream;
use crate::upstream::{Address, Client, HopByHop, Patience, forward};

pub use refusal::{GrantError, known_word};
pub use scopes::scopes_in;
use token_response::TokenResponse;

/// The most bytes of an answer, decoded: some hold whole profiles beside the tokens.
const MAX_BYTES: u64 = 1024 * 1024;
/// How many times as much may come out of an encoding as went into it.
const MAX_RATIO: u64 = 200;
/// Some providers refuse requests without a `User-Agent`.
const OUR_NAME: &str = concat!("Backlot/", env!("CARGO_PKG_VERSION"));

/// How a client says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientProof {
    /// `Authorization: Basic`, each part encoded as in a form first, as RFC 6749 (2.3.1) says.
    Basic,
    /// `Authorization: Basic` of the very id and secret, for endpoints that do not decode them.
    BasicRaw,
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
    /// `access_token`. `None` if the answer holds a refresh token, and no access token that can be sent: what may
    /// have taken the place of an earlier refresh token must not be lost for that.
    pub access_token: Option<Zeroizing<String>>,
    /// `refresh_token`; a provider may leave it out when it stays the same. Never an empty one.
    pub refresh_token: Option<Zeroizing<String>>,
    /// `expires_in`, or the time until what stands in its place; `None` if the token does not say, or says that it
    /// does not end.
    pub lifetime: Option<Duration>,
    /// `scope`, each by itself; `None` where it is left out.
    pub scopes: Option<Vec<String>>,
    answer: TokenResponse,
}

impl Grant {
    /// A field of the answer that is a text or a number, such as `instance_url`; `authed_user.id` is one within another.
    pub fn field(&self, path: &str) -> Option<String> {
        self.answer.text(path)
    }

    /// Whose account it is, as far as the answer tells: the name of what says so, and its value.
    pub fn subject(&self) -> Option<(String, String)> {
        self.answer.subject()
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Grant(…)")
    }
}

impl Endpoint {
    /// Asks for tokens; `form` says with what. Times that the answer names count from `now`.
    ///
    /// # Errors
    /// When the provider refuses, or its answer holds neither an access token nor a refresh token.
    pub async fn ask(
        &self,
        identity: &ClientIdentity<'_>,
        form: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<Grant, GrantError> {
        let (status, body) = self.post(identity, form).await?;
        granted(status, &body, now)
    }

    /// Takes a token back. A provider that does not know it any more has nothing to take back.
    ///
    /// # Errors
    /// When the provider refuses, or does not answer.
    pub async fn revoke(
        &self,
        identity: &ClientIdentity<'_>,
        token: &str,
    ) -> Result<(), GrantError> {
        let (status, body) = self.post(identity, &[("token", token)]).await?;
        match TokenResponse::read(&body).refusal(status) {
            Some(refusal) if !refusal.is_final() => Err(refusal),
            _ => Ok(()),
        }
    }

    async fn post(
        &self,
        identity: &ClientIdentity<'_>,
        form: &[(&str, &str)],
    ) -> Result<(StatusCode, Bytes), GrantError> {
        let mut all = form.to_vec();
        let basic = identity.basic();
        if basic.is_none() {
            all.push(("client_id", identity.id));
            all.extend(identity.secret.map(|secret| ("client_secret", secret)));
        }
        let body = Bytes::from(pairs(all));
        let mut request = Request::new(RequestBody::ready(body));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(OUR_NAME));
        if let Some(basic) = basic {
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
            let reply = sent.await.map_err(|error| unusable(&error))?;
            let status = reply.response.status();
            Ok((status, read(reply.response).await?))
        };
        let late = || Err(unusable("it took too long"));
        timeout(self.timeout, work).await.unwrap_or_else(|_| late())
    }
}

impl ClientIdentity<'_> {
    /// `Authorization: Basic …`, if it says who it is there.
    fn basic(&self) -> Option<HeaderValue> {
        let secret = self.secret?;
        let both = Zeroizing::new(match self.proof {
            ClientProof::Form => return None,
            ClientProof::Basic => format!("{}:{}", encoded(self.id), encoded(secret)),
            ClientProof::BasicRaw => format!("{}:{secret}", self.id),
        });
        let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(both.as_bytes())));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What an answer grants.
fn granted(status: StatusCode, body: &[u8], now: Timestamp) -> Result<Grant, GrantError> {
    let answer = TokenResponse::read(body);
    if let Some(refusal) = answer.refusal(status) {
        return Err(refusal);
    }
    let access_token = answer.access_token();
    let refresh_token = answer.refresh_token();
    if access_token.is_none() && refresh_token.is_none() {
        let cause = if answer.needs_proof() {
            "the token requires a proof of possession"
        } else {
            "the answer holds no access token that can be sent"
        };
        return Err(unusable(cause));
    }
    Ok(Grant {
        access_token,
        refresh_token,
        lifetime: answer.lifetime(now),
        scopes: answer.scopes(),
        answer,
    })
}

fn unusable(cause: &(impl ToString + ?Sized)) -> GrantError {
    GrantError::Unavailable(cause.to_string())
}

/// The body of an answer, decoded: some encode it without being asked to.
async fn read(response: Response<ResponseStream>) -> Result<Bytes, GrantError> {
    let (mut parts, body) = response.into_parts();
    let encodings = take_encodings(&mut parts.headers).map_err(|error| unusable(&error))?;
    let limits = ReplyLimits {
        bytes: MAX_BYTES,
        time: None,
    };
    let body = LimitedBody::new(body, limits).map_err(|fault| unusable(&fault))?;
    let limits = DecodeLimits {
        bytes: MAX_BYTES,
        ratio: MAX_RATIO,
    };
    let body = DecodedBody::new(body, &encodings, limits);
    let whole = body.collect().await;
    Ok(whole
        .map_err(|fault: ResponseBodyError| unusable(&fault))?
        .to_bytes())
}

#[cfg(test)]
mod tests;
