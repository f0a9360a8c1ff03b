//! Keys that have been renamed.

/// The old and new names, in all sections.
const RENAMED: [(&str, &str); 1] = [("silence_timeout", "idle_timeout")];

/// Returns the new name of a key.
pub(super) fn key(name: &str) -> Option<&'static str> {
    let found = RENAMED.iter().find(|(old, _)| *old == name);
    found.map(|(_, new)| *new)
}

/// Returns the new name of a key's variable.
pub(super) fn variable(name: &str) -> Option<String> {
    RENAMED.iter().find_map(|(old, new)| {
        let start = name.strip_suffix(&old.to_ascii_uppercase())?;
        let is_whole = start.starts_with("BACKLOT_") && start.ends_with('_');
        is_whole.then(|| format!("{start}{}", new.to_ascii_uppercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_lead_to_new_ones() {
        assert_eq!(key("silence_timeout"), Some("idle_timeout"));
        assert_eq!(key("timeout"), None);
        let new = variable("BACKLOT_API_0_SILENCE_TIMEOUT");
        assert_eq!(new.as_deref(), Some("BACKLOT_API_0_IDLE_TIMEOUT"));
        assert_eq!(variable("BACKLOT_API_0_TIMEOUT"), None);
        assert_eq!(variable("SILENCE_TIMEOUT"), None);
    }
}
