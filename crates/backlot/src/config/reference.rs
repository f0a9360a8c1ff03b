//! `docs/configuration.md`, generated from the sections' own comments.

use std::fmt::Write as _;

use serde_json::Value;

use super::keys::{Key, SECTIONS, Section};

const HEAD: &str = "\
# Configuration

<!-- Generated from crates/backlot/src/config/sections. Do not edit: change the comments there and
run `BACKLOT_BLESS=1 cargo test -p backlot references`. -->

The configuration is `backlot.toml` in the current folder, or the file that `--config` names. `backlot init` writes one with every key.
Flags take precedence over environment variables, and environment variables over the file. Paths are relative to the file's folder.

An environment variable contains the value itself. Lists are separated by commas (`a, b`) or written as TOML (`[\"a\", \"b\"]`), tables
are written as TOML. For a section that can be repeated, the name contains the number of the entry, from 0. `WIX_CLIENT_ID`,
`WIX_CLIENT_SECRET` and `WIX_CLIENT_PUBLIC_KEY` set `app.id`, `app.secret` and `app.public_key`.

A duration has a unit: `\"30s\"`, `\"5m\"`, `\"24h\"`. A size is a number of bytes, or has a unit: `\"32KiB\"`, `\"10MiB\"`.
`{ env = \"NAME\" }` reads a value from an environment variable, `{ file = \"path\" }` from a file,
`{ command = [\"program\", \"argument\"] }` from the output of a program, and `{ secret = \"NAME\" }` from the secrets in the database
(`backlot secret set NAME`).
";

pub(crate) fn page() -> String {
    SECTIONS.iter().fold(HEAD.to_owned(), |mut page, section| {
        write_section(&mut page, section);
        page
    })
}

fn write_section(page: &mut String, section: &Section) {
    let header = match section.name.strip_suffix("[]") {
        Some(name) => format!("[[{name}]]"),
        None => format!("[{}]", section.name),
    };
    let _ = write!(page, "\n## `{header}`\n\n{}\n", section.description);
    for key in &section.keys {
        write_key(page, key);
    }
}

fn write_key(page: &mut String, key: &Key) {
    let name = key.path.rsplit('.').next().unwrap_or_default();
    let default = match &key.default {
        Some(value) if !is_empty(value) => format!(", `{}`", as_toml(value)),
        _ => String::new(),
    };
    let _ = write!(
        page,
        "\n### `{name}`\n\n{}{default}. `{}`\n\n{}\n",
        key.type_name,
        key.variable(0),
        key.description,
    );
}

fn is_empty(value: &Value) -> bool {
    value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty)
}

fn as_toml(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(as_toml).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}
