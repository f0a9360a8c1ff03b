//! A Wix for one test: a script of responses for each path, and a record of what was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::upstream::Address;
use backlot_outbound::wix::{
    CallBody, Priority, Subject, TokenEvents, TokenRefused, WixBody, WixClient, WixError,
    WixRequest, WixSettings,
};
use backlot_wix::{ApiKey, AppSecret, AppSecrets, InstanceId};
use bytes::Bytes;
use http::{Method, Response};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

pub const SECRET: &str = "the-secret-of-the-app";
pub const TOKEN: &str = "/oauth2/token";

pub fn instance(last: u8) -> InstanceId {
    format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}")
        .parse()
        .unwrap()
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Responses, byte for byte, to be sent one after the other; the last is sent again and again.
type Script = Vec<String>;

pub struct FakeWix {
    pub address: SocketAddr,
    scripts: Arc<Mutex<HashMap<String, (usize, Script)>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// While it has no permit left, responses wait.
    pub gate: Arc<Semaphore>,
}

impl FakeWix {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wix = Self {
            address: listener.local_addr().unwrap(),
            scripts: Arc::default(),
            asked: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        };
        wix.on(TOKEN, &[&token("app-token-1"), &token("app-token-2")]);
        let (scripts, asked, gate) = (
            Arc::clone(&wix.scripts),
            Arc::clone(&wix.asked),
            Arc::clone(&wix.gate),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (scripts, asked, gate) =
                    (Arc::clone(&scripts), Arc::clone(&asked), Arc::clone(&gate));
                tokio::spawn(converse(stream, scripts, asked, gate));
            }
        });
        wix
    }

    /// What is replied at a path.
    pub fn on(&self, path: &str, script: &[&str]) {
        let script = script.iter().map(|it| (*it).to_owned()).collect();
        self.scripts.lock().insert(path.to_owned(), (0, script));
    }

    /// Everything that was asked at a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock();
        asked.iter().filter(|it| it.path == path).cloned().collect()
    }

    pub fn client(&self) -> WixClient {
        self.client_with(|_| {})
    }

    pub fn client_with(&self, change: impl FnOnce(&mut WixSettings)) -> WixClient {
        let mut settings = WixSettings {
            base: Address::parse(&format!("http://{}", self.address), false).unwrap(),
            app_id: "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c".parse().unwrap(),
            secrets: AppSecrets::new(vec![AppSecret::new(SECRET)]).unwrap(),
            api_key: ApiKey::new("IST.the-key"),
            requests_per_minute: 200,
            queue_time: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            token_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            events: Arc::new(Events::default()),
            seed: 1,
        };
        change(&mut settings);
        WixClient::new(settings).unwrap()
    }
}

async fn converse(
    mut stream: TcpStream,
    scripts: Arc<Mutex<HashMap<String, (usize, Script)>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    gate: Arc<Semaphore>,
) {
    while let Some(request) = read(&mut stream).await {
        let path = request.path.clone();
        asked.lock().push(request);
        gate.acquire().await.unwrap().forget();
        let response = {
            let mut scripts = scripts.lock();
            let Some((next, script)) = scripts.get_mut(&path) else {
                panic!("nobody said what to reply at {path}")
            };
            let response = script[(*next).min(script.len() - 1)].clone();
            *next += 1;
            response
        };
        let _ = stream.write_all(response.as_bytes()).await;
        if !response.contains("content-length") {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n\r\n") {
        received.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(received).unwrap();
    let mut words = head.split(' ');
    let mut asked = Asked {
        method: words.next()?.to_owned(),
        path: words.next()?.split('?').next()?.to_owned(),
        body: String::new(),
        head: head.clone(),
    };
    let length = asked
        .header("content-length")
        .unwrap_or("0")
        .parse()
        .unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}

/// A response with a JSON body.
pub fn response(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

pub fn token(text: &str) -> String {
    let body = format!(r#"{{"access_token":"{text}","token_type":"Bearer","expires_in":14400}}"#);
    response(200, "", &body)
}

#[derive(Default)]
pub struct Events {
    pub seen: Mutex<Vec<String>>,
}

impl TokenEvents for Events {
    fn granted(&self, _: InstanceId) {
        self.seen.lock().push("granted".to_owned());
    }

    fn refused(&self, _: InstanceId, refused: &TokenRefused) {
        self.seen.lock().push(refused.to_string());
    }
}

pub fn get(path: &str) -> WixRequest {
    let subject = Subject::App(instance(1));
    WixRequest::get(subject, path.parse().unwrap(), Priority::Interactive)
}

pub fn post(path: &str, body: &'static str) -> WixRequest {
    WixRequest {
        method: Method::POST,
        body: CallBody::Ready(Bytes::from_static(body.as_bytes())),
        ..get(path)
    }
}

/// Status and body of what came back.
pub async fn read_reply(response: Result<Response<WixBody>, WixError>) -> (u16, String) {
    let response = response.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().bytes(1 << 22, Duration::from_secs(5));
    let bytes = body.await.unwrap().unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}
