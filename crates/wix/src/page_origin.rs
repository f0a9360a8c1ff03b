//! Where pages of Wix apps come from, by their web origin.
//!
//! There are three generations of the Wix CLI for apps: today's (`@wix/custom-extensions`), the one on Astro
//! (`@wix/astro`), and the first one (`@wix/cli-app`), which ends on 28 February 2027. What runs inside a site, a widget
//! or an embedded script, has the site's own origin in all of them.

/// Whose page an origin is, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageOrigin<'origin> {
    /// `https://<name>.wix-host.com`
    WixHost(&'origin str),
    /// `https://<app id>.wix.run`
    FirstCli(&'origin str),
    /// `http://localhost:4321`
    LocalOfToday,
    /// `http://localhost:5173`
    LocalOfFirst,
    /// Another program on the developer's machine.
    Local,
    /// `https://<name>.wix-development-sites.org`
    DevelopmentSite,
    /// `https://<name>.wix-site-host.com`
    HeadlessSite,
    /// A site on one of Wix's free domains.
    FreeDomain,
    /// The editor, or the dashboard itself.
    Wix,
    /// Nothing of Wix's can be told: most likely a site's own domain.
    Other,
}

impl<'origin> PageOrigin<'origin> {
    /// Reads an origin as browsers write it.
    pub fn new(origin: &'origin str) -> Self {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return Self::Other;
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority, ""),
        };
        match (host, port) {
            ("localhost" | "127.0.0.1" | "[::1]", "4321") => return Self::LocalOfToday,
            ("localhost" | "127.0.0.1" | "[::1]", "5173") => return Self::LocalOfFirst,
            ("localhost" | "127.0.0.1" | "[::1]", _) => return Self::Local,
            ("wix.com" | "editor.wix.com" | "manage.wix.com", _) => return Self::Wix,
            _ => {}
        }
        let Some((name, domain)) = host.split_once('.') else {
            return Self::Other;
        };
        match domain {
            _ if scheme != "https" || !port.is_empty() => Self::Other,
            "wix-host.com" => Self::WixHost(name),
            "wix.run" => Self::FirstCli(name),
            "wix-development-sites.org" => Self::DevelopmentSite,
            "wix-site-host.com" => Self::HeadlessSite,
            "wixsite.com" | "wixstudio.com" | "wixstudio.io" | "editorx.io" => Self::FreeDomain,
            "filesusr.com" | "wix.com" => Self::Wix,
            _ => Self::Other,
        }
    }

    /// Whose page it is, in a sentence. `None` if nothing can be told.
    pub const fn sentence(self) -> Option<&'static str> {
        Some(match self {
            Self::WixHost(_) => {
                "Pages of apps that were made with today's Wix CLI, or the one on Astro, come from there."
            }
            Self::FirstCli(_) => {
                "Pages of apps that were made with the first Wix CLI come from there, each app under its id."
            }
            Self::LocalOfToday => {
                "The dev server of today's Wix CLI, and of the one on Astro, is there on a developer's machine."
            }
            Self::LocalOfFirst => {
                "The dev server of the first Wix CLI is there on a developer's machine."
            }
            Self::Local => "It is a program on a developer's machine.",
            Self::DevelopmentSite => "It is a site that an app is developed on.",
            Self::HeadlessSite => "It is a site without Wix's editor, which Wix hosts.",
            Self::FreeDomain => {
                "It is a site on one of Wix's free domains: widgets and embedded scripts run there, with the site's origin."
            }
            Self::Wix => "It is a page of Wix's own, with an editor or a dashboard in it.",
            Self::Other => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_tell_whose_pages_they_are() {
        for (origin, expected) in [
            (
                "https://my-app-1a2b3c.wix-host.com",
                PageOrigin::WixHost("my-app-1a2b3c"),
            ),
            ("https://7f3c2c1a.wix.run", PageOrigin::FirstCli("7f3c2c1a")),
            ("http://localhost:4321", PageOrigin::LocalOfToday),
            ("http://[::1]:5173", PageOrigin::LocalOfFirst),
            ("https://localhost", PageOrigin::Local),
            (
                "https://a-b.wix-development-sites.org",
                PageOrigin::DevelopmentSite,
            ),
            ("https://a.wix-site-host.com", PageOrigin::HeadlessSite),
            ("https://me.wixsite.com", PageOrigin::FreeDomain),
            ("https://editor.wix.com", PageOrigin::Wix),
            ("https://a-b.filesusr.com", PageOrigin::Wix),
            ("https://corner-bakery.example", PageOrigin::Other),
            ("http://a.wix-host.com", PageOrigin::Other),
            ("https://a.wix-host.com:8443", PageOrigin::Other),
            ("https://a.b.wix-host.com", PageOrigin::Other),
            ("https://wix-host.com", PageOrigin::Other),
            ("https://a.wix-host.com.evil.example", PageOrigin::Other),
            ("null", PageOrigin::Other),
        ] {
            assert_eq!(PageOrigin::new(origin), expected, "{origin}");
        }
    }
}
