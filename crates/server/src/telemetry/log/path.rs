//! The path of a request as lines have it: the key of a webhook's address is a credential.

use std::borrow::Cow;

/// Returns the path without the key of a webhook's address.
pub(super) fn without_key(path: &str) -> Cow<'_, str> {
    let Some(rest) = path.strip_prefix("/webhooks/") else {
        return path.into();
    };
    match rest.split_once('/') {
        Some((_, key)) if key.split('/').next() == Some("addresses") => path.into(),
        Some((name, key)) if !key.is_empty() => format!("/webhooks/{name}/…").into(),
        _ => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_out() {
        for path in [
            "/api/webhooks/a/b",
            "/webhooks",
            "/webhooks/stripe",
            "/webhooks/stripe/addresses",
            "/webhooks/stripe/addresses/id",
        ] {
            assert_eq!(without_key(path), path);
        }
        for path in ["/webhooks/m/k3y", "/webhooks/m/k3y/", "/webhooks/m//k3y"] {
            assert_eq!(without_key(path), "/webhooks/m/…", "{path}");
        }
    }
}
