//! The time of a line. Thousands of lines share a second, so a thread writes its digits out once.

use std::cell::RefCell;
use std::fmt::Write as _;

use jiff::Timestamp;

struct Second {
    number: i64,
    /// `2026-11-23T05:38:59.`
    text: String,
}

thread_local! {
    static LAST: RefCell<Second> = const {
        RefCell::new(Second { number: i64::MIN, text: String::new() })
    };
}

/// ISO 8601 with three decimals.
pub(crate) fn write(line: &mut String, timestamp: Timestamp) {
    let milliseconds = timestamp.as_millisecond();
    let number = milliseconds.div_euclid(1000);
    LAST.with_borrow_mut(|second| {
        if second.number != number {
            second.number = number;
            second.text.clear();
            let _ = write!(second.text, "{timestamp:.0}");
            second.text.truncate(second.text.len().saturating_sub(1));
            second.text.push('.');
        }
        line.push_str(&second.text);
    });
    let rest = milliseconds.rem_euclid(1000) + 1000;
    line.push_str(
        itoa::Buffer::new()
            .format(rest)
            .get(1..)
            .unwrap_or_default(),
    );
    line.push('Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_library_writes_it() {
        for text in [
            "2026-11-23T05:38:59.007Z",
            "2026-11-23T05:38:59.999Z",
            "2026-11-23T05:39:00.000Z",
            "1970-01-01T00:00:00.000Z",
            "1969-12-31T23:59:59.999Z",
        ] {
            let mut line = String::new();
            write(&mut line, text.parse().unwrap());
            assert_eq!(line, text);
        }
    }
}
