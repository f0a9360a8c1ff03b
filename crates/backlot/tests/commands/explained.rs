//! `backlot explain` reads what people paste, and ends with 1 where the credential is refused.

use serde_json::Value;

use crate::harness::{ONE, Place};

#[test]
fn what_people_paste_is_read() {
    let place = Place::new();
    place.write(
        "backlot.toml",
        "[app]\ninstance_headers = [\"x-wix-instance\", \"X-Old-Instance\"]\n",
    );
    let instance = place.run(&["sign", "--instance", ONE]).done();
    let instance = instance.trim();
    for text in [
        instance.to_owned(),
        format!("\"{instance}\""),
        format!("Authorization: {instance}"),
        format!("curl -H 'Authorization: Bearer {instance}' http://127.0.0.1:8080/whoami"),
        format!("X-Wix-Instance: {instance}"),
        format!("curl -H \"x-wix-instance: {instance}\" http://127.0.0.1:8080/whoami"),
        format!("X-Old-Instance: {instance}"),
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

#[test]
fn an_origin_that_serve_refuses_ends_with_1_and_a_verdict() {
    let place = Place::new();
    for (origin, code) in [
        ("https://shop.wix-host.com", 0),
        ("https://evil.example", 1),
        ("https://evil.example/page?a=b", 1),
        // Of a developer's machine: `backlot dev` lets it in, and `backlot serve` does not.
        ("http://localhost:4321", 1),
    ] {
        let ran = place.run(&["explain", origin]);
        assert_eq!(ran.code, code, "{ran:?}");
        let verdict = if code == 0 {
            "Verdict: allowed by `backlot serve`."
        } else {
            "Verdict: refused by `backlot serve` with 403 ORIGIN_NOT_ALLOWED."
        };
        assert!(ran.out.contains(verdict), "{ran:?}");
        let ran = place.run(&["explain", "--json", origin]);
        assert_eq!(ran.code, code, "{ran:?}");
        let json: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(json["verdict"]["accepted"], code == 0, "{json}");
        if code == 1 {
            assert_eq!(json["verdict"]["code"], "ORIGIN_NOT_ALLOWED");
        }
    }
}

#[test]
fn an_origin_of_an_installed_site_is_looked_for_in_the_database() {
    let place = Place::without_app();
    place.write("backlot.toml", "[cors]\ninstalled_sites = true\n");
    let dev = place.dev(&[]);
    let world: Value = serde_json::from_slice(&place.read("data/dev/simulator.json")).unwrap();
    let id = world["sites"][0]["instanceId"].as_str().unwrap();
    let instance = place.run(&["sign", "--instance", id]).done();
    let origin = "https://corner-bakery.example";
    let begun = std::time::Instant::now();
    loop {
        assert_eq!(
            dev.ask("GET", "/whoami", Some(instance.trim()), None).0,
            200
        );
        let ran = place.run(&["explain", origin]);
        if ran.code == 0 {
            let words = "allowed, for the instance of its site only";
            assert!(ran.out.contains(words), "{ran:?}");
            break;
        }
        assert!(begun.elapsed().as_secs() < 15, "{ran:?}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let ran = place.run(&["explain", "https://evil.example"]);
    assert!(ran.out.contains("looked in data/dev/backlot.db"), "{ran:?}");
    ran.refused("ORIGIN_NOT_ALLOWED");
}

#[test]
fn a_database_that_cannot_be_asked_about_an_origin_is_told() {
    let place = Place::new();
    place.write("backlot.toml", "[cors]\ninstalled_sites = true\n");
    let unknown = |cause: &str| {
        let ran = place.run(&["explain", "--json", "https://shop.example"]);
        assert!(ran.out.contains(cause), "{ran:?}");
        let json: Value = serde_json::from_str(&ran.done()).unwrap();
        assert_eq!(json["verdict"], Value::Null);
    };
    unknown("there is no database yet");
    let text =
        "[cors]\ninstalled_sites = true\n[database]\nurl = \"postgres://a:secret@127.0.0.1:1/x\"\n";
    place.write("backlot.toml", text);
    unknown("cannot be read");
}

#[test]
fn numbers_of_one_are_singular() {
    let place = Place::new();
    let ran = place.run(&["explain", "a.b"]);
    assert!(ran.out.contains("It has 3 bytes and 1 dot."), "{ran:?}");
}
