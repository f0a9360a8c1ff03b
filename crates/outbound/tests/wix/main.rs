//! The client for Wix against a Wix that says what each test wants, over real connections.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test has no outside, says what it expects by failing, and plays the other side"
)]

mod harness;

mod answers;
mod calls;
mod limits;
mod tokens;
