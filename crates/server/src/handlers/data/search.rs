//! Searches.

use std::ops::ControlFlow;

use backlot_wix::data::collection::Operation;
use backlot_wix::data::search::{Search, WireSearch};
use backlot_wix::data::{Object, Page};
use serde::Deserialize;

use super::paged::Paged;
use super::query::objects_answer;
use super::request::Input;
use super::response::{DataResponse, PagingMetadata, json};
use crate::data::{AnswerKind, DataSession, Include, OpenCollection, OperationError};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    include_references: Option<Vec<Include>>,
}

/// `POST items/search`
pub(crate) async fn search(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    let paged = Paged::read(data, AnswerKind::Search, input)?;
    let request: Request = paged.words(data, input)?;
    let search = Search::read(&paged.words::<WireSearch>(data, input)?)?;
    let opened = &data.open(&paged.collection, Operation::Read).await?;
    let run = |paging| {
        let search = search.clone().with_paging(paging);
        async move { search_page(data, opened, &search).await }
    };
    let (mut page, cursors) = paged.answer(data, search.paging(), run).await?;
    let includes = request.include_references.unwrap_or_default();
    let results = std::mem::take(&mut page.results);
    let mut metadata = PagingMetadata::from_page(&page, cursors);
    metadata.count = results.len();
    let mut answer = objects_answer(data, opened, results, search.fields(), &includes).await?;
    answer.push(",\"pagingMetadata\":");
    answer.push(&json(&metadata));
    answer.push("}");
    Ok(answer)
}

async fn search_page(
    data: &DataSession,
    opened: &OpenCollection,
    search: &Search,
) -> Result<Page<Object>, OperationError> {
    let mut run = search.start_within(opened.of.budget.clone());
    data.scan(opened, search.filter().clone(), |item| {
        run.add(&item)?;
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(run.finish()?)
}
