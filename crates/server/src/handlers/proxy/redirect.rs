//! Redirects of an upstream, in the words of the world outside: its own address becomes the public one, and a prefix that
//! was taken off is put on again.
//!
//! What it changes: `Location`, `Content-Location` and `Refresh`, if they lead to the upstream itself, or to this server
//! without the prefix that was taken off. Everything else goes out as it is.

use backlot_outbound::upstream::{Address, RedirectTarget, place_at_host};
use http::header::{CONTENT_LOCATION, HeaderMap, HeaderName, HeaderValue, LOCATION, REFRESH};

use super::forwarded_headers::AskedAddress;

/// How paths of the upstream's are called outside.
pub(crate) struct Redirects<'exchange> {
    /// `None` where a router of this program responses.
    pub(crate) upstream: Option<&'exchange Address>,
    /// The path that it was asked for.
    pub(crate) asked: &'exchange str,
    /// What was taken off the path.
    pub(crate) stripped: Option<&'exchange str>,
    /// How the client addressed this server.
    pub(crate) address: &'exchange AskedAddress,
    /// What the configuration says of that, which counts more.
    pub(crate) public_url: Option<&'exchange str>,
}

impl Redirects<'_> {
    /// Rewrites them.
    pub(crate) fn rewrite(&self, headers: &mut HeaderMap) {
        for name in [LOCATION, CONTENT_LOCATION] {
            replace(headers, &name, |text| self.outside(text));
        }
        replace(headers, &REFRESH, |text| {
            let (before, place) = split_refresh(text)?;
            Some(format!("{before}{}", self.outside(place)?))
        });
    }

    /// What a place is called outside. `None` if it is called so already.
    fn outside(&self, location: &str) -> Option<String> {
        let place = self.find(location)?;
        let (origin, front) = self.public();
        if place.is_absolute {
            return Some(format!("{origin}{}", self.path_outside(&place, front)));
        }
        // A path means the same outside unless something was put before it, or taken off.
        let is_same = self.stripped.is_none() && self.upstream.is_none_or(Address::is_bare);
        (!is_same).then(|| self.path_outside(&place, front))
    }

    fn find(&self, location: &str) -> Option<RedirectTarget> {
        let at_upstream = match self.upstream {
            Some(upstream) => upstream.place(location, self.asked),
            None => place_at_host("mounted.invalid", self.asked, location),
        };
        // Servers that know their public host write it, and not what was taken off the path.
        let here = || {
            self.stripped?;
            let (origin, _) = self.public();
            let host = origin.split_once("://")?.1;
            place_at_host(host, self.asked, location)
        };
        at_upstream.or_else(here)
    }

    fn path_outside(&self, place: &RedirectTarget, front: &str) -> String {
        let stripped = self.stripped.unwrap_or_default();
        let target = &place.target;
        let whole = format!("{front}{stripped}");
        // A server that knows what was taken off has put it on already.
        if !whole.is_empty() && is_under(target, &whole) {
            target.clone()
        } else if !stripped.is_empty() && is_under(target, stripped) {
            format!("{front}{target}")
        } else {
            format!("{whole}{target}")
        }
    }

    /// Scheme and host, and the path that a proxy in front takes off.
    fn public(&self) -> (String, &str) {
        if let Some(url) = self.public_url {
            let after_scheme = url.find("://").map_or(0, |at| at + 3);
            let end = url[after_scheme..].find('/');
            let (origin, path) = url.split_at(end.map_or(url.len(), |at| after_scheme + at));
            return (origin.to_owned(), path.trim_end_matches('/'));
        }
        let scheme = match &*self.address.proto {
            "https" | "wss" => "https",
            _ => "http",
        };
        let host = self
            .address
            .host
            .as_ref()
            .and_then(|host| host.to_str().ok());
        let origin = host.map(|host| format!("{scheme}://{host}"));
        (origin.unwrap_or_default(), &self.address.prefix)
    }
}

fn replace(headers: &mut HeaderMap, name: &HeaderName, change: impl Fn(&str) -> Option<String>) {
    let value = headers.get(name).map(HeaderValue::as_bytes);
    let changed = value
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(change);
    if let Some(value) = changed.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(name, value);
    }
}

