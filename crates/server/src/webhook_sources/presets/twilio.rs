//! Twilio: `X-Twilio-Signature`, base64 of the HMAC-SHA1 over the address and the sorted fields of the form. Twilio
//! documents no time window.
//!
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-security>. Bodies of JSON are not signed themselves: the address
//! holds their hash in `bodySHA256`. A port in the address is signed by some of its services and left out by others.
//! Webhooks that are signed with a shared key name their algorithm in `X-Twilio-Webhooks-Signature-Settings`.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use aws_lc_rs::hmac::{Algorithm, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};
use backlot_outbound::third_party::SecretString;
use serde_json::Value;

use crate::webhook_sources::facts::{first_text, text, time};
use crate::webhook_sources::signature::{base64, check_hmac, hex, is_equal};
use crate::webhook_sources::{
    EventFacts, SignatureError, SourceKind, SourceResponse, WebhookRequest,
};

const SIGNATURE: &str = "x-twilio-signature";
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
const BODY_HASH: &str = "bodySHA256";

#[derive(Debug)]
pub(super) struct Twilio;

impl SourceKind for Twilio {
    fn verify(
        &self,
        request: &WebhookRequest<'_>,
        secrets: &[SecretString],
    ) -> Result<(), SignatureError> {
        let signature = base64(request.required(SIGNATURE)?, SIGNATURE)?;
        let algorithm = algorithm(request)?;
        let fields = match request.query(BODY_HASH) {
            Some(digits) => {
                let hash = digest::digest(&digest::SHA256, request.body);
                if !is_equal(hash.as_ref(), &hex(&digits, BODY_HASH)?) {
                    return Err(SignatureError::Mismatch);
                }
                String::new()
            }
            None if request.is_form() || request.body.is_empty() => sorted_fields(request.body),
            None => return Err(SignatureError::Missing(BODY_HASH.into())),
        };
        let mut outcome = Err(SignatureError::Mismatch);
        for origin in origins(request.public_url) {
            let url = format!("{origin}{}", request.target);
            let parts = [url.as_bytes(), fields.as_bytes()];
            outcome = outcome.or_else(|_| check_hmac(algorithm, secrets, &parts, &signature));
        }
        outcome
    }

    fn facts(&self, request: &WebhookRequest<'_>, data: &Value) -> EventFacts {
        let status = |name: &str, pointers: &[&str]| {
            let status = first_text(data, pointers)?;
            Some(format!("{name}.{status}"))
        };
        let message = || status("message", &["/MessageStatus", "/SmsStatus"]);
        let call = || status("call", &["/CallStatus"]);
        // The last three are those of a CloudEvent, as Event Streams sends them.
        let event_type = text(data, "/type").or_else(message).or_else(call);
        let token = request.header("i-twilio-idempotency-token");
        let mut facts = EventFacts {
            id: text(data, "/id").or_else(|| token.map(str::to_owned)),
            event_type,
            entity_id: first_text(
                data,
                &["/MessageSid", "/SmsSid", "/CallSid", "/data/messageSid"],
            ),
            occurred_at: time(data, "/time"),
            ..EventFacts::default()
        };
        facts.detail(
            "accountSid",
            first_text(data, &["/AccountSid", "/data/accountSid"]),
        );
        facts
    }

    fn splits_arrays(&self) -> bool {
        true
    }

    fn signs_url(&self) -> bool {
        true
    }

    fn account(&self) -> &'static [&'static str] {
        &["/AccountSid", "/data/accountSid"]
    }

    /// Instructions in `TwiML` that ask for nothing: to a message, any other body would be sent as a reply.
    fn accepted(&self, request: &WebhookRequest<'_>) -> SourceResponse {
        if !request.is_form() {
            return SourceResponse::default();
        }
        SourceResponse {
            content_type: Some("text/xml; charset=utf-8"),
            body: r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#.to_owned(),
        }
    }
}

fn algorithm(request: &WebhookRequest<'_>) -> Result<Algorithm, SignatureError> {
    let settings = request.header(SETTINGS).unwrap_or_default();
    let named = settings.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        (name.trim() == "algorithm").then(|| value.trim().to_ascii_uppercase())
    });
    match named.as_deref() {
        None | Some("" | "HMAC_SHA1") => Ok(HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        Some("HMAC_SHA256") => Ok(HMAC_SHA256),
        Some(_) => Err(SignatureError::Malformed(SETTINGS.into())),
    }
}

