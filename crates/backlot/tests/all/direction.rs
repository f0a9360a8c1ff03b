//! The crates point one way: `backlot → server, simulator`; `server → store, outbound, wix`;
//! `outbound → wix`; `store → wix`; `simulator → wix`.

use std::path::Path;

const MAY_USE: [(&str, &[&str]); 6] = [
    ("wix", &[]),
    ("store", &["wix"]),
    ("outbound", &["wix"]),
    ("simulator", &["wix"]),
    ("server", &["store", "outbound", "wix"]),
    (
        "backlot",
        &["server", "simulator", "store", "outbound", "wix"],
    ),
];

#[test]
fn crates_point_one_way() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        let folder = entry.unwrap().file_name().into_string().unwrap();
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == folder)
            .unwrap_or_else(|| panic!("crates/{folder} has no place in the house plan"));
        let manifest = std::fs::read_to_string(crates.join(&folder).join("Cargo.toml")).unwrap();
        let used = manifest
            .lines()
            .filter_map(|line| line.strip_prefix("backlot-"))
            .filter_map(|line| line.split(['.', ' ', '=']).next());
        // The tests of a crate may use it with a feature.
        for name in used.filter(|name| *name != folder) {
            assert!(
                allowed.contains(&name),
                "crates/{folder} may not use {name}"
            );
        }
        seen.push(folder);
    }
    assert_eq!(seen.len(), MAY_USE.len(), "found {seen:?}");
}
