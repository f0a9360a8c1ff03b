//! Calls to third parties: which line of the list decides.

use backlot_wix::Role;

use crate::harness::{KEY, Reply, TestServer, ThirdParty, connected, instance, request};

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
        let reply = call(&server, role, method, path).await;
        let was_made = !party.asked().is_empty();
        if method == "HEAD" {
            assert_eq!((reply.status, was_made), (403, false), "{who} {path}");
            continue;
        }
        assert_eq!(reply.code(), code, "{who} {path}: {}", reply.body);
        assert_eq!(was_made, code.is_empty(), "{who} {path}");
    }
}
