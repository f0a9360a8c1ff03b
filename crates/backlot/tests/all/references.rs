//! The generated pages of `docs/` are those in the repository.

use std::path::Path;

#[test]
fn generated_pages_are_up_to_date() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (name, generated) in backlot::references::pages() {
        let path = docs.join(name);
        if std::env::var_os("BACKLOT_BLESS").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == generated,
            "docs/{name} is out of date: run `BACKLOT_BLESS=1 cargo test -p backlot references`"
        );
    }
}

#[test]
fn the_readme_says_what_rust_is_needed_and_where_a_server_listens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let needed = env!("CARGO_PKG_RUST_VERSION");
    let sentence = format!("You need Rust {needed} or newer");
    assert!(readme.contains(&sentence), "{sentence:?} is not in it");
    // Who reaches the developer's server past Backlot may say who calls.
    let snippet = readme.split("```").nth(1).unwrap();
    assert!(
        snippet.contains("app.listen(3000, \"127.0.0.1\")"),
        "{snippet}"
    );
}
