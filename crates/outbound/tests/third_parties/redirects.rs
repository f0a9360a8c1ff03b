//! Where redirects lead, and what goes along.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::CallBody;
use backlot_outbound::egress_guard::AddressGuard;
use backlot_outbound::redact::SecretPatterns;
use backlot_outbound::third_party::{
    ApiBase, CallError, Credential, Followed, RedirectPolicy, Redirected, ThirdPartyClient,
    ThirdPartyRequest, ThirdPartySettings,
};
use backlot_outbound::upstream::{Client, ClientSettings, UpstreamError};
use backlot_wix::InstanceId;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use jiff::Timestamp;
use parking_lot::Mutex;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::harness::{INSIDE, Names, OUTSIDE, at, settings};

const SECRET: &str = "sk_live_1234567890";

/// A server that answers by path with a redirect or with `ok`, and remembers each head.
#[derive(Clone, Default)]
struct Script {
    redirects: Arc<Mutex<Vec<(String, String)>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Script {
    fn redirect(&self, path: &str, location: impl Into<String>) {
        let mut redirects = self.redirects.lock();
        redirects.push((path.to_owned(), location.into()));
    }

    fn heads(&self) -> Vec<String> {
        std::mem::take(&mut self.heads.lock())
    }

    async fn answer(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else {
                return;
            };
            head.push(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        self.heads.lock().push(head);
        let redirects = self.redirects.lock().clone();
        let location = redirects.iter().find(|(from, _)| *from == path);
        let response = match location {
            Some((_, to)) => format!("302 Found\r\nlocation: {to}"),
            None => "200 OK".to_owned(),
        };
        let response =
            format!("HTTP/1.1 {response}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(response.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    async fn plain(host: &str) -> (Self, SocketAddr) {
        let listener = TcpListener::bind(at(host, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Self::default();
        let served = script.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().answer(stream));
            }
        });
        (script, address)
    }

    /// Over TLS, with a certificate for `elsewhere.example`.
    async fn secure() -> (Self, u16, CertificateDer<'static>) {
        let names = vec!["elsewhere.example".to_owned()];
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
        let script = Self::default();
        let served = script.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(served.clone().answer(stream));
                }
            }
        });
        (script, port, certificate)
    }
}

/// Admits all paths under `/open`.
struct Open(SecretPatterns);

impl RedirectPolicy for Open {
    fn target<'call>(
        &'call self,
        _: &'call Method,
        path: &'call str,
        query: &'call str,
    ) -> Redirected<'call> {
        let whole = format!("{path}?{query}");
        let target = path.starts_with("/open").then(|| whole.parse().unwrap());
        Box::pin(std::future::ready(target.ok_or("NOT_ADMITTED")))
    }

    fn secrets(&self) -> &SecretPatterns {
        &self.0
    }
}

/// An API at `home`, under `/v1`, whose redirects elsewhere find `elsewhere.example` at `names`.
fn third_party(
    home: SocketAddr,
    names: &str,
    certificate: Option<CertificateDer<'static>>,
    elsewhere: AddressGuard,
) -> Party {
    let only_home = AddressGuard::only(vec![format!("{}/32", home.ip()).parse().unwrap()]);
    let client = Client::new(ClientSettings {
        guard: Some(only_home),
        ..settings()
    });
    let elsewhere = ClientSettings {
        guard: Some(elsewhere),
        extra_roots: certificate.into_iter().collect(),
        ..settings()
    };
    let elsewhere = Client::with_resolver(elsewhere, Names::saying(&[&[names]]));
    let settings = ThirdPartySettings {
        timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(10),
        retries: 0,
        idempotency_header: None,
        redirects: 3,
        seed: 1,
    };
    Party {
        base: Arc::new(ApiBase::new(super::harness::address(&format!(
            "http://{home}/v1"
        )))),
        way: ThirdPartyClient::new(client.unwrap(), elsewhere.unwrap(), settings),
    }
}

/// A third party, and where its API is.
struct Party {
    base: Arc<ApiBase>,
    way: ThirdPartyClient,
}

