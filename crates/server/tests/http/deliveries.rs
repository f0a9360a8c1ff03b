//! Deliveries: their body, their order, and what becomes of failures.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use backlot_server::Shutdown;
use backlot_server::events::{
    EventDestination, EventHandler, EventOrder, EventPattern, FieldFilter, SubscriptionSettings,
};
use backlot_store::events::{
    Attempt, Delivery, DeliveryFilter, DeliveryState, ListOrder, NewDelivery, NewEvent,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use standardwebhooks::Webhook;

use crate::harness::events::{
    Delivered, Destination, SIGNING_SECRET, WixKey, contact, instance_number,
};
use crate::harness::{INSTANCE_ID, NOW, TestServer, Upstream, request};
use crate::place::Place;

on_every_database! {
    the_body_is_plain_and_signed
    what_a_response_repeats_of_secrets_is_not_recorded
    an_entity_that_fails_holds_back_itself_only
    order_of_an_instance_and_none_at_all
    a_backlog_of_one_instance_delays_no_other
    retry_after_gone_and_dead_letters
    a_destination_that_fails_for_all_is_paused_and_probed
    what_is_no_response_is_a_failed_attempt
    a_destination_that_cannot_be_reached_uses_up_no_attempts
    a_rate_limit_holds_deliveries_back
    patterns_and_filters_choose_events
    the_generated_secret_stays
    handlers_in_rust_are_destinations
    attempts_under_way_are_finished_and_others_released
    a_body_is_sent_as_it_was_received
}

const OTHER_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn one_at_a_time(subscription: &mut SubscriptionSettings) {
    subscription.concurrency = NonZeroU32::MIN;
}

pub(crate) async fn deliveries(server: &TestServer) -> Vec<Delivery> {
    let filter = DeliveryFilter::default();
    let list = server
        .store
        .list_deliveries(filter, ListOrder::Oldest, 1000);
    list.await.unwrap()
}

/// Waits until a delivery is as the test expects. The store says when deliveries change only for those that arrive, so
/// it is asked again.
pub(crate) async fn delivery(
    server: &TestServer,
    is_expected: impl Fn(&Delivery) -> bool,
) -> Delivery {
    for _ in 0..1000 {
        if let Some(found) = deliveries(server).await.into_iter().find(&is_expected) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not found among {:#?}", deliveries(server).await);
}

async fn attempts(server: &TestServer, delivery: &Delivery) -> Vec<Attempt> {
    server
        .store
        .list_attempts(delivery.delivery_id)
        .await
        .unwrap()
}

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn check_signature(delivered: &Delivered, secrets: &[&str]) {
    let header = |name: &str| delivered.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("webhook-id"), delivered.id());
    let timestamp: i64 = header("webhook-timestamp").parse().unwrap();
    assert_eq!(timestamp, now().as_second());
    let expected: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let webhook = Webhook::new(secret).unwrap();
            webhook
                .sign(&delivered.id(), timestamp, &delivered.body)
                .unwrap()
        })
        .collect();
    assert_eq!(header("webhook-signature"), expected.join(" "));
}

async fn the_body_is_plain_and_signed(place: &Place) {
    use backlot_outbound::third_party::{SecretSource, SecretString};
    let mut destination = Destination::start().await;
    let server =
        TestServer::with_subscription_on(place.open().await, &destination, |subscription| {
            let other = SecretString::new(OTHER_SECRET.to_owned());
            subscription.secrets.push(SecretSource::Text(other));
        })
        .await;
    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    let delivered = destination.next().await;
    check_signature(&delivered, &[SIGNING_SECRET, OTHER_SECRET]);
    assert_eq!(delivered.headers["content-type"], "application/json");
    assert_eq!(
        delivered.json(),
        json!({
            "id": "e1",
            "type": "wix.contacts.v4.contact_created",
            "source": "wix",
            "instanceId": INSTANCE_ID,
            "siteId": null,
            "entityId": "c1",
            "sequence": 3,
            "occurredAt": "2026-11-22T11:59:59.123456Z",
            "receivedAt": "2026-11-22T12:00:00Z",
            "identity": { "identityType": "WIX_USER", "wixUserId": "u" },
            "data": {
                "id": "e1",
                "entityFqdn": "wix.contacts.v4.contact",
                "slug": "created",
                "entityId": "c1",
                "createdEvent": { "entity": { "id": "c1" } },
                "eventTime": "2026-11-22T11:59:59.123456Z",
                "triggeredByAnonymizeRequest": false,
                "entityEventSequence": "3",
            },
            "attempt": 1,
        })
    );
    // The token is of the instance.
    let token = delivered.headers["x-backlot-elevated-token"]
        .to_str()
        .unwrap();
    let headers = [("authorization", token)];
    let caller = request(server.address, "GET", "/whoami", &headers, "").await;
    assert_eq!(caller.json()["instanceId"], INSTANCE_ID, "{}", caller.body);
    delivered.answer(200);
}

