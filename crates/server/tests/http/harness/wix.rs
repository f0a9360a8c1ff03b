//! A Wix for one test: says what it is told to, and remembers what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use backlot_outbound::upstream::Address;
use backlot_server::Settings;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{APP_ID, INSTANCE_ID};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: String,
}

pub struct FakeWix {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    responses: Mutex<HashMap<String, (u16, String)>>,
    infos: Mutex<HashMap<String, Value>>,
    /// An instance whose calls are all answered with 500.
    failing: Mutex<Option<String>>,
    asked: Mutex<Vec<Asked>>,
    gate: Semaphore,
}

impl FakeWix {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner {
            responses: Mutex::default(),
            infos: Mutex::default(),
            failing: Mutex::default(),
            asked: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&inner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let wix = Self { address, inner };
        let token = r#"{"access_token":"the-apps-own-token","expires_in":14400}"#;
        wix.on("/oauth2/token", 200, token);
        wix
    }

    /// The change of a server's settings that makes it call this one.
    pub fn apply_to(&self, settings: &mut Settings) {
        let base = format!("http://{}", self.address);
        settings.wix.base = Address::parse(&base, false).unwrap();
    }

    /// What is replied at a path.
    pub fn on(&self, path: &str, status: u16, body: &str) {
        let response = (status, body.to_owned());
        self.inner
            .responses
            .lock()
            .insert(path.to_owned(), response);
    }

    /// What is known of a token; of any other, that it is not active.
    pub fn knows(&self, token: &str, info: Value) {
        self.inner.infos.lock().insert(token.to_owned(), info);
    }

    /// Calls on this instance fail, and no others.
    pub fn fails_for(&self, instance_id: &str) {
        *self.inner.failing.lock() = Some(instance_id.to_owned());
    }

    /// Everything that was asked at a path.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.inner.asked.lock();
        let is_there = |it: &&Asked| it.uri.split('?').next() == Some(path);
        asked.iter().filter(is_there).cloned().collect()
    }

    /// From now on requests are taken and not answered, until some are let through.
    pub fn hold(&self) {
        self.inner.gate.forget_permits(usize::MAX >> 3);
    }

    pub fn let_through(&self, number: usize) {
        self.inner.gate.add_permits(number);
    }

    /// Waits until so many requests have come to a path.
    pub async fn until_asked(&self, path: &str, times: usize) {
        while self.asked(path).len() < times {
            tokio::task::yield_now().await;
        }
    }
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let path = uri.path().to_owned();
    let is_failing = headers
        .get("authorization")
        .is_some_and(|it| it == "failing");
    inner.asked.lock().push(Asked {
        method,
        uri: uri.to_string(),
        headers,
        body: body.clone(),
    });
    inner.gate.acquire().await.unwrap().forget();
    let mut scripted = inner.responses.lock().get(&path).cloned();
    let failing = inner.failing.lock().clone();
    if failing.is_some_and(|id| path == "/oauth2/token" && body.contains(&id)) {
        scripted = Some((200, r#"{"access_token":"failing"}"#.to_owned()));
    } else if is_failing {
        scripted = Some((500, String::new()));
    }
    let (status, body) = match scripted {
        Some(response) => response,
        None if path == "/oauth2/token-info" => {
            let question: Value = serde_json::from_str(&body).unwrap();
            let token = question["token"].as_str().unwrap();
            let info = inner.infos.lock().get(token).cloned();
            (200, info.unwrap_or(json!({ "active": false })).to_string())
        }
        None => (404, r#"{"message":"not here","details":{}}"#.to_owned()),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("x-wix-request-id", "wix-17")
        .header("set-cookie", "a=b")
        .header("access-control-allow-origin", "*")
        .body(Body::from(body))
        .unwrap()
}

/// An access token with the shape of Wix's, and a name that makes it one of its own.
pub fn access_token(name: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"kid":"YHBsuJpH","alg":"HS256"}"#);
    let data = json!({ "instance": { "instanceId": INSTANCE_ID, "appDefId": APP_ID } });
    let claims = json!({ "data": data.to_string(), "iat": 1_795_341_600, "exp": 1_795_356_000 });
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    format!(
        "OauthNG.JWS.{header}.{claims}.{}",
        URL_SAFE_NO_PAD.encode(name)
    )
}

/// What Wix says of a good token.
pub fn info(subject_type: &str) -> Value {
    json!({
        "active": true,
        "subjectType": subject_type,
        "subjectId": "7d0ea69f-7aaf-4217-8af5-80819be06b1b",
        "exp": 1_795_356_000,
        "iat": 1_795_341_600,
        "clientId": APP_ID,
        "siteId": "c0ffee00-1111-4222-8333-444455556666",
        "instanceId": INSTANCE_ID,
    })
}
