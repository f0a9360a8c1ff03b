//! Where in a JSON text something is: the path to it, for the error message.

/// The longest name of a field, and the longest path, that is repeated.
const MAX_NAME_CHARS: usize = 100;

/// What is open at some place of the text.
enum Level {
    Object(String),
    Array(usize),
}

/// The path to the place at this line and column, both counted from 1 and in bytes: `dataItem.data.title`. `None` at the
/// top of the text.
pub(crate) fn from_position(json: &[u8], line: usize, column: usize) -> Option<String> {
    let start = match line.checked_sub(1)? {
        0 => 0,
        before => {
            let mut ends = json.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            ends.nth(before - 1)?.0 + 1
        }
    };
    let end = start.saturating_add(column).min(json.len());
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    // The text that was read last: a name, if a colon follows.
    let mut text = (0, 0);
    while at < end {
        match json[at] {
            b'"' => {
                let first = at + 1;
                at = first;
                while at < end && json[at] != b'"' {
                    at += if json[at] == b'\\' { 2 } else { 1 };
                }
                text = (first, at.min(end));
            }
            b':' => {
                if let Some(Level::Object(name)) = levels.last_mut() {
                    let bytes = json.get(text.0..text.1).unwrap_or_default();
                    let name_now = String::from_utf8_lossy(bytes);
                    *name = name_now.chars().take(MAX_NAME_CHARS).collect();
                }
            }
            b',' => {
                if let Some(Level::Array(number)) = levels.last_mut() {
                    *number += 1;
                }
            }
            b'{' => levels.push(Level::Object(String::new())),
            b'[' => levels.push(Level::Array(0)),
            // What ends where it cannot be read is what cannot be read.
            b'}' | b']' if at + 1 < end => drop(levels.pop()),
            _ => {}
        }
        at += 1;
    }
    let parts = levels.iter().map(|level| match level {
        Level::Object(name) => name.clone(),
        Level::Array(number) => number.to_string(),
    });
    let path = parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(".");
    let path: String = path.chars().take(MAX_NAME_CHARS).collect();
    (!path.is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(json: &str) -> Option<String> {
        let error = serde_json::from_str::<serde_json::Value>(json).unwrap_err();
        from_position(json.as_bytes(), error.line(), error.column())
    }

    #[test]
    fn what_cannot_be_read_is_found() {
        for (json, path) in [
            (
                r#"{"dataItem":{"data":{"title":"\ud800"}}}"#,
                "dataItem.data.title",
            ),
            (r#"{"a":[1,{"b":["x","\udc00"]}]}"#, "a.1.b.1"),
            ("{\n  \"a\": {},\n  \"b\": \"\\ud83d x\"\n}", "b"),
            (r#"{"a\"b":1e999}"#, r#"a\"b"#),
            (r#"{"a":{"b":1},"c":01}"#, "c"),
            (r#"{"a":"\u12"}"#, "a"),
        ] {
            assert_eq!(place(json).as_deref(), Some(path), "{json}");
        }
        assert_eq!(place("nonsense"), None);
        assert_eq!(from_position(b"{}", 9, 9), None);
        assert_eq!(from_position(b"{}", 0, 0), None);
    }
}
