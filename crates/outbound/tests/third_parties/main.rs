//! Calls to third parties, over real sockets on the loopback network: whom the guard lets through,
//! and what responses may do.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test has no outside, says what it expects by failing, and plays the other side"
)]

mod harness;

mod guard;
mod redirects;
mod responses;
mod tls;
mod tls_versions;
