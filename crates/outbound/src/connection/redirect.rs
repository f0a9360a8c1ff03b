//! Redirects: off, unless the configuration allows some; then each is checked as the first address was.
//!
//! Only calls that read are followed (a write that was redirected is not sent twice), only to `https` where
//! the API is `https`, and without the credential once one has led to another origin. Within its own origin the API
//! says where its things are, as any client takes it.

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderMap, HeaderName, LOCATION, RANGE,
};
use http::uri::PathAndQuery;
use http::{Method, Response, StatusCode};
use url::Url;

use super::third_party::ThirdPartySettings;
use super::{Call, CallError};
use crate::body::ReplyStream;
use crate::upstream::Address;

/// What goes along to wherever the third party redirects: nothing that was meant for the third party.
const HARMLESS: [HeaderName; 4] = [ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, RANGE];

/// Takes over those headers that say nothing of the caller or the connection.
pub(super) fn harmless(from: &HeaderMap, to: &mut HeaderMap) {
    for name in HARMLESS {
        for value in from.get_all(&name) {
            to.append(name.clone(), value.clone());
        }
    }
}

/// Where a call goes next.
pub(super) struct Hop<'call> {
    pub(super) address: &'call Address,
    pub(super) target: &'call PathAndQuery,
    pub(super) method: &'call Method,
    /// It is the API that the credential is for.
    pub(super) is_home: bool,
}

impl<'call> Hop<'call> {
    /// Where every call goes first.
    pub(super) const fn home(settings: &'call ThirdPartySettings, call: &'call Call) -> Self {
        Self {
            address: &settings.base,
            target: &call.target,
            method: &call.method,
            is_home: true,
        }
    }
}

impl ThirdPartySettings {
    /// Whether a reply is a redirect that may be followed.
    pub(super) fn follows(&self, method: &Method, status: StatusCode) -> bool {
        self.redirects > 0 && method.is_safe() && matches!(status.as_u16(), 301..=303 | 307 | 308)
    }
}

/// A call on its way through redirects. Nothing is copied before one is followed.
pub(super) struct Redirects<'call> {
    settings: &'call ThirdPartySettings,
    left: u32,
    target: PathAndQuery,
    method: Method,
    /// Where it was sent; `None` before the first redirect.
    sent_to: Option<Address>,
    /// Every redirect so far stayed within the API's origin.
    is_home: bool,
}

impl<'call> Redirects<'call> {
    pub(super) fn new(settings: &'call ThirdPartySettings, call: &Call) -> Self {
        Self {
            settings,
            left: settings.redirects,
            target: call.target.clone(),
            method: call.method.clone(),
            sent_to: None,
            is_home: true,
        }
    }

    pub(super) fn hop(&self) -> Hop<'_> {
        Hop {
            address: self.address(),
            target: &self.target,
            method: &self.method,
            is_home: self.is_home,
        }
    }

    fn address(&self) -> &Address {
        self.sent_to.as_ref().unwrap_or(&self.settings.base)
    }

    /// Follows a redirect, if this is one and any is allowed. False when the reply is to be handed back.
    pub(super) fn follow(&mut self, reply: &Response<ReplyStream>) -> Result<bool, CallError> {
        if !self.settings.follows(&self.method, reply.status()) {
            return Ok(false);
        }
        if self.left == 0 {
            return Err(CallError::Redirected("more often than is allowed"));
        }
        self.left -= 1;
        let location = reply
            .headers()
            .get(LOCATION)
            .and_then(|it| it.to_str().ok());
        let unreadable = CallError::Redirected("to an address that cannot be read");
        let Some(url) = location.and_then(|location| self.resolve(location)) else {
            return Err(unreadable);
        };
        if self.settings.base.is_tls() && url.scheme() != "https" {
            return Err(CallError::Redirected("from https to http"));
        }
        // Once away from home, a call does not come home again: whoever sent it there chose the path.
        self.is_home &= self.settings.base.is_origin_of(&url);
        let address = if self.is_home {
            self.settings.base.split().map(|(origin, _)| origin)
        } else {
            Address::parse(&url.origin().ascii_serialization(), false).ok()
        };
        let Some(address) = address else {
            return Err(unreadable);
        };
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let Ok(target) = target.parse() else {
            return Err(unreadable);
        };
        self.sent_to = Some(address);
        self.target = target;
        Ok(true)
    }

    /// The address that `Location` means here.
    fn resolve(&self, location: &str) -> Option<Url> {
        let base = Url::parse(&self.address().full_text(&self.target)?).ok()?;
        let url = base.join(location).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let is_plain = url.username().is_empty() && url.password().is_none();
        (is_web && is_plain).then_some(url)
    }
}
