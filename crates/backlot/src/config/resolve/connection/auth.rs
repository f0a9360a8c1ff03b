//! `connection.auth`

use std::sync::Arc;

use backlot_outbound::third_party::oauth::{ClientAuth, OAuthClient};
use backlot_outbound::third_party::{
    AuthMethod, BasicAuth, BearerAuth, ClientCredentialsAuth, HeaderAuth, HmacAuth, NoAuth,
    OAuthAccount, QueryAuth, SecretSource, SignatureTemplate,
};
use backlot_outbound::upstream::Address;
use http::uri::PathAndQuery;

use super::value::{plain_or_secret, secret, shared};
use super::{Entry, header_name, place};
use crate::config::resolve::Mode;
use crate::config::resolve::report::Report;
use crate::config::sections::{self, ConnectionAuth, OAuth};
use crate::config::values::Value;

pub(super) fn resolve(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Arc<dyn AuthMethod>> {
    let key = |name: &str| entry.key(&format!("auth.{name}"));
    Some(match &entry.section.auth {
        ConnectionAuth::None => Arc::new(NoAuth),
        ConnectionAuth::Bearer(value) => {
            Arc::new(BearerAuth(secret(entry, &key("bearer"), value, report)?))
        }
        ConnectionAuth::Basic(basic) => {
            let user = plain_or_secret(entry, &key("basic.user"), &basic.user, report);
            let password = match &basic.password {
                Some(value) => secret(entry, &key("basic.password"), value, report),
                None => Some(SecretSource::Plain("".into())),
            };
            let (user, password) = (user?, password?);
            if user.is_per_instance() && password.is_per_instance() {
                let cause = "both are instance secrets, but the owner enters only one key";
                let remedy = "write { secret = \"NAME\" } for one of them";
                report.problem(key("basic"), cause, remedy);
            }
            Arc::new(BasicAuth { user, password })
        }
        ConnectionAuth::Header(header) => {
            let name = header_name(entry, "auth.header.name", &header.name, report);
            let value = secret(entry, &key("header.value"), &header.value, report);
            Arc::new(HeaderAuth {
                name: name?,
                prefix: header.prefix.clone(),
                value: value?,
            })
        }
        ConnectionAuth::Query(query) => {
            let value = secret(entry, &key("query.value"), &query.value, report);
            if query.name.is_empty() {
                let remedy = "write for example { name = \"key\", value = … }";
                report.problem(key("query.name"), "the parameter has no name", remedy);
            }
            let name = query.name.clone();
            Arc::new(QueryAuth {
                name,
                value: value?,
            })
        }
        ConnectionAuth::Hmac(hmac) => Arc::new(signature(entry, hmac, report)?),
        ConnectionAuth::ClientCredentials(section) => {
            let client = OAuthClientSection {
                kind: "client_credentials",
                token_url: &section.token_url,
                id: &section.client_id,
                secret: Some(&section.client_secret),
                scopes: &section.scopes,
                client_auth: section.client_auth,
            };
            let mut client = client.resolve(entry, report)?;
            client.parameters = section.parameters.clone().into_iter().collect();
            Arc::new(ClientCredentialsAuth(client))
        }
        ConnectionAuth::OAuth(section) => Arc::new(account(entry, section, report)?),
    })
}

fn signature(
    entry: &Entry<'_>,
    hmac: &sections::HmacAuth,
    report: &mut Report<'_>,
) -> Option<HmacAuth> {
    let value = secret(entry, &entry.key("auth.hmac.key"), &hmac.key, report);
    let mut headers = Vec::new();
    for (name, text) in &hmac.headers {
        let key = format!("auth.hmac.headers.{name}");
        headers.push((header_name(entry, &key, name, report)?, text.clone()));
    }
    match SignatureTemplate::new(hmac.hash, hmac.encoding, &hmac.sign, headers) {
        Ok(template) => Some(HmacAuth {
            template,
            key: value?,
        }),
        Err(error) => {
            report.problem(
                entry.key("auth.hmac"),
                error.to_string(),
                "write for example sign = \"{timestamp}.{body}\", headers = { \"X-Signature\" = \"t={timestamp},v1={signature}\" }",
            );
            None
        }
    }
}

/// The settings that all OAuth clients have.
struct OAuthClientSection<'section> {
    /// The name of the kind in `auth`.
    kind: &'static str,
    token_url: &'section str,
    id: &'section Value,
    secret: Option<&'section Value>,
    scopes: &'section [String],
    client_auth: ClientAuth,
}

