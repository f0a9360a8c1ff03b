//! Bodies of simulated faults, which are generated as streams.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};

/// Announces the whole body, sends half of it, and then breaks the connection.
pub(super) async fn broken_off(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    // Only what is small is known beforehand. The others never end well anyway.
    let known = axum::body::HttpBody::size_hint(&body).exact().is_some();
    if !known {
        return Response::from_parts(head, body);
    }
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers
        .insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let parts = stream::iter([Ok(half)]).chain(stream::once(async {
        // The half must be on its way before the connection goes.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }));
    Response::from_parts(head, Body::from_stream(parts))
}

/// A page of HTML where JSON was asked for, as a proxy on the way would send.
pub(super) fn not_json() -> Response {
    let page = "<!doctype html><title>Please wait</title><p>We will be back soon.</p>";
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// JSON with a field of 300 MiB, made as it is read.
pub(super) fn huge() -> Response {
    static PIECE: [u8; 64 * 1024] = [b'a'; 64 * 1024];
    const PIECES: usize = 300 * 16;
    let pieces = stream::repeat(Bytes::from_static(&PIECE)).take(PIECES);
    let begin = stream::iter([Bytes::from_static(br#"{"active":true,"padding":""#)]);
    let end = stream::iter([Bytes::from_static(br#""}"#)]);
    json(begin.chain(pieces).chain(end).map(Ok))
}

/// The beginning of a JSON object, then white space for ever.
pub(super) fn endless() -> Response {
    let begin = stream::iter([Bytes::from_static(br#"{"active":true,"#)]);
    let ticks = tokio::time::interval(Duration::from_millis(250));
    let trickle = stream::unfold(ticks, |mut ticks| async {
        ticks.tick().await;
        Some((Bytes::from_static(b" "), ticks))
    });
    json(begin.chain(trickle).map(Ok))
}

fn json(
    stream: impl stream::Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
) -> Response {
    let body = Body::from_stream(stream);
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}
