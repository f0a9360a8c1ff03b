//! `[events]` and `[[subscription]]`: defaults, and what is said of mistakes.

use std::fmt::Write as _;
use std::time::Duration;

use backlot::config::Mode;
use backlot_outbound::nats::NatsCredential;
use backlot_server::events::EventDestination;

use crate::config::{APP, complaint, load};

const SUBSCRIPTION: &str =
    "[[subscription]]\nname = \"all\"\nto = \"http://127.0.0.1:3000/events\"\n";
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[test]
fn a_subscription_needs_a_name_and_a_destination() {
    let text = format!("{APP}[events]\nkeep = \"7d\"\n{SUBSCRIPTION}");
    let resolved = load(&text, Mode::Serve, &[]).unwrap_or_else(|said| panic!("{said}"));
    let events = &resolved.settings.events;
    assert_eq!(events.retention, jiff::SignedDuration::from_hours(7 * 24));
    assert_eq!((events.keep_count, events.body_bytes), (None, 4 << 20));
    let subscription = &events.subscriptions[0];
    assert_eq!(subscription.timeout, Duration::from_secs(10));
    assert_eq!(subscription.max_attempts.get(), 12);
    assert_eq!(subscription.concurrency.get(), 16);
    assert_eq!(subscription.backoff[4], Duration::from_hours(1));
    assert!(subscription.allow_echo && subscription.secrets.is_empty());
    assert!(subscription.patterns[0].matches("AppInstalled"));
    assert!(resolved.warnings.is_empty(), "{:?}", resolved.warnings);
}

#[test]
fn secrets_and_keys_rotate() {
    let two = format!(
        "{SUBSCRIPTION}secret = [{{ secret = \"new\" }}, {{ env = \"OLD\" }}]\nfilter = {{ \"data.n\" = [1, \"a\"] }}\n"
    );
    let app = APP.replace(
        "{ env = \"KEY\" }",
        "[{ env = \"KEY\" }, { env = \"KEY\" }]",
    );
    let resolved = load(&format!("{app}{two}"), Mode::Serve, &[("OLD", SECRET)]);
    let resolved = resolved.unwrap_or_else(|said| panic!("{said}"));
    assert_eq!(resolved.settings.events.subscriptions[0].secrets.len(), 2);
    assert_eq!(resolved.settings.public_keys.len(), 2);
}

#[test]
fn a_subscription_without_the_public_key_gets_nothing_of_wix() {
    let app = APP.replace("public_key = { env = \"KEY\" }\n", "");
    let resolved = load(&format!("{app}{SUBSCRIPTION}"), Mode::Serve, &[]);
    let warnings = resolved.unwrap_or_else(|said| panic!("{said}")).warnings;
    assert!(
        warnings[0].contains("app.public_key: it is not set"),
        "{warnings:?}"
    );
    let entry = "[[api]]\npath = \"/pay\"\nupstream = \"http://h\"\nauth = \"wix_digest\"\n";
    let said = load(&format!("{app}{entry}"), Mode::Serve, &[])
        .err()
        .unwrap();
    assert!(said.contains("app.public_key: an entry with"), "{said}");
    let said = complaint(&format!("{entry}allow = [\"owner\"]\n"));
    assert!(
        said.contains("api[0].auth: `auth = \"wix_digest\"` is for"),
        "{said}"
    );
    assert!(load(&format!("{APP}{entry}"), Mode::Serve, &[]).is_ok());
}

#[test]
fn mistakes_name_line_cause_and_remedy() {
    let mut others = String::new();
    for (line, expected) in [
        (
            "name = \"a b\"",
            "subscription[0].name: \"a b\" is not a name of 1 to 40",
        ),
        (
            "to = \"nats://127.0.0.1\"",
            "subscription[0].to: this address names no subject",
        ),
        (
            "to = \"tls://me:hush@host/events\"",
            "subscription[0].to: this address contains a user, password or token",
        ),
        (
            "nats = { token = { env = \"KEY\" } }",
            "subscription[0].nats: the events do not go to NATS",
        ),
        (
            "to = \"ftp://127.0.0.1/events\"",
            "subscription[0].to: this address is not of the form",
        ),
        (
            "to = \"http://me:hush@host/\"",
            "subscription[0].to: this address has a user or password",
        ),
        ("events = []", "subscription[0].events: the list is empty"),
        (
            "events = [\"a\", \"a*b\"]",
            "subscription[0].events[1]: \"a*b\" is not a pattern: `*` may only",
        ),
        (
            "secret = \"hush\"",
            "subscription[0].secret: the secret is in the file itself",
        ),
        (
            "secret = { inline = \"hush!\" }",
            "subscription[0].secret: the secret is not `whsec_` and base64",
        ),
        (
            "secret = { inline = \"whsec_aHVzaA==\" }",
            "subscription[0].secret: the secret is shorter",
        ),
        ("secret = []", "subscription[0].secret: the list is empty"),
        (
            "secret = { instance_secret = \"x\" }",
            "subscription[0].secret: a subscription has events of all",
        ),
        ("order = \"site\"", "backlot.toml:8: subscription[0].order"),
        ("timeout = \"0s\"", "subscription[0].timeout: it is zero"),
        ("max_attempts = 0", "subscription[0].max_attempts"),
        ("backoff = []", "subscription[0].backoff: the list is empty"),
        (
            "concurrency = 2000",
            "subscription[0].concurrency: it is larger than 1000",
        ),
        (
            "filter = { \"a..b\" = 1 }",
            "subscription[0].filter: \"a..b\": it is neither",
        ),
        ("patterns = []", "subscription[0].patterns: unknown key"),
    ] {
        let key = line.split(' ').next().unwrap();
        let name = format!("{key} ");
        let kept = SUBSCRIPTION
            .lines()
            .filter(|other| !other.starts_with(&name));
        let rest = kept.collect::<Vec<_>>().join("\n") + "\n";
        let said = complaint(&format!("{rest}{line}\n"));
        assert!(!said.contains("hush"), "a secret is repeated: {said}");
        let has_place = said.contains("backlot.toml:") && said.contains("hint: ");
        if !has_place || !said.contains(&expected.replace("backlot.toml:8: ", "")) {
            let _ = writeln!(
                others,
                "{line}\n--- expected:\n{expected}\n--- said:\n{said}"
            );
        }
    }
    let twice = complaint(&format!("{SUBSCRIPTION}{SUBSCRIPTION}"));
    assert!(
        twice.contains("subscription[1].name: another subscription is named all"),
        "{twice}"
    );
    assert!(others.is_empty(), "{others}");
}

