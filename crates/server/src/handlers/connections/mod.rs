//! Third parties: `/connections/{name}/…` is a call to a third party, with its credential.
//!
//! - [`path`]: which connection a path names, and whether the rest is ours or the third party's
//! - [`call`]: a call
//! - [`manage`]: the paths of ours
//! - [`oauth`]: `authorize`, `callback`, `status` and `disconnect` of accounts that are connected by OAuth
//! - [`instance_key`]: `key`, `status` and `disconnect` where the owner types a key in
//! - [`callback_page`]: what a browser shows after the callback
//!
//! What a connection may do is decided by [`crate::connections`].

mod call;
mod callback_page;
mod instance_key;
mod manage;
mod oauth;
mod path;

pub(crate) use call::{CallTarget, call};
pub(crate) use manage::manage;
pub(crate) use oauth::answer_json;
pub(crate) use path::{ConnectionPath, is_posted_callback, managed_methods, serves};
