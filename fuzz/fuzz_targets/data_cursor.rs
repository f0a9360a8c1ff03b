#![no_main]
//! See `targets/data_cursor.rs`.

#[path = "../targets/data_cursor.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
