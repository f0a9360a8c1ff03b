//! The CORS headers of responses, made once and copied.

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, HeaderMap,
    HeaderName, HeaderValue, ORIGIN,
};

use super::vary::Vary;
use super::{DEFAULT_ALLOWED_HEADERS, Decision};

/// The values that do not change from response to response.
#[derive(Debug, Clone)]
pub struct CorsHeaders {
    pub(super) allow_headers: HeaderValue,
    pub(super) max_age: HeaderValue,
    expose_headers: HeaderValue,
    expose_all: HeaderValue,
    by_origin: Vary,
    /// By the origin, and by every header that a credential may come in.
    by_caller: Vary,
}

impl CorsHeaders {
    /// Takes what config adds to the allowed and exposed headers (names, lower case) and how many
    /// seconds a browser may keep a preflight's answer. `None` when a name is not a header's.
    pub fn new(allow: &[String], expose: &[String], max_age_seconds: u32) -> Option<Self> {
        let allow_headers = DEFAULT_ALLOWED_HEADERS
            .into_iter()
            .chain(allow.iter().map(String::as_str));
        let expose_headers = [
            "x-request-id",
            "retry-after",
            "x-wix-request-id",
            "x-wix-consistent",
        ]
        .into_iter()
        .chain(expose.iter().map(String::as_str));
        Some(Self {
            allow_headers: join(allow_headers)?,
            expose_all: join(std::iter::once("*").chain(expose_headers.clone()))?,
            expose_headers: join(expose_headers)?,
            max_age: HeaderValue::from(max_age_seconds),
            by_origin: Vary::by(vec![ORIGIN]),
            by_caller: Vary::by(vec![ORIGIN, AUTHORIZATION]),
        })
    }

    /// Lets a credential come in these headers, too: pages may send them, and responses depend on them.
    pub(crate) fn with_instance_headers(mut self, names: &[HeaderName]) -> Self {
        let allowed = self.allow_headers.to_str().unwrap_or_default().to_owned();
        let is_new = |name: &&HeaderName| !allowed.split(", ").any(|it| it == name.as_str());
        let added = names.iter().filter(is_new).map(HeaderName::as_str);
        let all: Vec<&str> = allowed.split(", ").chain(added).collect();
        if let Ok(value) = HeaderValue::from_str(&all.join(", ")) {
            self.allow_headers = value;
        }
        self.by_caller = self.by_caller.and(names);
        self
    }

    /// Puts the headers on a response. One that depends on the caller says so in `Vary`: a browser's cache would hand it to
    /// the page of another caller, and what made it may not know, since the credential stays with this server.
    pub(crate) fn put_on(&self, headers: &mut HeaderMap, decision: &Decision, by_caller: bool) {
        let vary = if by_caller {
            &self.by_caller
        } else {
            &self.by_origin
        };
        vary.add_to(headers);
        if let Decision::Allowed(origin) | Decision::AllowedSite(origin) = decision {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            // A handler may have exposed all of them; where a star is only a name, ours are named beside it.
            let exposed = match headers.get(ACCESS_CONTROL_EXPOSE_HEADERS) {
                Some(_) => self.expose_all.clone(),
                None => self.expose_headers.clone(),
            };
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
}

/// How the name of every header of CORS begins, those included that are yet to come.
pub const PREFIX: &str = "access-control-";

/// Takes off what an upstream, a mounted router, Wix or a third party said about CORS: the list in the configuration
/// decides, and two answers would make browsers refuse both. All of it: what lets a public page reach a private network
/// (`Access-Control-Allow-Private-Network`) is none of the usual six.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let is_cors = |name: &&HeaderName| name.as_str().starts_with(PREFIX);
    let names: Vec<HeaderName> = headers.keys().filter(is_cors).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn join<'name>(names: impl Iterator<Item = &'name str>) -> Option<HeaderValue> {
    let names: Vec<&str> = names.collect();
    let valid = names
        .iter()
        .all(|name| http::HeaderName::from_lowercase(name.as_bytes()).is_ok());
    valid
        .then(|| HeaderValue::from_str(&names.join(", ")).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_cors_stays() {
        let mut headers = HeaderMap::new();
        for name in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-allow-private-network",
            "access-control-allow-local-network",
            "access-control-request-private-network",
            "access-control-x",
            "access-control",
            "timing-allow-origin",
            "x-access-control-a",
        ] {
            let name = HeaderName::from_static(name);
            headers.append(name.clone(), HeaderValue::from_static("*"));
            headers.append(name, HeaderValue::from_static("true"));
        }
        strip(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(
            left,
            [
                "access-control",
                "timing-allow-origin",
                "x-access-control-a"
            ]
        );
    }
}
