//! A site for which the destination fails or hangs, beside one for which it works.

use jiff::SignedDuration;

use crate::deliveries::{delivery, now};
use crate::harness::TestServer;
use crate::harness::events::{Destination, contact, instance_number};
use crate::place::Place;

on_every_database! {
    attempts_that_hang_leave_room_for_other_sites
    a_site_that_fails_is_paused_alone
    a_probe_waits_as_long_as_the_destination_asks
}

async fn attempts_that_hang_leave_room_for_other_sites(place: &Place) {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription_on(place.open().await, &destination, |_| {}).await;
    for number in 0..40 {
        let (id, entity) = (format!("e{number}"), format!("c{number}"));
        let event = contact(&id, &entity, &instance_number(1));
        server.post_event(&event).await;
    }
    // Of 16 at once.
    let mut hanging = Vec::new();
    for _ in 0..12 {
        hanging.push(destination.next().await);
    }
    for id in ["a", "b"] {
        server
            .post_event(&contact(id, id, &instance_number(2)))
            .await;
        let delivered = destination.next().await;
        assert_eq!(delivered.id(), id);
        delivered.answer(200);
    }
    assert!(!destination.has_more());
}

/// Five failures of one site over a second, and its pause.
async fn pause_first_site(server: &TestServer, destination: &mut Destination) {
    for number in 0..5 {
        let (id, entity) = (format!("e{number}"), format!("c{number}"));
        server
            .post_event(&contact(&id, &entity, &instance_number(1)))
            .await;
        let failing = destination.next().await;
        if number == 4 {
            server.clock.set(now() + SignedDuration::from_secs(1));
        }
        failing.answer(503);
        let is_stored = |id: &str| {
            let id = id.to_owned();
            move |it: &backlot_store::events::Delivery| {
                it.event_id == id && it.last_status == Some(503)
            }
        };
        delivery(server, is_stored(&id)).await;
    }
}

async fn a_site_that_fails_is_paused_alone(place: &Place) {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription_on(place.open().await, &destination, |_| {}).await;
    pause_first_site(&server, &mut destination).await;
    server
        .post_event(&contact("paused", "p", &instance_number(1)))
        .await;
    for id in ["a", "b", "c"] {
        server
            .post_event(&contact(id, id, &instance_number(2)))
            .await;
        let delivered = destination.next().await;
        assert_eq!(delivered.id(), id);
        delivered.answer(200);
    }
    assert!(!destination.has_more());
    // One attempt after the pause. It succeeds, and the others follow: by then all are due.
    server.clock.set(now() + SignedDuration::from_secs(8));
    let probe = destination.next().await;
    assert!(!destination.has_more());
    probe.answer(200);
    for _ in 0..5 {
        destination.next().await.answer(200);
    }
}

async fn a_probe_waits_as_long_as_the_destination_asks(place: &Place) {
    let mut destination = Destination::start().await;
    let server = TestServer::with_subscription_on(place.open().await, &destination, |_| {}).await;
    pause_first_site(&server, &mut destination).await;
    server.clock.set(now() + SignedDuration::from_secs(6));
    let probe = destination.next().await;
    let id = probe.id();
    probe.answer_with(500, &[("retry-after", "600")], "");
    delivery(&server, |it| {
        it.event_id == id && it.last_status == Some(500)
    })
    .await;
    // Without `Retry-After`, the next pause were of ten seconds.
    server.clock.set(now() + SignedDuration::from_secs(605));
    server
        .post_event(&contact("other", "o", &instance_number(2)))
        .await;
    let delivered = destination.next().await;
    assert_eq!(delivered.id(), "other");
    delivered.answer(200);
    assert!(!destination.has_more());
    server.clock.set(now() + SignedDuration::from_secs(607));
    destination.next().await.answer(200);
}
