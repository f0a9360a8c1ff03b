//! `/admin/v1/events` and `/admin/v1/deliveries`

use serde_json::Value;

use crate::harness::events::{Destination, contact};
use crate::harness::{INSTANCE_ID, TestServer, request};

async fn ask(server: &TestServer, method: &str, path: &str) -> (u16, Value) {
    let host = server.admin.to_string();
    let headers = [("host", host.as_str())];
    let reply = request(server.admin, method, path, &headers, "").await;
    let body = serde_json::from_str(&reply.body).unwrap_or_default();
    (reply.status, body)
}

fn code(body: &Value) -> &str {
    let code = &body["details"]["applicationError"]["code"];
    code.as_str().unwrap_or_default()
}

#[tokio::test]
async fn events_are_listed_shown_and_replayed() {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    for id in ["e1", "e2"] {
        server.post_event(&contact(id, id, INSTANCE_ID)).await;
        destination.next().await.answer(204);
    }
    let (status, listed) = ask(&server, "GET", "/admin/v1/events?limit=1").await;
    assert_eq!((status, &listed["events"][0]["id"]), (200, &"e2".into()));
    assert_eq!(listed["events"].as_array().unwrap().len(), 1);
    let number = listed["events"][0]["number"].as_i64().unwrap();
    let (_, before) = ask(&server, "GET", &format!("/admin/v1/events?before={number}")).await;
    assert_eq!(before["events"][0]["id"], "e1");

    let path = format!("/admin/v1/events/{number}");
    let (_, shown) = ask(&server, "GET", &path).await;
    assert_eq!(shown["data"]["createdEvent"]["entity"]["id"], "e2");
    assert_eq!(shown["deliveries"].as_array().unwrap().len(), 1);
    let (status, replayed) = ask(&server, "POST", &format!("{path}/replay")).await;
    assert_eq!(
        (status, replayed["deliveries"].as_array().unwrap().len()),
        (200, 2)
    );
    let again = destination.next().await;
    assert_eq!(again.id(), "e2");
    again.answer(204);

    let unknown = format!("{path}/replay?subscription=none");
    let (status, body) = ask(&server, "POST", &unknown).await;
    assert_eq!((status, code(&body)), (400, "PARAMETER_INVALID"));
    for (path, expected) in [
        ("/admin/v1/events/999999", (404, "EVENT_NOT_FOUND")),
        ("/admin/v1/events/abc", (400, "PARAMETER_INVALID")),
        (
            "/admin/v1/events?since=yesterday",
            (400, "PARAMETER_INVALID"),
        ),
        ("/admin/v1/deliveries/999999", (404, "DELIVERY_NOT_FOUND")),
        (
            "/admin/v1/deliveries?state=lost",
            (400, "PARAMETER_INVALID"),
        ),
    ] {
        let (status, body) = ask(&server, "GET", path).await;
        assert_eq!((status, code(&body)), expected, "{path}");
    }
}

#[tokio::test]
async fn a_delivery_is_shown_retried_and_skipped() {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription(&destination, |_| {}).await;
    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    destination.next().await.answer(410);
    let dead = "/admin/v1/deliveries?state=dead";
    let id = loop {
        let (_, listed) = ask(&server, "GET", dead).await;
        if let Some(id) = listed["deliveries"][0]["id"].as_i64() {
            break id;
        }
        tokio::task::yield_now().await;
    };
    let path = format!("/admin/v1/deliveries/{id}");
    let (_, shown) = ask(&server, "GET", &path).await;
    assert_eq!(
        (&shown["state"], &shown["log"][0]["status"]),
        (&"DEAD".into(), &410.into())
    );
    let (status, retried) = ask(&server, "POST", &format!("{path}/retry")).await;
    assert_eq!((status, &retried["state"]), (200, &"WAITING".into()));
    let again = destination.next().await;
    assert_eq!(again.id(), "e1");
    let (status, skipped) = ask(&server, "POST", &format!("{path}/skip")).await;
    assert_eq!((status, &skipped["state"]), (200, &"SKIPPED".into()));
    again.answer(204);
    let (status, body) = ask(&server, "POST", &format!("{path}/skip")).await;
    assert_eq!((status, code(&body)), (409, "DELIVERY_ENDED"));
}
