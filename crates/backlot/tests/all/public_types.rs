//! The public signatures of the library name only its own types and those of a few crates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The files that define what `backlot` exports. `backlot_wix` is part of its interface as a whole.
const FILES: [&str; 20] = [
    "backlot/src/config/error.rs",
    "backlot/src/error.rs",
    "backlot/src/library/builder.rs",
    "backlot/src/library/mount.rs",
    "outbound/src/wix/error.rs",
    "server/src/error/api_error.rs",
    "server/src/events/handler.rs",
    "server/src/extract/caller.rs",
    "server/src/extract/connections/extractor.rs",
    "server/src/extract/connections/request.rs",
    "server/src/extract/connections/response.rs",
    "server/src/extract/items/error.rs",
    "server/src/extract/items/extractor.rs",
    "server/src/extract/items/query.rs",
    "server/src/extract/items/write.rs",
    "server/src/extract/wix/extractor.rs",
    "server/src/extract/wix/request.rs",
    "server/src/extract/wix/response.rs",
    "server/src/server.rs",
    "server/src/startup_error.rs",
];

/// Crates whose types may appear in public signatures.
const ALLOWED: [&str; 8] = [
    "std",
    "axum",
    "backlot_wix",
    "bytes",
    "http",
    "jiff",
    "serde",
    "serde_json",
];

/// Types of other crates of ours that are reachable through an exported error, to be matched as `_` or printed.
const REACHABLE: [&str; 4] = ["StoreError", "SigningKeyError", "TokenRefused", "BodyError"];

#[test]
fn signatures_name_no_foreign_types() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let library = std::fs::read_to_string(crates.join("backlot/src/lib.rs")).unwrap();
    let exported = exported(&library);
    let mut foreign = Vec::new();
    for file in FILES {
        let text = std::fs::read_to_string(crates.join(file)).unwrap();
        let text = text.split("#[cfg(test)]\nmod").next().unwrap();
        let imports = imports(text);
        for signature in signatures(text) {
            for name in words(&signature) {
                let Some(root) = imports.get(name) else {
                    continue;
                };
                let is_ours = exported.contains(name) || REACHABLE.contains(&name);
                if !ALLOWED.contains(&root.as_str()) && !is_ours {
                    foreign.push(format!("{file}: {root}::…::{name} in {signature}"));
                }
            }
        }
    }
    assert!(foreign.is_empty(), "{}", foreign.join("\n"));
}

/// The names that a file exports with `pub use`.
fn exported(text: &str) -> BTreeSet<&str> {
    let uses = text.split("pub use ").skip(1);
    uses.flat_map(|it| words(it.split(';').next().unwrap()))
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_')
        .filter(|word| !word.is_empty())
}

/// The crate that each imported name comes from.
fn imports(text: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let uses = text.split("\nuse ").skip(1);
    for path in uses.map(|it| it.split(';').next().unwrap()) {
        let root = words(path).next().unwrap();
        let types = words(path)
            .skip(1)
            .filter(|it| it.starts_with(char::is_uppercase));
        found.extend(types.map(|name| (name, root.to_owned())));
    }
    found
}

/// The text of each public function, and of the fields and variants of public types.
fn signatures(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    let mut is_hidden = false;
    while let Some(line) = lines.next() {
        let code = line.trim();
        is_hidden |= code == "#[doc(hidden)]";
        let is_function = ["pub fn", "pub const fn", "pub async fn"]
            .iter()
            .any(|start| code.starts_with(start));
        let is_type = code.starts_with("pub enum");
        if !is_function && !is_type {
            if code.starts_with("pub ") && code.contains(": ") {
                found.push(code.to_owned());
            }
            continue;
        }
        let mut signature = code.to_owned();
        let is_complete = |it: &str| {
            if is_type {
                it.ends_with("\n}")
            } else {
                it.ends_with('{') || it.ends_with(';')
            }
        };
        while !is_complete(&signature) {
            let Some(next) = lines.next() else { break };
            if !next.trim().starts_with("//") && !next.trim().starts_with("#[") {
                signature = format!("{signature}\n{}", next.trim());
            }
        }
        if !std::mem::take(&mut is_hidden) {
            found.push(signature);
        }
    }
    found
}

#[test]
fn signatures_are_found_in_every_form() {
    let text = "\nuse a::{B, c::D};\n\npub enum E {\n    /// Documented.\n    F(B),\n}\n\nimpl E {\n    pub fn g(\n        \
                self,\n    ) -> D {\n        B\n    }\n    #[doc(hidden)]\n    pub fn h(b: B) {}\n}\n";
    let found = signatures(text);
    assert_eq!(
        found,
        ["pub enum E {\nF(B),\n}", "pub fn g(\nself,\n) -> D {"]
    );
    assert_eq!(imports(text)["D"], "a");
}
