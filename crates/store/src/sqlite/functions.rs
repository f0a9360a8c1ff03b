//! Functions of ours inside of SQLite: filters and sort orders are evaluated by
//! `backlot_wix::data` itself, so SQL text never contains anything from a request.
//!
//! - `item_matches(operand, data)`: whether the item matches the filter
//! - `item_sort_key(operand, data)`: bytes that sort as the item does
//! - `item_shuffle(seed, id)`: bytes that stand for a place in a random order
//!
//! A statement names its operands by their number in [`Operands`]. What the functions do is counted against the
//! budget of the request whose statement it is, and so is what SQLite does itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use backlot_wix::data::codec::read_fields;
use backlot_wix::data::key::sort_key_within;
use backlot_wix::data::{Budget, DataError, Filter, Object, Sort};
use parking_lot::Mutex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};

use crate::StoreError;

/// Units of work for a byte of an item that is parsed.
const PARSED_BYTE: u64 = 2;
/// The longest that a query may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(10);

/// What the functions work with, and what ends a read.
#[derive(Clone)]
pub(super) struct Operands(Arc<Mutex<Statements>>);

/// What belongs to the statements of one read.
struct Statements {
    operands: Vec<Operand>,
    budget: Budget,
    /// Set when the clock is first looked at: what is short is over before.
    deadline: Option<Instant>,
    /// Why the read was ended.
    ended: Option<StoreError>,
}

impl Default for Operands {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Statements {
            operands: Vec::new(),
            budget: Budget::unlimited(),
            deadline: None,
            ended: None,
        })))
    }
}

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

    /// Begins a read within a budget. The last one has left nothing behind.
    pub(super) fn begin(&self, budget: Budget) {
        if !budget.is_unlimited() {
            self.0.lock().budget = budget;
        }
    }

    /// Ends the read. Says why, if it was ended early.
    pub(super) fn end(&self) -> Option<StoreError> {
        let mut statements = self.0.lock();
        statements.operands.clear();
        statements.budget = Budget::unlimited();
        statements.deadline = None;
        statements.ended.take()
    }

    /// Counts work, and looks at the clock. False when the read is to end.
    pub(super) fn go_on(&self, units: u64) -> bool {
        let mut statements = self.0.lock();
        let now = Instant::now();
        if now > *statements.deadline.get_or_insert(now + QUERY_TIMEOUT) {
            statements.ended = Some(StoreError::TimedOut);
            return false;
        }
        let outcome = statements.budget.work(units);
        statements.goes_on(outcome).is_ok()
    }

    fn keep(&self, operand: Operand) -> i64 {
        let mut statements = self.0.lock();
        statements.operands.push(operand);
        i64::try_from(statements.operands.len() - 1).unwrap_or(i64::MAX)
    }
}

impl Statements {
    /// Remembers a fault of the budget, for which SQLite has no words.
    fn goes_on<T>(&mut self, outcome: Result<T, DataError>) -> rusqlite::Result<T> {
        outcome.map_err(|fault| {
            let error = wrong(fault.clone());
            self.ended = Some(StoreError::Rejected(fault));
            error
        })
    }
}

pub(super) fn register(connection: &Connection, operands: &Operands) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    let of_filters = operands.clone();
    connection.create_scalar_function("item_matches", 2, flags, move |context| {
        of_filters.with(context, |operand, item, budget| match operand {
            Operand::Filter(filter, _) => filter.matches_within(item, budget),
            Operand::Sorts(..) => Ok(false),
        })
    })?;
    let of_sorts = operands.clone();
    connection.create_scalar_function("item_sort_key", 2, flags, move |context| {
        of_sorts.with(context, |operand, item, budget| match operand {
            Operand::Sorts(sorts, _) => sort_key_within(sorts, item, budget),
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
        work: impl FnOnce(&Operand, &Object, &Budget) -> Result<T, DataError>,
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
        let mut statements = self.0.lock();
        let Statements {
            operands, budget, ..
        } = &*statements;
        let operand = usize::try_from(number)
            .ok()
            .and_then(|number| operands.get(number));
        let operand = operand.ok_or(Error::InvalidParameterCount(0, 1))?;
        let item = read_fields(data, operand.names()).map_err(wrong)?;
        let outcome = budget
            .work(data.len() as u64 * PARSED_BYTE)
            .and_then(|()| work(operand, &item, budget));
        statements.goes_on(outcome)
    }
}

impl Operand {
    fn names(&self) -> &Names {
        match self {
            Self::Filter(_, names) | Self::Sorts(_, names) => names,
        }
    }
}

fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::UserFunctionError(Box::new(error))
}

/// The same order for the same seed, on every node and on every database.
fn shuffle(seed: i64, id: &str) -> Vec<u8> {
    let text = format!("{} {id}", seed.cast_unsigned());
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
