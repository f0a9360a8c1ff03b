//! Comparing a pattern with a path.

use super::Segment;

/// Segments from the left; a `Many` takes as few as it can and more if the rest does not fit. The
/// classic two-pointer walk: no pattern makes it take more than pattern times path steps.
///
/// `is_before` says whether a segment of the path is something with a given end.
pub(crate) fn matches<Text: AsRef<str>>(
    pattern: &[Segment],
    path: &[Text],
    is_before: fn(&str, &str) -> bool,
) -> bool {
    let (mut at, mut in_path) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(segment) = path.get(in_path).map(AsRef::as_ref) {
        match pattern.get(at) {
            Some(Segment::Many) => {
                retry = Some((at, in_path));
                at += 1;
                continue;
            }
            // A trailing slash is not a segment.
            Some(Segment::One) if !segment.is_empty() => {}
            Some(Segment::Before(end)) if is_before(segment, end) => {}
            Some(Segment::Literal(text)) if text == segment => {}
            _ => {
                let Some((many, from)) = retry else {
                    return false;
                };
                retry = Some((many, from + 1));
                (at, in_path) = (many + 1, from + 1);
                continue;
            }
        }
        at += 1;
        in_path += 1;
    }
    pattern[at..].iter().all(|it| *it == Segment::Many)
}

/// Something, and then this end. Before a verb there is no colon: that would be another verb.
pub(crate) fn is_before(segment: &str, end: &str) -> bool {
    let before = segment.strip_suffix(end);
    let may_have_colon = !end.starts_with(':');
    before.is_some_and(|before| !before.is_empty() && (may_have_colon || !before.contains(':')))
}