/// A certificate of an authority that nothing trusts.
const CA: &str = "-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIULthF3Vgk2ELDWQygFMpqHNML+wIwCgYIKoZIzj0EAwIw
ITEfMB0GA1UEAwwWQmFja2xvdCB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjQxNzI5
NTVaGA8yMTI2MTAzMTE3Mjk1NVowITEfMB0GA1UEAwwWQmFja2xvdCB0ZXN0IGF1
dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH8A7IwnhgAHaaL7sf8h
x8r5WTmbfzlifTyqIavWKafRvHhuDfTGS4srtksBIbImVILH66MfkYAe9+/5cRVQ
1JWjUzBRMB0GA1UdDgQWBBSoJqVbS2gfcSovy3qTanazEet6VzAfBgNVHSMEGDAW
gBSoJqVbS2gfcSovy3qTanazEet6VzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49
BAMCA0gAMEUCIQCd6Ih6kRra/+EuImkRAg34amQKPcd677/askesoGDKvgIgeMly
59X53gh/Cf7BfHn4/Q0Nc2gq+1kJDhB9UvPof90=
-----END CERTIFICATE-----";

#[test]
fn a_nats_server_gets_a_credential() {
    for (access, expected) in [
        ("", "none"),
        ("nats = {}", "none"),
        (
            "nats = { user = \"me\", password = { env = \"PASSWORD\" } }",
            "password",
        ),
        ("nats = { token = { env = \"PASSWORD\" } }", "token"),
        (
            "nats = { token = { inline = \"hush\" }, ca = { env = \"CA\" } }",
            "token",
        ),
    ] {
        let text = format!(
            "{APP}[[subscription]]\nname = \"all\"\nto = \"tls://nats:4222/events.{{type}}\"\n{access}\n"
        );
        let variables = [("PASSWORD", "hush"), ("CA", CA)];
        let resolved = load(&text, Mode::Serve, &variables);
        let resolved = resolved.unwrap_or_else(|said| panic!("{access}: {said}"));
        let destination = &resolved.settings.events.subscriptions[0].destination;
        let EventDestination::Nats(publisher) = destination else {
            panic!("{access}");
        };
        assert!(publisher.is_tls());
        let access = publisher.access();
        let credential = match &access.credential {
            NatsCredential::None => "none",
            NatsCredential::Password { user, password } => {
                assert_eq!((&**user, password.reveal()), ("me", "hush"));
                "password"
            }
            NatsCredential::Token(token) => {
                assert_eq!(token.reveal(), "hush");
                "token"
            }
        };
        assert_eq!(credential, expected);
        assert!(!format!("{access:?}").contains("hush"), "{access:?}");
    }
}

#[test]
fn mistakes_of_a_nats_credential_name_their_keys() {
    for (access, expected) in [
        (
            "{ user = \"me\" }",
            "subscription[0].nats.user: the user has no password",
        ),
        (
            "{ password = { env = \"KEY\" } }",
            "subscription[0].nats.password: the password has no user",
        ),
        (
            "{ user = \"me\", password = \"hush\" }",
            "subscription[0].nats.password: the secret is in the file itself",
        ),
        (
            "{ user = \"me\", password = { env = \"KEY\" }, token = { env = \"KEY\" } }",
            "subscription[0].nats.token: there is a user or password as well",
        ),
        (
            "{ token = { env = \"NOT_SET\" } }",
            "subscription[0].nats.token: the environment variable NOT_SET is not set",
        ),
        (
            "{ token = { secret = \"nats\" } }",
            "subscription[0].nats.token: the secret nats has not been set",
        ),
        (
            "{ ca = { env = \"KEY\" } }",
            "subscription[0].nats.ca: the connection need not be encrypted",
        ),
        (
            "{ pass = \"x\" }",
            "subscription[0].nats.pass: unknown field `pass`",
        ),
    ] {
        let text =
            format!("[[subscription]]\nname = \"all\"\nto = \"nats://nats/e\"\nnats = {access}\n");
        let said = complaint(&text);
        assert!(!said.contains("hush"), "a secret is repeated: {said}");
        let has_place = said.contains("backlot.toml:") && said.contains("hint: ");
        assert!(has_place && said.contains(expected), "{access}: {said}");
    }
    let said = complaint(
        "[[subscription]]\nname = \"all\"\nto = \"tls://nats/e\"\nnats = { ca = \"ca.pem\" }\n",
    );
    let expected = "subscription[0].nats.ca: it has no certificate of an authority in PEM";
    assert!(said.contains(expected), "{said}");
}
