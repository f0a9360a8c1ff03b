//! Deliveries to a stream of NATS JetStream: the server at 127.0.0.1:4222, or one that the test starts. Where there is
//! neither, the tests say so and end.
#![expect(clippy::print_stderr, reason = "a part that is left out is named")]

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::{self, stream};
use backlot_server::events::EventDestination;
use backlot_store::events::{DeliveryFilter, DeliveryState, ListOrder};
use futures_util::StreamExt as _;
use jiff::SignedDuration;
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::harness::events::{Destination, SIGNING_SECRET, contact};
use crate::harness::{INSTANCE_ID, TestServer};

const USUAL: &str = "127.0.0.1:4222";

/// A server with JetStream.
struct Nats {
    address: String,
    /// The one that the test has started, and its folder.
    _own: Option<(Program, tempfile::TempDir)>,
}

/// A program that ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Nats {
    async fn find() -> Option<Self> {
        if async_nats::connect(USUAL).await.is_ok() {
            let address = USUAL.to_owned();
            return Some(Self {
                address,
                _own: None,
            });
        }
        let started = Self::start().await;
        if started.is_none() {
            eprintln!("NATS is left out: no server at {USUAL}, and no program nats-server");
        }
        started
    }

    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = Command::new("nats-server");
        command.args(["--addr", "127.0.0.1", "--jetstream"]);
        command.args(["--port", &port.to_string(), "--store_dir"]);
        command.arg(folder.path()).stderr(Stdio::null());
        let program = Program(command.spawn().ok()?);
        let address = format!("127.0.0.1:{port}");
        let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
        let connected = tokio::time::timeout(Duration::from_secs(20), async {
            let client = options.connect(&address).await.unwrap();
            client.flush().await.unwrap();
        });
        connected.await.unwrap();
        let own = Some((program, folder));
        Some(Self { address, _own: own })
    }

    async fn context(&self) -> jetstream::Context {
        jetstream::new(async_nats::connect(&self.address).await.unwrap())
    }

    /// Starts a server with a subscription to a subject under this name.
    async fn server(&self, name: &str) -> TestServer {
        let url = format!("nats://{}/{name}.{{type}}", self.address);
        let destination = Destination::start().await;
        TestServer::with_subscription(&destination, |subscription| {
            subscription.destination = EventDestination::parse(&url).unwrap();
            subscription.backoff = vec![Duration::from_millis(20)];
        })
        .await
    }
}

/// A name that no other run has.
fn name(what: &str) -> String {
    let bytes: [u8; 8] = std::array::from_fn(|_| fastrand::u8(..));
    format!("backlot_{what}_{}", const_hex::encode(bytes))
}

async fn states(server: &TestServer) -> Vec<DeliveryState> {
    let all = DeliveryFilter::default();
    let found = server.store.list_deliveries(all, ListOrder::Oldest, 100);
    let found = found.await.unwrap();
    found.into_iter().map(|it| it.state).collect()
}

async fn until_delivered(server: &TestServer, count: usize) {
    while states(server).await != vec![DeliveryState::Delivered; count] {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn events_are_published_signed_and_once() {
    let Some(nats) = Nats::find().await else {
        return;
    };
    let (context, name) = (nats.context().await, name("once"));
    let config = stream::Config {
        name: name.clone(),
        subjects: vec![format!("{name}.>")],
        ..stream::Config::default()
    };
    let stream = context.create_stream(config).await.unwrap();
    let server = nats.server(&name).await;
    for id in ["e1", "e2", "e1"] {
        server.post_event(&contact(id, id, INSTANCE_ID)).await;
    }
    until_delivered(&server, 2).await;
    let consumer = pull::Config {
        deliver_policy: DeliverPolicy::All,
        ..pull::Config::default()
    };
    let consumer = stream.create_consumer(consumer).await.unwrap();
    let messages = consumer.fetch().max_messages(10).messages().await.unwrap();
    let messages: Vec<_> = messages.map(Result::unwrap).collect().await;
    assert_eq!(messages.len(), 2);
    for message in &messages {
        assert_eq!(
            message.subject.as_str(),
            format!("{name}.wix.contacts.v4.contact_created")
        );
        let body: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(body["data"]["createdEvent"]["entity"]["id"], body["id"]);
        let headers = message.headers.as_ref().unwrap();
        let of = |name: &str| headers.get(name).unwrap().as_str();
        assert_eq!(of("Nats-Msg-Id"), body["id"]);
        let webhook = Webhook::new(SIGNING_SECRET).unwrap();
        let seconds = of("webhook-timestamp").parse().unwrap();
        let signature = webhook.sign(of("webhook-id"), seconds, &message.payload);
        assert_eq!(of("webhook-signature"), signature.unwrap());
        assert!(headers.get("x-backlot-elevated-token").is_none());
    }
    context.delete_stream(&name).await.unwrap();
}

#[tokio::test]
async fn an_event_waits_until_a_stream_has_the_subject() {
    let Some(nats) = Nats::find().await else {
        return;
    };
    let (context, name) = (nats.context().await, name("later"));
    let server = nats.server(&name).await;
    server.post_event(&contact("e1", "c1", INSTANCE_ID)).await;
    let failed = loop {
        let found = server
            .store
            .list_deliveries(DeliveryFilter::default(), ListOrder::Oldest, 1);
        let delivery = found.await.unwrap().remove(0);
        if let Some(error) = delivery.last_error {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert!(
        failed.contains("no stream of JetStream has the subject"),
        "{failed}"
    );
    let config = stream::Config {
        name: name.clone(),
        subjects: vec![format!("{name}.>")],
        ..stream::Config::default()
    };
    context.create_stream(config).await.unwrap();
    let later = server.clock.now() + SignedDuration::from_secs(7);
    server.clock.set(later);
    until_delivered(&server, 1).await;
    context.delete_stream(&name).await.unwrap();
}
