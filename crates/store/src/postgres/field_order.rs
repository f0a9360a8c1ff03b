//! The order of an item's fields, which `jsonb` does not keep: it has fields by the length of their names, and by their
//! bytes. What differs from that is kept beside the item.
//!
//! For every object with at least two fields, the innermost first and otherwise as `jsonb` has them, there are numbers:
//! 0 for its own order, or else for each field in the order in which it was written its place in that of `jsonb`, one
//! added to the first. Each number is seven bits a byte, the lowest first, with the eighth bit where more follow. Zeros
//! at the end are left out.

use backlot_wix::data::{Object, Value};

/// Writes down the order of an item's fields.
pub(super) fn encode(item: &Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_object(item, &mut bytes);
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

fn encode_object(object: &Object, bytes: &mut Vec<u8>) {
    let mut places: Vec<usize> = (0..object.len()).collect();
    let name = |place: usize| object.get_index(place).map_or("", |(name, _)| name);
    places.sort_unstable_by(|one, other| {
        let (one, other) = (name(*one), name(*other));
        (one.len(), one).cmp(&(other.len(), other))
    });
    for place in &places {
        if let Some((_, value)) = object.get_index(*place) {
            encode_value(value, bytes);
        }
    }
    if object.len() < 2 {
        return;
    }
    if places.is_sorted() {
        bytes.push(0);
        return;
    }
    // The opposite: where each field stands in jsonb.
    let mut kept = vec![0; places.len()];
    for (in_jsonb, place) in places.into_iter().enumerate() {
        kept[place] = in_jsonb;
    }
    for (number, place) in kept.into_iter().enumerate() {
        push(bytes, if number == 0 { place + 1 } else { place });
    }
}

fn encode_value(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Array(elements) => {
            for element in elements {
                encode_value(element, bytes);
            }
        }
        Value::Object(object) => encode_object(object, bytes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Date(_) => {}
    }
}

fn push(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

/// Reads what [`encode`] wrote, one object after the other. What cannot be read is no order.
pub(super) struct FieldOrder<'row>(&'row [u8]);

impl<'row> FieldOrder<'row> {
    pub(super) const fn new(bytes: &'row [u8]) -> Self {
        Self(bytes)
    }

    /// The order of the next object, which has this many fields: for each, its place in that of `jsonb`. `None` for the
    /// order of `jsonb` itself.
    pub(super) fn next(&mut self, fields: usize) -> Option<Vec<usize>> {
        if fields < 2 {
            return None;
        }
        let first = self.number()?.checked_sub(1)?;
        let mut places = Vec::with_capacity(fields);
        places.push(first);
        for _ in 1..fields {
            // What is left out at the end is zeros.
            places.push(self.number().unwrap_or(0));
        }
        let mut is_there = vec![false; fields];
        for place in &places {
            let seen = is_there.get_mut(*place);
            if seen.is_none_or(|seen| std::mem::replace(seen, true)) {
                // Written by a program that knew nothing of it, for another content.
                self.0 = &[];
                return None;
            }
        }
        Some(places)
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &str) -> Object {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_as_jsonb_has_it_takes_no_room() {
        for json in [
            "{}",
            r#"{"b":1}"#,
            r#"{"a":1,"b":2,"aa":{"x":1,"y":[{"c":1,"d":2}]}}"#,
        ] {
            assert!(encode(&object(json)).is_empty(), "{json}");
        }
        assert_eq!(encode(&object(r#"{"b":1,"a":2}"#)), [2]);
        // The inner object comes first, and is as jsonb has it.
        assert_eq!(encode(&object(r#"{"b":{"x":1,"y":2},"a":2}"#)), [0, 2]);
    }

    #[test]
    fn what_makes_no_order_is_none() {
        for bytes in [&[3, 0][..], &[1, 0], &[2, 1], &[1], &[0x80], &[0xff; 40]] {
            assert_eq!(FieldOrder::new(bytes).next(2), None, "{bytes:?}");
        }
        let mut order = FieldOrder::new(&[2]);
        assert_eq!(order.next(1), None);
        assert_eq!(order.next(2), Some(vec![1, 0]));
        assert_eq!(order.next(2), None);
    }
}
