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
use backlot_wix::data::{Object, Value};
use serde::Serialize;

use super::paged::Paged;
use super::request::Input;
use super::response::{Cursors, PagingMetadata, json};
use crate::data::{AnswerKind, DataSession, OpenCollection, OperationError};

/// `POST items/query-distinct-values`
pub(crate) async fn distinct(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let paged = Paged::read(data, AnswerKind::Distinct, input)?;
    let distinct = Distinct::read(&paged.words::<WireDistinct>(data, input)?)?;
    let opened = &data.open(&paged.collection, Operation::Read).await?;
    let run = |paging| {
        let distinct = distinct.clone().with_paging(paging);
        async move { distinct_page(data, opened, &distinct).await }
    };
    let page = paged.answer(data, distinct.paging(), run).await?;
    Ok(answer("distinctValues", page))
}

async fn distinct_page(
    data: &DataSession,
    opened: &OpenCollection,
    distinct: &Distinct,
) -> Result<Page<Value>, OperationError> {
    let mut run = distinct.start_within(opened.of.budget.clone());
    data.scan(opened, distinct.filter().clone(), |item| {
        run.add(&item)?;
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(run.finish()?)
}

/// `POST items/aggregate`
pub(crate) async fn aggregate(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let paged = Paged::read(data, AnswerKind::Aggregate, input)?;
    let aggregation = Aggregation::read(&paged.words::<WireAggregation>(data, input)?)?;
    let opened = &data.open(&paged.collection, Operation::Read).await?;
    let run = |paging| {
        let aggregation = aggregation.clone().with_paging(paging);
        async move { aggregate_page(data, opened, &aggregation).await }
    };
    let page = paged.answer(data, aggregation.paging(), run).await?;
    Ok(answer("results", page))
}

async fn aggregate_page(
    data: &DataSession,
    opened: &OpenCollection,
    aggregation: &Aggregation,
) -> Result<Page<Object>, OperationError> {
    let mut run = aggregation.start_within(opened.of.budget.clone());
    data.scan(opened, aggregation.initial_filter().clone(), |item| {
        run.add(&item)?;
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(run.finish()?)
}

/// `POST items/aggregate-pipeline`
pub(crate) async fn pipeline(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let paged = Paged::read(data, AnswerKind::Pipeline, input)?;
    let pipeline = Pipeline::read(&paged.words::<WirePipeline>(data, input)?)?;
    let opened = &data.open(&paged.collection, Operation::Read).await?;
    let run = |paging| {
        let pipeline = pipeline.clone().with_paging(paging);
        async move { pipeline_page(data, opened, &pipeline).await }
    };
    let page = paged.answer(data, pipeline.paging(), run).await?;
    Ok(answer("results", page))
}

async fn pipeline_page(
    data: &DataSession,
    opened: &OpenCollection,
    pipeline: &Pipeline,
) -> Result<Page<Object>, OperationError> {
    let mut run = pipeline.start_within(opened.of.budget.clone());
    data.scan(opened, pipeline.leading_filter(), |item| {
        run.add(&item)?;
        Ok(if run.wants_more() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })
    .await?;
    Ok(run.finish()?)
}

fn answer<T: Serialize>(name: &str, (page, cursors): (Page<T>, Option<Cursors>)) -> String {
    let metadata = json(&PagingMetadata::from_page(&page, cursors));
    let results = json(&page.results);
    format!("{{\"{name}\":{results},\"pagingMetadata\":{metadata}}}")
}
