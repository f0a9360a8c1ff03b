//! Searches.

use std::ops::ControlFlow;

use backlot_wix::data::collection::Operation;
use backlot_wix::data::search::{Search, WireSearch};
use serde::Deserialize;

use super::answer::{PagingMetadata, item_of, json, list};
use super::input::Input;
use super::projection::project;
use crate::data::{DataFault, DataOf, Include};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    data_collection_id: String,
    #[serde(flatten)]
    words: WireSearch,
    include_references: Option<Vec<Include>>,
}

/// `POST items/search`
pub(super) async fn search(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Request = input.json()?;
    let search = Search::read(&request.words)?;
    let opened = data
        .open(&request.data_collection_id, Operation::Read)
        .await?;
    let mut run = search.start();
    data.scan(&opened, search.filter().clone(), |item| {
        run.add(&item)?;
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    let mut page = run.finish()?;
    let includes = request.include_references.unwrap_or_default();
    data.include(&opened, &mut page.results, &includes).await?;
    let metadata = json(&PagingMetadata::of(&page));
    let items = page.results.iter().map(|item| match search.fields() {
        [] => item_of(opened.id(), item),
        fields => item_of(opened.id(), &project(item, fields)),
    });
    Ok(format!(
        "{{\"dataItems\":{},\"pagingMetadata\":{metadata}}}",
        list(items)
    ))
}
