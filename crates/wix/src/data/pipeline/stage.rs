//! One step of a pipeline.

use super::super::page::whole;
use super::super::{DataError, FieldPath, Filter, Sort, Value};
use super::reader::{Reader, list, object, only, path, text, unknown};
use super::{Group, Projection};

/// A step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Stage {
    /// `filter`: items that do not match go no further.
    Filter(Filter),
    /// `projection`
    Project(Projection),
    /// `group`
    Group(Group),
    /// `sort`
    Sort(Vec<Sort>),
    /// `skip`: so many items go no further.
    Skip(u64),
    /// `limit`: no more than so many items go further.
    Limit(u64),
    /// `unwindArray`: one item for each element.
    Unwind(FieldPath),
    /// `objectToArray`: a list of an object's fields.
    ObjectToArray {
        /// Where the object is.
        from: FieldPath,
        /// Where the list goes.
        to: FieldPath,
    },
}

impl Stage {
    /// The filter, if it is one.
    pub const fn as_filter(&self) -> Option<&Filter> {
        match self {
            Self::Filter(filter) => Some(filter),
            _ => None,
        }
    }
}

impl Reader {
    pub(super) fn stage(&mut self, stage: &Value) -> Result<Stage, DataError> {
        let (name, value) = only("A stage", object("A stage", stage)?, &[])?;
        match name {
            "filter" => Ok(Stage::Filter(Filter::parse(value)?)),
            "projection" => Ok(Stage::Project(self.projection(value)?)),
            "group" => Ok(Stage::Group(self.group(value)?)),
            "sort" => self.sort(value),
            "skip" => Ok(Stage::Skip(number(name, value)?)),
            "limit" => match number(name, value)? {
                0 => Err(DataError::invalid("A limit is 1 or more.")),
                limit => Ok(Stage::Limit(limit)),
            },
            "unwindArray" => {
                let path = path(object(name, value)?, "arrayFieldName")?;
                Ok(Stage::Unwind(path))
            }
            "objectToArray" => {
                let object = object(name, value)?;
                let (from, to) = (path(object, "objectFieldName")?, "destinationFieldName");
                let to = path(object, to)?;
                // The list, and each pair in it.
                self.deepen(to.segments().len() + 1)?;
                Ok(Stage::ObjectToArray { from, to })
            }
            other => Err(unknown("stage", other)),
        }
    }

    fn sort(&mut self, value: &Value) -> Result<Stage, DataError> {
        let mut sorts = Vec::new();
        for sort in list(object("sort", value)?, "values")? {
            self.count(0)?;
            let sort = object("An entry of a sort", sort)?;
            sorts.push(Sort::parse(text(sort, "fieldName"), sort.get("order"))?);
        }
        Ok(Stage::Sort(sorts))
    }
}

fn number(name: &str, value: &Value) -> Result<u64, DataError> {
    whole(value)
        .ok_or_else(|| DataError::invalid(format!("A {name} is a whole number, and not negative.")))
}
