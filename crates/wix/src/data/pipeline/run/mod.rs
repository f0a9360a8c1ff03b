//! Running a pipeline, an item at a time.

mod step;

use std::borrow::Cow;

use super::super::memory::{Memory, Weigh as _};
use super::super::page::{Collector, Page};
use super::super::{Budget, DataCode, DataError, Object, limits};
use super::Pipeline;
use super::unwind::{object_to_array, unwind};
use step::Step;

/// Units of work for an item that goes through a step.
const STEP: u64 = 100;

/// A pipeline on its way.
#[derive(Debug)]
pub struct Run<'request> {
    steps: Vec<Step<'request>>,
    end: End,
}

/// What all steps share: where items arrive, what may be kept, what may still be made.
#[derive(Debug)]
struct End {
    page: Collector<Object>,
    memory: Memory,
    work: usize,
}

impl<'request> Run<'request> {
    pub(super) fn new(request: &'request Pipeline, budget: Budget) -> Self {
        Self {
            steps: step::steps(request),
            end: End {
                page: Collector::new(request.paging, request.wants_total),
                memory: Memory::within(budget),
                work: 0,
            },
        }
    }

    /// Adds an item.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn add(&mut self, item: &Object) -> Result<(), DataError> {
        self.end.work = limits::PIPELINE_ITEM_WORK;
        pass(&mut self.steps, &mut self.end, Cow::Borrowed(item))
    }

    /// Whether a further item could change the answer.
    pub fn wants_more(&self) -> bool {
        for step in &self.steps {
            match step {
                Step::Limit { left: 0 } => return false,
                Step::Sort(_) | Step::Group(..) => return true,
                _ => {}
            }
        }
        self.end.page.wants_more()
    }

    /// The page asked for.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0092` if the result needs too much memory, and with `QUERY_TOO_COSTLY` if the budget is
    /// exhausted.
    pub fn finish(self) -> Result<Page<Object>, DataError> {
        let mut end = self.end;
        end.work = limits::PIPELINE_FINAL_WORK;
        let mut steps = self.steps.into_iter();
        while let Some(step) = steps.next() {
            let rest = steps.as_mut_slice();
            match step {
                Step::Sort(sorted) => {
                    for item in sorted.finish(&mut end.memory) {
                        pass(rest, &mut end, Cow::Owned(item))?;
                    }
                }
                Step::Group(group, groups) => {
                    for (key, results) in groups.finish() {
                        let row = group.row(key, results);
                        pass(rest, &mut end, Cow::Owned(row))?;
                    }
                }
                _ => {}
            }
        }
        Ok(end.page.finish())
    }
}

/// Lets an item go through these steps.
fn pass(steps: &mut [Step<'_>], end: &mut End, mut item: Cow<'_, Object>) -> Result<(), DataError> {
    let Some((step, rest)) = steps.split_first_mut() else {
        return end.page.add(&mut end.memory, || item.into_owned());
    };
    end.memory.budget().work(STEP)?;
    match step {
        Step::Filter(filter) => {
            if !filter.matches_within(&item, end.memory.budget())? {
                return Ok(());
            }
        }
        Step::Skip { left } if *left > 0 => {
            *left -= 1;
            return Ok(());
        }
        Step::Limit { left: 0 } => return Ok(()),
        Step::Limit { left } => *left -= 1,
        Step::Skip { .. } => {}
        Step::Project(projection) => {
            item = Cow::Owned(projection.apply(&item, end.memory.budget())?);
            end.made(&item)?;
        }
        Step::ObjectToArray { from, to } => {
            object_to_array(item.to_mut(), from, to);
            end.made(&item)?;
        }
        Step::Unwind(path) => {
            return unwind(item.into_owned(), path, |one| {
                end.made(&one)?;
                pass(rest, end, Cow::Owned(one))
            });
        }
        Step::Sort(sorted) => return sorted.add(&mut end.memory, item.into_owned()),
        Step::Group(group, groups) => return group.add(groups, &mut end.memory, &item),
    }
    pass(rest, end, item)
}

impl End {
    /// Counts an item that was made. A few lists unwound one after the other make millions of one item.
    fn made(&mut self, item: &Object) -> Result<(), DataError> {
        self.memory.work(item)?;
        self.work = self.work.checked_sub(item.weight()).ok_or_else(|| {
            DataError::new(
                DataCode::TimedOut,
                "The pipeline makes too much of its items.",
            )
        })?;
        Ok(())
    }
}
