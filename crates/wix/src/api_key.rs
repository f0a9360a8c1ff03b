//! An account's API key, and the one thing that a call with it is about.
//!
//! Source: Wix's "About API Keys": `Authorization` holds the key as it is, and exactly one of
//! `wix-site-id` and `wix-account-id` comes with it.

use std::fmt;

use zeroize::Zeroizing;

/// The key. It cannot be printed, and leaves memory when it is dropped.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Takes the key as the account's API key manager shows it. `None` for what cannot stand in a
    /// header.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Compares a received key with this one in constant time.
    pub fn is(&self, text: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.as_bytes(), text.as_bytes())
            .is_ok()
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(…)")
    }
}

/// What a call with an API key is about: one site, or the account. Never both, for Wix refuses that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiKeyScope<'id> {
    /// `wix-site-id`
    Site(&'id str),
    /// `wix-account-id`
    Account(&'id str),
}

impl<'id> ApiKeyScope<'id> {
    /// The header's name and value.
    pub const fn header(self) -> (&'static str, &'id str) {
        match self {
            Self::Site(id) => ("wix-site-id", id),
            Self::Account(id) => ("wix-account-id", id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_printed_and_always_fit_for_a_header() {
        let key = ApiKey::new(" IST.abc.def\n").unwrap();
        assert_eq!(key.reveal(), "IST.abc.def");
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
        for wrong in ["", " ", "a b", "a\nb", "ü"] {
            assert!(ApiKey::new(wrong).is_none(), "{wrong:?}");
        }
        assert_eq!(ApiKeyScope::Site("s").header(), ("wix-site-id", "s"));
        assert_eq!(ApiKeyScope::Account("a").header(), ("wix-account-id", "a"));
    }
}
