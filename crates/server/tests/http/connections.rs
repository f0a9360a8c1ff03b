//! Calls to third parties: which line of the list decides, and where redirects lead.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use backlot_outbound::third_party::{BearerAuth, SecretSource};
use backlot_server::connections::{CacheScope, HeaderNames};
use backlot_server::{ConnectionCallError, Connections};
use backlot_wix::Role;
use http::{HeaderName, HeaderValue};

use crate::harness::{
    KEY, NEW_SECRET, Reply, TestServer, ThirdParty, connected, instance, payload, request, signed,
    to_router,
};

const OWNER: &[Role] = &[Role::Owner];
const VISITOR: &[Role] = &[Role::Visitor];
const BOTH: &[Role] = &[Role::Owner, Role::Visitor];

async fn call(server: &TestServer, role: &str, method: &str, path: &str) -> Reply {
    let credential = instance(role);
    let headers = [("authorization", &*credential)];
    let path = format!("/connections/x{path}");
    request(server.address, method, &path, &headers, "").await
}

#[tokio::test]
async fn the_most_specific_line_decides_and_no_other_spelling_passes_it() {
    let party = ThirdParty::start().await;
    let lines: [(&str, &[Role]); 4] = [
        ("GET /things/{id}?*", VISITOR),
        ("GET /things/all?limit", OWNER),
        ("POST /things/{id}", BOTH),
        ("POST /{kind}/import", OWNER),
    ];
    let server = TestServer::start_with(vec![], connected(party.connection("", &lines))).await;
    party.on("/things/8", 200, &[], "eight");
    let eight = call(&server, "visitor", "GET", "/things/8").await;
    assert_eq!(eight.body, "eight");
    let sent = &party.last().headers["authorization"];
    assert_eq!(sent, &format!("Bearer {KEY}"));
    for (who, path, code) in [
        ("visitor GET", "/things/7?a=1", ""),
        ("visitor GET", "/things/all", "ROLE_NOT_ALLOWED"),
        ("visitor HEAD", "/things/all", ""),
        ("visitor GET", "/things/%61ll", "ROLE_NOT_ALLOWED"),
        ("visitor GET", "/things/ALL", "ROLE_NOT_ALLOWED"),
        ("visitor GET", "/things/all.", "ROLE_NOT_ALLOWED"),
        ("visitor GET", "/things/all%20", "ROLE_NOT_ALLOWED"),
        ("owner GET", "/things/all?limit=3", ""),
        (
            "owner GET",
            "/things/all?a=1",
            "CONNECTION_QUERY_NOT_ALLOWED",
        ),
        (
            "visitor GET",
            "/things/all?a=1",
            "CONNECTION_QUERY_NOT_ALLOWED",
        ),
        ("owner GET", "/things/%61ll?limit=3", "ROLE_NOT_ALLOWED"),
        ("owner GET", "/things/7", "ROLE_NOT_ALLOWED"),
        ("visitor POST", "/things/all", ""),
        ("visitor POST", "/things/import", "ROLE_NOT_ALLOWED"),
        ("owner POST", "/things/import", ""),
        ("visitor POST", "/things/%49mport", "ROLE_NOT_ALLOWED"),
    ] {
        party.forget();
        let (role, method) = who.split_once(' ').unwrap();
        let response = call(&server, role, method, path).await;
        let was_made = !party.asked().is_empty();
        if method == "HEAD" {
            assert_eq!((response.status, was_made), (403, false), "{who} {path}");
            continue;
        }
        assert_eq!(response.code(), code, "{who} {path}: {}", response.body);
        assert_eq!(was_made, code.is_empty(), "{who} {path}");
    }
}

