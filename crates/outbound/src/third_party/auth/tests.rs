use http::header::AUTHORIZATION;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;

use super::*;

fn apply(credential: &Credential, target: &'static str) -> (String, HeaderMap) {
    let mut headers = HeaderMap::new();
    let target = PathAndQuery::from_static(target);
    let request = UnsignedRequest {
        method: &Method::GET,
        target: &target,
        full_target: &target,
        host: "api.example.com",
        body: None,
        now: Timestamp::UNIX_EPOCH,
    };
    let target = credential.apply(&request, &mut headers).unwrap();
    (target.to_string(), headers)
}

#[test]
fn each_kind_stands_in_its_place() {
    let (_, headers) = apply(&Credential::bearer("sk_1").unwrap(), "/x");
    assert_eq!(headers[AUTHORIZATION], "Bearer sk_1");
    assert!(headers[AUTHORIZATION].is_sensitive());
    let (_, headers) = apply(&Credential::basic("Aladdin", "open sesame").unwrap(), "/x");
    assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    let name = HeaderName::from_static("x-api-key");
    let (_, headers) = apply(&Credential::header(name, "", "k").unwrap(), "/x");
    assert_eq!(headers["x-api-key"], "k");
    let key = Credential::query("key", "a&b=c d");
    assert_eq!(apply(&key, "/x").0, "/x?key=a%26b%3Dc%20d");
    assert_eq!(apply(&key, "/x?y=1").0, "/x?y=1&key=a%26b%3Dc%20d");
    assert_eq!(
        apply(&key, "/x?key=1&keys=2&k%65y").0,
        "/x?keys=2&key=a%26b%3Dc%20d"
    );
    assert_eq!(apply(&Credential::none(), "/x?y").0, "/x?y");
}

#[test]
fn nothing_is_smuggled_and_nothing_is_printed() {
    let smuggled = Credential::bearer("a\r\nX-Evil: 1").unwrap_err();
    assert_eq!(smuggled, CredentialError::NotForAHeader);
    let credential = Credential::basic("user", "s3cret").unwrap();
    assert_eq!(format!("{credential:?}"), "Credential(…)");
    let echo = HeaderValue::from_static("you sent s3cret, or dXNlcjpzM2NyZXQ=");
    let clean = credential.secret_patterns().redact_value(&echo).unwrap();
    assert_eq!(clean, "you sent ******, or ****************");
}
