//! The header `Forwarded` (RFC 7239), read.

use http::header::{FORWARDED, HeaderMap};

/// What one proxy says of the request that it got.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct ForwardedElement {
    /// Who asked it: an address, with or without a port, `unknown`, or a made-up name.
    pub(crate) client: Option<String>,
    /// The host that it was asked for.
    pub(crate) host: Option<String>,
    /// The scheme that it was asked with.
    pub(crate) proto: Option<String>,
}

/// The elements of all lines, the client's first. `None` if there is no such header, or if it cannot be read: then no
/// element of it counts.
pub(crate) fn read_forwarded(headers: &HeaderMap) -> Option<Vec<ForwardedElement>> {
    let mut elements = Vec::new();
    for line in headers.get_all(FORWARDED) {
        for element in split(line.to_str().ok()?, ',')? {
            if !element.trim().is_empty() {
                elements.push(read_element(element)?);
            }
        }
    }
    (!elements.is_empty()).then_some(elements)
}

fn read_element(text: &str) -> Option<ForwardedElement> {
    let mut element = ForwardedElement::default();
    for pair in split(text, ';')? {
        if pair.trim().is_empty() {
            continue;
        }
        let (name, value) = pair.split_once('=')?;
        let value = unquote(value.trim())?;
        let place = match name.trim().to_ascii_lowercase().as_str() {
            "for" => &mut element.client,
            "host" => &mut element.host,
            "proto" => &mut element.proto,
            _ => continue,
        };
        // Each may be there once (section 4).
        if place.replace(value).is_some() {
            return None;
        }
    }
    Some(element)
}

/// Splits at a separator that stands outside of quotes. `None` if a quote does not end.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut begin) = (Vec::new(), 0);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            it if it == separator && !is_quoted => {
                parts.push(&text[begin..at]);
                begin = at + separator.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    (!is_quoted).then_some(parts)
}

fn unquote(value: &str) -> Option<String> {
    let Some(rest) = value.strip_prefix('"') else {
        return (!value.is_empty() && !value.contains('"')).then(|| value.to_owned());
    };
    let inner = rest.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        text.push(if letter == '\\' {
            letters.next()?
        } else {
            letter
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, HeaderValue::from_str(line).unwrap());
        }
        let elements = read_forwarded(&headers)?;
        let text = elements.iter().map(|it| {
            let or_none = |value: &Option<String>| value.clone().unwrap_or("-".to_owned());
            format!(
                "{} {} {}",
                or_none(&it.client),
                or_none(&it.host),
                or_none(&it.proto)
            )
        });
        Some(text.collect::<Vec<_>>().join(" | "))
    }

    #[test]
    fn elements_are_read_as_the_standard_writes_them() {
        for (lines, elements) in [
            (
                &["for=192.0.2.60;proto=http;by=203.0.113.43"][..],
                "192.0.2.60 - http",
            ),
            (
                &["For=\"[2001:db8:cafe::17]:4711\""],
                "[2001:db8:cafe::17]:4711 - -",
            ),
            (
                &["for=192.0.2.43, for=\"_a,b;c\";host=a.example"],
                "192.0.2.43 - - | _a,b;c a.example -",
            ),
            (
                &["for=1.1.1.1", "for=2.2.2.2 ; Proto=https"],
                "1.1.1.1 - - | 2.2.2.2 - https",
            ),
            (&["for=\"a\\\"b\";secret=x, ,"], "a\"b - -"),
        ] {
            assert_eq!(read(lines).as_deref(), Some(elements), "{lines:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for lines in [
            &[][..],
            &[""],
            &["for"],
            &["for=\"a"],
            &["for=a;for=b"],
            &["for="],
            &["for=a\"b\""],
        ] {
            assert_eq!(read(lines), None, "{lines:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[ -~]{0,60}") {
            let _ = read(&[&text]);
        }
    }
}
