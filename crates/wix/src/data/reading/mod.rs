//! Reading JSON within a budget.
//!
//! A few bytes of JSON may be hundreds of bytes in memory: `{"":0}` is seven in a list, and some six hundred as an object. So
//! what is made of a request is counted while it is made, and reading ends when the budget has no room for more. What no field
//! takes is passed over, and counts nothing.
//!
//! Caveat: weights are estimates of what the allocator hands out, rather too large than too small.

mod deserializer;

use std::cell::{Cell, RefCell};

use serde::Deserialize;
use serde::de;

use super::{Budget, DataError};
use deserializer::Counting;

/// Bytes of an element of a list, with the room that a growing list holds in reserve.
const ELEMENT: usize = 110;
/// Bytes of the tables of an object that holds anything.
const OBJECT: usize = 400;
/// Bytes of a field, without its name.
const FIELD: usize = 170;
/// Bytes of a text beside its letters.
const TEXT: usize = 32;
/// Units of work for a byte that is read.
const BYTE_READ: u64 = 2;
/// Bytes that are made before the budget hears of them.
const UNCOUNTED: usize = 16 * 1024;

/// Why JSON was not read.
#[derive(Debug)]
pub enum ReadError {
    /// The budget ended it.
    DataError(DataError),
    /// It is not JSON, or not of the expected type.
    Json(serde_json::Error),
}

/// Reads JSON, counting the work and what is made of it.
///
/// # Errors
/// Fails if the budget is exhausted, or the JSON is not of the expected type.
pub fn read_within<'de, T: Deserialize<'de>>(
    json: &'de [u8],
    budget: &Budget,
) -> Result<T, ReadError> {
    let work = budget.work(json.len() as u64 * BYTE_READ);
    work.map_err(ReadError::DataError)?;
    let meter = Meter {
        budget,
        uncounted: Cell::new(0),
        ended: RefCell::new(None),
    };
    let mut json = serde_json::Deserializer::from_slice(json);
    let read = T::deserialize(Counting {
        inner: &mut json,
        meter: &meter,
    });
    let read = read.and_then(|value| json.end().map(|()| value));
    let read = read.map_err(|error| match meter.ended.take() {
        Some(fault) => ReadError::DataError(fault),
        None => ReadError::Json(error),
    })?;
    meter.report().map_err(ReadError::DataError)?;
    Ok(read)
}

/// What is made of JSON.
struct Meter<'budget> {
    budget: &'budget Budget,
    /// Bytes that the budget has not heard of.
    uncounted: Cell<usize>,
    /// Why the budget ended the reading, for which serde has no words.
    ended: RefCell<Option<DataError>>,
}

impl Meter<'_> {
    fn count<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        let uncounted = self.uncounted.get() + bytes;
        self.uncounted.set(uncounted);
        if uncounted < UNCOUNTED {
            return Ok(());
        }
        self.report().map_err(|fault| {
            let error = E::custom(&fault);
            *self.ended.borrow_mut() = Some(fault);
            error
        })
    }

    fn report(&self) -> Result<(), DataError> {
        let bytes = self.uncounted.take();
        self.budget.work(bytes as u64 / 4)?;
        self.budget.keep(bytes)
    }
}

#[cfg(test)]
mod tests;
