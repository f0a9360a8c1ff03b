//! Calls about indexes. One is built before its call is answered.

use backlot_wix::data::collection::{Definition, Index};
use backlot_wix::data::{DataCode, Fault, limits};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::answer::PagingMetadata;
use super::input::Input;
use crate::data::{DataFault, DataOf};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    data_collection_id: String,
    index: Index,
}

/// `POST indexes`
pub(super) async fn create(data: &DataOf, input: &Input) -> Result<String, DataFault> {
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
            return Err(Fault::new(DataCode::BadIndex, text));
        }
        definition.indexes.push(index.clone());
        Ok(())
    })
    .await?;
    Ok(json!({ "index": wire(&data_collection_id, &index) }).to_string())
}

/// `GET indexes`
pub(super) async fn list(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let id = id(input)?;
    let limit = input
        .number("paging.limit")?
        .unwrap_or(limits::DEFAULT_PAGE);
    let offset = input.number("paging.offset")?.unwrap_or_default();
    let collection = data.collection(&id).await?;
    let all = &collection.definition.indexes;
    let page = all.iter().skip(offset as usize).take(limit as usize);
    let page: Vec<Json> = page.map(|index| wire(&id, index)).collect();
    Ok(json!({
        "pagingMetadata": PagingMetadata::of_part(page.len(), offset, all.len()),
        "indexes": page,
    })
    .to_string())
}

/// `GET indexes/available`
pub(super) async fn available(data: &DataOf, input: &Input) -> Result<String, DataFault> {
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
pub(super) async fn remove(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let name = input.parameter("indexName").unwrap_or_default();
    data.change_collection(&id(input)?, None, |definition| {
        let before = definition.indexes.len();
        definition.indexes.retain(|index| index.name != name);
        if definition.indexes.len() == before {
            let short: String = name.chars().take(60).collect();
            return Err(Fault::new(
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

fn wire(collection: &str, index: &Index) -> Json {
    json!({
        "id": format!("{:016x}", index.id(collection)),
        "name": index.name,
        "fields": index.fields,
        "unique": index.unique,
        "caseInsensitive": index.case_insensitive,
        "status": "ACTIVE",
        "source": "USER",
    })
}

fn id(input: &Input) -> Result<String, Fault> {
    let id = input.parameter("dataCollectionId");
    id.ok_or_else(|| Fault::invalid("dataCollectionId must not be empty."))
}
