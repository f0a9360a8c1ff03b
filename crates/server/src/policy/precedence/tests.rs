//! Which lines decide, beside their plain definition.

use super::*;
use crate::policy::Overlap;

fn lines(patterns: &[&str]) -> (Vec<CallPattern>, Precedence) {
    let parse = |text: &&str| CallPattern::parse_with_slash(text).unwrap();
    let patterns: Vec<CallPattern> = patterns.iter().map(parse).collect();
    let precedence = Precedence::new(&patterns);
    (patterns, precedence)
}

/// The groups that decide about `METHOD /path`, by the places of their lines.
fn deciding(patterns: &[&str], call: &str) -> Vec<Vec<usize>> {
    let (method, path) = call.split_once(' ').unwrap();
    let path = PlainPath::with_slash(path).unwrap();
    let all = lines(patterns).1.deciding(&method.parse().unwrap(), &path);
    let groups = all.chunk_by(|one, other| one.group == other.group);
    groups
        .map(|group| group.iter().map(|it| it.line).collect())
        .collect()
}

#[test]
fn the_most_specific_line_decides() {
    let cases: [(&[&str], &str, &[usize]); 26] = [
        (
            &["GET /things/{id}", "GET /things/{id}.json"],
            "GET /things/7.json",
            &[1],
        ),
        (
            &["GET /things/{id}.json", "GET /things/{id}"],
            "GET /things/7",
            &[1],
        ),
        (
            &["GET /things/{id}.json", "GET /things/all.json"],
            "GET /things/all.json",
            &[1],
        ),
        (
            &["GET /things/{id}.json", "GET /things/{id}.min.json"],
            "GET /things/7.min.json",
            &[1],
        ),
        (
            &["GET /**", "GET /things/{id}.json"],
            "GET /things/7.json",
            &[1],
        ),
        (
            &["GET /things/{id}", "GET /things/all"],
            "GET /things/all",
            &[1],
        ),
        (
            &["GET /things/{id}", "GET /things/all"],
            "GET /things/7",
            &[0],
        ),
        (
            &["GET /things/all", "GET /things/{id}"],
            "GET /things/all",
            &[0],
        ),
        (
            &["GET /things/{id}", "GET /things/all"],
            "HEAD /things/all",
            &[1],
        ),
        (
            &["HEAD /things/{id}", "GET /things/all"],
            "HEAD /things/all",
            &[1],
        ),
        (
            &["GET /things/{id}", "HEAD /things/*"],
            "HEAD /things/7",
            &[1],
        ),
        (
            &["GET /things/{id}", "HEAD /things/*"],
            "GET /things/7",
            &[0],
        ),
        (
            &["POST /**", "POST /things/**", "POST /things/*"],
            "POST /things/7",
            &[2],
        ),
        (
            &["POST /**", "POST /things/**", "POST /things/*"],
            "POST /things/7/x",
            &[1],
        ),
        (&["POST /m/{m}", "POST /m/{m}:go"], "POST /m/a:go", &[1]),
        (&["POST /m/{m}:go", "POST /m/a:go"], "POST /m/a:go", &[1]),
        (&["POST /m/{m}:go", "POST /m/a:go"], "POST /m/b:go", &[0]),
        (&["GET /{v}/**", "GET /**/admin"], "GET /v1/admin", &[1]),
        (&["GET /{v}/**", "GET /**/admin"], "GET /v1/other", &[0]),
        (&["GET /a/**", "GET /a"], "GET /a", &[1]),
        (&["GET /a/**/b/**", "GET /a/**/b"], "GET /a/x/b", &[1]),
        (&["GET /**/a/**", "GET /**/a/{x}/**"], "GET /q/a/z", &[1]),
        (
            &["GET /{a}/{b}", "GET /{a}/b", "GET /a/b"],
            "GET /a/b",
            &[2],
        ),
        (&["GET /{x}/a/b", "GET /{x}/{y}/b"], "GET /t/a/b", &[0]),
        // Alternatives, whatever the places are called.
        (
            &["GET /things/{id}", "GET /things/*"],
            "GET /things/7",
            &[0, 1],
        ),
        (&["GET /**/*", "GET /*/**"], "GET /things/7", &[0, 1]),
    ];
    for (patterns, call, expected) in cases {
        assert_eq!(deciding(patterns, call), [expected], "{patterns:?} {call}");
    }
    assert!(deciding(&["GET /a", "GET /b"], "GET /c").is_empty());
    assert!(deciding(&["GET /a", "GET /b"], "POST /a").is_empty());
}

#[test]
fn lines_that_cross_decide_together() {
    let crossing = ["GET /things/{id}", "GET /{kind}/all", "GET /**"];
    assert_eq!(deciding(&crossing, "GET /things/all"), [[0], [1]]);
    assert_eq!(deciding(&crossing, "GET /things/7"), [[0]]);
    let crossing = ["GET /v1/**", "GET /**/admin"];
    assert_eq!(deciding(&crossing, "GET /v1/x/admin"), [[0], [1]]);
    // What both mean may have a line of its own.
    let settled = ["GET /things/{id}", "GET /{kind}/all", "GET /things/all"];
    assert_eq!(deciding(&settled, "GET /things/all"), [[2]]);
}

