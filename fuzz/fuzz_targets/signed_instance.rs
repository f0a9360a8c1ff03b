#![no_main]
//! See `targets/signed_instance.rs`.

#[path = "../targets/signed_instance.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
