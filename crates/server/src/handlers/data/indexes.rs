//! Calls about indexes. One of a small collection is built before its call is answered, one of a larger collection
//! afterwards.

use backlot_store::collections::Collection;
use backlot_store::index_builds::IndexState;
use backlot_wix::data::collection::{Definition, Index};
use backlot_wix::data::{DataCode, DataError, limits};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::request::Input;
use super::response::PagingMetadata;
use crate::data::{DataSession, OperationError};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    data_collection_id: String,
    index: Index,
}

/// `POST indexes`
pub(crate) async fn create(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let Request {
        data_collection_id,
        index,
    } = input.json(data)?;
    index.validate()?;
    data.change_collection(&data_collection_id, None, |definition| {
        let (regular, unique) = counts(definition);
        let (count, most, kind) = if index.unique {
            (unique, limits::UNIQUE_INDEXES, "unique")
        } else {
            (regular, limits::REGULAR_INDEXES, "regular")
        };
        if count >= most {
            let text = format!("A collection has at most {most} {kind} indexes.");
            return Err(DataError::new(DataCode::BadIndex, text));
        }
        definition.indexes.push(index.clone());
        Ok(())
    })
    .await?;
    let collection = data.collection(&data_collection_id).await?;
    Ok(json!({ "index": wire(&collection, &index) }).to_string())
}

/// `GET indexes`
pub(crate) async fn list(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let id = id(input)?;
    let limit = input
        .number("paging.limit")?
        .unwrap_or(limits::DEFAULT_PAGE);
    let offset = input.number("paging.offset")?.unwrap_or_default();
    let collection = data.collection(&id).await?;
    let all = &collection.definition.indexes;
    let page = all.iter().skip(offset as usize).take(limit as usize);
    let page: Vec<Json> = page.map(|index| wire(&collection, index)).collect();
    Ok(json!({
        "pagingMetadata": PagingMetadata::of_part(page.len(), offset, all.len()),
        "indexes": page,
    })
    .to_string())
}

/// `GET indexes/available`
pub(crate) async fn available(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let collection = data.collection(&id(input)?).await?;
    let (regular, unique) = counts(&collection.definition);
    let regular = limits::REGULAR_INDEXES.saturating_sub(regular);
    let unique = limits::UNIQUE_INDEXES.saturating_sub(unique);
    Ok(json!({
        "regular1Field": regular,
        "regular3Field": regular,
        "unique1Field": unique,
        "total": regular + unique,
    })
    .to_string())
}

/// `DELETE indexes`
pub(crate) async fn remove(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let name = input.parameter("indexName").unwrap_or_default();
    data.change_collection(&id(input)?, None, |definition| {
        let before = definition.indexes.len();
        definition.indexes.retain(|index| index.name != name);
        if definition.indexes.len() == before {
            let short: String = name.chars().take(60).collect();
            return Err(DataError::new(
                DataCode::BadIndex,
                format!("There is no index {short:?}."),
            ));
        }
        Ok(())
    })
    .await?;
    Ok("{}".to_owned())
}

fn counts(definition: &Definition) -> (usize, usize) {
    let unique = definition
        .indexes
        .iter()
        .filter(|index| index.unique)
        .count();
    (definition.indexes.len() - unique, unique)
}

fn wire(collection: &Collection, index: &Index) -> Json {
    let id = index.id(&collection.definition.id);
    let found = collection.indexes.iter().find(|it| it.id == id);
    let state = found.map_or(&IndexState::Ready, |it| &it.state);
    let mut wire = json!({
        "id": format!("{id:016x}"),
        "name": index.name,
        "fields": index.fields,
        "unique": index.unique,
        "caseInsensitive": index.case_insensitive,
        "status": status(state),
        "source": "USER",
    });
    if let IndexState::Failed(failure) = state {
        wire["failure"] = json!(**failure);
    }
    wire
}

/// Wix's word. An index whose old keys are still being cleared is built afterwards.
const fn status(state: &IndexState) -> &'static str {
    match state {
        IndexState::Ready => "ACTIVE",
        IndexState::Building | IndexState::Clearing => "BUILDING",
        IndexState::Failed(_) => "FAILED",
    }
}

fn id(input: &Input) -> Result<String, DataError> {
    let id = input.parameter("dataCollectionId");
    id.ok_or_else(|| DataError::invalid("dataCollectionId must not be empty."))
}
