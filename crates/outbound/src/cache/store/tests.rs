use http::{Method, Request, StatusCode};

use super::*;
use crate::cache::CacheOwner;

mod renewing;

const LIMITS: CacheLimits = CacheLimits {
    bytes: 1024 * 1024,
    response_bytes: 1000,
};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn date(seconds: u64) -> String {
    httpdate::fmt_http_date(at(seconds))
}

fn instance(last: u8) -> CacheOwner {
    let text = format!("2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e{last:02x}");
    CacheOwner::Instance(text.parse().unwrap())
}

fn key(owner: CacheOwner) -> CacheKey {
    CacheKey {
        connection: "shop".into(),
        owner,
        url: "https://api.example.com/v1/things?page=1".to_owned(),
    }
}

/// A key and the epoch now.
fn now(cache: &ResponseStore, key: CacheKey) -> (CacheKey, WriteEpoch) {
    let asked = cache.write_epoch(&key);
    (key, asked)
}

fn request(headers: &[(&str, &str)]) -> request::Parts {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn response(headers: &[(&str, &str)]) -> response::Parts {
    let mut response = Response::builder();
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap().into_parts().0
}

fn fresh(lookup: CachedResponse) -> Option<Response<Bytes>> {
    match lookup {
        CachedResponse::Fresh(response) => Some(response),
        CachedResponse::Stale(_) | CachedResponse::Miss => None,
    }
}

fn stale(lookup: CachedResponse) -> Option<Stale> {
    match lookup {
        CachedResponse::Stale(stale) => Some(stale),
        CachedResponse::Fresh(_) | CachedResponse::Miss => None,
    }
}

/// What becomes of a response with these headers: how many seconds it is fresh, and whether it is asked
/// about after that.
fn kept(owner: CacheOwner, headers: &[(&str, &str)]) -> Option<(u64, bool)> {
    let cache = ResponseStore::new(LIMITS);
    let (asked, answered) = (request(&[]), response(headers));
    let would = cache.is_storable(&key(owner), &asked, &answered, at(0));
    let was = cache.insert(
        now(&cache, key(owner)),
        &asked,
        &answered,
        Bytes::from("x"),
        at(0),
    );
    assert_eq!(would, was);
    let look = |seconds| cache.lookup(&key(owner), &asked, at(seconds));
    let ends = (0..200).find(|it| fresh(look(*it)).is_none());
    was.then(|| (ends.unwrap(), stale(look(1_000_000)).is_some()))
}

#[test]
fn what_is_kept_and_for_how_long() {
    let own = instance(1);
    let shared = CacheOwner::Shared;
    let (date_0, expires) = (date(0), date(50));
    let dated = [("date", &date_0[..]), ("expires", &expires[..])];
    let (early, late) = (date(3), date(8));
    for (scope, headers, expected) in [
        (
            own,
            &[("cache-control", "max-age=60")][..],
            Some((60, false)),
        ),
        (
            own,
            &[("cache-control", "Max-Age=60"), ("etag", "\"a\"")],
            Some((60, true)),
        ),
        (
            own,
            &[("cache-control", "private, max-age=60")],
            Some((60, false)),
        ),
        (shared, &[("cache-control", "private, max-age=60")], None),
        (
            own,
            &[("cache-control", "max-age=60, s-maxage=5")],
            Some((60, false)),
        ),
        (
            shared,
            &[("cache-control", "max-age=60, s-maxage=5")],
            Some((5, false)),
        ),
        (
            own,
            &[("cache-control", "max-age=60"), ("age", "20")],
            Some((40, false)),
        ),
        (own, &[("cache-control", "max-age=60"), ("age", "90")], None),
        (
            own,
            &[("age", "18446744073709551615"), ("etag", "\"a\"")],
            Some((0, true)),
        ),
        (own, &dated, Some((50, false))),
        (own, &[("expires", "0"), ("etag", "\"a\"")], Some((0, true))),
        (own, &[("expires", "0")], None),
        // `max-age` beats `Expires`.
        (
            own,
            &[("cache-control", "max-age=9"), dated[1]],
            Some((9, false)),
        ),
        (
            own,
            &[("cache-control", "no-store, max-age=60"), ("etag", "\"a\"")],
            None,
        ),
        (
            own,
            &[("cache-control", "NO-STORE"), ("etag", "\"a\"")],
            None,
        ),
        (
            own,
            &[("cache-control", "no-cache, max-age=60"), ("etag", "\"a\"")],
            Some((0, true)),
        ),
        (own, &[("etag", "\"a\"")], Some((0, true))),
        (
            own,
            &[("last-modified", &early[..]), ("date", &late[..])],
            Some((0, true)),
        ),
        // Nothing is said.
        (own, &[], None),
        (
            own,
            &[("cache-control", "max-age=60"), ("set-cookie", "a=b")],
            None,
        ),
        (
            own,
            &[("cache-control", "max-age=60"), ("vary", "accept, *")],
            None,
        ),
        (
            own,
            &[("cache-control", "max-age=60"), ("vary", "in valid")],
            None,
        ),
    ] {
        assert_eq!(kept(scope, headers), expected, "{headers:?}");
    }
}

#[test]
fn a_reply_that_was_old_when_it_came() {
    let cache = ResponseStore::new(LIMITS);
    let asked = request(&[]);
    let answered = response(&[("cache-control", "max-age=60"), ("date", &date(0))]);
    assert!(cache.insert(
        now(&cache, key(instance(1))),
        &asked,
        &answered,
        Bytes::new(),
        at(10)
    ));
    let found = fresh(cache.lookup(&key(instance(1)), &asked, at(59))).unwrap();
    assert_eq!(found.headers()["age"], "59");
    assert!(fresh(cache.lookup(&key(instance(1)), &asked, at(60))).is_none());
    // A clock that was put back makes nothing panic.
    assert!(fresh(cache.lookup(&key(instance(1)), &asked, at(0))).is_some());
}

#[test]
fn what_is_no_plain_question_passes_by() {
    let cache = ResponseStore::new(LIMITS);
    let answered = response(&[("cache-control", "max-age=60"), ("etag", "\"a\"")]);
    let mut post = request(&[]);
    post.method = Method::POST;
    for asked in [
        post,
        request(&[("range", "bytes=0-1")]),
        request(&[("cache-control", "no-store")]),
    ] {
        assert!(!cache.insert(
            now(&cache, key(instance(1))),
            &asked,
            &answered,
            Bytes::new(),
            at(0)
        ));
        assert!(cache.insert(
            now(&cache, key(instance(1))),
            &request(&[]),
            &answered,
            Bytes::new(),
            at(0)
        ));
        assert!(matches!(
            cache.lookup(&key(instance(1)), &asked, at(0)),
            CachedResponse::Miss
        ));
    }
    // Who wants to be sure has it asked about.
    for wish in ["no-cache", "max-age=0"] {
        let asked = request(&[("cache-control", wish)]);
        assert!(stale(cache.lookup(&key(instance(1)), &asked, at(1))).is_some());
    }
    for status in [
        StatusCode::PARTIAL_CONTENT,
        StatusCode::INTERNAL_SERVER_ERROR,
    ] {
        let mut answered = answered.clone();
        answered.status = status;
        assert!(!cache.insert(
            now(&cache, key(instance(2))),
            &request(&[]),
            &answered,
            Bytes::new(),
            at(0)
        ));
    }
}

#[test]
fn nobody_sees_what_is_kept_for_another() {
    let cache = ResponseStore::new(LIMITS);
    let (asked, answered) = (request(&[]), response(&[("cache-control", "max-age=60")]));
    assert!(cache.insert(
        now(&cache, key(instance(1))),
        &asked,
        &answered,
        Bytes::from("1"),
        at(0)
    ));
    let mut elsewhere = key(instance(1));
    elsewhere.connection = "shop, rotated".into();
    let mut next = key(instance(1));
    next.url.push('2');
    for other in [key(instance(2)), key(CacheOwner::Shared), elsewhere, next] {
        assert!(matches!(
            cache.lookup(&other, &asked, at(0)),
            CachedResponse::Miss
        ));
    }
    assert!(fresh(cache.lookup(&key(instance(1)), &asked, at(0))).is_some());
    cache.invalidate(&key(instance(1)));
    assert!(matches!(
        cache.lookup(&key(instance(1)), &asked, at(0)),
        CachedResponse::Miss
    ));
}

#[test]
fn replies_vary_by_what_they_say() {
    let cache = ResponseStore::new(LIMITS);
    let answered = response(&[
        ("cache-control", "max-age=60"),
        ("vary", "Accept-Language, accept, If-None-Match"),
        ("vary", "Authorization"),
    ]);
    let asked = |language: &str| request(&[("accept-language", language)]);
    let keep = |asked: &request::Parts, body: Bytes| {
        assert!(cache.insert(now(&cache, key(instance(1))), asked, &answered, body, at(0)));
    };
    for language in ["de", "fr"] {
        keep(&asked(language), language.into());
    }
    let find = |asked| fresh(cache.lookup(&key(instance(1)), &asked, at(1)));
    assert_eq!(find(asked("de")).unwrap().body(), "de");
    assert_eq!(find(asked("fr")).unwrap().body(), "fr");
    let other = request(&[("accept-language", "fr"), ("authorization", "Bearer x")]);
    assert_eq!(find(other).unwrap().body(), "fr");
    assert!(find(asked("it")).is_none());
    assert!(find(request(&[("accept-language", "de"), ("accept", "a/b")])).is_none());
    let named = request(&[("accept-language", "de"), ("if-none-match", "\"x\"")]);
    assert!(find(named).is_none());
    // Not more variants than a few, the newest of them.
    for number in 0..100 {
        keep(&asked(&number.to_string()), Bytes::new());
    }
    assert!(find(asked("99")).is_some() && find(asked("68")).is_some());
    assert!(find(asked("67")).is_none() && find(asked("de")).is_none());
}

/// An API may answer by a header without saying so, and the credential is everybody's.
#[test]
fn a_reply_is_only_for_requests_with_the_same_headers() {
    let cache = ResponseStore::new(LIMITS);
    let answered = response(&[("cache-control", "public, max-age=60"), ("etag", "\"a\"")]);
    let one: &[(&str, &str)] = &[("accept-language", "de"), ("x-customer", "1")];
    assert!(cache.insert(
        now(&cache, key(CacheOwner::Shared)),
        &request(one),
        &answered,
        "for 1".into(),
        at(0)
    ));
    let find = |more: &[(&str, &str)]| {
        let headers = [one, more].concat();
        fresh(cache.lookup(&key(CacheOwner::Shared), &request(&headers), at(1)))
    };
    assert_eq!(find(&[]).unwrap().body(), "for 1");
    // What the caller has already changes nothing.
    let known = find(&[("if-none-match", "\"a\"")]).unwrap();
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(find(&[("if-none-match", "\"b\"")]).unwrap().body(), "for 1");
    let modified = ("if-modified-since", "Sun, 22 Nov 2026 11:00:00 GMT");
    assert!(find(&[modified, ("cache-control", "max-age=9")]).is_some());
    for more in [
        ("x-customer", "2"),
        ("x-customer", ""),
        ("accept", "text/html"),
        ("accept-language", "fr"),
        ("x-new", "1"),
        ("if-match", "\"a\""),
        ("if-unmodified-since", "Sun, 22 Nov 2026 11:00:00 GMT"),
        ("if-range", "\"a\""),
        ("range", "bytes=0-1"),
    ] {
        assert!(find(&[more]).is_none(), "{more:?}");
    }
    for headers in [
        &[][..],
        &one[..1],
        &one[1..],
        &[("accept-language", "de"), ("x-customer", "2")],
    ] {
        let asked = request(headers);
        let lookup = cache.lookup(&key(CacheOwner::Shared), &asked, at(1));
        assert!(matches!(lookup, CachedResponse::Miss), "{headers:?}");
    }
    // A write there forgets all of them.
    cache.invalidate(&key(CacheOwner::Shared));
    assert!(find(&[]).is_none());
}

#[test]
fn a_reply_that_may_not_be_kept_takes_the_place_of_one_that_was() {
    let cache = ResponseStore::new(LIMITS);
    let asked = request(&[]);
    let answered = response(&[("cache-control", "max-age=60"), ("etag", "\"a\"")]);
    assert!(cache.insert(
        now(&cache, key(instance(1))),
        &asked,
        &answered,
        Bytes::new(),
        at(0)
    ));
    let secret = response(&[("cache-control", "no-store")]);
    assert!(!cache.insert(
        now(&cache, key(instance(1))),
        &asked,
        &secret,
        Bytes::new(),
        at(1)
    ));
    assert!(matches!(
        cache.lookup(&key(instance(1)), &asked, at(1)),
        CachedResponse::Miss
    ));
}

#[test]
fn what_is_kept_is_bounded() {
    let cache = ResponseStore::new(LIMITS);
    let (asked, answered) = (request(&[]), response(&[("cache-control", "max-age=60")]));
    let large = Bytes::from(vec![0; 1001]);
    assert!(!cache.insert(
        now(&cache, key(instance(1))),
        &asked,
        &answered,
        large,
        at(0)
    ));
    let announced = response(&[("cache-control", "max-age=60"), ("content-length", "1001")]);
    assert!(!cache.is_storable(&key(instance(1)), &asked, &announced, at(0)));
    for number in 0..10_000 {
        let mut place = key(instance(1));
        place.url = number.to_string();
        let body = Bytes::from(vec![0; 1000]);
        assert!(cache.insert(now(&cache, place), &asked, &answered, body, at(0)));
    }
    cache.responses.run_pending_tasks();
    assert!(cache.responses.weighted_size() <= LIMITS.bytes);
    assert!(cache.responses.entry_count() > 100);
}

/// A slow response is under way while a write ends: what it says may be from before.
#[test]
fn what_was_asked_for_before_a_write_ended_is_not_kept_after_it() {
    let cache = ResponseStore::new(LIMITS);
    let asked = request(&[]);
    let answered = response(&[("cache-control", "max-age=60"), ("etag", "\"a\"")]);
    let before = now(&cache, key(instance(1)));
    let elsewhere = CacheKey {
        url: "https://api.example.com/v1/others".to_owned(),
        ..key(instance(1))
    };
    cache.write_ended(&key(instance(1)));
    let body = || Bytes::from("old");
    assert!(!cache.insert(before.clone(), &asked, &answered, body(), at(0)));
    assert!(matches!(
        cache.lookup(&key(instance(1)), &asked, at(0)),
        CachedResponse::Miss
    ));
    let after = now(&cache, key(instance(1)));
    assert!(cache.insert(after, &asked, &answered, body(), at(0)));
    assert!(cache.insert(
        now(&cache, elsewhere.clone()),
        &asked,
        &answered,
        body(),
        at(0)
    ));

    // The same of a 304 to what was kept.
    let stale_one = stale(cache.lookup(&key(instance(1)), &asked, at(61))).unwrap();
    let before = now(&cache, key(instance(1)));
    cache.write_ended(&key(instance(1)));
    let not_modified = response(&[("cache-control", "max-age=60"), ("etag", "\"a\"")]);
    let answer = cache.refresh(before, &stale_one, &asked, &not_modified, at(61));
    assert_eq!(
        answer.unwrap().into_body(),
        "old",
        "it is the answer to its own request"
    );
    let again = cache.lookup(&key(instance(1)), &asked, at(62));
    assert!(matches!(again, CachedResponse::Miss));
    assert!(fresh(cache.lookup(&elsewhere, &asked, at(1))).is_some());
}
