//! Where an upstream is, and how a request's path becomes a path there.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pool::Pool;
use http::uri::{PathAndQuery, Scheme, Uri};
use http::{HeaderValue, Version};

/// An upstream's address: scheme, host, port and the path that all of its paths start with. Clones
/// share the connections that are kept.
#[derive(Clone)]
pub struct Address {
    origin: Uri,
    base_path: String,
    host: HeaderValue,
    http2: bool,
    /// Whether a server that was asked over TLS has chosen HTTP/1.1.
    has_chosen_http1: Arc<AtomicBool>,
    pool: Arc<Pool>,
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Address({}, base {:?})",
            self.origin, self.base_path
        )
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.origin.to_string();
        write!(
            formatter,
            "{}{}",
            origin.trim_end_matches('/'),
            self.base_path
        )
    }
}

/// The text is no address of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `http://…` or `https://…`.
    #[error("is not of the form http://host:port or https://host")]
    NotHttp,
    /// `user:password@` in it.
    #[error("has a user or password in it; a secret does not belong in an address")]
    HasCredentials,
    /// `/../` in it.
    #[error("has `.` or `..` for a part of its path; write the path that is meant")]
    HasDots,
    /// `?` or `#` in it.
    #[error("has a query or fragment in it; only a path may follow the host")]
    HasQuery,
}

impl Address {
    /// Reads `http://host:port/base`. With `http2`, plain `http` is spoken as HTTP/2 from the first
    /// byte; over TLS the upstream chooses.
    pub fn parse(text: &str, http2: bool) -> Result<Self, AddressError> {
        let url = url::Url::parse(text).map_err(|_| AddressError::NotHttp)?;
        if text.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(AddressError::HasDots);
        }
        let scheme = match url.scheme() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(AddressError::NotHttp),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::HasCredentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::HasQuery);
        }
        let host = url.host_str().ok_or(AddressError::NotHttp)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let host = authority.parse().map_err(|_| AddressError::NotHttp)?;
        let origin = Uri::builder()
            .scheme(scheme)
            .authority(authority)
            .path_and_query("/")
            .build()
            .map_err(|_| AddressError::NotHttp)?;
        Ok(Self {
            origin,
            host,
            base_path: url.path().trim_end_matches('/').to_owned(),
            http2,
            has_chosen_http1: Arc::default(),
            pool: Arc::default(),
        })
    }

    /// The value of `Host` for this upstream.
    pub const fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// The address itself, where it is no name.
    pub fn ip(&self) -> Option<std::net::IpAddr> {
        let host = self.origin.host()?;
        host.trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()
    }

    /// The same scheme, host and port without a path, and the path. `None` when it makes none.
    pub fn split(&self) -> Option<(Self, PathAndQuery)> {
        let path = if self.base_path.is_empty() {
            "/"
        } else {
            &self.base_path
        };
        let path = path.parse().ok()?;
        let mut origin = self.clone();
        origin.base_path.clear();
        Some((origin, path))
    }

    /// What follows the base path in a path of this origin; `None` if it is not under it.
    pub(crate) fn under<'path>(&self, path: &'path str) -> Option<&'path str> {
        path.strip_prefix(&*self.base_path)
            .filter(|rest| rest.starts_with('/'))
    }

    /// Whether a URL has the same scheme, host and port.
    pub(crate) fn is_origin_of(&self, url: &url::Url) -> bool {
        url::Url::parse(&self.origin.to_string()).is_ok_and(|own| own.origin() == url.origin())
    }

    /// The path that all of its paths start with; empty where there is none.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Whether paths there are as they are asked for.
    pub const fn is_bare(&self) -> bool {
        self.base_path.is_empty()
    }

    /// True for `https`.
    pub fn is_tls(&self) -> bool {
        self.origin.scheme() == Some(&Scheme::HTTPS)
    }

    pub(super) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    pub(super) const fn http2(&self) -> bool {
        self.http2
    }

    /// Whether what is sent there may go over HTTP/2. Over TLS the server chooses, and that is known from its first
    /// response on.
    pub(super) fn may_speak_http2(&self) -> bool {
        if self.is_tls() {
            !self.has_chosen_http1.load(Ordering::Relaxed)
        } else {
            self.http2
        }
    }

    /// A response came over TLS in this version.
    pub(super) fn note_version(&self, version: Version) {
        let is_http1 = version < Version::HTTP_2;
        self.has_chosen_http1.store(is_http1, Ordering::Relaxed);
    }

    /// What a connection is made to.
    pub(super) const fn origin(&self) -> &Uri {
        &self.origin
    }

    /// The path and query that stand for `target` there. `None` when the two make no valid path.
    pub(crate) fn path(&self, target: PathAndQuery) -> Option<PathAndQuery> {
        if self.base_path.is_empty() {
            Some(target)
        } else {
            format!("{}{target}", self.base_path).parse().ok()
        }
    }

    /// The full address of a path under the base, as text.
    pub(crate) fn full_text(&self, target: &PathAndQuery) -> Option<String> {
        let path = self.path(target.clone())?;
        Some(self.full(path)?.to_string())
    }

    /// The full address of a path there, as HTTP/2 and proxies want it.
    pub(super) fn full(&self, path: PathAndQuery) -> Option<Uri> {
        let mut parts = self.origin.clone().into_parts();
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let address = Address::parse("http://127.0.0.1:3000/base/", false).unwrap();
        let path = address.path("/api/x?y=1".parse().unwrap()).unwrap();
        assert_eq!(path, "/base/api/x?y=1");
        let full = address.full(path).unwrap();
        assert_eq!(full, "http://127.0.0.1:3000/base/api/x?y=1");
        assert_eq!(address.origin(), "http://127.0.0.1:3000/");
        assert_eq!(address.host(), "127.0.0.1:3000");
        assert!(
            Address::parse("https://example.com", false)
                .unwrap()
                .is_tls()
        );
        for (text, error) in [
            ("127.0.0.1:3000", AddressError::NotHttp),
            ("ftp://example.com", AddressError::NotHttp),
            ("", AddressError::NotHttp),
            ("http://u:p@example.com", AddressError::HasCredentials),
            ("http://example.com/?a=b", AddressError::HasQuery),
            ("http://example.com/v1/../v2", AddressError::HasDots),
        ] {
            assert_eq!(Address::parse(text, false).unwrap_err(), error, "{text}");
        }
    }
}
