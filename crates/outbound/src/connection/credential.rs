//! What proves to a third party who sends a call.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::form::pairs;
use super::signature::{SignatureTemplate, Signed};
use crate::redact::Needles;

/// A credential, open, for one call. It cannot be printed.
#[derive(Clone)]
pub struct Credential {
    kind: Kind,
    /// What must never come back.
    needles: Needles,
    generation: u64,
}

#[derive(Clone)]
enum Kind {
    None,
    Header(HeaderName, HeaderValue),
    Query(String, Zeroizing<String>),
    Signature(Arc<SignatureTemplate>, Zeroizing<String>),
}

/// The credential cannot be put on the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    /// A header cannot hold it.
    #[error("the credential holds characters that no header can carry, such as a line break")]
    NotForAHeader,
    /// The path and query together with it make none.
    #[error("the credential does not fit into the query")]
    NotForAQuery,
    /// It signs the body, which streams by.
    #[error("the signature needs the whole body")]
    NeedsBody,
}

/// A request on its way to be signed.
pub(super) struct Unsigned<'call> {
    pub(super) method: &'call Method,
    pub(super) target: &'call PathAndQuery,
    /// The same as the third party sees it, under the base address's path.
    pub(super) seen_as: &'call PathAndQuery,
    pub(super) host: &'call str,
    /// `None` while it streams.
    pub(super) body: Option<&'call Bytes>,
    pub(super) now: Timestamp,
}

impl Credential {
    /// None is needed.
    pub fn none() -> Self {
        Self {
            kind: Kind::None,
            needles: Needles::default(),
            generation: 0,
        }
    }

    /// `Authorization: Bearer …`
    pub fn bearer(token: &str) -> Result<Self, CredentialFault> {
        Self::header(AUTHORIZATION, "Bearer ", token)
    }

    /// `Authorization: Basic …`
    pub fn basic(user: &str, password: &str) -> Result<Self, CredentialFault> {
        let both = Zeroizing::new(format!("{user}:{password}"));
        let encoded = Zeroizing::new(STANDARD.encode(both.as_bytes()));
        let mut credential = Self::header(AUTHORIZATION, "Basic ", &encoded)?;
        credential.needles = Needles::of_basic(user, password);
        if password.is_empty() {
            // The key is the user: so does Stripe.
            credential.needles = credential.needles.and(&Needles::of(user.as_bytes()));
        }
        Ok(credential)
    }

    /// A header with something before the secret, or nothing.
    pub fn header(name: HeaderName, before: &str, secret: &str) -> Result<Self, CredentialFault> {
        let text = Zeroizing::new(format!("{before}{secret}"));
        let value = HeaderValue::from_str(&text);
        let mut value = value.map_err(|_| CredentialFault::NotForAHeader)?;
        value.set_sensitive(true);
        Ok(Self {
            kind: Kind::Header(name, value),
            needles: Needles::of(secret.as_bytes()),
            generation: generation(secret),
        })
    }

    /// A parameter of the query.
    pub fn query(name: &str, secret: &str) -> Self {
        Self {
            needles: Needles::of(secret.as_bytes()),
            generation: generation(secret),
            kind: Kind::Query(name.to_owned(), Zeroizing::new(secret.to_owned())),
        }
    }

    /// A signature of each request.
    pub fn signature(template: Arc<SignatureTemplate>, secret: &str) -> Self {
        Self {
            needles: Needles::of(secret.as_bytes()),
            generation: generation(secret),
            kind: Kind::Signature(template, Zeroizing::new(secret.to_owned())),
        }
    }

    /// Whether the whole body must be there.
    pub fn needs_body(&self) -> bool {
        matches!(&self.kind, Kind::Signature(template, _) if template.needs_body())
    }

    /// What must never come back.
    pub const fn needles(&self) -> &Needles {
        &self.needles
    }

