//! The rooms that answer by themselves: health, keys, whoami.

use backlot_wix::Caller;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};

use crate::error::{Code, Refusal};
use crate::response::ReplyBody;

/// `GET /healthz`: the process answers.
pub(crate) fn healthz() -> Response<ReplyBody> {
    json(Bytes::from_static(br#"{"status":"ok"}"#), "no-store")
}

/// `GET /readyz`: new requests are welcome. Not while the server stops, nor while the database is gone.
pub(crate) fn readyz(
    draining: bool,
    database_answers: bool,
) -> Result<Response<ReplyBody>, Refusal> {
    if draining {
        return Err(Refusal::from(Code::NotReady).retry_after(1));
    }
    if !database_answers {
        return Err(Refusal::from(Code::DatabaseUnavailable).retry_after(2));
    }
    Ok(json(
        Bytes::from_static(br#"{"status":"ready"}"#),
        "no-store",
    ))
}

/// `GET /.well-known/jwks.json`: the public keys of elevated tokens. It may be kept for half as long as a new key is
/// published before it signs.
pub(crate) fn jwks(keys: Bytes) -> Response<ReplyBody> {
    json(keys, "public, max-age=60")
}

/// `GET /whoami`: the caller as JSON.
pub(crate) fn whoami(caller: &Caller) -> Response<ReplyBody> {
    json(serde_json::to_vec(caller).unwrap_or_default(), "no-store")
}

fn json(body: impl Into<Bytes>, cache: &'static str) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::full(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
