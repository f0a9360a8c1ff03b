//! Calls that look at many items and answer with something else: distinct values, groups, pipelines.
//!
//! The database finds the items; they pass by one at a time, and only what is made of them is kept,
//! within a cap.

use std::ops::ControlFlow;

use backlot_wix::data::aggregation::{Aggregation, WireAggregation};
use backlot_wix::data::collection::Operation;
use backlot_wix::data::distinct::{Distinct, WireDistinct};
use backlot_wix::data::page::Page;
use backlot_wix::data::pipeline::{Pipeline, WirePipeline};
use serde::{Deserialize, Serialize};

use super::answer::{PagingMetadata, json};
use super::input::Input;
use crate::data::{DataFault, DataOf};

/// The collection that a request is about. Its words are read by themselves: what holds both would keep them twice.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Of {
    #[serde(default)]
    data_collection_id: String,
}

/// `POST items/query-distinct-values`
pub(super) async fn distinct(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Of = input.json(data)?;
    let distinct = Distinct::read(&input.json::<WireDistinct>(data)?)?;
    let opened = data
        .open(&request.data_collection_id, Operation::Read)
        .await?;
    let mut run = distinct.start_within(opened.of.budget.clone());
    data.scan(&opened, distinct.filter().clone(), |item| {
        run.add(&item)?;
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(answer("distinctValues", &run.finish()?))
}

/// `POST items/aggregate`
pub(super) async fn aggregate(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Of = input.json(data)?;
    let aggregation = Aggregation::read(&input.json::<WireAggregation>(data)?)?;
    let opened = data
        .open(&request.data_collection_id, Operation::Read)
        .await?;
    let mut run = aggregation.start_within(opened.of.budget.clone());
    data.scan(&opened, aggregation.initial_filter().clone(), |item| {
        run.add(&item)?;
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(answer("results", &run.finish()?))
}

/// `POST items/aggregate-pipeline`
pub(super) async fn pipeline(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Of = input.json(data)?;
    let pipeline = Pipeline::read(&input.json::<WirePipeline>(data)?)?;
    let opened = data
        .open(&request.data_collection_id, Operation::Read)
        .await?;
    let mut run = pipeline.start_within(opened.of.budget.clone());
    data.scan(&opened, pipeline.leading_filter(), |item| {
        run.add(&item)?;
        Ok(if run.wants_more() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })
    .await?;
    Ok(answer("results", &run.finish()?))
}

fn answer<T: Serialize>(name: &str, page: &Page<T>) -> String {
    let (results, metadata) = (json(&page.results), json(&PagingMetadata::of(page)));
    format!("{{\"{name}\":{results},\"pagingMetadata\":{metadata}}}")
}
