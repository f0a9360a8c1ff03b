//! What is sent, what is repeated, and what comes back.

use backlot_outbound::wix::{Priority, Subject, WixError, WixRequest};

use crate::harness::{FakeWix, TOKEN, get, instance, post, read_reply, response};

#[tokio::test]
async fn a_call_as_the_app_carries_the_apps_token_and_no_scheme_word() {
    let wix = FakeWix::start().await;
    wix.on(
        "/x",
        &[&response(200, "x-wix-request-id: 17\r\n", r#"{"a":1}"#)],
    );
    let client = wix.client();
    let found = client.send(get("/x?b=%20c")).await.unwrap();
    assert_eq!(found.headers()["x-wix-request-id"], "17");
    assert_eq!(read_reply(Ok(found)).await, (200, r#"{"a":1}"#.to_owned()));
    let asked = &wix.asked("/x")[0];
    assert!(asked.head.starts_with("GET /x?b=%20c HTTP/1.1\r\n"));
    assert_eq!(asked.header("authorization"), Some("app-token-1"));
    assert_eq!(asked.header("wix-site-id"), None);
    assert_eq!(wix.asked(TOKEN).len(), 1);
}

#[tokio::test]
async fn a_call_with_the_api_key_names_exactly_one_thing() {
    let wix = FakeWix::start().await;
    wix.on("/x", &[&response(200, "", "{}")]);
    let client = wix.client();
    for (subject, name) in [
        (Subject::Site("the-site".into()), "wix-site-id: the-site"),
        (
            Subject::Account("the-account".into()),
            "wix-account-id: the-account",
        ),
    ] {
        let call = WixRequest::get(subject, "/x".parse().unwrap(), Priority::Interactive);
        assert_eq!(read_reply(client.send(call).await).await.0, 200);
        let asked = wix.asked("/x").pop().unwrap();
        assert_eq!(asked.header("authorization"), Some("IST.the-key"));
        let ids: Vec<_> = asked
            .head
            .lines()
            .filter(|line| line.starts_with("wix-"))
            .collect();
        assert_eq!(ids, [name]);
    }
    assert!(wix.asked(TOKEN).is_empty());
    let client = wix.client_with(|settings| settings.api_key = None);
    let account = Subject::Account("a".into());
    let call = WixRequest::get(account, "/x".parse().unwrap(), Priority::Interactive);
    assert!(matches!(client.send(call).await, Err(WixError::NoApiKey)));
}

#[tokio::test]
async fn what_reads_is_repeated_and_what_writes_is_not() {
    let wix = FakeWix::start().await;
    let broken = [
        &*response(503, "", ""),
        "HTTP/1.1 200 X\r\n",
        &response(200, "", "[]"),
    ];
    for path in ["/get", "/things/query", "/write"] {
        wix.on(path, &broken);
    }
    let client = wix.client();
    assert_eq!(read_reply(client.send(get("/get")).await).await.0, 200);
    assert_eq!(wix.asked("/get").len(), 3);
    let query = client.send(post("/things/query", r#"{"query":{}}"#)).await;
    assert_eq!(read_reply(query).await.0, 200);
    let bodies = wix.asked("/things/query");
    assert!(
        bodies.iter().all(|it| it.body == r#"{"query":{}}"#),
        "{bodies:?}"
    );

    let passed = read_reply(client.send(post("/write", "{}")).await).await;
    assert_eq!(passed, (503, String::new()), "Wix's own answer, unchanged");
    assert!(client.send(post("/write", "{}")).await.is_err());
    assert_eq!(wix.asked("/write").len(), 2);
}

#[tokio::test]
async fn refusals_of_wixs_pass_unchanged_and_are_not_repeated() {
    let wix = FakeWix::start().await;
    let body = r#"{"message":"no","details":{}}"#;
    for status in [400, 403, 404, 409, 428, 501] {
        let path = format!("/{status}");
        wix.on(&path, &[&response(status, "", body)]);
        let found = read_reply(wix.client().send(get(&path)).await).await;
        assert_eq!(found, (status, body.to_owned()));
        assert_eq!(wix.asked(&path).len(), 1);
    }
}

#[tokio::test]
async fn equal_gets_under_way_are_one_call() {
    let wix = FakeWix::start().await;
    wix.on("/x", &[&response(200, "", r#"{"n":1}"#)]);
    let client = wix.client();
    assert_eq!(read_reply(client.send(get("/x")).await).await.0, 200);
    wix.gate.forget_permits(usize::MAX >> 3);
    let mut other = get("/x");
    other.subject = Subject::App(instance(2));
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { read_reply(client.send(get("/x")).await).await })
        })
        .chain([tokio::spawn({
            let client = client.clone();
            async move { read_reply(client.send(other).await).await }
        })])
        .collect();
    // Both calls are there: one for each instance (and the token of the second one before it).
    while wix.asked("/x").len() + wix.asked(TOKEN).len() < 4 {
        wix.gate
            .add_permits(usize::from(wix.asked(TOKEN).len() == 2));
        tokio::task::yield_now().await;
    }
    wix.gate.add_permits(1000);
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap(), (200, r#"{"n":1}"#.to_owned()));
    }
    assert_eq!(wix.asked("/x").len(), 3);
}

/// A call that is being shared out must not take an equal one that began meanwhile off the list.
#[tokio::test]
async fn a_call_that_lands_leaves_the_next_one_alone() {
    let wix = FakeWix::start().await;
    let slow = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{";
    wix.on("/x", &[slow, &response(200, "", "{}")]);
    let client = wix.client_with(|it| {
        it.timeout = std::time::Duration::from_millis(400);
        it.idle_timeout = std::time::Duration::from_millis(200);
    });
    // Two share a response that stops in its middle.
    let two = [0, 1].map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.send(get("/x")).await.is_err() })
    });
    while wix.asked("/x").is_empty() {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    wix.gate.forget_permits(usize::MAX >> 3);
    let next = tokio::spawn({
        let client = client.clone();
        async move { read_reply(client.send(get("/x")).await).await.0 }
    });
    for first in two {
        assert!(first.await.unwrap());
    }
    wix.gate.add_permits(10);
    assert_eq!(next.await.unwrap(), 200);
}

#[tokio::test]
async fn a_stream_of_events_and_what_is_too_large_are_shared_with_nobody() {
    let wix = FakeWix::start().await;
    let events = response(200, "", "data: 1").replace("application/json", "text/event-stream");
    let text = response(200, "", "hello").replace("application/json", "text/plain");
    let large = response(200, "", &"x".repeat(2 << 20));
    for (script, calls) in [(events, 5), (text, 1), (large, 5)] {
        let wix = &wix;
        wix.on("/x", &[&script]);
        let client = wix.client();
        let before = wix.asked("/x").len();
        wix.gate.forget_permits(usize::MAX >> 3);
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { read_reply(client.send(get("/x")).await).await.0 })
            })
            .collect();
        tokio::task::yield_now().await;
        wix.gate.add_permits(1000);
        for waiter in waiting {
            assert_eq!(waiter.await.unwrap(), 200);
        }
        assert_eq!(wix.asked("/x").len() - before, calls);
    }
}
