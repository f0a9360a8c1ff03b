//! `"30s"`, `"5m"`, `"24h"`

use std::borrow::Cow;
use std::fmt;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// A duration that is not negative, written with a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Duration(SignedDuration);

impl Duration {
    pub(crate) const fn hours(hours: i64) -> Self {
        Self(SignedDuration::from_hours(hours))
    }

    pub(crate) const fn minutes(minutes: i64) -> Self {
        Self(SignedDuration::from_mins(minutes))
    }

    pub(crate) const fn seconds(seconds: i64) -> Self {
        Self(SignedDuration::from_secs(seconds))
    }

    pub(crate) const fn signed(self) -> SignedDuration {
        self.0
    }

    /// Returns the number of days, from two on, if there is no rest.
    fn whole_days(self) -> Option<i64> {
        let seconds = self.0.as_secs();
        let is_whole = seconds % DAY_SECONDS == 0 && self.0.subsec_nanos() == 0;
        (is_whole && seconds > DAY_SECONDS).then_some(seconds / DAY_SECONDS)
    }

    /// Parses whole days: `30d`. Other units are those of the library, for which a day has no fixed length.
    fn parse_days(text: &str) -> Option<Self> {
        let days: u32 = text.trim().strip_suffix('d')?.trim_end().parse().ok()?;
        let seconds = i64::from(days) * DAY_SECONDS;
        Some(Self(SignedDuration::from_secs(seconds)))
    }

    pub(crate) fn std(self) -> std::time::Duration {
        self.0.unsigned_abs()
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole_days() {
            Some(days) => write!(formatter, "{days}d"),
            None => write!(formatter, "{:#}", self.0),
        }
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "not a duration such as \"30s\", \"5m\" or \"24h\"";
        let text = String::deserialize(deserializer)
            .map_err(|error| serde::de::Error::custom(format!("{error}; {EXPECTED}")))?;
        if let Some(days) = Self::parse_days(&text) {
            return Ok(days);
        }
        let has_unit = text.ends_with(|last: char| last.is_ascii_alphabetic());
        match text.parse::<SignedDuration>() {
            Ok(duration) if has_unit && !duration.is_negative() => Ok(Self(duration)),
            _ => Err(serde::de::Error::custom(EXPECTED)),
        }
    }
}

/// A [`Duration`] that is longer than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Timeout(Duration);

impl Timeout {
    pub(crate) const fn hours(hours: i64) -> Self {
        Self(Duration::hours(hours))
    }

    pub(crate) const fn minutes(minutes: i64) -> Self {
        Self(Duration::minutes(minutes))
    }

    pub(crate) const fn seconds(seconds: i64) -> Self {
        Self(Duration::seconds(seconds))
    }

    pub(crate) const fn signed(self) -> SignedDuration {
        self.0.signed()
    }

    pub(crate) fn std(self) -> std::time::Duration {
        self.0.std()
    }
}

impl<'de> Deserialize<'de> for Timeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let duration = Duration::deserialize(deserializer)?;
        if duration.std().is_zero() {
            return Err(serde::de::Error::custom(
                "it is zero; write a longer duration, or remove the line",
            ));
        }
        Ok(Self(duration))
    }
}

impl JsonSchema for Timeout {
    fn schema_name() -> Cow<'static, str> {
        Duration::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Duration::json_schema(generator)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "duration" })
    }
}
