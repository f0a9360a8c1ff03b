//! Webhooks that the simulator sends: attempts, retries by Wix's schedule, repeats, and what the API shows of them.
//!
//! Time is tokio's, which moves on its own to the next timer.

use std::sync::Arc;
use std::time::Duration;

use backlot_simulator::webhooks::{PostWebhook, RETRY_DELAYS, WebhookPost};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::*;

/// The app's own server: what it got, and when.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Vec<(Duration, WebhookPost)>>>);

impl Receiver {
    /// A simulator whose webhooks get these responses in turn, and then 200. `None` never responds.
    fn simulator(&self, responses: &[Option<u16>]) -> Simulator {
        let got = Arc::clone(&self.0);
        let start = Instant::now();
        let responses = Arc::new(responses.to_vec());
        let post: PostWebhook = Arc::new(move |post| {
            let mut got = got.lock();
            let response = responses.get(got.len()).copied().unwrap_or(Some(200));
            got.push((start.elapsed(), post));
            Box::pin(async move {
                match response {
                    Some(status) => Ok(status),
                    None => std::future::pending().await,
                }
            })
        });
        Simulator::with(|stage| stage.with_post_webhook(post))
    }

    fn count(&self) -> usize {
        self.0.lock().len()
    }

    fn bodies(&self) -> Vec<String> {
        let got = self.0.lock();
        let text = |post: &WebhookPost| String::from_utf8(post.body.to_vec()).unwrap();
        got.iter().map(|(_, post)| text(post)).collect()
    }
}

async fn send(simulator: &Simulator, mut request: Value) -> Vec<Value> {
    request["instanceId"] = BAKERY.into();
    let reply = simulator.post("/simulator/v1/webhooks", "", &request).await;
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply.json["webhooks"].as_array().unwrap().clone()
}

