//! Every vector that a signature covers, checked with the clock frozen where the vector says.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

use std::sync::OnceLock;

use backlot_wix::event::Event;
use backlot_wix::jwt::{
    JwtError, PublicKey, Webhook, verify_digest, verify_service_plugin, verify_webhook,
};
use backlot_wix::signed_instance::{Payload, Policy, RejectReason, Wire, sign};
use backlot_wix::{AppSecret, AppSecrets, Credential, Role};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;

fn vectors() -> &'static Value {
    static VECTORS: OnceLock<Value> = OnceLock::new();
    VECTORS.get_or_init(|| serde_json::from_str(include_str!("vectors/wix-vectors.json")).unwrap())
}

fn list(key: &str) -> &'static [Value] {
    vectors()[key].as_array().unwrap()
}

fn text<'value>(value: &'value Value, key: &str) -> &'value str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}"))
}

fn secrets(text: &str) -> AppSecrets {
    AppSecrets::new(vec![AppSecret::new("another"), AppSecret::new(text)]).unwrap()
}

fn key_of(vector: &Value) -> PublicKey {
    let generated = text(&vectors()["generated_keys"], "public_key_pem");
    let pem = match vector["public_key_pem"].as_str() {
        Some("generated_keys.public_key_pem") | None => generated,
        Some(pem) => pem,
    };
    PublicKey::parse(pem).unwrap()
}

