//! What `backlot init` writes.

/// A configuration with every key in it, most of them as comments.
pub const TEMPLATE: &str = include_str!("template.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::SECTIONS;
    use crate::config::{Fallback, Mode, Source, resolve};
    use std::path::Path;

    /// The template with every commented key brought to life.
    fn alive() -> String {
        let key = |line: &str| {
            line.strip_prefix("# ")
                .filter(|rest| rest.split(' ').nth(1) == Some("=") || rest.starts_with("[["))
                .map(str::to_owned)
        };
        TEMPLATE
            .lines()
            .map(|line| key(line).unwrap_or_else(|| line.to_owned()) + "\n")
            .collect()
    }

    #[test]
    fn it_names_every_key_and_no_other() {
        let table: toml::Table = toml::from_str(&alive()).unwrap();
        for section in SECTIONS.iter() {
            let name = section.name.trim_end_matches("[]");
            let part = table[name].as_table().or_else(|| table[name][0].as_table());
            let mut written: Vec<_> = part.unwrap().keys().cloned().collect();
            let mut known: Vec<_> = section
                .keys
                .iter()
                .map(|key| key.path.rsplit('.').next().unwrap().to_owned())
                .collect();
            written.sort_unstable();
            known.sort_unstable();
            assert_eq!(written, known, "[{name}]");
        }
    }

    #[test]
    fn a_comment_shows_what_holds_without_it() {
        let table: toml::Table = toml::from_str(&alive()).unwrap();
        for key in SECTIONS.iter().flat_map(|section| &section.keys) {
            let Some(default) = &key.default else {
                continue;
            };
            let (section, name) = key.path.split_once('.').unwrap();
            let section = &table[section.trim_end_matches("[]")];
            let value = section.get(name).or_else(|| section[0].get(name)).unwrap();
            let shows_an_example = [
                "cors.origins",
                "api[].path",
                "api[].upstream",
                "api[].allow",
                "connection[].name",
                "connection[].base_url",
                "connection[].auth",
                "connection[].calls",
                "connection[].allow",
                "connection[].headers",
                "connection[].query",
                "connection[].reply_headers",
                "connection[].add_reply_headers",
                "connection[].quota",
                "wix.calls",
                "wix.allow",
            ];
            if !shows_an_example.contains(&key.path.as_str()) {
                assert_eq!(
                    &serde_json::to_value(value).unwrap(),
                    default,
                    "{}",
                    key.path
                );
            }
        }
    }

    #[test]
    fn it_works_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backlot.toml");
        std::fs::write(&path, TEMPLATE).unwrap();
        let source = Source::read(Some(&path), &|_| None).unwrap();
        let key = include_str!("../../tests/all/wix-public-key.pem");
        let app = ("7f3c2c1a-9a55-4f0e-8c5d-0123456789ab", "secret", key);
        let fallback = Fallback {
            app: Some((app.0.to_owned(), app.1.to_owned(), app.2.to_owned())),
        };
        resolve(&source, Mode::Dev, &fallback, Path::new("data"), &|_| None)
            .map(drop)
            .unwrap();
    }
}
