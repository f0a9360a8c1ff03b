//! What pages may read.

use http::Method;

use backlot_server::http::methods::Methods;
use backlot_server::policy::AuthPolicy;

use crate::harness::{PAGE, TestServer, Upstream, echo, instance, request, to_upstream};

const PREFLIGHT: (&str, &str) = ("access-control-request-method", "GET");

async fn server() -> TestServer {
    let mut items = to_upstream("/api/items", echo().await);
    items.methods = Methods::new([Method::PUT, Method::DELETE]);
    TestServer::start(vec![to_upstream("/api", echo().await), items]).await
}

#[tokio::test]
async fn a_preflight_names_the_methods_of_its_path() {
    let server = server().await;
    for (path, methods) in [
        ("/api/x", "GET, HEAD, POST"),
        ("/api/items/1", "PUT, DELETE"),
        ("/whoami", "GET, HEAD"),
        ("/nothing", ""),
        ("/api/../x", ""),
    ] {
        let headers = [
            ("origin", PAGE),
            PREFLIGHT,
            ("access-control-request-headers", "authorization"),
        ];
        let response = request(server.address, "OPTIONS", path, &headers, "").await;
        assert_eq!(response.status, 204, "{path}");
        assert_eq!(response.body, "");
        assert_eq!(
            response.header("access-control-allow-methods"),
            methods,
            "{path}"
        );
        assert_eq!(response.header("access-control-allow-origin"), PAGE);
        assert_eq!(response.header("access-control-max-age"), "600");
        assert_eq!(
            response.header("access-control-allow-headers"),
            "authorization, content-type, x-wix-consistent, x-wix-linguist, x-wix-bi-gateway, \
             baggage, sentry-trace, cache-control, pragma, backlot-echo, x-mine, x-wix-instance"
        );
        assert_eq!(
            response.header("vary"),
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        );
        assert_eq!(response.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn foreign_pages_get_nothing() {
    let server = server().await;
    let suffixed = format!("{PAGE}.evil.com");
    for origin in [
        "https://evil.com",
        &suffixed,
        "null",
        "http://localhost:5173",
        "https://a.b.wixsite.com",
        "http://localhost.evil.com",
    ] {
        let response = request(
            server.address,
            "OPTIONS",
            "/api",
            &[("origin", origin), PREFLIGHT],
            "",
        )
        .await;
        assert_eq!(response.status, 204, "{origin}");
        let cors = response
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control"));
        assert!(!cors, "{origin}: {response:?}");

        let credential = instance("owner");
        let headers = [("origin", origin), ("authorization", credential.as_str())];
        let response = request(server.address, "GET", "/api", &headers, "").await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (403, "ORIGIN_NOT_ALLOWED"),
            "{origin}"
        );
        assert_eq!(response.header("access-control-allow-origin"), "");
    }
    let twice = [("origin", PAGE), ("origin", "https://evil.com")];
    let response = request(server.address, "GET", "/api", &twice, "").await;
    assert_eq!(response.code(), "ORIGIN_NOT_ALLOWED");
}

#[tokio::test]
async fn every_reply_can_be_read_by_the_page() {
    let server = server().await;
    let good = instance("owner");
    let by_caller = "Origin, Authorization, X-Wix-Instance";
    let cases = [
        ("GET", "/api", good.as_str(), 200, by_caller),
        ("GET", "/api", "nonsense", 401, by_caller),
        ("GET", "/nothing", good.as_str(), 404, "Origin"),
        ("DELETE", "/api", good.as_str(), 405, by_caller),
        ("GET", "/api/./x", good.as_str(), 400, "Origin"),
        ("GET", "/healthz", "", 200, "Origin"),
    ];
    for (method, path, credential, status, vary) in cases {
        let headers = [
            ("origin", "https://x.wixsite.com"),
            ("authorization", credential),
        ];
        let response = request(server.address, method, path, &headers, "").await;
        assert_eq!(response.status, status, "{method} {path}");
        assert_eq!(
            response.header("access-control-allow-origin"),
            "https://x.wixsite.com"
        );
        assert_eq!(
            response.header("access-control-expose-headers"),
            "x-request-id, retry-after, x-wix-request-id, x-wix-consistent, x-shown"
        );
        assert_eq!(response.header("vary"), vary, "{method} {path}");
        assert_eq!(response.header("x-request-id").len(), 36);
    }
    let response = request(server.address, "DELETE", "/api", &[], "").await;
    assert_eq!(response.header("allow"), "GET, HEAD, POST");
    let response = request(server.address, "OPTIONS", "/api", &[], "").await;
    assert_eq!(
        (response.status, response.header("allow").as_str()),
        (204, "GET, HEAD, POST")
    );
}

/// A browser's cache that keeps `private` responses would hand one site's to another site's page: the upstream cannot
/// say what its response depends on, since it never sees the credential.
#[tokio::test]
async fn what_depends_on_the_caller_says_so_to_caches() {
    const REPLY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\
        cache-control: private, max-age=60\r\nvary: accept, origin\r\n\r\nok";
    let upstream = Upstream::saying(vec![REPLY]).await.address;
    let mut open = to_upstream("/open", Upstream::saying(vec![REPLY]).await.address);
    open.access = AuthPolicy::Anybody;
    let server = TestServer::start(vec![to_upstream("/api", upstream), open]).await;
    let credential = instance("owner");
    for (path, status, vary) in [
        ("/api", 200, "accept, origin, Authorization, X-Wix-Instance"),
        ("/open", 200, "accept, origin"),
        ("/whoami", 200, "Origin, Authorization, X-Wix-Instance"),
        (
            "/wix-data/v2/collections",
            200,
            "Origin, Authorization, X-Wix-Instance",
        ),
        (
            "/wix/apps/v1/instance",
            403,
            "Origin, Authorization, X-Wix-Instance",
        ),
        (
            "/connections/none/x",
            404,
            "Origin, Authorization, X-Wix-Instance",
        ),
        ("/.well-known/jwks.json", 200, "Origin"),
    ] {
        let headers = [("origin", PAGE), ("authorization", credential.as_str())];
        let response = request(server.address, "GET", path, &headers, "").await;
        assert_eq!(response.status, status, "{path} {response:?}");
        assert_eq!(response.header("vary"), vary, "{path}");
    }
}

#[tokio::test]
async fn chrome_may_reach_a_loopback_address() {
    let server = server().await;
    let asks = ("access-control-request-private-network", "true");
    let response = request(
        server.address,
        "OPTIONS",
        "/api",
        &[("origin", PAGE), PREFLIGHT, asks],
        "",
    )
    .await;
    assert_eq!(
        response.header("access-control-allow-private-network"),
        "true"
    );
    let response = request(
        server.address,
        "OPTIONS",
        "/api",
        &[("origin", "https://evil.com"), PREFLIGHT, asks],
        "",
    )
    .await;
    assert_eq!(response.header("access-control-allow-private-network"), "");
}

#[tokio::test]
async fn pages_of_this_server_itself_are_no_strangers() {
    let server = server().await;
    let own = format!("http://{}", server.address);
    let credential = instance("owner");
    let headers = [
        ("origin", own.as_str()),
        ("authorization", credential.as_str()),
    ];
    let response = request(server.address, "POST", "/api", &headers, "{}").await;
    assert_eq!(response.status, 200);
}
