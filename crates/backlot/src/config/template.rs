//! The configuration that `backlot init` writes.

/// A configuration with every key, most of them as comments.
pub const TEMPLATE: &str = include_str!("template.toml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::SECTIONS;
    use crate::config::{Fallback, Mode, Source, resolve};
    use std::path::Path;

    /// A key that is a comment.
    struct Commented {
        /// `server.listen`, `api[].timeout`
        path: String,
        /// One for a default, two for an example.
        hashes: usize,
        /// Counted from zero; the same words stand in more than one section.
        line: usize,
    }

    /// The line without its hashes, if it is a key or a section that is a comment.
    fn uncommented(line: &str) -> Option<&str> {
        let rest = line.trim_start_matches('#').strip_prefix(' ')?;
        let is_alive = rest.split(' ').nth(1) == Some("=") || rest.starts_with("[[");
        (line.starts_with('#') && is_alive).then_some(rest)
    }

    fn commented() -> Vec<Commented> {
        let mut section = String::new();
        let mut found = Vec::new();
        for (number, line) in TEMPLATE.lines().enumerate() {
            let alive = uncommented(line);
            let text = alive.unwrap_or(line);
            if let Some(name) = text.strip_prefix("[[") {
                section = name.replace("]]", "[]");
            } else if let Some(name) = text.strip_prefix('[') {
                section = name.replace(']', "");
            } else if let Some(key) = alive.and_then(|it| it.split(' ').next()) {
                let hashes = line.len() - line.trim_start_matches('#').len();
                let path = format!("{section}.{key}");
                found.push(Commented {
                    path,
                    hashes,
                    line: number,
                });
            }
        }
        found
    }

    /// The template with those commented lines brought to life whose number `wants` takes.
    fn alive(wants: impl Fn(usize) -> bool) -> String {
        let lines = TEMPLATE.lines().enumerate().map(|(number, line)| {
            let alive = uncommented(line).filter(|_| wants(number));
            alive.unwrap_or(line).to_owned() + "\n"
        });
        lines.collect()
    }

    #[test]
    fn it_names_every_key_and_no_other() {
        let table: toml::Table = toml::from_str(&alive(|_| true)).unwrap();
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

    /// Defaults that the sections' own do not have, for they follow from something else.
    const FOLLOWING: [&str; 4] = [
        "api[].body_timeout",
        "database.url",
        "log.format",
        "wix.base_url",
    ];

    #[test]
    fn one_hash_is_a_default_and_two_are_an_example() {
        let table: toml::Table = toml::from_str(&alive(|_| true)).unwrap();
        let keys: Vec<_> = SECTIONS.iter().flat_map(|section| &section.keys).collect();
        for Commented { path, hashes, .. } in commented() {
            let key = keys.iter().find(|key| key.path == path).unwrap();
            let (section, name) = path.split_once('.').unwrap();
            let section = &table[section.trim_end_matches("[]")];
            let shown = section.get(name).or_else(|| section[0].get(name)).unwrap();
            let shown = Some(serde_json::to_value(shown).unwrap());
            if hashes == 1 && !FOLLOWING.contains(&path.as_str()) {
                assert_eq!(key.default, shown, "{path} is shown as a default");
            } else {
                assert_ne!(key.default, shown, "{path} is shown as no default");
            }
        }
    }

    /// Of a section that is an example as a whole.
    fn is_of_example(path: &str) -> bool {
        path.starts_with("connection") || path.starts_with("subscription")
    }

    #[test]
    fn what_one_hash_hides_changes_nothing() {
        let defaults: Vec<_> = commented()
            .into_iter()
            .filter(|it| it.hashes == 1 && !is_of_example(&it.path))
            .map(|it| it.line)
            .collect();
        assert!(defaults.len() > 40, "{}", defaults.len());
        let without = resolved(TEMPLATE);
        assert_eq!(
            resolved(&alive(|number| defaults.contains(&number))),
            without
        );
        for path in FOLLOWING {
            let line = commented().into_iter().find(|it| it.path == path).unwrap();
            assert_eq!(
                resolved(&alive(|number| number == line.line)),
                without,
                "{path}"
            );
        }
    }

    /// What a configuration comes to in production, as far as it can be compared.
    fn resolved(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backlot.toml");
        std::fs::write(&path, text).unwrap();
        let environment = |name: &str| match name {
            "WIX_CLIENT_ID" => Some("7f3c2c1a-9a55-4f0e-8c5d-0123456789ab".to_owned()),
            "WIX_CLIENT_SECRET" => Some("secret".to_owned()),
            "WIX_CLIENT_PUBLIC_KEY" => {
                Some(include_str!("../../tests/all/wix-public-key.pem").to_owned())
            }
            _ => None,
        };
        let source = Source::read(Some(&path), &environment).unwrap();
        let data = folder.path().join("data");
        let fallback = Fallback::default();
        let resolved = resolve(&source, Mode::Serve, &fallback, &data, &environment).unwrap();
        let settings = &resolved.settings;
        let mut limits = settings.api[0].limits;
        limits
            .body_timeout
            .get_or_insert(settings.body_pace.timeout);
        let shown = format!(
            "{} {:?} {:?} {:?} {:?}",
            resolved.database, resolved.log_format, settings.wix, limits, settings.listen,
        );
        shown.replace(&*folder.path().to_string_lossy(), "")
    }

    #[test]
    fn it_works_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backlot.toml");
        std::fs::write(&path, TEMPLATE).unwrap();
        let source = Source::read(Some(&path), &|_| None).unwrap();
        let app = ("7f3c2c1a-9a55-4f0e-8c5d-0123456789ab", "secret");
        let fallback = Fallback {
            app: Some((app.0.to_owned(), app.1.to_owned())),
            ..Fallback::default()
        };
        resolve(&source, Mode::Dev, &fallback, Path::new("data"), &|_| None)
            .map(drop)
            .unwrap();
    }
}