#[test]
fn another_spelling_of_a_line_does_not_run_under_a_looser_one() {
    let lines = ["GET /things/{id}", "GET /things/all"];
    for path in [
        "/things/%61ll",
        "/things/a%6Cl",
        "/things/ALL",
        "/things/All",
        "/things/all.",
        "/things/all%20",
        "/things/%20all",
        "/things/a%4Cl",
    ] {
        assert_eq!(
            deciding(&lines, &format!("GET {path}")),
            [[0], [1]],
            "{path}"
        );
        assert_eq!(
            deciding(&lines, &format!("HEAD {path}")),
            [[0], [1]],
            "{path}"
        );
    }
    for path in [
        "/things/7",
        "/things/%37",
        "/things/ball",
        "/things/a%C3%A9",
        "/things/a.ll",
    ] {
        assert_eq!(deciding(&lines, &format!("GET {path}")), [[0]], "{path}");
    }
    let with_slash = ["GET /things/**", "GET /things/all", "GET /things/{id}:go"];
    assert_eq!(deciding(&with_slash, "GET /things/all/"), [[0], [1]]);
    assert_eq!(deciding(&with_slash, "GET /things/%20/all"), [[0], [1]]);
    assert_eq!(deciding(&with_slash, "GET /things/7%3Ago"), [[0], [2]]);
    assert_eq!(deciding(&with_slash, "GET /things/a:b:go"), [[0], [2]]);
    assert_eq!(deciding(&with_slash, "GET /things/7:GO"), [[0], [2]]);
    let upper = ["GET /things/{id}", "GET /Things/All"];
    assert_eq!(deciding(&upper, "GET /things/all"), [[0], [1]]);
    // Both are written: each is its own.
    let both = ["GET /things/all", "GET /things/ALL", "GET /things/all/"];
    assert_eq!(deciding(&both, "GET /things/all"), [[0]]);
    assert_eq!(deciding(&both, "GET /things/ALL"), [[1]]);
    assert_eq!(deciding(&both, "GET /things/all/"), [[2]]);
}

/// How a server may read a path before it looks for a handler.
const READINGS: [fn(&str) -> String; 5] = [
    str::to_owned,
    |path| {
        percent_encoding::percent_decode_str(path)
            .decode_utf8_lossy()
            .into_owned()
    },
    str::to_lowercase,
    |path| path.strip_suffix('/').unwrap_or(path).to_owned(),
    |path| {
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        decoded
            .to_lowercase()
            .trim_end_matches(['/', '.', ' '])
            .to_owned()
    },
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4000))]

    /// Whatever a server makes of a path, a line that is more specific for that than those which fit is among those
    /// that decide, or one that is more specific still.
    #[test]
    fn no_reading_reaches_a_more_specific_lines_call_without_it(
        patterns in proptest::collection::vec("(GET|HEAD) (/(a|b|A|a:c|\\*|\\*\\*|\\*:c)){1,4}/?", 1..5),
        method in "GET|HEAD",
        path in "(/(a|b|A|B|%61|%41|a\\.|b%20|a:c|%61%3ac|x)){1,5}/?",
    ) {
        let texts: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let (patterns, precedence) = lines(&texts);
        let Some(plain) = PlainPath::with_slash(&path) else { return Ok(()) };
        let method: Method = method.parse().unwrap();
        let deciding = precedence.deciding(&method, &plain);
        let fits = patterns.iter().any(|it| it.allows(&method, &plain));
        proptest::prop_assert_eq!(deciding.is_empty(), !fits);
        if !fits { return Ok(()) }
        for reading in READINGS {
            let read = reading(&path);
            let Some(read) = PlainPath::with_slash(&read) else { continue };
            for (place, pattern) in patterns.iter().enumerate() {
                if !pattern.allows(&method, &read) { continue }
                let has_it = |it: &Deciding| {
                    let other = &patterns[it.line];
                    it.line == place || pattern.gives_way_to(other) || pattern.is_same_as(other)
                };
                proptest::prop_assert!(
                    deciding.iter().any(has_it), "{:?} {:?} {:?} {:?}", texts, path, read, deciding
                );
            }
        }
    }

}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    /// The comparison finds what trying all short paths finds.
    #[test]
    fn the_comparison_agrees_with_trying_all_paths(
        one in "GET (/(a|b|\\*|\\*\\*|\\*:c|x:c)){1,3}",
        other in "GET (/(a|b|\\*|\\*\\*|\\*:c|x:c)){1,3}",
    ) {
        let (one, other) = (CallPattern::parse(&one).unwrap(), CallPattern::parse(&other).unwrap());
        let names = ["a", "b", "x:c", "y:c", "z"];
        let longer = |path: &String| names.map(|name| format!("{path}/{name}"));
        let mut paths = vec!["/".to_owned()];
        let mut last = vec![String::new()];
        for _ in 0..4 {
            last = last.iter().flat_map(longer).collect();
            paths.extend_from_slice(&last);
        }
        let (mut both, mut only_one, mut only_other) = (false, false, false);
        for path in &paths {
            let path = PlainPath::with_slash(path).unwrap();
            match (one.allows_path(&path), other.allows_path(&path)) {
                (true, true) => both = true,
                (true, false) => only_one = true,
                (false, true) => only_other = true,
                (false, false) => {}
            }
        }
        let expected = match (both, only_one, only_other) {
            (false, ..) => None,
            (true, false, false) => Some(Overlap::Same),
            (true, false, true) => Some(Overlap::First),
            (true, true, false) => Some(Overlap::Second),
            (true, true, true) => Some(Overlap::Crossing),
        };
        proptest::prop_assert_eq!(one.overlap(&other), expected);
    }
}
