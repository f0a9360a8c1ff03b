//! `aggregatePipeline`: stages, one after the other, each working on what the one before it gave.
//!
//! Items go through one at a time. Only a `sort` and a `group` wait for all of them and gather, within
//! [`Memory`](super::memory::Memory); a sort with a limit behind it keeps no more than that limit needs.
//!
//! - [`expression`]: what is computed of an item
//! - [`projection`]: which fields an item keeps, and which it gets
//! - [`Run`]: doing it
//!
//! A row of a `group` is `{"_id":{"key":…},"result":…}`; without keys there is one group, without items
//! none. `unwindArray` drops items whose field is missing, `null` or an empty list, and keeps others that
//! are no list as they are. `objectToArray` makes `[{"k":…,"v":…}]`, and `null` of what is no object.
//!
//! Source: Wix Data, "Aggregate Pipeline Data Items" and the types of the client for stages and
//! expressions; their edges are as in `MongoDB`, after which they are modelled.

pub mod expression;
mod group;
pub mod projection;
mod reader;
mod run;
mod stage;
mod unwind;

use serde::Deserialize;

use super::page::{WireCursorPaging, WirePaging};
use super::{Budget, DataError, Filter, Paging, Value, limits};

pub use expression::Expression;
pub use group::Group;
pub use projection::Projection;
pub use run::Run;
pub use stage::Stage;

/// The body of the request. What is not named here is not looked at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WirePipeline {
    #[serde(default)]
    pipeline: Option<WireStages>,
    #[serde(default)]
    return_total_count: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStages {
    #[serde(default)]
    stages: Option<Vec<Value>>,
    #[serde(default)]
    paging: Option<WirePaging>,
    #[serde(default)]
    cursor_paging: Option<WireCursorPaging>,
}

/// A pipeline that can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    stages: Vec<Stage>,
    paging: Paging,
    wants_total: bool,
}

impl Pipeline {
    /// Reads and checks a request.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the pipeline is not valid.
    pub fn read(wire: &WirePipeline) -> Result<Self, DataError> {
        let pipeline = wire.pipeline.as_ref();
        let pipeline = pipeline.ok_or_else(|| DataError::invalid("A pipeline is needed."))?;
        let stages = pipeline.stages.as_deref().unwrap_or_default();
        let most = limits::STAGES;
        if stages.len() > most {
            return Err(DataError::invalid(format!(
                "A pipeline has no more than {most} stages."
            )));
        }
        let mut reader = reader::Reader::default();
        Ok(Self {
            stages: stages
                .iter()
                .map(|stage| reader.stage(stage))
                .collect::<Result<_, _>>()?,
            paging: Paging::read(pipeline.paging.as_ref(), pipeline.cursor_paging.as_ref())?,
            wants_total: wire.return_total_count == Some(true),
        })
    }

    /// What the first stages filter. A database may choose the items by it before they are added to a
    /// run, which filters them all the same.
    pub fn leading_filter(&self) -> Filter {
        self.stages
            .iter()
            .map_while(Stage::as_filter)
            .fold(Filter::all(), |all, filter| all.and(filter.clone()))
    }

    /// The stages.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Which page is asked for.
    pub const fn paging(&self) -> Paging {
        self.paging
    }

    /// The same, with another page asked for.
    #[must_use]
    pub const fn with_paging(mut self, paging: Paging) -> Self {
        self.paging = paging;
        self
    }

    /// A run without any items yet.
    pub fn start(&self) -> Run<'_> {
        self.start_within(Budget::unlimited())
    }

    /// The same, with its work counted against a budget.
    pub fn start_within(&self, budget: Budget) -> Run<'_> {
        Run::new(self, budget)
    }
}

#[cfg(test)]
mod tests;
