//! A list of the calls that may be made: to Wix, or to a third party.

use http::Method;

use super::{AccessRule, CallPattern, Deciders, PlainPath, Precedence};
use crate::http::methods::Methods;

/// A line of a list of calls.
pub(crate) trait RuledLine {
    /// The calls that the line is about.
    fn pattern(&self) -> &CallPattern;

    /// The rule for their callers.
    fn rule(&self) -> &AccessRule;
}

/// The lines of a list, with their precedence.
#[derive(Debug)]
pub(crate) struct AllowList<Line> {
    lines: Vec<Line>,
    precedence: Precedence,
}

impl<Line: RuledLine> AllowList<Line> {
    pub(crate) fn new(lines: Vec<Line>) -> Self {
        Self {
            precedence: Precedence::new(lines.iter().map(Line::pattern)),
            lines,
        }
    }

    /// Returns the methods that the list has for a path.
    pub(crate) fn methods(&self, path: &PlainPath<'_>) -> Methods {
        let patterns = self.lines.iter().map(Line::pattern);
        let fitting = patterns.filter(|pattern| pattern.allows_path(path));
        Methods::new(fitting.map(|pattern| pattern.method().clone()))
    }

    /// Returns the lines that decide about a call; `None` if no line fits.
    pub(crate) fn deciders(
        &self,
        method: &Method,
        path: &PlainPath<'_>,
    ) -> Option<Deciders<'_, Line>> {
        let deciding = self.precedence.deciding(method, path);
        let lines = deciding
            .iter()
            .filter_map(|it| Some((it.group, self.lines.get(it.line)?)));
        Deciders::new(lines.collect())
    }
}
