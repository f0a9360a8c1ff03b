//! A request of a webhook source, as its signature sees it.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use super::SignatureError;

/// A request whose body has been read.
#[derive(Debug, Clone, Copy)]
pub struct WebhookRequest<'request> {
    /// The method.
    pub method: &'request Method,
    /// The path and the query, as they were received.
    pub target: &'request PathAndQuery,
    /// The address that the source knows this server by, without a slash at its end.
    pub public_url: &'request str,
    /// The headers.
    pub headers: &'request HeaderMap,
    /// The body, as it was received.
    pub body: &'request Bytes,
    /// The time of its arrival.
    pub now: Timestamp,
}

impl WebhookRequest<'_> {
    /// Returns the address that the source has sent the request to.
    pub fn url(&self) -> String {
        format!("{}{}", self.public_url, self.target)
    }

    /// Returns a header. `None` if it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns a header that the signature depends on.
    ///
    /// # Errors
    /// If the header is absent, repeated, or not text.
    pub fn required(&self, name: &'static str) -> Result<&str, SignatureError> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Err(SignatureError::Missing(name.into())),
            (Some(value), None) => value
                .to_str()
                .map(str::trim)
                .map_err(|_| SignatureError::Malformed(name.into())),
            (Some(_), Some(_)) => Err(SignatureError::Malformed(name.into())),
        }
    }

    /// Returns the first parameter of the query with this name.
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.target.query().unwrap_or_default();
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// Returns whether the body is a form.
    pub fn is_form(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}
