//! Cursors of results that are computed again for every page: distinct values, groups, pipelines, searches; and of what
//! items are linked to.
//!
//! Such a result has no stable positions. A cursor says how far the page went, and what its last rows
//! were: the next page begins behind the last of them that is still there, wherever it stands by then. So what was
//! added or removed in between is neither passed over nor told twice.

use backlot_wix::data::order::equality_key;
use backlot_wix::data::{DataCode, DataError, Object, Page, Paging, Value};
use serde::{Deserialize, Serialize};

use super::{DataSession, OperationError};

/// What a cursor belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AnswerKind {
    #[serde(rename = "distinct")]
    Distinct,
    #[serde(rename = "aggregate")]
    Aggregate,
    #[serde(rename = "pipeline")]
    Pipeline,
    #[serde(rename = "search")]
    Search,
}

/// A place in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnswerCursor {
    #[serde(rename = "k")]
    kind: AnswerKind,
    #[serde(rename = "c")]
    collection: String,
    /// The request, as it was sent.
    #[serde(rename = "w")]
    words: String,
    /// How many rows come before the place.
    #[serde(rename = "o")]
    offset: u64,
    /// What the rows on its side of the page were: the last ones before it, or, backwards, the first ones behind it.
    #[serde(rename = "a")]
    rows: Vec<u64>,
    /// Towards the beginning.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    backwards: bool,
    /// How many to a page.
    #[serde(rename = "l")]
    limit: u32,
}

/// A place in what items are linked to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkCursor {
    #[serde(rename = "k")]
    pub(crate) kind: LinkKind,
    /// The collection.
    #[serde(rename = "c")]
    pub(crate) collection: String,
    /// The request, as it was sent.
    #[serde(rename = "w")]
    pub(crate) words: String,
    /// The item that refers, by its number in the request.
    #[serde(rename = "i")]
    pub(crate) item: usize,
    /// The place of the link of it beside which the page begins.
    #[serde(rename = "n")]
    pub(crate) sequence: i64,
    /// Towards the beginning.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) backwards: bool,
    /// How many to a page.
    #[serde(rename = "l")]
    pub(crate) limit: u32,
}

/// Tells a cursor of links from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LinkKind {
    #[serde(rename = "links")]
    Links,
}

/// How many of the last rows are remembered.
const REMEMBERED: usize = 100;
/// How many rows may have been added before the place, so that it is still found.
const ADDED: u32 = 10_000;
/// Requests that are longer are paged by offset.
const MAX_STATE_BYTES: usize = 1 << 20;

/// What a row is known by.
pub(crate) trait Row {
    /// Bytes that are the same for the same row.
    fn identity(&self) -> Vec<u8>;
}

impl Row for Value {
    fn identity(&self) -> Vec<u8> {
        equality_key(self)
    }
}

/// By its id, if it has one.
impl Row for Object {
    fn identity(&self) -> Vec<u8> {
        match self.get("_id") {
            None | Some(Value::Null) => {
                let mut bytes = Vec::new();
                for (name, value) in self {
                    bytes.extend(equality_key(&Value::from(name.as_str())));
                    bytes.extend(equality_key(value));
                }
                bytes
            }
            Some(id) => equality_key(id),
        }
    }
}

fn known_by(row: &impl Row) -> u64 {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &row.identity());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_ref()[..8]);
    u64::from_be_bytes(first)
}

impl AnswerCursor {
    /// The request that it carries on.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// How many rows a page has, unless the request says so.
    pub(crate) const fn limit(&self) -> u32 {
        self.limit
    }

    /// The rows among which the place is looked for.
    pub(crate) fn searched(&self, limit: u32) -> Paging {
        let end = self
            .offset
            .saturating_add(u64::from(limit) + u64::from(ADDED));
        Paging {
            limit: u32::try_from(end).unwrap_or(u32::MAX),
            offset: 0,
        }
    }

    /// The page behind so many rows, whatever they are.
    pub(crate) const fn by_offset(&self, limit: u32) -> Paging {
        Paging {
            limit,
            offset: self.offset,
        }
    }

    /// The page beside the place.
    pub(crate) fn cut<T: Row>(&self, all: Page<T>, limit: u32) -> Page<T> {
        let place = self.place(&all.results);
        let start = if self.backwards {
            place.saturating_sub(limit as usize)
        } else {
            place
        };
        let count = if self.backwards {
            place - start
        } else {
            limit as usize
        };
        let mut rest = all.results.into_iter().skip(start);
        let results: Vec<T> = rest.by_ref().take(count).collect();
        Page {
            offset: start as u64,
            total: all.total,
            has_next: all.has_next || rest.next().is_some(),
            results,
        }
    }

    /// How many rows come before the place now.
    fn place<T: Row>(&self, rows: &[T]) -> usize {
        let known: Vec<u64> = rows.iter().map(known_by).collect();
        let before = usize::try_from(self.offset).unwrap_or(usize::MAX);
        // The same row may be there several times: the nearest to where it was is meant.
        let nearest = |row: &u64, expected: usize| {
            let places = known.iter().enumerate().filter(|(_, it)| *it == row);
            let places = places.map(|(place, _)| place);
            places.min_by_key(|place| place.abs_diff(expected))
        };
        let found = if self.backwards {
            let mut rows = self.rows.iter().enumerate();
            rows.find_map(|(number, row)| nearest(row, before.saturating_add(number)))
        } else {
            let mut rows = self.rows.iter().rev().enumerate();
            let place =
                rows.find_map(|(number, row)| nearest(row, before.saturating_sub(1 + number)));
            place.map(|place| place + 1)
        };
        // Where all of them are gone, what came before them has moved up.
        let gone = if self.backwards { 0 } else { self.rows.len() };
        found
            .unwrap_or_else(|| before.saturating_sub(gone))
            .min(rows.len())
    }
}

