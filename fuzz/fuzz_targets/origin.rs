#![no_main]
//! See `targets/origin.rs`.

#[path = "../targets/origin.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
