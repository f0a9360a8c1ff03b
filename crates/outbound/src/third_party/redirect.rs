//! Redirects: off unless the configuration allows some. Each is checked like the first address.
//!
//! - Only calls that read and have no body are followed: a write is not sent twice, and neither is a body.
//! - Within the API's own origin a redirect is another call: it is followed if [`RedirectPolicy`] admits it.
//! - Elsewhere it goes over `https` to public addresses only, without the credential and without what could hold it.
//!   The networks that are opened for the API are opened for its own host and port, and for nothing else.
//! - After a redirect to another origin, the credential is not sent again, not even when the call is redirected back.

use std::pin::Pin;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, LOCATION, RANGE,
};
use http::uri::PathAndQuery;
use http::{Method, Response, StatusCode};
use url::{Host, Url};

use super::client::ThirdPartySettings;
use super::{CallError, ThirdPartyRequest};
use crate::body::CallBody;
use crate::redact::SecretPatterns;
use crate::upstream::{Address, ResponseStream, UpstreamError};

/// What goes along to wherever the third party redirects: nothing that was meant for the third party.
const HARMLESS: [HeaderName; 4] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, RANGE];

/// The most letters of a path that an error names.
const MAX_NAMED: usize = 200;

/// The path and query of a call that may be made, or why it may not.
pub type Redirected<'call> =
    Pin<Box<dyn Future<Output = Result<PathAndQuery, &'static str>> + Send + 'call>>;

/// Which redirects of one call may be followed.
pub trait RedirectPolicy: Send + Sync {
    /// Whether the caller of the first call may make this one, too: with a path under the base address. The path and
    /// query to be sent, or the code of the refusal.
    fn target<'call>(
        &'call self,
        method: &'call Method,
        path: &'call str,
        query: &'call str,
    ) -> Redirected<'call>;

    /// What must not reach another origin.
    fn secrets(&self) -> &SecretPatterns;
}

/// Stands in the extensions of a response that came after redirects: it is not what the first address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// A redirect has led to another origin, so what was sent had no credential.
    pub has_left: bool,
}

/// Takes over those headers that say nothing of the caller or the connection.
pub(super) fn copy_harmless(from: &HeaderMap, to: &mut HeaderMap, secrets: &SecretPatterns) {
    for name in HARMLESS {
        let values = from.get_all(&name).iter();
        let harmless = |value: &&HeaderValue| !secrets.occur_in(value.as_bytes());
        for value in values.filter(harmless) {
            to.append(name.clone(), value.clone());
        }
    }
}

/// Where a call goes next.
pub(super) struct Hop<'call> {
    pub(super) address: &'call Address,
    pub(super) target: &'call PathAndQuery,
    pub(super) method: &'call Method,
    /// It is the API's own origin.
    pub(super) is_home: bool,
    /// It goes with the credential.
    pub(super) has_credential: bool,
}

impl<'call> Hop<'call> {
    /// Where every call goes first.
    pub(super) fn home(call: &'call ThirdPartyRequest) -> Self {
        Self {
            address: &call.base.address,
            target: &call.target,
            method: &call.method,
            is_home: true,
            has_credential: true,
        }
    }
}

impl ThirdPartySettings {
    /// Whether redirects of a call may be followed.
    pub(super) fn may_follow(&self, call: &ThirdPartyRequest) -> bool {
        let has_body = !matches!(&call.body, CallBody::Ready(bytes) if bytes.is_empty());
        self.redirects > 0 && call.method.is_safe() && !has_body
    }
}

/// Whether a response is a redirect.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301..=303 | 307 | 308)
}

/// A call on its way through redirects. Nothing is copied before one is followed.
pub(super) struct Redirects<'call> {
    base: &'call Address,
    policy: &'call dyn RedirectPolicy,
    left: u32,
    target: PathAndQuery,
    method: Method,
    /// Where it was sent, if that is not the API.
    elsewhere: Option<Address>,
    /// A redirect has led to another origin.
    has_left: bool,
}

