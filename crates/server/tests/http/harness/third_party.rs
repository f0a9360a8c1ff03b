//! A third party for one test: says what it is told to, and remembers what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use backlot_outbound::third_party::{BearerAuth, SecretSource, SecretString};
use backlot_outbound::upstream::Address;
use backlot_server::Settings;
use backlot_server::connections::{
    AllowedCall, BaseUrl, ConnectionSettings, HeaderNames, QueryRules,
};
use backlot_server::policy::quota::Quotas;
use backlot_server::policy::{AccessRule, CallPattern, Roles};
use backlot_wix::Role;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::wix::Asked;

/// How long a test waits for a request.
const PATIENCE: Duration = Duration::from_secs(20);

/// The credential of every connection here.
pub const KEY: &str = "sk_the_key_of_all";

pub struct ThirdParty {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

/// Where requests wait until it is dropped.
pub struct Gate(Option<Arc<Semaphore>>);

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(gate) = &self.0 {
            gate.close();
        }
    }
}

/// Status, headers and body.
type Scripted = (u16, Vec<(String, String)>, String);

#[derive(Default)]
struct Inner {
    responses: Mutex<HashMap<String, Scripted>>,
    asked: Mutex<Vec<Asked>>,
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
    count: watch::Sender<usize>,
}

impl ThirdParty {
    pub async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&inner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    /// The same, which connections look for somewhere else.
    pub fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// What is replied at a path; anything else is answered with its own path and query.
    pub fn on(&self, path: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let response = (status, headers.collect(), body.to_owned());
        self.inner
            .responses
            .lock()
            .insert(path.to_owned(), response);
    }

    /// What it was asked, in order: `METHOD /path?query`.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.inner.asked.lock();
        asked
            .iter()
            .map(|it| format!("{} {}", it.method, it.uri))
            .collect()
    }

    /// All requests, in order.
    pub fn all_asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().clone()
    }

    /// From now on a request for this path waits until it is let go.
    pub fn hold(&self, path: &str) {
        let gate = Arc::new(Semaphore::new(0));
        self.inner.gates.lock().insert(path.to_owned(), gate);
    }

    /// Lets all that wait at a path go on, and those that come.
    pub fn let_go(&self, path: &str) {
        drop(self.hold_no_more(path));
    }

    /// From now on nothing waits at a path. What waits already goes on when the gate is dropped.
    pub fn hold_no_more(&self, path: &str) -> Gate {
        Gate(self.inner.gates.lock().remove(path))
    }

    /// How many requests have come.
    pub fn count(&self) -> usize {
        *self.inner.count.borrow()
    }

    /// Waits until so many requests have come.
    pub async fn until_asked(&self, number: usize) {
        let mut count = self.inner.count.subscribe();
        let outcome = timeout(PATIENCE, count.wait_for(|count| *count >= number)).await;
        outcome.expect("nobody asks").unwrap();
    }

    /// The last request.
    pub fn last(&self) -> Asked {
        self.inner.asked.lock().last().unwrap().clone()
    }

    pub fn forget(&self) {
        self.inner.asked.lock().clear();
    }

    /// A connection `x` to it, under `base`, that allows these lines: a call, and who may make it.
    pub fn connection(&self, base: &str, lines: &[(&str, &[Role])]) -> ConnectionSettings {
        let names = || HeaderNames::parse(&[]).unwrap();
        ConnectionSettings {
            name: "x".into(),
            command_flags: "".into(),
            title: None,
            base: BaseUrl::Fixed(
                Address::parse(&format!("http://{}{base}", self.address), false).unwrap(),
            ),
            networks: vec!["127.0.0.0/8".parse().unwrap()],
            extra_roots: Vec::new(),
            calls: lines
                .iter()
                .map(|(call, roles)| line(call, roles))
                .collect(),
            auth: Arc::new(BearerAuth(SecretSource::Text(SecretString::new(
                KEY.to_owned(),
            )))),
            manage: Roles::new([Role::Owner]),
            pass_headers: names(),
            headers: Vec::new(),
            remove_headers: names(),
            query: Vec::new(),
            remove_query: Vec::new(),
            reply_headers: names(),
            add_reply_headers: Vec::new(),
            remove_reply_headers: names(),
            timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            body_bytes: 100_000,
            reply_limit: 1_000_000,
            rate_limit: None,
            total_rate_limit: None,
            quotas: Quotas::default(),
            cache: None,
            retries: 0,
            idempotency_header: None,
            redirects: 0,
        }
    }
}

fn line(call: &str, roles: &[Role]) -> AllowedCall {
    let (call, query) = call.split_once('?').unwrap_or((call, ""));
    AllowedCall {
        pattern: CallPattern::parse_with_slash(call).unwrap(),
        query: QueryRules::parse(query),
        rules: AccessRule {
            roles: Roles::new(roles.iter().copied()),
            plans: Vec::new(),
        },
    }
}

/// The change of a server's settings that gives it one connection.
pub fn connected(connection: ConnectionSettings) -> impl FnOnce(&mut Settings) {
    move |settings| settings.connections.list = vec![connection]
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let path = uri.path().to_owned();
    let asked = format!("{method} {uri}");
    inner.asked.lock().push(Asked {
        method,
        uri: uri.to_string(),
        headers,
        body,
    });
    // As it is when it is asked.
    let scripted = inner.responses.lock().get(&path).cloned();
    let gate = inner.gates.lock().get(&path).cloned();
    inner.count.send_modify(|count| *count += 1);
    if let Some(gate) = gate {
        // Closed, once it is let go.
        let _ = gate.acquire().await;
    }
    let (status, headers, body) = scripted.unwrap_or((200, Vec::new(), asked));
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}
