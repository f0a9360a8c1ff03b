//! The encodings in which a server may repeat a credential.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

pub(super) type EncodedSecret = Zeroizing<Vec<u8>>;

/// Returns the secret itself, escaped in JSON and HTML, percent-encoded, in hexadecimal, and inside base64.
pub(super) fn of_secret(secret: &[u8]) -> Vec<EncodedSecret> {
    let mut encodings = vec![Zeroizing::new(secret.to_vec())];
    if let Ok(text) = std::str::from_utf8(secret) {
        encodings.extend(in_json(text));
        encodings.extend(in_html(text));
    }
    encodings.extend(in_addresses(secret));
    encodings.push(Zeroizing::new(const_hex::encode(secret).into_bytes()));
    encodings.push(Zeroizing::new(const_hex::encode_upper(secret).into_bytes()));
    encodings.extend(in_base64(secret));
    encodings
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for one habit of a writer"
)]
/// What a writer of JSON escapes besides quotation marks, backslashes and control characters.
#[derive(Clone, Copy, Default)]
struct Escapes {
    /// `\/`.
    slash: bool,
    /// Everything that is not ASCII.
    unicode: bool,
    /// What could end a `<script>`.
    html: bool,
    /// `+`, quotation marks of both kinds and what could end a `<script>`, in upper-case digits.
    dotnet: bool,
}

/// What writers of HTML and XML make of `"`, `'`, `+`, `/` and `=`; `&`, `<` and `>` are the same to all.
const HTML: [[&str; 5]; 8] = [
    // Text between tags.
    ["\"", "'", "+", "/", "="],
    // PHP, and XML.
    ["&quot;", "&#39;", "+", "/", "="],
    ["&quot;", "&apos;", "+", "/", "="],
    // Python, Django and React.
    ["&quot;", "&#x27;", "+", "/", "="],
    // Go and Jinja, and Go's templates.
    ["&#34;", "&#39;", "+", "/", "="],
    ["&#34;", "&#39;", "&#43;", "/", "="],
    // .NET.
    ["&quot;", "&#x27;", "&#x2B;", "/", "="],
    // Mustache.
    ["&quot;", "&#39;", "+", "&#x2F;", "&#x3D;"],
];

fn in_html(text: &str) -> [EncodedSecret; 8] {
    HTML.map(|[quote, apostrophe, plus, slash, equals]| {
        let mut encoded = Zeroizing::new(Vec::with_capacity(text.len() * 6));
        for character in text.chars() {
            let mut bytes = [0; 4];
            let written = match character {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => quote,
                '\'' => apostrophe,
                '+' => plus,
                '/' => slash,
                '=' => equals,
                other => other.encode_utf8(&mut bytes),
            };
            encoded.extend_from_slice(written.as_bytes());
        }
        encoded
    })
}

/// As JavaScript, PHP, Python, Go and .NET write it.
fn in_json(text: &str) -> [EncodedSecret; 5] {
    let javascript = Escapes::default();
    let python = Escapes {
        unicode: true,
        ..javascript
    };
    let php = Escapes {
        slash: true,
        ..python
    };
    let go = Escapes {
        html: true,
        ..javascript
    };
    let dotnet = Escapes {
        dotnet: true,
        unicode: true,
        ..javascript
    };
    [javascript, php, python, go, dotnet].map(|escapes| json(text, escapes))
}

fn json(text: &str, escapes: Escapes) -> EncodedSecret {
    let digits = if escapes.dotnet { UPPER } else { LOWER };
    let mut encoded = Zeroizing::new(Vec::with_capacity(text.len() * 6));
    for character in text.chars() {
        match character {
            '"' | '\'' | '+' | '<' | '>' | '&' | '`' if escapes.dotnet => {
                escape(&mut encoded, character, UPPER);
            }
            '"' => encoded.extend_from_slice(b"\\\""),
            '\\' => encoded.extend_from_slice(b"\\\\"),
            '\n' => encoded.extend_from_slice(b"\\n"),
            '\r' => encoded.extend_from_slice(b"\\r"),
            '\t' => encoded.extend_from_slice(b"\\t"),
            '/' if escapes.slash => encoded.extend_from_slice(b"\\/"),
            '\0'..='\x1f' => escape(&mut encoded, character, digits),
            '<' | '>' | '&' if escapes.html => escape(&mut encoded, character, digits),
            _ if escapes.unicode && !character.is_ascii() => {
                escape(&mut encoded, character, digits);
            }
            _ => {
                let mut bytes = [0; 4];
                encoded.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
            }
        }
    }
    encoded
}

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn escape(encoded: &mut Vec<u8>, character: char, digits: &[u8; 16]) {
    let mut units = [0; 2];
    for unit in character.encode_utf16(&mut units) {
        let [high, low] = unit.to_be_bytes();
        encoded.extend_from_slice(b"\\u");
        hex(encoded, high, digits);
        hex(encoded, low, digits);
    }
}