impl<'call> Redirects<'call> {
    pub(super) fn new(
        settings: &ThirdPartySettings,
        policy: &'call dyn RedirectPolicy,
        call: &'call ThirdPartyRequest,
    ) -> Self {
        Self {
            base: &call.base.address,
            policy,
            left: settings.redirects,
            target: call.target.clone(),
            method: call.method.clone(),
            elsewhere: None,
            has_left: false,
        }
    }

    pub(super) fn hop(&self) -> Hop<'_> {
        Hop {
            address: self.address(),
            target: &self.target,
            method: &self.method,
            is_home: self.elsewhere.is_none(),
            has_credential: !self.has_left,
        }
    }

    /// What is to be told of a response that came after redirects.
    pub(super) const fn followed(&self) -> Followed {
        Followed {
            has_left: self.has_left,
        }
    }

    fn address(&self) -> &Address {
        self.elsewhere.as_ref().unwrap_or(self.base)
    }

    /// Follows a redirect, if this is one. False when the response is to be handed back.
    pub(super) async fn follow(
        &mut self,
        response: &Response<ResponseStream>,
    ) -> Result<bool, CallError> {
        if !is_redirect(response.status()) {
            return Ok(false);
        }
        let Some(left) = self.left.checked_sub(1) else {
            return Err(refused("more often than is allowed"));
        };
        self.left = left;
        let unreadable = || refused("to an address that cannot be read");
        let url = self.location(response.headers()).ok_or_else(unreadable)?;
        if self.base.is_origin_of(&url) {
            self.target = self.admitted(&url).await?;
            self.elsewhere = None;
            return Ok(true);
        }
        if self.policy.secrets().occur_in(url.as_str().as_bytes()) {
            return Err(refused("to another origin, with a secret in the address"));
        }
        if url.scheme() != "https" {
            return Err(without_https(&url));
        }
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let address = Address::parse(&url.origin().ascii_serialization(), false);
        self.elsewhere = Some(address.map_err(|_| unreadable())?);
        self.target = target.parse().map_err(|_| unreadable())?;
        self.has_left = true;
        Ok(true)
    }

    /// The call at the API itself that a redirect leads to, if the caller may make it.
    async fn admitted(&self, url: &Url) -> Result<PathAndQuery, CallError> {
        let path = self.base.under(url.path());
        let path = path.ok_or_else(|| refused("to a path outside of its base_url"))?;
        let query = url.query().unwrap_or_default();
        let target = self.policy.target(&self.method, path, query).await;
        target.map_err(|code| {
            let is_secret = self.policy.secrets().occur_in(path.as_bytes());
            let named = path.get(..MAX_NAMED).unwrap_or(path);
            let named = if is_secret {
                "a path with a secret"
            } else {
                named
            };
            let method = &self.method;
            refused(format!(
                "to a call that the caller may not make ({method} {named}: {code})"
            ))
        })
    }

    /// The address that the response's one `Location` means here.
    fn location(&self, headers: &HeaderMap) -> Option<Url> {
        let mut locations = headers.get_all(LOCATION).iter();
        let location = locations.next()?.to_str().ok()?;
        if locations.next().is_some() {
            return None;
        }
        let base = Url::parse(&self.address().full_text(&self.target)?).ok()?;
        let url = base.join(location).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_plain = url.username().is_empty() && url.password().is_none();
        (is_web && is_plain).then_some(url)
    }
}

/// In plain a call goes to the API itself only, where that is in one's own networks: an address may be reached from
/// here no more than one inside.
fn without_https(url: &Url) -> CallError {
    match url.host() {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => {
            let host = url.host_str().unwrap_or_default().to_owned();
            CallError::NoResponseElsewhere(UpstreamError::AddressRefused { host })
        }
        Some(Host::Domain(_)) | None => refused("to another origin without https"),
    }
}

fn refused(why: impl Into<String>) -> CallError {
    CallError::Redirected(why.into())
}
