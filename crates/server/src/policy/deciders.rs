//! The lines that decide about one call, and whether they admit a caller.

use backlot_wix::{Caller, Role};

use super::{AccessRule, Authorize, RuledLine};
use crate::error::ApiError;

/// The lines that decide about one call. Those of one group are alternatives, and each group must admit the caller.
#[derive(Debug)]
pub(crate) struct Deciders<'list, Line> {
    /// With the group of each, those of one group together.
    lines: Vec<(usize, &'list Line)>,
}

impl<'list, Line: RuledLine> Deciders<'list, Line> {
    /// Takes lines with their groups; `None` if there are none.
    pub(super) fn new(lines: Vec<(usize, &'list Line)>) -> Option<Self> {
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
                match line.rule().admit(caller) {
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
}

impl<Line: RuledLine + Sync> Authorize for Deciders<'_, Line> {
    fn needs_plan(&self, role: Role) -> bool {
        let mut lines = self.lines.iter().map(|(_, line)| line.rule());
        lines.any(|rules| rules.needs_plan(role))
    }

    fn includes_plan(&self, role: Role, plan: Option<&str>) -> bool {
        let does = |rules: &AccessRule| rules.roles.contains(role) && rules.include(plan);
        let is_in = |group: &[(usize, &Line)]| group.iter().any(|(_, line)| does(line.rule()));
        self.groups().all(is_in)
    }

    fn authorize(&self, caller: &Caller) -> Result<(), ApiError> {
        self.admit(caller).map(drop)
    }
}
