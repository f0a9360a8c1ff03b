//! Calls about one item.

use backlot_store::items::{Item, MutationResult};
use backlot_wix::data::collection::Operation;
use backlot_wix::data::modification::{Modification, WireModification};
use backlot_wix::data::{DataError, FieldPath, Filter, Value};
use serde::Deserialize;

use super::projection::read_fields;
use super::query::push_object;
use super::request::Input;
use super::response::{DataResponse, data_item, id_only, json};
use crate::data::{DataSession, Include, MutationRequest, OperationError, WireItem};

/// A call about one item, in the client's words.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    data_collection_id: String,
    data_item: Option<WireItem>,
    data_item_id: Option<String>,
    patch: Option<PatchRequest>,
    condition: Option<Value>,
    save_references: Option<bool>,
    include_referenced_items: Option<bool>,
    include_references: Option<Vec<Include>>,
    fields: Option<Vec<String>>,
}

/// `{"dataItemId":"1","fieldModifications":[…]}`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PatchRequest {
    data_item_id: Option<String>,
    field_modifications: Vec<WireModification>,
}

/// The filter of a condition, `{"filter":{…}}`, that may be left out. One that says anything else is refused: it would not
/// hold.
pub(crate) fn condition(condition: Option<&Value>) -> Result<Option<Filter>, DataError> {
    let Some(condition) = condition else {
        return Ok(None);
    };
    let only = match condition {
        Value::Object(object) if object.len() == 1 => object.get("filter"),
        _ => None,
    };
    let Some(filter @ Value::Object(_)) = only else {
        let text = "condition holds a filter, {\"filter\":{…}}, and nothing else.";
        return Err(DataError::invalid(text).with("field", "condition"));
    };
    Filter::parse(filter).map(Some)
}

/// Refuses a condition where there may be no item yet that could meet it. On Wix, too, none of these calls has one.
pub(crate) fn without_condition(condition: Option<&Value>) -> Result<(), DataError> {
    if condition.is_none() {
        return Ok(());
    }
    let text = "Insert and save take no condition; update, patch and remove do.";
    Err(DataError::invalid(text).with("field", "condition"))
}

impl PatchRequest {
    pub(crate) fn change(self, in_path: Option<String>) -> Result<MutationRequest, DataError> {
        let id = self.data_item_id.or(in_path);
        let id = id.ok_or_else(|| DataError::invalid("patch.dataItemId must not be empty."))?;
        let modifications = Modification::parse_all(self.field_modifications)?;
        Ok(MutationRequest::Patch(id, modifications))
    }
}

impl Request {
    /// A request whose words may be plain parameters.
    fn read(data: &DataSession, input: &Input) -> Result<Self, DataError> {
        if !input.is_plain() {
            return input.json(data);
        }
        Ok(Self {
            data_collection_id: input.parameter("dataCollectionId").unwrap_or_default(),
            data_item_id: input.parameter("dataItemId"),
            fields: Some(input.parameters("fields").collect()),
            ..Self::default()
        })
    }

    /// Takes the item out of the request.
    fn item(&mut self, input: &Input) -> Result<WireItem, DataError> {
        let item = self.data_item.take();
        let item = item.ok_or_else(|| DataError::invalid("dataItem must not be empty."))?;
        input.check_item(&item)?;
        Ok(item.or_with_id(input.item_in_path()))
    }

    /// The id, from the words of the call, or where they have none, from the path.
    fn item_id(&self, input: &Input) -> Result<String, DataError> {
        let id = self.data_item_id.clone().or_else(|| input.item_in_path());
        id.ok_or_else(|| DataError::invalid("dataItemId must not be empty."))
    }
}

/// What is wanted of one item.
struct GetRequest {
    collection: String,
    id: String,
    includes: Vec<Include>,
    fields: Vec<FieldPath>,
}

impl GetRequest {
    fn read(data: &DataSession, input: &Input) -> Result<Self, DataError> {
        let request = Request::read(data, input)?;
        Ok(Self {
            id: request.item_id(input)?,
            collection: request.data_collection_id,
            includes: request.include_references.unwrap_or_default(),
            fields: read_fields(&request.fields.unwrap_or_default())?,
        })
    }
}

/// `GET items/{id}`, `GET items/{id}?.r=`
pub(crate) async fn get(data: &DataSession, input: &Input) -> Result<DataResponse, OperationError> {
    let wanted = GetRequest::read(data, input)?;
    if !wanted.includes.is_empty() || !wanted.fields.is_empty() {
        // On the heap, because it is large and rare.
        return Box::pin(get_rebuilt(data, &wanted)).await;
    }
    let item = data.get(&wanted.collection, &wanted.id).await?;
    Ok(data_item(&item.id, &wanted.collection, &item.json).into())
}

