//! `GET /`: says that this is Backlot and where to look, as HTML for browsers and as JSON for other clients.
//!
//! The addresses of the simulator and of the admin listener are shown in `backlot dev` only: in production the page is
//! for the whole world, and says nothing of the machine that it comes from.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, VARY};
use http::{HeaderValue, Response};
use serde_json::{Map, Value, json};

use crate::http::methods::Verb;
use crate::http::plain_page;
use crate::response::ResponseBody;
use crate::routes::public::FIXED;

const SENTENCE: &str = "This is Backlot, the backend of a Wix app. Pages of the app call it with their `instance` \
                        value, or their access token, in the Authorization header.";

/// Where else to look on a developer's machine.
#[derive(Debug, Clone)]
pub(crate) struct DevAddresses {
    /// The simulator: `http://127.0.0.1:8082`
    pub(crate) simulator: String,
    /// The admin listener: `http://127.0.0.1:8081`
    pub(crate) admin: String,
}

/// The page in its two forms, made once.
pub(crate) struct Index {
    html: Bytes,
    json: Bytes,
}

impl Index {
    pub(crate) fn new(dev: Option<&DevAddresses>) -> Self {
        let dev: Vec<(&str, &str)> = dev.map_or_else(Vec::new, |at| {
            vec![
                (
                    at.simulator.as_str(),
                    "the simulator: opens the app's page as Wix would",
                ),
                (
                    at.admin.as_str(),
                    "the admin listener: what runs, and metrics",
                ),
            ]
        });
        let fixed = FIXED.iter().map(|route| &route.spec);
        let fixed: Vec<(&str, &str)> = fixed
            .filter(|spec| spec.path != "/" && spec.policy.methods.contains(&Verb::Get))
            .map(|spec| (spec.path, spec.summary))
            .collect();
        let places = || dev.iter().chain(&fixed).copied();
        Self {
            html: html(places()).into(),
            json: json(places()).into(),
        }
    }

    pub(crate) fn answer(&self, request: &HeaderMap) -> Response<ResponseBody> {
        let (body, media_type) = if prefers_html(request) {
            (&self.html, "text/html; charset=utf-8")
        } else {
            (&self.json, "application/json")
        };
        let mut response = Response::new(ResponseBody::full(body.clone()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(plain_page::POLICY),
        );
        response
    }
}

fn json<'text>(places: impl Iterator<Item = (&'text str, &'text str)>) -> Vec<u8> {
    let places: Map<String, Value> = places
        .map(|(place, sentence)| (place.to_owned(), sentence.into()))
        .collect();
    let body = json!({ "name": "Backlot", "message": SENTENCE, "links": places });
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Nothing in it comes from a request; addresses are those of listeners.
fn html<'text>(places: impl Iterator<Item = (&'text str, &'text str)>) -> String {
    let places = places.fold(String::new(), |mut list, (place, sentence)| {
        let _ = write!(
            list,
            "<li><a href=\"{place}\"><code>{place}</code></a>: {sentence}</li>"
        );
        list
    });
    let sentence = SENTENCE.replace("`instance`", "<code>instance</code>");
    plain_page::html("Backlot", &format!("<p>{sentence}</p><ul>{places}</ul>"))
}

/// Whether HTML is named, and JSON is not wanted more. A browser names it; `curl` and `fetch` do not.
fn prefers_html(headers: &HeaderMap) -> bool {
    let weight_of = |wanted: &str| {
        headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|range| weight(range, wanted))
            .fold(0.0, f32::max)
    };
    weight_of("text/html") > weight_of("application/json")
}

/// The weight of `text/html;q=0.9`; `None` for another media type.
fn weight(range: &str, wanted: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(wanted) {
        return None;
    }
    let given = parts.find_map(|it| it.strip_prefix("q=").or_else(|| it.strip_prefix("Q=")));
    Some(given.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_for_those_who_name_it_first() {
        for (accept, is_html) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("TEXT/HTML", true),
            ("text/html;level=1;q=0.4, application/json;q=0.3", true),
            ("*/*", false),
            ("application/json, text/plain, */*", false),
            ("application/json, text/html;q=0.5", false),
            ("text/html;q=0", false),
            ("text/html;q=x", false),
            ("text/htmlx", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(prefers_html(&headers), is_html, "{accept}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }
}