async fn send(party: &Party, method: Method, body: &'static str) -> Outcome {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("accept", "application/json"),
        ("accept-language", SECRET),
        ("x-mine", "mine"),
        ("content-type", "text/plain"),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let mut call = ThirdPartyRequest {
        base: Arc::clone(&party.base),
        method,
        target: PathAndQuery::from_static("/first"),
        headers,
        body: CallBody::Ready(Bytes::from_static(body.as_bytes())),
        is_public: false,
    };
    let credential = Credential::bearer(SECRET).unwrap();
    let policy = Open(credential.secret_patterns().clone());
    let id = InstanceId::from_bytes([1; 16]);
    let now = Timestamp::UNIX_EPOCH;
    let sent = party
        .way
        .send(&mut call, &credential, id, now, &policy)
        .await;
    sent.map(|response| Response::map(response, drop))
}

type Outcome = Result<Response<()>, CallError>;

fn refusal(outcome: Outcome) -> String {
    match outcome {
        Err(CallError::Redirected(why)) => why,
        Err(CallError::NoResponseElsewhere(UpstreamError::AddressRefused { host })) => {
            format!("inside: {host}")
        }
        other => panic!("{other:?}"),
    }
}

fn outside() -> AddressGuard {
    super::harness::guard()
}

#[tokio::test]
async fn elsewhere_neither_the_credential_nor_what_holds_it_goes_along() {
    let (home, address) = Script::plain(INSIDE).await;
    let (elsewhere, port, certificate) = Script::secure().await;
    let there = format!("https://elsewhere.example:{port}");
    home.redirect("/v1/first", format!("{there}/a?b=c#d"));
    let party = third_party(address, OUTSIDE, Some(certificate), outside());
    let response = send(&party, Method::GET, "").await.unwrap();
    assert_eq!(response.status(), 200);
    let followed = response.extensions().get::<Followed>().unwrap();
    assert!(followed.has_left);
    let heads = elsewhere.heads();
    assert_eq!(heads.len(), 1);
    let head = heads[0].to_lowercase();
    assert!(head.starts_with("get /a?b=c http/1.1\r\n"), "{head}");
    assert!(head.contains("accept: application/json"), "{head}");
    for absent in ["authorization", SECRET, "x-mine", "content-type", "cookie"] {
        assert!(!head.contains(absent), "{absent}: {head}");
    }
    // Back home, the call was chosen by somebody else.
    elsewhere.redirect("/a?b=c", format!("http://{address}/v1/open?x=1"));
    home.heads();
    let response = send(&party, Method::GET, "").await.unwrap();
    assert_eq!(response.status(), 200);
    let heads = home.heads();
    assert!(heads[0].contains(SECRET), "{heads:?}");
    assert!(heads[1].starts_with("GET /v1/open?x=1 "), "{heads:?}");
    assert!(!heads[1].contains(SECRET), "{heads:?}");
    elsewhere.redirect("/x", format!("http://{address}/v1/closed"));
    home.redirects.lock().clear();
    home.redirect("/v1/first", format!("{there}/x"));
    let why = refusal(send(&party, Method::GET, "").await);
    assert_eq!(
        why,
        "to a call that the caller may not make (GET /closed: NOT_ADMITTED)"
    );
}

