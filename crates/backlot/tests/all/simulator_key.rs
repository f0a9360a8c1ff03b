//! Webhooks of the simulator's app are verified beside those of the configured one.

use std::path::Path;

use backlot::config::{Fallback, Mode, Source, resolve};

const CONFIGURED: &str = include_str!("wix-public-key.pem");

/// The keys that are in force, as PEM.
fn keys_with(text: &str, simulated: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.toml");
    std::fs::write(&path, text).unwrap();
    let environment = |name: &str| (name == "KEY").then(|| CONFIGURED.to_owned());
    let source = Source::read(Some(&path), &environment).unwrap();
    let app = (
        "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c",
        "a-secret-of-the-app",
    );
    let fallback = Fallback {
        app: Some((app.0.to_owned(), app.1.to_owned())),
        public_key: Some(simulated.to_owned()),
    };
    let data = Path::new("data");
    let resolved = resolve(&source, Mode::Dev, &fallback, data, &environment).unwrap();
    let keys = resolved.settings.public_keys.iter();
    keys.map(|key| key.pem().trim().to_owned()).collect()
}

#[test]
fn a_configured_key_is_not_the_only_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    let mut guid = || {
        number += 1;
        uuid::Uuid::from_u64_pair(0, number)
    };
    let path = folder.path().join("simulator.json");
    let world = backlot_simulator::world::load_or_make(&path, &mut guid).unwrap();
    let simulated = world.app.public_key;
    let simulated = simulated.trim();
    assert_eq!(keys_with("", simulated), [simulated]);
    let configured = keys_with("[app]\npublic_key = { env = \"KEY\" }\n", simulated);
    assert_eq!(configured, [CONFIGURED.trim(), simulated]);
}
