use proptest::prelude::*;

use super::*;

fn printed(text: &str) -> String {
    Date::parse(text).map_or_else(|| "none".to_owned(), |date| date.to_string())
}

#[test]
fn what_javascript_writes_is_read_and_written() {
    for (milliseconds, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_704_164_645_678, "2024-01-02T03:04:05.678Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
        (FURTHEST, "+275760-09-13T00:00:00.000Z"),
        (-FURTHEST, "-271821-04-20T00:00:00.000Z"),
    ] {
        assert_eq!(Date(milliseconds).to_string(), text);
        assert_eq!(Date::parse(text), Some(Date(milliseconds)), "{text}");
    }
}

#[test]
fn other_spellings() {
    for (text, read) in [
        ("2024-01-02", "2024-01-02T00:00:00.000Z"),
        ("2024-01-02T03:04Z", "2024-01-02T03:04:00.000Z"),
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000Z"),
        ("2024-01-02T03:04:05.1234567Z", "2024-01-02T03:04:05.123Z"),
        ("2024-01-02T03:04:05+02:30", "2024-01-02T00:34:05.000Z"),
        ("2024-01-02T24:00:00Z", "2024-01-03T00:00:00.000Z"),
    ] {
        assert_eq!(printed(text), read);
    }
    for text in [
        "",
        "x",
        "2024",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "2024-01-02T25:00Z",
        "2024-01-02T24:01Z",
        "2024-01-02T03:60Z",
        "2024-01-02T03:04:60Z",
        "2024-01-02T03:04:05.Z",
        "2024-01-02T03:04:05Z ",
        " 2024-01-02",
        "-000000-01-01T00:00:00Z",
        "+275760-09-13T00:00:00.001Z",
        "2024-01-02T03:04:05+99:00",
        "２０２４-01-02",
    ] {
        assert_eq!(printed(text), "none", "{text}");
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_read(milliseconds in -FURTHEST..=FURTHEST) {
        let date = Date(milliseconds);
        prop_assert_eq!(Date::parse(&date.to_string()), Some(date));
    }

    #[test]
    fn nothing_panics(text in "\\PC{0,40}") {
        let _ = Date::parse(&text);
    }

    #[test]
    fn the_calendar_is_jiffs(milliseconds in -62_135_596_800_000_i64..253_402_207_200_000) {
        let theirs = jiff::Timestamp::from_millisecond(milliseconds).unwrap();
        prop_assert_eq!(Date(milliseconds).to_string(), format!("{theirs:.3}"));
    }
}
