//! What is taken out, and what stays as it was.

use super::*;

const INSTANCE: &str = "j1fmK96XstJqAsgXpxz_I8aHR17QK5wlgZTORKQsuoE.e30";

fn redactor() -> Redactor<'static> {
    Redactor { secret: "s3cret" }
}

#[test]
fn text() {
    for (text, kept) in [
        ("hello, world", "hello, world"),
        ("the secret is s3cret!", "the secret is …!"),
        ("token=OauthNG.JWS.a.b.c&x=1", "token=…&x=1"),
        ("Bearer eyJh.eyJi.c", "Bearer …"),
        ("IST.abc, then", "…, then"),
        ("ü IST.abc ü", "ü … ü"),
        (&format!("\"{INSTANCE}\""), "\"…\""),
        ("", ""),
    ] {
        assert_eq!(redactor().text(text), kept);
    }
}

#[test]
fn pairs() {
    for (text, kept) in [
        ("a=1&b=%20x", "a=1&b=%20x"),
        ("client_secret=x&a=1+2", "client_secret=…&a=1+2"),
        ("instance=x", "instance=…"),
        ("a=IST.b", "a=…"),
        ("a=s3%63ret", "a=…"),
        ("", ""),
    ] {
        assert_eq!(redactor().pairs(text), kept);
    }
}

#[test]
fn json() {
    let redacted = |text: &str| {
        let mut value = text.parse().unwrap();
        let changed = redactor().json(&mut value);
        (value.to_string(), changed)
    };
    for text in [r#"{"a":["b",1,null]}"#, r#"{"token":null}"#, "1"] {
        assert_eq!(redacted(text), (text.to_owned(), false));
    }
    for (text, kept) in [
        (r#"{"client_secret":"x"}"#, r#"{"client_secret":"…"}"#),
        (
            r#"[{"accessToken":1,"b":2}]"#,
            r#"[{"accessToken":"…","b":2}]"#,
        ),
        (r#"{"token":["a"]}"#, r#"{"token":"…"}"#),
        (r#"{"token":{"x":"IST.b"}}"#, r#"{"token":{"x":"…"}}"#),
        (r#"{"a":"s3cret","b":"IST.b"}"#, r#"{"a":"…","b":"…"}"#),
    ] {
        assert_eq!(redacted(text), (kept.to_owned(), true));
    }
}

#[test]
fn unknown_text() {
    for (text, kept) in [
        ("a token: IST.b", "a token: …"),
        ("{\"clientSecret\": \"x", "(19 bytes with a secret in them)"),
        ("a=1;ACCESS_TOKEN=x", "(18 bytes with a secret in them)"),
    ] {
        assert_eq!(redactor().unknown(text), kept);
    }
}

proptest::proptest! {
    #[test]
    fn a_token_is_found_anywhere(before in "[^A-Za-z0-9._-]{0,8}", after in "[^A-Za-z0-9._-]{0,8}") {
        let token = "OauthNG.JWS.head.claims.signature";
        let text = format!("{before}{token}{after}");
        proptest::prop_assert_eq!(redactor().text(&text), format!("{before}…{after}"));
    }

    #[test]
    fn any_text_goes_through(text in "\\PC{0,80}") {
        let once = redactor().text(&text);
        proptest::prop_assert_eq!(&redactor().text(&once), &once);
        let _ = redactor().pairs(&text);
    }
}

#[test]
fn headers() {
    for name in [
        "authorization",
        "cookie",
        "x-backlot-elevated-token",
        "x-api-key",
    ] {
        assert_eq!(redactor().header(name, "x"), None);
    }
    assert_eq!(redactor().header("wix-site-id", "x"), Some("x".to_owned()));
    assert_eq!(redactor().header("x-a", "IST.b"), Some("…".to_owned()));
}