impl OAuthClientSection<'_> {
    fn resolve(&self, entry: &Entry<'_>, report: &mut Report<'_>) -> Option<OAuthClient> {
        let key = |name: &str| format!("auth.{}.{name}", self.kind);
        let token = endpoint(entry, &key("token_url"), self.token_url, report);
        let id = shared(entry, &entry.key(&key("client_id")), self.id, report);
        let secret = self.secret.map(|value| {
            let key = entry.key(&key("client_secret"));
            let source = secret(entry, &key, value, report)?;
            if source.is_per_instance() {
                let cause = "an OAuth client belongs to the app, so its secret cannot be an instance secret";
                let remedy = "write { secret = \"NAME\" } or { env = \"NAME\" }";
                report.problem(key, cause, remedy);
                return None;
            }
            Some(source)
        });
        let secret = match secret {
            Some(secret) => secret.map(Some),
            None => Some(None),
        };
        let (token_address, token_target) = token?;
        Some(OAuthClient {
            token_address,
            token_target,
            id: id?,
            secret: secret?,
            client_auth: self.client_auth,
            scopes: self.scopes.join(" "),
            parameters: Vec::new(),
        })
    }
}

fn account(entry: &Entry<'_>, settings: &OAuth, report: &mut Report<'_>) -> Option<OAuthAccount> {
    let key = |name: &str| format!("auth.oauth.{name}");
    // The address may have a query (RFC 6749, 3.1).
    let (authorize_path, query) = settings
        .authorize_url
        .split_once('?')
        .unwrap_or((&settings.authorize_url, ""));
    let mut in_query = url::form_urlencoded::parse(query.as_bytes());
    let is_said = |name: &str| RESERVED.contains(&name) || settings.parameters.contains_key(name);
    if let Some((name, _)) = in_query.find(|(name, _)| is_said(name)) {
        let cause = format!("the parameter {name} would be sent twice");
        report.problem(
            entry.key(&key("authorize_url")),
            cause,
            "remove it from the address",
        );
    }
    // "OAuth 2.0 Form Post Response Mode".
    let asks_for_form = |name: &str, value: &str| name == "response_mode" && value == "form_post";
    let mut said = settings.parameters.iter();
    let posts_callback = said.any(|(name, value)| asks_for_form(name, value))
        || url::form_urlencoded::parse(query.as_bytes())
            .any(|(name, value)| asks_for_form(&name, &value));
    if !settings.pkce && settings.client_secret.is_none() {
        report.problem(
            entry.key(&key("pkce")),
            "without PKCE and a client secret, an intercepted code could be used",
            "set the client's secret: client_secret = { secret = \"NAME\" }",
        );
    }
    let authorize = place::address(entry, &key("authorize_url"), authorize_path, report);
    let client = OAuthClientSection {
        kind: "oauth",
        token_url: &settings.token_url,
        id: &settings.client_id,
        secret: settings.client_secret.as_ref(),
        scopes: &settings.scopes,
        client_auth: settings.client_auth,
    };
    let client = client.resolve(entry, report);
    let revoke = match &settings.revoke_url {
        None => Some(None),
        Some(url) => endpoint(entry, &key("revoke_url"), url, report).map(Some),
    };
    let is_known = entry.context.has_public_url || settings.redirect_url.is_some();
    if entry.context.mode == Mode::Serve && !is_known {
        report.problem(
            entry.key("auth.oauth"),
            "the redirect address for the provider is not known",
            "set server.public_url to the public address of this server, such as \"https://backend.example.com\"",
        );
        return None;
    }
    if let Some(url) = &settings.redirect_url {
        let is_web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            let remedy = "write for example https://backend.example.com/connections/NAME/callback";
            report.problem(
                entry.key(&key("redirect_url")),
                "this is not a valid address",
                remedy,
            );
        }
    }
    let ours = |name: &&String| RESERVED.contains(&name.as_str());
    for name in settings.parameters.keys().filter(ours) {
        let cause = format!("{name} is set by Backlot");
        report.problem(entry.key(&key("parameters")), cause, "remove it");
    }
    let account_endpoint = match &settings.account_url {
        None => Some(None),
        Some(url) => endpoint(entry, &key("account_url"), url, report).map(Some),
    };
    let is_pointer = |text: &str| text.len() > 1 && text.starts_with('/');
    if settings
        .account_id
        .as_deref()
        .is_some_and(|text| !is_pointer(text))
    {
        let remedy = "write for example account_id = \"/hub_id\"";
        report.problem(
            entry.key(&key("account_id")),
            "this is not a JSON pointer",
            remedy,
        );
    }
    authorize?;
    Some(OAuthAccount {
        client: client?,
        authorize_url: settings.authorize_url.clone(),
        authorize_parameters: settings.parameters.clone().into_iter().collect(),
        pkce: settings.pkce,
        posts_callback,
        revoke: revoke?,
        redirect_url: settings.redirect_url.clone(),
        account_id: settings.account_id.clone(),
        account_endpoint: account_endpoint?,
    })
}

/// Parameters that Backlot sets for each authorization (RFC 6749, 4.1.1, and RFC 7636).
const RESERVED: [&str; 10] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
];

/// An endpoint's origin, and its path.
fn endpoint(
    entry: &Entry<'_>,
    name: &str,
    text: &str,
    report: &mut Report<'_>,
) -> Option<(Address, PathAndQuery)> {
    let whole = place::address(entry, name, text, report)?;
    whole.split().or_else(|| {
        let remedy = "write for example https://provider.example.com/oauth/token";
        report.problem(entry.key(name), "this address has no valid path", remedy);
        None
    })
}
