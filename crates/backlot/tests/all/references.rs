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
