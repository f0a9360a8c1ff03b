//! Why a body could not be decoded to its end.

/// Why a body could not be decoded to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More plain bytes than allowed.
    #[error("the decoded body is larger than {0} bytes")]
    TooLarge(u64),
    /// Far more plain bytes than it has bytes itself.
    #[error("the decoded body is more than {0} times as large as what came")]
    Bomb(u64),
    /// It ends before the end of its encoding.
    #[error("the encoded body is cut off")]
    CutOff,
    /// Something follows the end of its encoding.
    #[error("something follows the end of the encoded body")]
    Trailing,
    /// It is not in the encoding that it claims to be in.
    #[error("the body is no {0}")]
    Broken(&'static str),
}
