//! `a.b.c`: where a value is in an item.
//!
//! A list on the way is looked into, one level deep: `lines.price` finds the price of every line.
//! Names are compared as they are; a name with a dot in it cannot be reached.

use super::{DataError, Object, Value, limits};

/// Units of work for an element of a list that is looked at on the way to a value.
pub(super) const VISIT: u64 = 10;

/// One name, or several with dots between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath(Box<[String]>);

impl FieldPath {
    /// Reads a path. None of its names may be empty, begin with `$` or hold a NUL.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the path is not valid.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        let no_path = || {
            let text = shown(text);
            DataError::invalid(format!(
                "{text} is no field: a path is names with dots between them."
            ))
        };
        if text.len() > limits::PATH_BYTES {
            return Err(no_path());
        }
        // One more than there may be, so that no more are made.
        let segments = text.split('.').take(limits::PATH_SEGMENTS + 1);
        let segments: Box<[String]> = segments.map(str::to_owned).collect();
        let wrong = |name: &String| name.is_empty() || name.starts_with('$') || name.contains('\0');
        if segments.len() > limits::PATH_SEGMENTS || segments.iter().any(wrong) {
            return Err(no_path());
        }
        Ok(Self(segments))
    }

    /// The bytes of its names.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    /// A path of these names as they are, be there dots in them.
    pub(super) fn of_names(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The names.
    pub const fn segments(&self) -> &[String] {
        &self.0
    }

    /// The name at the top of the item.
    pub fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    /// The name, if there is just one.
    pub fn single(&self) -> Option<&str> {
        match &*self.0 {
            [name] => Some(name),
            _ => None,
        }
    }

    /// Calls `found` with each value at this path, until it says true. Says whether it did.
    pub fn any<'item>(
        &self,
        item: &'item Object,
        found: &mut dyn FnMut(&'item Value) -> bool,
    ) -> bool {
        any_in(&self.0, item, &mut |_| {}, found)
    }

    /// The same, and tells `visits` how many elements of lists are looked at on the way.
    pub(super) fn any_counted<'item>(
        &self,
        item: &'item Object,
        visits: &mut dyn FnMut(u64),
        found: &mut dyn FnMut(&'item Value) -> bool,
    ) -> bool {
        any_in(&self.0, item, visits, found)
    }

    /// Every value at this path.
    pub fn find<'item>(&self, item: &'item Object) -> Vec<&'item Value> {
        let mut values = Vec::new();
        self.any(item, &mut |value| {
            values.push(value);
            false
        });
        values
    }
}

fn any_in<'item>(
    names: &[String],
    object: &'item Object,
    visits: &mut dyn FnMut(u64),
    found: &mut dyn FnMut(&'item Value) -> bool,
) -> bool {
    let Some((name, rest)) = names.split_first() else {
        return false;
    };
    let Some(value) = object.get(name) else {
        return false;
    };
    if rest.is_empty() {
        return found(value);
    }
    let elements = value.elements();
    visits(elements.len() as u64);
    elements
        .iter()
        .filter_map(Value::as_object)
        .any(|object| any_in(rest, object, visits, found))
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}

impl std::str::FromStr for FieldPath {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        Self::parse(text)
    }
}

/// What a stranger sent, short enough to be repeated to them.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
