//! Pieces of HTTP that no library has in the form needed here.

pub mod methods;
pub(crate) mod peeked_body;
pub(crate) mod plain_page;
pub(crate) mod plain_text;
pub(crate) mod request_head;
pub(crate) mod request_id;
pub(crate) mod wix_headers;
