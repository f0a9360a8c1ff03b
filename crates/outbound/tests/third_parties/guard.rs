//! Whom the guard lets through.

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::egress_guard::{AddressRefused, GuardedConnector, SystemResolver};
use backlot_outbound::upstream::{Address, Client, UpstreamError};
use tower::ServiceExt as _;

use super::harness::{
    INSIDE, NOBODY, Names, OK, OUTSIDE, ThirdParty, address, at, get, guard, settings, text,
};

const CLOSES: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

fn refused_host(outcome: Result<impl Sized, UpstreamError>) -> String {
    let Err(error) = outcome else {
        panic!("it was let through")
    };
    assert!(error.is_permanent());
    match error {
        UpstreamError::AddressRefused { host } => host,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_address_inside_is_not_dialled_however_it_is_spelled() {
    let inside = ThirdParty::at(at(INSIDE, 0), OK).await;
    let port = inside.address.port();
    let wait = Duration::from_secs(5);
    let connector = GuardedConnector::new(Some(guard()), Arc::new(SystemResolver), wait);
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "localhost",
        "LOCALHOST",
        // What the system's own reading of names makes of numbers.
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[64:ff9b::127.0.0.1]",
    ] {
        let uri = format!("http://{host}:{port}/").parse().unwrap();
        let Err(error) = connector.clone().oneshot(uri).await else {
            panic!("{host} was dialled")
        };
        let refused = AddressRefused::find_in(error.as_ref());
        assert_eq!(refused.unwrap().host, host, "{error}");
    }
    let client = Client::new(settings()).unwrap();
    for scheme in ["http", "https"] {
        let address = address(&format!("{scheme}://0x7f.1:{port}"));
        assert_eq!(refused_host(get(&client, &address).await), "127.0.0.1");
    }
    let multiplexed = Address::parse(&format!("http://localhost:{port}"), true).unwrap();
    assert_eq!(refused_host(get(&client, &multiplexed).await), "localhost");
    let https = address(&format!("https://localhost:{port}"));
    assert_eq!(refused_host(get(&client, &https).await), "localhost");
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn without_a_guard_everything_is_dialled() {
    let inside = ThirdParty::at(at(INSIDE, 0), OK).await;
    let mut settings = settings();
    settings.guard = None;
    let client = Client::new(settings).unwrap();
    let address = address(&format!("http://localhost:{}", inside.address.port()));
    assert_eq!(text(get(&client, &address).await.unwrap()).await, "ok");
}

#[tokio::test]
async fn a_name_that_changes_its_mind_gains_nothing() {
    let outside = ThirdParty::at(at(OUTSIDE, 0), CLOSES).await;
    let port = outside.address.port();
    let inside = ThirdParty::at(at(INSIDE, port), OK).await;
    let names = Names::saying(&[&[OUTSIDE], &[INSIDE]]);
    let client = Client::with_resolver(settings(), names).unwrap();
    let address = address(&format!("http://api.example.com:{port}"));
    assert_eq!(text(get(&client, &address).await.unwrap()).await, "ok");
    let host = refused_host(get(&client, &address).await);
    assert_eq!(host, "api.example.com");
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn of_a_mix_only_the_permitted_are_dialled_one_after_the_other() {
    let outside = ThirdParty::at(at(OUTSIDE, 0), CLOSES).await;
    let port = outside.address.port();
    let inside = ThirdParty::at(at(INSIDE, port), OK).await;
    let mixes: [&[&str]; 3] = [
        &[INSIDE, OUTSIDE],
        &[NOBODY, "::1", INSIDE, OUTSIDE],
        &["::ffff:127.0.0.1", OUTSIDE, INSIDE],
    ];
    let client = Client::with_resolver(settings(), Names::saying(&mixes)).unwrap();
    let address = address(&format!("http://api.example.com:{port}"));
    for _ in mixes {
        assert_eq!(text(get(&client, &address).await.unwrap()).await, "ok");
    }
    assert_eq!((outside.connections(), inside.connections()), (3, 0));
}

#[tokio::test]
async fn a_kept_connection_is_used_again_without_a_look() {
    let outside = ThirdParty::at(at(OUTSIDE, 0), OK).await;
    let names = Names::saying(&[&[OUTSIDE], &[INSIDE]]);
    let client = Client::with_resolver(settings(), names).unwrap();
    let address = address(&format!(
        "http://api.example.com:{}",
        outside.address.port()
    ));
    for _ in 0..3 {
        assert_eq!(text(get(&client, &address).await.unwrap()).await, "ok");
    }
    assert_eq!(outside.connections(), 1);
}

#[tokio::test]
async fn a_name_without_addresses_is_unreachable_and_not_refused() {
    for names in [Names::saying(&[]), Names::saying(&[&[]])] {
        let client = Client::with_resolver(settings(), names).unwrap();
        let outcome = get(&client, &address("http://api.example.com")).await;
        let error = outcome.err().unwrap();
        assert!(matches!(error, UpstreamError::Unreachable(_)), "{error}");
    }
}
