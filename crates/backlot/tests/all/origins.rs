//! Which pages a configuration lets in.

use backlot::config::Mode;

use super::config::{APP, complaint, load};

const HOST: &str = "https://my-app-1a2b3c.wix-host.com";

/// What holds of these origins with `[cors]` as given.
fn are_allowed(cors: &str, mode: Mode, variables: &[(&str, &str)], origins: &[&str]) -> Vec<bool> {
    let resolved = load(&format!("{APP}{cors}"), mode, variables).unwrap();
    let policy = &resolved.settings.cors;
    origins.iter().map(|origin| policy.allows(origin)).collect()
}

#[test]
fn pages_of_todays_cli_are_let_in_by_default() {
    let let_in = [
        HOST,
        "https://a.wix-host.com",
        "https://7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c.wix.run",
    ];
    assert_eq!(are_allowed("", Mode::Serve, &[], &let_in), [true; 3]);
    let refused = [
        "https://wix-host.com",
        "https://.wix-host.com",
        "https://a.b.wix-host.com",
        "http://a.wix-host.com",
        "https://a.wix-host.com:8443",
        "https://a.wix-host.com.evil.example",
        "https://awix-host.com",
        "https://a.wix-site-host.com",
        "https://A.wix-host.com",
        "https://a.wix-host.com.",
        "https://evil.example#.wix-host.com",
        "https://another-app.wix.run",
    ];
    assert_eq!(are_allowed("", Mode::Serve, &[], &refused), [false; 12]);
    assert_eq!(are_allowed("", Mode::Dev, &[], &refused), [false; 12]);
}

#[test]
fn hosts_are_turned_off_or_narrowed() {
    let origins = [HOST, "https://other.wix-host.com"];
    for (cors, variable, allowed) in [
        ("[cors]\nwix_hosts = true", "", [true, true]),
        ("[cors]\nwix_hosts = false", "", [false, false]),
        ("[cors]\nwix_hosts = []", "", [false, false]),
        ("[cors]\nwix_hosts = [\"my-app-1a2b3c\"]", "", [true, false]),
        ("", "false", [false, false]),
        ("", "true", [true, true]),
        ("", "my-app-1a2b3c, second", [true, false]),
        ("", "[\"my-app-1a2b3c\"]", [true, false]),
    ] {
        let variables = [("BACKLOT_CORS_WIX_HOSTS", variable)];
        let found = are_allowed(cors, Mode::Serve, &variables, &origins);
        assert_eq!(found, allowed, "{cors} {variable}");
    }
    for name in [
        "",
        "*",
        "a.b",
        "https://a.wix-host.com",
        "a.wix-host.com",
        "My-App",
        "a b",
    ] {
        let said = complaint(&format!("[cors]\nwix_hosts = [{name:?}]"));
        assert!(
            said.contains("cors.wix_hosts[0]: ") && said.contains("my-app-1a2b3c"),
            "{said}"
        );
    }
    let said = complaint("[cors]\nwix_hosts = \"all\"");
    assert!(
        said.contains("`true`, `false`, or a list of names"),
        "{said}"
    );
}

#[test]
fn development_sites_are_let_in_on_a_developers_machine() {
    let sites = ["https://a-b1.wix-development-sites.org"];
    assert_eq!(are_allowed("", Mode::Dev, &[], &sites), [true]);
    assert_eq!(are_allowed("", Mode::Serve, &[], &sites), [false]);
}

/// Browsers send the other spelling.
#[test]
fn origins_may_have_letters_of_their_own() {
    let cors = "[cors]\norigins = [\"https://bäckerei.example\", \"https://*.straße.example\"]";
    let origins = [
        "https://xn--bckerei-5wa.example",
        "https://a.xn--strae-oqa.example",
        "https://bckerei.example",
    ];
    assert_eq!(
        are_allowed(cors, Mode::Serve, &[], &origins),
        [true, true, false]
    );
}
