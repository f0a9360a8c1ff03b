//! `hmac = { … }`: sources that sign as the template says, which is the one that `[[connection]]` has.

use backlot_outbound::third_party::{
    ReceivedRequest, ReceivedSignatureError, SecretString, SignatureTemplate,
};
use http::Uri;
use jiff::SignedDuration;
use serde_json::Value;

use super::signature::check_time;
use super::{EventFacts, SignatureError, SourceKind, WebhookRequest};

/// A source whose signature is written as a template.
#[derive(Debug)]
pub struct HmacSource {
    /// What is signed, and the headers with the signature.
    pub template: SignatureTemplate,
    /// The time window of signatures with a time.
    pub tolerance: SignedDuration,
}

impl SourceKind for HmacSource {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let url = request.url();
        let url: Uri = url
            .parse()
            .map_err(|_| SignatureError::Malformed("the address".into()))?;
        let received = ReceivedRequest {
            method: request.method,
            url: &url,
            headers: request.headers,
            body: request.body,
        };
        let keys: Vec<&str> = secrets.iter().map(SecretString::reveal).collect();
        let signed_at = self.template.verify(&keys, &received);
        let signed_at = signed_at.map_err(|error| match error {
            ReceivedSignatureError::Missing(name) => SignatureError::Missing(name.as_str().into()),
            ReceivedSignatureError::Malformed(name) => {
                SignatureError::Malformed(name.as_str().into())
            }
            ReceivedSignatureError::Mismatch => SignatureError::Mismatch,
        })?;
        match signed_at {
            Some(time) => check_time(time, request.now, self.tolerance),
            None => Ok(()),
        }
    }

    fn facts(&self, _: &WebhookRequest<'_>, _: &Value) -> EventFacts {
        EventFacts::default()
    }

    fn signs_url(&self) -> bool {
        self.template.needs_url()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use backlot_outbound::third_party::{HmacHash, SignatureEncoding};
    use http::HeaderName;

    use super::super::presets::tests::{Received, secrets};
    use super::*;

    #[test]
    fn the_template_says_what_is_signed_and_how_long_it_holds() {
        let header = HeaderName::from_static("x-signature");
        let text = "t={timestamp},v1={signature}".to_owned();
        let template = SignatureTemplate::for_received(
            HmacHash::Sha256,
            SignatureEncoding::Hex,
            "{timestamp}.{target}.{body}",
            vec![(header, text)],
        );
        let source = HmacSource {
            template: template.unwrap(),
            tolerance: SignedDuration::from_mins(1),
        };
        assert!(source.signs_url());
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
        let tag = hmac::sign(&key, b"1000./base/webhooks/a?b=c.{}");
        let header = format!("t=1000,v1={}", const_hex::encode(tag));
        let verify = |now: i64, texts: &[&str]| {
            let url = ("https://backend.example.com/base", "/webhooks/a?b=c");
            let received = Received::at(now, url, "{}").with("x-signature", &header);
            source.verify(&received.request(), &secrets(texts))
        };
        assert_eq!(verify(1060, &["other", "s3cret"]), Ok(()));
        assert_eq!(verify(1060, &["other"]), Err(SignatureError::Mismatch));
        let late = Err(SignatureError::OutOfTime(SignedDuration::from_mins(1)));
        assert_eq!(verify(1061, &["s3cret"]), late);
        assert_eq!(verify(938, &["s3cret"]), late);
    }
}
