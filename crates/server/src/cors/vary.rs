//! `Vary`: the request headers that a reply depends on.

use http::header::{HeaderMap, HeaderName, HeaderValue, VARY};

/// Adds the names that are not there yet, in one line. `*` says more than any name.
pub(super) fn add(headers: &mut HeaderMap, names: &[HeaderName]) {
    let values = headers.get_all(VARY).iter();
    let there: Vec<&str> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    if there.contains(&"*") {
        return;
    }
    let is_missing = |name: &&HeaderName| {
        let name = name.as_str();
        !there.iter().any(|it| it.eq_ignore_ascii_case(name))
    };
    let mut line = String::new();
    for name in names.iter().filter(is_missing) {
        if !line.is_empty() {
            line.push_str(", ");
        }
        capitalise(name.as_str(), &mut line);
    }
    if let Some(value) = HeaderValue::from_str(&line)
        .ok()
        .filter(|it| !it.is_empty())
    {
        headers.append(VARY, value);
    }
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
            add(&mut headers, &[ORIGIN, AUTHORIZATION]);
            let lines = headers.get_all(VARY).iter();
            let lines: Vec<&str> = lines.map(|it| it.to_str().unwrap()).collect();
            assert_eq!(lines.join(" | "), after);
        }
    }
}
