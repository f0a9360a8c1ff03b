//! Which lines of a list decide about a call: the most specific ones.
//!
//! - A line gives way to every line that fits as well and whose calls are all among its own, and fewer: `GET
//!   /things/{id}` to `GET /things/all`, `POST /**` to both. The path counts before the method; `HEAD` is more
//!   specific than `GET`.
//! - Lines for the same calls are alternatives: one that admits the caller is enough.
//! - Lines that cross (`GET /things/{id}` and `GET /{kind}/all`) decide together: each must admit the caller.
//! - A path in another spelling (`/things/%61ll`, `/things/ALL`) may reach what a line keeps that it does not fit byte
//!   for byte. That line then decides, too.

use http::Method;

use super::{CallPattern, PlainPath};

/// The order of a list's lines.
#[derive(Debug)]
pub(crate) struct Precedence {
    lines: Vec<Line>,
    /// No pattern has a spelling that servers could read in another way.
    is_folded: bool,
}

#[derive(Debug)]
struct Line {
    pattern: CallPattern,
    /// The lines that it gives way to.
    gives_way_to: Vec<usize>,
    /// The first line for the same calls.
    group: usize,
}

/// A line that decides, by its place in the list, and the first one for the same calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deciding {
    pub(crate) line: usize,
    pub(crate) group: usize,
}

impl Precedence {
    pub(crate) fn new<'list>(patterns: impl IntoIterator<Item = &'list CallPattern>) -> Self {
        let patterns: Vec<&CallPattern> = patterns.into_iter().collect();
        let line = |pattern: &&CallPattern| {
            let places = || patterns.iter().enumerate();
            let gives_way = places().filter(|(_, other)| pattern.gives_way_to(other));
            let gives_way_to = gives_way.map(|(place, _)| place).collect();
            let first = places().find(|(_, other)| pattern.is_same_as(other));
            Line {
                pattern: CallPattern::clone(pattern),
                gives_way_to,
                group: first.map_or(0, |(place, _)| place),
            }
        };
        Self {
            lines: patterns.iter().map(line).collect(),
            is_folded: patterns.iter().all(|pattern| pattern.is_folded()),
        }
    }

    /// The lines that decide about a call, those of one group together. Each group must admit the caller. Empty if no
    /// line fits.
    pub(crate) fn deciding(&self, method: &Method, path: &PlainPath<'_>) -> Vec<Deciding> {
        let places = || self.lines.iter().enumerate();
        let fits = places().filter(|(_, line)| line.pattern.allows(method, path));
        let fitting: Vec<usize> = fits.map(|(place, _)| place).collect();
        if fitting.is_empty() || self.lines.len() == 1 {
            return self.grouped(fitting.clone(), &fitting);
        }
        let (folded, is_plain) = path.folded();
        let mut meant: Vec<usize> = Vec::new();
        if !is_plain || !self.is_folded {
            let may_be = places().filter(|(_, line)| line.pattern.could_mean(method, &folded));
            let others = may_be
                .map(|(place, _)| place)
                .filter(|place| !fitting.contains(place));
            meant.extend(others);
        }
        let all = fitting.iter().chain(&meant).copied();
        let decides = all.filter(|place| self.decides(*place, &fitting, &meant));
        self.grouped(decides.collect(), &fitting)
    }

    /// Whether a line that fits, or may be meant, is among those that decide.
    fn decides(&self, place: usize, fitting: &[usize], meant: &[usize]) -> bool {
        let line = &self.lines[place];
        let does_fit = fitting.contains(&place);
        // What fits byte for byte gives way only to what does so, too: the other may not be meant.
        let is_beaten =
            |other: &usize| fitting.contains(other) || (!does_fit && meant.contains(other));
        // Spelled out beside the line that fits, it is another call.
        let is_another = !does_fit && fitting.iter().any(|it| self.lines[*it].group == line.group);
        !is_another && !line.gives_way_to.iter().any(is_beaten)
    }

    fn grouped(&self, places: Vec<usize>, fitting: &[usize]) -> Vec<Deciding> {
        let group = |line: usize| Deciding {
            line,
            group: self.lines[line].group,
        };
        let mut deciding: Vec<Deciding> = places.into_iter().map(group).collect();
        // Stable: lines of a group stay in the list's order. Those that fit byte for byte go first.
        deciding.sort_by_key(|it| (!fitting.contains(&it.line), it.group));
        deciding
    }
}

#[cfg(test)]
mod tests;
