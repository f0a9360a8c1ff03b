//! The sources that are known by name, each as its provider documents it.

mod github;
mod hubspot;
mod mailchimp;
mod shopify;
mod slack;
mod square;
mod standard_webhooks;
mod stripe;
mod twilio;

use std::sync::Arc;

use super::SourceKind;

/// The name of a preset, and how it is made.
type Preset = (&'static str, fn() -> Arc<dyn SourceKind>);

const PRESETS: [Preset; 9] = [
    ("stripe", || Arc::new(stripe::Stripe)),
    ("hubspot", || Arc::new(hubspot::HubSpot)),
    ("github", || Arc::new(github::GitHub)),
    ("shopify", || Arc::new(shopify::Shopify)),
    ("slack", || Arc::new(slack::Slack)),
    ("square", || Arc::new(square::Square)),
    ("twilio", || Arc::new(twilio::Twilio)),
    ("mailchimp", || Arc::new(mailchimp::Mailchimp)),
    ("standard-webhooks", || {
        Arc::new(standard_webhooks::StandardWebhooks)
    }),
];

/// Returns the preset of this name.
pub fn preset(name: &str) -> Option<Arc<dyn SourceKind>> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, make)| make())
}

/// Returns the names of all presets.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
pub(super) mod tests {
    use backlot_outbound::third_party::SecretString;
    use bytes::Bytes;
    use http::uri::PathAndQuery;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};
    use jiff::Timestamp;

    use super::super::WebhookRequest;

    /// A request that tests change.
    #[derive(Debug, Clone)]
    pub(in super::super) struct Received {
        pub(in super::super) method: Method,
        pub(in super::super) target: PathAndQuery,
        pub(in super::super) public_url: String,
        pub(in super::super) headers: HeaderMap,
        pub(in super::super) body: Bytes,
        pub(in super::super) now: Timestamp,
    }

    impl Received {
        /// A request at a time in seconds.
        pub(in super::super) fn at(now: i64, url: (&str, &str), body: &str) -> Self {
            Self {
                method: Method::POST,
                target: url.1.parse().unwrap(),
                public_url: url.0.to_owned(),
                headers: HeaderMap::new(),
                body: Bytes::copy_from_slice(body.as_bytes()),
                now: Timestamp::from_second(now).unwrap(),
            }
        }

        pub(in super::super) fn with(mut self, name: &'static str, value: &str) -> Self {
            let value = HeaderValue::from_str(value).unwrap();
            self.headers.insert(HeaderName::from_static(name), value);
            self
        }

        pub(in super::super) fn request(&self) -> WebhookRequest<'_> {
            WebhookRequest {
                method: &self.method,
                target: &self.target,
                public_url: &self.public_url,
                headers: &self.headers,
                body: &self.body,
                now: self.now,
            }
        }
    }

    /// Secrets with these texts.
    pub(in super::super) fn secrets(texts: &[&str]) -> Vec<SecretString> {
        let texts = texts.iter().map(|text| (*text).to_owned());
        texts.map(SecretString::new).collect()
    }
}
