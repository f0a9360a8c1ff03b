#![no_main]
//! See `targets/decoded_reply.rs`.

#[path = "../targets/decoded_reply.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
