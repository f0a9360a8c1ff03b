//! Errors that the user can fix.

/// An error that the user can fix, with exit code 1. Every other error has exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UserError {
    message: String,
}

/// Creates an error from a message.
pub(crate) fn user_error(message: impl Into<String>) -> anyhow::Error {
    let message = message.into();
    UserError { message }.into()
}
