//! Publishing to NATS servers that ask for a credential, and for TLS. Where the program `nats-server` is missing, the tests
//! say so and end.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test says what it expects by failing, and names a part that is left out"
)]

mod server;

use backlot_outbound::nats::{
    NatsAccess, NatsAuthorities, NatsCredential, NatsError, NatsPublisher, NatsTarget,
};
use backlot_outbound::third_party::SecretString;
use bytes::Bytes;
use http::HeaderMap;
use server::{Authority, NatsServer};

const PASSWORD: &str = "pass:w@rd/hush";
const USERS: &str = r#"
authorization {
    users: [
        { user: "backlot", password: "pass:w@rd/hush" }
        { user: "reader", password: "pass:w@rd/hush", permissions: { publish: "other.>" } }
    ]
}"#;
const TOKEN: &str = "authorization { token: \"pass:w@rd/hush\" }";

fn user(user: &str, password: &str) -> NatsCredential {
    NatsCredential::Password {
        user: user.to_owned(),
        password: SecretString::new(password.to_owned()),
    }
}

fn token(text: &str) -> NatsCredential {
    NatsCredential::Token(SecretString::new(text.to_owned()))
}

fn publisher(url: &str, credential: NatsCredential, authorities: NatsAuthorities) -> NatsPublisher {
    let publisher = NatsPublisher::new(NatsTarget::parse(url).unwrap());
    publisher.with_access(NatsAccess {
        credential,
        authorities,
    })
}

async fn publish(publisher: &NatsPublisher, id: &str) -> Result<(), NatsError> {
    let body = Bytes::from_static(b"{}");
    publisher
        .publish("created", id, &HeaderMap::new(), body)
        .await
}

/// A message that arrives finds no stream, since there is none: the server has let the publisher in.
fn is_let_in(outcome: &Result<(), NatsError>) -> bool {
    matches!(outcome, Err(NatsError::NoStream(subject)) if subject == "events.created")
}

fn is_turned_away(outcome: &Result<(), NatsError>) -> bool {
    let Err(NatsError::Unreachable(cause)) = outcome else {
        return false;
    };
    assert!(!cause.contains("hush"), "a secret is repeated: {cause}");
    true
}

async fn start(authorization: &str, authority: Option<&Authority>) -> Option<NatsServer> {
    let server = NatsServer::start(authorization, authority).await;
    if server.is_none() {
        eprintln!("NATS with credentials is left out: nats-server is missing");
    }
    server
}

#[tokio::test]
async fn a_user_has_a_password() {
    let Some(server) = start(USERS, None).await else {
        return;
    };
    let url = format!("nats://{}/events.{{type}}", server.address());
    let none = NatsAuthorities::default;
    let known = publish(&publisher(&url, user("backlot", PASSWORD), none()), "1").await;
    assert!(is_let_in(&known), "{known:?}");
    for credential in [
        user("backlot", "another hush"),
        user("stranger", PASSWORD),
        token(PASSWORD),
        NatsCredential::None,
    ] {
        let refused = publish(&publisher(&url, credential, none()), "1").await;
        assert!(is_turned_away(&refused), "{refused:?}");
    }
}

#[tokio::test]
async fn a_token_stands_for_a_user() {
    let Some(server) = start(TOKEN, None).await else {
        return;
    };
    let url = format!("nats://{}/events.{{type}}", server.address());
    let none = NatsAuthorities::default;
    let known = publish(&publisher(&url, token(PASSWORD), none()), "1").await;
    assert!(is_let_in(&known), "{known:?}");
    let refused = publish(&publisher(&url, token("another hush"), none()), "1").await;
    assert!(is_turned_away(&refused), "{refused:?}");
}

#[tokio::test]
async fn a_server_is_verified() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let Some(server) = start(USERS, Some(&authority)).await else {
        return;
    };
    let address = server.address();
    let url = format!("tls://{address}/events.{{type}}");
    let credential = || user("backlot", PASSWORD);
    let known = publish(&publisher(&url, credential(), authority.trusted()), "1").await;
    assert!(is_let_in(&known), "{known:?}");
    for authorities in [stranger.trusted(), NatsAuthorities::default()] {
        let refused = publish(&publisher(&url, credential(), authorities), "1").await;
        assert!(is_turned_away(&refused), "{refused:?}");
    }
    // The certificate is for 127.0.0.1 only.
    let other = url.replace("127.0.0.1", "localhost");
    let refused = publish(&publisher(&other, credential(), authority.trusted()), "1").await;
    assert!(is_turned_away(&refused), "{refused:?}");
}

#[tokio::test]
async fn a_server_without_tls_gets_no_credential_over_tls() {
    let Some(server) = start(USERS, None).await else {
        return;
    };
    let url = format!("tls://{}/events.{{type}}", server.address());
    let credential = user("backlot", PASSWORD);
    let refused = publish(
        &publisher(&url, credential, NatsAuthorities::default()),
        "1",
    )
    .await;
    assert!(is_turned_away(&refused), "{refused:?}");
}

#[tokio::test]
async fn an_acknowledged_message_is_in_the_stream() {
    let authority = Authority::new();
    let Some(server) = start(USERS, Some(&authority)).await else {
        return;
    };
    let url = format!("tls://{}/events.{{type}}", server.address());
    let publisher = publisher(&url, user("backlot", PASSWORD), authority.trusted());
    let mut stream = server.stream(&authority).await;
    for id in ["1", "2", "1"] {
        publish(&publisher, id).await.unwrap();
    }
    assert_eq!(stream.info().await.unwrap().state.messages, 2);
}

/// The client would keep what it cannot send, and publish it later: after the delivery has been given up.
#[tokio::test]
async fn a_server_that_goes_away_gets_no_message_later() {
    let authority = Authority::new();
    let Some(mut server) = start(USERS, Some(&authority)).await else {
        return;
    };
    let url = format!("tls://{}/events.{{type}}", server.address());
    let publisher = publisher(&url, user("backlot", PASSWORD), authority.trusted());
    drop(server.stream(&authority).await);
    publish(&publisher, "1").await.unwrap();
    server.kill();
    for id in ["2", "3"] {
        let limit = std::time::Duration::from_secs(20);
        let lost = tokio::time::timeout(limit, publish(&publisher, id))
            .await
            .unwrap();
        assert!(is_turned_away(&lost), "{lost:?}");
    }
    server.restart().await;
    // The client connects again by itself.
    while is_turned_away(&publish(&publisher, "4").await) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    publish(&publisher, "5").await.unwrap();
    let mut stream = server.stream(&authority).await;
    assert_eq!(stream.info().await.unwrap().state.messages, 3);
}
