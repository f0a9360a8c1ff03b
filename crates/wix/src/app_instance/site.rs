//! The site that has the app.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Site {
    /// `metaSiteId`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_display_name: Option<String>,
    /// Its address, with a path on Wix's free domains. Absent until the site is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `en`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// `EUR`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_currency: Option<String>,
    /// What kind of account owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_user_type: Option<String>,
    /// Wix's own apps on it: `stores`, `bookings`, …
    pub installed_wix_apps: Vec<String>,
    /// Its languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multilingual: Option<Multilingual>,
    /// The owner, where the app may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_info: Option<OwnerInfo>,
    /// The owner's address; replaced by `ownerInfo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_email: Option<String>,
}

/// Its languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Multilingual {
    /// More than one.
    pub is_multi_lingual: bool,
    /// Which.
    pub supported_languages: Vec<Language>,
}

/// A language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Language {
    /// `en`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    /// Language and country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<LanguageLocale>,
    /// The one that the site was made in.
    pub is_primary: bool,
    /// `US`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// `QUERY_PARAM`, `SUBDOMAIN` or `SUBDIRECTORY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_method: Option<String>,
    /// The one that visitors see first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_visitor_primary: Option<bool>,
}

/// A language and a country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LanguageLocale {
    /// `en`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
    /// `US`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// The owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerInfo {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `VERIFIED_OPT_IN`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_status: Option<String>,
}

impl Site {
    /// Leaves out who owns it: a person's address, which need not be kept.
    pub fn forget_owner(&mut self) {
        self.owner_info = None;
        self.owner_email = None;
    }

    /// Returns the web origin of the site's pages, as browsers write it: `https://host`, with internationalized names in
    /// Punycode. `None` for a site without an address, with plain http, or with an invalid address.
    pub fn origin(&self) -> Option<String> {
        let text = self.url.as_deref()?.trim();
        let has_others = |it: char| it.is_control() || it.is_whitespace() || it == '\\';
        if text.contains(has_others) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let host = match url.host()? {
            Host::Domain(name) => name,
            Host::Ipv4(_) | Host::Ipv6(_) => return None,
        };
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
        };
        let is_name = host.len() <= 253 && host.contains('.') && host.split('.').all(is_label);
        let has_user = !url.username().is_empty() || url.password().is_some();
        let is_plain = url.scheme() == "https" && is_name && !has_user;
        is_plain.then(|| url.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (url, origin) in [
            (
                "https://corner-bakery.example",
                Some("https://corner-bakery.example"),
            ),
            (
                "https://Me.wixsite.com/my-site?x#y",
                Some("https://me.wixsite.com"),
            ),
            ("https://a.example:443/", Some("https://a.example")),
            ("https://a.example:8443", Some("https://a.example:8443")),
            ("http://a.example", None),
            ("https://localhost", None),
            ("https://user@evil.example", None),
            ("https://a..example", None),
            ("https://a.example:x", None),
            ("https://*.example", None),
            ("https://a.example\u{0}", None),
            (
                "https://bäckerei.example/kontakt",
                Some("https://xn--bckerei-5wa.example"),
            ),
            (
                "https://BÄCKEREI.example",
                Some("https://xn--bckerei-5wa.example"),
            ),
            (
                "https://b%C3%A4ckerei.example",
                Some("https://xn--bckerei-5wa.example"),
            ),
            (
                "https://xn--bckerei-5wa.example",
                Some("https://xn--bckerei-5wa.example"),
            ),
            (
                "https://straße.example",
                Some("https://xn--strae-oqa.example"),
            ),
            (
                "https://例え.テスト:8443",
                Some("https://xn--r8jz45g.xn--zckzah:8443"),
            ),
            ("https://192.0.2.1", None),
            ("https://a.example\\@evil.example", None),
            ("a.example", None),
            ("", None),
        ] {
            let site = Site {
                url: Some(url.to_owned()),
                ..Site::default()
            };
            assert_eq!(site.origin().as_deref(), origin, "{url}");
        }
    }
}