async fn list(simulator: &Simulator) -> Value {
    simulator.get("/simulator/v1/webhooks", "").await.json
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_200_ends_it() {
    let receiver = Receiver::default();
    let simulator = receiver.simulator(&[]);
    let sent = send(&simulator, json!({ "type": "AppInstalled" })).await;
    assert_eq!(sent[0]["state"], "delivered");
    assert_eq!(sent[0]["attempts"][0]["status"], 200);
    assert_eq!(sent[0]["to"], "http://127.0.0.1:8080/webhooks");
    tokio::time::sleep(Duration::from_hours(100)).await;
    assert_eq!(receiver.count(), 1);
    let id = sent[0]["id"].as_u64().unwrap();
    let details = simulator
        .get(&format!("/simulator/v1/webhooks/{id}"), "")
        .await;
    assert_eq!(details.json["body"], receiver.bodies()[0]);
    assert_eq!(details.json["data"], json!({ "appId": APP }));
}

#[tokio::test(start_paused = true)]
async fn attempts_follow_by_the_schedule_of_wix() {
    let receiver = Receiver::default();
    let simulator = receiver.simulator(&[Some(500); 20]);
    let sent = send(&simulator, json!({ "type": "AppInstalled" })).await;
    assert_eq!(sent[0]["state"], "waiting");
    assert_eq!(sent[0]["nextAttemptAt"], "2026-11-22T10:01:00.000Z");
    tokio::time::sleep(Duration::from_hours(100)).await;
    let times: Vec<Duration> = receiver.0.lock().iter().map(|(at, _)| *at).collect();
    assert_eq!(times.len(), 13);
    for (pair, delay) in times.windows(2).zip(RETRY_DELAYS) {
        let waited = pair[1].saturating_sub(pair[0]);
        assert!(
            waited.abs_diff(delay) < Duration::from_millis(20),
            "{waited:?} {delay:?}"
        );
    }
    let bodies = receiver.bodies();
    assert!(
        bodies.iter().all(|body| *body == bodies[0]),
        "the same bytes"
    );
    let webhook = &list(&simulator).await["webhooks"][0];
    assert_eq!(webhook["state"], "givenUp");
    assert_eq!(webhook["attempts"].as_array().unwrap().len(), 13);
    assert_eq!(webhook["nextAttemptAt"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn silence_and_other_statuses_are_failures() {
    let receiver = Receiver::default();
    let simulator = receiver.simulator(&[None, Some(202), Some(302), Some(200)]);
    let start = Instant::now();
    let request = json!({ "type": "AppInstalled", "speed": 3600 });
    let sent = send(&simulator, request).await;
    assert!(start.elapsed().abs_diff(Duration::from_millis(1250)) < Duration::from_millis(20));
    assert_eq!(sent[0]["attempts"][0]["status"], Value::Null);
    assert_eq!(sent[0]["attempts"][0]["error"], "no response in 1250 ms");
    assert!(sent[0]["attempts"][0]["durationMs"].as_u64().unwrap() >= 1250);
    // An hour and eleven minutes take 1.2 seconds.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let webhook = &list(&simulator).await["webhooks"][0];
    assert_eq!(webhook["state"], "delivered");
    let statuses: Vec<&Value> = webhook["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["status"])
        .collect();
    assert_eq!(
        statuses,
        [&Value::Null, &json!(202), &json!(302), &json!(200)]
    );
}

#[tokio::test(start_paused = true)]
async fn events_go_out_in_order_with_repeats() {
    let receiver = Receiver::default();
    let simulator = receiver.simulator(&[]);
    let sent = send(
        &simulator,
        json!({
            "type": "wix.contacts.v4.contact_updated", "count": 3, "sequence": 5, "repeat": 1,
            "to": "http://127.0.0.1:1/hook?x=1", "wrongKey": true,
        }),
    )
    .await;
    let sequences: Vec<&str> = sent
        .iter()
        .map(|it| it["sequence"].as_str().unwrap())
        .collect();
    assert_eq!(sequences, ["5", "6", "7", "5", "6", "7"]);
    assert_eq!(sent[3]["isRepeat"], true);
    assert_eq!(sent[3]["isWrongKey"], true);
    assert_eq!(sent[3]["eventId"], sent[0]["eventId"]);
    let bodies = receiver.bodies();
    assert_eq!(bodies[0], bodies[3]);
    assert_eq!(&*receiver.0.lock()[0].1.url, "http://127.0.0.1:1/hook?x=1");
    let again = simulator
        .post("/simulator/v1/webhooks/1/repeats", "", &Value::Null)
        .await;
    assert_eq!(again.json["isRepeat"], true);
    assert_eq!(receiver.bodies()[6], bodies[0]);
    let unknown = simulator
        .post("/simulator/v1/webhooks/99/repeats", "", &Value::Null)
        .await;
    assert_eq!(unknown.code(), "WEBHOOK_NOT_FOUND");
}

#[tokio::test(start_paused = true)]
async fn forgotten_webhooks_are_not_sent_again() {
    let receiver = Receiver::default();
    let simulator = receiver.simulator(&[Some(500)]);
    send(&simulator, json!({ "type": "AppInstalled" })).await;
    let reply = simulator.delete("/simulator/v1/webhooks", "").await;
    assert_eq!(reply.status, 200);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(receiver.count(), 1);
    let shown = list(&simulator).await;
    assert_eq!(
        (&shown["total"], &shown["webhooks"]),
        (&json!(1), &json!([]))
    );
}

#[tokio::test]
async fn the_api_shows_the_key_and_the_event_types() {
    let simulator = Receiver::default().simulator(&[]);
    let shown = list(&simulator).await;
    let key = shown["publicKey"].as_str().unwrap();
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{key}");
    assert_eq!(shown["isAppKey"], false, "the test's app has another one");
    let events = simulator.get("/simulator/v1/events", "").await.json;
    assert_eq!(events["events"].as_array().unwrap().len(), 177);
    let path = "/simulator/v1/events/wix.contacts.v4.contact_created";
    let event = simulator.get(path, "").await.json;
    assert_eq!(event["kind"], "domain");
    assert_eq!(event["samples"][0]["slug"], "created");
    assert_eq!(event["samples"][0].get("id"), None);
    let unknown = simulator.get("/simulator/v1/events/Nothing", "").await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.code()),
        (404, "EVENT_TYPE_NOT_FOUND")
    );
}

#[tokio::test]
async fn requests_that_are_not_valid_send_nothing() {
    let receiver = Receiver::default();
    let simulator = receiver.simulator(&[]);
    for (request, code) in [
        (json!({ "type": "AppInstalled" }), "REQUEST_MALFORMED"),
        (
            json!({ "type": "AppInstalled", "instanceId": "x" }),
            "REQUEST_MALFORMED",
        ),
        (
            json!({ "type": "AppInstalled", "instanceId": BAKERY, "colour": 1 }),
            "REQUEST_MALFORMED",
        ),
        (
            json!({ "type": "AppInstalled", "instanceId": BAKERY, "count": 0 }),
            "REQUEST_MALFORMED",
        ),
        (
            json!({ "type": "AppInstalled", "instanceId": BAKERY, "count": 600, "repeat": 1 }),
            "REQUEST_MALFORMED",
        ),
        (
            json!({ "type": "AppInstalled", "instanceId": BAKERY, "to": "file:///etc" }),
            "REQUEST_MALFORMED",
        ),
        (
            json!({ "type": "AppInstalled", "instanceId": BAKERY, "entityId": "e" }),
            "REQUEST_MALFORMED",
        ),
        (
            json!({ "type": "AppInstaled", "instanceId": BAKERY }),
            "EVENT_TYPE_NOT_FOUND",
        ),
    ] {
        let reply = simulator.post("/simulator/v1/webhooks", "", &request).await;
        assert_eq!(reply.code(), code, "{request} {}", reply.json);
    }
    assert_eq!(receiver.count(), 0);
    let without_client = Simulator::new();
    let request = json!({ "type": "AppInstalled", "instanceId": BAKERY });
    let reply = without_client
        .post("/simulator/v1/webhooks", "", &request)
        .await;
    assert_eq!(reply.code(), "WEBHOOKS_UNAVAILABLE");
}
