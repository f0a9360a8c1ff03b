//! Results that are computed again for every page, and the cursors between them.

use backlot_wix::data::page::WireCursorPaging;
use backlot_wix::data::{DataError, Page, Paging};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::request::{Input, of_cursor};
use super::response::Cursors;
use crate::data::{AnswerCursor, AnswerKind, DataSession, OperationError, Row, is_too_large};

/// Where a request has its paging: beside its words, or among those of a pipeline or a search.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Where {
    data_collection_id: String,
    cursor_paging: Option<WireCursorPaging>,
    pipeline: Option<Inner>,
    search: Option<Inner>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Inner {
    cursor_paging: Option<WireCursorPaging>,
}

/// A request, which may carry on an earlier one.
pub(crate) struct Paged {
    kind: AnswerKind,
    pub(crate) collection: String,
    cursor: Option<AnswerCursor>,
    /// The request that is answered, as it was sent.
    words: String,
    sent: Option<WireCursorPaging>,
}

impl Paged {
    pub(crate) fn read(
        data: &DataSession,
        kind: AnswerKind,
        input: &Input,
    ) -> Result<Self, DataError> {
        let place: Where = input.json(data)?;
        let inner = place.pipeline.or(place.search);
        let inner = inner.and_then(|inner| inner.cursor_paging);
        let sent = place.cursor_paging.or(inner);
        let collection = place.data_collection_id;
        let text = sent.as_ref().and_then(WireCursorPaging::cursor);
        let cursor = data.open_answer_cursor(kind, &collection, text)?;
        let words = match &cursor {
            Some(cursor) => cursor.words().to_owned(),
            None => input.text(data)?,
        };
        Ok(Self {
            kind,
            collection,
            cursor,
            words,
            sent,
        })
    }

    /// The words of the request. The client sends some of them only once.
    pub(crate) fn words<T: DeserializeOwned>(
        &self,
        data: &DataSession,
        input: &Input,
    ) -> Result<T, DataError> {
        match &self.cursor {
            None => input.json(data),
            Some(_) => of_cursor(data, &self.words),
        }
    }

    /// Answers with a page: `run` makes the one that it is asked for. `first` is the one that the words ask for.
    pub(crate) async fn answer<T: Row, F>(
        &self,
        data: &DataSession,
        first: Paging,
        run: impl Fn(Paging) -> F,
    ) -> Result<(Page<T>, Option<Cursors>), OperationError>
    where
        F: Future<Output = Result<Page<T>, OperationError>>,
    {
        let (limit, page) = match &self.cursor {
            None => (first.limit, run(first).await?),
            Some(cursor) => {
                let limit = match &self.sent {
                    Some(sent) if sent.has_limit() => Paging::read(None, Some(sent))?.limit,
                    _ => cursor.limit(),
                };
                let all = run(cursor.searched(limit)).await;
                let page = if is_too_large(&all) {
                    run(cursor.by_offset(limit)).await?
                } else {
                    cursor.cut(all?, limit)
                };
                (limit, page)
            }
        };
        let words = (self.words.as_str(), self.cursor.as_ref());
        let (next, prev) = data.answer_cursors(self.kind, &self.collection, words, (&page, limit));
        Ok((page, Cursors::new(next, prev)))
    }
}
