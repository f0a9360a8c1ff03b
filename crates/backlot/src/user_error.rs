//! Errors that the user can mend.

/// A message for the user, and exit code 1. Every other error is exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UserError {
    message: String,
}

/// Makes an error of a message.
pub(crate) fn user_error(message: impl Into<String>) -> anyhow::Error {
    let message = message.into();
    UserError { message }.into()
}
