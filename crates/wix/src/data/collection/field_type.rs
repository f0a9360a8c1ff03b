//! The types of fields, and which values each holds.
//!
//! Source: Wix Data, "Data types". Media are addresses as text, or the objects that Wix's editor makes.

use serde::{Deserialize, Serialize};

use super::super::{Date, Value};

macro_rules! types {
    ($($variant:ident $name:literal $holds:ident;)*) => {
        /// What a field is declared to hold.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum FieldType {
            $(#[doc = concat!("`", $name, "`")] #[serde(rename = $name)] $variant,)*
        }

        impl FieldType {
            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The type of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            const fn holds(self) -> Holds {
                match self { $(Self::$variant => Holds::$holds,)* }
            }
        }
    };
}

types! {
    Text "TEXT" Text;
    Number "NUMBER" Number;
    Date "DATE" Day;
    DateTime "DATETIME" Instant;
    Time "TIME" Time;
    Boolean "BOOLEAN" Bool;
    Url "URL" Text;
    Email "EMAIL" Text;
    Slug "SLUG" Text;
    Image "IMAGE" TextOrObject;
    Document "DOCUMENT" TextOrObject;
    Video "VIDEO" TextOrObject;
    Audio "AUDIO" TextOrObject;
    RichText "RICH_TEXT" Text;
    RichContent "RICH_CONTENT" TextOrObject;
    MediaGallery "MEDIA_GALLERY" List;
    Address "ADDRESS" TextOrObject;
    Language "LANGUAGE" Text;
    PageLink "PAGE_LINK" TextOrObject;
    Reference "REFERENCE" Reference;
    MultiReference "MULTI_REFERENCE" References;
    Object "OBJECT" Object;
    Array "ARRAY" List;
    ArrayString "ARRAY_STRING" Texts;
    ArrayDocument "ARRAY_DOCUMENT" TextsOrObjects;
    Any "ANY" Anything;
    MediaImage "MEDIA_IMAGE" TextOrObject;
    MediaVectorArt "MEDIA_VECTOR_ART" TextOrObject;
    SecuredMedia "SECURED_MEDIA" TextOrObject;
    LegacyTime "LEGACY_TIME" Anything;
    LegacyBook "LEGACY_BOOK" Anything;
    LegacyExternalUrl "LEGACY_EXTERNAL_URL" Anything;
    LegacyBrokenReference "LEGACY_BROKEN_REFERENCE" Anything;
    LegacyImage "LEGACY_IMAGE" Anything;
    LegacyColor "LEGACY_COLOR" Anything;
    LegacyExternalVideo "LEGACY_EXTERNAL_VIDEO" Anything;
}

#[derive(Clone, Copy)]
enum Holds {
    Anything,
    Text,
    Number,
    Bool,
    Day,
    Instant,
    Time,
    TextOrObject,
    Object,
    List,
    Texts,
    TextsOrObjects,
    Reference,
    References,
}

impl FieldType {
    /// Whether the value is one of this type's. An empty value always is.
    pub fn admits(self, value: &Value) -> bool {
        if *value == Value::Null {
            return true;
        }
        let is_text = |value: &Value| matches!(value, Value::String(_));
        let is_text_or_object =
            |value: &Value| matches!(value, Value::String(_) | Value::Object(_));
        let all = |of: fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(of));
        match self.holds() {
            Holds::Anything => true,
            Holds::Text => is_text(value),
            Holds::Number => matches!(value, Value::Number(_)),
            Holds::Bool => matches!(value, Value::Bool(_)),
            Holds::Instant => matches!(value, Value::Date(_)),
            Holds::Day => match value {
                Value::String(text) => !text.contains('T') && Date::parse(text).is_some(),
                other => matches!(other, Value::Date(_)),
            },
            Holds::Time => value.as_str().is_some_and(is_time),
            Holds::TextOrObject => is_text_or_object(value),
            Holds::Object => matches!(value, Value::Object(_)),
            Holds::List => value.as_array().is_some(),
            Holds::Texts => all(is_text),
            Holds::TextsOrObjects => all(is_text_or_object),
            Holds::Reference => reference_id(value).is_some(),
            Holds::References => all(|value| reference_id(value).is_some()),
        }
    }

    /// What it holds, for a sentence.
    pub const fn expectation(self) -> &'static str {
        match self.holds() {
            Holds::Anything => "any value",
            Holds::Text => "a text",
            Holds::Number => "a number",
            Holds::Bool => "true or false",
            Holds::Day => "a day as YYYY-MM-DD",
            Holds::Instant => "a date",
            Holds::Time => "a time as hh:mm:ss.SSS",
            Holds::TextOrObject => "a text or an object",
            Holds::Object => "an object",
            Holds::List => "a list",
            Holds::Texts => "a list of texts",
            Holds::TextsOrObjects => "a list of texts or objects",
            Holds::Reference => "the id of an item",
            Holds::References => "a list of ids of items",
        }
    }
}

/// The id in a reference: the text itself, or the `_id` of the item it was included as.
pub fn reference_id(value: &Value) -> Option<&str> {
    match value {
        Value::String(id) => Some(id),
        Value::Object(item) => item.get("_id")?.as_str(),
        _ => None,
    }
}

fn is_time(text: &str) -> bool {
    Date::parse(&format!("1970-01-01T{text}")).is_some() && !text.contains(['Z', '+', '-'])
}
