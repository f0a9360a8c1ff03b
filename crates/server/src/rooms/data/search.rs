//! Searches.

use std::ops::ControlFlow;

use backlot_wix::data::collection::Operation;
use backlot_wix::data::search::{Search, WireSearch};
use serde::Deserialize;

use super::answer::{Answer, PagingMetadata, json};
use super::input::Input;
use super::query::objects_answer;
use crate::data::{DataFault, DataOf, Include};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    data_collection_id: String,
    include_references: Option<Vec<Include>>,
}

/// `POST items/search`
pub(super) async fn search(data: &DataOf, input: &Input) -> Result<Answer, DataFault> {
    let request: Request = input.json(data)?;
    let search = Search::read(&input.json::<WireSearch>(data)?)?;
    let opened = data
        .open(&request.data_collection_id, Operation::Read)
        .await?;
    let mut run = search.start_within(opened.of.budget.clone());
    data.scan(&opened, search.filter().clone(), |item| {
        run.add(&item)?;
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    let mut page = run.finish()?;
    let includes = request.include_references.unwrap_or_default();
    let results = std::mem::take(&mut page.results);
    let mut metadata = PagingMetadata::of(&page);
    metadata.count = results.len();
    let mut answer = objects_answer(data, &opened, results, search.fields(), &includes).await?;
    answer.push(",\"pagingMetadata\":");
    answer.push(&json(&metadata));
    answer.push("}");
    Ok(answer)
}
