//! `/`: what this is, for whoever opens it.

use crate::harness::{PAGE, TestServer, echo, request, to_upstream};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn a_browser_reads_a_page_and_others_json() {
    let server = TestServer::start(vec![]).await;
    let page = request(server.address, "GET", "/", &[("accept", BROWSER)], "").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("<h1>Backlot</h1>"), "{}", page.body);
    assert!(page.body.contains("href=\"/whoami\""), "{}", page.body);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");

    for headers in [
        &[][..],
        &[("accept", "*/*")],
        &[("accept", "application/json")],
    ] {
        let response = request(server.address, "GET", "/", headers, "").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), "application/json");
        assert_eq!(response.header("vary"), "Accept, Origin");
        let json = response.json();
        assert_eq!(json["name"], "Backlot");
        assert!(json["links"]["/whoami"].is_string(), "{json}");
        assert_eq!(json["links"].as_object().unwrap().len(), 4, "{json}");
    }
}

#[tokio::test]
async fn it_tells_of_other_listeners_in_development_only() {
    let simulator = "http://127.0.0.1:8082";
    let set = |settings: &mut backlot_server::Settings| {
        settings.simulator = Some(simulator.to_owned());
    };
    let server = TestServer::start_with(vec![], set).await;
    let admin = format!("http://{}", server.admin);
    let page = request(server.address, "GET", "/", &[("accept", BROWSER)], "").await;
    for place in [simulator, &admin] {
        assert!(
            page.body.contains(&format!("href=\"{place}\"")),
            "{}",
            page.body
        );
    }
    let json = request(server.address, "GET", "/", &[], "").await.json();
    assert!(json["links"][&admin].is_string(), "{json}");

    let server = TestServer::start(vec![]).await;
    let page = request(server.address, "GET", "/", &[("accept", BROWSER)], "").await;
    assert!(!page.body.contains("http:"), "{}", page.body);
}

#[tokio::test]
async fn it_is_a_route_like_the_others() {
    let server = TestServer::start(vec![]).await;
    let head = request(server.address, "HEAD", "/", &[("accept", BROWSER)], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let post = request(server.address, "POST", "/", &[], "").await;
    assert_eq!(
        (post.status, post.code().as_str()),
        (405, "METHOD_NOT_ALLOWED")
    );
    assert_eq!(post.header("allow"), "GET, HEAD");
    let from = |origin| [("origin", origin)];
    let page = request(server.address, "GET", "/", &from(PAGE), "").await;
    assert_eq!(page.header("access-control-allow-origin"), PAGE);
    let page = request(
        server.address,
        "GET",
        "/",
        &from("https://evil.example"),
        "",
    )
    .await;
    assert_eq!(page.code(), "ORIGIN_NOT_ALLOWED");
    let query = request(server.address, "GET", "/?a=1", &[], "").await;
    assert_eq!(query.status, 200);
    let other = request(server.address, "GET", "//", &[], "").await;
    assert_ne!(other.status, 200, "{other:?}");
}

#[tokio::test]
async fn an_entry_for_every_path_has_it() {
    let server = TestServer::start(vec![to_upstream("/", echo().await)]).await;
    let response = request(server.address, "GET", "/", &[("accept", BROWSER)], "").await;
    assert_eq!(response.code(), "CREDENTIAL_MISSING");
}
