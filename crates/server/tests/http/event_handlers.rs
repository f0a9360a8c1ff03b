//! Handlers of events in Rust: what they reach of the event's instance.

use backlot_server::ConnectionCallError;
use backlot_server::events::{Event, EventDestination, EventHandler};
use backlot_store::entity_links::LinkSide;
use backlot_wix::Role;
use serde_json::{Value, json};

use crate::data::{open, with_collection};
use crate::harness::events::{Destination, WixKey, contact};
use crate::harness::{FakeWix, INSTANCE_ID, TestServer, ThirdParty, connected};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Takes a new contact over: it is read at Wix, written to the CRM, linked, and stored.
async fn sync(event: Event) -> Result<(), Failure> {
    let contact_id = event.entity_id.clone().unwrap_or_default();
    let path = format!("/contacts/v4/contacts/{contact_id}");
    let contact: Value = event.wix()?.get(&path).send().await?.json().await?;
    let crm = event.connections()?;
    let made = crm.post("x", "/contacts").json(&contact).send().await?;
    let made: Value = made.json().await?;
    let external = made["id"].as_str().unwrap_or_default();
    let links = event.links()?;
    links
        .upsert("contacts", external, &contact_id, None)
        .await?;
    event.items()?.insert("reviews", &contact).await?;
    let hidden = event.connections()?.get("x", "/hidden").send().await;
    assert!(matches!(hidden, Err(ConnectionCallError::Refused(_))));
    Ok(())
}

#[tokio::test]
async fn a_handler_reaches_the_events_instance_as_the_app() {
    let (wix, party) = (FakeWix::start().await, ThirdParty::start().await);
    wix.on("/contacts/v4/contacts/c1", 200, r#"{"title":"Ada"}"#);
    party.on("/contacts", 200, &[], r#"{"id":"crm-1"}"#);
    let calls: [(&str, &[Role]); 2] = [
        ("POST /contacts", &[Role::App]),
        ("GET /hidden", &[Role::Owner]),
    ];
    let connections = connected(party.connection("", &calls));
    let destination = Destination::start().await;
    let (sender, mut outcomes) = tokio::sync::mpsc::unbounded_channel();
    let handler = EventHandler::new(move |event: Event| {
        let sender = sender.clone();
        async move {
            let outcome = sync(event).await.map_err(|error| error.to_string());
            sender.send(outcome.clone()).unwrap();
            outcome
        }
    });
    let server = TestServer::start_with(Vec::new(), |settings| {
        wix.apply_to(settings);
        connections(settings);
        settings.public_keys = vec![WixKey::of_app().public()];
        let mut subscription = destination.subscription();
        subscription.destination = EventDestination::Handler(handler);
        settings.events.subscriptions = vec![subscription];
    })
    .await;
    with_collection(&server, "reviews", open()).await;

    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    assert_eq!(outcomes.recv().await, Some(Ok(())));
    assert!(wix.asked("/oauth2/token")[0].body.contains(INSTANCE_ID));
    let asked = wix.asked("/contacts/v4/contacts/c1").pop().unwrap();
    assert_eq!(asked.headers["authorization"], "the-apps-own-token");
    let instance_id = INSTANCE_ID.parse().unwrap();
    let side = LinkSide::External("crm-1");
    let link = server.store.find_entity_link(instance_id, "contacts", side);
    assert_eq!(link.await.unwrap().unwrap().internal, "c1");
    let usage = server.store.storage_usage(instance_id).await.unwrap();
    assert_eq!(usage.items, 2, "the item and the link");

    // An event of no instance reaches none.
    let mut nowhere = contact("e2", "c1", INSTANCE_ID);
    nowhere["instanceId"] = json!(null);
    server.post_event(&nowhere).await;
    let refused = outcomes.recv().await.unwrap();
    assert_eq!(refused, Err("the event is of no instance".to_owned()));
}