impl DataSession {
    /// Reads a cursor of such an answer.
    pub(crate) fn open_answer_cursor(
        &self,
        kind: AnswerKind,
        collection: &str,
        text: Option<&str>,
    ) -> Result<Option<AnswerCursor>, DataError> {
        let Some(text) = text else { return Ok(None) };
        let open = self
            .data
            .cursors
            .open::<AnswerCursor>(self.who.instance_id, text);
        let cursor = open?;
        if cursor.collection != collection || cursor.kind != kind {
            return Err(DataError::invalid(
                "The cursor is one of another collection, or of another call.",
            ));
        }
        Ok(Some(cursor))
    }

    /// The cursors behind a page and before it, where there is more.
    pub(crate) fn answer_cursors<T: Row>(
        &self,
        kind: AnswerKind,
        collection: &str,
        (words, before): (&str, Option<&AnswerCursor>),
        (page, limit): (&Page<T>, u32),
    ) -> (Option<String>, Option<String>) {
        if page.results.is_empty() || words.len() > MAX_STATE_BYTES {
            return (None, None);
        }
        let own: Vec<u64> = page.results.iter().map(known_by).collect();
        let seal = |offset: u64, rows: Vec<u64>, backwards: bool| {
            let cursor = AnswerCursor {
                kind,
                collection: collection.to_owned(),
                words: words.to_owned(),
                offset,
                rows,
                backwards,
                limit,
            };
            self.data.cursors.seal(self.who.instance_id, &cursor)
        };
        let next = page.has_next.then(|| {
            let known = before.filter(|before| !before.backwards);
            let mut rows = known.map_or_else(Vec::new, |it| it.rows.clone());
            rows.extend(&own);
            rows.drain(..rows.len().saturating_sub(REMEMBERED));
            seal(page.offset + page.results.len() as u64, rows, false)
        });
        let previous = (page.offset > 0).then(|| {
            let rows = own.iter().copied().take(REMEMBERED).collect();
            seal(page.offset, rows, true)
        });
        (next, previous)
    }

    /// Reads a cursor of links.
    pub(crate) fn open_link_cursor(
        &self,
        collection: &str,
        text: &str,
    ) -> Result<LinkCursor, DataError> {
        let open = self
            .data
            .cursors
            .open::<LinkCursor>(self.who.instance_id, text);
        let cursor = open?;
        if cursor.collection != collection {
            return Err(DataError::invalid(
                "The cursor is one of another collection.",
            ));
        }
        Ok(cursor)
    }

    pub(crate) fn seal_link_cursor(&self, cursor: &LinkCursor) -> Option<String> {
        let is_short = cursor.words.len() <= MAX_STATE_BYTES;
        is_short.then(|| self.data.cursors.seal(self.who.instance_id, cursor))
    }
}

/// Whether an answer was too large to be looked through for a place, so that it is paged by offset instead.
pub(crate) fn is_too_large<T>(outcome: &Result<T, OperationError>) -> bool {
    matches!(outcome, Err(OperationError::DataError(fault)) if fault.code() == DataCode::TooMuchMemory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(numbers: &[i32]) -> Page<Value> {
        Page {
            results: numbers.iter().map(|it| Value::from(*it)).collect(),
            offset: 0,
            total: None,
            has_next: false,
        }
    }

    fn cursor(offset: usize, beside: &[i32], backwards: bool) -> AnswerCursor {
        AnswerCursor {
            kind: AnswerKind::Distinct,
            collection: "c".to_owned(),
            words: String::new(),
            offset: offset as u64,
            rows: rows(beside).results.iter().map(known_by).collect(),
            backwards,
            limit: 2,
        }
    }

    #[test]
    fn a_page_begins_behind_the_last_row_that_is_still_there() {
        for (told, now, page) in [
            (&[1, 2][..], &[1, 2, 3, 4, 5][..], &[3, 4][..]),
            (&[1, 2], &[1, 3, 4, 5], &[3, 4]),
            (&[1, 2], &[3, 4, 5], &[3, 4]),
            (&[1, 2], &[0, 1, 2, 3, 4], &[3, 4]),
            (&[1, 2, 3, 4], &[-1, 0, 4, 5], &[5]),
            (&[1, 2, 3, 4], &[5, 6], &[5, 6]),
            (&[1, 1, 1], &[1, 1, 1, 1, 2], &[1, 2]),
            (&[1, 2], &[1, 2], &[]),
        ] {
            let next = cursor(told.len(), told, false).cut(rows(now), 2);
            assert_eq!(next.results, rows(page).results, "{told:?} {now:?}");
        }
    }

    #[test]
    fn a_page_before_ends_before_the_first_row_that_is_still_there() {
        for (place, told, now, page) in [
            (2, &[3, 4][..], &[1, 2, 3, 4, 5][..], &[1, 2][..]),
            (2, &[3, 4], &[0, 1, 2, 4, 5], &[1, 2]),
            (2, &[3, 4], &[2, 3, 4], &[2]),
            (2, &[3, 4], &[3, 4], &[]),
            (3, &[4, 5], &[1, 2, 3, 6], &[2, 3]),
        ] {
            let before = cursor(place, told, true).cut(rows(now), 2);
            assert_eq!(before.results, rows(page).results, "{told:?} {now:?}");
        }
    }
}
