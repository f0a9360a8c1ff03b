//! When to give up the quick search for the steady one.

/// How many bytes may still be compared in vain before the steady search is the faster one.
pub(super) struct Patience(usize);

impl Patience {
    /// For most needles a comparison ends with the first bytes.
    const FREE: usize = 16;

    pub(super) const fn with(text: &[u8]) -> Self {
        Self(text.len().saturating_mul(4).saturating_add(64 * 1024))
    }

    /// Whether `text` begins with `beginning`.
    pub(super) fn compare(&mut self, text: &[u8], beginning: &[u8]) -> bool {
        let first = beginning.len().min(Self::FREE);
        if !text.starts_with(&beginning[..first]) {
            return false;
        }
        self.0 = self.0.saturating_sub(beginning.len());
        text.starts_with(beginning)
    }

    pub(super) const fn is_over(&self) -> bool {
        self.0 == 0
    }
}
