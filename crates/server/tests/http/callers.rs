//! Who may come in, and what the refused are told.

use backlot_server::Shutdown;
use backlot_wix::Role;
use serde_json::json;

use crate::harness::{
    INSTANCE_ID, NEW_SECRET, OLD_SECRET, TestServer, allow, an_hour, echo, instance, payload,
    request, signed, to_upstream,
};

async fn whoami(server: &TestServer, authorization: &str) -> crate::harness::Reply {
    let headers = [("authorization", authorization)];
    request(server.address, "GET", "/whoami", &headers, "").await
}

#[tokio::test]
async fn each_role_is_told_who_it_is() {
    let server = TestServer::start(vec![]).await;
    for role in ["owner", "member", "visitor"] {
        for spelling in ["", "Bearer ", "bearer "] {
            let response = whoami(&server, &format!("{spelling}{}", instance(role))).await;
            assert_eq!(response.status, 200, "{response:?}");
            let caller = response.json();
            assert_eq!(caller["role"], role);
            assert_eq!(caller["instanceId"], INSTANCE_ID);
            assert_eq!(caller["demoMode"], false);
            assert_eq!(caller["expiresAt"], "2026-11-22T15:00:00.000Z");
        }
    }
    let demo = json!({ "demoMode": true });
    let mut template = payload("owner");
    template["demoMode"] = demo["demoMode"].clone();
    let response = whoami(&server, &signed(NEW_SECRET, &template)).await;
    assert_eq!(response.json()["demoMode"], true);
}

#[tokio::test]
async fn each_cause_has_a_code_of_its_own() {
    let server = TestServer::start(vec![]).await;
    let with = |key: &str, value: serde_json::Value| {
        let mut payload = payload("owner");
        payload[key] = value;
        signed(NEW_SECRET, &payload)
    };
    let good = instance("owner");
    let (signature, body) = good.split_once('.').unwrap();
    let cases = [
        ("nonsense".to_owned(), "CREDENTIAL_MALFORMED"),
        (".".repeat(10_000), "CREDENTIAL_MALFORMED"),
        (
            format!("{signature}.{}", "!".repeat(40)),
            "INSTANCE_SIGNATURE_INVALID",
        ),
        (format!("{signature}x.{body}"), "CREDENTIAL_MALFORMED"),
        (format!("{signature}.{body}A"), "INSTANCE_SIGNATURE_INVALID"),
        (
            signed("another secret", &payload("owner")),
            "INSTANCE_SIGNATURE_INVALID",
        ),
        (
            with("expirationDate", json!("2026-11-22T11:54:59Z")),
            "INSTANCE_EXPIRED",
        ),
        (
            with("signDate", json!("2026-11-22T12:05:01Z")),
            "INSTANCE_FROM_FUTURE",
        ),
        (
            with("appDefId", json!("00000000-0000-4000-8000-000000000000")),
            "INSTANCE_WRONG_APP",
        ),
        (with("instanceId", json!("aaaa")), "INSTANCE_INVALID"),
        (with("instanceId", json!(7)), "INSTANCE_INVALID"),
        (with("signDate", json!("tomorrow")), "INSTANCE_INVALID"),
        (signed(NEW_SECRET, &json!([1, 2])), "INSTANCE_INVALID"),
        ("OauthNG.".to_owned(), "CREDENTIAL_MALFORMED"),
        ("OauthNG.JWS.a b".to_owned(), "CREDENTIAL_MALFORMED"),
        (
            "wixcode-pub.0a.e30".to_owned(),
            "VELO_INSTANCE_NOT_ACCEPTED",
        ),
        ("IST.eyJh.b.c".to_owned(), "API_KEY_NOT_ACCEPTED"),
        (
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
            "ELEVATED_TOKEN_INVALID",
        ),
    ];
    for (credential, code) in cases {
        let response = whoami(&server, &credential).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (401, code),
            "{credential}"
        );
        assert!(
            !response.body.contains(signature),
            "a refusal repeats the credential"
        );
    }
    let response = request(server.address, "GET", "/whoami", &[], "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (401, "CREDENTIAL_MISSING")
    );
    let twice = [
        ("authorization", good.as_str()),
        ("authorization", good.as_str()),
    ];
    let response = request(server.address, "GET", "/whoami", &twice, "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (400, "CREDENTIAL_REPEATED")
    );
}

