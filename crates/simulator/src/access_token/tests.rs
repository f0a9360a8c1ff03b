//! Tokens byte for byte as the published shapes, and every wrong one.

use serde_json::Value;

use super::*;

const AT: i64 = 1_795_341_600;

fn site() -> Site {
    serde_json::from_value(serde_json::json!({
        "instanceId": "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60",
        "siteId": "c0ffee00-1111-4222-8333-444455556666",
        "siteUrl": "https://bakery.example",
        "siteName": "Bakery",
        "ownerId": "5d0f6a8c-1b2e-4c3d-9e4f-a0b1c2d3e4f5",
        "memberIds": ["8a1d1c1b-0000-4000-8000-0000000000aa"],
        "visitorIds": ["7d0ea69f-7aaf-4217-8af5-80819be06b1b"],
        "plan": null,
    }))
    .unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn issue(site: &Site, role: Role) -> TokenIssue<'_> {
    TokenIssue {
        app_id: "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c".parse().unwrap(),
        site,
        role,
        user_id: None,
        signed_at: at(AT),
        lifetime: LIFETIME,
    }
}

fn tokens() -> AccessTokens {
    AccessTokens::new("a private key")
}

#[test]
fn as_wix_writes_them_but_for_the_signature() {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../wix/tests/vectors/wix-vectors.json")).unwrap();
    let shapes = vectors["access_token_shapes"].as_array().unwrap();
    for (kind, role) in [
        ("OauthNG visitor", Role::Visitor),
        ("OauthNG member", Role::Member),
        ("OauthNG app (client_credentials)", Role::App),
    ] {
        let shape = shapes.iter().find(|shape| shape["kind"] == kind).unwrap();
        let (signed, _) = shape["token"].as_str().unwrap().rsplit_once('.').unwrap();
        let made = tokens().make(&issue(&site(), role));
        assert_eq!(made.rsplit_once('.').unwrap().0, signed, "{kind}");
    }
}

#[test]
fn who_it_is_follows_from_the_token() {
    let site = site();
    for (role, user, subject_type) in [
        (Role::Visitor, Some(&site.visitor_ids[0]), "VISITOR"),
        (Role::Member, Some(&site.member_ids[0]), "MEMBER"),
        (Role::Owner, Some(&site.owner_id), "USER"),
        (Role::App, None, "APP"),
    ] {
        let issue = issue(&site, role);
        let subject = tokens().verify(&tokens().make(&issue), at(AT)).unwrap();
        assert_eq!(subject.role, role);
        assert_eq!(subject.user_id.as_ref(), user);
        assert_eq!(subject.role.subject_type(), subject_type);
        let expected = user.map_or_else(|| issue.app_id.to_string(), Clone::clone);
        assert_eq!(subject.subject_id(), expected);
        assert_eq!(subject.site_id, site.site_id);
        assert_eq!(subject.expires_at, at(AT + 14_400));
    }
}

#[test]
fn another_person_and_nobody_at_all() {
    let mut site = site();
    let of = |site: &Site, role, user_id| {
        let issue = TokenIssue {
            user_id,
            ..issue(site, role)
        };
        tokens().verify(&tokens().make(&issue), at(AT)).unwrap()
    };
    let named = of(&site, Role::Member, Some("somebody"));
    assert_eq!(named.user_id.as_deref(), Some("somebody"));
    let unnamed = of(&site, Role::Member, Some(""));
    assert_eq!(unnamed.user_id.as_ref(), Some(&site.member_ids[0]));
    assert_eq!(of(&site, Role::App, Some("somebody")).user_id, None);
    site.visitor_ids.clear();
    site.member_ids.clear();
    assert_eq!(of(&site, Role::Visitor, None).role, Role::Visitor);
    assert_eq!(of(&site, Role::Member, None).role, Role::Member);
}

#[test]
fn ends_when_it_says() {
    let token = tokens().make(&issue(&site(), Role::Owner));
    assert!(tokens().verify(&token, at(AT + 14_399)).is_ok());
    let end = at(AT + 14_400);
    assert_eq!(tokens().verify(&token, end), Err(Dead::Expired(end)));
    assert_eq!(
        tokens().unbound(&token, end).unwrap_err(),
        Dead::Expired(end)
    );
}

#[test]
fn unbound_is_the_same_subject_with_the_same_end() {
    let token = tokens().make(&issue(&site(), Role::Member));
    let later = at(AT + 400);
    let (unbound, left) = tokens().unbound(&token, later).unwrap();
    assert_eq!(left.as_secs(), 14_000);
    assert_ne!(unbound, token);
    let mut subject = tokens().verify(&unbound, later).unwrap();
    assert_eq!(subject.signed_at, later);
    subject.signed_at = at(AT);
    assert_eq!(subject, tokens().verify(&token, later).unwrap());
}

#[test]
fn every_wrong_shape() {
    let token = tokens().make(&issue(&site(), Role::Owner));
    let (message, signature) = token.rsplit_once('.').unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let signed = |message: &str| {
        let signature = hmac::sign(&tokens().key, message.as_bytes());
        format!("{PREFIX}{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let claims = |json: &str| signed(&format!("e30.{}", URL_SAFE_NO_PAD.encode(json)));
    for (wrong, why) in [
        (String::new(), "nothing"),
        (message.to_owned(), "no signature"),
        (format!("{token}="), "padded"),
        (format!("{token}.{signature}"), "one part too many"),
        (format!("{message}.{}", &signature[1..]), "cut short"),
        (token.replace("OauthNG", "OAUTH2"), "another prefix"),
        (token.replacen(parts[2], "e30", 1), "another header"),
        (token.replacen(parts[3], "e30", 1), "other claims"),
        (
            AccessTokens::new("another key").make(&issue(&site(), Role::Owner)),
            "another world's",
        ),
        (signed("e30"), "signed, but one part"),
        (claims("{}"), "signed, but empty"),
        (
            claims(r#"{"data":"{}","iat":1,"exp":9999999999}"#),
            "no instance",
        ),
        (claims(r#"{"data":{},"iat":1,"exp":9999999999}"#), "no text"),
        ("OauthNG.JWS...".to_owned(), "dots"),
        (format!("{PREFIX}é.ü.ß"), "not base64"),
    ] {
        assert_eq!(
            tokens().verify(&wrong, at(AT)).unwrap_err(),
            Dead::NotOurs,
            "{why}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_refused_without_panic(text in "\\PC{0,80}", claims in "\\PC{0,80}") {
        let message = format!("e30.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&tokens().key, message.as_bytes()));
        let signed = format!("{PREFIX}{message}.{signature}");
        for token in [&signed, &text, &format!("{PREFIX}{text}")] {
            let verified = tokens().verify(token, at(AT));
            proptest::prop_assert!(verified.is_err());
        }
    }
}
