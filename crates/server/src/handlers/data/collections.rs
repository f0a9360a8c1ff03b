//! Calls about collections. Dates and revisions are text here, as the client has them.

use backlot_store::collections::CollectionHead;
use backlot_wix::data::collection::Definition;
use backlot_wix::data::{DataCode, DataError, limits};
use serde_json::{Value as Json, json};

use super::request::Input;
use super::response::{PagingMetadata, json as as_text};
use crate::data::{DataSession, OperationError, check_limit, some_at_once};

/// `POST collections`
pub(crate) async fn create(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let definition = Definition::from_wire(part(&request, "collection")?)?;
    let made = data.create_collection(definition).await?;
    Ok(json!({ "collection": made.to_wire() }).to_string())
}

/// `GET collections/{id}`
pub(crate) async fn get(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let id = id(input)?;
    let collection = data.collection(&id).await?;
    Ok(json!({ "collection": collection.definition.to_wire() }).to_string())
}

/// `GET collections`
pub(crate) async fn list(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let limit = input
        .number("paging.limit")?
        .unwrap_or(limits::DEFAULT_PAGE);
    let offset = input.number("paging.offset")?.unwrap_or_default();
    check_limit(limit)?;
    let by_name = input.parameter("sort.fieldName").as_deref() == Some("displayName");
    let mut all = if by_name {
        data.collection_heads_by_name().await?
    } else {
        data.collection_heads().await?
    };
    if input.parameter("sort.order").as_deref() == Some("DESC") {
        all.reverse();
    }
    let from = all.len().min(offset as usize);
    let to = all.len().min(from + limit as usize);
    let mut text = "{\"collections\":[".to_owned();
    let mut count = 0;
    for some in some_at_once(&all[from..to]) {
        for definition in data.definitions(some).await? {
            if count > 0 {
                text.push(',');
            }
            count += 1;
            push_definition(data, &mut text, &definition, some)?;
        }
    }
    let metadata = PagingMetadata::of_part(count, offset, all.len());
    let end = format!("],\"pagingMetadata\":{}}}", as_text(&metadata));
    text.push_str(&end);
    Ok(text)
}

/// Adds the whole object to a list, once it is counted.
fn push_definition(
    data: &DataSession,
    text: &mut String,
    definition: &Definition,
    heads: &[CollectionHead],
) -> Result<(), OperationError> {
    let head = heads.iter().find(|head| head.id == definition.id);
    let bytes = head.map_or(0, |head| usize::try_from(head.bytes).unwrap_or(usize::MAX));
    let bytes = definition.wire_bytes(bytes);
    data.budget().keep(bytes)?;
    data.budget().work(bytes as u64)?;
    text.push_str(&as_text(&definition.to_wire()));
    Ok(())
}

/// `PUT collections`: replaces the whole definition at the revision that it names.
pub(crate) async fn update(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let wire = part(&request, "collection")?;
    let new = Definition::from_wire(wire)?;
    let revision = match wire.get("revision") {
        Some(Json::String(text)) => text.parse().ok(),
        Some(Json::Number(number)) => number.as_u64(),
        _ => None,
    };
    let revision = revision.ok_or_else(|| DataError::invalid("revision must not be empty."))?;
    let changed = data.change_collection(&new.id, Some(revision), |definition| {
        definition.display_name.clone_from(&new.display_name);
        definition.display_field.clone_from(&new.display_field);
        definition.fields.clone_from(&new.fields);
        definition.permissions = new.permissions;
        definition.plugins.clone_from(&new.plugins);
        Ok(())
    });
    Ok(json!({ "collection": changed.await?.to_wire() }).to_string())
}

/// `PATCH collections/{id}`: the names only.
pub(crate) async fn patch(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let wire = part(&request, "dataCollection")?;
    if wire.get("permissions").is_some_and(|it| !it.is_null()) {
        let text = "Permissions cannot be changed by a patch; update the collection.";
        return Err(DataError::new(DataCode::BadRequest, text).into());
    }
    let in_body = wire.get("id").and_then(Json::as_str).map(str::to_owned);
    let id = match in_body {
        Some(id) => id,
        None => id(input)?,
    };
    let changed = data.change_collection(&id, None, |definition| {
        let text = |key: &str| wire.get(key).and_then(Json::as_str).map(str::to_owned);
        definition.display_name = text("displayName").or_else(|| definition.display_name.take());
        definition.display_field = text("displayField").or_else(|| definition.display_field.take());
        Ok(())
    });
    Ok(answer(&changed.await?))
}

/// `DELETE collections/{id}`
pub(crate) async fn delete(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    data.delete_collection(&id(input)?).await?;
    Ok("{}".to_owned())
}

/// `{"dataCollection":…}`
pub(crate) fn answer(definition: &Definition) -> String {
    json!({ "dataCollection": definition.to_wire() }).to_string()
}

/// A part of a request that must be there.
pub(crate) fn part<'request>(
    request: &'request Json,
    name: &str,
) -> Result<&'request Json, DataError> {
    let part = request.get(name).filter(|part| part.is_object());
    part.ok_or_else(|| DataError::invalid(format!("{name} must not be empty.")))
}

/// The collection's id, from the query, or where it has none, from the path.
fn id(input: &Input) -> Result<String, DataError> {
    let id = input
        .parameter("dataCollectionId")
        .or_else(|| input.after("/collections/"));
    id.ok_or_else(|| DataError::invalid("dataCollectionId must not be empty."))
}
