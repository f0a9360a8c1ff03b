//! Asking the third party, and being asked, whether a response still holds.

use super::*;

#[test]
fn a_stale_reply_is_asked_about_and_a_304_makes_it_fresh() {
    let cache = ResponseStore::new(LIMITS);
    let asked = request(&[]);
    let modified = date(0);
    let answered = response(&[
        ("cache-control", "max-age=60"),
        ("etag", "W/\"a\""),
        ("last-modified", &modified),
        ("content-length", "4"),
        ("link", "</1>"),
        ("link", "</2>"),
    ]);
    assert!(cache.insert(
        now(&cache, key(instance(1))),
        &asked,
        &answered,
        Bytes::from("body"),
        at(0)
    ));
    let stale_one = stale(cache.lookup(&key(instance(1)), &asked, at(61))).unwrap();
    assert_eq!(stale_one.conditions()["if-none-match"], "W/\"a\"");
    assert_eq!(stale_one.conditions()["if-modified-since"], modified);

    let not_modified = response(&[
        ("cache-control", "max-age=10"),
        ("etag", "\"a\""),
        ("x-new", "1"),
        ("content-length", "0"),
        ("set-cookie", "a=b"),
    ]);
    let answer = cache.refresh(
        now(&cache, key(instance(1))),
        &stale_one,
        &asked,
        &not_modified,
        at(61),
    );
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status(), &answer.body()[..]),
        (StatusCode::OK, &b"body"[..])
    );
    assert_eq!(answer.headers()["x-new"], "1");
    assert_eq!(answer.headers()["content-length"], "4");
    assert_eq!(answer.headers()["age"], "0");
    assert_eq!(answer.headers().get_all("link").iter().count(), 2);
    assert!(!answer.headers().contains_key("set-cookie"));
    assert!(fresh(cache.lookup(&key(instance(1)), &asked, at(70))).is_some());
    let again = stale(cache.lookup(&key(instance(1)), &asked, at(71))).unwrap();

    // About another one: nothing is kept any more.
    let other = response(&[("etag", "\"b\"")]);
    assert!(
        cache
            .refresh(
                now(&cache, key(instance(1))),
                &again,
                &asked,
                &other,
                at(71)
            )
            .is_none()
    );
    assert!(matches!(
        cache.lookup(&key(instance(1)), &asked, at(71)),
        CachedResponse::Miss
    ));
}

#[test]
fn who_has_it_already_is_told_so() {
    let cache = ResponseStore::new(LIMITS);
    let answered = response(&[
        ("cache-control", "max-age=60"),
        ("etag", "\"a\""),
        ("content-type", "text/plain"),
    ]);
    assert!(cache.insert(
        now(&cache, key(instance(1))),
        &request(&[]),
        &answered,
        Bytes::from("x"),
        at(0)
    ));
    for (known, status) in [
        ("\"a\"", StatusCode::NOT_MODIFIED),
        ("\"x\", W/\"a\"", StatusCode::NOT_MODIFIED),
        ("*", StatusCode::NOT_MODIFIED),
        ("\"b\"", StatusCode::OK),
    ] {
        let asked = request(&[("if-none-match", known)]);
        let answer = fresh(cache.lookup(&key(instance(1)), &asked, at(1))).unwrap();
        assert_eq!(answer.status(), status, "{known}");
        assert_eq!(answer.body().is_empty(), status != StatusCode::OK);
        assert_eq!(answer.headers()["etag"], "\"a\"");
    }
}
