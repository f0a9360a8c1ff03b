//! `backlot instance list` shows what credentials have named, without a call to Wix.

use serde_json::{Value, json};

use crate::harness::{ONE, OTHER, Place};

#[test]
fn the_plan_of_the_last_signed_instance_is_listed() {
    let place = Place::new();
    let server = place.serve(&[]);
    let signed = |args: &[&str]| {
        let all = [&["sign", "--instance"], args].concat();
        place.run(&all).done().trim().to_owned()
    };
    for (credential, plan) in [
        (signed(&[ONE, "--plan", "basic"]), json!("basic")),
        (signed(&[ONE, "--plan", "pro"]), json!("pro")),
        // A token names no plan.
        (place.token(ONE), json!("pro")),
        (signed(&[ONE]), Value::Null),
        (signed(&[ONE, "--plan", "pro"]), json!("pro")),
    ] {
        assert_eq!(server.ask("GET", "/whoami", Some(&credential), None).0, 200);
        let begun = std::time::Instant::now();
        loop {
            let listed = place.run(&["instance", "list", "--json"]).done();
            let listed: Value = serde_json::from_str(&listed).unwrap();
            if listed[0]["plan"] == plan && listed[0]["instanceId"] == ONE {
                break;
            }
            assert!(begun.elapsed().as_secs() < 10, "{plan}: {listed}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
    let other = place.token(OTHER);
    assert_eq!(server.ask("GET", "/whoami", Some(&other), None).0, 200);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let listed = place.run(&["instance", "list"]).done();
    assert!(listed.contains("plan pro "), "{listed}");
    assert!(listed.contains("plan unknown "), "{listed}");
}
