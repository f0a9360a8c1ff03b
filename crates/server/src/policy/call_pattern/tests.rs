//! Patterns and paths, and the walk beside its plain definition.

use super::*;

fn allows(pattern: &str, path: &str) -> bool {
    let pattern = CallPattern::parse(pattern).unwrap();
    PlainPath::new(path).is_some_and(|path| pattern.allows(pattern.method(), &path))
}

#[test]
fn literals_and_wildcards() {
    for (pattern, path, expected) in [
        ("GET /apps/v1/instance", "/apps/v1/instance", true),
        ("GET /apps/v1/instance", "/apps/v1/instances", false),
        ("GET /apps/v1/instance", "/apps/v1/instance/x", false),
        ("GET /apps/v1/instance", "/apps/v1", false),
        ("GET /apps/v1/instance", "/Apps/v1/instance", false),
        ("GET /apps/v1/instance", "/%61pps/v1/instance", false),
        ("GET /a/*/c", "/a/b/c", true),
        ("GET /a/{id}/c", "/a/b%20b/c", true),
        ("GET /a/*/c", "/a/b/b/c", false),
        ("GET /a/*/c", "/a/c", false),
        ("POST /stores/…/query", "/stores/v1/products/query", true),
        ("POST /stores/**/query", "/stores/query", true),
        ("POST /stores/**/query", "/stores/a/query/b/query", true),
        ("POST /stores/**/query", "/stores/a/query/b", false),
        ("POST /stores/**/query", "/store/query", false),
        ("POST /**", "/anything/at/all", true),
        ("POST /a/**/b/**/c", "/a/b/x/b/c/c", true),
        ("POST /a/**/b/**/c", "/a/c/b", false),
    ] {
        assert_eq!(allows(pattern, path), expected, "{pattern} {path}");
    }
    let get = CallPattern::parse("GET /a").unwrap();
    let path = PlainPath::new("/a").unwrap();
    assert!(get.allows(&Method::HEAD, &path));
    assert!(!get.allows(&Method::POST, &path));
}

#[test]
fn verbs_after_a_colon() {
    for (pattern, path, expected) in [
        (
            "POST /models/{model}:generate",
            "/models/gemini-2.5:generate",
            true,
        ),
        ("POST /models/*:generate", "/models/a:generate", true),
        (
            "POST /models/{model}:generate",
            "/models/a:generateAll",
            false,
        ),
        ("POST /models/{model}:generate", "/models/:generate", false),
        (
            "POST /models/{model}:generate",
            "/models/a:b:generate",
            false,
        ),
        (
            "POST /models/{model}:generate",
            "/models/a%3Agenerate",
            false,
        ),
        ("POST /**/{id}:go", "/a/b/c:go", true),
        ("POST /a:b", "/a:b", true),
    ] {
        assert_eq!(allows(pattern, path), expected, "{pattern} {path}");
    }
    for text in [
        "GET /{a}b",
        "GET /{a}:{b}",
        "GET /a{b}:c",
        "GET /{a}:*",
        "GET /{a}:",
    ] {
        assert_eq!(
            CallPattern::parse(text),
            Err(CallPatternError::PartOfASegment),
            "{text}"
        );
    }
}

#[test]
fn names_with_an_ending() {
    for (pattern, path, expected) in [
        ("GET /products/{id}.json", "/products/7.json", true),
        ("GET /products/*.json", "/products/7.json", true),
        ("GET /products/{id}.json", "/products/a.b.json", true),
        ("GET /products/{id}.json", "/products/a:b.json", true),
        ("GET /products/{id}.json", "/products/7", false),
        ("GET /products/{id}.json", "/products/.json", false),
        ("GET /products/{id}.json", "/products/7.JSON", false),
        ("GET /products/{id}.json", "/products/7.json.xml", false),
        ("GET /products/{id}.json", "/products/7json", false),
        ("GET /products/{id}.json", "/products/7%2ejson", false),
        ("GET /products/{id}.json", "/products/7/8.json", false),
        (
            "GET /products/{id}.json/edit",
            "/products/7.json/edit",
            true,
        ),
        ("GET /files/{name}.tar.gz", "/files/a.tar.gz", true),
        ("GET /files/{name}-small", "/files/a-small", true),
        ("GET /files/{name}_2x.png", "/files/a_2x.png", true),
        (
            "GET /users/{name}@example.com",
            "/users/a@example.com",
            true,
        ),
        ("GET /**/{id}.json", "/a/b/7.json", true),
        ("POST /things/{id}.json:run", "/things/7.json:run", true),
    ] {
        assert_eq!(allows(pattern, path), expected, "{pattern} {path}");
    }
    for text in [
        "GET /{a}.",
        "GET /{a}..",
        "GET /{a}.json.",
        "GET /{a}.{b}",
        "GET /{a}.*",
        "GET /{}.json",
        "GET /{a}json",
        "GET /a{b}.json",
        "GET /**.json",
        "GET /{a}%2ejson",
        "GET /{a};v=1",
    ] {
        let read = CallPattern::parse(text);
        assert!(read.is_err(), "{text}: {read:?}");
    }
}

