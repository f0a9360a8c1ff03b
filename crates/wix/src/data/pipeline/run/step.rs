//! Stages with what they remember while they run.

use std::cmp::Ordering;

use super::super::super::grouping::Groups;
use super::super::super::order::compare_items;
use super::super::super::top::Top;
use super::super::super::{FieldPath, Filter, Object};
use super::super::{Group, Pipeline, Projection, Stage};

/// A stage on its way.
pub(super) enum Step<'request> {
    Filter(&'request Filter),
    Project(&'request Projection),
    Group(&'request Group, Groups),
    Sort(Top<Object, Compare<'request>>),
    Skip {
        left: u64,
    },
    Limit {
        left: u64,
    },
    Unwind(&'request FieldPath),
    ObjectToArray {
        from: &'request FieldPath,
        to: &'request FieldPath,
    },
}

pub(super) type Compare<'request> = Box<dyn Fn(&Object, &Object) -> Ordering + Send + 'request>;

/// All stages of a pipeline, none of which has seen an item.
pub(super) fn steps(request: &Pipeline) -> Vec<Step<'_>> {
    let stages = request.stages.iter().enumerate();
    stages
        .map(|(index, stage)| match stage {
            Stage::Filter(filter) => Step::Filter(filter),
            Stage::Project(projection) => Step::Project(projection),
            Stage::Group(group) => Step::Group(group, group.start()),
            Stage::Sort(sorts) => {
                let compare: Compare<'_> =
                    Box::new(|left, right| compare_items(sorts, left, right));
                Step::Sort(Top::new(wanted_behind(request, index), compare))
            }
            Stage::Skip(left) => Step::Skip { left: *left },
            Stage::Limit(left) => Step::Limit { left: *left },
            Stage::Unwind(path) => Step::Unwind(path),
            Stage::ObjectToArray { from, to } => Step::ObjectToArray { from, to },
        })
        .collect()
}

/// How many of the items that a stage gives can reach the end.
fn wanted_behind(request: &Pipeline, index: usize) -> usize {
    let mut skipped: u64 = 0;
    for stage in &request.stages[index + 1..] {
        match stage {
            Stage::Skip(skip) => skipped = skipped.saturating_add(*skip),
            Stage::Limit(limit) => return count(skipped.saturating_add(*limit)),
            _ => return usize::MAX,
        }
    }
    if request.wants_total {
        return usize::MAX;
    }
    count(
        skipped
            .saturating_add(request.paging.end())
            .saturating_add(1),
    )
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl std::fmt::Debug for Step<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Filter(_) => "Filter",
            Self::Project(_) => "Project",
            Self::Group(..) => "Group",
            Self::Sort(_) => "Sort",
            Self::Skip { .. } => "Skip",
            Self::Limit { .. } => "Limit",
            Self::Unwind(_) => "Unwind",
            Self::ObjectToArray { .. } => "ObjectToArray",
        })
    }
}
