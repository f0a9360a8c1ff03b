//! Third-party APIs: requests with a credential, and their responses.
//!
//! - [`request`]: a request without its credential
//! - [`auth`]: the credential that is put on a request, one file for each kind
//! - [`client`]: the way to an API, with its circuit breakers; [`api_base`] is its address with the health of all
//!   instances ([`health`]), [`states`] the state of each
//! - [`send`]: attempts, and when a request is sent again
//! - [`redirect`]: which redirects are followed; [`response`] decodes what comes back
//! - [`oauth`]: OAuth 2 at the provider's token endpoint
//!
//! Rules: the guard checks every address where it is dialled. A credential goes to the API it is for and nowhere else,
//! not even where that API redirects to. A redirect within the API is a request like any other.

mod api_base;
mod auth;
mod client;
mod error;
mod form;
mod health;
pub mod oauth;
mod redirect;
mod request;
mod response;
mod send;
mod states;

/// The `User-Agent` of requests. Some APIs refuse requests without one.
pub const USER_AGENT: &str = concat!("Backlot/", env!("CARGO_PKG_VERSION"));

pub use api_base::ApiBase;
pub use auth::{
    AuthMethod, BasicAuth, BearerAuth, ClientCredentialsAuth, Credential, CredentialError,
    HeaderAuth, HmacAuth, HmacHash, NoAuth, OAuthAccount, QueryAuth, ReceivedRequest,
    ReceivedSignatureError, SecretSource, SecretSources, SecretString, SignatureEncoding,
    SignatureTemplate, TemplateError, TokenOwner,
};
pub use client::{ThirdPartyClient, ThirdPartySettings};
pub use error::CallError;
pub use form::percent_encode;
pub use redirect::{Followed, RedirectPolicy, Redirected};
pub use request::ThirdPartyRequest;
pub use response::{PlainBody, decode_response};
