//! Every row of the route table, asked as its policy says.

use backlot_server::policy::Roles;
use backlot_server::routes::{Authentication, BodyLimit, Listener, RouteSpec, all};
use backlot_server::webhook_sources::{
    FactPaths, InstanceRule, WebhookSourceSettings, WebhookSourcesSettings, preset,
};
use backlot_wix::Role;

use crate::harness::events::WixKey;
use crate::harness::{
    FakeWix, TestServer, ThirdParty, allow, connected, echo, instance, may_call, raw, request,
    to_upstream,
};

/// Of every route that takes a body.
const MAX_BODY_BYTES: u64 = 100;

async fn start(wix: &FakeWix, party: &ThirdParty) -> TestServer {
    let mut entry = to_upstream("/api", echo().await);
    entry.access = allow([Role::Owner]);
    entry.limits.body_bytes = MAX_BODY_BYTES;
    let accounts = connected(party.accounts());
    TestServer::start_with(vec![entry], |settings| {
        wix.apply_to(settings);
        settings.wix_calls.calls = vec![may_call("POST /stores/**", [Role::Owner])];
        settings.wix_calls.body_bytes = MAX_BODY_BYTES;
        settings.data_api.body_bytes = MAX_BODY_BYTES;
        settings.public_keys = vec![WixKey::of_app().public()];
        accounts(settings);
        for connection in &mut settings.connections.list {
            connection.body_bytes = MAX_BODY_BYTES;
            for call in &mut connection.calls {
                call.rules.roles = Roles::new([Role::Owner]);
            }
            connection.manage = Roles::new([Role::Owner]);
        }
        settings.webhook_sources = sources(&settings.connections.list[0].name);
    })
    .await
}

/// A source with addresses, under the name that stands in the place of `{name}`.
fn sources(name: &str) -> WebhookSourcesSettings {
    WebhookSourcesSettings {
        list: vec![WebhookSourceSettings {
            name: name.into(),
            kind: preset("mailchimp").unwrap(),
            secrets: Vec::new(),
            instance: InstanceRule::Address,
            public_url: None,
            fields: FactPaths::default(),
        }],
        body_bytes: MAX_BODY_BYTES,
    }
}

/// The requests of a row: a method and a path for each of its methods.
fn requests(route: &RouteSpec, connection: &str) -> Vec<(String, String)> {
    let path = match route.policy.authentication {
        Authentication::Entry => "/api/things".to_owned(),
        Authentication::Calls if route.path.starts_with("/wix/") => "/wix/stores/1".to_owned(),
        _ => route
            .path
            .replace("{name}", connection)
            .replace("{path}", "me")
            .replace("{instanceId}", "00000000-0000-0000-0000-000000000000")
            .replace(['{', '}'], ""),
    };
    let methods = route.policy.methods.iter();
    let methods: Vec<_> = methods.map(|verb| verb.to_method().to_string()).collect();
    if methods.is_empty() {
        let method = if path.starts_with("/connections/") {
            "GET"
        } else {
            "POST"
        };
        return vec![(method.to_owned(), path)];
    }
    methods.into_iter().map(|it| (it, path.clone())).collect()
}

