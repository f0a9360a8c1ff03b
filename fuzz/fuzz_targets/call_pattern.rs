#![no_main]
//! See `targets/call_pattern.rs`.

#[path = "../targets/call_pattern.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
