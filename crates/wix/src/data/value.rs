//! A value of an item: JSON, and dates.

use indexmap::IndexMap;

use super::{Date, FieldPath};

/// The fields of an item or of a nested object, in the order in which they were written.
pub type Object = IndexMap<String, Value>;

/// JSON with dates. Numbers are what JavaScript has: IEEE doubles, finite, without a negative zero.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// Text.
    String(String),
    /// `{"$date":"…"}`
    Date(Date),
    /// A list.
    Array(Vec<Self>),
    /// Fields by name.
    Object(Object),
}

/// What values are, in the order in which they sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// `null`, or no value at all.
    Empty,
    /// A number.
    Number,
    /// Text.
    String,
    /// Fields by name.
    Object,
    /// A list.
    Array,
    /// `true` or `false`
    Bool,
    /// A date.
    Date,
}

impl Value {
    /// What it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Empty,
            Self::Bool(_) => Kind::Bool,
            Self::Number(_) => Kind::Number,
            Self::String(_) => Kind::String,
            Self::Date(_) => Kind::Date,
            Self::Array(_) => Kind::Array,
            Self::Object(_) => Kind::Object,
        }
    }

    /// The text, if it is text.
    pub const fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub const fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The fields, if it is an object.
    pub const fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// A finite number, as JavaScript would have it; `None` for other values.
    pub fn number(number: f64) -> Option<Self> {
        // Adding nothing turns a negative zero into zero.
        number.is_finite().then_some(Self::Number(number + 0.0))
    }

    /// The elements of a list; of any other value, the value itself.
    pub const fn elements(&self) -> &[Self] {
        match self {
            Self::Array(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(it: bool) -> Self {
        Self::Bool(it)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(f64::from(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(f64::from(number))
    }
}

/// A number that is not finite becomes `null`, as `JSON.stringify` has it.
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::number(number).unwrap_or(Self::Null)
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

/// The one value at a path, without looking into lists: what an item *has*, as against what a filter
/// finds in it ([`FieldPath::find`]).
pub fn get<'item>(object: &'item Object, path: &FieldPath) -> Option<&'item Value> {
    let (last, parents) = path.segments().split_last()?;
    let mut object = object;
    for name in parents {
        object = object.get(name)?.as_object()?;
    }
    object.get(last)
}