#[tokio::test]
async fn what_was_verified_before_still_expires() {
    let server = TestServer::start(vec![]).await;
    let credential = instance("owner");
    assert_eq!(whoami(&server, &credential).await.status, 200);
    server.clock.set("2026-11-22T15:05:00Z".parse().unwrap());
    assert_eq!(whoami(&server, &credential).await.status, 200);
    server.clock.set("2026-11-22T15:05:01Z".parse().unwrap());
    assert_eq!(
        whoami(&server, &credential).await.code(),
        "INSTANCE_EXPIRED"
    );
    server.clock.set("2026-11-22T10:54:59Z".parse().unwrap());
    assert_eq!(
        whoami(&server, &credential).await.code(),
        "INSTANCE_FROM_FUTURE"
    );
}

#[tokio::test]
async fn an_instance_in_the_query_is_used_and_goes_no_further() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    let path = format!("/api/x?a=1&instance={}&b=%20", instance("member"));
    let response = request(server.address, "GET", &path, &[], "").await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.json()["uri"], "/api/x?a=1&b=%20");
    let response = request(server.address, "POST", &path, &[], "").await;
    assert_eq!(
        response.code(),
        "CREDENTIAL_MISSING",
        "code that posts can set a header"
    );

    let log = server.stop_and_read_log().await;
    assert!(log.contains("\"path\":\"/api/x\""), "{log}");
    assert!(!log.contains("instance="), "{log}");
}

#[tokio::test]
async fn an_old_secret_is_accepted_and_the_log_says_so() {
    let server = TestServer::start(vec![]).await;
    let response = whoami(&server, &signed(OLD_SECRET, &payload("owner"))).await;
    assert_eq!(response.status, 200);
    let log = server.stop_and_read_log().await;
    assert!(log.contains("\"app_secret\":\"old\""), "{log}");
}

#[tokio::test]
async fn roles_and_plans_are_kept_to() {
    let upstream = echo().await;
    let mut owners = to_upstream("/api/admin", upstream);
    owners.access = allow([Role::Owner]);
    let mut pro = to_upstream("/api/pro", upstream);
    pro.access = backlot_server::policy::AuthPolicy::Verified(backlot_server::policy::AccessRule {
        roles: backlot_server::policy::Roles::new([Role::Owner]),
        plans: vec!["pro".to_owned()],
    });
    let server = TestServer::start(vec![to_upstream("/api", upstream), owners, pro]).await;
    let ask = async |path: &str, credential: String| {
        let headers = [("authorization", credential.as_str())];
        request(server.address, "GET", path, &headers, "").await
    };
    assert_eq!(ask("/api/x", instance("visitor")).await.status, 200);
    assert_eq!(ask("/api/admin", instance("owner")).await.status, 200);
    for path in [
        "/api/admin",
        "/api//admin/x",
        "/api/%61dmin",
        "/api/ADMIN",
        "/api/%2561dmin",
    ] {
        let response = ask(path, instance("member")).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (403, "ROLE_NOT_ALLOWED"),
            "{path}"
        );
        let data = &response.json()["details"]["applicationError"]["data"];
        assert_eq!(data["allowed"], json!(["owner"]));
    }
    for path in ["/API/ADMIN", "/api%2fadmin", "/api;x/admin"] {
        let response = ask(path, instance("owner")).await;
        assert_eq!(response.code(), "ROUTE_NOT_FOUND", "{path}");
    }
    for path in ["/api/x/../admin", "/api/%2e%2e/admin", "/api/..;/admin"] {
        assert_eq!(
            ask(path, instance("owner")).await.code(),
            "PATH_NOT_ALLOWED",
            "{path}"
        );
    }
    assert_eq!(
        ask("/api/pro", instance("owner")).await.code(),
        "PLAN_NOT_ALLOWED"
    );
    let mut paying = payload("owner");
    paying["vendorProductId"] = json!("pro");
    assert_eq!(
        ask("/api/pro", signed(NEW_SECRET, &paying)).await.status,
        200
    );
}