#[tokio::test]
async fn within_the_api_only_admitted_calls_are_followed() {
    let (home, address) = Script::plain(INSIDE).await;
    let party = third_party(address, OUTSIDE, None, outside());
    let host = format!("127.0.0.1:{}", address.port());
    for location in [
        "/v1/open",
        "open",
        "./x/../open",
        "//127.0.0.1:PORT/v1/open?a=1",
        "http://2130706433:PORT/v1/open",
        "HTTP://127.1:PORT/v1/%2e/open",
    ] {
        home.redirects.lock().clear();
        home.redirect(
            "/v1/first",
            location.replace("PORT", &address.port().to_string()),
        );
        let response = send(&party, Method::GET, "").await.unwrap();
        assert_eq!(response.status(), 200, "{location}");
        let heads = home.heads();
        assert!(heads[1].starts_with("GET /v1/open"), "{location} {heads:?}");
        assert!(
            heads[1].contains(SECRET) && heads[1].contains("x-mine"),
            "{heads:?}"
        );
        assert!(!heads[1].contains("content-type"), "{heads:?}");
    }
    for (location, expected) in [
        ("/v1/closed", "to a call that the caller may not make"),
        (
            "/v1/open/../closed",
            "to a call that the caller may not make",
        ),
        ("/v1/%2E%2e/admin", "to a path outside"),
        ("/v1/..\\admin", "to a path outside"),
        ("/v12/open", "to a path outside"),
        ("/V1/open", "to a path outside"),
        ("/open", "to a path outside"),
        ("/v1", "to a path outside"),
        ("http://user:pw@HOST/v1/open", "cannot be read"),
        ("http://user@HOST/v1/open", "cannot be read"),
        ("ftp://HOST/v1/open", "cannot be read"),
        ("javascript:alert(1)", "cannot be read"),
        ("http://[::1", "cannot be read"),
        (
            "/v1/closed?key=sk_live_1234567890",
            "(GET /closed: NOT_ADMITTED)",
        ),
        (
            "/v1/sk_live_1234567890",
            "(GET a path with a secret: NOT_ADMITTED)",
        ),
    ] {
        home.redirects.lock().clear();
        home.redirect("/v1/first", location.replace("HOST", &host));
        let why = refusal(send(&party, Method::GET, "").await);
        assert!(why.contains(expected), "{location}: {why}");
        assert!(!why.contains(SECRET), "{why}");
        assert_eq!(home.heads().len(), 1, "{location}");
    }
    home.redirects.lock().clear();
    home.redirect("/v1/first", "/v1/open");
    home.redirect("/v1/open?", "/v1/open");
    let why = refusal(send(&party, Method::GET, "").await);
    assert_eq!(why, "more often than is allowed");
    assert_eq!(home.heads().len(), 4);
}

#[tokio::test]
async fn elsewhere_is_never_inside_however_it_is_spelled() {
    let (home, address) = Script::plain(INSIDE).await;
    let (other, inside) = Script::plain(INSIDE).await;
    // `elsewhere.example` leads inside; the home network is open for the API, and for nothing else.
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    let party = third_party(address, INSIDE, None, AddressGuard::outside(networks));
    let port = inside.port();
    for location in [
        "https://127.0.0.1:PORT/open",
        "https://2130706433:PORT/open",
        "https://0x7f.1:PORT/open",
        "https://0177.0.0.1:PORT/open",
        "https://[::1]:PORT/open",
        "https://[::ffff:127.0.0.1]:PORT/open",
        "https://[64:ff9b::127.0.0.1]:PORT/open",
        "https://elsewhere.example:PORT/open",
        "https://localhost:PORT/open",
        "https://localhost.:PORT/open",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/open",
        "//127.0.0.1:PORT/open",
        "http://127.0.0.1:PORT/open",
        "http://localhost:PORT/open",
        "http://elsewhere.example/open",
    ] {
        home.redirects.lock().clear();
        home.redirect("/v1/first", location.replace("PORT", &port.to_string()));
        let why = refusal(send(&party, Method::GET, "").await);
        let expected = ["inside: ", "to another origin without https"];
        let is_expected = expected.iter().any(|it| why.starts_with(it));
        assert!(is_expected, "{location}: {why}");
    }
    let secret = format!("https://elsewhere.example/?{SECRET}");
    home.redirects.lock().clear();
    home.redirect("/v1/first", secret);
    let why = refusal(send(&party, Method::GET, "").await);
    assert_eq!(why, "to another origin, with a secret in the address");
    assert!(other.heads().is_empty());
}

#[tokio::test]
async fn a_write_and_a_call_with_a_body_are_not_sent_twice() {
    let (home, address) = Script::plain(INSIDE).await;
    let party = third_party(address, OUTSIDE, None, outside());
    home.redirect("/v1/first", "/v1/open");
    for (method, body) in [
        (Method::POST, ""),
        (Method::PUT, "x"),
        (Method::DELETE, ""),
        (Method::GET, "x"),
    ] {
        let response = send(&party, method, body).await.unwrap();
        assert_eq!(response.status(), 302);
        assert!(response.extensions().get::<Followed>().is_none());
        assert_eq!(home.heads().len(), 1);
    }
    let response = send(&party, Method::HEAD, "").await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(home.heads()[1].starts_with("HEAD /v1/open"));
}
