//! The configuration: what wins, and what a person reads when something is wrong.

use std::fmt::Write as _;
use std::path::PathBuf;

use backlot::config::{Fallback, Mode, Resolved, Source, resolve};

const KEY: &str = include_str!("wix-public-key.pem");
pub(crate) const APP: &str = "[app]\nid = \"7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c\"\n\
    secret = { env = \"SECRET\" }\npublic_key = { env = \"KEY\" }\n";

/// Reads `text` as a file, with these variables and the two that [`APP`] names.
pub(crate) fn load(text: &str, mode: Mode, variables: &[(&str, &str)]) -> Result<Resolved, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backlot.toml");
    std::fs::write(&path, text).unwrap();
    let environment = |name: &str| {
        let given = variables.iter().find(|(known, _)| *known == name);
        match (given, name) {
            (Some((_, value)), _) => Some((*value).to_owned()),
            (None, "SECRET") => Some("a-secret-of-the-app".to_owned()),
            (None, "KEY") => Some(KEY.to_owned()),
            _ => None,
        }
    };
    let shorten = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    let source =
        Source::read(Some(&path), &environment).map_err(|error| shorten(error.to_string()))?;
    let data = PathBuf::from("data");
    resolve(&source, mode, &Fallback::default(), &data, &environment)
        .map_err(|error| shorten(error.to_string()))
}

/// What is said about a faulty text, after [`APP`], in production.
pub(crate) fn complaint(rest: &str) -> String {
    match load(&format!("{APP}{rest}"), Mode::Serve, &[]) {
        Ok(_) => panic!("accepted: {rest}"),
        Err(text) => text,
    }
}

/// What is written, and what is said of it.
const MISTAKES: &[(&str, &str)] = &[
    (
        "[cors]\norigin = []",
        "backlot.toml:6: cors.origin: unknown key\n  hint: did you mean `origins`?",
    ),
    (
        "[crs]\n",
        "backlot.toml:5: crs: unknown section\n  hint: did you mean `cors`?",
    ),
    (
        "[data]\nsilence_timeout = \"30s\"",
        "backlot.toml:6: data.silence_timeout: the key was renamed to idle_timeout\n  hint: write \
         `idle_timeout`, which has the same meaning",
    ),
    ("[server]\nlisten = 8080", "backlot.toml:6: server.listen: "),
    (
        "[server]\nhead_timeout = \"soon\"",
        "not a duration such as \"30s\"",
    ),
    (
        "[server]\nhead_timeout = 30",
        "not a duration such as \"30s\"",
    ),
    (
        "[websocket]\nmax_lifetime = \"0s\"",
        "backlot.toml:6: websocket.max_lifetime: it is zero",
    ),
    (
        "[websocket]\nmax_life = \"5m\"",
        "did you mean `max_lifetime`?",
    ),
    (
        "[server]\nhead_limit = \"1B\"",
        "it must be between 1KiB and 1MiB",
    ),
    (
        "[server]\nbody_timeout = \"0s\"",
        "backlot.toml:6: server.body_timeout: it is zero",
    ),
    (
        "[server]\nmin_transfer_rate = 0",
        "backlot.toml:6: server.min_transfer_rate: it must be between 1B and 4GiB",
    ),
    (
        "[server]\nmax_buffered_bytes = \"100MiB\"",
        "backlot.toml:6: server.max_buffered_bytes: an instance may use a quarter of it",
    ),
    (
        "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]",
        "server.trusted_proxies[0]: \"10.0.0.0/33\" is not a network",
    ),
    (
        "[cors]\norigins = [\n  \"https://a.example\",\n  \"*\",\n]",
        "backlot.toml:8: cors.origins[1]: \"*\": `*` would let every page",
    ),
    (
        "[cors]\nlocalhost = true",
        "backlot.toml:6: cors.localhost: ",
    ),
    (
        "[cors]\norigins = [\"http://a.example\"]",
        "plain http can be changed",
    ),
    (
        "[admin]\nlisten = \"0.0.0.0:8081\"",
        "backlot.toml:6: admin.listen: the admin listener has no login",
    ),
    (
        "[database]\nurl = \"mysql://u:hush@h/d\"",
        "backlot.toml:6: database.url: \"mysql\" is not a supported kind of database",
    ),
    (
        "[database]\nurl = \"postgres://postgres:hush@hush2@127.0.0.1:5432/h2\"",
        "backlot.toml:6: database.url: the URL of the database cannot be read",
    ),
    (
        "[database]\nurl = \"postgres:hush@hush2@127.0.0.1\"",
        "backlot.toml:6: database.url: this is not the address of a database",
    ),
    (
        "[[api]]\npath = \"/api\"",
        "api[0].upstream: this address is not of the form",
    ),
    (
        "[[api]]\npath = \"/api\"\nupstream = \"http://127.0.0.1:1\"",
        "api[0].allow: no role may call this entry",
    ),
    (
        "[[api]]\npath = \"/whoami\"\nupstream = \"http://h\"\nauth = \"none\"",
        "api[0].path: /whoami is reserved",
    ),
    (
        "[[api]]\npath = \"/a\"\nupstream = \"http://h\"\nallow = [\"admin\"]",
        "backlot.toml:8: api[0].allow[0]: unknown variant `admin`",
    ),
    (
        "[[api]]\npath = \"/a\"\nupstream = \"http://h\"\nallow = [\"owner\"]\nmethods = [\"get\"]",
        "api[0].methods[0]: \"get\" is not a supported method",
    ),
    (
        "[[connection]]\nname = \"x\"\nreply_headers = [\"x-a\", \"Access-Control-Allow-*\"]",
        "backlot.toml:7: connection[0].reply_headers: Access-Control-Allow-* determines which pages \
         may read a response, which is configured in [cors]\n  hint: remove it",
    ),
    (
        "[[connection]]\nname = \"x\"\nadd_reply_headers = { \"access-control-allow-origin\" = \"*\" }",
        "connection[0].add_reply_headers.access-control-allow-origin: access-control-allow-origin determines",
    ),
    (
        "[[api]]\npath = \"/a\"\nupstream = \"http://h\"\nallow = [\"owner\"]\npass_headers = [\"x-backlot-role\"]",
        "api[0].pass_headers[0]: \"x-backlot-role\" is not a header that overrides a path or a method",
    ),
    (
        "[data]\nvisitor_rate_limit = { requests = 5, per = \"0s\" }",
        "backlot.toml:6: data.visitor_rate_limit.per: it is zero",
    ),
    ("[app", "this is not TOML"),
];

