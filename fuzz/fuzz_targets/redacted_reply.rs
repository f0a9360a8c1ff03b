#![no_main]
//! See `targets/redacted_reply.rs`.

#[path = "../targets/redacted_reply.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
