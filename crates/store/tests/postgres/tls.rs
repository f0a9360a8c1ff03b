//! TLS to the server: what is asked for is what there is, or nothing.

use backlot_store::postgres::PostgresStore;
use backlot_store::{Store, StoreError};

use crate::private_server::{Authority, PrivateServer};

/// Opens, asks something on both pools, and says how many connections had TLS and how many had none.
async fn opened(server: &PrivateServer, parameters: &str) -> (i64, i64) {
    let url = server.url("127.0.0.1", parameters);
    let store = Store::Postgres(PostgresStore::open(&url).await.unwrap());
    store.list_latest_instances(1).await.unwrap();
    let id = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e01".parse().unwrap();
    assert_eq!(store.list_accounts(id).await.unwrap(), []);
    server.connections().await
}

async fn refused(server: &PrivateServer, host: &str, parameters: &str) -> String {
    let Err(error) = PostgresStore::open(&server.url(host, parameters)).await else {
        unreachable!("{host} {parameters} was let in")
    };
    let text = error.to_string();
    for password in PrivateServer::passwords() {
        assert!(!text.contains(password), "{text}");
    }
    assert!(text.contains(host), "{text}");
    assert!(matches!(error, StoreError::Insecure(_)), "{text}");
    text
}

#[tokio::test]
async fn a_server_is_trusted_for_its_certificate_and_its_host() {
    let authority = Authority::new("one");
    let server = PrivateServer::start(Some(&authority)).await;
    // One by another name, and one by the same.
    let others = [Authority::new("other"), Authority::new("one")];
    let root = authority.file();
    let root = root.display();
    for mode in ["require", "verify-ca", "verify-full"] {
        let parameters = format!("sslmode={mode}&sslrootcert={root}");
        let (with, without) = opened(&server, &parameters).await;
        assert!(with >= 2 && without == 0, "{mode}: {with}, {without}");

        for other in &others {
            let parameters = format!("sslmode={mode}&sslrootcert={}", other.file().display());
            let text = refused(&server, "127.0.0.1", &parameters).await;
            assert!(text.contains("sslrootcert=PATH"), "{text}");
        }
        // The certificate is for 127.0.0.1, by number.
        let parameters = format!("sslmode={mode}&sslrootcert={root}");
        let text = refused(&server, "localhost", &parameters).await;
        assert!(text.contains("name the host"), "{text}");
    }
    refused(&server, "127.0.0.1", "sslmode=require").await;
}

#[tokio::test]
async fn passwords_are_bound_to_the_connection() {
    let authority = Authority::new("one");
    let server = PrivateServer::start(Some(&authority)).await;
    let root = authority.file();
    let root = root.display();
    for binding in ["require", "prefer", "disable"] {
        let parameters = format!("channel_binding={binding}&sslrootcert={root}");
        let (with, without) = opened(&server, &parameters).await;
        assert!(with >= 2 && without == 0, "{binding}: {with}, {without}");
    }
}

#[tokio::test]
async fn what_is_preferred_is_taken_where_it_is() {
    let authority = Authority::new("one");
    let server = PrivateServer::start(Some(&authority)).await;
    let (with, without) = opened(&server, "sslmode=prefer").await;
    assert!(with >= 2 && without == 0, "{with}, {without}");
    for parameters in ["sslmode=disable", ""] {
        let (with, without) = opened(&server, parameters).await;
        assert!(with == 0 && without >= 2, "{with}, {without}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_named_with_what_to_do() {
    let server = PrivateServer::start(None).await;
    for mode in ["require", "verify-full"] {
        let text = refused(&server, "127.0.0.1", &format!("sslmode={mode}")).await;
        assert!(
            text.contains("ssl = on") && text.contains("sslmode=disable"),
            "{text}"
        );
    }
    for parameters in ["sslmode=prefer", "sslmode=disable", ""] {
        let (with, without) = opened(&server, parameters).await;
        assert!(with == 0 && without >= 2, "{with}, {without}");
    }
}
