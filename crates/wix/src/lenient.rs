//! Reading what Wix writes in more than one way.

use serde::Deserialize;
use serde_json::Value;

/// Beyond this a number of seconds is taken for milliseconds: as seconds it would be the year 5138.
const LARGEST_SECONDS: i64 = 100_000_000_000;

/// Null stands for what is absent.
pub(crate) fn or_default<'de, T: Deserialize<'de> + Default, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Wix writes 64-bit numbers as text elsewhere, and times in milliseconds; both are read. What is no
/// number at all is an error: an expiry that cannot be read must not count as none.
pub(crate) fn unix_seconds<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let wrong = || serde::de::Error::custom("not a time in Unix seconds");
    let number = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) => text.parse().map_err(|_| wrong())?,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a time with a fraction: its whole seconds are meant, and the cast saturates"
        )]
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|float| float as i64))
            .ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    Ok(Some(if number > LARGEST_SECONDS {
        number / 1000
    } else {
        number
    }))
}

/// A number of seconds, as a number or as text, whole seconds of it; what is neither counts as absent,
/// and less than nothing as nothing.
pub(crate) fn seconds<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::String(text) => text.parse::<f64>().ok(),
        number => number.as_f64(),
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates at both ends, which is what is meant"
    )]
    Ok(number
        .filter(|number| !number.is_nan())
        .map(|number| number as u64))
}
