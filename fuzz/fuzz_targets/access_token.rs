#![no_main]
//! See `targets/access_token.rs`.

#[path = "../targets/access_token.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