#[tokio::test]
async fn every_row_is_held_by_its_policy() {
    let (wix, party) = (FakeWix::start().await, ThirdParty::start().await);
    let connection = party.accounts();
    let server = start(&wix, &party).await;
    let (owner, visitor) = (instance("owner"), instance("visitor"));
    let mut checked = 0;
    for route in all().filter(|route| route.listener == Listener::Public) {
        // A key is typed in where there is no account; the test of keys has it.
        if route.path.ends_with("/key") {
            continue;
        }
        for (method, path) in requests(route, &connection.name) {
            let address = server.address;
            let bare = request(address, &method, &path, &[], "").await;
            if route.policy.authentication == Authentication::WixSignature {
                assert_eq!(bare.code(), "WEBHOOK_SIGNATURE_INVALID", "{bare:?}");
                let body = WixKey::generate().webhook(&serde_json::json!({}));
                let wrong = request(address, &method, &path, &[], &body).await;
                assert_eq!(wrong.code(), "WEBHOOK_SIGNATURE_INVALID", "{wrong:?}");
                checked += 1;
                continue;
            }
            let needs_caller = match route.policy.authentication {
                Authentication::None
                | Authentication::OAuthState
                | Authentication::Signature
                | Authentication::WixSignature => false,
                Authentication::Caller
                | Authentication::CallerOrApiKey
                | Authentication::Entry
                | Authentication::Calls
                | Authentication::Manage
                | Authentication::App => true,
                Authentication::Loopback | Authentication::LoopbackPage => {
                    panic!("{path} is public")
                }
            };
            let is_posted = method == "POST" && path.ends_with("/callback");
            if needs_caller {
                assert_eq!(
                    bare.code(),
                    "CREDENTIAL_MISSING",
                    "{method} {path}: {bare:?}"
                );
            } else if route.policy.authentication == Authentication::Signature {
                assert_eq!(bare.code(), "WEBHOOK_ADDRESS_UNKNOWN", "{method} {path}");
            } else if !is_posted {
                assert_ne!(bare.status, 401, "{method} {path}: {bare:?}");
                assert_ne!(bare.status, 404, "{method} {path}: {bare:?}");
            }
            if matches!(
                route.policy.authentication,
                Authentication::Entry
                    | Authentication::Calls
                    | Authentication::Manage
                    | Authentication::App
            ) {
                let headers = [("authorization", visitor.as_str())];
                let wrong = request(address, &method, &path, &headers, "").await;
                assert_eq!(
                    wrong.code(),
                    "ROLE_NOT_ALLOWED",
                    "{method} {path}: {wrong:?}"
                );
            }
            // The test of links has a body of the app's.
            let is_owners = route.policy.authentication != Authentication::App;
            let has_body = route.policy.body != BodyLimit::Unread && method != "GET";
            if has_body && is_owners && !is_posted {
                let headers = [("authorization", owner.as_str())];
                let body = " ".repeat(101);
                let large = request(address, &method, &path, &headers, &body).await;
                assert_eq!(large.status, 413, "{method} {path}: {large:?}");
            }
            checked += 1;
        }
    }
    assert!(checked > 70, "{checked}");
}

#[tokio::test]
async fn other_methods_are_refused_with_those_of_the_row() {
    let (wix, party) = (FakeWix::start().await, ThirdParty::start().await);
    let connection = party.accounts();
    let server = start(&wix, &party).await;
    let owner = instance("owner");
    let headers = [("authorization", owner.as_str())];
    let is_exact = |route: &&RouteSpec| {
        let is_managed = route.path.starts_with("/connections/") && !route.path.ends_with("/key");
        !route.policy.methods.is_empty()
            && (is_managed || !route.path.contains('{'))
            && !route.path.starts_with("/wix-data/")
    };
    for route in all().filter(is_exact) {
        let address = match route.listener {
            Listener::Public => server.address,
            Listener::Admin => server.admin,
        };
        for (_, path) in requests(route, &connection.name) {
            let response = request(address, "PATCH", &path, &headers, "").await;
            assert_eq!(
                response.code(),
                "METHOD_NOT_ALLOWED",
                "{path}: {response:?}"
            );
            assert!(!response.header("allow").is_empty(), "{path}: {response:?}");
        }
    }
}

#[tokio::test]
async fn every_row_of_the_admin_listener_is_behind_its_guards() {
    let server = TestServer::start(vec![]).await;
    for route in all().filter(|route| route.listener == Listener::Admin) {
        for (method, path) in requests(route, "") {
            let ask = async |host: &str, origin: &str| {
                let text = format!(
                    "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{origin}connection: close\r\n\r\n"
                );
                raw(server.admin, text.as_bytes()).await.unwrap().status
            };
            assert_eq!(ask("evil.com", "").await, 421, "{method} {path}");
            assert_ne!(ask("localhost", "").await, 421, "{method} {path}");
            if route.policy.authentication == Authentication::LoopbackPage {
                let origin = "origin: https://evil.com\r\n";
                assert_eq!(ask("localhost", origin).await, 403, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_running_server_describes_itself() {
    let server = TestServer::start(vec![]).await;
    let response = request(server.admin, "GET", "/admin/v1/openapi.json", &[], "").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.json(), backlot_server::routes::openapi::document());
}
