//! The modules of a crate stand in an order, which ARCHITECTURE.md lists: each imports only from those above it.

use std::collections::HashMap;
use std::path::Path;

/// Crates whose modules are listed.
const ORDERED: [&str; 4] = ["store", "server", "outbound", "backlot"];

#[test]
fn modules_import_from_above() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for name in ORDERED {
        let listed = listed(&architecture, name);
        let source = root.join("crates").join(name).join("src");
        let mut wrong = Vec::new();
        let mut seen = Vec::new();
        for file in rust_files(&source) {
            let path = file.strip_prefix(&source).unwrap().to_str().unwrap();
            let Some(module) = module_of(path) else {
                continue;
            };
            let Some(own) = listed.get(module) else {
                wrong.push(format!("{module} is not in ARCHITECTURE.md"));
                continue;
            };
            seen.push(module.to_owned());
            let text = std::fs::read_to_string(&file).unwrap();
            for used in imports(&text, depth_of(path)) {
                match listed.get(&*used) {
                    Some(place) if place > own => {
                        wrong.push(format!(
                            "{path} may not import {used}, which is below {module}"
                        ));
                    }
                    _ => {}
                }
            }
        }
        let gone = listed.keys().filter(|module| !seen.contains(module));
        wrong.extend(gone.map(|module| format!("{module} is in ARCHITECTURE.md only")));
        wrong.sort_unstable();
        wrong.dedup();
        assert!(wrong.is_empty(), "crates/{name}:\n{}", wrong.join("\n"));
    }
}

/// The modules of a crate and their places in its list, a fenced block that is named like the crate.
fn listed(architecture: &str, name: &str) -> HashMap<String, usize> {
    let fence = format!("```{name}\n");
    let (_, list) = architecture.split_once(&fence).unwrap();
    let (list, _) = list.split_once("```").unwrap();
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let places = names.map(str::to_owned).enumerate();
    places.map(|(place, name)| (name, place)).collect()
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files
}

/// The module at the top of the crate that a file belongs to. `None` for the crate's root.
fn module_of(path: &str) -> Option<&str> {
    let first = path.split('/').next()?.trim_end_matches(".rs");
    (first != "lib" && first != "main").then_some(first)
}

/// How many modules a file lies below the crate's root.
fn depth_of(path: &str) -> usize {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').count()
}

/// The modules at the top of the crate that a text names in its code.
fn imports(text: &str, depth: usize) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        assert!(
            !code.contains("crate::{"),
            "name each module by itself: {line}"
        );
        let crate_root = "super::".repeat(depth);
        for start in ["crate::", &*crate_root] {
            for (at, _) in code.match_indices(start) {
                let begins = !code[..at]
                    .ends_with(|it: char| it.is_alphanumeric() || it == '_' || it == ':');
                let name: String = code[at + start.len()..]
                    .chars()
                    .take_while(|it| it.is_alphanumeric() || *it == '_')
                    .collect();
                if begins && !name.is_empty() {
                    found.push(name);
                }
            }
        }
    }
    found
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "use crate::one::X;\n    crate::two::y();\n// crate::three\nuse super::super::four::Z;\n\
                let a = backlot_crate::five();\nuse super::six;\npub(in crate::seven) fn f() {}";
    assert_eq!(imports(text, 2), ["one", "two", "four", "seven"]);
    assert_eq!(imports("use super::six;", 1), ["six"]);
}
