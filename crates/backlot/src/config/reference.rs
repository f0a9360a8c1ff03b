//! `docs/configuration.md`, generated from the sections' own comments.

use std::fmt::Write as _;

use serde_json::Value;

use super::keys::{Key, SECTIONS, Section};

const HEAD: &str = "\
# Configuration

<!-- Generated from crates/backlot/src/config/sections. Do not edit: change the comments there and
run `BACKLOT_BLESS=1 cargo test -p backlot references`. -->

`backlot.toml` in the current folder, or the file that `--config` names. `backlot init` writes one
with every key in it. Flags beat the environment, the environment beats the file. Paths are relative
to the file's folder.

An environment variable holds the value itself; lists are written with commas (`a, b`) or as TOML
(`[\"a\", \"b\"]`), tables as TOML. In a list of sections the number of the entry, from 0, stands in
the name. `WIX_CLIENT_ID`, `WIX_CLIENT_SECRET` and `WIX_CLIENT_PUBLIC_KEY` set `app.id`, `app.secret`
and `app.public_key`.

A length of time is written with its unit: `\"30s\"`, `\"5m\"`, `\"24h\"`. A size is a number of bytes,
or `\"32KiB\"`, `\"10MiB\"`. `{ env = \"NAME\" }` reads a value from an environment variable,
`{ file = \"path\" }` from a file, `{ command = [\"program\", \"argument\"] }` from what a program prints, and
`{ secret = \"NAME\" }` from the secrets that Backlot keeps (`backlot secret set NAME`).
";

/// The whole page.
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
