//! Headers that belong to one connection and never travel on (RFC 9110, section 7.6.1).

use http::header::{
    CONNECTION, HeaderMap, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SEC_WEBSOCKET_KEY,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

/// Takes them out, those that `Connection` names included.
pub fn remove(headers: &mut HeaderMap) {
    // Most messages have none: one look at each name is cheaper than a search for each candidate.
    if !headers.keys().any(is_hop_by_hop) {
        return;
    }
    for name in named_by_connection(headers).unwrap_or_default() {
        headers.remove(name);
    }
    let found: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_hop_by_hop(name))
        .cloned()
        .collect();
    for name in found {
        headers.remove(name);
    }
}

/// Whether a header belongs to one connection.
pub fn is_hop_by_hop(name: &HeaderName) -> bool {
    match name.as_str().len() {
        2 => name == TE,
        7 => name == TRAILER || name == UPGRADE,
        10 => name == CONNECTION || name == "keep-alive",
        14 => name == "http2-settings",
        16 => name == "proxy-connection",
        17 => name == TRANSFER_ENCODING,
        18 => name == PROXY_AUTHENTICATE,
        19 => name == PROXY_AUTHORIZATION,
        _ => false,
    }
}

/// The names in `Connection`, or `None` where there is no such header.
fn named_by_connection(headers: &HeaderMap) -> Option<Vec<HeaderName>> {
    let mut values = headers.get_all(CONNECTION).iter().peekable();
    values.peek()?;
    Some(
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect(),
    )
}

/// Whether `TE` says that trailers are taken, whatever transfer codings it names besides.
pub fn takes_trailers(headers: &HeaderMap) -> bool {
    let values = headers.get_all(TE).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

/// True when the request asks to become a WebSocket, and nothing else.
///
/// No other protocol is let through: an upstream that switched to HTTP/2 (`h2c`) would take requests
/// over the tunnel without any check.
pub fn asks_for_websocket<B: http_body::Body>(request: &http::Request<B>) -> bool {
    let headers = request.headers();
    headers.get(UPGRADE).is_some_and(is_websocket)
        && headers.get_all(UPGRADE).iter().count() == 1
        && headers.contains_key(SEC_WEBSOCKET_KEY)
        && request.method() == http::Method::GET
        && request.version() == http::Version::HTTP_11
        && request.body().is_end_stream()
        && named_by_connection(headers).is_some_and(|names| names.contains(&UPGRADE))
}

/// Whether an `Upgrade` names WebSocket alone.
pub fn is_websocket(value: &http::HeaderValue) -> bool {
    value.as_bytes().eq_ignore_ascii_case(b"websocket")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn what_connection_names_goes_too() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Once"),
            ("connection", "x-twice"),
            ("x-once", "1"),
            ("x-twice", "2"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("x-stays", "3"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        remove(&mut headers);
        assert_eq!(headers.len(), 1);
        assert_eq!(headers["x-stays"], "3");
    }

    #[test]
    fn trailers_are_taken_where_te_says_so() {
        for (value, taken) in [
            ("trailers", true),
            ("Trailers", true),
            ("deflate;q=0.5, trailers", true),
            ("deflate", false),
            ("trailers;q=0", false),
            ("xtrailers", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(TE, HeaderValue::from_static(value));
            assert_eq!(takes_trailers(&headers), taken, "{value}");
        }
    }

    #[test]
    fn only_a_websocket_is_an_upgrade() {
        let request = |upgrade: &'static str, connection: &'static str, key: bool| {
            let mut request = http::Request::new(http_body_util::Empty::<bytes::Bytes>::new());
            let headers = request.headers_mut();
            headers.insert(UPGRADE, HeaderValue::from_static(upgrade));
            headers.insert(CONNECTION, HeaderValue::from_static(connection));
            if key {
                headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("a"));
            }
            request
        };
        assert!(asks_for_websocket(&request(
            "WebSocket",
            "keep-alive, Upgrade",
            true
        )));
        for (upgrade, connection, key) in [
            ("h2c", "upgrade", true),
            ("foo/1, websocket", "upgrade", true),
            ("websocket", "close", true),
            ("websocket", "upgrade", false),
        ] {
            assert!(
                !asks_for_websocket(&request(upgrade, connection, key)),
                "{upgrade}"
            );
        }
        let mut post = request("websocket", "upgrade", true);
        *post.method_mut() = http::Method::POST;
        assert!(!asks_for_websocket(&post));
    }
}
