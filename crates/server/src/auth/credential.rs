//! Where a credential is: in `Authorization`, in a header of the app's own (`X-Wix-Instance`), or in `?instance=` where no
//! header can be set.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

use crate::error::{ApiError, ErrorCode};

/// Finds the one credential. `Authorization` wins over the app's own headers, in the order in which they are named, and a
/// header over the query; two of one kind are refused, since one program that checks the first and another that uses the last would
/// disagree.
///
/// The query is looked at for `GET` and `HEAD` only: every other method is sent by code that can
/// set a header.
pub(crate) fn find<'request>(
    method: &Method,
    uri: &'request Uri,
    headers: &'request HeaderMap,
    instance_headers: &[HeaderName],
) -> Result<Cow<'request, str>, ApiError> {
    if let Some(name) = header_in_use(headers, instance_headers) {
        let mut values = headers.get_all(name).iter();
        let value = values.next().ok_or(ErrorCode::CredentialMissing)?;
        if values.next().is_some() {
            return Err(ErrorCode::CredentialRepeated.into());
        }
        let value = value.to_str().map_err(|_| ErrorCode::CredentialMalformed)?;
        return Ok(Cow::Borrowed(value));
    }
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(ErrorCode::CredentialMissing.into());
    }
    let mut values = instance_parameters(uri.query().unwrap_or_default());
    let value = values.next().ok_or(ErrorCode::CredentialMissing)?;
    if values.next().is_some() {
        return Err(ErrorCode::CredentialRepeated.into());
    }
    percent_decode_str(value)
        .decode_utf8()
        .map_err(|_| ErrorCode::CredentialMalformed.into())
}

static STANDARD: HeaderName = AUTHORIZATION;

/// The headers that a credential may be in, the first before the others.
pub(crate) fn credential_headers(
    instance_headers: &[HeaderName],
) -> impl Iterator<Item = &HeaderName> {
    std::iter::once(&STANDARD).chain(instance_headers)
}

/// The header that the credential is in.
pub(crate) fn header_in_use<'name>(
    headers: &HeaderMap,
    instance_headers: &'name [HeaderName],
) -> Option<&'name HeaderName> {
    credential_headers(instance_headers).find(|name| headers.contains_key(*name))
}

fn instance_parameters(query: &str) -> impl Iterator<Item = &str> {
    query
        .split('&')
        .filter(|pair| is_instance(pair))
        .map(|pair| pair.split_once('=').unwrap_or_default().1)
}

/// Whether a query carries an instance.
pub(crate) fn has_instance(query: &str) -> bool {
    query.split('&').any(is_instance)
}

/// `instance=…`, its name written in any percent-encoding.
fn is_instance(pair: &str) -> bool {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    name == "instance" || (name.contains('%') && percent_decode_str(name).eq("instance".bytes()))
}

/// The query without any `instance` parameter, every other byte as it was. `None` when there is
/// nothing to take out.
pub(crate) fn remove_instance(query: &str) -> Option<String> {
    query.split('&').any(is_instance).then(|| {
        let rest: Vec<&str> = query.split('&').filter(|pair| !is_instance(pair)).collect();
        rest.join("&")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_instance_leaves_the_query() {
        for (query, rest) in [
            ("instance=a.b", Some("")),
            ("x=1&instance=a.b&y=%20", Some("x=1&y=%20")),
            ("%69nstance=a&instances=b", Some("instances=b")),
            ("x=1&&instance", Some("x=1&")),
            ("x=instance", None),
            ("", None),
        ] {
            assert_eq!(remove_instance(query).as_deref(), rest, "{query}");
        }
    }

    #[test]
    fn one_credential_and_no_more() {
        let code = |uri: &str, headers: &[&str], method: Method| {
            let mut map = HeaderMap::new();
            for value in headers {
                match value.strip_prefix("own ") {
                    Some(value) => map.append("x-wix-instance", value.parse().unwrap()),
                    None => map.append(AUTHORIZATION, value.parse().unwrap()),
                };
            }
            let own = [HeaderName::from_static("x-wix-instance")];
            match find(&method, &uri.parse().unwrap(), &map, &own) {
                Ok(value) => value.into_owned(),
                Err(refusal) => refusal.code().name().to_owned(),
            }
        };
        assert_eq!(code("/", &["a"], Method::POST), "a");
        assert_eq!(code("/?instance=b", &["a"], Method::GET), "a");
        assert_eq!(code("/?x=1&instance=b%2Ec", &[], Method::GET), "b.c");
        assert_eq!(
            code("/?instance=b", &[], Method::POST),
            "CREDENTIAL_MISSING"
        );
        assert_eq!(code("/", &[], Method::GET), "CREDENTIAL_MISSING");
        assert_eq!(code("/?instance=b", &["own a"], Method::GET), "a");
        assert_eq!(code("/", &["own a"], Method::POST), "a");
        assert_eq!(code("/", &["own a", "b"], Method::GET), "b");
        for twice in [["own a", "own b"], ["a", "a"]] {
            assert_eq!(code("/", &twice, Method::GET), "CREDENTIAL_REPEATED");
        }
        assert_eq!(code("/", &["a", "b"], Method::GET), "CREDENTIAL_REPEATED");
        assert_eq!(
            code("/?instance=a&instance=b", &[], Method::GET),
            "CREDENTIAL_REPEATED"
        );
        assert_eq!(
            code("/?instance=%ff", &[], Method::GET),
            "CREDENTIAL_MALFORMED"
        );
    }
}
