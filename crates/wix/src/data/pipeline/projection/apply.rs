//! Making an item into another.
//!
//! The new item is weighed as it is made: the same large field could otherwise be put into it a thousand
//! times.

use super::super::super::access::put;
use super::super::super::memory::{Memory, Weigh as _};
use super::super::super::value::get;
use super::super::super::{Budget, DataError, Object, Value, limits};
use super::{Computed, Projection};

impl Projection {
    /// The projected item.
    ///
    /// # Errors
    ///
    /// Fails if the result needs too much memory.
    pub fn apply(&self, item: &Object, budget: &Budget) -> Result<Object, DataError> {
        let mut room = Memory::within(budget.clone()).with_room(limits::PIPELINE_ITEM_BYTES);
        self.project(item, item, &mut room)
    }

    fn project(
        &self,
        object: &Object,
        item: &Object,
        room: &mut Memory,
    ) -> Result<Object, DataError> {
        let mut projected = match &self.included {
            None => self.excluded.without(object),
            Some(included) if self.excluded.is_empty() => included.keep(object),
            Some(included) => self.excluded.without(&included.keep(object)),
        };
        room.take(projected.weight())?;
        for (path, computed) in &self.computed {
            let value = match computed {
                Computed::Value(expression) => {
                    let value = expression.evaluate(item, room.budget())?;
                    if let Some(value) = &value {
                        room.take(value.weight())?;
                    }
                    value.map(std::borrow::Cow::into_owned)
                }
                Computed::Nested(nested) => nested.of_value(get(object, path), item, room)?,
            };
            if let Some(value) = value {
                put(&mut projected, path, value);
            }
        }
        Ok(projected)
    }

    fn of_value(
        &self,
        value: Option<&Value>,
        item: &Object,
        room: &mut Memory,
    ) -> Result<Option<Value>, DataError> {
        match value {
            Some(Value::Object(object)) => {
                let projected = self.project(object, item, room)?;
                Ok(Some(Value::Object(projected)))
            }
            Some(Value::Array(elements)) => {
                let mut projected = Vec::new();
                for object in elements.iter().filter_map(Value::as_object) {
                    projected.push(Value::Object(self.project(object, item, room)?));
                }
                Ok(Some(Value::Array(projected)))
            }
            _ => {
                let made = self.project(&Object::new(), item, room)?;
                Ok((!made.is_empty()).then_some(Value::Object(made)))
            }
        }
    }
}
