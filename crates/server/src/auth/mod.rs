//! Who calls: finding the credential in a request, checking it, and handing the proof to handlers.

mod access_token;
mod admission;
mod api_key;
mod authenticate;
mod credential;
pub mod elevated_token;
mod verified_cache;
mod verifier;

pub(crate) use access_token::AccessTokens;
pub use access_token::{AccessTokenSettings, ask_wix_once};
pub(crate) use admission::{
    Admitted, Authenticated, BodyRequirement, CallerRequirement, RateRequirement, Requirements,
};
pub(crate) use authenticate::Authenticator;
pub(crate) use credential::{credential_headers, header_in_use, remove_instance};
pub use verifier::{Verification, VerifiedCaller, Verifier};
