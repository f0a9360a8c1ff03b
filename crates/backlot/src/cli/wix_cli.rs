//! Which Wix CLI an app was made with, by its `package.json`.

use std::path::Path;

use serde_json::Value;

/// The three generations of the Wix CLI for apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WixCli {
    Today,
    OnAstro,
    First,
}

/// What only apps of each depend on, the newest first: an app that was migrated may still have the older one.
const PACKAGES: [(&str, WixCli); 3] = [
    ("@wix/custom-extensions", WixCli::Today),
    ("@wix/astro", WixCli::OnAstro),
    ("@wix/cli-app", WixCli::First),
];

impl WixCli {
    /// Looks into a folder. `None` if there is no such app.
    pub(super) fn of_folder(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
        Self::of_package(&serde_json::from_str(&text).ok()?)
    }

    fn of_package(package: &Value) -> Option<Self> {
        let lists = ["dependencies", "devDependencies"];
        let depends_on = |name: &str| lists.iter().any(|list| package[list].get(name).is_some());
        let found = PACKAGES.iter().find(|(name, _)| depends_on(name));
        found.map(|(_, cli)| *cli)
    }

    /// What it is, where its pages come from, and what is to be done for them.
    pub(super) const fn story(self) -> &'static str {
        match self {
            Self::Today => {
                "This is an app of today's Wix CLI. Its pages come from https://<name>.wix-host.com, and are allowed. On \
                 this machine they are at http://localhost:4321: name the page in [dev] app_page, and the simulator shows it."
            }
            Self::OnAstro => {
                "This is an app of the Wix CLI on Astro. Its pages come from https://<name>.wix-host.com, and are allowed. \
                 On this machine they are at http://localhost:4321: name the page in [dev] app_page, and the simulator \
                 shows it."
            }
            Self::First => {
                "This is an app of the first Wix CLI, which ends on 28 February 2027. Its pages come from \
                 https://<app id>.wix.run, and are let in. On this machine they are at http://localhost:5173: name the page \
                 in [dev] app_page, and the simulator shows it."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn packages_tell_the_generation() {
        for (package, cli) in [
            (
                json!({ "devDependencies": { "@wix/cli": "1", "@wix/custom-extensions": "1" } }),
                Some(WixCli::Today),
            ),
            (
                json!({ "dependencies": { "@wix/astro": "2", "@wix/cli": "1" } }),
                Some(WixCli::OnAstro),
            ),
            (
                json!({ "dependencies": { "@wix/astro": "2", "@wix/custom-extensions": "1" } }),
                Some(WixCli::Today),
            ),
            (
                json!({ "devDependencies": { "@wix/cli-app": "1" } }),
                Some(WixCli::First),
            ),
            (json!({ "peerDependencies": { "@wix/astro": "2" } }), None),
            (json!({ "dependencies": { "express": "5" } }), None),
            (json!([]), None),
        ] {
            assert_eq!(WixCli::of_package(&package), cli, "{package}");
        }
    }
}
