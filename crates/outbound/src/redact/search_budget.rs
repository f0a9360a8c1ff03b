//! When to give up the quick search for the steady one.

/// How many bytes may still be compared in vain before the steady search is the faster one.
pub(super) struct SearchBudget(usize);

impl SearchBudget {
    /// For most patterns a comparison ends with the first bytes.
    const FREE: usize = 16;

    pub(super) const fn with(text: &[u8]) -> Self {
        Self(text.len().saturating_mul(4).saturating_add(64 * 1024))
    }

    /// Whether `text` begins with `prefix`.
    pub(super) fn compare(&mut self, text: &[u8], prefix: &[u8]) -> bool {
        let first = prefix.len().min(Self::FREE);
        if !text.starts_with(&prefix[..first]) {
            return false;
        }
        self.0 = self.0.saturating_sub(prefix.len());
        text.starts_with(prefix)
    }

    pub(super) const fn is_over(&self) -> bool {
        self.0 == 0
    }
}
