//! `backlot check` finds what would be found later, and ends with 1 on any finding.

use crate::harness::Place;

const SHOP: &str = "[[connection]]\nname = \"shop\"\nbase_url = \"https://shop.example\"\ncalls = [\"GET /a\"]\n\
    allow = [\"owner\"]\n[connection.auth]\nbearer = { secret = \"shop-key\" }\n";

#[test]
fn everything_is_checked_without_the_apps_values_but_they() {
    let place = Place::without_app();
    let good = place.run(&["check"]).done();
    for key in ["app.id", "app.secret"] {
        assert!(good.contains(&format!("not checked: {key}")), "{good}");
    }
    place
        .run(&["check", "--production"])
        .refused("app.id: the app id is missing");
    place.write(
        "backlot.toml",
        "[cors]\norigins = [\"shop.example\"]\n[server]\nhead_limit = \"1\"\n",
    );
    let said = place.run(&["check"]).refused("cors.origins");
    assert!(said.contains("server.head_limit"), "all at once: {said}");
}

#[test]
fn missing_secrets_and_master_keys_are_found() {
    let place = Place::new();
    place.write("backlot.toml", SHOP);
    let said = place
        .run(&["check"])
        .refused("the secret shop-key has not been set");
    assert!(
        said.contains("backlot.toml:7: connection[0].auth.bearer"),
        "{said}"
    );
    let dev = place.dev(&[]);
    dev.says("the secret shop-key has not been set");
    drop(dev);
    place
        .run_with(
            &["secret", "set", "shop-key", "--data", "data"],
            "a-long-secret-of-the-shop",
        )
        .done();
    place.run(&["check"]).done();
    place.write(
        "backlot.toml",
        &format!("{SHOP}[secrets]\nmaster_key = {{ env = \"NOT_SET\" }}\n"),
    );
    place
        .run(&["check"])
        .refused("the environment variable NOT_SET is not set");
    let inline = "[secrets]\nmaster_key = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n";
    place.write("backlot.toml", inline);
    place
        .run(&["check"])
        .refused("the key is in the file itself");
    assert_eq!(place.run(&["dev", "--listen", "0"]).code, 1);
    place.write("backlot.toml", "");
    std::fs::remove_file(place.path("data/master.key")).unwrap();
    place.run(&["check"]).refused("MASTER_KEY_MISSING");
}

#[test]
fn misspelt_variables_are_told_with_the_nearest_name() {
    let mut place = Place::new();
    place.set("BACKLOT_SERVR_LISTEN", "127.0.0.1:0");
    place.run(&["check"]).refused(
        "BACKLOT_SERVR_LISTEN: unknown variable\n  hint: did you mean BACKLOT_SERVER_LISTEN?",
    );
    let server = place.serve(&[]);
    server.says("did you mean BACKLOT_SERVER_LISTEN?");
}

#[test]
fn an_address_is_written_in_the_file_as_as_a_flag() {
    let place = Place::new();
    for (text, is_good) in [
        ("localhost:0", true),
        (":0", true),
        ("0", true),
        ("[::1]:0", true),
        ("example.com:80", false),
        ("localhost", false),
    ] {
        place.write(
            "backlot.toml",
            &format!("[server]\nlisten = \"{text}\"\n[admin]\nlisten = \"localhost:0\"\n"),
        );
        let ran = place.run(&["check"]);
        assert_eq!(ran.code, i32::from(!is_good), "{text}: {ran:?}");
        if !is_good {
            ran.refused("backlot.toml:2: server.listen: write an address and a port");
        }
    }
}

#[test]
fn a_private_key_is_no_public_key() {
    let mut place = Place::new();
    place.set(
        "WIX_CLIENT_PUBLIC_KEY",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg==\n-----END PRIVATE KEY-----\n",
    );
    place.run(&["check"]).refused("this is a private key");
}

#[test]
fn a_port_that_is_not_permitted_is_not_another_programs() {
    let place = Place::new();
    // Of no machine: the system says so, and not that somebody has it.
    let ran = place.run(&["serve", "--listen", "192.0.2.1:8080", "--admin-listen", "0"]);
    let said = ran.refused("this machine has no address 192.0.2.1");
    assert!(!said.contains("another program"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place
        .run(&["serve", "--listen", &address, "--admin-listen", "0"])
        .refused("another program has this address");
}

#[test]
fn no_part_of_a_password_is_printed() {
    let mut place = Place::new();
    for url in [
        "postgres://postgres:s3cr@tpw@127.0.0.1:1/h2",
        "postgres://postgres:s3cr/tpw@x@127.0.0.1:1/h2",
        "postgres://127.0.0.1:1/h2?user=postgres&password=s3cr@tpw",
        "postgres://postgres:s3cr",
        "s3cr@tpw@127.0.0.1",
    ] {
        place.set("BACKLOT_DATABASE_URL", url);
        for command in [
            &["check"][..],
            &["migrate"],
            &["instance", "list"],
            &["backup", "x"],
            &["serve", "--listen", "0", "--admin-listen", "0"],
            &["database", "copy", "--to", url],
        ] {
            let ran = place.run(command);
            let said = format!("{}{}", ran.out, ran.err);
            assert!(!said.contains("s3cr") && !said.contains("tpw"), "{said}");
            assert_eq!(ran.code, 1, "{said}");
        }
    }
}

#[test]
fn what_is_not_there_is_said_so() {
    let place = Place::new();
    place
        .run(&["backup", "verify", "nofile"])
        .refused("there is no backup: nofile does not exist");
    place
        .run(&["connection", "test", "nope"])
        .refused("the configuration has none; [[connection]] adds one");
    let url = "[database]\nurl = \"postgres://a:b@127.0.0.1:1/x\"\n";
    place.write("backlot.toml", url);
    let said = place.run(&["check"]).refused("127.0.0.1");
    assert_eq!(said.matches("error: ").count(), 1, "said once: {said}");
}
