//! Accounts whose API has an address of its own, as the provider says it.

use std::sync::Arc;

use backlot_server::connections::{BaseTemplate, BaseUrl, ConnectionSettings, HostPattern};
use jiff::SignedDuration;
use serde_json::json;

use crate::harness::accounts::{begin, connect, me, parameter, status};
use crate::harness::{TestServer, ThirdParty, connected, request};

fn at_its_own(party: &ThirdParty, base: &str, hosts: &[&str]) -> ConnectionSettings {
    let hosts = hosts.iter().map(|host| HostPattern::parse(host).unwrap());
    let template = BaseTemplate::parse(base, hosts.collect()).unwrap().unwrap();
    let mut connection = party.accounts();
    connection.base = BaseUrl::OfAccount(Arc::new(template));
    connection
}

async fn start(party: &ThirdParty, base: &str, hosts: &[&str]) -> TestServer {
    TestServer::start_with(vec![], connected(at_its_own(party, base, hosts))).await
}

#[tokio::test]
async fn calls_go_to_the_address_that_the_token_endpoint_names() {
    let (provider, api, moved) = (
        ThirdParty::start().await,
        ThirdParty::start().await,
        ThirdParty::start().await,
    );
    let server = start(&provider, "{account.instance_url}", &["127.0.0.1"]).await;
    let grant = |api: Option<&ThirdParty>| {
        let mut answer = json!({ "access_token": "a", "refresh_token": "r", "expires_in": 60 });
        if let Some(api) = api {
            answer["instance_url"] = format!("http://{}/", api.address).into();
        }
        provider.grants(&answer.to_string());
    };
    grant(Some(&api));
    assert_eq!(connect(&server).await.status, 200);
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(api.asked(), ["GET /me"]);
    assert_eq!(api.last().headers["host"], api.address.to_string());
    assert_eq!(api.last().headers["authorization"], "Bearer a");
    // A renewal that does not say it changes nothing, one that does moves it.
    let later = || {
        let now = server.clock.now() + SignedDuration::from_mins(2);
        server.clock.set(now);
    };
    for (said, asked, others) in [(None, &api, &moved), (Some(&moved), &moved, &api)] {
        later();
        grant(said);
        api.forget();
        moved.forget();
        assert_eq!(me(&server).await.status, 200);
        assert_eq!(asked.asked(), ["GET /me"]);
        assert_eq!(others.asked(), [""; 0]);
    }
    assert_eq!(
        provider
            .asked()
            .iter()
            .filter(|it| *it == "GET /me")
            .count(),
        0
    );
}

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_not_connected() {
    let (provider, elsewhere) = (ThirdParty::start().await, ThirdParty::start().await);
    let listed = provider.address.to_string();
    let server = start(
        &provider,
        "{account.instance_url}/v1",
        &[&listed, "*.example.com"],
    )
    .await;
    for said in [
        json!(format!("http://{}", elsewhere.address)),
        json!("https://evil.example"),
        json!("http://a.example.com"),
        json!("https://a.example.com.evil.example"),
        json!(format!("http://{}@{}", listed, elsewhere.address)),
        json!(format!("http://{listed}/?x=")),
        json!(""),
        json!(null),
        json!({}),
    ] {
        let answer = json!({ "access_token": "a", "instance_url": said });
        provider.grants(&answer.to_string());
        let response = connect(&server).await;
        assert_eq!(response.status, 502, "{said}");
        assert!(response.body.contains("AUTHORIZATION_FAILED"), "{said}");
        assert_eq!(status(&server).await["connected"], false);
        assert_eq!(me(&server).await.code(), "CONNECTION_NOT_CONNECTED");
    }
    assert!(elsewhere.asked().is_empty());
}

/// Where the list has become another one since the account was connected.
#[tokio::test]
async fn an_account_whose_address_is_not_known_is_connected_anew() {
    let provider = ThirdParty::start().await;
    let server = TestServer::start_with(vec![], connected(provider.accounts())).await;
    provider.grants(r#"{"access_token":"a","expires_in":60}"#);
    assert_eq!(connect(&server).await.status, 200);
    let account = {
        let id = crate::harness::INSTANCE_ID.parse().unwrap();
        let account = server.store.find_account(id, "x").await;
        account.unwrap().unwrap()
    };
    // The same account, of a server with another configuration.
    let connection = at_its_own(&provider, "{account.api_domain}", &["127.0.0.1"]);
    let store = server.store.clone();
    assert_eq!(account.version, 1);
    let second = TestServer::start_on(store, connected(connection)).await;
    let response = me(&second).await;
    assert_eq!(
        (response.status, &*response.code()),
        (409, "CONNECTION_ADDRESS_MISSING")
    );
    assert!(
        response.body.contains("/connections/x/authorize"),
        "{}",
        response.body
    );
}

#[tokio::test]
async fn what_comes_along_with_the_way_back_may_stand_in_an_address() {
    let (provider, api) = (ThirdParty::start().await, ThirdParty::start().await);
    let base = format!("http://{}/shops/{{callback.shop}}", api.address);
    let server = start(&provider, &base, &["127.0.0.1"]).await;
    provider.grants(r#"{"access_token":"a"}"#);
    for (shop, is_connected) in [
        ("a-1.example", true),
        ("..%2Fadmin", false),
        ("a%2Fb", false),
        ("", false),
    ] {
        let state = parameter(&begin(&server).await, "state").unwrap();
        let path = format!("/connections/x/callback?code=c&state={state}&shop={shop}");
        let response = request(server.address, "GET", &path, &[], "").await;
        assert_eq!(response.status == 200, is_connected, "{shop}");
    }
    assert_eq!(me(&server).await.status, 200);
    assert_eq!(api.asked(), ["GET /shops/a-1.example/me"]);
}
