//! Any JSON as the words of a pipeline, an aggregation, a search and a question for distinct values, a line end, and any
//! JSON as a list of items: read and run without a panic, and no page is larger than was asked for.

use backlot_wix::data::aggregation::{Aggregation, WireAggregation};
use backlot_wix::data::distinct::{Distinct, WireDistinct};
use backlot_wix::data::pipeline::{Pipeline, WirePipeline};
use backlot_wix::data::search::{Search, WireSearch};
use backlot_wix::data::{DataError, Object, Page, Paging};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (words, items) = text.split_once('\n').unwrap_or((text, "[]"));
    let items: Vec<Object> = serde_json::from_str(items).unwrap_or_default();
    if let Ok(wire) = serde_json::from_str::<WirePipeline>(words)
        && let Ok(pipeline) = Pipeline::read(&wire)
    {
        let mut run = pipeline.start();
        let added = items.iter().try_for_each(|item| run.add(item));
        check(pipeline.paging(), added.and_then(|()| run.finish()));
    }
    if let Ok(wire) = serde_json::from_str::<WireAggregation>(words)
        && let Ok(aggregation) = Aggregation::read(&wire)
    {
        let mut run = aggregation.start();
        let added = items.iter().try_for_each(|item| run.add(item));
        check(aggregation.paging(), added.and_then(|()| run.finish()));
    }
    if let Ok(wire) = serde_json::from_str::<WireDistinct>(words)
        && let Ok(distinct) = Distinct::read(&wire)
    {
        let mut run = distinct.start();
        let added = items.iter().try_for_each(|item| run.add(item));
        check(distinct.paging(), added.and_then(|()| run.finish()));
    }
    if let Ok(wire) = serde_json::from_str::<WireSearch>(words)
        && let Ok(search) = Search::read(&wire)
    {
        let mut run = search.start();
        let added = items.iter().try_for_each(|item| run.add(item));
        check(search.paging(), added.and_then(|()| run.finish()));
    }
}

fn check<T>(paging: Paging, page: Result<Page<T>, DataError>) {
    if let Ok(page) = page {
        assert!(page.results.len() <= paging.limit as usize);
        assert_eq!(page.offset, paging.offset);
    }
}
