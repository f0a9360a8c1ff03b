//! Doing it to an item.

use super::super::order::equal;
use super::super::{DataError, Object, Value};
use super::{Action, Modification};

impl Modification {
    /// Changes the item. After an error the item is to be thrown away.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the item's value does not allow the modification.
    pub fn apply(&self, item: &mut Object) -> Result<(), DataError> {
        let Some((name, parents)) = self.path.segments().split_last() else {
            return Ok(());
        };
        let makes_parents = !matches!(self.action, Action::Remove | Action::RemoveFromArray(_));
        let mut object = item;
        for parent in parents {
            if !object.contains_key(parent) {
                if !makes_parents {
                    return Ok(());
                }
                object.insert(parent.clone(), Value::Object(Object::new()));
            }
            object = match object.get_mut(parent) {
                Some(Value::Object(inner)) => inner,
                Some(Value::Null) if !makes_parents => return Ok(()),
                Some(empty @ Value::Null) => {
                    *empty = Value::Object(Object::new());
                    match empty {
                        Value::Object(inner) => inner,
                        _ => return Ok(()),
                    }
                }
                _ => return Err(self.misfit("object, so nothing can be inside of it")),
            };
        }
        self.change(object, name)
    }

    fn change(&self, object: &mut Object, name: &str) -> Result<(), DataError> {
        match &self.action {
            Action::Set(value) => {
                object.insert(name.to_owned(), value.clone());
            }
            Action::Remove => {
                object.shift_remove(name);
            }
            Action::Increment(by) => {
                let now = match object.get(name) {
                    None | Some(Value::Null) => 0.0,
                    Some(Value::Number(number)) => *number,
                    Some(_) => return Err(self.misfit("number")),
                };
                let sum = Value::number(now + by).ok_or_else(|| {
                    DataError::invalid(format!("The field {} would be out of range.", self.path))
                })?;
                object.insert(name.to_owned(), sum);
            }
            Action::Append(value) => match object.get_mut(name) {
                Some(Value::Array(elements)) => elements.push(value.clone()),
                None | Some(Value::Null) => {
                    object.insert(name.to_owned(), Value::Array(vec![value.clone()]));
                }
                Some(_) => return Err(self.misfit("list")),
            },
            Action::RemoveFromArray(value) => match object.get_mut(name) {
                Some(Value::Array(elements)) => {
                    if let Some(first) = elements.iter().position(|it| equal(it, value)) {
                        elements.remove(first);
                    }
                }
                None | Some(Value::Null) => {}
                Some(_) => return Err(self.misfit("list")),
            },
        }
        Ok(())
    }
}
