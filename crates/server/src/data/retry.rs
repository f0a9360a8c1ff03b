//! Operations that depend on a collection, repeated if the collection changed in the meantime.

/// How often it is built.
pub(super) const ATTEMPTS: usize = 5;

/// Does the work, which is written out as often as it takes, until it is not outdated.
macro_rules! retry_if_stale {
    ($work:expr) => {{
        let mut left = $crate::data::retry::ATTEMPTS;
        loop {
            left -= 1;
            match $work.await {
                Err($crate::data::OperationError::Store(backlot_store::StoreError::Outdated))
                    if left > 0 => {}
                outcome => break outcome,
            }
        }
    }};
}
pub(super) use retry_if_stale;