#[test]
fn mistakes_name_line_cause_and_remedy() {
    let mut others = String::new();
    for (text, expected) in MISTAKES {
        let said = complaint(text);
        assert!(!said.contains("hush"), "a secret is repeated: {said}");
        if !said.contains(expected) {
            let _ = writeln!(
                others,
                "{text}\n--- expected:\n{expected}\n--- said:\n{said}"
            );
        }
    }
    assert!(others.is_empty(), "{others}");
}

#[test]
fn everything_wrong_is_said_at_once() {
    let said = load("", Mode::Serve, &[]).err().unwrap();
    for missing in [
        "app.id: the app id is missing",
        "app.secret: the app secret is missing",
    ] {
        assert!(said.contains(missing), "{said}");
    }
    assert!(
        said.contains("WIX_CLIENT_ID") && said.contains("hint:"),
        "{said}"
    );
}

#[test]
fn a_secret_in_the_file_is_only_taken_where_it_is_meant() {
    let with = |secret: &str| APP.replace("{ env = \"SECRET\" }", secret);
    let said = load(&with("\"in the file\""), Mode::Serve, &[])
        .err()
        .unwrap();
    assert!(
        said.contains("backlot.toml:3: app.secret: the secret is in the file itself"),
        "{said}"
    );
    assert!(!said.contains("in the file\""), "{said}");
    assert!(load(&with("{ inline = \"in the file\" }"), Mode::Serve, &[]).is_ok());
    let resolved = load(&with("\"in the file\""), Mode::Dev, &[]).unwrap();
    assert_eq!(resolved.warnings.len(), 1);
    let said = load(&with("{ env = \"NOT_SET\" }"), Mode::Serve, &[])
        .err()
        .unwrap();
    assert!(
        said.contains("the environment variable NOT_SET is not set"),
        "{said}"
    );
    let two = load(
        &with("[{ env = \"SECRET\" }, { inline = \"the old one\" }]"),
        Mode::Serve,
        &[],
    );
    assert_eq!(two.unwrap().settings.secrets.iter().len(), 2);
}

