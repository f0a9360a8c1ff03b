//! `Vary`: the request headers that a response depends on.

use http::header::{HeaderMap, HeaderName, HeaderValue, VARY};

/// Names to add to responses, and their line, made once.
#[derive(Debug, Clone)]
pub(super) struct Vary {
    names: Vec<HeaderName>,
    line: HeaderValue,
}

impl Vary {
    pub(super) fn by(names: Vec<HeaderName>) -> Self {
        let line = line_of(names.iter());
        Self { names, line }
    }

    pub(super) fn and(&self, names: &[HeaderName]) -> Self {
        Self::by([&self.names, names].concat())
    }

    /// Adds the names that are not there yet, in one line. `*` says more than any name.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(VARY) {
            headers.insert(VARY, self.line.clone());
            return;
        }
        if names_in(headers).any(|name| name == "*") {
            return;
        }
        let is_there =
            |name: &HeaderName| names_in(headers).any(|it| it.eq_ignore_ascii_case(name.as_str()));
        let missing = || self.names.iter().filter(|name| !is_there(name));
        let line = match missing().count() {
            0 => return,
            count if count == self.names.len() => self.line.clone(),
            _ => line_of(missing()),
        };
        headers.append(VARY, line);
    }
}

fn names_in(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(VARY).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn line_of<'name>(names: impl Iterator<Item = &'name HeaderName>) -> HeaderValue {
    let mut line = String::new();
    for name in names {
        if !line.is_empty() {
            line.push_str(", ");
        }
        capitalise(name.as_str(), &mut line);
    }
    // Names of headers are values of headers, too.
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static("*"))
}

/// `x-wix-instance` as people write it.
fn capitalise(name: &str, into: &mut String) {
    let mut is_first = true;
    for letter in name.chars() {
        into.push(if is_first {
            letter.to_ascii_uppercase()
        } else {
            letter
        });
        is_first = letter == '-';
    }
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, ORIGIN};

    use super::*;

    #[test]
    fn each_name_stands_there_once() {
        for (before, after) in [
            (&[][..], "Origin, Authorization"),
            (&["accept"], "accept | Origin, Authorization"),
            (&["ORIGIN"], "ORIGIN | Authorization"),
            (
                &["a, origin", "authorization,b"],
                "a, origin | authorization,b",
            ),
            (&["*"], "*"),
            (&["a , *"], "a , *"),
            (&["origins"], "origins | Origin, Authorization"),
        ] {
            let mut headers = HeaderMap::new();
            for value in before {
                headers.append(VARY, HeaderValue::from_str(value).unwrap());
            }
            Vary::by(vec![ORIGIN, AUTHORIZATION]).add_to(&mut headers);
            let lines = headers.get_all(VARY).iter();
            let lines: Vec<&str> = lines.map(|it| it.to_str().unwrap()).collect();
            assert_eq!(lines.join(" | "), after);
        }
    }
}
