//! How much is kept.

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub struct CacheLimits {
    /// The most bytes of all replies, their heads included.
    pub bytes: u64,
    /// The most bytes of one reply's body.
    pub reply_bytes: usize,
}
