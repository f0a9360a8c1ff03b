//! Words that depend on numbers.

/// `1 item`, `3 items`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{number} {word}")
}