#[test]
fn the_environment_beats_the_file_and_wix_names_work_alone() {
    let listen = |variables: &[(&str, &str)]| {
        let text = format!("{APP}[server]\nlisten = \"127.0.0.1:1000\"\n");
        load(&text, Mode::Serve, variables).map(|resolved| resolved.settings.listen.to_string())
    };
    assert_eq!(listen(&[]).unwrap(), "127.0.0.1:1000");
    assert_eq!(
        listen(&[("BACKLOT_SERVER_LISTEN", "127.0.0.1:2000")]).unwrap(),
        "127.0.0.1:2000"
    );
    let said = listen(&[("BACKLOT_SERVER_LISTEN", "here")]).unwrap_err();
    assert!(
        said.contains("environment variable BACKLOT_SERVER_LISTEN: server.listen: "),
        "{said}"
    );

    let wix = [
        ("WIX_CLIENT_ID", "7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c"),
        ("WIX_CLIENT_SECRET", "from-the-environment"),
        ("WIX_CLIENT_PUBLIC_KEY", KEY),
        (
            "BACKLOT_CORS_ORIGINS",
            "https://a.example, https://b.example",
        ),
        ("BACKLOT_API_0_PATH", "/api"),
        ("BACKLOT_API_0_UPSTREAM", "http://127.0.0.1:3000"),
        ("BACKLOT_API_0_ALLOW", "[\"owner\"]"),
    ];
    let resolved = load("", Mode::Serve, &wix).unwrap_or_else(|said| panic!("{said}"));
    assert_eq!(
        resolved.settings.secrets.newest().reveal(),
        "from-the-environment"
    );
    assert!(resolved.settings.cors.allows("https://b.example"));
    assert!(
        resolved
            .settings
            .cors
            .allows("https://7f3c2c1a-9a55-4f0e-8c57-6a1d2e3f4b5c.wix.run")
    );
    assert!(!resolved.settings.cors.allows("http://localhost:5173"));
    assert_eq!(resolved.settings.api.len(), 1);
}

#[test]
fn a_credential_may_come_in_headers_of_the_apps_own() {
    let headers = |line: &str| {
        let resolved = load(&format!("{APP}{line}"), Mode::Serve, &[]).unwrap();
        let names = resolved.settings.instance_headers;
        names
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(headers(""), "x-wix-instance");
    assert_eq!(headers("instance_headers = []"), "");
    let two = "instance_headers = [\"X-My-Instance\", \"x-wix-instance\", \"x-my-instance\"]";
    assert_eq!(headers(two), "x-my-instance x-wix-instance");
    for name in [
        "Authorization",
        "Cookie",
        "x-backlot-role",
        "Content-Type",
        "TE",
        "a b",
        "",
    ] {
        let said = complaint(&format!("instance_headers = [{name:?}]"));
        assert!(said.contains("app.instance_headers[0]: "), "{name}: {said}");
    }
}

#[test]
fn an_app_has_one_name_unless_the_simulator_is_to_have_another() {
    for (sections, of_pages, of_simulator) in [
        ("", None, None),
        ("name = \"Desk\"\n", Some("Desk"), Some("Desk")),
        ("[dev]\napp_name = \"Try\"\n", Some("Try"), Some("Try")),
        (
            "name = \"Desk\"\n[dev]\napp_name = \"Try\"\n",
            Some("Desk"),
            Some("Try"),
        ),
    ] {
        let text = format!("{APP}{sections}");
        let resolved = load(&text, Mode::Dev, &[]).unwrap();
        let names = (
            resolved.settings.connections.app_name.as_deref(),
            resolved.app_name.as_deref(),
        );
        assert_eq!(names, (of_pages, of_simulator), "{sections}");
    }
    let text = format!("{APP}[dev]\napp_name = \"Try\"\n");
    let resolved = load(&text, Mode::Serve, &[]).unwrap();
    assert_eq!(resolved.settings.connections.app_name, None);
}
