use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use super::super::budget::{Limits, Watch, too_much_time};
use super::super::{DataCode, Value};
use super::*;

const MEMORY: u64 = 1 << 20;

fn budget() -> Budget {
    Budget::new(Limits {
        work: u64::MAX,
        memory: MEMORY,
    })
}

fn list(element: &str, bytes: usize) -> String {
    let all = vec![element; bytes / (element.len() + 1)];
    format!("[{}]", all.join(","))
}

/// How many elements there are in memory when the reading ends.
fn made(json: &str) -> Result<usize, DataCode> {
    match read_within::<Value>(json.as_bytes(), &budget()) {
        Ok(value) => Ok(value.elements().len()),
        Err(ReadError::DataError(fault)) => Err(fault.code()),
        Err(ReadError::Json(error)) => unreachable!("{error}"),
    }
}

/// Sixteen megabytes of small objects were gigabytes in memory.
#[test]
fn what_is_small_as_json_and_large_in_memory_is_refused_while_it_is_read() {
    for element in [r#"{"":0}"#, r#"{"a":0}"#, "{}", "0", "[]", r#""""#, "null"] {
        assert_eq!(made(&list(element, 200_000)), Err(DataCode::TooCostly));
        assert!(made(&list(element, 4_000)).is_ok(), "{element}");
    }
    let text = format!("[\"{}\"]", "x".repeat(900_000));
    assert_eq!(made(&text), Ok(1), "a text is as large as it is");
}

/// Ends at the first element that has no room, and not after all of them are made.
#[test]
fn reading_ends_where_the_budget_does() {
    struct Made;
    impl<'de> Deserialize<'de> for Made {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            // As a value is, which is kept.
            Value::deserialize(deserializer)?;
            COUNT.with(|count| count.fetch_add(1, Ordering::Relaxed));
            Ok(Self)
        }
    }
    thread_local! {
        static COUNT: AtomicUsize = const { AtomicUsize::new(0) };
    }
    let json = list(r#"{"":0}"#, 7_000_000);
    let read = read_within::<Vec<Made>>(json.as_bytes(), &budget());
    assert!(matches!(read, Err(ReadError::DataError(_))));
    let made = COUNT.with(|count| count.load(Ordering::Relaxed));
    assert!((1_000..3_000).contains(&made), "{made}");
}

#[test]
fn what_no_field_takes_counts_nothing() {
    #[derive(Debug, Deserialize)]
    struct Words {
        wanted: u32,
    }
    let json = format!(r#"{{"junk":{},"wanted":7}}"#, list(r#"{"":0}"#, 1 << 20));
    let words: Words = read_within(json.as_bytes(), &budget()).unwrap();
    assert_eq!(words.wanted, 7);
}

#[test]
fn the_watch_is_asked_while_json_is_read() {
    struct Gone;
    impl Watch for Gone {
        fn look(&self) -> Result<(), DataError> {
            Err(too_much_time(1))
        }
    }
    let limits = Limits {
        work: u64::MAX,
        memory: u64::MAX,
    };
    let json = list("0", 300_000);
    let read = read_within::<Value>(json.as_bytes(), &Budget::watched(limits, Gone));
    let Err(ReadError::DataError(fault)) = read else {
        unreachable!("it goes on");
    };
    assert_eq!(fault.data()["limit"], "time");
}

#[test]
fn what_is_read_is_what_serde_json_reads() {
    for json in [
        r#"{"b":1,"a":[null,true,{"x":-0.5}],"":"","é":"\u2028","d":{"$date":"2024-01-02T03:04:05.678Z"}}"#,
        r#""\ud83d\ude00""#,
        "18446744073709551615",
    ] {
        let read: Value = read_within(json.as_bytes(), &budget()).unwrap();
        assert_eq!(read, serde_json::from_str::<Value>(json).unwrap());
    }
    for json in ["1e999", "{", "[1] 2", r#""\ud800""#] {
        let read = read_within::<Value>(json.as_bytes(), &budget());
        assert!(matches!(read, Err(ReadError::Json(_))), "{json}");
    }
    let raw: Vec<Box<serde_json::value::RawValue>> =
        read_within(b"[ {\"a\": 1 } ]", &budget()).unwrap();
    assert_eq!(raw[0].get(), "{\"a\": 1 }");
}
