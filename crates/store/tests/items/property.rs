//! Properties of what is asynchronous. The same cases every time, unless `PROPTEST_CASES` asks for more.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::Handle;

use crate::place::Place;

/// So many cases inside of the program, and a quarter where each question goes to a server.
pub(crate) const fn cases(place: &Place, most: u32) -> u32 {
    match place {
        Place::Folder(_) => most,
        Place::Database(_) => most / 4,
    }
}

/// What a case comes to.
pub(crate) type Verdict = Result<(), TestCaseError>;

/// Checks so many cases, and shrinks one that fails.
pub(crate) async fn holds<S, C, F>(
    cases: u32,
    strategy: impl FnOnce() -> S + Send + 'static,
    check: C,
) where
    S: Strategy,
    C: Fn(S::Value) -> F + Send + 'static,
    F: Future<Output = Verdict>,
{
    let wanted = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|it| it.parse().ok());
    let config = Config {
        cases: wanted.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        ..Config::default()
    };
    let runtime = Handle::current();
    let run = move || {
        let mut runner = runner(config, wanted.is_none());
        let outcome = runner.run(&strategy(), |case| runtime.block_on(check(case)));
        outcome.map_err(|error| error.to_string())
    };
    let outcome = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}

fn runner(config: Config, the_same_every_time: bool) -> TestRunner {
    if the_same_every_time {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        TestRunner::new_with_rng(config, rng)
    } else {
        TestRunner::new(config)
    }
}
