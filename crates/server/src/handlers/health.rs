//! Routes that need nothing else: health, keys, whoami.

use backlot_wix::Caller;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};

use crate::error::{ApiError, ErrorCode};
use crate::response::ResponseBody;

/// `GET /healthz`: the process answers.
pub(crate) fn healthz() -> Response<ResponseBody> {
    json(Bytes::from_static(br#"{"status":"ok"}"#), "no-store")
}

/// `GET /readyz`: new requests are welcome. Not while the server stops, nor while the database is gone.
pub(crate) fn readyz(
    draining: bool,
    database_answers: bool,
) -> Result<Response<ResponseBody>, ApiError> {
    if draining {
        return Err(ApiError::from(ErrorCode::NotReady).retry_after(1));
    }
    if !database_answers {
        return Err(ApiError::from(ErrorCode::DatabaseUnavailable).retry_after(2));
    }
    Ok(json(
        Bytes::from_static(br#"{"status":"ready"}"#),
        "no-store",
    ))
}

/// `GET /.well-known/jwks.json`: the public keys of elevated tokens. It may be kept for half as long as a new key is
/// published before it signs.
pub(crate) fn jwks(keys: Bytes) -> Response<ResponseBody> {
    json(keys, "public, max-age=60")
}

/// `GET /whoami`: the caller as JSON.
pub(crate) fn whoami(caller: &Caller) -> Response<ResponseBody> {
    json(serde_json::to_vec(caller).unwrap_or_default(), "no-store")
}

fn json(body: impl Into<Bytes>, cache: &'static str) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::full(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
