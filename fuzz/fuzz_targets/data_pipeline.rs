#![no_main]
//! See `targets/data_pipeline.rs`.

#[path = "../targets/data_pipeline.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
