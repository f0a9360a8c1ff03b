//! `connection.auth`

use std::sync::Arc;

use backlot_outbound::connection::grant::ClientProof;
use backlot_outbound::connection::{Encoding, Hash, SignatureTemplate};
use backlot_outbound::upstream::Address;
use backlot_server::connections::{
    AccountSettings, ClientCredentialsSettings, CredentialSettings, OAuthClient, SecretSource,
};
use http::uri::PathAndQuery;

use super::value::{plain_or_secret, secret, shared};
use super::{Entry, header_name, place};
use crate::config::resolve::Mode;
use crate::config::resolve::report::Report;
use crate::config::sections::{
    ClientCredentials, ClientProofName, ConnectionAuth, EncodingName, HashName, HmacAuth, OAuth,
};

pub(super) fn resolve(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<CredentialSettings> {
    let key = |name: &str| entry.key(&format!("auth.{name}"));
    Some(match &entry.section.auth {
        ConnectionAuth::None => CredentialSettings::None,
        ConnectionAuth::Bearer(value) => {
            CredentialSettings::Bearer(secret(entry, &key("bearer"), value, report)?)
        }
        ConnectionAuth::Basic(basic) => {
            let user = plain_or_secret(entry, &key("basic.user"), &basic.user, report);
            let password = match &basic.password {
                Some(value) => secret(entry, &key("basic.password"), value, report),
                None => Some(SecretSource::Plain("".into())),
            };
            let (user, password) = (user?, password?);
            if user.is_own() && password.is_own() {
                let cause = "both are instance secrets, but the owner enters only one key";
                let remedy = "write { secret = \"NAME\" } for one of them";
                report.problem(key("basic"), cause, remedy);
            }
            CredentialSettings::Basic(user, password)
        }
        ConnectionAuth::Header(header) => {
            let name = header_name(entry, "auth.header.name", &header.name, report);
            let value = secret(entry, &key("header.value"), &header.value, report);
            CredentialSettings::Header(name?, header.prefix.clone(), value?)
        }
        ConnectionAuth::Query(query) => {
            let value = secret(entry, &key("query.value"), &query.value, report);
            if query.name.is_empty() {
                let remedy = "write for example { name = \"key\", value = … }";
                report.problem(key("query.name"), "the parameter has no name", remedy);
            }
            CredentialSettings::Query(query.name.clone(), value?)
        }
        ConnectionAuth::Hmac(hmac) => signature(entry, hmac, report)?,
        ConnectionAuth::ClientCredentials(settings) => client_credentials(entry, settings, report)?,
        ConnectionAuth::OAuth(settings) => account(entry, settings, report)?,
    })
}

fn signature(
    entry: &Entry<'_>,
    hmac: &HmacAuth,
    report: &mut Report<'_>,
) -> Option<CredentialSettings> {
    let value = secret(entry, &entry.key("auth.hmac.key"), &hmac.key, report);
    let mut headers = Vec::new();
    for (name, text) in &hmac.headers {
        let key = format!("auth.hmac.headers.{name}");
        headers.push((header_name(entry, &key, name, report)?, text.clone()));
    }
    let hash = match hmac.hash {
        HashName::Sha1 => Hash::Sha1,
        HashName::Sha256 => Hash::Sha256,
        HashName::Sha512 => Hash::Sha512,
    };
    let encoding = match hmac.encoding {
        EncodingName::Hex => Encoding::Hexadecimal,
        EncodingName::Base64 => Encoding::Base64,
    };
    let template = match SignatureTemplate::new(hash, encoding, &hmac.sign, headers) {
        Ok(template) => Arc::new(template),
        Err(error) => {
            report.problem(
                entry.key("auth.hmac"),
                error.to_string(),
                "write for example sign = \"{timestamp}.{body}\", headers = { \"X-Signature\" = \"t={timestamp},v1={signature}\" }",
            );
            return None;
        }
    };
    Some(CredentialSettings::Signature(template, value?))
}

fn client_credentials(
    entry: &Entry<'_>,
    settings: &ClientCredentials,
    report: &mut Report<'_>,
) -> Option<CredentialSettings> {
    let key = |name: &str| format!("auth.client_credentials.{name}");
    let token = endpoint(entry, &key("token_url"), &settings.token_url, report);
    let id = shared(
        entry,
        &entry.key(&key("client_id")),
        &settings.client_id,
        report,
    );
    let own = secret(
        entry,
        &entry.key(&key("client_secret")),
        &settings.client_secret,
        report,
    );
    let own = own.filter(|own| is_shared(entry, &key("client_secret"), own, report));
    let (token_address, token_target) = token?;
    Some(CredentialSettings::ClientCredentials(Arc::new(
        ClientCredentialsSettings {
            client: OAuthClient {
                token_address,
                token_target,
                id: id?,
                secret: Some(own?),
                proof: proof(settings.client_auth),
                scopes: settings.scopes.join(" "),
                parameters: settings.parameters.clone().into_iter().collect(),
            },
        },
    )))
}

fn account(
    entry: &Entry<'_>,
    settings: &OAuth,
    report: &mut Report<'_>,
) -> Option<CredentialSettings> {
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
    let token = endpoint(entry, &key("token_url"), &settings.token_url, report);
    let revoke = match &settings.revoke_url {
        None => Some(None),
        Some(url) => endpoint(entry, &key("revoke_url"), url, report).map(Some),
    };
    let id = shared(
        entry,
        &entry.key(&key("client_id")),
        &settings.client_id,
        report,
    );
    let own = match &settings.client_secret {
        None => Some(None),
        Some(value) => secret(entry, &entry.key(&key("client_secret")), value, report).map(Some),
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
    let own = own.filter(|own| {
        own.as_ref()
            .is_none_or(|own| is_shared(entry, &key("client_secret"), own, report))
    });
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
    authorize?;
    let (token_address, token_target) = token?;
    Some(CredentialSettings::Account(Arc::new(AccountSettings {
        client: OAuthClient {
            token_address,
            token_target,
            id: id?,
            secret: own?,
            proof: proof(settings.client_auth),
            scopes: settings.scopes.join(" "),
            parameters: Vec::new(),
        },
        authorize_url: settings.authorize_url.clone(),
        authorize_parameters: settings.parameters.clone().into_iter().collect(),
        pkce: settings.pkce,
        posts_callback,
        revoke: revoke?,
        redirect_url: settings.redirect_url.clone(),
    })))
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

/// Checks that a client secret is shared, because an OAuth client belongs to the app.
fn is_shared(entry: &Entry<'_>, key: &str, source: &SecretSource, report: &mut Report<'_>) -> bool {
    if source.is_own() {
        let cause =
            "an OAuth client belongs to the app, so its secret cannot be an instance secret";
        report.problem(
            entry.key(key),
            cause,
            "write { secret = \"NAME\" } or { env = \"NAME\" }",
        );
    }
    !source.is_own()
}

const fn proof(name: ClientProofName) -> ClientProof {
    match name {
        ClientProofName::Basic => ClientProof::Basic,
        ClientProofName::BasicRaw => ClientProof::BasicRaw,
        ClientProofName::Form => ClientProof::Form,
    }
}

/// Parses an endpoint into its origin and path.
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
