//! An error with the errors that caused it, for the log.

use std::error::Error;
use std::fmt;

/// Displays an error and its sources: `a: b: c`. A source that the text before it repeats is left out.
pub(crate) struct Chain<'error>(pub(crate) &'error (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let inner = error.to_string();
            if !text.contains(&inner) {
                text.push_str(": ");
                text.push_str(&inner);
            }
            source = error.source();
        }
        formatter.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Outer {
        text: &'static str,
        source: std::io::Error,
    }

    #[test]
    fn sources_follow_unless_they_were_said() {
        let outer = |text| Outer {
            text,
            source: std::io::Error::other("the disk is full"),
        };
        for (text, whole) in [
            ("cannot write", "cannot write: the disk is full"),
            ("no: the disk is full", "no: the disk is full"),
        ] {
            assert_eq!(Chain(&outer(text)).to_string(), whole);
        }
    }
}