/// Everything that is refused is a 502, and its cause is in the log.
#[tokio::test]
async fn redirects_are_followed_to_calls_that_the_caller_may_make() {
    let (party, other) = (ThirdParty::start().await, ThirdParty::start().await);
    let lines: [(&str, &[Role]); 4] = [
        ("GET /from/{name}", BOTH),
        ("GET /things/{id}?page", BOTH),
        ("GET /things/all", OWNER),
        ("GET /pro/{id}", BOTH),
    ];
    let mut connection = party.connection("/v1", &lines);
    connection.calls[3].rules.plans = vec!["pro".to_owned()];
    connection.redirects = 2;
    connection.query = vec![("version".to_owned(), SecretSource::Plain("3".into()))];
    let server = TestServer::start_with(vec![], connected(connection)).await;
    let port = other.address.port();
    let elsewhere = format!("http://127.0.0.1:{port}/v1/things/7");
    let secure = format!("https://127.0.0.1:{port}/v1/things/7");
    let named = format!("http://localhost:{port}/v1/things/7");
    for (who, location, followed) in [
        ("visitor", "/v1/things/7", true),
        ("visitor", "/v1/things/7?version=3&page=2", true),
        ("visitor", "/v1/things/7?version=3&limit=2", false),
        ("visitor", "/v1/things/all", false),
        ("visitor", "/v1/things/%61ll", false),
        ("visitor", "/v1/things/../things/all", false),
        ("owner", "/v1/things/all", true),
        ("visitor", "/v1/things/7/more", false),
        ("visitor", "/v1/pro/7", false),
        ("visitor", "/things/7", false),
        ("visitor", &elsewhere, false),
        ("visitor", &secure, false),
        ("visitor", &named, false),
    ] {
        party.on("/v1/from/x", 307, &[("location", location)], "");
        party.forget();
        let response = call(&server, who, "GET", "/from/x").await;
        let asked = party.asked();
        if followed {
            assert_eq!(response.status, 200, "{location} {response:?}");
            assert_eq!(asked.len(), 2, "{location}");
            let last = asked.last().unwrap();
            assert_eq!(last.matches("version=3").count(), 1, "{last}");
            assert!(party.last().headers.contains_key("authorization"));
        } else {
            let code = if location.contains("//127.0.0.1") {
                "CONNECTION_ADDRESS_REFUSED"
            } else {
                "CONNECTION_REDIRECTED"
            };
            assert_eq!(
                (response.status, &*response.code()),
                (502, code),
                "{location}"
            );
            assert_eq!(asked.len(), 1, "{location}");
        }
    }
    assert!(other.asked().is_empty());
    let log = server.stop_and_read_log().await;
    for cause in [
        "it redirects to a call that the caller may not make (GET /things/all: ROLE_NOT_ALLOWED)",
        "(GET /pro/7: PLAN_NOT_ALLOWED)",
        "it redirects to a path outside of its base_url",
        "it redirects to another origin without https",
    ] {
        assert!(log.contains(cause), "{cause}: {log}");
    }
}

#[tokio::test]
async fn what_a_redirect_led_one_caller_to_is_kept_for_nobody() {
    let party = ThirdParty::start().await;
    let lines: [(&str, &[Role]); 2] = [("GET /things/{id}", BOTH), ("GET /things/all", OWNER)];
    let mut connection = party.connection("", &lines);
    connection.redirects = 1;
    connection.cache = Some(CacheScope::Instance);
    let server = TestServer::start_with(vec![], connected(connection)).await;
    let kept = [("cache-control", "max-age=600")];
    party.on("/things/all", 200, &kept, "for the owner");
    party.on("/things/7", 302, &[("location", "/things/all")], "");
    party.on("/things/8", 200, &kept, "for all");
    let response = call(&server, "owner", "GET", "/things/7").await;
    assert_eq!(response.body, "for the owner");
    let response = call(&server, "visitor", "GET", "/things/7").await;
    assert_eq!(response.code(), "CONNECTION_REDIRECTED");
    party.forget();
    for who in ["owner", "visitor"] {
        let response = call(&server, who, "GET", "/things/8").await;
        assert_eq!(response.body, "for all");
    }
    assert_eq!(party.asked().len(), 1);
}

/// Another instance than that of [`instance`], of the same app.
fn other_instance(role: &str) -> String {
    let mut payload = payload(role);
    payload["instanceId"] = "3b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60".into();
    signed(NEW_SECRET, &payload)
}

