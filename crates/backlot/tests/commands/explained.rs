//! `backlot explain` reads what people paste, and ends with 1 where the credential is refused.

use serde_json::Value;

use crate::harness::{ONE, Place};

#[test]
fn what_people_paste_is_read() {
    let place = Place::new();
    let instance = place.run(&["sign", "--instance", ONE]).done();
    let instance = instance.trim();
    for text in [
        instance.to_owned(),
        format!("\"{instance}\""),
        format!("Authorization: {instance}"),
        format!("curl -H 'Authorization: Bearer {instance}' http://127.0.0.1:8080/whoami"),
        format!("https://app.example/dashboard?instance={instance}&locale=en"),
    ] {
        let said = place.run(&["explain", &text]).done();
        assert!(
            said.contains("Verdict: accepted, as owner"),
            "{text}: {said}"
        );
        let json = place.run(&["explain", "--json", &text]).done();
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["verdict"]["accepted"], true);
        assert_eq!(json["verdict"]["instanceId"], ONE);
        assert_eq!(json["says"]["role"], "owner");
    }
}

#[test]
fn a_refusal_ends_with_1_and_tells_another_app_from_a_wrong_secret() {
    let mut place = Place::new();
    let instance = place.run(&["sign", "--instance", ONE]).done();
    place.set("WIX_CLIENT_SECRET", "another-secret");
    let ran = place.run(&["explain", instance.trim()]);
    assert!(
        ran.out.contains("the app secret here is not the one"),
        "{ran:?}"
    );
    ran.refused("refused: ");
    place.set("WIX_CLIENT_ID", "0f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c");
    let ran = place.run(&["explain", "--json", instance.trim()]);
    assert!(ran.out.contains("it is another app's"), "{ran:?}");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["verdict"]["accepted"], false);
    assert_eq!(ran.code, 1);
    assert_eq!(place.run(&["explain", "nonsense"]).code, 1);
}
