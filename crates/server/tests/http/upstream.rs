//! What the developer's own server is told, and what it is not.

use std::net::SocketAddr;

use backlot_outbound::upstream::Address;
use backlot_server::handlers::proxy::Destination;
use backlot_server::policy::AuthPolicy;
use serde_json::Value;

use crate::harness::{
    Http2, INSTANCE_ID, PAGE, TestServer, Upstream, echo, instance, kind, request, to_router,
    to_upstream,
};

fn header(response: &crate::harness::Reply, name: &str) -> Vec<String> {
    let headers = response.json()["headers"].clone();
    let pairs = headers
        .as_array()
        .unwrap_or_else(|| panic!("{response:?}"))
        .clone();
    pairs
        .iter()
        .filter(|pair| pair[0] == name)
        .map(|pair| pair[1].as_str().unwrap().to_owned())
        .collect()
}

async fn ask(address: SocketAddr, path: &str, more: &[(&str, &str)]) -> crate::harness::Reply {
    let credential = instance("member");
    let mut headers = vec![("authorization", credential.as_str())];
    headers.extend_from_slice(more);
    request(address, "GET", path, &headers, "").await
}

#[tokio::test]
async fn it_learns_who_calls_and_nobody_can_say_otherwise() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    let forged = [
        ("x-backlot-role", "owner"),
        ("X_Backlot_Role", "owner"),
        ("x-backlot-instance-id", "another"),
        ("x-backlot-new-header", "1"),
        ("x-request-id", "forged"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-host", "evil.com"),
        ("x-real-ip", "1.2.3.4"),
        ("forwarded", "for=1.2.3.4"),
        ("connection", "x-backlot-role, x-secret-hop"),
        ("x-secret-hop", "1"),
        ("te", "trailers"),
        ("x-original-url", "/api/admin"),
        ("X-Rewrite-URL", "/api/admin"),
        ("X_HTTP_Method_Override", "DELETE"),
        ("x-middleware-subrequest", "middleware"),
        ("true-client-ip", "1.2.3.4"),
        ("x-mine", "kept"),
    ];
    let response = ask(server.address, "/api/hello?x=1", &forged).await;
    for name in [
        "x-original-url",
        "x-rewrite-url",
        "x_http_method_override",
        "x-middleware-subrequest",
        "true-client-ip",
    ] {
        assert_eq!(header(&response, name), [""; 0], "{name}");
    }
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(header(&response, "x-backlot-role"), ["member"]);
    assert_eq!(header(&response, "x-backlot-instance-id"), [INSTANCE_ID]);
    assert_eq!(
        header(&response, "x-backlot-user-id"),
        ["6e1f7b9d-1b2e-4c3d-9e4f-a0b1c2d3e4f5"]
    );
    assert_eq!(header(&response, "x-backlot-elevated-token").len(), 1);
    assert_eq!(
        header(&response, "x-request-id"),
        [response.header("x-request-id")]
    );
    assert_eq!(header(&response, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(header(&response, "x-forwarded-proto"), ["http"]);
    assert_eq!(
        header(&response, "x-forwarded-host"),
        [server.address.to_string()]
    );
    let forwarded = format!("for=127.0.0.1;host=\"{}\";proto=http", server.address);
    assert_eq!(header(&response, "forwarded"), [forwarded]);
    assert_eq!(header(&response, "x-mine"), ["kept"]);
    for gone in [
        "x_backlot_role",
        "x-backlot-new-header",
        "x-real-ip",
        "authorization",
        "te",
        "x-secret-hop",
        "connection",
    ] {
        assert!(header(&response, gone).is_empty(), "{gone}");
    }
    assert_eq!(response.json()["uri"], "/api/hello?x=1");
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_and_added_to() {
    let entry = to_upstream("/api", echo().await);
    let trust = |settings: &mut backlot_server::Settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    };
    let server = TestServer::start_with(vec![entry], trust).await;
    let proxy = [
        ("x-forwarded-for", "9.9.9.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "app.example"),
        ("forwarded", "for=9.9.9.9"),
    ];
    let response = ask(server.address, "/api", &proxy).await;
    assert_eq!(header(&response, "x-forwarded-for"), ["9.9.9.9, 127.0.0.1"]);
    assert_eq!(header(&response, "x-forwarded-proto"), ["https"]);
    assert_eq!(header(&response, "x-forwarded-host"), ["app.example"]);
    assert!(header(&response, "forwarded")[0].starts_with("for=9.9.9.9, for=127.0.0.1;"));
}

/// A TLS proxy that knows only one header, as most are configured.
#[tokio::test]
async fn forwarded_says_what_x_forwarded_says() {
    let mut entry = to_upstream("/shop", echo().await);
    entry.strip_prefix = true;
    let trust = |settings: &mut backlot_server::Settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    };
    let server = TestServer::start_with(vec![entry], trust).await;
    let response = ask(server.address, "/shop/x", &[("x-forwarded-proto", "https")]).await;
    assert_eq!(header(&response, "x-forwarded-proto"), ["https"]);
    let forwarded = format!("for=127.0.0.1;host=\"{}\";proto=https", server.address);
    assert_eq!(header(&response, "forwarded"), [forwarded]);
    assert_eq!(header(&response, "x-forwarded-prefix"), ["/shop"]);
    let response = ask(
        server.address,
        "/shop",
        &[("forwarded", "for=9.9.9.9;proto=https")],
    )
    .await;
    assert_eq!(header(&response, "x-forwarded-for"), ["9.9.9.9, 127.0.0.1"]);
    assert_eq!(header(&response, "x-forwarded-proto"), ["https"]);
}

#[tokio::test]
async fn prefixes_are_stripped_and_bases_are_added() {
    let upstream = echo().await;
    let mut stripped = to_upstream("/shop", upstream);
    stripped.strip_prefix = true;
    let base = Address::parse(&format!("http://{upstream}/v1/"), false).unwrap();
    stripped.destination = Destination::Upstream(base);
    let server = TestServer::start(vec![to_upstream("/", upstream), stripped]).await;
    for (path, uri) in [
        ("/shop/items?x=1", "/v1/items?x=1"),
        ("/shop", "/v1/"),
        ("/shopping", "/shopping"),
        ("/else/where", "/else/where"),
        ("/", "/"),
        ("/a%2Fb?c=%2F", "/a%2Fb?c=%2F"),
    ] {
        let response = ask(server.address, path, &[]).await;
        assert_eq!(response.json()["uri"], uri, "{path}: {response:?}");
    }
}

#[tokio::test]
async fn without_proof_there_is_no_caller_to_tell_of() {
    let mut open = to_upstream("/open", echo().await);
    open.access = AuthPolicy::Anybody;
    let server = TestServer::start(vec![open]).await;
    let headers = [
        ("x-backlot-role", "owner"),
        ("authorization", "my own scheme"),
    ];
    let response = request(server.address, "GET", "/open?instance=mine", &headers, "").await;
    assert_eq!(response.status, 200);
    assert!(header(&response, "x-backlot-role").is_empty());
    assert!(header(&response, "x-backlot-elevated-token").is_empty());
    assert_eq!(
        header(&response, "authorization"),
        ["my own scheme"],
        "it is for the upstream"
    );
    assert_eq!(response.json()["uri"], "/open?instance=mine");
}

#[tokio::test]
async fn its_reply_comes_back_without_what_is_not_its_to_say() {
    const REPLY: &str = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\nx-own: 1\r\nvary: accept\r\n\
        access-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\n\
        Access-Control-Allow-Private-Network: true\r\naccess-control-later: *\r\n\
        connection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nset-cookie: a=1\r\n\
        set-cookie: b=2\r\n\r\nok";
    let upstream = Upstream::saying(vec![REPLY]).await;
    let server = TestServer::start(vec![to_upstream("/api", upstream.address)]).await;
    let response = ask(server.address, "/api", &[("origin", PAGE)]).await;
    assert_eq!((response.status, response.body.as_str()), (201, "ok"));
    assert_eq!(response.header("access-control-allow-origin"), PAGE);
    for name in ["allow-credentials", "allow-private-network", "later"] {
        assert_eq!(
            response.header(&format!("access-control-{name}")),
            "",
            "{name}"
        );
    }
    assert_eq!(
        response.header("vary"),
        "accept, Origin, Authorization, X-Wix-Instance"
    );
    assert_eq!(response.header("set-cookie"), "a=1, b=2");
    assert_eq!(response.header("x-own"), "1");
    for gone in ["x-hop", "keep-alive"] {
        assert_eq!(response.header(gone), "", "{gone}");
    }
}

#[tokio::test]
async fn bodies_stream_through_and_connections_are_kept() {
    let upstream =
        Upstream::saying(vec!["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"; 8]).await;
    let server = TestServer::start(vec![
        to_upstream("/api", upstream.address),
        to_upstream("/echo", echo().await),
    ])
    .await;
    for _ in 0..5 {
        assert_eq!(ask(server.address, "/api", &[]).await.body, "ok");
    }
    assert_eq!(*upstream.connections.lock(), 1);
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    let body = "x".repeat(90_000);
    let response = request(server.address, "POST", "/echo", &headers, &body).await;
    assert_eq!(response.json()["bodyBytes"], Value::from(90_000));
}

#[tokio::test]
async fn http2_on_the_inside() {
    let upstream = echo().await;
    let mut entry = to_upstream("/api", upstream);
    let address = Address::parse(&format!("http://{upstream}"), true).unwrap();
    entry.destination = Destination::Upstream(address);
    let server = TestServer::start(vec![entry]).await;
    let response = ask(server.address, "/api/x", &[]).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(header(&response, "x-backlot-role"), ["member"]);
}

/// The address of an upstream is nobody's business, and reaches nobody.
#[tokio::test]
async fn redirects_lead_to_the_public_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    let redirect = async |headers: axum::http::HeaderMap| {
        let location = headers["x-location"].clone();
        (axum::http::StatusCode::FOUND, [("location", location)])
    };
    let router = axum::Router::new().fallback(redirect);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut stripped = to_upstream("/shop", upstream);
    stripped.strip_prefix = true;
    let mut as_it_is = to_upstream("/raw", upstream);
    as_it_is.rewrite_redirects = false;
    let server = TestServer::start(vec![to_upstream("/", upstream), stripped, as_it_is]).await;
    let own = format!("http://{upstream}/x?y=1");
    let public = server.address;
    for (path, location, expected) in [
        ("/a", own.as_str(), format!("http://{public}/x?y=1")),
        ("/a", "/x", "/x".to_owned()),
        (
            "/a",
            "https://example.com/x",
            "https://example.com/x".to_owned(),
        ),
        ("/shop/a", &own, format!("http://{public}/shop/x?y=1")),
        ("/shop/a", "/x", "/shop/x".to_owned()),
        ("/raw/a", &own, own.clone()),
    ] {
        let response = ask(server.address, path, &[("x-location", location)]).await;
        assert_eq!(response.status, 302);
        assert_eq!(response.header("location"), expected, "{path} {location}");
    }
}

/// A login sets cookies, some logins very many.
#[tokio::test]
async fn replies_with_many_headers_come_back_whole() {
    async fn cookies(uri: axum::http::Uri) -> axum::response::Response {
        let mut numbers = uri.path().rsplit('/').map(|it| it.parse().unwrap_or(0));
        let (bytes, count) = (numbers.next().unwrap(), numbers.next().unwrap());
        let mut response = axum::response::Response::default();
        for number in 0..count {
            let value = format!("c{number}={}", "x".repeat(bytes));
            let value = value.parse().unwrap();
            response.headers_mut().append("set-cookie", value);
        }
        response
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(cookies);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut http2 = to_upstream("/two", upstream);
    let address = Address::parse(&format!("http://{upstream}"), true).unwrap();
    http2.destination = Destination::Upstream(address);
    let server = TestServer::start(vec![to_upstream("/one", upstream), http2]).await;
    for (count, bytes, is_passed) in [
        (130, 10, true),
        (250, 10, true),
        (254, 400, true),
        (300, 10, false),
        (20_000, 0, false),
        (2, 100_000, false),
        (1, 100_000, true),
    ] {
        for path in ["one", "two"] {
            let response = ask(server.address, &format!("/{path}/{count}/{bytes}"), &[]).await;
            let what = format!("{path} {count} {bytes}");
            if is_passed {
                assert_eq!(response.status, 200, "{what} {}", response.body);
                let cookies = response.headers.get_all("set-cookie").iter().count();
                assert_eq!(cookies, count, "{what}");
            } else {
                let refused = (response.status, response.code());
                assert_eq!(
                    refused,
                    (502, "UPSTREAM_HEAD_TOO_LARGE".to_owned()),
                    "{what}"
                );
            }
        }
    }
}

/// Crumbs of a cookie, as every browser sends them over HTTP/2.
#[tokio::test]
async fn cookies_of_http2_come_as_one_line() {
    let seen = |headers: axum::http::HeaderMap| async move {
        let lines = headers.get_all("cookie").iter();
        let lines: Vec<_> = lines.map(|line| line.to_str().unwrap()).collect();
        lines.join("|")
    };
    let router = axum::Router::new().fallback(seen);
    let server = TestServer::start(vec![
        to_upstream("/api", echo().await),
        to_router("/mounted", router),
    ])
    .await;
    let credential = instance("member");
    let headers = [
        ("authorization", credential.as_str()),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("cookie", "c=3"),
    ];
    let mut client = Http2::connect(server.address, 1 << 20).await;
    for (stream, path, expected) in [
        (1, "/api", "[\"cookie\",\"a=1; b=2; c=3\"]"),
        (3, "/mounted", "a=1; b=2; c=3"),
    ] {
        client.get(stream, path, &headers).await;
        let body = client.next(kind::DATA, stream).await.unwrap().payload;
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(expected), "{path}: {body}");
        assert_eq!(body.matches("a=1").count(), 1, "{path}: {body}");
    }
}

/// As pages of older apps send it.
#[tokio::test]
async fn a_credential_in_a_header_of_its_own_stays_here_too() {
    let mut passing = to_upstream("/passing", echo().await);
    passing.pass_authorization = true;
    let mut open = to_upstream("/open", echo().await);
    open.access = AuthPolicy::Anybody;
    let server = TestServer::start(vec![to_upstream("/api", echo().await), passing, open]).await;
    let credential = instance("member");
    let sent = [("X-Wix-Instance", credential.as_str())];
    let mine = |response: &crate::harness::Reply| header(response, "x-wix-instance");
    for (path, passed) in [("/api", 0), ("/passing", 1), ("/open", 1)] {
        let response = request(server.address, "POST", path, &sent, "{}").await;
        assert_eq!(response.status, 200, "{path} {response:?}");
        assert_eq!(mine(&response).len(), passed, "{path}");
        let role = header(&response, "x-backlot-role");
        assert_eq!(role.len(), usize::from(path != "/open"), "{path}");
    }
    let with_bearer = format!("Bearer {credential}");
    let sent = [("x-wix-instance", with_bearer.as_str())];
    let response = request(server.address, "GET", "/whoami", &sent, "").await;
    assert_eq!(
        (response.status, &response.json()["role"]),
        (200, &"member".into())
    );
    // Authorization wins, and what was not checked is not passed on.
    let both = [
        ("authorization", credential.as_str()),
        ("x-wix-instance", "unchecked"),
    ];
    let response = request(server.address, "GET", "/passing", &both, "").await;
    assert_eq!(header(&response, "authorization"), [credential.as_str()]);
    assert_eq!(mine(&response), [""; 0]);
    let twice = [("x-wix-instance", credential.as_str()); 2];
    let response = request(server.address, "GET", "/whoami", &twice, "").await;
    assert_eq!(
        (response.status, response.code().as_str()),
        (400, "CREDENTIAL_REPEATED")
    );
    let log = server.stop_and_read_log().await;
    assert!(!log.contains(&credential[..20]), "{log}");
}

/// Servers that write headers as CGI does would take them for the header itself.
#[tokio::test]
async fn other_spellings_of_credential_headers_reach_no_upstream() {
    let mut passing = to_upstream("/passing", echo().await);
    passing.pass_authorization = true;
    let mut open = to_upstream("/open", echo().await);
    open.access = AuthPolicy::Anybody;
    let entries = vec![to_upstream("/api", echo().await), passing, open];
    let server = TestServer::start_with(entries, |settings| {
        settings.instance_headers.push("my_token".parse().unwrap());
    })
    .await;
    let forged = [
        "X_Wix_Instance",
        "X.Wix.Instance",
        "HTTP_X_WIX_INSTANCE",
        "HTTP_Authorization",
        "My-Token",
        "HTTP_MY_TOKEN",
    ];
    let sent = forged.map(|name| (name, "forged"));
    for path in ["/api", "/passing", "/open"] {
        let response = ask(server.address, path, &sent).await;
        assert_eq!(response.status, 200, "{path} {response:?}");
        assert!(
            !response.body.contains("forged"),
            "{path} {}",
            response.body
        );
    }
}

#[tokio::test]
async fn an_override_passes_where_the_entry_names_it() {
    let mut entry = to_upstream("/api", echo().await);
    entry.pass_headers = vec!["x-http-method-override".parse().unwrap()];
    let server = TestServer::start(vec![entry]).await;
    let sent = [
        ("x-http-method-override", "PUT"),
        ("x-original-url", "/api/admin"),
    ];
    let response = ask(server.address, "/api/hello", &sent).await;
    assert_eq!(header(&response, "x-http-method-override"), ["PUT"]);
    assert_eq!(header(&response, "x-original-url"), [""; 0]);
}

/// Encoded letters, percent signs and whole addresses in a segment are nobody's way past a rule.
#[tokio::test]
async fn ordinary_paths_arrive_as_they_came() {
    let upstream = echo().await;
    let server = TestServer::start(vec![
        to_upstream("/", upstream),
        to_upstream("/api", upstream),
        to_upstream("/api/admin", upstream),
    ])
    .await;
    for path in [
        "/api/100%25ab",
        "/api/50%25%25?x=100%25ab",
        "/api/C%2523",
        "/api/https%3A%2F%2Fexample.com%2Fa%3Fb%3D1%26c%3D%2523%23d%3Be",
        "/api/https%253A%252F%252Fexample.com%252Fa%253Fb%253D1",
        "/api/https://example.com/a",
        "/api/a%5Cb",
        "/api/a;v=1/b",
        "/api/%E4%BD%A0%E5%A5%BD/%82%A0",
        "/api/100%",
        "/api/%zz",
    ] {
        let response = ask(server.address, path, &[]).await;
        assert_eq!(response.status, 200, "{path} {response:?}");
        assert_eq!(response.json()["uri"], path);
    }
}

/// A target as it is written on the wire, to an upstream that would serve anything.
#[tokio::test]
async fn an_encoded_question_mark_before_dots_reaches_no_upstream() {
    let upstream = echo().await;
    let mut public = to_upstream("/nx/public", upstream);
    public.access = AuthPolicy::Anybody;
    let server = TestServer::start(vec![public, to_upstream("/nx/admin", upstream)]).await;
    for path in [
        "/nx/public%3f/../admin",
        "/nx/public/%2e%2e%2fadmin",
        "/nx/public%23%2f..%2fadmin",
        "/nx/public\\..\\admin",
    ] {
        let line = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let response = crate::harness::raw(server.address, line.as_bytes())
            .await
            .unwrap();
        assert_eq!(
            (response.status, response.code().as_str()),
            (400, "PATH_NOT_ALLOWED"),
            "{path}"
        );
    }
}

/// RFC 9110, section 8.6: strict servers answer 411 to a POST that does not say its length.
#[tokio::test]
async fn a_post_without_a_body_says_that_its_length_is_zero() {
    let server = TestServer::start(vec![to_upstream("/api", echo().await)]).await;
    let credential = instance("member");
    for (method, sent, expected) in [
        ("POST", Some("0"), &["0"][..]),
        ("POST", None, &["0"]),
        ("GET", None, &[]),
    ] {
        let mut headers = vec![("authorization", credential.as_str())];
        headers.extend(sent.map(|length| ("content-length", length)));
        let response = request(server.address, method, "/api/x", &headers, "").await;
        assert_eq!(response.status, 200, "{response:?}");
        assert_eq!(header(&response, "content-length"), expected, "{method}");
        assert_eq!(header(&response, "transfer-encoding"), [""; 0]);
    }
}