fn frozen(vector: &Value) -> Timestamp {
    let seconds = vector["verify_at"].as_i64().unwrap_or(1_795_341_660);
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn signed_instances() {
    let mut valid = 0;
    for vector in list("signed_instances") {
        let name = text(vector, "name");
        let secrets = secrets(text(vector, "secret"));
        let verified = Wire::parse(text(vector, "instance"))
            .map_err(|error| error.to_string())
            .and_then(|wire| wire.verify(&secrets).map_err(|error| error.to_string()));
        match text(vector, "expect") {
            "valid" => {
                let verified = verified.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(
                    verified.secret_index(),
                    1,
                    "{name}: the older of two secrets"
                );
                let bytes = verified.decode().unwrap();
                let json: Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(json, vector["payload"], "{name}");
                Payload::from_json(&bytes).unwrap();
                valid += 1;
            }
            "invalid" => assert!(verified.is_err(), "{name} must be refused"),
            _choice => {
                assert_eq!(name, "signature-with-padding");
                assert!(verified.is_ok(), "one = behind the signature is tolerated");
            }
        }
    }
    assert!(valid >= 5, "the file holds five valid instances");
}

#[test]
fn the_example_of_2021_parses_and_the_policy_refuses_it() {
    let vector = &list("signed_instances")[1];
    let verified = Wire::parse(text(vector, "instance"))
        .unwrap()
        .verify(&secrets(text(vector, "secret")))
        .unwrap();
    let bytes = verified.decode().unwrap();
    let payload = Payload::from_json(&bytes).unwrap();
    assert_eq!(payload.instance_id, "aaaa");
    let now: Timestamp = "2021-12-27T12:00:00Z".parse().unwrap();
    assert_eq!(
        policy().admit(&payload, now),
        Err(RejectReason::InstanceIdNotAGuid)
    );
}

fn policy() -> Policy {
    Policy {
        app_id: text(&vectors()["generated_keys"], "app_id")
            .parse()
            .unwrap(),
        maximum_age: Policy::DEFAULT_MAXIMUM_AGE,
        clock_skew: Policy::DEFAULT_CLOCK_SKEW,
    }
}

#[test]
fn generated_instances_become_callers() {
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let roles = [
        ("generated-dashboard-2026", Role::Owner, None),
        ("generated-site-visitor-2026", Role::Visitor, Some("pro")),
        ("generated-utf8", Role::Member, None),
    ];
    for (name, role, plan) in roles {
        let vector = list("signed_instances")
            .iter()
            .find(|vector| text(vector, "name") == name)
            .unwrap();
        let verified = Wire::parse(text(vector, "instance"))
            .unwrap()
            .verify(&secrets(text(vector, "secret")))
            .unwrap();
        let bytes = verified.decode().unwrap();
        let payload = Payload::from_json(&bytes).unwrap();
        let caller = policy().admit(&payload, now).unwrap();
        assert_eq!(caller.role, role, "{name}");
        assert_eq!(caller.plan.as_deref(), plan, "{name}");
        let late: Timestamp = "2026-11-22T14:05:01Z".parse().unwrap();
        assert!(
            matches!(
                policy().admit(&payload, late),
                Err(RejectReason::Expired(_))
            ),
            "{name}"
        );
    }
}

#[test]
fn every_payload_shape_reads_or_is_known_not_to() {
    for vector in list("instance_payload_shapes") {
        let json = vector["payload"].to_string();
        let velo = text(vector, "context").starts_with("Velo");
        assert_eq!(Payload::from_json(json.as_bytes()).is_err(), velo, "{json}");
    }
}

#[test]
fn age_is_checked_at_both_ends() {
    let sign_date = |fields: &str| {
        format!(r#"{{"instanceId":"2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60",{fields}}}"#)
    };
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let admit = |json: &str| policy().admit(&Payload::from_json(json.as_bytes()).unwrap(), now);
    assert!(admit(&sign_date(r#""signDate":"2026-11-22T12:05:00Z""#)).is_ok());
    assert!(matches!(
        admit(&sign_date(r#""signDate":"2026-11-22T12:05:01Z""#)),
        Err(RejectReason::FromTheFuture(_))
    ));
    assert!(admit(&sign_date(r#""signDate":"2026-11-21T11:55:00Z""#)).is_ok());
    assert!(matches!(
        admit(&sign_date(r#""signDate":"2026-11-21T11:54:59Z""#)),
        Err(RejectReason::Expired(_))
    ));
    // An expiry overrides the age, both ways.
    let old = r#""signDate":"2026-11-01T12:00:00Z","expirationDate":"2026-11-22T12:00:00Z""#;
    assert!(admit(&sign_date(old)).is_ok());
    let young = r#""signDate":"2026-11-22T11:00:00Z","expirationDate":"2026-11-22T11:54:00Z""#;
    assert!(admit(&sign_date(young)).is_err());
    let null = r#""signDate":"2026-11-22T11:00:00Z","expirationDate":null"#;
    assert!(admit(&sign_date(null)).is_ok());
    assert_eq!(
        admit(&sign_date(r#""signDate":"yesterday""#)),
        Err(RejectReason::BadDate("signDate"))
    );
    let other =
        r#""signDate":"2026-11-22T12:00:00Z","appDefId":"00000000-0000-4000-8000-000000000000""#;
    assert_eq!(admit(&sign_date(other)), Err(RejectReason::WrongApp));
    for edge in ["-009999-01-01T00:00:00Z", "9999-12-30T22:00:00Z"] {
        assert!(admit(&sign_date(&format!(r#""signDate":"{edge}""#))).is_err());
    }
}

#[test]
fn webhooks() {
    for vector in list("webhook_jwts") {
        let name = text(vector, "name");
        let result = verify_webhook(text(vector, "jwt"), &key_of(vector), frozen(vector));
        match text(vector, "expect") {
            expect if expect.starts_with("valid") => {
                let webhook = result.unwrap_or_else(|error| panic!("{name}: {error}"));
                let claims: Value = serde_json::from_str(text(&vector["claims"], "data")).unwrap();
                assert_eq!(webhook.event_type, claims["eventType"], "{name}");
                assert_eq!(webhook.data, claims["data"], "{name}");
                let event = Event::open(webhook).unwrap();
                let data: Value = serde_json::from_str(text(&claims, "data")).unwrap();
                assert_eq!(
                    event.entity_id.as_deref(),
                    data["entityId"].as_str(),
                    "{name}"
                );
                match data["id"].as_str() {
                    Some(id) => assert_eq!(event.id, id, "{name}"),
                    None => assert_eq!(event.id.len(), 64, "{name}"),
                }
            }
            "invalid signature" => assert!(matches!(result, Err(JwtError::WrongSignature))),
            "invalid: exp passed" => assert!(matches!(result, Err(JwtError::Expired))),
            _ if name == "gen-alg-none" => {
                assert!(matches!(result, Err(JwtError::WrongAlgorithm)));
            }
            other => panic!("{name}: unexpected expectation {other}"),
        }
    }
}

#[test]
fn webhooks_of_the_future_are_refused() {
    let vector = &list("webhook_jwts")[1];
    let early = |seconds: i64| {
        let now = Timestamp::from_second(1_795_341_600 - seconds).unwrap();
        verify_webhook(text(vector, "jwt"), &key_of(vector), now)
    };
    assert!(early(300).is_ok(), "clocks differ");
    assert!(matches!(early(301), Err(JwtError::NotYetValid)));
}

/// The samples of Wix's documentation: most are the content of a webhook, three are whole envelopes.
#[test]
fn samples_of_events_are_opened() {
    let file: Value = serde_json::from_str(include_str!(
        "../../simulator/samples/wix-event-samples.json"
    ))
    .unwrap();
    let samples = file["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 198);
    let (mut opened, mut broken) = (0, 0);
    for entry in samples {
        let (name, sample) = (text(entry, "message"), &entry["sample"]);
        let is_envelope = sample["eventType"].is_string() && sample["instanceId"].is_string();
        let envelope = if is_envelope {
            sample.clone()
        } else {
            serde_json::json!({ "eventType": "sample", "data": sample.to_string() })
        };
        let webhook = Webhook::from_envelope(&envelope.to_string())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let event = Event::open(webhook).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.id.len(), if is_envelope { 64 } else { 36 }, "{name}");
        assert!(event.event_time.is_some(), "{name}");
        let data: Value = serde_json::from_str(&event.data).unwrap();
        for (part, field) in [
            ("createdEvent", "entity"),
            ("updatedEvent", "currentEntity"),
            ("actionEvent", "body"),
        ] {
            if data[part].get(field).is_some() {
                assert!(data[part][field].is_object(), "{name}: {part}.{field}");
                opened += 1;
            }
            // In two samples the text lacks a brace, and stays as it is.
            if let Some(text) = data[part].get(format!("{field}AsJson")) {
                let text = text.as_str().unwrap();
                assert!(serde_json::from_str::<Value>(text).is_err(), "{name}");
                broken += 1;
            }
        }
    }
    assert!(opened >= 160 && broken == 2, "{opened}, {broken}");
}

#[test]
fn service_plugins() {
    let app_id = text(&vectors()["generated_keys"], "app_id")
        .parse()
        .unwrap();
    for vector in list("service_plugin_jwts") {
        let name = text(vector, "name");
        let body = text(vector, "body_jwt");
        let result = verify_service_plugin(body, &key_of(vector), app_id, frozen(vector));
        match text(vector, "expect") {
            "valid" => {
                let call = result.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(call.request, vector["claims"]["data"]["request"], "{name}");
            }
            "invalid audience" => assert!(matches!(result, Err(JwtError::WrongParty("aud")))),
            "expired" => assert!(matches!(result, Err(JwtError::Expired))),
            "invalid signature" => assert!(matches!(result, Err(JwtError::WrongSignature))),
            other => panic!("{name}: unexpected expectation {other}"),
        }
    }
}

#[test]
fn digests() {
    for vector in list("digest_headers") {
        let header = text(vector, "header_value");
        let (key, now) = (key_of(vector), frozen(vector));
        let body = text(vector, "body").as_bytes();
        verify_digest(header, body, &key, now).unwrap();
        verify_digest(&format!("JWT={header}"), body, &key, now).unwrap();
        assert!(matches!(
            verify_digest(header, b"{}", &key, now),
            Err(JwtError::WrongBody)
        ));
    }
}

#[test]
fn public_keys_in_every_spelling() {
    let keys = &vectors()["generated_keys"];
    let pem = text(keys, "public_key_pem");
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let vector = &list("webhook_jwts")[1];
    for spelling in [
        pem.to_owned(),
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\\r\\n"),
        text(keys, "public_key_base64_of_pem").to_owned(),
        STANDARD.encode(pem.replace('\n', "\\n")),
        der.trim_end_matches('=').into(),
        der,
    ] {
        let key = PublicKey::parse(&spelling).unwrap_or_else(|_| panic!("{spelling}"));
        verify_webhook(text(vector, "jwt"), &key, frozen(vector)).unwrap();
    }
    for wrong in [
        "",
        "hello",
        "aGVsbG8=",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    ] {
        assert!(PublicKey::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn access_tokens_are_told_apart() {
    for vector in list("access_token_shapes") {
        let Some(token) = vector["token"].as_str() else {
            continue;
        };
        assert!(
            matches!(Credential::classify(token), Credential::AccessToken(_)),
            "{token}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(value in "\\PC{0,200}") {
        let secrets = secrets("secret");
        let _ = Credential::classify(&value);
        if let Ok(wire) = Wire::parse(&value) {
            proptest::prop_assert!(wire.verify(&secrets).is_err());
            let _ = wire.decode_unverified();
        }
    }

    #[test]
    fn any_change_to_a_signed_instance_is_refused(position in 0usize..400, letter in "[A-Za-z0-9_.=-]") {
        let secret = AppSecret::new("secret");
        let json = br#"{"instanceId":"2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60","signDate":"2026-11-22T10:00:00.000Z","uid":null}"#;
        let instance = sign(&secret, json);
        let position = position % instance.len();
        let mut changed = instance.clone();
        changed.replace_range(position..=position, &letter);
        if changed != instance {
            let accepted = Wire::parse(&changed)
                .is_ok_and(|wire| wire.verify(&secrets("secret")).is_ok());
            proptest::prop_assert!(!accepted, "{changed}");
        }
    }

    #[test]
    fn any_json_inside_is_read_or_refused_without_panic(bytes in proptest::collection::vec(0u8..=255, 0..300)) {
        let secret = AppSecret::new("secret");
        let instance = sign(&secret, &bytes);
        if let Ok(wire) = Wire::parse(&instance) {
            let decoded = wire.verify(&secrets("secret")).unwrap().decode().unwrap();
            proptest::prop_assert_eq!(&decoded, &bytes);
            let _ = Payload::from_json(&decoded);
        }
    }
}