#[tokio::test]
async fn a_key_of_a_write_is_the_instances_own_under_a_shared_credential() {
    let party = ThirdParty::start().await;
    let lines: [(&str, &[Role]); 1] = [("POST /orders", OWNER)];
    let mut connection = party.connection("", &lines);
    let names = ["x-*", "paypal-request-id"].map(str::to_owned);
    connection.pass_headers = HeaderNames::parse(&names).unwrap();
    connection.idempotency_header = Some(HeaderName::from_static("x-request-token"));
    let router = Router::new().route("/api/order", post(order));
    let api = vec![to_router("/api", router)];
    let server = TestServer::start_with(api, connected(connection)).await;
    let path = "/connections/x/orders";
    for name in [
        "idempotency-key",
        "x-idempotency-key",
        "X-Request-Token",
        "paypal-request-id",
    ] {
        let mut sent = Vec::new();
        for credential in [
            instance("owner"),
            instance("owner"),
            other_instance("owner"),
        ] {
            let headers = [
                ("authorization", &*credential),
                (name, "order-7"),
                ("x-trace", "order-7"),
            ];
            let response = request(server.address, "POST", path, &headers, "").await;
            assert_eq!(response.status, 200, "{response:?}");
            let headers = party.last().headers;
            assert_eq!(headers["x-trace"], "order-7");
            sent.push(headers[name].to_str().unwrap().to_owned());
        }
        assert_eq!(sent[0], sent[1], "{name}");
        assert_ne!(sent[0], sent[2], "{name}");
        assert!(sent.iter().all(|key| key.len() == 36), "{name} {sent:?}");
    }
    // An empty one would be the same for all writes: it is none.
    let headers = [
        ("authorization", &*instance("owner")),
        ("idempotency-key", ""),
    ];
    request(server.address, "POST", path, &headers, "").await;
    assert!(!party.last().headers.contains_key("idempotency-key"));
    // By way of Rust, too.
    let mut sent = Vec::new();
    for credential in [instance("owner"), other_instance("owner")] {
        let headers = [("authorization", &*credential)];
        let response = request(server.address, "POST", "/api/order", &headers, "").await;
        assert_eq!(response.status, 200, "{response:?}");
        sent.push(party.last().headers["idempotency-key"].clone());
    }
    assert!(sent[0] != sent[1] && sent[0] != "order-7", "{sent:?}");
}

