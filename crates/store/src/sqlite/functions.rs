//! Functions of ours inside of SQLite: what a filter means and how values sort is asked of
//! `backlot_wix::data` itself, so SQL text never holds anything that somebody sent.
//!
//! - `item_matches(operand, data)`: whether the item matches the filter
//! - `item_sort_key(operand, data)`: bytes that sort as the item does
//! - `item_shuffle(seed, id)`: a number that stands for a place in a random order
//!
//! A statement names its operands by their number in [`Operands`].

use std::sync::Arc;

use backlot_wix::data::codec::read_fields;
use backlot_wix::data::key::sort_key;
use backlot_wix::data::{Filter, Sort};
use parking_lot::Mutex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};

use crate::StoreError;

/// What the functions work with.
#[derive(Clone, Default)]
pub(super) struct Operands(Arc<Mutex<Vec<Operand>>>);

enum Operand {
    Filter(Filter, Names),
    Sorts(Vec<Sort>, Names),
}

/// The fields at the top of an item that are looked at; the others need not be read.
type Names = Vec<String>;

impl Operands {
    /// Keeps a filter, and returns its number.
    pub(super) fn filter(&self, filter: &Filter) -> i64 {
        let mut names = Vec::new();
        filter.paths(&mut |path| names.push(path.first().to_owned()));
        self.keep(Operand::Filter(filter.clone(), names))
    }

    /// Keeps fields to sort by, and returns their number.
    pub(super) fn sorts(&self, sorts: &[Sort]) -> i64 {
        let names = sorts.iter().map(|sort| sort.path.first().to_owned());
        self.keep(Operand::Sorts(sorts.to_vec(), names.collect()))
    }

    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }

    fn keep(&self, operand: Operand) -> i64 {
        let mut all = self.0.lock();
        all.push(operand);
        i64::try_from(all.len() - 1).unwrap_or(i64::MAX)
    }
}

pub(super) fn register(connection: &Connection, operands: &Operands) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    let of_filters = operands.clone();
    connection.create_scalar_function("item_matches", 2, flags, move |context| {
        of_filters.with(context, |operand, data| match operand {
            Operand::Filter(filter, names) => Ok(filter.matches(&read_fields(data, names)?)),
            Operand::Sorts(..) => Ok(false),
        })
    })?;
    let of_sorts = operands.clone();
    connection.create_scalar_function("item_sort_key", 2, flags, move |context| {
        of_sorts.with(context, |operand, data| match operand {
            Operand::Sorts(sorts, names) => Ok(sort_key(sorts, &read_fields(data, names)?)),
            Operand::Filter(..) => Ok(Vec::new()),
        })
    })?;
    connection.create_scalar_function("item_shuffle", 2, flags, |context| {
        let (seed, id): (i64, String) = (context.get(0)?, context.get(1)?);
        Ok(shuffle(seed, &id))
    })?;
    Ok(())
}

impl Operands {
    fn with<T>(
        &self,
        context: &Context<'_>,
        work: impl FnOnce(&Operand, &str) -> serde_json::Result<T>,
    ) -> rusqlite::Result<T> {
        let number: i64 = context.get(0)?;
        let data = match context.get_raw(1) {
            ValueRef::Text(text) => std::str::from_utf8(text).map_err(wrong)?,
            _ => {
                return Err(Error::InvalidFunctionParameterType(
                    1,
                    rusqlite::types::Type::Text,
                ));
            }
        };
        let all = self.0.lock();
        let operand = usize::try_from(number)
            .ok()
            .and_then(|number| all.get(number));
        let operand = operand.ok_or(Error::InvalidParameterCount(0, 1))?;
        work(operand, data).map_err(wrong)
    }
}

fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::UserFunctionError(Box::new(error))
}

/// FNV-1a over the seed and the id: the same order for the same seed, on every node.
fn shuffle(seed: i64, id: &str) -> i64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in seed.to_le_bytes().into_iter().chain(id.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // The low bits are mixed best; a turn brings them to the front.
    hash.rotate_left(32).cast_signed()
}
