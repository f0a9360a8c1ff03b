//! Which parameters a call's query may have. None that is not named.
//!
//! A query is taken apart as servers do it: at `&`, each part at its first `=`, both percent-decoded with `+`
//! for a space. What could be read in another way (`;` as a separator, a name twice where a rule counts on
//! one, encodings that are none) is not allowed where rules are.

use percent_encoding::percent_decode_str;

/// Which parameters a query may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryRules {
    /// Any at all.
    Any,
    /// These.
    Only(Vec<ParameterRule>),
}

/// One parameter, and which values it may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterRule {
    /// Its name, decoded.
    pub name: String,
    /// The values; empty for any.
    pub values: Vec<String>,
}

impl Default for QueryRules {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

impl QueryRules {
    /// Reads what stands after the `?` of a call: `*`, or `limit&status=active|all`.
    pub fn parse(text: &str) -> Self {
        if text.split('&').any(|part| part == "*") {
            return Self::Any;
        }
        let parts = text.split('&').filter(|part| !part.is_empty());
        let rule = |part: &str| {
            let (name, values) = part.split_once('=').unwrap_or((part, "*"));
            let values = if values == "*" {
                Vec::new()
            } else {
                values.split('|').map(str::to_owned).collect()
            };
            ParameterRule {
                name: name.to_owned(),
                values,
            }
        };
        Self::Only(parts.map(rule).collect())
    }

    /// The first parameter that is not allowed, by its name, shortened.
    pub(crate) fn refused(&self, query: &str) -> Option<String> {
        let Self::Only(rules) = self else {
            return None;
        };
        let mut seen: Vec<String> = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Some(shown(part));
            };
            let rule = rules.iter().find(|rule| rule.name == name);
            let fits = |rule: &ParameterRule| {
                let is_listed = rule.values.contains(&value);
                // Of two, a server may take either.
                rule.values.is_empty() || (is_listed && !seen.contains(&name))
            };
            if !rule.is_some_and(fits) || part.contains(';') {
                return Some(shown(&name));
            }
            seen.push(name);
        }
        None
    }
}

fn shown(name: &str) -> String {
    name.chars()
        .filter(|it| !it.is_control())
        .take(60)
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let well = text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    (well && !decoded.contains('\0')).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_and_nothing_else() {
        let rules = QueryRules::parse("limit&status=active|all&expand[]");
        for (query, refused) in [
            ("", None),
            ("limit=3", None),
            ("limit=3&limit=4&status=all", None),
            ("%6Cimit=3", None),
            ("expand%5B%5D=a&expand[]=b", None),
            ("status=none", Some("status")),
            ("status=all&status=active", Some("status")),
            ("key=1", Some("key")),
            ("limit=3&%6Bey=1", Some("key")),
            ("limit=3;key=1", Some("limit")),
            ("Limit=3", Some("Limit")),
            ("limit=%zz", Some("limit=%zz")),
            ("limit=%00", Some("limit=%00")),
            ("&&limit=1&", None),
        ] {
            assert_eq!(rules.refused(query).as_deref(), refused, "{query}");
        }
        assert_eq!(QueryRules::default().refused("a=1").as_deref(), Some("a"));
        assert_eq!(QueryRules::parse("*").refused("a=1;b"), None);
    }
}
