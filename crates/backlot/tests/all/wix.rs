//! `[wix]` and `[access_token]`: what is taken, and what a person reads when something is wrong.

use backlot::config::Mode;

use crate::config::{APP, complaint, load};

#[test]
fn calls_with_and_without_rules_of_their_own() {
    let text = format!(
        "{APP}[wix]\nallow = [\"owner\"]\napi_key = {{ env = \"SECRET\" }}\naccount_id = \"a\"\ncalls = [\n\
         \"GET /apps/v1/instance\",\n\
         {{ call = \"POST /stores/…/query\", allow = [\"member\"], plans = [\"pro\"] }},\n\
         {{ call = \"GET /sites\", as = \"account\", allow = [\"app\"] }},\n]\n"
    );
    let settings = load(&text, Mode::Serve, &[]).unwrap().settings;
    assert_eq!(settings.wix_calls.calls.len(), 3);
    assert_eq!(settings.wix_calls.calls[1].rules.plans, ["pro"]);
    assert!(settings.wix.base.is_tls());
    assert_eq!(settings.wix.requests_per_minute, 200);
    assert!(!settings.installed_sites);

    let variables = [
        ("BACKLOT_WIX_CALLS", "GET /a, POST /b"),
        ("BACKLOT_WIX_ALLOW", "owner,app"),
        ("BACKLOT_WIX_BASE_URL", "http://127.0.0.1:9"),
        ("BACKLOT_WIX_API_KEY", "IST.a-key"),
        ("BACKLOT_ACCESS_TOKEN_CEILING", "0s"),
    ];
    let resolved = load(APP, Mode::Serve, &variables).unwrap();
    assert_eq!(resolved.settings.wix_calls.calls.len(), 2);
    assert!(resolved.settings.wix.api_key.is_some());
    assert!(resolved.settings.access_tokens.ceiling.is_zero());
    assert!(
        resolved
            .warnings
            .iter()
            .any(|it| it.contains("simulator on this machine")),
        "{:?}",
        resolved.warnings
    );
}

#[test]
fn mistakes_say_what_to_do() {
    for (rest, words) in [
        (
            "calls = [\"apps/v1/instance\"]",
            "wix.calls[0]: \"apps/v1/instance\": write a method",
        ),
        (
            "calls = [\"GET /a\"]",
            "no role may make this call\n  hint: write allow = [\"owner\"]",
        ),
        ("calls = [\"GET /a/../b\"]", "the path is plain"),
        (
            "calls = [7]",
            "expected a call such as \"GET /apps/v1/instance\"",
        ),
        (
            "calls = [{ call = \"GET /a\", allow = [\"admin\"] }]",
            "unknown variant `admin`, expected one of",
        ),
        (
            "calls = [{ path = \"GET /a\" }]",
            "unknown field `path`, expected one of",
        ),
        (
            "calls = [{ call = \"GET /a\", allow = [\"owner\"], as = \"account\" }]",
            "pages must not make calls with it\n  hint: write allow = [\"app\"]",
        ),
        (
            "calls = [{ call = \"GET /a\", allow = [\"app\"], as = \"site\" }]",
            "the call needs an API key, and none is configured",
        ),
        (
            "api_key = { env = \"SECRET\" }\ncalls = [{ call = \"GET /a\", allow = [\"app\"], as = \"account\" }]",
            "no account is configured\n  hint: set wix.account_id",
        ),
        (
            "api_key = \"IST.a\"",
            "wix.api_key: the secret is in the file itself",
        ),
        (
            "api_key = { env = \"NONE\" }",
            "the environment variable NONE is not set",
        ),
        (
            "base_url = \"http://example.com\"",
            "would be sent over plain http",
        ),
        (
            "base_url = \"http://localhost.example.com\"",
            "would be sent over plain http",
        ),
        (
            "base_url = \"https://u:p@example.com\"",
            "has a user or password in it",
        ),
        ("timeout = \"0s\"", "wix.timeout: it is zero"),
        (
            "[access_token]\nceiling = \"5h\"",
            "access_token.ceiling: it is longer than the lifetime of a token",
        ),
    ] {
        let said = complaint(&format!("[wix]\n{rest}\n"));
        assert!(said.contains(words), "{rest}:\n{said}");
        assert!(said.starts_with("backlot.toml:"), "{said}");
        assert!(!said.contains("IST.a"), "{said}");
    }
    let said = complaint("[[wix]]\ncalls = []\n");
    assert_eq!(
        said,
        "backlot.toml:5: wix: the brackets around the section's name are wrong\n  hint: write [wix]"
    );
    let said = complaint("[api]\npath = \"/api\"\n");
    assert!(said.ends_with("hint: write [[api]]"), "{said}");
}
