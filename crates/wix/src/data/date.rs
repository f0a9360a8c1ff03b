//! A point in time as JavaScript's `Date` has it: milliseconds, from the year -271821 to +275760.
//!
//! On the wire a date is `{"$date":"2024-01-02T03:04:05.678Z"}`. Years outside of 0 to 9999 have a
//! sign and six digits, as `toISOString()` writes them.

use std::fmt;

/// Milliseconds since 1970, within what JavaScript can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

const FURTHEST: i64 = 8_640_000_000_000_000;
const DAY: i64 = 86_400_000;

impl Date {
    /// The beginning of 1970.
    pub const EPOCH: Self = Self(0);

    /// A date, unless it is further away than JavaScript can say.
    pub const fn from_milliseconds(milliseconds: i64) -> Option<Self> {
        if milliseconds < -FURTHEST || milliseconds > FURTHEST {
            return None;
        }
        Some(Self(milliseconds))
    }

    /// Milliseconds since 1970.
    pub const fn milliseconds(self) -> i64 {
        self.0
    }

    /// Reads ISO 8601: a day, and optionally a time with an offset. What is finer than a millisecond
    /// is cut off; a time without an offset is UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Reader(text.as_bytes());
        let year = rest.year()?;
        rest.expect(b'-')?;
        let month = rest.digits(2)?;
        rest.expect(b'-')?;
        let day = rest.digits(2)?;
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        let mut milliseconds = days_from_civil(year, month, day) * DAY;
        if !rest.0.is_empty() {
            rest.expect(b'T')?;
            milliseconds += rest.time()?;
        }
        if !rest.0.is_empty() {
            return None;
        }
        Self::from_milliseconds(milliseconds)
    }
}

impl From<jiff::Timestamp> for Date {
    fn from(timestamp: jiff::Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        match year {
            0..=9999 => write!(formatter, "{year:04}")?,
            _ if year < 0 => write!(formatter, "-{:06}", -year)?,
            _ => write!(formatter, "+{year:06}")?,
        }
        let (seconds, millisecond) = (rest / 1000, rest % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(
            formatter,
            "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z"
        )
    }
}

struct Reader<'text>(&'text [u8]);

impl Reader<'_> {
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number: i64, digit| {
            digit
                .is_ascii_digit()
                .then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    fn year(&mut self) -> Option<i64> {
        match self.0.first()? {
            b'+' => {
                self.expect(b'+')?;
                self.digits(6)
            }
            b'-' => {
                self.expect(b'-')?;
                // There is no year -0.
                self.digits(6).filter(|year| *year != 0).map(|year| -year)
            }
            _ => self.digits(4),
        }
    }

    /// `hh:mm[:ss[.fff]]`, and the offset.
    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        self.expect(b':')?;
        let minute = self.digits(2)?;
        let second = if self.expect(b':').is_some() {
            self.digits(2)?
        } else {
            0
        };
        let millisecond = if self.expect(b'.').is_some() {
            self.fraction()?
        } else {
            0
        };
        let at_midnight = hour == 24 && minute == 0 && second == 0 && millisecond == 0;
        if (hour > 23 && !at_midnight) || minute > 59 || second > 59 {
            return None;
        }
        Some(((hour * 60 + minute) * 60 + second) * 1000 + millisecond - self.offset()?)
    }

    fn fraction(&mut self) -> Option<i64> {
        let length = self.0.iter().take_while(|it| it.is_ascii_digit()).count();
        if !(1..=9).contains(&length) {
            return None;
        }
        let nanoseconds = self.digits(length)? * 10_i64.pow(9 - u32::try_from(length).ok()?);
        Some(nanoseconds / 1_000_000)
    }

    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.expect(b'Z').is_some() {
            return Some(0);
        }
        let sign = if self.expect(b'+').is_some() {
            1
        } else {
            self.expect(b'-')?;
            -1
        };
        let hours = self.digits(2)?;
        self.expect(b':')?;
        let minutes = self.digits(2)?;
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin
/// on the first of March.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests;
