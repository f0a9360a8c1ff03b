//! The values of faults. Errors describe the valid values.

use std::collections::BTreeSet;

use backlot_wix::InstanceId;
use serde_json::Value;

/// Of a list.
const MAX_ITEMS: usize = 1000;
const MAX_PATH_BYTES: usize = 1024;

/// What would have been right; `None` is never answered here.
type Wanted = Option<String>;

pub(super) fn whole<T: TryFrom<u64>>(value: &Value, least: u64, most: u64) -> Result<T, Wanted> {
    value
        .as_u64()
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| Some(format!("a whole number from {least} to {most}")))
}

pub(super) fn flag(value: &Value) -> Result<bool, Wanted> {
    let wanted = || Some("true or false".to_owned());
    value.as_bool().ok_or_else(wanted)
}

pub(super) fn choice<T: Copy>(value: &Value, options: &[(&str, T)]) -> Result<T, Wanted> {
    let found = options
        .iter()
        .find(|(name, _)| value.as_str() == Some(*name));
    found.map(|(_, option)| *option).ok_or_else(|| {
        let names: Vec<String> = options
            .iter()
            .map(|(name, _)| format!("{name:?}"))
            .collect();
        Some(format!("one of {}", names.join(", ")))
    })
}

pub(super) fn paths(value: &Value) -> Result<Vec<String>, Wanted> {
    let path = |item: &Value| {
        let text = item.as_str()?;
        let fits = text.starts_with('/') && text.len() <= MAX_PATH_BYTES;
        fits.then(|| text.to_owned())
    };
    list(value, path).ok_or_else(|| Some("a list of path prefixes such as \"/apps/\"".to_owned()))
}

pub(super) fn instances(value: &Value) -> Result<BTreeSet<InstanceId>, Wanted> {
    let instance = |item: &Value| item.as_str()?.parse().ok();
    list(value, instance).ok_or_else(|| Some("a list of instance ids (GUIDs)".to_owned()))
}

fn list<T, List: FromIterator<T>>(
    value: &Value,
    item: impl Fn(&Value) -> Option<T>,
) -> Option<List> {
    let items = value.as_array()?;
    if items.len() > MAX_ITEMS {
        return None;
    }
    items.iter().map(item).collect()
}
