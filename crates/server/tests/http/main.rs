//! The public listener, asked over real connections in process: one file for each part of what the
//! outside sees.
#![expect(unreachable_pub, reason = "a test binary has no outside")]

mod admin;
mod bad_input;
mod callers;
mod cors;
mod drain;
mod harness;
mod log;
mod mounted;
mod upstream;
mod upstream_faults;
mod websocket;
