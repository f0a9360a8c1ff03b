//! Third-party APIs: a call, the credential that is put on it, and what comes back.
//!
//! - [`call`]: what is to be sent
//! - [`credential`]: the credentials; [`signature`] is computed for each request
//! - [`third_party`]: the way there, with its rest after failures; [`api_base`] is where it leads, with the rest of
//!   all instances ([`health`]), [`states`] what is remembered of each
//! - [`attempts`]: what may be sent again, and when
//! - [`redirect`]: where a reply sends a call, if it may
//! - [`grant`]: OAuth 2, at the third party's token endpoint
//!
//! Rules: the guard checks every address where it is dialled; a credential goes to the API that it is
//! for, and nowhere else, not even where that API redirects to; a redirect within the API is a call as any other.

mod api_base;
mod attempts;
mod call;
mod credential;
mod error;
mod form;
pub mod grant;
mod health;
mod redirect;
mod signature;
mod states;
mod third_party;

pub use api_base::ApiBase;
pub use call::Call;
pub use credential::{Credential, CredentialFault};
pub use error::CallError;
pub use redirect::{Followed, RedirectPolicy, Redirected};
pub use signature::{Encoding, Hash, SignatureTemplate, TemplateError};
pub use third_party::{ThirdParty, ThirdPartySettings};