/// Each name with its values, sorted and without repetitions.
fn sorted_fields(body: &[u8]) -> String {
    let mut fields: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        fields.entry(name).or_default().insert(value);
    }
    let mut text = String::new();
    for (name, values) in &fields {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    text
}

/// The address of this server, without a port and with one.
fn origins(public_url: &str) -> Vec<String> {
    let mut origins = vec![public_url.to_owned()];
    let Some((scheme, rest)) = public_url.split_once("://") else {
        return origins;
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // A colon within brackets belongs to an IPv6 address.
    let after_bracket = host.rfind(']').map_or(0, |at| at + 1);
    if let Some(at) = host[after_bracket..].find(':') {
        let host = &host[..after_bracket + at];
        origins.push(format!("{scheme}://{host}{path}"));
    } else {
        let port = if scheme == "https" { 443 } else { 80 };
        origins.push(format!("{scheme}://{host}:{port}{path}"));
    }
    origins
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Received, secrets};
    use super::*;

    /// The examples of Twilio's documentation, and what npm's `twilio` makes of them.
    const FORM: &str = "Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid=CA1234567890ABCDE";
    const JSON: &str = r#"{"property": "value", "boolean": true}"#;
    const JSON_TARGET: &str = "/myapp.php?foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";

    fn form(origin: &str, target: &str, body: &str, signature: &str) -> Received {
        Received::at(0, (origin, target), body)
            .with(SIGNATURE, signature)
            .with(
                "content-type",
                "application/x-www-form-urlencoded; charset=UTF-8",
            )
    }

    fn json(body: &str, signature: &str) -> Received {
        Received::at(0, ("https://mycompany.com", JSON_TARGET), body)
            .with(SIGNATURE, signature)
            .with("content-type", "application/json")
    }

    fn verify(received: &Received) -> Result<(), SignatureError> {
        Twilio.verify(&received.request(), &secrets(&["12345"]))
    }

    #[test]
    fn forms() {
        let signed = |origin: &str, body: &str| {
            let target = "/myapp.php?foo=1&bar=2";
            verify(&form(origin, target, body, "GvWf1cFY/Q7PnoempGyD5oXAezc="))
        };
        for origin in ["https://mycompany.com", "https://mycompany.com:443"] {
            assert_eq!(signed(origin, FORM), Ok(()), "{origin}");
        }
        assert_eq!(
            signed("http://mycompany.com", FORM),
            Err(SignatureError::Mismatch)
        );
        let more = format!("{FORM}&a=b");
        assert_eq!(
            signed("https://mycompany.com", &more),
            Err(SignatureError::Mismatch)
        );
        let repeated = form(
            "https://mycompany.com",
            "/myapp.php",
            "b=2&b=1&a=x&b=2",
            "wveOrq/5Wp5Svpr7hfis5ee0X6s=",
        );
        assert_eq!(verify(&repeated), Ok(()));
    }

    #[test]
    fn json_is_proven_by_its_hash_in_the_address() {
        let of_sha1 = json(JSON, "a9nBmqA0ju/hNViExpshrM61xv4=");
        assert_eq!(verify(&of_sha1), Ok(()));
        let changed = json(&JSON[1..], "a9nBmqA0ju/hNViExpshrM61xv4=");
        assert_eq!(verify(&changed), Err(SignatureError::Mismatch));
        let mut without = of_sha1;
        without.target = "/myapp.php".parse().unwrap();
        assert_eq!(
            verify(&without),
            Err(SignatureError::Missing(BODY_HASH.into()))
        );
    }

    #[test]
    fn a_shared_key_names_its_algorithm() {
        let of_sha256 = json(JSON, "+UOCWf84gdgo/5Hpg4m5/EgKnJA2/TbOw5sPNVr3bPk=");
        assert_eq!(verify(&of_sha256), Err(SignatureError::Mismatch));
        let named = of_sha256.with(SETTINGS, "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256");
        assert_eq!(verify(&named), Ok(()));
        let unknown = named.with(SETTINGS, "algorithm=none");
        assert!(verify(&unknown).is_err());
    }

    #[test]
    fn ports_of_ipv6_addresses() {
        let both = |url| origins(url).pop().unwrap();
        assert_eq!(both("https://[::1]/base"), "https://[::1]:443/base");
        assert_eq!(both("http://[::1]:8080"), "http://[::1]");
    }
}
