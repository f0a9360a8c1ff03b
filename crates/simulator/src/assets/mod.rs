//! The files of the pages, embedded in the program, and their security headers.

mod files;

use axum::body::Bytes;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::trouble::nothing_served;

static NO_SNIFFING: HeaderName = HeaderName::from_static("x-content-type-options");

/// A file of one of the folders, the first that has it. `connect` is where its scripts may call.
pub(crate) fn file(folders: &[&str], name: &str, connect: &str) -> Response {
    let found = folders
        .iter()
        .find_map(|folder| files::find(&format!("{folder}{name}")));
    let Some(bytes) = found else {
        return nothing_served("This page has no such file.");
    };
    response(bytes, name, connect)
}

/// A script that is not inside the program.
pub(crate) fn script_file(script: Bytes) -> Response {
    response(script, ".js", "'self'")
}

fn response(content: impl IntoResponse, name: &str, connect: &str) -> Response {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src {connect}; frame-src *; base-uri 'none'; form-action 'none'"
    );
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(&NO_SNIFFING, HeaderValue::from_static("nosniff"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
