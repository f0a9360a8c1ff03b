//! Answers as providers give them, and what is read of them.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

fn read(status: u16, body: &str) -> Result<IssuedTokens, TokenRequestError> {
    granted(
        StatusCode::from_u16(status).unwrap(),
        body.as_bytes(),
        now(),
    )
}

fn token(grant: &IssuedTokens) -> &str {
    grant
        .access_token
        .as_ref()
        .map_or("", |token| token.as_str())
}

/// A token `a`, a refresh token `r`, an hour, and the scopes `x` and `y`, as endpoints write them.
#[test]
fn answers_in_every_manner() {
    for body in [
        r#"{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x y","token_type":"Bearer"}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_in":"3600","scope":["x","y"],"token_type":"bearer"}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_in":3600.0,"scope":"x,y","token_type":"BEARER"}"#,
        r#"{"access_token":" a ","refresh_token":"r","expires_in":3600,"scopes":"x y","token_type":"bot"}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_at":"2026-11-29T13:00:00Z","scope":"x, y","token_type":null}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_in_sec":3600,"expires_in":3600000,"scope":"x y"}"#,
        r#"{"accessToken":"a","refreshToken":"r","expiresIn":3600,"scope":"x y","tokenType":"Bearer"}"#,
        r#"{"ok":true,"authed_user":{"id":"U1","access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x,y"},"team":{"id":"T1"}}"#,
        r#"{"data":{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x,y","error_code":0},"message":"success"}"#,
        r#"{"data":[{"access_token":"a","refresh_token":"r","expires_in":3600,"permissions":"x,y"}]}"#,
        r#"{"status":0,"body":{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x,y"}}"#,
        r#"{"code":0,"msg":"success","data":{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":["x","y"]}}"#,
        r#"{"token":{"access_token":"a"},"refresh_token":"r","expires_in":3600,"scope":"x y"}"#,
        r#"[{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x y"}]"#,
        r#"{"token":"a","refresh_token":"r","expires_at":1795957200,"scope":"x y"}"#,
        r#"{"access_token":"b","access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x y","error":""}"#,
        r#"{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"x y","error":null,"errors":[],"success":true,"errcode":0}"#,
        r#""{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":3600,\"scope\":\"x y\"}""#,
        "\u{feff}{\"access_token\":\"a\",\"refresh_token\":\"r\",\"expires_in\":3600,\"scope\":\"x y\"}\n",
        r#"callback( {"access_token":"a","refresh_token":"r","expires_in":"3600","scope":"x,y"} );"#,
        "access_token=a&refresh_token=r&expires_in=3600&scope=x+y&token_type=bearer",
        "access_token=a&refresh_token=r&expires=3600&scope=x%2Cy",
        "access_token=a\r\nrefresh_token=r\r\nexpires_in=3600\r\nscope=x y\r\n",
    ] {
        let grant = read(200, body).unwrap_or_else(|error| panic!("{error}: {body}"));
        assert_eq!(token(&grant), "a", "{body}");
        let refresh = grant.refresh_token.as_ref().map(|it| it.as_str());
        assert_eq!(refresh, Some("r"), "{body}");
        assert_eq!(grant.lifetime, Some(Duration::from_hours(1)), "{body}");
        assert_eq!(grant.scopes.as_deref().unwrap(), ["x", "y"], "{body}");
    }
    assert_eq!(token(&read(201, r#"{"access_token":"a"}"#).unwrap()), "a");
    // A name that is no UTF-8 beside the token.
    let body = b"{\"access_token\":\"a\",\"name\":\"\xe9\"}";
    let grant = granted(StatusCode::OK, body, now()).unwrap();
    assert_eq!(token(&grant), "a");
    assert_eq!((grant.lifetime, grant.scopes), (None, None));
}

#[test]
fn the_token_of_all_goes_before_one_within() {
    let slack = r#"{"ok":true,"access_token":"xoxb","scope":"chat:write","authed_user":{"id":"U1","access_token":"xoxp"}}"#;
    let grant = read(200, slack).unwrap();
    assert_eq!(token(&grant), "xoxb");
    assert_eq!(grant.field("authed_user.id").unwrap(), "U1");
    assert_eq!(
        grant.subject().unwrap(),
        ("authed_user.id".to_owned(), "U1".to_owned())
    );
    assert_eq!(grant.field("authed_user"), None);
    let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"42"}"#);
    let body = format!(r#"{{"access_token":"a","id_token":"e.{claims}.s","user_id":7}}"#);
    let subject = read(200, &body).unwrap().subject().unwrap();
    assert_eq!(subject, ("sub".to_owned(), "42".to_owned()));
}

#[test]
fn a_refresh_token_that_is_none() {
    for said in [
        r#""""#,
        "null",
        r#""  ""#,
        "false",
        "[]",
        r#""null""#,
        r#""a\nb""#,
    ] {
        let body = format!(r#"{{"access_token":"a","refresh_token":{said}}}"#);
        let grant = read(200, &body).unwrap();
        assert!(grant.refresh_token.is_none(), "{said}");
    }
}

#[test]
fn a_refresh_token_without_a_token_that_can_be_sent_is_not_lost() {
    for token in [r#""""#, "null", r#""a b""#] {
        let body = format!(r#"{{"access_token":{token},"refresh_token":"r"}}"#);
        let grant = read(200, &body).unwrap();
        assert!(grant.access_token.is_none() && grant.refresh_token.is_some());
    }
    let grant = read(
        200,
        r#"{"access_token":"a","token_type":"DPoP","refresh_token":"r"}"#,
    );
    assert!(grant.unwrap().access_token.is_none());
}

#[test]
fn what_holds_no_token() {
    for body in [
        "",
        "{}",
        "null",
        "<html><a href=\"?x=y\">Sign in</a></html>",
        r#"{"access_token":"a"#,
        r#"{"access_token":["a"]}"#,
        r#"{"access_token":"a b"}"#,
        r#"{"access_token":"a","token_type":"mac"}"#,
        r#"{"status":"ok"}"#,
    ] {
        let error = read(200, body).unwrap_err();
        assert!(
            matches!(error, TokenRequestError::Unavailable(_)),
            "{body}: {error}"
        );
    }
}

/// By status, and whether the refresh token is over.
const REFUSALS: &[(u16, &str, bool)] = &[
    (400, r#"{"error":"invalid_grant"}"#, true),
    (200, r#"{"error":"invalid_grant"}"#, true),
    (
        200,
        r#"{"error":"bad_refresh_token","error_description":"…","error_uri":"…"}"#,
        true,
    ),
    (200, "error=bad_refresh_token&error_description=x", true),
    (200, r#"{"ok":false,"error":"invalid_refresh_token"}"#, true),
    (200, r#"{"ok":false,"error":"token_revoked"}"#, true),
    (200, r#"{"error":"invalid_code"}"#, true),
    (
        401,
        r#"{"error":"invalid_token","error_description":"Invalid refresh token (expired): x"}"#,
        true,
    ),
    (
        400,
        r#"{"status":"BAD_REFRESH_TOKEN","message":"missing or unknown refresh token"}"#,
        true,
    ),
    (
        400,
        r#"{"status":400,"message":"Invalid refresh token"}"#,
        true,
    ),
    (
        400,
        r#"{"error":"invalid_request","error_description":"The refresh token is expired."}"#,
        true,
    ),
    (
        400,
        r#"{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}"#,
        true,
    ),
    (
        401,
        r#"{"errors":[{"errorType":"invalid_grant","message":"Refresh token invalid: x"}],"success":false}"#,
        true,
    ),
    (
        400,
        r#"{"error":{"code":"invalid_grant","message":"…"}}"#,
        true,
    ),
    (
        400,
        r#"{"error":{"errorId":"INVALID_REFRESH_TOKEN"}}"#,
        true,
    ),
    (
        200,
        r#"{"data":{"error_code":10010,"description":"Refresh token has expired"},"message":"error"}"#,
        true,
    ),
    (
        200,
        r#"{"errcode":40030,"errmsg":"invalid refresh_token, hints: [ req_id: x ]"}"#,
        true,
    ),
    (
        200,
        r#"callback( {"error":100016,"error_description":"refresh token is wrong"} );"#,
        true,
    ),
    (
        400,
        r#"{"error":"interaction_required","error_description":"AADSTS50076: …"}"#,
        true,
    ),
    (400, r#"{"error":"invalid_client"}"#, false),
    (
        401,
        r#"{"error":"invalid_client","error_description":"refresh token is not valid for this client"}"#,
        false,
    ),
    (
        400,
        r#"{"error":"invalid_request","error_description":"Missing refresh_token parameter"}"#,
        false,
    ),
    (
        400,
        r#"{"error":"unsupported_grant_type","error_description":"refresh_token is invalid"}"#,
        false,
    ),
    (
        200,
        r#"{"error":"Access Denied","error_description":"too many requests"}"#,
        false,
    ),
    (400, "no JSON at all", false),
    (403, "", false),
    (200, r#"{"ok":false}"#, false),
];

#[test]
fn refusals_in_every_manner() {
    for (status, body, is_over) in REFUSALS.iter().copied() {
        let error = read(status, body).unwrap_err();
        assert!(
            matches!(error, TokenRequestError::Refused { .. }),
            "{body}: {error}"
        );
        assert_eq!(error.is_final(), is_over, "{status} {body}: {error}");
    }
    for (status, body) in [
        (429, r#"{"error":"invalid_grant"}"#),
        (500, r#"{"error":"invalid_grant"}"#),
        (502, "<html>Bad Gateway</html>"),
        (302, ""),
    ] {
        let error = read(status, body).unwrap_err();
        assert!(
            matches!(error, TokenRequestError::Unavailable(_)),
            "{status}: {error}"
        );
    }
}

#[test]
fn only_known_words_are_handed_on() {
    let code = |body: &str| match read(200, body).unwrap_err() {
        TokenRequestError::Refused { code, .. } => code,
        other @ TokenRequestError::Unavailable(_) => panic!("{other}"),
    };
    assert_eq!(
        code(r#"{"error":"bad_refresh_token"}"#),
        "bad_refresh_token"
    );
    assert_eq!(
        code(r#"{"error":{"type":"Invalid Client"}}"#),
        "invalid_client"
    );
    assert_eq!(code(r#"{"error":"sk_live_secret"}"#), "another reason");
    assert_eq!(known_error_code(Some("access_denied")), "access_denied");
    assert_eq!(known_error_code(Some("<script>")), "another reason");
    assert_eq!(known_error_code(None), "another reason");
}

#[test]
fn how_a_client_says_who_it_is() {
    let basic = |client_auth, secret: Option<&str>| {
        let text = |text: &str| SecretString::new(text.to_owned());
        let identity = ClientIdentity {
            id: text("a client:1"),
            secret: secret.map(text),
        };
        let value = identity.basic(client_auth)?;
        let encoded = value
            .to_str()
            .unwrap()
            .strip_prefix("Basic ")
            .unwrap()
            .to_owned();
        Some(String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap())
    };
    let secret = Some("s+e/c%r=é");
    assert_eq!(
        basic(ClientAuth::Basic, secret).unwrap(),
        "a%20client%3A1:s%2Be%2Fc%25r%3D%C3%A9"
    );
    assert_eq!(
        basic(ClientAuth::BasicRaw, secret).unwrap(),
        "a client:1:s+e/c%r=é"
    );
    assert_eq!(basic(ClientAuth::Form, secret), None);
    assert_eq!(basic(ClientAuth::BasicRaw, None), None);
}
