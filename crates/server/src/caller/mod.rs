//! Who calls: finding the credential in a request, checking it, and handing the proof to handlers.

mod access_tokens;
mod api_key;
mod check;
mod extract;
mod find;
mod prove;
mod recent;

pub(crate) use access_tokens::AccessTokens;
pub use access_tokens::{AccessTokenSettings, ask_wix_once};
pub use check::{Checked, Checker, Proof};
pub use extract::{Caller, CallerMissing};
use find::find;
pub(crate) use find::{credential_headers, header_in_use, remove_instance};
pub(crate) use prove::{look, look_for_api_key_too, prove};
