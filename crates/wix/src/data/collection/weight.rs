//! How much a definition takes up in memory, roughly.

use serde_json::Value as Json;

use super::super::memory::Weigh;
use super::{Definition, Field};

impl Weigh for Definition {
    fn weight(&self) -> usize {
        let texts = [&self.display_name, &self.display_field];
        let texts = texts.into_iter().flatten().map(String::len);
        let indexes = self.indexes.iter().map(|index| {
            let paths = index.fields.iter().map(|field| 64 + field.path.len());
            128 + index.name.len() + paths.sum::<usize>()
        });
        size_of::<Self>()
            + self.id.len()
            + texts.sum::<usize>()
            + self.fields.iter().map(Weigh::weight).sum::<usize>()
            + self.plugins.iter().map(Weigh::weight).sum::<usize>()
            + indexes.sum::<usize>()
    }
}

impl Weigh for Field {
    fn weight(&self) -> usize {
        let choices = self.choices.iter().flatten().map(Weigh::weight);
        let pattern = self.pattern.as_ref().map_or(0, String::len);
        let metadata = self.type_metadata.as_ref().map_or(0, Weigh::weight);
        let named = |(name, value): (&String, &Json)| NAMED + name.len() + value.weight();
        size_of::<Self>()
            + self.key.len()
            + pattern
            + metadata
            + choices.sum::<usize>()
            + self.rest.iter().map(named).sum::<usize>()
    }
}

/// A name in an object, and its place there.
const NAMED: usize = size_of::<String>() + 2 * size_of::<usize>();

impl Weigh for Json {
    fn weight(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::String(text) => text.len(),
                Self::Array(elements) => elements.iter().map(Self::weight).sum(),
                Self::Object(object) => {
                    let named =
                        |(name, value): (&String, &Self)| NAMED + name.len() + value.weight();
                    object.iter().map(named).sum()
                }
                Self::Null | Self::Bool(_) | Self::Number(_) => 0,
            }
    }
}
