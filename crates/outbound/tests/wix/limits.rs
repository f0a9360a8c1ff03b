//! Budgets, 429, and rest after failures.

use std::time::Duration;

use backlot_outbound::wix::{Subject, WixError};
use tokio::time::Instant;

use crate::harness::{FakeWix, get, instance, post, read_reply, response};

#[tokio::test]
async fn who_has_used_up_the_minute_is_told_and_others_go_on() {
    let wix = FakeWix::start().await;
    wix.on("/x", &[&response(200, "", "{}")]);
    let client = wix.client_with(|settings| {
        settings.requests_per_minute = 3;
        settings.queue_time = Duration::from_millis(5);
    });
    for _ in 0..3 {
        assert_eq!(read_reply(client.send(post("/x", "{}")).await).await.0, 200);
    }
    let error = client.send(get("/x")).await.err().unwrap();
    assert!(matches!(error, WixError::Exhausted { .. }), "{error:?}");
    let wait = error.retry_after().unwrap().as_secs();
    assert!((55..=61).contains(&wait), "{wait}");
    let mut other = get("/x");
    other.subject = Subject::App(instance(2));
    assert_eq!(read_reply(client.send(other).await).await.0, 200);
    assert_eq!(wix.asked("/x").len(), 4);
}

#[tokio::test]
async fn a_429_is_waited_out_where_there_is_time_and_holds_the_others_back() {
    let wix = FakeWix::start().await;
    let slow_down = response(429, "retry-after: 1\r\n", r#"{"message":"slow"}"#);
    wix.on("/x", &[&slow_down, &response(200, "", "{}")]);
    wix.on("/other", &[&response(200, "", "{}")]);
    let client = wix.client();
    let start = Instant::now();
    // A write, too: Wix did nothing when it said no.
    let (first, other) = tokio::join!(client.send(post("/x", "{}")), async {
        while wix.asked("/x").is_empty() {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        client.send(get("/other")).await
    });
    assert_eq!(read_reply(first).await.0, 200);
    assert_eq!(read_reply(other).await.0, 200);
    assert!(start.elapsed() >= Duration::from_secs(1));

    wix.on(
        "/x",
        &[&response(
            429,
            "retry-after: 50\r\n",
            r#"{"message":"slow"}"#,
        )],
    );
    let start = Instant::now();
    let found = client.send(get("/x")).await.unwrap();
    assert_eq!(
        found.headers()["retry-after"],
        "50",
        "Wix's own answer, unchanged"
    );
    assert_eq!(read_reply(Ok(found)).await.0, 429);
    let error = client.send(get("/other")).await.err().unwrap();
    assert_eq!(error.retry_after().unwrap().as_secs(), 49);
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "nobody waits for what will not come"
    );
}

#[tokio::test]
async fn an_instance_whose_calls_fail_rests_and_others_do_not() {
    let wix = FakeWix::start().await;
    wix.on("/x", &[&response(500, "", "")]);
    wix.on("/ok", &[&response(200, "", "{}")]);
    let client = wix.client();
    for _ in 0..4 {
        // Three attempts are one failed call, and its answer is Wix's own.
        assert_eq!(read_reply(client.send(get("/x")).await).await.0, 500);
    }
    assert_eq!(read_reply(client.send(post("/x", "{}")).await).await.0, 500);
    assert_eq!(wix.asked("/x").len(), 13);
    let error = client.send(get("/ok")).await.err().unwrap();
    assert!(matches!(error, WixError::CircuitOpen { .. }), "{error:?}");
    let mut other = get("/ok");
    other.subject = Subject::App(instance(2));
    assert_eq!(read_reply(client.send(other).await).await.0, 200);
    tokio::time::sleep(error.retry_after().unwrap()).await;
    assert_eq!(read_reply(client.send(get("/ok")).await).await.0, 200);
}
