//! `connection.auth`

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::config::values::Value;

/// What proves to the API who calls.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Nothing.
    #[default]
    None,
    /// `Authorization: Bearer …`
    Bearer(Value),
    /// `Authorization: Basic …`
    Basic(BasicAuth),
    /// Any header.
    Header(HeaderAuth),
    /// A parameter of the query.
    Query(QueryAuth),
    /// A signature of each request.
    Hmac(HmacAuth),
    /// OAuth 2 client credentials.
    ClientCredentials(ClientCredentials),
    /// OAuth 2 authorization code, an account for each instance.
    #[serde(rename = "oauth")]
    OAuth(OAuth),
}

/// `{ user = "…", password = … }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    /// The user.
    pub user: Value,
    /// The password; some APIs take the key as the user, and no password.
    #[serde(default)]
    pub password: Option<Value>,
}

/// `{ name = "X-Api-Key", value = …, prefix = "" }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderAuth {
    /// The header.
    pub name: String,
    /// The secret.
    pub value: Value,
    /// What stands before it: `"Token "`, say.
    #[serde(default)]
    pub prefix: String,
}

/// `{ name = "key", value = … }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryAuth {
    /// The parameter.
    pub name: String,
    /// The secret.
    pub value: Value,
}

/// `{ secret = …, sign = "{timestamp}.{body}", headers = { "X-Signature" = "t={timestamp},v1={signature}" } }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HmacAuth {
    /// The key.
    pub key: Value,
    /// What is signed.
    pub sign: String,
    /// The headers that say so.
    pub headers: BTreeMap<String, String>,
    /// The hash.
    #[serde(default)]
    pub hash: HashName,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: EncodingName,
}

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashName {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodingName {
    /// Hexadecimal.
    #[default]
    Hex,
    /// Base64.
    Base64,
}

/// How an OAuth client says who it is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientProofName {
    /// In `Authorization`, each part encoded as in a form.
    #[default]
    Basic,
    /// In `Authorization`, as they are.
    #[serde(rename = "basic_raw")]
    BasicRaw,
    /// In the form.
    Form,
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
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// More names and values, such as `audience`.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// How the client says who it is.
    #[serde(default)]
    pub client_auth: ClientProofName,
}

/// `{ authorize_url = "…", token_url = "…", client_id = …, client_secret = …, scopes = ["…"] }`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// Where the owner is sent.
    pub authorize_url: String,
    /// The provider's token endpoint.
    pub token_url: String,
    /// Where tokens are taken back, if there is such a place (RFC 7009).
    #[serde(default)]
    pub revoke_url: Option<String>,
    /// `client_id`
    pub client_id: Value,
    /// `client_secret`; public clients have none.
    #[serde(default)]
    pub client_secret: Option<Value>,
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// More names and values of the address that the owner is sent to: `{ access_type = "offline" }`.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// How the client says who it is.
    #[serde(default)]
    pub client_auth: ClientProofName,
    /// Whether the exchange is bound by PKCE.
    #[serde(default = "yes")]
    pub pkce: bool,
    /// Where the provider sends the owner back to, if not to `server.public_url` and
    /// `/connections/{name}/callback`.
    #[serde(default)]
    pub redirect_url: Option<String>,
}

const fn yes() -> bool {
    true
}

impl JsonSchema for Auth {
    fn schema_name() -> Cow<'static, str> {
        "Auth".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "format": "{ bearer = … }, or another way" })
    }
}
