//! Accounts of a third party that is its own provider: `/token` says what a test wants, everything else is its API.

use std::sync::Arc;

use backlot_outbound::third_party::oauth::{ClientAuth, OAuthClient};
use backlot_outbound::third_party::{OAuthAccount, SecretSource, SecretString};
use backlot_outbound::upstream::Address;
use backlot_server::connections::ConnectionSettings;
use backlot_wix::Role;
use url::Url;

use super::{Reply, TestServer, ThirdParty, instance, request};

/// A client secret with letters that a form encodes.
pub const CLIENT_SECRET: &str = "s+e%c r=et";

impl ThirdParty {
    /// A connection `x` whose accounts owners connect; all roles may `GET /me`.
    pub fn accounts(&self) -> ConnectionSettings {
        let roles = [Role::Owner, Role::Visitor];
        let mut connection = self.connection("", &[("GET /me", &roles)]);
        connection.auth = Arc::new(self.account());
        connection
    }

    pub fn account(&self) -> OAuthAccount {
        let address = format!("http://{}", self.address);
        let secret = SecretString::new(CLIENT_SECRET.to_owned());
        OAuthAccount {
            client: OAuthClient {
                token_address: Address::parse(&address, false).unwrap(),
                token_target: "/token".parse().unwrap(),
                id: SecretSource::Plain("client".into()),
                secret: Some(SecretSource::Text(secret)),
                client_auth: ClientAuth::Form,
                scopes: "one two".to_owned(),
                parameters: Vec::new(),
            },
            authorize_url: format!("{address}/authorize"),
            authorize_parameters: Vec::new(),
            pkce: true,
            posts_callback: false,
            revoke: None,
            redirect_url: Some("https://backend.example/connections/x/callback".to_owned()),
            account_id: None,
            account_endpoint: None,
        }
    }

    /// What the token endpoint says from now on.
    pub fn grants(&self, body: &str) {
        let json = [("content-type", "application/json")];
        self.on("/token", 200, &json, body);
    }

    /// The form of the last request for a token.
    pub fn last_form(&self) -> Vec<(String, String)> {
        let asked = self.all_asked().into_iter().rev();
        let mut asked = asked.filter(|asked| asked.uri == "/token");
        let body = asked.next().unwrap().body;
        url::form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect()
    }
}

/// The owner begins: where the provider's page is.
pub async fn begin(server: &TestServer) -> Url {
    let credential = instance("owner");
    let headers = [("authorization", &*credential)];
    let path = "/connections/x/authorize";
    let response = request(server.address, "POST", path, &headers, "").await;
    assert_eq!(response.status, 200, "{response:?}");
    let address = response.json()["authorizationUrl"].clone();
    Url::parse(address.as_str().unwrap()).unwrap()
}

pub fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(key, _)| key == name)?;
    Some(found.1.into_owned())
}

/// The browser comes back with a code.
pub async fn come_back(server: &TestServer, state: &str) -> Reply {
    let path = format!("/connections/x/callback?code=c0de&state={state}");
    request(server.address, "GET", &path, &[], "").await
}

/// The owner connects an account.
pub async fn connect(server: &TestServer) -> Reply {
    let url = begin(server).await;
    come_back(server, &parameter(&url, "state").unwrap()).await
}

pub async fn status(server: &TestServer) -> serde_json::Value {
    let credential = instance("owner");
    let headers = [("authorization", &*credential)];
    let path = "/connections/x/status";
    request(server.address, "GET", path, &headers, "")
        .await
        .json()
}

/// A call with the account.
pub async fn me(server: &TestServer) -> Reply {
    let credential = instance("owner");
    let headers = [("authorization", &*credential)];
    request(server.address, "GET", "/connections/x/me", &headers, "").await
}