    /// Another number for another secret, as long as this program runs; it says nothing of the secret.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Puts itself on a request: in its headers, or in its query.
    pub(super) fn put_on(
        &self,
        request: &Unsigned<'_>,
        headers: &mut HeaderMap,
    ) -> Result<PathAndQuery, CredentialFault> {
        match &self.kind {
            Kind::None => {}
            Kind::Header(name, value) => {
                headers.insert(name.clone(), value.clone());
            }
            Kind::Query(name, secret) => return with_parameter(request.target, name, secret),
            Kind::Signature(template, secret) => {
                let body = match request.body {
                    None if template.needs_body() => return Err(CredentialFault::NeedsBody),
                    body => body.map_or(&[][..], |body| &body[..]),
                };
                let signed = Signed::new(request, body);
                for (name, value) in template.sign(secret, &signed)? {
                    headers.insert(name, value);
                }
            }
        }
        Ok(request.target.clone())
    }
}

fn generation(secret: &str) -> u64 {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    SEED.hash_one(secret)
}

fn with_parameter(
    target: &PathAndQuery,
    name: &str,
    secret: &str,
) -> Result<PathAndQuery, CredentialFault> {
    let parameter = Zeroizing::new(pairs([(name, secret)]));
    let path = target.path();
    // A redirect may repeat what it was asked with.
    let is_it = |part: &&str| {
        let mut read = url::form_urlencoded::parse(part.as_bytes());
        read.next().is_some_and(|(known, _)| known == name)
    };
    let parts = target.query().unwrap_or_default().split('&');
    let others: Vec<&str> = parts
        .filter(|part| !part.is_empty() && !is_it(part))
        .collect();
    let before = others.join("&");
    let whole = Zeroizing::new(if before.is_empty() {
        format!("{path}?{}", *parameter)
    } else {
        format!("{path}?{before}&{}", *parameter)
    });
    whole.parse().map_err(|_| CredentialFault::NotForAQuery)
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::None => "none",
            Kind::Header(..) => "header",
            Kind::Query(..) => "query",
            Kind::Signature(..) => "signature",
        };
        write!(formatter, "Credential({kind}, …)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(credential: &Credential, target: &'static str) -> (String, HeaderMap) {
        let mut headers = HeaderMap::new();
        let target = PathAndQuery::from_static(target);
        let request = Unsigned {
            method: &Method::GET,
            target: &target,
            seen_as: &target,
            host: "api.example.com",
            body: None,
            now: Timestamp::UNIX_EPOCH,
        };
        let target = credential.put_on(&request, &mut headers).unwrap();
        (target.to_string(), headers)
    }

    #[test]
    fn each_kind_stands_in_its_place() {
        let (_, headers) = put(&Credential::bearer("sk_1").unwrap(), "/x");
        assert_eq!(headers[AUTHORIZATION], "Bearer sk_1");
        assert!(headers[AUTHORIZATION].is_sensitive());
        let (_, headers) = put(&Credential::basic("Aladdin", "open sesame").unwrap(), "/x");
        assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let name = HeaderName::from_static("x-api-key");
        let (_, headers) = put(&Credential::header(name, "", "k").unwrap(), "/x");
        assert_eq!(headers["x-api-key"], "k");
        let key = Credential::query("key", "a&b=c d");
        assert_eq!(put(&key, "/x").0, "/x?key=a%26b%3Dc%20d");
        assert_eq!(put(&key, "/x?y=1").0, "/x?y=1&key=a%26b%3Dc%20d");
        assert_eq!(
            put(&key, "/x?key=1&keys=2&k%65y").0,
            "/x?keys=2&key=a%26b%3Dc%20d"
        );
        assert_eq!(put(&Credential::none(), "/x?y").0, "/x?y");
    }

    #[test]
    fn nothing_is_smuggled_and_nothing_is_printed() {
        let smuggled = Credential::bearer("a\r\nX-Evil: 1").unwrap_err();
        assert_eq!(smuggled, CredentialFault::NotForAHeader);
        let credential = Credential::basic("user", "s3cret").unwrap();
        assert_eq!(format!("{credential:?}"), "Credential(header, …)");
        let echo = HeaderValue::from_static("you sent s3cret, or dXNlcjpzM2NyZXQ=");
        let clean = credential.needles().redact_value(&echo).unwrap();
        assert_eq!(clean, "you sent ******, or ****************");
    }
}
