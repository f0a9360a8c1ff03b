//! Every key, and every value that cannot be.

use super::*;

fn change(json: &str) -> Result<Faults, String> {
    let changes: Map<String, Value> = serde_json::from_str(json).unwrap();
    Faults::default()
        .with(&changes)
        .map_err(|bad| bad.to_string())
}

#[test]
fn every_key_can_be_set_to_what_is_shown() {
    let shown = serde_json::to_value(Faults::default()).unwrap();
    let shown = shown.as_object().unwrap();
    assert_eq!(Faults::default().with(shown), Ok(Faults::default()));
    let mut keys: Vec<&str> = shown.keys().map(String::as_str).collect();
    let mut known = KEYS.to_vec();
    keys.sort_unstable();
    known.sort_unstable();
    assert_eq!(keys, known);
}

#[test]
fn a_subset_changes_nothing_else() {
    let faults = change(r#"{"slowMs":5,"deadTokens":"unauthorized"}"#).unwrap();
    let expected = Faults {
        slow_ms: 5,
        dead_tokens: DeadTokens::Unauthorized,
        ..Faults::default()
    };
    assert_eq!(faults, expected);
}

#[test]
fn what_is_wrong_is_named() {
    let unknown = change(r#"{"slowMs":5,"slow":1}"#).unwrap_err();
    assert!(unknown.contains("no fault `slow`"), "{unknown}");
    assert!(unknown.contains("slowMs"), "{unknown}");
    for (json, key) in [
        (r#"{"slowMs":-1}"#, "slowMs"),
        (r#"{"slowMs":600001}"#, "slowMs"),
        (r#"{"slowMs":"5"}"#, "slowMs"),
        (r#"{"slowMs":1.5}"#, "slowMs"),
        (r#"{"slowMs":null}"#, "slowMs"),
        (r#"{"failNext":true}"#, "failNext"),
        (r#"{"failStatus":499}"#, "failStatus"),
        (r#"{"failStatus":600}"#, "failStatus"),
        (r#"{"resetNext":[]}"#, "resetNext"),
        (r#"{"paths":"/a"}"#, "paths"),
        (r#"{"paths":["a"]}"#, "paths"),
        (r#"{"deadTokens":"dead"}"#, "deadTokens"),
        (r#"{"secretExpired":1}"#, "secretExpired"),
        (r#"{"uninstalled":["a"]}"#, "uninstalled"),
        (r#"{"uninstalled":"a"}"#, "uninstalled"),
        (r#"{"retryAfter":"no"}"#, "retryAfter"),
        (r#"{"requestsPerMinute":100001}"#, "requestsPerMinute"),
        (r#"{"tokenLifetimeSeconds":-1}"#, "tokenLifetimeSeconds"),
        (r#"{"tokenInfo":"left"}"#, "tokenInfo"),
        (r#"{"apiKeyRefused":null}"#, "apiKeyRefused"),
    ] {
        let message = change(json).unwrap_err();
        assert!(
            message.starts_with(&format!("`{key}` must be ")),
            "{message}"
        );
    }
}
