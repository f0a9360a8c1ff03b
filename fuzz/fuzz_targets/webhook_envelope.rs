#![no_main]
//! See `targets/webhook_envelope.rs`.

#[path = "../targets/webhook_envelope.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
