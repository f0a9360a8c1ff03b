//! Scopes: a list, however it is written.

use serde_json::Value;

/// The scopes in a text: RFC 6749 puts spaces between them, many providers commas.
pub fn scopes_in(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    let is_between = |letter: char| letter.is_whitespace() || letter == ',';
    for scope in text.split(is_between).filter(|scope| !scope.is_empty()) {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

/// The scopes that a field of an answer names: a text, or a list of texts or numbers.
pub(super) fn read(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(scopes_in(text)),
        Value::Array(list) => {
            let texts = list.iter().filter_map(|one| match one {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            Some(scopes_in(&texts.collect::<Vec<_>>().join(" ")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scopes_are_a_list_however_they_are_written() {
        for value in [
            json!("repo gist"),
            json!("repo,gist"),
            json!("repo, gist"),
            json!(" repo  gist, "),
            json!("repo\ngist\trepo"),
            json!(["repo", "gist"]),
            json!(["repo,gist"]),
            json!(["repo gist", null, "repo"]),
        ] {
            assert_eq!(read(&value).unwrap(), ["repo", "gist"], "{value}");
        }
        assert_eq!(read(&json!([4, 5])).unwrap(), ["4", "5"]);
        for none in [json!(""), json!(" , "), json!([])] {
            assert_eq!(read(&none).unwrap(), [""; 0], "{none}");
        }
        for unsaid in [json!(null), json!(7), json!({}), json!(true)] {
            assert_eq!(read(&unsaid), None, "{unsaid}");
        }
        let url = "https://www.googleapis.com/auth/calendar.readonly";
        assert_eq!(scopes_in(url), [url]);
    }
}