/// `{"dataItem":…}`: an item with others put in, or with only some of its fields.
async fn get_rebuilt(
    data: &DataSession,
    wanted: &GetRequest,
) -> Result<DataResponse, OperationError> {
    let opened = data.open(&wanted.collection, Operation::Read).await?;
    let item = data.item_of(&opened, &wanted.id).await?;
    let objects = [item.object_within(&opened.of.budget)?];
    let inclusions = data.include(&opened, &objects, &wanted.includes).await?;
    let [object] = objects;
    let mut answer = DataResponse::default();
    answer.push("{\"dataItem\":");
    push_object(&mut answer, &opened, object, &wanted.fields, &inclusions)?;
    answer.push("}");
    Ok(answer)
}

/// `POST items`
pub(crate) async fn insert(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    let mut request: Request = input.json(data)?;
    without_condition(request.condition.as_ref())?;
    let change = MutationRequest::Insert(request.item(input)?);
    write(data, &request, change, false).await
}

/// `POST items/update`, `PUT items/{id}`
pub(crate) async fn update(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    let mut request: Request = input.json(data)?;
    let change = MutationRequest::Update(request.item(input)?);
    write(data, &request, change, false).await
}

/// `POST items/save`
pub(crate) async fn save(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    let mut request: Request = input.json(data)?;
    without_condition(request.condition.as_ref())?;
    let change = MutationRequest::Save(request.item(input)?);
    write(data, &request, change, true).await
}

/// `POST items/patch`, `PATCH items/{id}`
pub(crate) async fn patch(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    let mut request: Request = input.json(data)?;
    let patch = request.patch.take();
    let patch = patch.ok_or_else(|| DataError::invalid("patch must not be empty."))?;
    let id = request
        .data_item_id
        .clone()
        .or_else(|| input.item_in_path());
    let change = patch.change(id)?;
    write(data, &request, change, false).await
}

/// `POST items/remove`, `DELETE items/{id}`
pub(crate) async fn remove(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    if input.is_plain() && input.has_parameter_in("condition") {
        let text = "A condition stands in the body: {\"condition\":{\"filter\":{…}}}.";
        return Err(DataError::invalid(text).with("field", "condition").into());
    }
    let request = Request::read(data, input)?;
    let change = MutationRequest::Remove(request.item_id(input)?);
    write(data, &request, change, false).await
}

/// `POST items/truncate`
pub(crate) async fn truncate(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Request = input.json(data)?;
    data.truncate(&request.data_collection_id).await?;
    Ok("{}".to_owned())
}

async fn write(
    data: &DataSession,
    request: &Request,
    change: MutationRequest,
    says_action: bool,
) -> Result<DataResponse, OperationError> {
    let condition = condition(request.condition.as_ref())?;
    let save_references = request.save_references.unwrap_or_default();
    let collection = &request.data_collection_id;
    let is_whole = matches!(
        change,
        MutationRequest::Insert(_) | MutationRequest::Update(_) | MutationRequest::Save(_)
    );
    let includes_references = request.include_referenced_items.unwrap_or_default();
    if includes_references {
        // Before anything is changed, since it would be changed again in the pool.
        data.may_take_long()?;
    }
    let (opened, written) = data
        .change_one(collection, change, condition, save_references)
        .await?;
    let is_inserted = matches!(written, MutationResult::Inserted(_));
    let item = written.into_item();
    // What was inserted, the caller has sent.
    let is_shown = is_inserted || opened.may_see(&item);
    let mut answer = DataResponse::of_item(&item.json);
    answer.push("{\"dataItem\":");
    if !is_shown {
        let shown = if is_whole {
            as_sent(&item)?
        } else {
            id_only(&item.id)
        };
        answer.push_kept_item(&item.id, opened.id(), shown.into());
    } else if includes_references {
        let objects = [item.object_within(&opened.of.budget)?];
        let includes = Include::all(&opened);
        let inclusions = Box::pin(data.include(&opened, &objects, &includes)).await?;
        answer.push_object(opened.id(), &objects[0], &inclusions);
    } else {
        answer.push_kept_item(&item.id, opened.id(), item.json.into());
    }
    answer.push(match (says_action, is_inserted) {
        (false, _) => "}",
        (true, true) => ",\"action\":\"INSERTED\"}",
        (true, false) => ",\"action\":\"UPDATED\"}",
    });
    Ok(answer)
}

/// A whole item as the caller sent it, without what the server kept of the item before.
fn as_sent(item: &Item) -> Result<String, OperationError> {
    let mut object = item.object()?;
    for name in ["_owner", "_createdDate"] {
        object.shift_remove(name);
    }
    Ok(json(&object))
}
