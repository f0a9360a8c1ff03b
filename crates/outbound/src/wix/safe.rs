//! Which calls may be made twice.

use http::Method;

/// Whether doing it twice is the same as doing it once. Reading is; so are Wix's `POST …/query` and
/// its kind, which read by a body.
pub(super) fn is_safe(method: &Method, path: &str) -> bool {
    let reads_by_body = || {
        let last = path.trim_end_matches('/').rsplit('/').next();
        matches!(last, Some("query" | "search" | "count" | "aggregate"))
    };
    match *method {
        Method::GET | Method::HEAD => true,
        Method::POST => reads_by_body(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_is_safe() {
        for (method, path, safe) in [
            (Method::GET, "/apps/v1/instance", true),
            (Method::HEAD, "/x", true),
            (Method::POST, "/stores/v1/products/query", true),
            (Method::POST, "/members/v1/search/", true),
            (Method::POST, "/apps/v1/bi-event", false),
            (Method::POST, "/query/x", false),
            (Method::PUT, "/x/query", false),
            (Method::DELETE, "/x", false),
        ] {
            assert_eq!(is_safe(&method, path), safe, "{method} {path}");
        }
    }
}