#[tokio::test]
async fn each_instance_has_a_rate_of_its_own() {
    let mut entry = to_upstream("/api", echo().await);
    entry.rate_limit = Some(an_hour(2));
    let server = TestServer::start(vec![entry]).await;
    let ask = async |credential: &str| {
        request(
            server.address,
            "GET",
            "/api",
            &[("authorization", credential)],
            "",
        )
        .await
    };
    let one = instance("owner");
    assert_eq!(ask(&one).await.status, 200);
    assert_eq!(ask(&one).await.status, 200);
    let response = ask(&one).await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (429, "RATE_LIMITED")
    );
    let seconds: u64 = response.header("retry-after").parse().unwrap();
    assert!((1700..=1800).contains(&seconds), "{seconds}");
    let mut other = payload("owner");
    other["instanceId"] = json!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e61");
    assert_eq!(ask(&signed(NEW_SECRET, &other)).await.status, 200);
}

#[tokio::test]
async fn instances_are_registered() {
    let mut server = TestServer::start(vec![]).await;
    for role in ["owner", "owner", "visitor"] {
        whoami(&server, &instance(role)).await;
    }
    whoami(&server, &signed("another secret", &payload("member"))).await;
    let store = server.store.clone();
    server.ask_to_stop(Shutdown::Graceful);
    assert!(server.stop().await);
    let known = store
        .find_instance(INSTANCE_ID.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(known.requests, [1, 0, 2, 0], "visitor, member, owner, app");
    assert_eq!(known.first_seen.to_string(), "2026-11-22T12:00:00Z");
}

#[tokio::test]
async fn an_elevated_token_speaks_for_the_app_on_one_instance() {
    let mut for_app = to_upstream("/app", echo().await);
    for_app.access = allow([Role::App]);
    let server = TestServer::start(vec![to_upstream("/api", echo().await), for_app]).await;
    let owner = instance("owner");
    let response = request(
        server.address,
        "GET",
        "/api",
        &[("authorization", &owner)],
        "",
    )
    .await;
    let headers = response.json()["headers"].clone();
    let find = |name: &str| {
        let pairs = headers.as_array().unwrap().iter();
        let mut found = pairs
            .filter(|pair| pair[0] == name)
            .map(|pair| pair[1].as_str().unwrap().to_owned());
        found.next().unwrap_or_else(|| panic!("no {name}"))
    };
    let token = find("x-backlot-elevated-token");
    let caller = whoami(&server, &token).await;
    assert_eq!(caller.json()["role"], "app");
    assert_eq!(caller.json()["instanceId"], INSTANCE_ID);
    let response = request(
        server.address,
        "GET",
        "/app",
        &[("authorization", &token)],
        "",
    )
    .await;
    assert_eq!(response.status, 200);
    let response = request(
        server.address,
        "GET",
        "/app",
        &[("authorization", &owner)],
        "",
    )
    .await;
    assert_eq!(response.code(), "ROLE_NOT_ALLOWED");

    let keys = request(server.address, "GET", "/.well-known/jwks.json", &[], "")
        .await
        .json();
    assert_eq!(keys["keys"][0]["alg"], "ES256");
    assert_eq!(
        keys["keys"][0]["d"],
        json!(null),
        "the private half stays here"
    );

    server.clock.set("2026-11-22T12:05:00Z".parse().unwrap());
    assert_eq!(
        whoami(&server, &token).await.code(),
        "ELEVATED_TOKEN_EXPIRED"
    );
}
