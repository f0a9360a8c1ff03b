//! What a server may do to a path beside decoding it, one step at a time.

/// Adds what each single step makes of a text, if it changes anything. Ends when `add` says so.
pub(crate) fn steps(text: &str, mut add: impl FnMut(String) -> Option<()>) -> Option<()> {
    if text.contains('\\') {
        add(text.replace('\\', "/"))?;
    }
    // Two letters to a server that folds case in full, and one to the others (`crate::policy::fold`).
    if text.contains('\u{130}') {
        add(text.replace('\u{130}', "i\u{307}"))?;
    }
    for mark in ['?', '#', ';'] {
        if let Some((before, _)) = text.split_once(mark) {
            add(before.to_owned())?;
        }
    }
    if text.contains(';') {
        add(without_parameters(text))?;
    }
    if let Some(path) = without_host(text) {
        add(path)?;
    }
    if let Some(trimmed) = trimmed(text) {
        add(trimmed)?;
    }
    if text.contains("//") || text.ends_with('/') {
        add(join(text))?;
    }
    Some(())
}

/// Without each segment's parameters.
fn without_parameters(text: &str) -> String {
    let mut names = String::with_capacity(text.len());
    for (number, segment) in text.split('/').enumerate() {
        if number > 0 {
            names.push('/');
        }
        names.push_str(segment.split(';').next().unwrap_or_default());
    }
    names
}

/// `//host/path` is an address without a scheme to whatever resolves it against its own (WHATWG URL, "relative
/// state"): its path begins after the host.
fn without_host(text: &str) -> Option<String> {
    let rest = text.strip_prefix("//")?.trim_start_matches('/');
    let after = rest.find('/').map_or("/", |at| &rest[at..]);
    Some(after.to_owned())
}

/// Without what a server may pass over at the ends of segments. `None` if there is nothing of it.
fn trimmed(text: &str) -> Option<String> {
    // A plus sign may be read as a space.
    let is_space = |letter: char| letter.is_whitespace() || letter == '+';
    let is_passed_over = |letter: char| is_space(letter) || letter == '.';
    let mut names = String::with_capacity(text.len());
    for (number, name) in text.split('/').enumerate() {
        if number > 0 {
            names.push('/');
        }
        let name = name.trim_start_matches(is_space);
        names.push_str(name.trim_end_matches(is_passed_over));
    }
    (names.len() != text.len()).then_some(names)
}

/// With one slash for several, and none at the end.
fn join(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for segment in text.split('/').filter(|segment| !segment.is_empty()) {
        joined.push('/');
        joined.push_str(segment);
    }
    if joined.is_empty() {
        joined.push('/');
    }
    joined
}
