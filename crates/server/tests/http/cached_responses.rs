//! Cached responses of third parties: writes remove them, and requests can bypass them.

use backlot_server::connections::{CacheScope, ConnectionSettings};
use backlot_wix::Role;
use http::header::CACHE_CONTROL;

use crate::harness::{Reply, TestServer, ThirdParty, connected, instance, request};

const OWNER: &[Role] = &[Role::Owner];
const MINUTE: [(&str, &str); 1] = [("cache-control", "max-age=60")];

fn keeping(party: &ThirdParty) -> ConnectionSettings {
    let lines: [(&str, &[Role]); 5] = [
        ("GET /things/{id}", OWNER),
        ("PUT /things/{id}", OWNER),
        ("PATCH /things/{id}", OWNER),
        ("DELETE /things/{id}", OWNER),
        ("POST /things/{id}", OWNER),
    ];
    let mut connection = party.connection("", &lines);
    connection.cache = Some(CacheScope::Instance);
    connection
}

async fn ask(
    address: std::net::SocketAddr,
    method: &str,
    path: &str,
    more: &[(&str, &str)],
) -> Reply {
    let credential = instance("owner");
    let mut headers = vec![("authorization", &*credential)];
    headers.extend_from_slice(more);
    request(address, method, path, &headers, "").await
}

const THING: &str = "/connections/x/things/7";

/// The response was asked for before the write, and comes after it.
#[tokio::test]
async fn what_began_before_a_write_is_not_kept_after_it() {
    for method in ["PUT", "PATCH", "DELETE", "POST"] {
        for conditional in [false, true] {
            let party = ThirdParty::start().await;
            let server = TestServer::start_with(vec![], connected(keeping(&party))).await;
            let address = server.address;
            if conditional {
                // Kept, and to be asked about.
                let headers = [("cache-control", "max-age=0"), ("etag", "\"1\"")];
                party.on("/things/7", 200, &headers, "old");
                assert_eq!(ask(address, "GET", THING, &[]).await.body, "old");
                let headers = [("cache-control", "max-age=60"), ("etag", "\"1\"")];
                party.on("/things/7", 304, &headers, "");
            } else {
                party.on("/things/7", 200, &MINUTE, "old");
            }
            party.hold("/things/7");
            let before = party.count();
            let slow = tokio::spawn(async move { ask(address, "GET", THING, &[]).await });
            party.until_asked(before + 1).await;
            let gate = party.hold_no_more("/things/7");
            party.on("/things/7", 200, &MINUTE, "new");
            assert_eq!(ask(address, method, THING, &[]).await.status, 200);
            drop(gate);
            assert_eq!(slow.await.unwrap().body, "old");
            assert_eq!(
                ask(address, "GET", THING, &[]).await.body,
                "new",
                "{method}"
            );
            party.on("/things/7", 200, &MINUTE, "newer");
            assert_eq!(
                ask(address, "GET", THING, &[]).await.body,
                "new",
                "it is kept"
            );
        }
    }
}

/// It may have been done, though nobody knows.
#[tokio::test]
async fn a_write_whose_reply_does_not_come_forgets_too() {
    let party = ThirdParty::start().await;
    let mut connection = keeping(&party);
    connection.timeout = std::time::Duration::from_millis(300);
    let server = TestServer::start_with(vec![], connected(connection)).await;
    let address = server.address;
    party.on("/things/7", 200, &MINUTE, "old");
    assert_eq!(ask(address, "GET", THING, &[]).await.body, "old");
    party.hold("/things/7");
    let late = ask(address, "PUT", THING, &[]).await;
    assert_eq!(late.code(), "CONNECTION_TIMEOUT");
    party.let_go("/things/7");
    party.on("/things/7", 200, &MINUTE, "new");
    assert_eq!(ask(address, "GET", THING, &[]).await.body, "new");
    // One that was refused has changed nothing.
    party.on("/things/7", 409, &[], "");
    assert_eq!(ask(address, "PUT", THING, &[]).await.status, 409);
    assert_eq!(ask(address, "GET", THING, &[]).await.body, "new");
}

#[tokio::test]
async fn a_page_asks_past_what_is_kept() {
    let party = ThirdParty::start().await;
    let server = TestServer::start_with(vec![], connected(keeping(&party))).await;
    let address = server.address;
    for (number, (name, value)) in [
        ("cache-control", "no-cache"),
        ("cache-control", "No-Cache"),
        ("cache-control", "max-age=0"),
        ("cache-control", "max-age=0, must-revalidate"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = format!("{THING}{number}");
        let there = format!("/things/7{number}");
        for etag in [None, Some(("etag", "\"1\""))] {
            let mut headers = MINUTE.to_vec();
            headers.extend(etag);
            party.on(&there, 200, &headers, "old");
            let no_cache = [("cache-control", "no-cache")];
            assert_eq!(ask(address, "GET", &path, &no_cache).await.body, "old");
            party.on(&there, 200, &headers, "new");
            assert_eq!(
                ask(address, "GET", &path, &[]).await.body,
                "old",
                "it is kept"
            );
            let response = ask(address, "GET", &path, &[(name, value)]).await;
            assert_eq!(response.body, "new", "{name}: {value}");
            let passed = &party.last().headers[name];
            assert_eq!(passed, value, "caches on the way are asked past, too");
            if value != "no-store" {
                party.on(&there, 200, &headers, "newest");
                let response = ask(address, "GET", &path, &[]).await;
                assert_eq!(response.body, "new", "what came is kept: {name}: {value}");
            }
        }
    }
    // As long as it is young enough for the page, it is served.
    party.on("/things/8", 200, &MINUTE, "kept");
    let path = "/connections/x/things/8";
    ask(address, "GET", path, &[]).await;
    party.on("/things/8", 200, &MINUTE, "new");
    let young = [("cache-control", "max-age=30")];
    assert_eq!(ask(address, "GET", path, &young).await.body, "kept");
    // Unless the connection takes the header away.
    let mut connection = keeping(&party);
    let names = [CACHE_CONTROL.as_str().to_owned()];
    connection.remove_headers = backlot_server::connections::HeaderNames::parse(&names).unwrap();
    let server = TestServer::start_with(vec![], connected(connection)).await;
    party.on("/things/9", 200, &MINUTE, "kept");
    let path = "/connections/x/things/9";
    ask(server.address, "GET", path, &[]).await;
    party.on("/things/9", 200, &MINUTE, "new");
    let no_cache = [("cache-control", "no-cache")];
    assert_eq!(
        ask(server.address, "GET", path, &no_cache).await.body,
        "kept"
    );
}
