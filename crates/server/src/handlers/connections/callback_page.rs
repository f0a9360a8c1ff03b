//! What a browser shows after the callback: whether the account is connected, and what to do next. Where a page waits for
//! it, it tells that page, and closes.
//!
//! It is light or dark as the browser is. It has no power: a copy of it says no more than that something is connected.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::error::{ApiError, ErrorCode, ErrorKind};
use crate::http::request_id::RequestId;
use crate::response::ResponseBody;

const STYLE: &str = include_str!("page.css");

/// An authorization that has ended.
pub(crate) struct Ended<'end> {
    /// The app's name, if it is known.
    pub(crate) app: Option<&'end str>,
    /// What people call the third party.
    pub(crate) provider: &'end str,
    /// The connection's name.
    pub(crate) connection: &'end str,
    /// Why the account is not connected. `None` if it is.
    pub(crate) refusal: Option<&'end ApiError>,
    pub(crate) request_id: &'end RequestId,
    /// The page that waits to be told, by its origin.
    pub(crate) origin: Option<&'end str>,
}

/// The page.
pub(crate) fn ended(end: &Ended<'_>) -> Response<ResponseBody> {
    let app = end.app.filter(|name| !name.trim().is_empty());
    let mut nonce = [0; 16];
    // Without a nonce neither the script nor the style counts, and the page is only read.
    let _ = rand::fill(&mut nonce);
    let nonce = URL_SAFE_NO_PAD.encode(nonce);
    let text = Text::new(end, app);
    let mut response = Response::new(ResponseBody::full(text.html(&nonce, &script(end, &nonce))));
    let status = end.refusal.map(|refusal| refusal.code().status());
    *response.status_mut() = status.unwrap_or(StatusCode::OK);
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

/// What the page says.
struct Text {
    is_connected: bool,
    title: String,
    happened: String,
    next: String,
    /// For support.
    reference: Option<String>,
}

impl Text {
    fn new(end: &Ended<'_>, app: Option<&str>) -> Self {
        let provider = end.provider;
        let the_app = app.unwrap_or("the app");
        let subject = app.unwrap_or("The app");
        let Some(refusal) = end.refusal else {
            return Self {
                is_connected: true,
                title: format!("{subject} is connected to {provider}"),
                happened: format!("{subject} can use your {provider} account now."),
                next: format!("Close this window and go on in {the_app}."),
                reference: None,
            };
        };
        let code = refusal.code();
        Self {
            is_connected: false,
            title: format!("{subject} is not connected to {provider}"),
            happened: refusal.sentence(),
            next: next(code, the_app, provider),
            reference: Some(format!(
                "Code ({})\nRequest {}",
                code.name(),
                end.request_id.as_str()
            )),
        }
    }

    fn html(&self, nonce: &str, script: &str) -> String {
        let Self {
            is_connected,
            title,
            happened,
            next,
            reference,
        } = self;
        let (title, happened, next) = (escaped(title), escaped(happened), escaped(next));
        let (kind, sign) = if *is_connected {
            ("connected", "M7 13l4 4 8-9")
        } else {
            ("failed", "M8 8l8 8M16 8l-8 8")
        };
        let reference = reference.as_ref().map_or_else(String::new, |reference| {
            format!(
                "<p class=\"reference\">{}</p>",
                escaped(reference).replace('\n', "<br>")
            )
        });
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <meta name=\"color-scheme\" content=\"light dark\"><style nonce=\"{nonce}\">{STYLE}</style>\
             <main class=\"{kind}\"><svg viewBox=\"0 0 24 24\" width=\"48\" height=\"48\" aria-hidden=\"true\">\
             <circle cx=\"12\" cy=\"12\" r=\"12\"/><path d=\"{sign}\"/></svg>\
             <h1>{title}</h1><p>{happened}</p><p class=\"next\">{next}</p>{reference}</main>{script}</html>"
        )
    }
}

/// What the owner does next.
fn next(code: ErrorKind, app: &str, provider: &str) -> String {
    match code {
        ErrorKind::Own(ErrorCode::AuthorizationDenied) => {
            format!("Close this window, begin again in {app}, and accept what {provider} asks.")
        }
        ErrorKind::Own(ErrorCode::AuthorizationUnknown) => format!(
            "Close this window and look in {app} whether the account is connected. If it is not, begin again there."
        ),
        _ => format!(
            "Close this window and begin again in {app}. If it lasts, tell those who made {app} what stands below."
        ),
    }
}

/// Tells the page that waits for it, and no other.
fn script(end: &Ended<'_>, nonce: &str) -> String {
    let Some(origin) = end.origin else {
        return String::new();
    };
    let mut told = json!({
        "type": "backlot:connection",
        "connection": end.connection,
        "connected": end.refusal.is_none(),
    });
    if let Some(refusal) = end.refusal {
        told["error"] = refusal.code().name().into();
    }
    let (told, origin) = (escaped(&told.to_string()), escaped(origin));
    format!(
        "<script nonce=\"{nonce}\" data-told=\"{told}\" data-origin=\"{origin}\">\
         const own = document.currentScript.dataset;\
         if (window.opener) {{ window.opener.postMessage(JSON.parse(own.told), own.origin); window.close(); }}\
         </script>"
    )
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
        let text = Text {
            is_connected: false,
            title: "<b>".to_owned(),
            happened: "<i>".to_owned(),
            next: "<u>".to_owned(),
            reference: Some("<s>".to_owned()),
        };
        let html = text.html("n", "");
        for tag in ["<b>", "<i>", "<u>", "<s>"] {
            assert!(!html.contains(tag), "{tag}");
        }
    }

    #[test]
    fn the_style_ends_no_element() {
        assert!(!STYLE.contains('<'));
    }
}
