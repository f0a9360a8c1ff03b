//! The origins that are allowed.

use std::sync::Arc;

use backlot_wix::{InstanceId, PageOrigin};
use http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};

use super::{Origin, Pattern};
use crate::error::{ApiError, ErrorCode};
use crate::instances::SiteOrigins;

/// The list, ready to be asked.
#[derive(Clone)]
pub struct Policy {
    /// A handful: comparing lengths first is quicker than hashing.
    exact: Vec<Box<str>>,
    one_label: Vec<(Box<str>, Box<str>)>,
    localhost: bool,
    /// The sites that have the app installed, if they are allowed.
    sites: Option<Arc<SiteOrigins>>,
}

/// What the list says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// No page is behind it (no `Origin`), or a page of this server's own.
    NotCrossOrigin,
    /// A page that is allowed, with the value of `Access-Control-Allow-Origin`.
    Allowed(HeaderValue),
    /// A page of a site that has the app installed. It is allowed for that site's instance only; see
    /// [`Policy::check_instance`].
    AllowedSite(HeaderValue),
    /// A page that is not on the list.
    Refused,
}

impl Policy {
    /// Makes a policy from a list; with `localhost`, any port of the machine's own names too.
    pub fn new(patterns: impl IntoIterator<Item = Pattern>, localhost: bool) -> Self {
        let mut policy = Self {
            exact: Vec::new(),
            one_label: Vec::new(),
            localhost,
            sites: None,
        };
        for pattern in patterns {
            match pattern {
                Pattern::Exact(origin) => {
                    policy.exact.push(origin.into());
                }
                Pattern::OneLabel { before, after } => {
                    policy.one_label.push((before.into(), after.into()));
                }
            }
        }
        policy
    }

    /// Also allows the sites that have the app installed, each for its own instance.
    #[must_use]
    pub fn with_installed_sites(mut self, sites: Arc<SiteOrigins>) -> Self {
        self.sites = Some(sites);
        self
    }

    /// After authentication: whether a page that was allowed as a site's belongs to the caller's instance.
    pub(crate) fn check_instance(
        &self,
        decision: &Decision,
        instance_id: InstanceId,
    ) -> Result<(), ApiError> {
        let Decision::AllowedSite(origin) = decision else {
            return Ok(());
        };
        let sites = self.sites.as_ref();
        let is_its_own = origin
            .to_str()
            .is_ok_and(|origin| sites.is_some_and(|sites| sites.is_of(origin, instance_id)));
        if is_its_own {
            return Ok(());
        }
        let detail = "It is the origin of a site with another instance of the app.";
        Err(ApiError::from(ErrorCode::OriginNotAllowed).with_detail(detail))
    }

    /// Decides on a request by its headers.
    pub fn decide(&self, headers: &HeaderMap) -> Decision {
        let mut values = headers.get_all(ORIGIN).iter();
        let Some(value) = values.next() else {
            return Decision::NotCrossOrigin;
        };
        let (Ok(origin), None) = (value.to_str(), values.next()) else {
            return Decision::Refused;
        };
        if self.allows(origin) {
            Decision::Allowed(value.clone())
        } else if self.is_of_a_site(origin) {
            Decision::AllowedSite(value.clone())
        } else if is_same_origin(origin, headers) {
            Decision::NotCrossOrigin
        } else {
            Decision::Refused
        }
    }

    fn is_of_a_site(&self, origin: &str) -> bool {
        let sites = self.sites.as_ref();
        sites.is_some_and(|sites| sites.contains(origin))
    }

    /// Whether an origin is on the list.
    pub fn allows(&self, origin: &str) -> bool {
        if self.exact.iter().any(|exact| **exact == *origin) {
            return true;
        }
        let Some(parsed) = Origin::parse(origin) else {
            return false;
        };
        (self.localhost && parsed.is_localhost()) || self.matches_one_label(origin)
    }

    fn matches_one_label(&self, origin: &str) -> bool {
        self.one_label.iter().any(|(before, after)| {
            origin
                .strip_prefix(&**before)
                .and_then(|rest| rest.strip_suffix(&**after))
                .is_some_and(|label| !label.is_empty() && !label.contains(['.', ':', '[']))
        })
    }
}

/// The refusal of a page that is not on the list, with what its origin says of it.
pub(crate) fn refuse_origin(headers: &HeaderMap) -> ApiError {
    let refusal = ApiError::from(ErrorCode::OriginNotAllowed);
    let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
    match origin.and_then(|origin| PageOrigin::new(origin).sentence()) {
        Some(sentence) => refusal.with_detail(sentence),
        None => refusal,
    }
}

/// A page that this server's own upstream served: its origin is the host that was asked.
fn is_same_origin(origin: &str, headers: &HeaderMap) -> bool {
    let asked = headers.get(HOST).and_then(|host| host.to_str().ok());
    let named = origin.split_once("://").map(|(_, authority)| authority);
    matches!((asked, named), (Some(asked), Some(named)) if asked.eq_ignore_ascii_case(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(patterns: &[&str], localhost: bool) -> Policy {
        let patterns = patterns.iter().map(|text| Pattern::parse(text).unwrap());
        Policy::new(patterns, localhost)
    }

    #[test]
    fn exact_and_one_label() {
        let policy = policy(&["https://a.wix.run", "https://*.wixsite.com"], false);
        for yes in [
            "https://a.wix.run",
            "https://x.wixsite.com",
            "https://x-1.wixsite.com",
        ] {
            assert!(policy.allows(yes), "{yes}");
        }
        for no in [
            "https://a.wix.run.evil.com",
            "http://a.wix.run",
            "https://a.wix.run:8443",
            "https://b.a.wix.run",
            "https://wixsite.com",
            "https://.wixsite.com",
            "https://a.b.wixsite.com",
            "https://x.wixsite.com.evil.com",
            "https://xwixsite.com",
            "https://evil.com:1.wixsite.com",
            "https://evil.com/.wixsite.com",
            "null",
            "http://localhost:5173",
            "https://evil.com#.wixsite.com",
            "https://X.wixsite.com",
        ] {
            assert!(!policy.allows(no), "{no}");
        }
    }

    #[test]
    fn localhost_is_parsed_not_searched() {
        let policy = policy(&[], true);
        for yes in [
            "http://localhost",
            "http://localhost:5173",
            "https://localhost:4321",
            "http://127.0.0.1:1",
            "http://[::1]:65535",
        ] {
            assert!(policy.allows(yes), "{yes}");
        }
        for no in [
            "http://localhost.evil.com",
            "http://localhost:5173.evil.com",
            "http://evil.com:80",
            "http://127.0.0.1.evil.com",
            "http://localhost@evil.com",
            "http://127.0.0.2",
            "http://[::1].evil.com",
            "http://notlocalhost",
            "http://a.localhost",
            "file://",
        ] {
            assert!(!policy.allows(no), "{no}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_outside_the_domain_matches(value in "https?://[a-z0-9.:@/#\\-]{0,30}") {
            let policy = policy(&["https://*.wixsite.com"], true);
            if policy.allows(&value) {
                let url = url::Url::parse(&value).unwrap();
                let host = url.host_str().unwrap();
                let one_label = host
                    .strip_suffix(".wixsite.com")
                    .is_some_and(|label| !label.contains('.') && url.scheme() == "https");
                proptest::prop_assert!(one_label || ["localhost", "127.0.0.1", "[::1]"].contains(&host));
            }
        }
    }
}
