//! Access tokens as callers: who is let in, what is kept, and what happens when Wix does not answer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    FakeWix, INSTANCE_ID, Reply, TestServer, access_token, an_hour, echo, info, request,
    to_upstream,
};

const INFO: &str = "/oauth2/token-info";

async fn whoami(server: &TestServer, authorization: &str) -> Reply {
    let headers = [("authorization", authorization)];
    request(server.address, "GET", "/whoami", &headers, "").await
}

#[tokio::test]
async fn each_kind_of_subject_has_its_role_and_wix_is_asked_once() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| wix.apply_to(settings)).await;
    for (subject, role) in [
        ("USER", "owner"),
        ("MEMBER", "member"),
        ("VISITOR", "visitor"),
        ("APP", "app"),
    ] {
        let token = access_token(subject);
        wix.knows(&token, info(subject));
        for spelling in ["", "Bearer ", "bearer "] {
            let response = whoami(&server, &format!("{spelling}{token}")).await;
            assert_eq!(response.status, 200, "{response:?}");
            let caller = response.json();
            assert_eq!(caller["role"], role);
            assert_eq!(caller["instanceId"], INSTANCE_ID);
            assert_eq!(caller["credential"], "accessToken");
            assert_eq!(caller["expiresAt"], "2026-11-22T14:00:00.000Z");
        }
    }
    assert_eq!(wix.asked(INFO).len(), 4);
    assert_eq!(
        wix.asked(INFO)[0].body,
        json!({ "token": access_token("USER") }).to_string()
    );
}

#[tokio::test]
async fn the_upstream_is_told_who_calls_and_never_sees_the_token() {
    let wix = FakeWix::start().await;
    let api = vec![to_upstream("/api", echo().await)];
    let server = TestServer::start_with(api, |settings| wix.apply_to(settings)).await;
    let token = access_token("member");
    wix.knows(&token, info("MEMBER"));
    let path = format!("/api/x?instance={token}&y=1");
    let response = request(server.address, "GET", &path, &[], "").await;
    let seen = response.json();
    assert_eq!(seen["uri"], "/api/x?y=1");
    assert!(!response.body.contains(&token));
    let header = |name: &str| {
        let headers = seen["headers"].as_array().unwrap();
        let found = headers.iter().find(|pair| pair[0] == name);
        found.map_or(Value::Null, |pair| pair[1].clone())
    };
    assert_eq!(header("x-backlot-role"), "member");
    assert_eq!(header("x-backlot-instance-id"), INSTANCE_ID);
    assert_eq!(
        header("x-backlot-site-id"),
        "c0ffee00-1111-4222-8333-444455556666"
    );
}

#[tokio::test]
async fn each_cause_has_a_code_of_its_own() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| wix.apply_to(settings)).await;
    let with = |changes: Value| {
        let mut info = info("VISITOR");
        for (key, value) in changes.as_object().unwrap() {
            info[key] = value.clone();
        }
        info
    };
    for (number, (info, code)) in [
        (json!({ "active": false }), "ACCESS_TOKEN_INACTIVE"),
        (json!({}), "ACCESS_TOKEN_INACTIVE"),
        (with(json!({ "active": false })), "ACCESS_TOKEN_INACTIVE"),
        (
            with(json!({ "clientId": INSTANCE_ID })),
            "ACCESS_TOKEN_WRONG_APP",
        ),
        (with(json!({ "clientId": null })), "ACCESS_TOKEN_WRONG_APP"),
        (
            with(json!({ "instanceId": null })),
            "ACCESS_TOKEN_NO_INSTANCE",
        ),
        (
            with(json!({ "instanceId": "../x" })),
            "ACCESS_TOKEN_NO_INSTANCE",
        ),
        (
            with(json!({ "subjectType": "UNKNOWN" })),
            "ACCESS_TOKEN_NO_ROLE",
        ),
        (
            with(json!({ "exp": 1_795_340_000 })),
            "ACCESS_TOKEN_EXPIRED",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let token = access_token(&format!("token {number}"));
        wix.knows(&token, info);
        for _ in 0..2 {
            let response = whoami(&server, &token).await;
            assert_eq!(
                (response.status, &*response.code()),
                (401, code),
                "{response:?}"
            );
            assert!(
                !response.body.contains(&token),
                "a refusal repeats the token"
            );
        }
        assert_eq!(
            wix.asked(INFO).len(),
            number + 1,
            "a refusal is kept for a while"
        );
    }
    wix.on(INFO, 401, r#"{"message":"unauthorized"}"#);
    let response = whoami(&server, &access_token("dead")).await;
    assert_eq!(
        (response.status, &*response.code()),
        (401, "ACCESS_TOKEN_INACTIVE")
    );
}

#[tokio::test]
async fn what_says_itself_that_it_is_of_no_use_is_refused_without_asking() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| wix.apply_to(settings)).await;
    let token = access_token("x");
    server.clock.set("2026-11-22T14:05:01Z".parse().unwrap());
    assert_eq!(whoami(&server, &token).await.code(), "ACCESS_TOKEN_EXPIRED");
    for (token, code) in [
        ("IST.eyJ.a.b", "API_KEY_NOT_ACCEPTED"),
        ("OauthNG.JWS.\u{e9}", "CREDENTIAL_MALFORMED"),
        ("OAUTH2.a\tb", "CREDENTIAL_MALFORMED"),
        (&format!("JWS.{}", "a".repeat(9000)), "CREDENTIAL_MALFORMED"),
    ] {
        assert_eq!(whoami(&server, token).await.code(), code, "{token:.20}");
    }
    assert!(wix.asked(INFO).is_empty());
    let log = server.stop_and_read_log().await;
    assert!(!log.contains("IST."), "{log}");
}

