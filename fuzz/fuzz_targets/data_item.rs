#![no_main]
//! See `targets/data_item.rs`.

#[path = "../targets/data_item.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
