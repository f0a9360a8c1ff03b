//! What a changed definition makes of items that are there: a field under its new name, and a value where a new field
//! has none.

use backlot_wix::data::{Object, Value};

/// What is done to each item of a collection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Backfill {
    /// Fields that have other names: the earlier one, and the present one.
    pub renames: Vec<(String, String)>,
    /// Values of fields that have none.
    pub defaults: Vec<(String, Value)>,
}

impl Backfill {
    /// Whether nothing is done.
    pub const fn is_empty(&self) -> bool {
        self.renames.is_empty() && self.defaults.is_empty()
    }

    /// Does it. A value that is there already stays; whether anything was done.
    pub fn amend(&self, item: &mut Object) -> bool {
        let is_missing =
            |item: &Object, key: &str| item.get(key).is_none_or(|it| *it == Value::Null);
        let mut is_changed = false;
        for (earlier, present) in &self.renames {
            if item.contains_key(earlier) && is_missing(item, present) {
                let value = item.shift_remove(earlier).unwrap_or(Value::Null);
                item.insert(present.clone(), value);
                is_changed = true;
            }
        }
        for (key, value) in &self.defaults {
            if is_missing(item, key) {
                item.insert(key.clone(), value.clone());
                is_changed = true;
            }
        }
        is_changed
    }
}
