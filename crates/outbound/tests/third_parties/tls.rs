//! Whom TLS trusts.

use std::sync::Arc;

use backlot_outbound::upstream::{Client, UpstreamError};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::harness::{Names, OK, OUTSIDE, address, at, get, settings, text};

/// A server with a certificate for `api.example.com`, which nobody else has signed.
async fn serve() -> (u16, CertificateDer<'static>) {
    let names = vec!["api.example.com".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let certificate = cert.der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind(at(OUTSIDE, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(OK.as_bytes()).await;
        }
    });
    (port, certificate)
}

#[tokio::test]
async fn extra_roots_are_trusted_and_only_where_they_are_named() {
    let (port, certificate) = serve().await;
    let names = || Names::saying(&[&[OUTSIDE]]);
    let address = address(&format!("https://api.example.com:{port}"));

    let client = Client::with_resolver(settings(), names()).unwrap();
    let error = get(&client, &address).await.err().unwrap();
    assert!(matches!(error, UpstreamError::Unreachable(_)), "{error}");

    let mut settings = settings();
    settings.extra_roots = vec![certificate];
    settings.tls = true;
    let client = Client::with_resolver(settings, names()).unwrap();
    assert_eq!(text(get(&client, &address).await.unwrap()).await, "ok");
}
