//! How many calls there were, in all and for each path: exact also when the calls themselves are
//! forgotten.

use std::collections::BTreeMap;

/// Paths beyond this are counted in the sum of all only.
const MAX_PATHS: usize = 1000;

#[derive(Default)]
pub(super) struct Counts {
    number: u64,
    total: u64,
    by_path: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts a call; the number is one that no other call has.
    pub(super) fn add(&mut self, path: &str) -> u64 {
        self.number += 1;
        self.total += 1;
        if let Some(count) = self.by_path.get_mut(path) {
            *count += 1;
        } else if self.by_path.len() < MAX_PATHS {
            self.by_path.insert(path.to_owned(), 1);
        }
        self.number
    }

    pub(super) fn with_prefix(&self, prefix: &str) -> u64 {
        if prefix.is_empty() || prefix == "/" {
            return self.total;
        }
        let paths = self.by_path.range(prefix.to_owned()..);
        let matching = paths.take_while(|(path, _)| path.starts_with(prefix));
        matching.map(|(_, count)| count).sum()
    }

    pub(super) fn clear(&mut self) {
        self.total = 0;
        self.by_path.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_by_prefix_and_bounded() {
        let mut counts = Counts::default();
        for path in ["/a", "/a/b", "/a/b", "/ab", "/b"] {
            counts.add(path);
        }
        for (prefix, expected) in [("", 5), ("/", 5), ("/a", 4), ("/a/", 2), ("/c", 0)] {
            assert_eq!(counts.with_prefix(prefix), expected, "{prefix}");
        }
        for number in 0..3000 {
            counts.add(&format!("/many/{number}"));
        }
        assert_eq!(counts.by_path.len(), MAX_PATHS);
        assert_eq!(counts.with_prefix(""), 3005);
        assert_eq!(counts.with_prefix("/a"), 4, "those known before stay exact");
        counts.clear();
        assert_eq!(counts.with_prefix(""), 0);
        assert_eq!(counts.add("/a"), 3006, "numbers go on");
    }
}