async fn what_a_response_repeats_of_secrets_is_not_recorded(place: &Place) {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription_on(place.open().await, &destination, |_| {}).await;
    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    let delivered = destination.next().await;
    let token = delivered.headers["x-backlot-elevated-token"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = format!("{}{token} {SIGNING_SECRET} end", "x".repeat(4000));
    delivered.answer_with(400, &[], &body);
    let failed = delivery(&server, |it| it.last_status.is_some()).await;
    let recorded = attempts(&server, &failed).await.remove(0);
    let response = recorded.response.unwrap();
    assert_eq!(response.len(), 4096);
    assert!(response.ends_with(&"*".repeat(96)), "{response}");
    assert_eq!(
        (recorded.status, recorded.error.as_deref()),
        (Some(400), Some("status 400"))
    );
    let metrics = request(server.admin, "GET", "/metrics", &[], "").await.body;
    let line = "backlot_deliveries_waiting{subscription=\"all\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

async fn an_entity_that_fails_holds_back_itself_only(place: &Place) {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription_on(place.open().await, &destination, |_| {}).await;
    for (id, entity) in [
        ("a1", "a"),
        ("a2", "a"),
        ("b1", "b"),
        ("b2", "b"),
        ("b3", "b"),
    ] {
        server.post_event(&contact(id, entity, INSTANCE_ID)).await;
    }
    let mut taken = Vec::new();
    while taken.len() < 3 {
        let delivered = destination.next().await;
        let id = delivered.id();
        if id.starts_with('a') {
            assert_eq!(id, "a1", "a2 waits for a1");
            delivered.answer(500);
        } else {
            taken.push(id);
            delivered.answer(200);
        }
    }
    assert_eq!(taken, ["b1", "b2", "b3"]);
    let failed = delivery(&server, |it| {
        it.event_id == "a1" && it.last_status == Some(500)
    })
    .await;
    let run_at = failed.run_at.unwrap().duration_since(now());
    let expected = SignedDuration::from_secs(4)..=SignedDuration::from_secs(6);
    assert!(expected.contains(&run_at), "{run_at}");
    server.clock.set(now() + SignedDuration::from_secs(7));
    for (id, attempt) in [("a1", 2), ("a2", 1)] {
        let delivered = destination.next().await;
        assert_eq!(
            (delivered.id().as_str(), &delivered.json()["attempt"]),
            (id, &json!(attempt))
        );
        delivered.answer(200);
    }
}

async fn order_of_an_instance_and_none_at_all(place: &Place) {
    let store = place.open().await;
    for (order, at_once) in [(EventOrder::Instance, 1), (EventOrder::None, 3)] {
        let mut destination = Destination::start().await;
        let server = TestServer::with_subscription_on(store.clone(), &destination, |it| {
            it.name = format!("{order:?}");
            it.order = order;
        })
        .await;
        for id in ["1", "2", "3"] {
            let id = format!("{order:?}{id}");
            server.post_event(&contact(&id, "c", INSTANCE_ID)).await;
        }
        let mut waiting = Vec::new();
        for _ in 0..at_once {
            waiting.push(destination.next().await);
        }
        assert!(!destination.has_more());
        waiting.remove(0).answer(200);
        if at_once == 1 {
            assert_eq!(destination.next().await.id(), "Instance2");
        }
    }
}

/// Stores events of one instance without their webhooks, so that many of them cost little.
async fn store_backlog(server: &TestServer, instance: u32, count: usize) {
    let events = (0..count).map(|number| NewEvent {
        instance_id: instance_number(instance).parse().unwrap(),
        source: "wix".to_owned(),
        event_id: format!("{instance}-{number}"),
        event_type: "x".to_owned(),
        entity_id: None,
        entity_sequence: None,
        occurred_at: None,
        received_at: now(),
        identity: None,
        data: "{}".to_owned(),
        details: "{}".to_owned(),
        is_echo: false,
        echo: None,
        deliveries: vec![NewDelivery {
            subscription: "all".to_owned(),
            lane: format!("{number}"),
            sequence: None,
        }],
    });
    server.store.insert_events(events.collect()).await.unwrap();
}

async fn a_backlog_of_one_instance_delays_no_other(place: &Place) {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription_on(place.open().await, &destination, |it| {
        it.concurrency = NonZeroU32::new(4).unwrap();
    })
    .await;
    store_backlog(&server, 1, 2000).await;
    for _ in 0..20 {
        destination.next().await.answer(200);
    }
    let other = instance_number(2);
    server.post_event(&contact("single", "c1", &other)).await;
    let mut before = 0;
    loop {
        let delivered = destination.next().await;
        let is_other = delivered.json()["instanceId"] == other.as_str();
        delivered.answer(200);
        if is_other {
            break;
        }
        before += 1;
    }
    assert!(before <= 12, "{before} deliveries came first");
}

async fn retry_after_gone_and_dead_letters(place: &Place) {
    let mut destination = Destination::start().await;
    let server =
        TestServer::with_subscription_on(place.open().await, &destination, |subscription| {
            subscription.max_attempts = NonZeroU32::new(2).unwrap();
            one_at_a_time(subscription);
        })
        .await;
    server.post_event(&contact("wait", "a", INSTANCE_ID)).await;
    let delivered = destination.next().await;
    delivered.answer_with(429, &[("retry-after", "7200")], "");
    let waiting = delivery(&server, |it| it.last_status == Some(429)).await;
    assert_eq!(waiting.run_at, Some(now() + SignedDuration::from_hours(2)));

    // `Retry-After` does not shorten the time: a proxy that says 0 would use up all attempts.
    server.post_event(&contact("zero", "z", INSTANCE_ID)).await;
    let delivered = destination.next().await;
    delivered.answer_with(429, &[("retry-after", "0")], "");
    let zero = delivery(&server, |it| {
        it.event_id == "zero" && it.last_status.is_some()
    })
    .await;
    assert!(zero.run_at.unwrap() >= now() + SignedDuration::from_secs(4));
    let skipped = server
        .store
        .skip_deliveries(vec![zero.delivery_id], now())
        .await;
    assert_eq!(skipped.unwrap(), 1);

    server.post_event(&contact("gone", "b", INSTANCE_ID)).await;
    destination.next().await.answer(410);
    let gone = delivery(&server, |it| {
        it.event_id == "gone" && it.finished_at.is_some()
    })
    .await;
    assert_eq!((gone.state, gone.attempts), (DeliveryState::Dead, 1));

    server.clock.set(now() + SignedDuration::from_hours(3));
    destination.next().await.answer(400);
    let dead = delivery(&server, |it| {
        it.event_id == "wait" && it.finished_at.is_some()
    })
    .await;
    assert_eq!((dead.state, dead.attempts), (DeliveryState::Dead, 2));
    let statuses: Vec<_> = attempts(&server, &dead)
        .await
        .iter()
        .map(|it| it.status)
        .collect();
    assert_eq!(statuses, [Some(429), Some(400)]);
}

async fn a_destination_that_fails_for_all_is_paused_and_probed(place: &Place) {
    let mut destination = Destination::start().await;
    let server =
        TestServer::with_subscription_on(place.open().await, &destination, one_at_a_time).await;
    for number in 0..8 {
        let (id, entity) = (format!("e{number}"), format!("c{number}"));
        server.post_event(&contact(&id, &entity, INSTANCE_ID)).await;
    }
    for _ in 0..4 {
        destination.next().await.answer(503);
    }
    // They have to fail for a time.
    let fifth = destination.next().await;
    server.clock.set(now() + SignedDuration::from_secs(1));
    fifth.answer(503);
    let failed = |it: &Delivery| it.last_status == Some(503);
    for _ in 0..1000 {
        if deliveries(&server)
            .await
            .iter()
            .filter(|it| failed(it))
            .count()
            == 5
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!destination.has_more(), "it is paused");
    let untouched = |list: Vec<Delivery>| list.iter().filter(|it| it.attempts == 0).count();
    assert_eq!(untouched(deliveries(&server).await), 3);
    // One probe after the pause, which does not count, and one after the next.
    server.clock.set(now() + SignedDuration::from_secs(6));
    destination.next().await.answer(503);
    let line = "backlot_delivery_attempts_total{subscription=\"all\",outcome=\"failed\"} 6";
    while !request(server.admin, "GET", "/metrics", &[], "")
        .await
        .body
        .contains(line)
    {}
    assert!(!destination.has_more(), "it is paused again");
    server.clock.set(now() + SignedDuration::from_secs(16));
    destination.next().await.answer(200);
    for _ in 0..7 {
        destination.next().await.answer(200);
        server.clock.set(now() + SignedDuration::from_secs(60));
    }
    let mut all = HashMap::new();
    for _ in 0..1000 {
        let list = deliveries(&server).await;
        all = list
            .iter()
            .map(|it| (it.event_id.clone(), (it.state, it.attempts)))
            .collect();
        if all
            .values()
            .all(|(state, _)| *state == DeliveryState::Delivered)
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let attempts: u32 = all.values().map(|(_, attempts)| attempts).sum();
    assert_eq!((all.len(), attempts), (8, 13), "{all:?}");
}

async fn what_is_no_response_is_a_failed_attempt(place: &Place) {
    let store = place.open().await;
    let silent = Destination::start().await;
    let partial = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
    let (closing, halfway) = (
        Upstream::saying(vec![""]).await,
        Upstream::saying(vec![partial]).await,
    );
    let url = |upstream: &Upstream| format!("http://{}/", upstream.address);
    for (name, url, expected) in [
        ("hangs", silent.url.clone(), Some("no response within 50ms")),
        (
            "closes",
            url(&closing),
            Some("the connection broke before the reply"),
        ),
        // The status has said all that counts.
        ("half", url(&halfway), None),
    ] {
        let server = TestServer::with_subscription_on(store.clone(), &silent, |it| {
            name.clone_into(&mut it.name);
            it.destination = EventDestination::parse(&url).unwrap();
            it.timeout = Duration::from_millis(if name == "hangs" { 50 } else { 5000 });
        })
        .await;
        server.post_event(&contact(name, "c1", INSTANCE_ID)).await;
        let is_attempted =
            |it: &Delivery| it.last_error.is_some() || it.state == DeliveryState::Delivered;
        let attempted = delivery(&server, |it| it.subscription == name && is_attempted(it)).await;
        let error = attempted.last_error.clone().unwrap_or_default();
        assert_eq!(
            attempted.last_error.is_some(),
            expected.is_some(),
            "{name}: {error}"
        );
        assert!(
            error.starts_with(expected.unwrap_or_default()),
            "{name}: {error}"
        );
        let recorded = attempts(&server, &attempted).await.remove(0);
        assert_eq!(
            recorded.response.as_deref(),
            expected.is_none().then_some("abc")
        );
    }
}

async fn a_destination_that_cannot_be_reached_uses_up_no_attempts(place: &Place) {
    let destination = Destination::start().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let server = TestServer::with_subscription_on(place.open().await, &destination, |it| {
        it.destination = EventDestination::parse(&url).unwrap();
        it.max_attempts = NonZeroU32::MIN;
    })
    .await;
    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    for probe in 0..4 {
        let line = format!(
            "backlot_delivery_attempts_total{{subscription=\"all\",outcome=\"unreachable\"}} {}\n",
            probe + 1
        );
        while !request(server.admin, "GET", "/metrics", &[], "")
            .await
            .body
            .contains(&line)
        {}
        let is_released = |it: &Delivery| {
            it.attempts == 0
                && it
                    .last_error
                    .as_ref()
                    .is_some_and(|text| text.contains("connect"))
        };
        let waiting = delivery(&server, is_released).await;
        assert_eq!(waiting.state, DeliveryState::Waiting);
        // The pauses are 1, 2, 4, and 8 seconds long.
        server
            .clock
            .set(now() + SignedDuration::from_secs((2 << probe) - 1));
    }
}

async fn a_rate_limit_holds_deliveries_back(place: &Place) {
    let mut destination = Destination::start().await;
    let server =
        TestServer::with_subscription_on(place.open().await, &destination, |subscription| {
            subscription.rate_limit = Some(crate::harness::an_hour(2));
        })
        .await;
    for id in ["1", "2", "3", "4"] {
        server.post_event(&contact(id, id, INSTANCE_ID)).await;
    }
    destination.next().await.answer(200);
    destination.next().await.answer(200);
    let is_done = |it: &Delivery| it.event_id == "2" && it.state == DeliveryState::Delivered;
    delivery(&server, is_done).await;
    assert!(!destination.has_more());
}

async fn patterns_and_filters_choose_events(place: &Place) {
    let mut destination = Destination::start().await;
    let server =
        TestServer::with_subscription_on(place.open().await, &destination, |subscription| {
            subscription.patterns = vec![EventPattern::parse("wix.contacts.*").unwrap()];
            let ids = vec![json!("c1"), json!("c2"), json!("c4")];
            subscription.filter = FieldFilter::default()
                .with("data.createdEvent.entity.id", ids)
                .unwrap();
        })
        .await;
    server.post_event(&contact("e3", "c3", INSTANCE_ID)).await;
    server
        .post_event(&json!({ "eventType": "AppInstalled", "data": "{}" }))
        .await;
    server.post_event(&contact("e2", "c2", INSTANCE_ID)).await;
    let delivered = destination.next().await;
    assert_eq!(delivered.id(), "e2");
    delivered.answer(200);
    // What serde_json cannot hold: half an emoji, a number beyond all doubles, 200 arrays.
    for (id, odd) in [
        ("e4", r#""\ud83d""#.to_owned()),
        ("e5", "1e400".to_owned()),
        ("e6", format!("{}{}", "[".repeat(200), "]".repeat(200))),
    ] {
        let data = contact(id, "c4", INSTANCE_ID)["data"]
            .as_str()
            .unwrap()
            .to_owned();
        let data = data.replacen('{', &format!(r#"{{"odd":{odd},"#), 1);
        let envelope = json!({
            "eventType": "wix.contacts.v4.contact_created", "instanceId": INSTANCE_ID, "data": data,
        });
        server.post_event(&envelope).await;
        let delivered = destination.next().await;
        let body = String::from_utf8_lossy(&delivered.body);
        assert!(body.contains(&format!(r#""odd":{odd}"#)), "{id}");
        delivered.answer(200);
    }
    assert_eq!(deliveries(&server).await.len(), 4);
}

async fn the_generated_secret_stays(place: &Place) {
    let mut destination = Destination::start().await;
    let server =
        TestServer::with_subscription_on(place.open().await, &destination, |it| it.secrets.clear())
            .await;
    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    let first = destination.next().await;
    let master = backlot_server::secrets::MasterKey::parse(crate::harness::MASTER_KEY).unwrap();
    let vault =
        backlot_server::secrets::Vault::unlock(server.store.clone(), server.clock.clone(), &master);
    let vault = vault.await.unwrap();
    let secret = backlot_server::events::subscription_secret(&vault, "all")
        .await
        .unwrap();
    check_signature(&first, &[secret.reveal()]);
    first.answer(200);
}

async fn handlers_in_rust_are_destinations(place: &Place) {
    let (sender, mut handled) = tokio::sync::mpsc::unbounded_channel();
    let receiver = EventHandler::new(move |event: backlot_server::events::Event| {
        let sender = sender.clone();
        async move {
            assert_ne!(event.id, "panic", "the test says so");
            let is_first = event.attempt == 1;
            sender.send(event).unwrap();
            if is_first { Err("not yet") } else { Ok(()) }
        }
    });
    let destination = Destination::start().await;
    let server =
        TestServer::with_subscription_on(place.open().await, &destination, |subscription| {
            "on:wix.contacts.*".clone_into(&mut subscription.name);
            subscription.destination = EventDestination::Handler(receiver);
        })
        .await;
    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    let event = handled.recv().await.unwrap();
    assert_eq!(event.data["createdEvent"]["entity"]["id"], "c1");
    let failed = delivery(&server, |it| it.last_error.is_some()).await;
    assert_eq!(failed.last_error.as_deref(), Some("not yet"));
    server.clock.set(now() + SignedDuration::from_mins(1));
    assert_eq!(handled.recv().await.unwrap().attempt, 2);
    server
        .post_event(&contact("panic", "c2", INSTANCE_ID))
        .await;
    let failed = delivery(&server, |it| {
        it.event_id == "panic" && it.last_error.is_some()
    })
    .await;
    assert_eq!(failed.last_error.as_deref(), Some("the handler panicked"));
}

async fn attempts_under_way_are_finished_and_others_released(place: &Place) {
    let mut destination = Destination::start().await;
    let store = place.open().await;
    let mut server = TestServer::start_on(store.clone(), |settings| {
        let mut subscription = destination.subscription();
        subscription.concurrency = NonZeroU32::new(2).unwrap();
        subscription.order = EventOrder::None;
        settings.public_keys = vec![WixKey::of_app().public()];
        settings.events.subscriptions = vec![subscription];
        settings.drain_timeout = Duration::from_secs(1);
    })
    .await;
    for id in ["1", "2", "3", "4"] {
        server.post_event(&contact(id, id, INSTANCE_ID)).await;
    }
    let (first, _never_answered) = (destination.next().await, destination.next().await);
    let address = server.address;
    server.ask_to_stop(Shutdown::Graceful);
    while tokio::net::TcpStream::connect(address).await.is_ok() {}
    first.answer(200);
    assert!(server.stop().await);
    let list = store.list_deliveries(DeliveryFilter::default(), ListOrder::Oldest, 10);
    let list = list.await.unwrap();
    // The first two begin at once, and either may arrive first.
    let mut states: Vec<_> = list.iter().map(|it| (it.state, it.attempts)).collect();
    states.sort_by_key(|(_, attempts)| *attempts);
    let waiting = (DeliveryState::Waiting, 0);
    let delivered = (DeliveryState::Delivered, 1);
    assert_eq!(states, [waiting, waiting, waiting, delivered]);
    // The next server makes them.
    let server = TestServer::start_on(store, |settings| {
        settings.events.subscriptions = vec![destination.subscription()];
    })
    .await;
    for _ in 0..3 {
        destination.next().await.answer(200);
    }
    drop(server);
}

async fn a_body_is_sent_as_it_was_received(place: &Place) {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription_on(place.open().await, &destination, |_| {}).await;
    let data = r#"{"id":"z","z":1.0,"a":12345678901234567890123}"#;
    let envelope = json!({ "eventType": "x", "instanceId": INSTANCE_ID, "data": data });
    server.post_event(&envelope).await;
    let delivered = destination.next().await;
    check_signature(&delivered, &[SIGNING_SECRET]);
    let text = String::from_utf8(delivered.body.to_vec()).unwrap();
    assert!(text.contains(data), "{text}");
    delivered.answer(200);
}

/// Two nodes on one database share the work, and no delivery is made twice or out of turn.
#[tokio::test]
async fn nodes_share_deliveries_in_order() {
    let place = Place::database().await;
    let mut destination = Destination::start().await;
    let start = async || {
        TestServer::with_subscription_on(place.open().await, &destination, |it| {
            it.concurrency = NonZeroU32::new(2).unwrap();
        })
        .await
    };
    let nodes = [start().await, start().await];
    for number in 0..20 {
        for (index, entity) in ["a", "b", "c", "d"].into_iter().enumerate() {
            let event = contact(&format!("{entity}{number}"), entity, INSTANCE_ID);
            nodes[(number + index) % 2].post_event(&event).await;
        }
    }
    let mut last: HashMap<String, usize> = HashMap::new();
    for _ in 0..80 {
        let delivered = destination.next().await;
        let (entity, number) = (
            delivered.id()[..1].to_owned(),
            delivered.id()[1..].to_owned(),
        );
        let expected = last.entry(entity).or_default();
        assert_eq!(number, expected.to_string(), "in order, and once");
        *expected += 1;
        delivered.answer(200);
    }
}
