//! The connections room: `/connections/{name}/…` is a call to a third party, with its credential.
//!
//! - [`place`]: which connection a path names, and whether the rest is ours or the third party's
//! - [`enter`]: a call
//! - [`own`]: the paths of ours
//! - [`account`]: `authorize`, `callback`, `status` and `disconnect` of accounts that are connected by OAuth
//! - [`own_key`]: `key`, `status` and `disconnect` where the owner types a key in
//! - [`page`]: what a browser shows after the callback
//!
//! What a connection may do is none of this room's business: [`crate::connections`] knows.

mod call;
mod callback_page;
mod instance_key;
mod manage;
mod oauth;
mod path;

pub(crate) use call::enter;
pub(crate) use path::{is_posted_callback, methods};
