//! Which headers go along to Wix, and which come back.
//!
//! To Wix: a list of what may, since any other could say on whose behalf the call is
//! (`wix-site-id`, `wix-account-id`, cookies) or where it came from. Back: all but what speaks of Wix's
//! own connections, cookies and pages.

use http::HeaderMap;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_TYPE, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, SERVER, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, VIA,
};

const TO_WIX: [HeaderName; 8] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
];
/// What `@wix/sdk` sends besides.
const OF_WIXS_CLIENTS: [&str; 3] = ["x-wix-consistent", "x-wix-linguist", "x-wix-bi-gateway"];
const STAYS_BEHIND: [HeaderName; 4] = [SERVER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, VIA];
const STAYS_BEHIND_TOO: [&str; 3] = ["alt-svc", "set-cookie2", "clear-site-data"];

/// What of a request's headers goes to Wix.
pub(crate) fn to_wix(from_client: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let names = TO_WIX
        .into_iter()
        .chain(OF_WIXS_CLIENTS.map(HeaderName::from_static));
    for name in names {
        for value in from_client.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// Takes out of a response's headers what is not for the page. What it says depends on the caller, so it
/// must not be cached by others.
pub(crate) fn from_wix(headers: &mut HeaderMap) {
    for name in STAYS_BEHIND {
        headers.remove(name);
    }
    for name in STAYS_BEHIND_TOO {
        headers.remove(name);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_along_that_could_say_on_whose_behalf() {
        let mut headers = HeaderMap::new();
        for name in [
            "authorization",
            "cookie",
            "wix-site-id",
            "wix-account-id",
            "wix-instance-id",
            "origin",
            "referer",
            "x-forwarded-for",
            "x-backlot-role",
            "host",
            "x-wix-request-id",
            "proxy-authorization",
            "content-type",
            "x-wix-linguist",
            "accept",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        let mut left: Vec<_> = to_wix(&headers).keys().map(ToString::to_string).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "content-type", "x-wix-linguist"]);
    }

    #[test]
    fn what_comes_back() {
        let mut headers = HeaderMap::new();
        for name in [
            "set-cookie",
            "server",
            "via",
            "alt-svc",
            "x-wix-request-id",
            "content-type",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        from_wix(&mut headers);
        let mut left: Vec<_> = headers.keys().map(ToString::to_string).collect();
        left.sort_unstable();
        assert_eq!(left, ["cache-control", "content-type", "x-wix-request-id"]);
    }
}
