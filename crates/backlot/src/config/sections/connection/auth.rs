//! `connection.auth`

use std::borrow::Cow;
use std::collections::BTreeMap;

use backlot_outbound::third_party::oauth::ClientAuth;
use backlot_outbound::third_party::{HmacHash, SignatureEncoding};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::values::Value;

/// The credential for the API.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// No credential.
    #[default]
    None,
    /// `Authorization: Bearer …`
    Bearer(Value),
    /// `Authorization: Basic …`
    Basic(BasicAuth),
    /// A header.
    Header(HeaderAuth),
    /// A query parameter.
    Query(QueryAuth),
    /// An HMAC signature of each request.
    Hmac(HmacAuth),
    /// OAuth 2 client credentials.
    ClientCredentials(ClientCredentials),
    /// OAuth 2 authorization code, with an account for each instance.
    #[serde(rename = "oauth")]
    OAuth(OAuth),
}

/// `{ user = "…", password = … }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    pub user: Value,
    /// The password. Some APIs take the key as the user, and no password.
    #[serde(default)]
    pub password: Option<Value>,
}

/// `{ name = "X-Api-Key", value = …, prefix = "" }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderAuth {
    /// The header's name.
    pub name: String,
    /// The secret.
    pub value: Value,
    /// A prefix of the value, such as `"Token "`.
    #[serde(default)]
    pub prefix: String,
}

/// `{ name = "key", value = … }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryAuth {
    /// The parameter's name.
    pub name: String,
    /// The secret.
    pub value: Value,
}

/// `{ key = …, sign = "{timestamp}.{body}", headers = { "X-Signature" = "t={timestamp},v1={signature}" } }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacAuth {
    /// The signing key.
    pub key: Value,
    /// The template of the signed text.
    pub sign: String,
    /// The headers that carry the signature.
    pub headers: BTreeMap<String, String>,
    /// The hash function.
    #[serde(default)]
    pub hash: HmacHash,
    /// The encoding of the signature.
    #[serde(default)]
    pub encoding: SignatureEncoding,
}

/// `{ token_url = "…", client_id = …, client_secret = … }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    /// The provider's token endpoint.
    pub token_url: String,
    /// `client_id`
    pub client_id: Value,
    /// `client_secret`
    pub client_secret: Value,
    /// The scopes to request.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Additional form parameters, such as `audience`.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// How the client authenticates.
    #[serde(default)]
    pub client_auth: ClientAuth,
}

/// `{ authorize_url = "…", token_url = "…", client_id = …, client_secret = …, scopes = ["…"] }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// The provider's authorization endpoint.
    pub authorize_url: String,
    /// The provider's token endpoint.
    pub token_url: String,
    /// The provider's revocation endpoint, if it has one (RFC 7009).
    #[serde(default)]
    pub revoke_url: Option<String>,
    /// `client_id`
    pub client_id: Value,
    /// `client_secret`. Public clients have none.
    #[serde(default)]
    pub client_secret: Option<Value>,
    /// The scopes to request.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Additional parameters of the authorization request: `{ access_type = "offline" }`.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// How the client authenticates.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Whether to use PKCE.
    #[serde(default = "yes")]
    pub pkce: bool,
    /// A JSON pointer to the account's id in the token response: `"/hub_id"`. It is stored with the account, and finds
    /// the instance that a webhook is for.
    #[serde(default)]
    pub account_id: Option<String>,
    /// The address that returns the account of an access token as JSON, if the token response does not name it. Then
    /// `account_id` points into its response.
    #[serde(default)]
    pub account_url: Option<String>,
    /// The callback address. Defaults to `server.public_url` followed by `/connections/{name}/callback`.
    #[serde(default)]
    pub redirect_url: Option<String>,
}

const fn yes() -> bool {
    true
}

impl Auth {
    /// Returns whether the provider names an account's address in the response with its token.
    pub(crate) const fn has_token(&self) -> bool {
        matches!(self, Self::ClientCredentials(_) | Self::OAuth(_))
    }

    /// Returns whether the provider names an account's address when the owner returns.
    pub(crate) const fn has_callback(&self) -> bool {
        matches!(self, Self::OAuth(_))
    }

    /// Returns whether requests are read whole to be signed.
    pub(crate) const fn reads_body(&self) -> bool {
        matches!(self, Self::Hmac(_))
    }
}

impl JsonSchema for Auth {
    fn schema_name() -> Cow<'static, str> {
        "Auth".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "format": "{ bearer = … }, or another way" })
    }
}
