//! `shared_secret = { … }`: sources that send a secret in a header or in the query, such as "Send HTTP request" of Wix
//! Automations.

use backlot_outbound::third_party::SecretString;
use http::HeaderName;
use serde_json::Value;

use super::signature::check_secret;
use super::{EventFacts, SignatureError, SourceKind, WebhookRequest};

/// Where the secret is.
#[derive(Debug)]
pub enum SharedSecret {
    /// In a header, after a prefix.
    Header {
        /// The header's name.
        name: HeaderName,
        /// What stands before the secret: `Bearer `, for example.
        prefix: String,
    },
    /// In a parameter of the query.
    Query(String),
}

impl SourceKind for SharedSecret {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        if secrets.is_empty() && self.has_secret_in_url() {
            return Ok(());
        }
        let (name, found) = match self {
            Self::Header { name, prefix } => {
                let mut values = request.headers.get_all(name).iter();
                let only = values.next().filter(|_| values.next().is_none());
                let text = only.and_then(|value| value.to_str().ok());
                let secret = text.and_then(|text| text.strip_prefix(&**prefix));
                (name.as_str(), secret.map(str::to_owned))
            }
            Self::Query(name) => (&**name, request.query(name)),
        };
        let found = found.ok_or_else(|| SignatureError::Missing(name.into()))?;
        check_secret(secrets, &found)
    }

    fn facts(&self, _: &WebhookRequest<'_>, _: &Value) -> EventFacts {
        EventFacts::default()
    }

    fn has_secret_in_url(&self) -> bool {
        matches!(self, Self::Query(_))
    }
}

#[cfg(test)]
mod tests {
    use super::super::presets::tests::{Received, secrets};
    use super::*;

    #[test]
    fn secrets_in_a_header_or_the_query() {
        let header = SharedSecret::Header {
            name: HeaderName::from_static("authorization"),
            prefix: "Bearer ".to_owned(),
        };
        let verify = |source: &SharedSecret, received: &Received| {
            source.verify(&received.request(), &secrets(&["one", "two"]))
        };
        let plain = Received::at(0, ("", "/webhooks/a?key=two"), "{}");
        let sent = plain.clone().with("authorization", "Bearer two");
        assert_eq!(verify(&header, &sent), Ok(()));
        for wrong in ["two", "Bearer tw", "Bearer ", "bearer two"] {
            let sent = plain.clone().with("authorization", wrong);
            assert!(verify(&header, &sent).is_err(), "{wrong}");
        }
        let mut twice = sent.clone();
        let again = http::HeaderValue::from_static("Bearer two");
        twice.headers.append("authorization", again);
        assert!(verify(&header, &twice).is_err());
        let query = |name: &str| SharedSecret::Query(name.to_owned());
        assert_eq!(verify(&query("key"), &plain), Ok(()));
        assert!(verify(&query("secret"), &plain).is_err());
    }
}
