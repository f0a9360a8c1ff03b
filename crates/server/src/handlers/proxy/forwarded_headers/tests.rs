use super::*;

const PROXY: &str = "10.0.0.2";

/// What an upstream gets behind a trusted proxy that sends these headers, and asks for `inner:8080`.
fn behind(sent: &[(&str, &str)]) -> (HeaderMap, AskedAddress) {
    let mut headers = HeaderMap::new();
    for (name, value) in sent {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    let remote = SocketAddr::new(PROXY.parse().unwrap(), 999);
    let peer = Peer::new(remote, "10.0.0.9:80".parse().unwrap(), &trusted);
    let host = HeaderValue::from_static("inner:8080");
    let address = put_on(&mut headers, &peer, Some(host), Some("/shop"));
    (headers, address)
}

#[test]
fn both_languages_tell_one_story() {
    // for, proto, host, and Forwarded, as the upstream gets them
    for (sent, expected) in [
        (
            &[("x-forwarded-proto", "https")][..],
            [
                PROXY,
                "https",
                "inner:8080",
                "for=10.0.0.2;host=\"inner:8080\";proto=https",
            ],
        ),
        (
            &[
                ("x-forwarded-for", "9.9.9.9, 2001:db8::1"),
                ("x-forwarded-proto", "HTTPS, http"),
                ("x-forwarded-host", "app.example"),
            ],
            [
                "9.9.9.9, 2001:db8::1, 10.0.0.2",
                "https",
                "app.example",
                "for=9.9.9.9;host=\"app.example\";proto=https, for=\"[2001:db8::1]\", for=10.0.0.2;host=\"app.example\";proto=https",
            ],
        ),
        (
            &[(
                "forwarded",
                "for=\"[2001:db8::1]:99\";proto=https;host=app.example;by=_edge",
            )],
            [
                "2001:db8::1, 10.0.0.2",
                "https",
                "app.example",
                "for=\"[2001:db8::1]:99\";proto=https;host=app.example;by=_edge, for=10.0.0.2;host=\"app.example\";proto=https",
            ],
        ),
        // A client's own, that a proxy hands on which knows only the other language.
        (
            &[
                ("forwarded", "for=6.6.6.6;proto=http;host=evil.example"),
                ("x-forwarded-for", "9.9.9.9"),
                ("x-forwarded-proto", "https"),
            ],
            [
                "9.9.9.9, 10.0.0.2",
                "https",
                "inner:8080",
                "for=9.9.9.9;host=\"inner:8080\";proto=https, for=10.0.0.2;host=\"inner:8080\";proto=https",
            ],
        ),
        (
            &[
                ("forwarded", "for=6.6.6.6;proto=http"),
                ("x-forwarded-proto", "https"),
            ],
            [
                PROXY,
                "https",
                "inner:8080",
                "for=10.0.0.2;host=\"inner:8080\";proto=https",
            ],
        ),
        (
            &[
                ("forwarded", "for=\"broken"),
                ("x-forwarded-proto", "java script"),
            ],
            [
                PROXY,
                "http",
                "inner:8080",
                "for=10.0.0.2;host=\"inner:8080\";proto=http",
            ],
        ),
        (
            &[("x-forwarded-for", "3.3.3.3:99, someone, _hidden")],
            [
                "3.3.3.3:99, someone, _hidden, 10.0.0.2",
                "http",
                "inner:8080",
                "for=\"3.3.3.3:99\";host=\"inner:8080\";proto=http, for=unknown, for=_hidden, for=10.0.0.2;host=\"inner:8080\";proto=http",
            ],
        ),
    ] {
        let (headers, address) = behind(sent);
        let names = [&FOR, &PROTO, &HOST, &FORWARDED];
        let got = names.map(|name| {
            let lines: Vec<_> = headers.get_all(name).iter().collect();
            assert_eq!(lines.len(), 1, "{name} {sent:?}");
            lines[0].to_str().unwrap().to_owned()
        });
        assert_eq!(got, expected, "{sent:?}");
        assert_eq!(address.proto, expected[1]);
        assert_eq!(address.host.unwrap(), expected[2]);
    }
}

#[test]
fn what_is_taken_off_the_path_is_said() {
    for (sent, prefix) in [
        (&[][..], "/shop"),
        (&[("x-forwarded-prefix", "/outer/")], "/outer/shop"),
        (&[("x-forwarded-prefix", "/a, b")], "/a/b/shop"),
    ] {
        assert_eq!(behind(sent).0[&PREFIX], prefix);
    }
}
