//! Any bytes as a credential: classified, parsed, and refused without a panic; and any bytes as the
//! JSON inside a correctly signed instance.

use backlot_wix::signed_instance::{Payload, Policy, Wire, sign};
use backlot_wix::{AppSecret, AppSecrets, Credential};
use jiff::Timestamp;

pub(crate) fn run(data: &[u8]) {
    let secret = AppSecret::new("11111111-2222-4333-8444-555555555555");
    let Some(secrets) = AppSecrets::new(vec![secret.clone()]) else {
        return;
    };

    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Credential::classify(text);
        if let Ok(wire) = Wire::parse(text) {
            let _ = wire.decode_unverified();
            let _ = wire.verify(&secrets);
        }
    }

    let instance = sign(&secret, data);
    let Ok(wire) = Wire::parse(&instance) else {
        // Nothing inside, or more than any real instance.
        assert!(data.is_empty() || instance.len() > backlot_wix::credential::MAX_CREDENTIAL_BYTES);
        return;
    };
    let Ok(verified) = wire.verify(&secrets) else {
        panic!("our own signature is refused")
    };
    let Ok(bytes) = verified.decode() else {
        panic!("our own payload does not decode")
    };
    assert_eq!(bytes, data);
    if let Ok(payload) = Payload::from_json(&bytes) {
        admit(&payload);
    }
}

fn admit(payload: &Payload<'_>) {
    let Ok(app_id) = "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c".parse() else {
        return;
    };
    let policy = Policy {
        app_id,
        maximum_age: Policy::DEFAULT_MAXIMUM_AGE,
        clock_skew: Policy::DEFAULT_CLOCK_SKEW,
    };
    for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        if let Ok(caller) = policy.admit(payload, now) {
            assert_eq!(policy.check_age(&caller, now), Ok(()));
            assert!(caller.app_id.is_none_or(|id| id == app_id));
        }
    }
}
