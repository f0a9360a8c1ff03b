//! Headers that belong to one connection and never travel on (RFC 9110, section 7.6.1).

use http::header::{
    CONNECTION, HeaderMap, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
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

fn is_hop_by_hop(name: &HeaderName) -> bool {
    match name.as_str().len() {
        2 => name == TE,
        7 => name == TRAILER || name == UPGRADE,
        10 => name == CONNECTION || name == "keep-alive",
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

/// True when the request asks to switch to another protocol, as WebSocket clients do.
pub fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
        && named_by_connection(headers).is_some_and(|names| names.contains(&UPGRADE))
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
    fn an_upgrade_needs_both_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        assert!(!asks_for_upgrade(&headers));
        headers.insert(CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        assert!(asks_for_upgrade(&headers));
    }
}
