//! What a browser shows after the callback: a small page that tells the one which opened it, and closes.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::body::ReplyBody;
use crate::error::Refusal;
use crate::request_id::RequestId;

/// The account is connected.
pub(super) fn connected(connection: &str, origin: Option<&str>) -> Response<ReplyBody> {
    let told = json!({ "type": "backlot:connection", "connection": connection, "connected": true });
    let sentence = "The account is connected. You can close this window.";
    page(
        StatusCode::OK,
        "Connected",
        &[sentence],
        &told.to_string(),
        origin,
    )
}

/// It is not.
pub(super) fn failed(
    connection: &str,
    refusal: &Refusal,
    request_id: &RequestId,
    origin: Option<&str>,
) -> Response<ReplyBody> {
    let code = refusal.code().name();
    let told = json!({
        "type": "backlot:connection", "connection": connection, "connected": false, "error": code,
    });
    let sentence = format!("{} ({code})", refusal.sentence());
    let status = refusal.code().status();
    page(
        status,
        "Not connected",
        &[&sentence, &format!("Request {}", request_id.as_str())],
        &told.to_string(),
        origin,
    )
}

fn page(
    status: StatusCode,
    title: &str,
    paragraphs: &[&str],
    told: &str,
    origin: Option<&str>,
) -> Response<ReplyBody> {
    let mut nonce = [0; 16];
    // Without a nonce the script does not run, and the page is only read.
    let _ = rand::fill(&mut nonce);
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    let script = origin.map_or_else(String::new, |origin| {
        let (told, origin) = (escaped(told), escaped(origin));
        format!(
            "<script nonce=\"{nonce}\" data-told=\"{told}\" data-origin=\"{origin}\">\
             const own = document.currentScript.dataset;\
             if (window.opener) {{ window.opener.postMessage(JSON.parse(own.told), own.origin); window.close(); }}\
             </script>"
        )
    });
    let title = escaped(title);
    let paragraphs = paragraphs
        .iter()
        .map(|text| format!("<p>{}</p>", escaped(text)));
    let paragraphs: String = paragraphs.collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style nonce=\"{nonce}\">\
         body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 20vh auto; padding: 0 1rem }}\
         </style><h1>{title}</h1>{paragraphs}{script}</html>"
    );
    let mut response = Response::new(ReplyBody::full(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_the_page() {
        assert_eq!(
            escaped("<a href='x'>\"&"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;"
        );
    }
}
