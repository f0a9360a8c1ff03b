//! Finding the credential in what people paste: with quotes, as a line of a request, or within an address.

use std::borrow::Cow;

use backlot_wix::credential::strip_bearer;

/// Names of parameters that carry a credential in an address, or in a body of a form.
const PARAMETERS: [&str; 4] = ["instance", "token", "access_token", "authorization"];

/// Headers that carry a credential, besides those of the configuration.
const HEADERS: [&str; 3] = ["authorization", "proxy-authorization", "x-wix-access-token"];

/// The credential itself. It may stand in one of `instance_headers`, too.
pub(super) fn credential(text: &str, instance_headers: &[String]) -> String {
    let headers: Vec<&str> = HEADERS
        .into_iter()
        .chain(instance_headers.iter().map(|name| name.trim()))
        .filter(|name| !name.is_empty())
        .collect();
    let mut text = Cow::Borrowed(unquoted(text.trim()));
    // What is inside may be wrapped again: a quoted line of a request with an address in it.
    for _ in 0..4 {
        let inner = inner(&text, &headers);
        if inner == text {
            break;
        }
        text = Cow::Owned(inner);
    }
    text.into_owned()
}

fn inner(text: &str, headers: &[&str]) -> String {
    let text = unquoted(text.trim());
    if let Some(value) = in_header(text, headers).or_else(|| in_command(text, headers)) {
        return unquoted(value.trim()).to_owned();
    }
    if let Some(value) = in_address(text) {
        return value;
    }
    strip_bearer(text).trim().to_owned()
}

/// Without quotes, and without a comma or semicolon of the code around it.
fn unquoted(text: &str) -> &str {
    let text = text.trim_end_matches([',', ';']).trim();
    for quote in ['"', '\'', '`'] {
        let inner = text
            .strip_prefix(quote)
            .and_then(|it| it.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    text
}

/// `Authorization: …`, also as `"authorization": "…"`, and as an option of curl.
fn in_header<'text>(text: &'text str, headers: &[&str]) -> Option<&'text str> {
    let (name, value) = text.split_once(':')?;
    let name = name.trim();
    let name = name.strip_prefix("-H").unwrap_or(name).trim();
    let name = name.trim_matches(['"', '\'']);
    let is_one = headers.iter().any(|it| name.eq_ignore_ascii_case(it));
    is_one.then(|| value.trim().trim_matches(['"', '\'']).trim())
}

/// A whole line for curl, or a request as it was recorded: the line that names the header.
fn in_command<'text>(text: &'text str, headers: &[&str]) -> Option<&'text str> {
    let lower = text.to_ascii_lowercase();
    let after = |name: &&str| {
        let name = format!("{}:", name.to_ascii_lowercase());
        let mut found = lower.match_indices(&name);
        // Not the end of another name.
        let is_whole = |place: usize| {
            let before = lower[..place].bytes().next_back();
            !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let found = found.find(|(place, _)| is_whole(*place));
        found.map(|(place, name)| place + name.len())
    };
    let line = text[headers.iter().filter_map(after).min()?..].trim_start();
    let end = line.find(['\r', '\n', '\'', '"']).unwrap_or(line.len());
    Some(&line[..end])
}

/// The parameter of an address, or of a query alone.
fn in_address(text: &str) -> Option<String> {
    let is_address =
        text.contains("://") || text.starts_with(['/', '?']) || text.contains("instance=");
    if !is_address {
        return None;
    }
    // Pages with a hash router have it behind the `#`.
    let parts = text
        .split(['?', '#', '&'])
        .skip(usize::from(text.contains("://")));
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            continue;
        };
        if PARAMETERS.iter().any(|it| name.eq_ignore_ascii_case(it)) && !value.is_empty() {
            // A `+` is a plus here: no credential has a space.
            let decoded =
                url::form_urlencoded::parse(format!("v={}", value.replace('+', "%2B")).as_bytes())
                    .next()
                    .map(|(_, value)| value.into_owned());
            return decoded;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::credential;

    #[test]
    fn a_credential_is_found_in_what_people_paste() {
        let headers = ["x-wix-instance", "X-My-Instance"].map(str::to_owned);
        let value = "Ab-_1.eyJpbnN0YW5jZUlkIjoiMSJ9";
        for text in [
            value.to_owned(),
            format!("  {value}\n"),
            format!("\"{value}\""),
            format!("'{value}'"),
            format!("`{value}`"),
            format!("\"{value}\","),
            format!("Bearer {value}"),
            format!("Authorization: {value}"),
            format!("authorization: Bearer {value}"),
            format!("AUTHORIZATION:{value}"),
            format!("'Authorization: {value}'"),
            format!("\"authorization\": \"{value}\","),
            format!("-H 'Authorization: {value}'"),
            format!("X-Wix-Instance: {value}"),
            format!("x-wix-instance:{value}"),
            format!("\"X-Wix-Instance\": \"{value}\","),
            format!("X-My-Instance: {value}"),
            format!("curl -sH 'X-Wix-Instance: {value}' http://127.0.0.1:8080/whoami"),
            format!("curl --header \"x-my-instance: {value}\" http://127.0.0.1:8080/api?a=b"),
            format!("GET / HTTP/1.1\r\nnot-authorization: x\r\nX-Wix-Instance: {value}\r\n\r\n"),
            format!("curl -H 'Authorization: {value}' http://127.0.0.1:8080/whoami"),
            format!("GET /whoami HTTP/1.1\r\nHost: x\r\nAuthorization: {value}\r\n\r\n"),
            format!("https://app.example/page?instance={value}&locale=en"),
            format!("https://app.example/page?a=1&instance={value}#top"),
            format!("https://app.example/#/page?instance={value}"),
            format!(
                "'https://app.example/?instance={}'",
                value.replace('.', "%2E")
            ),
            format!("?instance={value}"),
            format!("instance={value}"),
            format!("/page?token={value}"),
        ] {
            assert_eq!(credential(&text, &headers), value, "{text}");
        }
        assert_eq!(credential("", &headers), "");
        assert_eq!(
            credential("https://app.example/page", &headers),
            "https://app.example/page"
        );
    }
}