fn hex(encoded: &mut Vec<u8>, byte: u8, digits: &[u8; 16]) {
    encoded.push(digits[usize::from(byte >> 4)]);
    encoded.push(digits[usize::from(byte & 15)]);
}

/// As queries and forms carry it: encoders differ in what they leave as it is, and in the digits.
fn in_addresses(secret: &[u8]) -> impl Iterator<Item = EncodedSecret> {
    let kept: [&[u8]; 4] = [b"-._~", b"-_.!~*'()", b"*-._ ", b"-._~/"];
    let digits = [UPPER, LOWER];
    kept.into_iter()
        .flat_map(move |kept| digits.map(|digits| percent(secret, kept, digits)))
}

/// A kept space is a plus, as in forms.
fn percent(secret: &[u8], kept: &[u8], digits: &[u8; 16]) -> EncodedSecret {
    let mut encoded = Zeroizing::new(Vec::with_capacity(secret.len() * 3));
    for byte in secret {
        match byte {
            b' ' if kept.contains(byte) => encoded.push(b'+'),
            _ if byte.is_ascii_alphanumeric() || kept.contains(byte) => encoded.push(*byte),
            _ => {
                encoded.push(b'%');
                hex(&mut encoded, *byte, digits);
            }
        }
    }
    encoded
}

/// Whole, and wherever it stands in a text that is encoded: at each of the three places that its
/// first byte can have in a group, those characters that depend on it alone.
pub(super) fn in_base64(secret: &[u8]) -> Vec<EncodedSecret> {
    if secret.is_empty() {
        return Vec::new();
    }
    let mut encodings = Vec::with_capacity(8);
    for engine in [&STANDARD, &URL_SAFE] {
        for before in 0..3 {
            let mut text = Zeroizing::new(vec![0; before]);
            text.reserve_exact(secret.len());
            text.extend_from_slice(secret);
            let encoded = Zeroizing::new(engine.encode(text.as_slice()).into_bytes());
            let own = (before * 8).div_ceil(6)..text.len() * 8 / 6;
            encodings.push(Zeroizing::new(encoded[own].to_vec()));
            if before == 0 {
                // With its padding and without.
                let padding = encoded.iter().rev().take_while(|it| **it == b'=').count();
                let bare = encoded[..encoded.len() - padding].to_vec();
                encodings.extend([Zeroizing::new(bare), encoded]);
            }
        }
    }
    encodings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_among(encoded: &str, secret: &str) -> bool {
        of_secret(secret.as_bytes())
            .iter()
            .any(|it| it.as_slice() == encoded.as_bytes())
    }

    #[test]
    fn spellings_that_servers_give_back() {
        for (secret, encoded) in [
            ("sk-123456", "sk-123456"),
            ("sk-\u{ff}", "736b2dc3bf"),
            ("a\"b'<c>+/=", "a&#34;b&#39;&lt;c&gt;&#43;/="),
            ("a\"b'<c>+/=", "a&quot;b&#x27;&lt;c&gt;&#x2B;/="),
            ("a\"b'<c>+/=", "a&quot;b&#39;&lt;c&gt;+&#x2F;&#x3D;"),
            ("a\"b&c", "a\"b&amp;c"),
            ("sk-\u{ff}", "736B2DC3BF"),
            ("a\"b\\c/d", r#"a\"b\\c/d"#),
            ("a/b<c>&d", r"a\/b<c>&d"),
            ("a/b<c>&d", r"a/b\u003cc\u003e\u0026d"),
            ("schlüssel", r"schl\u00fcssel"),
            ("key\u{1f511}", r"key\ud83d\udd11"),
            ("line\nline\u{1}", r"line\nline\u0001"),
            ("a+b/c=d e", "a%2Bb%2Fc%3Dd%20e"),
            ("a+b/c=d e", "a%2bb%2fc%3dd%20e"),
            ("a+b/c=d e", "a%2Bb%2Fc%3Dd+e"),
            ("a+b/c=d e", "a%2Bb/c%3Dd%20e"),
            ("it's(1)!*", "it's(1)!*"),
            ("it's(1)!*", "it%27s%281%29%21%2A"),
        ] {
            assert!(is_among(encoded, secret), "{encoded}");
        }
    }

    #[test]
    fn base64_is_found_wherever_the_secret_stands_in_it() {
        let secret = "sk_live_\u{ff}\u{3f}>?abcdef";
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = format!("{before}{secret}{after}");
                for engine in [&STANDARD, &URL_SAFE] {
                    let encoded = engine.encode(&text);
                    let found = in_base64(secret.as_bytes())
                        .iter()
                        .any(|it| memchr::memmem::find(encoded.as_bytes(), it).is_some());
                    assert!(found, "{encoded}");
                }
            }
        }
    }
}
