//! The lines that decide about one call, and whether they admit a caller.

use backlot_wix::{Caller, Role};
use http::Method;

use super::{AccessRule, PlainPath, Precedence};
use crate::error::ApiError;

/// A line of a list of calls.
pub(crate) trait RuledLine {
    /// Who may make its calls.
    fn rules(&self) -> &AccessRule;
}

/// The lines that decide about one call. Those of one group are alternatives, and each group must admit the caller.
#[derive(Debug)]
pub(crate) struct Deciders<'list, Line> {
    /// With the group of each, those of one group together.
    lines: Vec<(usize, &'list Line)>,
}

impl<'list, Line: RuledLine> Deciders<'list, Line> {
    /// Finds the lines of `list`, whose order `precedence` is. `None` if no line fits the call.
    pub(crate) fn find(
        list: &'list [Line],
        precedence: &Precedence,
        method: &Method,
        path: &PlainPath<'_>,
    ) -> Option<Self> {
        let deciding = precedence.deciding(method, path);
        let lines = deciding
            .iter()
            .filter_map(|it| Some((it.group, list.get(it.line)?)));
        let lines: Vec<_> = lines.collect();
        (!lines.is_empty()).then_some(Self { lines })
    }

    fn groups(&self) -> impl Iterator<Item = &[(usize, &'list Line)]> {
        self.lines.chunk_by(|one, other| one.0 == other.0)
    }

    /// Leaves the lines that something else of the call fits. False if nothing is left of a group.
    pub(crate) fn retain(&mut self, mut fits: impl FnMut(&Line) -> bool) -> bool {
        let groups = self.groups().count();
        self.lines.retain(|(_, line)| fits(line));
        self.groups().count() == groups
    }

    /// Returns the first line that admits the caller, or the reason of the first group that does not.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<Option<&'list Line>, ApiError> {
        let mut first = None;
        for group in self.groups() {
            let (mut admitting, mut reason) = (None, None);
            for (_, line) in group {
                match line.rules().admit(caller) {
                    Ok(()) => {
                        admitting = Some(*line);
                        break;
                    }
                    Err(refusal) => reason = reason.or(Some(refusal)),
                }
            }
            if let (None, Some(reason)) = (admitting, reason) {
                return Err(reason);
            }
            first = first.or(admitting);
        }
        Ok(first)
    }

    /// Whether a caller of this role is asked for a plan. For the other lines nobody needs to be asked.
    pub(crate) fn ask_for_plan(&self, role: Role) -> bool {
        let mut lines = self.lines.iter().map(|(_, line)| line.rules());
        lines.any(|rules| rules.roles.contains(role) && !rules.plans.is_empty())
    }

    /// Whether a plan is included, for a caller of this role.
    pub(crate) fn include(&self, role: Role, plan: Option<&str>) -> bool {
        let does = |rules: &AccessRule| rules.roles.contains(role) && rules.include(plan);
        let is_in = |group: &[(usize, &Line)]| group.iter().any(|(_, line)| does(line.rules()));
        self.groups().all(is_in)
    }
}
