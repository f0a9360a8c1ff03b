#![no_main]
//! See `targets/data_filter.rs`.

#[path = "../targets/data_filter.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
