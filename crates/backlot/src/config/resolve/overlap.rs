//! Entries of a list of calls that overlap, and which one decides. `backlot check` reports them, because the rules of one
//! have no effect where the other is more specific.

use backlot_server::policy::{CallPattern, Overlap};

use super::report::Report;

/// The maximum number of overlaps that are reported for one list.
const MAX_NOTES: usize = 50;

/// An entry as it is written.
pub(super) struct Line<'list, AccessRule> {
    pub(super) key: String,
    pub(super) text: &'list str,
    pub(super) pattern: &'list CallPattern,
    /// The rules of the entry.
    pub(super) rules: AccessRule,
}

/// Notes each pair of entries that overlap and have different rules.
pub(super) fn note<AccessRule: PartialEq>(lines: &[Line<'_, AccessRule>], report: &mut Report<'_>) {
    let pairs = lines.iter().enumerate().flat_map(|(place, one)| {
        let before = lines[..place].iter();
        before.map(move |other| (one, other))
    });
    let mut told = 0;
    for (one, other) in pairs.filter(|(one, other)| one.rules != other.rules) {
        let Some(overlap) = one.pattern.overlap(other.pattern) else {
            continue;
        };
        told += 1;
        if told > MAX_NOTES {
            let list = one.key.rsplit_once('[').map_or(&*one.key, |(list, _)| list);
            report.note(list, "more entries overlap than are listed here");
            return;
        }
        report.note(&one.key, &in_words(one, other, overlap));
    }
}

fn in_words<AccessRule>(
    one: &Line<'_, AccessRule>,
    other: &Line<'_, AccessRule>,
    overlap: Overlap,
) -> String {
    let named = |line: &Line<'_, AccessRule>| format!("{:?} ({})", line.text, line.key);
    let (one, other) = (format!("{:?}", one.text), named(other));
    match overlap {
        Overlap::Same => {
            format!("{one} matches the same calls as {other}: either may allow the caller")
        }
        Overlap::First => {
            format!("{one} overlaps with {other}: {one} is more specific and decides if both match")
        }
        Overlap::Second => {
            format!("{one} overlaps with {other}, which is more specific and decides if both match")
        }
        Overlap::Crossing => format!(
            "{one} overlaps with {other}, and neither is more specific: if both match, both must \
             allow the caller, unless an entry for those calls decides"
        ),
    }
}
