//! Words, and finding them in an item.
//!
//! A word is letters and digits without anything between them.

use super::super::{Object, Value};

/// Different words, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    all: Vec<String>,
    /// Whether words that are nearly the same are found, too.
    fuzzy: bool,
}

/// How many different words were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relevance {
    /// All of them.
    pub found: usize,
    /// Those that were found as they were asked for.
    pub exact: usize,
}

/// How well a word was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Not,
    Nearly,
    Exactly,
}

impl Words {
    pub(super) fn parse(expression: &str, fuzzy: bool) -> Self {
        let lower = expression.to_lowercase();
        let mut all: Vec<_> = split(&lower).map(str::to_owned).collect();
        all.sort_unstable();
        all.dedup();
        Self { all, fuzzy }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    /// Units of work for a byte of text that they are looked for in.
    pub(super) fn work_of_byte(&self) -> u64 {
        let each = |word: &String| if self.fuzzy { 1 + word.len() } else { 1 };
        4 + self.all.iter().map(each).sum::<usize>() as u64
    }

    /// How many of these words begin a word of the item, or are nearly one. Its id and its owner are no text of it.
    pub(super) fn found_in(&self, item: &Object) -> Relevance {
        let mut found = vec![Found::Not; self.all.len()];
        for (name, value) in item {
            if name != "_id" && name != "_owner" {
                self.look(&mut found, value);
            }
        }
        let count = |wanted: &dyn Fn(Found) -> bool| found.iter().filter(|it| wanted(**it)).count();
        Relevance {
            found: count(&|it| it != Found::Not),
            exact: count(&|it| it == Found::Exactly),
        }
    }

    /// Marks the words that are in a value.
    fn look(&self, found: &mut [Found], value: &Value) {
        if found.iter().all(|it| *it == Found::Exactly) {
            return;
        }
        match value {
            Value::String(text) => {
                let lower = text.to_lowercase();
                for word in split(&lower) {
                    for (wanted, found) in self.all.iter().zip(&mut *found) {
                        if word.starts_with(wanted) {
                            *found = Found::Exactly;
                        } else if self.fuzzy && *found == Found::Not && is_near(word, wanted) {
                            *found = Found::Nearly;
                        }
                    }
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    self.look(found, element);
                }
            }
            Value::Object(object) => {
                for value in object.values() {
                    self.look(found, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Date(_) => {}
        }
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Whether one word becomes the other by a letter that is left out, added, or another, or by two neighbours that change
/// places: once in words of three to five letters, twice in longer ones, and never in shorter ones.
fn is_near(word: &str, wanted: &str) -> bool {
    let wanted: Vec<char> = wanted.chars().collect();
    let most = match wanted.len() {
        0..=2 => return false,
        3..=5 => 1,
        _ => 2,
    };
    // A word that is much longer cannot be near, and need not be looked at to its end.
    let word: Vec<char> = word.chars().take(wanted.len() + most + 1).collect();
    word.len().abs_diff(wanted.len()) <= most && distance(&word, &wanted) <= most
}

/// The number of such changes (the distance of Damerau and Levenshtein, where no letter changes twice).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for (j, wanted) in other.iter().enumerate() {
            let changed = last[j] + usize::from(letter != wanted);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == other[j - 1] && one[i - 1] == *wanted {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_nearly_the_same() {
        for (word, wanted, near) in [
            ("cat", "car", true),
            ("cars", "car", true),
            ("ca", "car", true),
            ("acr", "car", true),
            ("dog", "car", false),
            ("at", "it", false),
            ("recieve", "receive", true),
            ("recive", "receive", true),
            ("believe", "receive", false),
            ("größe", "grösse", true),
            ("photograph", "photo", false),
        ] {
            assert_eq!(is_near(word, wanted), near, "{word} {wanted}");
        }
    }
}