fn is_under(target: &str, prefix: &str) -> bool {
    target
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// `5; url=/x`, at its `=`.
fn split_refresh(text: &str) -> Option<(&str, &str)> {
    let (time, rest) = text.split_once(';')?;
    let (name, place) = rest.split_once('=')?;
    let is_url = name.trim().eq_ignore_ascii_case("url");
    let before = time.len() + 1 + name.len() + 1;
    is_url.then(|| (&text[..before], place.trim().trim_matches(['"', '\''])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(
        upstream: Option<&str>,
        stripped: Option<&str>,
        public_url: Option<&str>,
        (name, value): (HeaderName, &str),
    ) -> String {
        let upstream = upstream.map(|text| Address::parse(text, false).unwrap());
        let address = AskedAddress {
            proto: "https".into(),
            host: Some(HeaderValue::from_static("shop.example:8443")),
            prefix: "/outer".to_owned(),
        };
        let redirects = Redirects {
            upstream: upstream.as_ref(),
            asked: "/a/b",
            stripped,
            address: &address,
            public_url,
        };
        let mut headers = HeaderMap::new();
        headers.insert(&name, HeaderValue::from_str(value).unwrap());
        redirects.rewrite(&mut headers);
        headers[name].to_str().unwrap().to_owned()
    }

    const UPSTREAM: Option<&str> = Some("http://127.0.0.1:3000");

    #[test]
    fn the_upstreams_address_becomes_the_public_one() {
        for (public_url, origin) in [
            (None, "https://shop.example:8443/outer"),
            (Some("https://backend.example"), "https://backend.example"),
            (
                Some("https://backend.example/app"),
                "https://backend.example/app",
            ),
        ] {
            for (location, path) in [
                ("http://127.0.0.1:3000/x?y=1#z", "/x?y=1#z"),
                ("https://localhost:3000/x", "/x"),
                ("http://127.0.0.1:3000", "/"),
            ] {
                for name in [LOCATION, CONTENT_LOCATION] {
                    let got = rewritten(UPSTREAM, None, public_url, (name, location));
                    assert_eq!(got, format!("{origin}{path}"));
                }
                let refresh = format!("0; URL=\"{location}\"");
                let got = rewritten(UPSTREAM, None, public_url, (REFRESH, &refresh));
                assert_eq!(got, format!("0; URL={origin}{path}"));
            }
        }
        for location in [
            "/x",
            "x",
            "?y",
            "https://example.com/x",
            "mailto:a@b.example",
            "0; url=/x",
        ] {
            assert_eq!(
                rewritten(UPSTREAM, None, None, (LOCATION, location)),
                location
            );
        }
    }

    #[test]
    fn a_prefix_that_was_taken_off_is_put_on_again() {
        let own = Some("https://shop.example:8443");
        for (location, expected) in [
            ("/x", "/shop/x"),
            ("/", "/shop/"),
            ("c?d", "/shop/a/c?d"),
            ("../../c", "/shop/c"),
            ("/shop/x", "/shop/x"),
            ("/shopping", "/shop/shopping"),
            (
                "http://127.0.0.1:3000/x",
                "https://shop.example:8443/shop/x",
            ),
            (
                "https://shop.example:8443/x",
                "https://shop.example:8443/shop/x",
            ),
            (
                "https://shop.example:8443/shop/x",
                "https://shop.example:8443/shop/x",
            ),
            ("https://other.example/x", "https://other.example/x"),
        ] {
            let got = rewritten(UPSTREAM, Some("/shop"), own, (LOCATION, location));
            assert_eq!(got, expected, "{location}");
            if !location.contains(":3000") {
                let got = rewritten(None, Some("/shop"), own, (LOCATION, location));
                assert_eq!(got, expected, "mounted: {location}");
            }
        }
    }

    #[test]
    fn a_base_path_is_taken_off_again() {
        let upstream = Some("http://127.0.0.1:3000/v1");
        let own = Some("https://shop.example");
        for (location, expected) in [
            ("/v1/x", "/x"),
            ("x", "/a/x"),
            ("http://127.0.0.1:3000/v1/x", "https://shop.example/x"),
        ] {
            let got = rewritten(upstream, None, own, (LOCATION, location));
            assert_eq!(got, expected, "{location}");
        }
    }
}
