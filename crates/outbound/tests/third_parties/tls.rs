//! Whom TLS trusts.

use backlot_outbound::upstream::{Client, UpstreamError};
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::harness::{Names, OK, OUTSIDE, address, get, settings, text, tls_server};

async fn serve() -> (u16, CertificateDer<'static>) {
    let (listener, acceptor, certificate) = tls_server(&[]).await;
    let port = listener.local_addr().unwrap().port();
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