#[test]
fn paths_that_end_in_a_slash() {
    for (pattern, path, expected) in [
        ("GET /things/", "/things/", true),
        ("GET /things/", "/things", false),
        ("GET /things", "/things/", false),
        ("GET /things/*", "/things/", false),
        ("GET /things/*/", "/things/1/", true),
        ("GET /things/*/", "/things/1", false),
        ("GET /things/*/", "/things/", false),
        ("GET /**", "/things/", true),
        ("GET /**", "/", true),
        ("GET /", "/", true),
        ("GET /*", "/", false),
    ] {
        let pattern = CallPattern::parse_with_slash(pattern).unwrap();
        let path = PlainPath::with_slash(path).unwrap();
        assert_eq!(pattern.allows_path(&path), expected, "{pattern:?} {path:?}");
    }
    for path in ["//", "/a//", "/a//b/", "", "/./", "/../"] {
        assert!(PlainPath::with_slash(path).is_none(), "{path}");
    }
    for pattern in ["GET //", "GET /a//", "GET /a//b"] {
        let error = CallPatternError::PathNotPlain;
        assert_eq!(
            CallPattern::parse_with_slash(pattern),
            Err(error),
            "{pattern}"
        );
    }
}

#[test]
fn paths_that_could_mean_something_else() {
    for path in [
        "",
        "a",
        "/",
        "//",
        "/a//b",
        "/a/",
        "/a/../b",
        "/a/./b",
        "/..",
        "/a/%2e%2e/b",
        "/a/.%2E/b",
        "/a/..;/b",
        "/a;x=1/b",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a%25b",
        "/a%3fb",
        "/a%23b",
        "/a%3bb",
        "/a%00b",
        "/a%0d%0ab",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a/%c0%ae%c0%ae/b",
        "/a%c0%afb",
        "/a%ff",
        "/a b",
        "/a?b",
        "/a#b",
        "/é",
        "/...",
    ] {
        assert!(PlainPath::new(path).is_none(), "{path}");
    }
    for path in ["/a", "/a.b/c..d", "/a%20b", "/a%C3%A9", "/a:b@c", "/a,b=c"] {
        assert!(PlainPath::new(path).is_some(), "{path}");
    }
}

#[test]
fn what_is_no_pattern() {
    for (text, error) in [
        ("", CallPatternError::NotACall),
        ("/a", CallPatternError::NotACall),
        ("GET a", CallPatternError::NotACall),
        ("get /a", CallPatternError::UnknownMethod),
        ("* /a", CallPatternError::UnknownMethod),
        ("GET /a//b", CallPatternError::PathNotPlain),
        ("GET /a/../b", CallPatternError::PathNotPlain),
        ("GET /a/", CallPatternError::PathNotPlain),
        ("GET /a?b", CallPatternError::PathNotPlain),
        ("GET https://example.com/a", CallPatternError::NotACall),
        ("GET /a*", CallPatternError::PartOfASegment),
        ("GET /{}", CallPatternError::PartOfASegment),
        ("GET /a/{b", CallPatternError::PartOfASegment),
    ] {
        assert_eq!(CallPattern::parse(text), Err(error), "{text}");
    }
}

proptest::proptest! {
    /// The walk finds what the plain recursive definition says.
    #[test]
    fn the_walk_agrees_with_the_definition(
        pattern in "(/(a|b|\\*|\\*\\*|\\*:c)){1,6}/?",
        path in "(/(a|b|a:c|b:c)){1,7}/?",
    ) {
        fn define(pattern: &[Segment], path: &[&str]) -> bool {
            match (pattern.split_first(), path.split_first()) {
                (None, None) => true,
                (Some((Segment::Many, rest)), _) => {
                    define(rest, path) || (!path.is_empty() && define(pattern, &path[1..]))
                }
                (Some((Segment::One, rest)), Some((first, more))) => {
                    !first.is_empty() && define(rest, more)
                }
                (Some((Segment::Before(end), rest)), Some((first, more))) => {
                    first.len() > end.len() && first.ends_with(end) && define(rest, more)
                }
                (Some((Segment::Literal(text), rest)), Some((first, more))) => {
                    text == first && define(rest, more)
                }
                _ => false,
            }
        }
        let parsed = CallPattern::parse_with_slash(&format!("GET {pattern}")).unwrap();
        let plain = PlainPath::with_slash(&path).unwrap();
        let segments = plain.segments();
        proptest::prop_assert_eq!(parsed.allows_path(&plain), define(&parsed.segments, segments));
    }

    /// Whatever is plain means the same to a server that decodes and resolves it.
    #[test]
    fn a_plain_path_survives_decoding(path in "/[a-c./%25e\\\\;?#F]{0,24}") {
        if PlainPath::new(&path).is_some() {
            let decoded = percent_encoding::percent_decode_str(&path).decode_utf8_lossy();
            let count = |text: &str| text.split(['/', '\\']).count();
            proptest::prop_assert_eq!(count(&path), count(&decoded));
            proptest::prop_assert!(decoded.split('/').skip(1).all(|it| !it.is_empty() && it != "." && it != ".."));
        }
    }
}
