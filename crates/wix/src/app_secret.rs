//! The app secret: the key that Wix signs instances with.
//!
//! The key is the UTF-8 text of the secret, hyphens included; it is not decoded from hex. A secret
//! cannot be printed, and its text leaves memory when it is dropped.

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

/// One app secret, with its HMAC key made ready.
#[derive(Clone)]
pub struct AppSecret {
    text: Zeroizing<String>,
    key: hmac::Key,
}

impl AppSecret {
    /// Takes the secret as the app's dashboard shows it.
    pub fn new(text: &str) -> Self {
        Self {
            text: Zeroizing::new(text.to_owned()),
            key: hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()),
        }
    }

    /// The text, for the few places that must hand it on.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    pub(crate) const fn key(&self) -> &hmac::Key {
        &self.key
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AppSecret(…)")
    }
}

/// The secrets that are accepted, newest first. More than one while a secret is rotated.
#[derive(Debug, Clone)]
pub struct AppSecrets(Vec<AppSecret>);

impl AppSecrets {
    /// Returns `None` if the list is empty: a server without a secret could not verify callers.
    pub fn new(newest_first: Vec<AppSecret>) -> Option<Self> {
        (!newest_first.is_empty()).then_some(Self(newest_first))
    }

    /// The secret that new signatures are made with.
    pub fn newest(&self) -> &AppSecret {
        &self.0[0]
    }

    /// Newest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &AppSecret> {
        self.0.iter()
    }
}
