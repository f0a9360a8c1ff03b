//! OAuth 2 at a third party's token endpoint (RFC 6749): codes, renewals, client credentials, revocation (RFC 7009).
//! Responses are limited in size and time.
//!
//! - [`token_response`]: tokens, in all forms that endpoints use; [`lifetime`] and [`scopes`] have the most
//! - [`account_info`]: whose account a token is for, where another endpoint says so
//! - [`error_response`]: an error instead, and whether it ends a refresh token

mod account_info;
mod error_response;
mod lifetime;
mod scopes;
mod token_response;

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::auth::{SecretSource, SecretString};
use super::form::{pairs, percent_encode};
use super::response::decode_response;
use crate::body::RequestBody;
use crate::upstream::{Address, Client, ResponseStream, UpstreamTimeouts};

pub use account_info::AccountInfo;
pub use error_response::{TokenRequestError, known_error_code};
pub use scopes::scopes_in;
use token_response::TokenResponse;

/// The most bytes of an answer, decoded: some hold whole profiles beside the tokens.
const MAX_BYTES: u64 = 1024 * 1024;
/// How long a provider may take.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(15);

/// How a client authenticates at the token endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic`, each part encoded as in a form first, as RFC 6749 (2.3.1) says.
    #[default]
    Basic,
    /// `Authorization: Basic` of the id and secret as they are, for endpoints that do not decode them.
    BasicRaw,
    /// `client_id` and `client_secret` in the form.
    Form,
}

/// An OAuth client of a provider.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// The token endpoint's origin.
    pub token_address: Address,
    /// Its path and query.
    pub token_target: PathAndQuery,
    /// `client_id`
    pub id: SecretSource,
    /// `client_secret`. Public clients have none.
    pub secret: Option<SecretSource>,
    /// How the client authenticates.
    pub client_auth: ClientAuth,
    /// The requested scopes, separated by spaces.
    pub scopes: String,
    /// Additional parameters of the token request.
    pub parameters: Vec<(String, String)>,
}

/// A client's id and secret, open.
pub struct ClientIdentity {
    /// `client_id`
    pub id: SecretString,
    /// `client_secret`. Public clients have none.
    pub secret: Option<SecretString>,
}

/// What was granted. It cannot be printed.
pub struct IssuedTokens {
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

impl IssuedTokens {
    /// A field of the answer that is a text or a number, such as `instance_url`; `authed_user.id` is one within another.
    pub fn field(&self, path: &str) -> Option<String> {
        self.answer.text(path)
    }

    /// A field of the answer that is a text or a number, by its JSON pointer.
    pub fn at_pointer(&self, pointer: &str) -> Option<String> {
        self.answer.at_pointer(pointer)
    }

    /// Whose account it is, as far as the answer tells: the name of what says so, and its value.
    pub fn subject(&self) -> Option<(String, String)> {
        self.answer.subject()
    }
}

impl fmt::Debug for IssuedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IssuedTokens(…)")
    }
}

impl OAuthClient {
    /// Returns the client's id and secret.
    pub(super) fn secrets(&self) -> [Option<&SecretSource>; 2] {
        [Some(&self.id), self.secret.as_ref()]
    }

    /// Requests tokens with the parameters of `form`. Times in the response are relative to `now`.
    ///
    /// # Errors
    /// If the provider refuses, or its response holds neither an access token nor a refresh token.
    pub async fn request_token(
        &self,
        http: &Client,
        identity: &ClientIdentity,
        form: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<IssuedTokens, TokenRequestError> {
        let mut form = form.to_vec();
        let more = self.parameters.iter();
        form.extend(more.map(|(name, value)| (&**name, &**value)));
        let endpoint = (&self.token_address, &self.token_target);
        let (status, body) = self.post(http, endpoint, identity, form).await?;
        granted(status, &body, now)
    }

    /// Revokes a token. One that the provider does not know is revoked already.
    ///
    /// # Errors
    /// If the provider refuses, or does not answer.
    pub async fn revoke(
        &self,
        http: &Client,
        (address, target): &(Address, PathAndQuery),
        identity: &ClientIdentity,
        token: &str,
    ) -> Result<(), TokenRequestError> {
        let form = vec![("token", token)];
        let posted = self.post(http, (address, target), identity, form);
        let (status, body) = posted.await?;
        match TokenResponse::read(&body).error(status) {
            Some(error) if !error.is_final() => Err(error),
            _ => Ok(()),
        }
    }

    async fn post<'form>(
        &self,
        http: &Client,
        (address, target): (&Address, &PathAndQuery),
        identity: &'form ClientIdentity,
        mut form: Vec<(&'form str, &'form str)>,
    ) -> Result<(StatusCode, Bytes), TokenRequestError> {
        let basic = identity.basic(self.client_auth);
        if basic.is_none() {
            form.push(("client_id", identity.id.reveal()));
            let secret = identity.secret.as_ref();
            form.extend(secret.map(|secret| ("client_secret", secret.reveal())));
        }
        let mut request = Request::new(RequestBody::ready(pairs(form).into()));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, "application/x-www-form-urlencoded"),
            (ACCEPT, "application/json"),
            (header::USER_AGENT, super::USER_AGENT),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.extend(basic.map(|basic| (AUTHORIZATION, basic)));
        let timeouts = UpstreamTimeouts {
            head: TOKEN_TIMEOUT,
            idle: TOKEN_TIMEOUT,
        };
        let work = async {
            let sent = http.send(address, timeouts, target.clone(), request);
            let response = sent.await.map_err(|error| unusable(&error))?.response;
            Ok((response.status(), read(response).await?))
        };
        let late = || Err(unusable("it took too long"));
        timeout(TOKEN_TIMEOUT, work)
            .await
            .unwrap_or_else(|_| late())
    }
}

impl ClientIdentity {
    /// Returns the value of `Authorization`, if the client authenticates there.
    fn basic(&self, client_auth: ClientAuth) -> Option<HeaderValue> {
        let (id, secret) = (self.id.reveal(), self.secret.as_ref()?.reveal());
        let pair = Zeroizing::new(match client_auth {
            ClientAuth::Form => return None,
            ClientAuth::Basic => format!("{}:{}", percent_encode(id), percent_encode(secret)),
            ClientAuth::BasicRaw => format!("{id}:{secret}"),
        });
        let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What an answer grants.
fn granted(
    status: StatusCode,
    body: &[u8],
    now: Timestamp,
) -> Result<IssuedTokens, TokenRequestError> {
    let answer = TokenResponse::read(body);
    if let Some(error) = answer.error(status) {
        return Err(error);
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
    Ok(IssuedTokens {
        access_token,
        refresh_token,
        lifetime: answer.lifetime(now),
        scopes: answer.scopes(),
        answer,
    })
}

fn unusable(cause: &(impl ToString + ?Sized)) -> TokenRequestError {
    TokenRequestError::Unavailable(cause.to_string())
}

/// Collects the body of a response, decoded: some providers encode it without being asked.
async fn read(response: Response<ResponseStream>) -> Result<Bytes, TokenRequestError> {
    let response = decode_response(response, MAX_BYTES).map_err(|error| unusable(&error))?;
    let body = response.into_body().collect().await;
    Ok(body.map_err(|error| unusable(&error))?.to_bytes())
}

#[cfg(test)]
mod tests;
