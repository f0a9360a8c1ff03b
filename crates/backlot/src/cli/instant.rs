//! A point in time, as people and scripts write it.

use jiff::{SignedDuration, Timestamp};

use super::arguments::Instant;

/// `2026-11-22T10:00:00Z`, `1795341600` (Unix seconds), `+4h`, `-30m`, `now`.
pub(super) fn parse(text: &str) -> Result<Instant, String> {
    const EXPECTED: &str =
        "write an instant (2026-11-22T10:00:00Z), Unix seconds, or a time from now (-2h, +30m)";
    if text == "now" {
        return Ok(Instant::FromNow(SignedDuration::ZERO));
    }
    if let Ok(seconds) = text.parse::<i64>()
        && !text.starts_with(['+', '-'])
    {
        return Timestamp::from_second(seconds)
            .map(Instant::At)
            .map_err(|_| EXPECTED.to_owned());
    }
    if let Ok(timestamp) = text.parse() {
        return Ok(Instant::At(timestamp));
    }
    let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic());
    match text.strip_prefix('+').unwrap_or(text).parse() {
        Ok(duration) if has_unit => Ok(Instant::FromNow(duration)),
        _ => Err(EXPECTED.to_owned()),
    }
}

impl Instant {
    /// The instant, seen from `now`.
    pub(super) fn seen_from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(timestamp) => timestamp,
            Self::FromNow(duration) => now.checked_add(duration).unwrap_or(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22T10:00:00.5+01:00", "2026-11-22T09:00:00.5Z"),
            ("1795341600", "2026-11-22T10:00:00Z"),
            ("-2h", "2026-11-22T10:00:00Z"),
            ("+90m", "2026-11-22T13:30:00Z"),
            ("now", "2026-11-22T12:00:00Z"),
        ] {
            assert_eq!(
                parse(text).unwrap().seen_from(now).to_string(),
                expected,
                "{text}"
            );
        }
        for wrong in ["", "yesterday", "-5", "2026-11-22", "5 o'clock"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
