//! The simulator's listener, asked in process: one file for each part of what it answers.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test has no outside and says what it expects by failing"
)]

mod access_tokens;
mod api_keys;
mod app_instance;
mod calls;
mod demo_app;
mod faults;
mod faults_of_tokens;
mod harness;
mod limits;
mod oauth;
mod revocations;
mod site_data;
mod sites;
mod small;
mod token_info;
mod webhooks;
mod world;