#[tokio::test]
async fn what_was_admitted_before_still_expires() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| wix.apply_to(settings)).await;
    let token = access_token("x");
    wix.knows(&token, info("VISITOR"));
    assert_eq!(whoami(&server, &token).await.status, 200);
    wix.knows(&token, json!({ "active": false }));
    assert_eq!(whoami(&server, &token).await.status, 200, "kept");
    server.clock.set("2026-11-22T14:00:00Z".parse().unwrap());
    assert_eq!(
        whoami(&server, &token).await.code(),
        "ACCESS_TOKEN_INACTIVE"
    );
    // A clock that is set back does not bring it back.
    server.clock.set("2026-11-22T12:00:00Z".parse().unwrap());
    assert_eq!(
        whoami(&server, &token).await.code(),
        "ACCESS_TOKEN_INACTIVE"
    );
}

#[tokio::test]
async fn no_answer_is_kept_beyond_the_ceiling() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.access_tokens.ceiling = Duration::from_millis(50);
        settings.access_tokens.refusal_kept = Duration::from_millis(50);
    })
    .await;
    let token = access_token("x");
    wix.knows(&token, info("VISITOR"));
    assert_eq!(whoami(&server, &token).await.status, 200);
    wix.knows(&token, json!({ "active": false }));
    while whoami(&server, &token).await.status == 200 {}
    wix.knows(&token, info("VISITOR"));
    while whoami(&server, &token).await.status == 401 {}
}

#[tokio::test]
async fn a_thousand_requests_with_one_new_token_ask_wix_once() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| wix.apply_to(settings)).await;
    let token = access_token("x");
    wix.knows(&token, info("OWNER"));
    wix.knows(&token, info("USER"));
    wix.hold();
    let address = server.address;
    let waiting: Vec<_> = (0..300)
        .map(|_| {
            let token = token.clone();
            tokio::spawn(async move {
                let headers = [("authorization", &*token)];
                request(address, "GET", "/whoami", &headers, "")
                    .await
                    .status
            })
        })
        .collect();
    wix.until_asked(INFO, 1).await;
    wix.let_through(1000);
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap(), 200);
    }
    assert_eq!(wix.asked(INFO).len(), 1);
}

#[tokio::test]
async fn when_wix_does_not_answer_nobody_is_let_in() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.wix.token_timeout = Duration::from_millis(300);
    })
    .await;
    let page = format!("https://{}.wix.run", crate::harness::APP_ID);
    for (status, body) in [
        (500, "{}"),
        (200, "not json"),
        (200, "[]"),
        (429, "{}"),
        (302, ""),
    ] {
        wix.on(INFO, status, body);
        let token = access_token(&format!("{status}{body}"));
        let headers = [("authorization", &*token), ("origin", &*page)];
        let response = request(server.address, "GET", "/whoami", &headers, "").await;
        assert_eq!(
            (response.status, &*response.code()),
            (503, "WIX_UNAVAILABLE"),
            "{response:?}"
        );
        assert!(response.header("retry-after").parse::<u64>().unwrap() >= 1);
        assert_eq!(response.header("access-control-allow-origin"), page);
    }
    wix.hold();
    let response = whoami(&server, &access_token("slow")).await;
    assert_eq!(response.code(), "WIX_UNAVAILABLE");

    let without_wix = TestServer::start(vec![]).await;
    let token = access_token("x");
    let response = whoami(&without_wix, &token).await;
    assert_eq!(
        (response.status, &*response.code()),
        (503, "WIX_UNAVAILABLE")
    );
    let log = without_wix.stop_and_read_log().await;
    assert!(log.contains("cannot connect"), "{log}");
    assert!(!log.contains(&token));
}

#[tokio::test]
async fn garbage_neither_floods_wix_nor_keeps_others_out() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![to_upstream("/api", echo().await)], |settings| {
        wix.apply_to(settings);
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let known = access_token("known");
    wix.knows(&known, info("MEMBER"));
    assert_eq!(whoami(&server, &known).await.status, 200);
    let mut refused = 0;
    for number in 0..500 {
        let response = whoami(&server, &access_token(&format!("garbage {number}"))).await;
        match &*response.code() {
            "ACCESS_TOKEN_INACTIVE" => {}
            "TOO_MANY_REFUSED_TOKENS" => {
                assert_eq!(response.status, 429);
                assert!(!response.header("retry-after").is_empty());
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(refused > 300, "{refused}");
    assert_eq!(wix.asked(INFO).len() + refused, 501);
    assert_eq!(
        whoami(&server, &known).await.status,
        200,
        "who is known is not asked about"
    );
    let new = access_token("new");
    wix.knows(&new, info("MEMBER"));
    let headers = [("authorization", &*new), ("x-forwarded-for", "192.0.2.7")];
    let response = request(server.address, "GET", "/whoami", &headers, "").await;
    assert_eq!(response.status, 200, "another address is another client");
}

#[tokio::test]
async fn there_is_a_limit_to_the_questions_of_all_together() {
    let wix = FakeWix::start().await;
    let server = TestServer::start_with(vec![], |settings| {
        wix.apply_to(settings);
        settings.access_tokens.questions = an_hour(2);
    })
    .await;
    for number in 0..4 {
        let token = access_token(&number.to_string());
        wix.knows(&token, info("VISITOR"));
        let response = whoami(&server, &token).await;
        assert_eq!(
            response.status,
            if number < 2 { 200 } else { 503 },
            "{response:?}"
        );
    }
    assert_eq!(wix.asked(INFO).len(), 2);
}
