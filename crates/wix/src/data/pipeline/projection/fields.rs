//! A set of paths, and what an object is with those only, or without them.
//!
//! A list on the way is gone through at any depth.

use std::collections::HashMap;

use super::super::super::{FieldPath, Object, Value};

/// Paths as a tree.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fields {
    whole: bool,
    inner: HashMap<String, Self>,
}

impl Fields {
    pub(super) fn add(&mut self, path: &FieldPath) {
        let mut fields = self;
        for name in path.segments() {
            fields = fields.inner.entry(name.clone()).or_default();
        }
        fields.whole = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// These fields only.
    pub(super) fn keep(&self, object: &Object) -> Object {
        let field = |(name, value): (&String, &Value)| {
            let kept = self.inner.get(name)?.keep_value(value)?;
            Some((name.clone(), kept))
        };
        object.iter().filter_map(field).collect()
    }

    fn keep_value(&self, value: &Value) -> Option<Value> {
        match value {
            _ if self.whole => Some(value.clone()),
            Value::Object(object) => Some(Value::Object(self.keep(object))),
            Value::Array(elements) => {
                let kept = elements.iter().filter_map(|it| self.keep_value(it));
                Some(Value::Array(kept.collect()))
            }
            _ => None,
        }
    }

    /// All but these fields.
    pub(super) fn without(&self, object: &Object) -> Object {
        let field = |(name, value): (&String, &Value)| {
            let left = match self.inner.get(name) {
                None => value.clone(),
                Some(fields) if fields.whole => return None,
                Some(fields) => fields.without_value(value),
            };
            Some((name.clone(), left))
        };
        object.iter().filter_map(field).collect()
    }

    fn without_value(&self, value: &Value) -> Value {
        match value {
            Value::Object(object) => Value::Object(self.without(object)),
            Value::Array(elements) => {
                Value::Array(elements.iter().map(|it| self.without_value(it)).collect())
            }
            other => other.clone(),
        }
    }
}
