//! Calls about one field, or one plugin, of a collection.

use backlot_wix::data::collection::{Definition, Field, read_field};
use backlot_wix::data::{DataCode, DataError};
use serde_json::{Value as Json, json};

use super::collections::{answer, part};
use super::request::Input;
use crate::data::{DataSession, OperationError};

/// `POST collections/create-field`
pub(crate) async fn create(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let field = read_field(part(&request, "field")?)?;
    let id = id(&request)?;
    let changed = data.change_collection(&id, None, |definition| {
        if definition.field(&field.key).is_some() {
            let text = format!("The field {:?} exists already.", field.key);
            return Err(DataError::new(DataCode::BadRequest, text));
        }
        definition.fields.push(field.clone());
        Ok(())
    });
    Ok(answer(&changed.await?))
}

/// `POST collections/update-field`: replaces the whole field.
pub(crate) async fn update(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let field = read_field(part(&request, "field")?)?;
    let id = id(&request)?;
    let changed = data.change_collection(&id, None, |definition| {
        *existing(definition, &field.key)? = field.clone();
        Ok(())
    });
    Ok(answer(&changed.await?))
}

/// `PATCH collections/{id}/patch-field`: what is named, and nothing else.
pub(crate) async fn patch(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let words = part(&request, "field")?;
    let key = words.get("key").and_then(Json::as_str).unwrap_or_default();
    let id = id(&request)?;
    let changed = data.change_collection(&id, None, |definition| {
        let field = existing(definition, key)?;
        let mut wire = serde_json::to_value(&*field).unwrap_or_default();
        if let (Some(wire), Some(words)) = (wire.as_object_mut(), words.as_object()) {
            wire.extend(words.clone());
        }
        *field = read_field(&wire)?;
        Ok(())
    });
    Ok(answer(&changed.await?))
}

/// `POST collections/delete-field`. What items hold in it stays.
pub(crate) async fn delete(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let key = request
        .get("fieldKey")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let id = id(&request)?;
    let changed = data.change_collection(&id, None, |definition| {
        existing(definition, key)?;
        definition.fields.retain(|field| field.key != key);
        Ok(())
    });
    Ok(answer(&changed.await?))
}

/// `POST collections/add-plugin`, `add-{kind}-plugin`. Plugins are kept and returned; here they mean
/// nothing.
pub(crate) async fn add_plugin(
    data: &DataSession,
    input: &Input,
    kind: Option<&'static str>,
) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let plugin = match kind {
        None => part(&request, "plugin")?.clone(),
        Some(kind) => {
            let mut plugin = request.clone();
            if let Some(plugin) = plugin.as_object_mut() {
                plugin.remove("dataCollectionId");
                plugin.insert("type".to_owned(), json!(kind));
            }
            plugin
        }
    };
    let id = id(&request)?;
    let changed = data.change_collection(&id, None, |definition| {
        definition
            .plugins
            .retain(|other| other.get("type") != plugin.get("type"));
        definition.plugins.push(plugin.clone());
        Ok(())
    });
    Ok(answer(&changed.await?))
}

/// `POST collections/delete-plugin`, `delete-{kind}-plugin`
pub(crate) async fn delete_plugin(
    data: &DataSession,
    input: &Input,
    kind: Option<&'static str>,
) -> Result<String, OperationError> {
    let request: Json = input.json(data)?;
    let named = request.get("pluginType").and_then(Json::as_str);
    let kind = kind.or(named).unwrap_or_default();
    let id = id(&request)?;
    let changed = data.change_collection(&id, None, |definition| {
        definition
            .plugins
            .retain(|plugin| plugin.get("type").and_then(Json::as_str) != Some(kind));
        Ok(())
    });
    Ok(answer(&changed.await?))
}

fn id(request: &Json) -> Result<String, DataError> {
    let id = request.get("dataCollectionId").and_then(Json::as_str);
    let id = id.ok_or_else(|| DataError::invalid("dataCollectionId must not be empty."))?;
    Ok(id.to_owned())
}

fn existing<'definition>(
    definition: &'definition mut Definition,
    key: &str,
) -> Result<&'definition mut Field, DataError> {
    let field = definition.fields.iter_mut().find(|field| field.key == key);
    let short: String = key.chars().take(60).collect();
    field.ok_or_else(|| {
        DataError::new(
            DataCode::UnknownField,
            format!("There is no field {short:?}."),
        )
    })
}
