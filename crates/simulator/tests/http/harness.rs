//! A simulator with a clock that stands still until it is moved, and ids that are counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use backlot_simulator::{Addresses, Stage};
use backlot_wix::{AppSecret, InstanceId, Role};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

pub use crate::world::*;

pub struct Simulator {
    pub stage: Stage,
    clock: Arc<AtomicI64>,
    router: Router,
    demo_app: Router,
}

/// What came back, read whole.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Reply {
    pub fn code(&self) -> &str {
        let code = &self.json["details"]["applicationError"]["code"];
        code.as_str().unwrap_or_default()
    }
}

impl Simulator {
    pub fn new() -> Self {
        Self::with(|stage| stage)
    }

    /// With a stage that is changed before anything is served from it.
    pub fn with(change: impl FnOnce(Stage) -> Stage) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let told = Arc::clone(&clock);
        let made = AtomicU64::new(0);
        let addresses = Addresses {
            backend: "http://127.0.0.1:8080".to_owned(),
            admin: "http://127.0.0.1:8081".to_owned(),
            simulator: "http://127.0.0.1:8082".to_owned(),
            app_page: "http://localhost:5173/".to_owned(),
            app_page_is_own: false,
        };
        let stage = Stage::new(
            world(),
            AppSecret::new(SECRET),
            addresses,
            Arc::new(move || Timestamp::from_millisecond(told.load(Ordering::SeqCst)).unwrap()),
            Arc::new(move || Uuid::from_u64_pair(0, made.fetch_add(1, Ordering::SeqCst))),
        );
        let stage = change(stage);
        Self {
            router: backlot_simulator::router(stage.clone()),
            demo_app: backlot_simulator::demo_app::router(stage.clone(), None),
            stage,
            clock,
        }
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Body) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("content-type", "application/json");
        if !token.is_empty() {
            request = request.header("authorization", token);
        }
        read(self.send(request.body(body).unwrap()).await).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.ask(Method::GET, path, token, Body::empty()).await
    }

    pub async fn post(&self, path: &str, token: &str, json: &Value) -> Reply {
        self.ask(Method::POST, path, token, json.to_string().into())
            .await
    }

    pub async fn put(&self, path: &str, json: &Value) -> Reply {
        self.ask(Method::PUT, path, "", json.to_string().into())
            .await
    }

    pub async fn delete(&self, path: &str, token: &str) -> Reply {
        self.ask(Method::DELETE, path, token, Body::empty()).await
    }

    pub async fn set_faults(&self, changes: Value) {
        let response = self.put("/simulator/v1/faults", &changes).await;
        assert_eq!(response.status, 200, "{}", response.json);
    }

    /// A token for somebody at an instance.
    pub async fn token(&self, instance: &str, role: &str) -> String {
        let wanted = json!({ "instanceId": instance, "role": role });
        let response = self.post("/simulator/v1/access-tokens", "", &wanted).await;
        response.json["accessToken"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// A signed instance of somebody at the bakery.
    pub fn instance(&self, role: Role) -> String {
        let id: InstanceId = BAKERY.parse().unwrap();
        let site = self.stage.sites().find(id).unwrap().site;
        let signed_at = (self.stage.now)();
        let issue = backlot_simulator::issue::Issue {
            app_id: APP.parse().unwrap(),
            site: &site,
            role,
            user_id: None,
            plan: None,
            signed_at,
            expires_at: Some(signed_at + backlot_simulator::issue::LIFETIME),
        };
        issue.sign(&self.stage.secret)
    }

    pub async fn token_info(&self, token: &str) -> Reply {
        let asked = json!({ "token": token });
        self.post("/oauth2/token-info", "", &asked).await
    }

    /// What the token endpoint says.
    pub async fn grant(&self, body: &Value) -> Reply {
        self.post("/oauth2/token", "", body).await
    }

    pub async fn calls(&self, query: &str) -> Value {
        let path = format!("/simulator/v1/calls{query}");
        self.get(&path, "").await.json
    }

    /// Asks the demo app's server.
    pub async fn ask_demo_app(&self, path: &str, json: &Value) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        let request = request.body(Body::from(json.to_string())).unwrap();
        read(self.demo_app.clone().oneshot(request).await.unwrap()).await
    }
}

pub async fn read(response: Response) -> Reply {
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    Reply {
        status: head.status,
        headers: head.headers,
        json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

pub fn client_credentials(instance: &str) -> Value {
    json!({
        "grant_type": "client_credentials",
        "client_id": APP,
        "client_secret": SECRET,
        "instance_id": instance,
    })
}