async fn order(connections: Connections) -> Result<String, ConnectionCallError> {
    let name = HeaderName::from_static("idempotency-key");
    let call = connections.post("x", "/orders");
    let answer = call.header(name, HeaderValue::from_static("order-7"));
    let body = answer.send().await?.bytes().await?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_shared_reply_is_for_the_headers_that_it_was_asked_with() {
    let party = ThirdParty::start().await;
    let lines: [(&str, &[Role]); 1] = [("GET /greeting", OWNER)];
    let mut connection = party.connection("", &lines);
    connection.pass_headers = HeaderNames::parse(&["x-customer".to_owned()]).unwrap();
    connection.cache = Some(CacheScope::Shared);
    let server = TestServer::start_with(vec![], connected(connection)).await;
    let kept = [("cache-control", "public, max-age=600")];
    let (own, others) = (instance("owner"), other_instance("owner"));
    let ask = async |credential: &str, name, value, body: &str| {
        party.on("/greeting", 200, &kept, body);
        let headers = [("authorization", credential), (name, value)];
        let path = "/connections/x/greeting";
        request(server.address, "GET", path, &headers, "")
            .await
            .body
    };
    for (name, value) in [
        ("accept-language", "de"),
        ("accept-language", "fr"),
        ("accept", "text/html"),
        ("x-customer", "1"),
        ("x-customer", "2"),
        ("x-unsent", "1"),
    ] {
        let body = format!("{name} {value}");
        assert_eq!(ask(&own, name, value, &body).await, body);
        let again = ask(&others, name, value, "not kept").await;
        assert_eq!(again, body);
    }
    // What does not go along changes nothing.
    let again = ask(&others, "x-unsent", "2", "not kept").await;
    assert_eq!(again, "x-unsent 1");
}

#[tokio::test]
async fn nothing_of_cors_comes_back_from_a_third_party() {
    let party = ThirdParty::start().await;
    let lines: [(&str, &[Role]); 1] = [("GET /things", OWNER)];
    let mut connection = party.connection("", &lines);
    connection.reply_headers = HeaderNames::parse(&["a*".to_owned()]).unwrap();
    let server = TestServer::start_with(vec![], connected(connection)).await;
    let headers = [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-private-network", "true"),
        ("access-control-later", "*"),
        ("a-mine", "mine"),
    ];
    party.on("/things", 200, &headers, "");
    let response = call(&server, "owner", "GET", "/things").await;
    assert_eq!(response.header("a-mine"), "mine");
    let names = response.headers.keys().map(HeaderName::as_str);
    let cors: Vec<&str> = names
        .filter(|name| name.starts_with("access-control-"))
        .collect();
    assert_eq!(cors, ["access-control-expose-headers"]);
}

/// `X-HTTP-Method-Override: DELETE` makes another call of a `POST` that the list allows.
#[tokio::test]
async fn a_header_that_makes_another_call_goes_along_by_its_whole_name_only() {
    const OF_ANOTHER_CALL: [&str; 7] = [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x-original-url",
        "x-rewrite-url",
        "x-forwarded-for",
        "x-backlot-role",
    ];
    let party = ThirdParty::start().await;
    let lines: [(&str, &[Role]); 1] = [("POST /things", OWNER)];
    for (names, passes) in [(vec!["x-*"], false), (vec!["x-*", "X-HTTP-Method"], true)] {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let mut connection = party.connection("", &lines);
        connection.pass_headers = HeaderNames::parse(&names).unwrap();
        let server = TestServer::start_with(vec![], connected(connection)).await;
        let credential = instance("owner");
        let mut headers = vec![("authorization", &*credential), ("x-mine", "1")];
        headers.extend(OF_ANOTHER_CALL.map(|name| (name, "DELETE")));
        let path = "/connections/x/things";
        request(server.address, "POST", path, &headers, "").await;
        let sent = party.last().headers;
        assert_eq!(sent["x-mine"], "1");
        let passed = OF_ANOTHER_CALL.map(|name| sent.contains_key(name));
        let expected = OF_ANOTHER_CALL.map(|name| passes && name == "x-http-method");
        assert_eq!(passed, expected, "{names:?}");
    }
}

/// RFC 9110, section 8.6: strict servers answer 411 to a write that does not say its length.
#[tokio::test]
async fn a_write_without_a_body_says_that_its_length_is_zero() {
    let party = ThirdParty::start().await;
    let lines: [(&str, &[Role]); 5] = [
        ("POST /things", OWNER),
        ("PUT /things", OWNER),
        ("PATCH /things", OWNER),
        ("DELETE /things", OWNER),
        ("GET /things", OWNER),
    ];
    let server = TestServer::start_with(vec![], connected(party.connection("", &lines))).await;
    let credential = instance("owner");
    for (method, expected) in [
        ("POST", Some("0")),
        ("PUT", Some("0")),
        ("PATCH", Some("0")),
        ("DELETE", None),
        ("GET", None),
    ] {
        for sent in [Some("0"), None] {
            let mut headers = vec![("authorization", &*credential)];
            headers.extend(sent.map(|length| ("content-length", length)));
            let path = "/connections/x/things";
            let response = request(server.address, method, path, &headers, "").await;
            assert_eq!(response.status, 200, "{response:?}");
            let headers = party.last().headers;
            let length = headers.get("content-length").map(|it| it.to_str().unwrap());
            assert_eq!(length, expected, "{method} {sent:?}");
            assert!(!headers.contains_key("transfer-encoding"));
        }
    }
}

#[tokio::test]
async fn a_path_of_another_kind_of_credential_is_explained() {
    let party = ThirdParty::start().await;
    let plain = party.connection("", &[("GET /me", &[Role::Owner])]);
    let mut keyed = plain.clone();
    keyed.auth = Arc::new(BearerAuth(SecretSource::OfInstance("key".into())));
    for (connection, paths, words) in [
        (
            party.accounts(),
            &["key"][..],
            "This connection has an account",
        ),
        (
            keyed,
            &["authorize", "callback"],
            "This connection has a key that the owner types in",
        ),
        (
            plain,
            &["authorize", "callback", "key", "status", "disconnect"],
            "one credential for all instances",
        ),
    ] {
        let server = TestServer::start_with(vec![], connected(connection)).await;
        for path in paths {
            let path = format!("/connections/x/{path}");
            for method in ["PUT", "POST", "GET"] {
                let credential = instance("owner");
                let headers = [("authorization", credential.as_str())];
                let response = request(server.address, method, &path, &headers, "").await;
                assert_eq!(
                    response.code(),
                    "CONNECTION_CALL_NOT_ALLOWED",
                    "{response:?}"
                );
                assert!(response.body.contains(words), "{path}: {}", response.body);
                assert!(
                    !response.body.contains("Add it to `calls`"),
                    "{}",
                    response.body
                );
            }
        }
    }
}
