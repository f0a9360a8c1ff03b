//! What is said instead of dialling.

/// None of a host's addresses may be dialled. It is found again in the chain of sources of whatever
/// error it caused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} has no address that may be reached from here")]
pub struct AddressRefused {
    /// The name, or the address itself.
    pub host: String,
}

impl AddressRefused {
    /// Looks for a refusal in an error and all that caused it.
    pub fn find_in<'error>(
        error: &'error (dyn std::error::Error + 'static),
    ) -> Option<&'error Self> {
        std::iter::successors(Some(error), |error| error.source())
            .find_map(|error| error.downcast_ref())
    }
}
