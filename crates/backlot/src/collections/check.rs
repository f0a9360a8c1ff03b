//! What must not stand in a file, though each of its words is one: rules that nothing can keep, indexes of nothing.

use backlot_wix::data::collection::{
    Definition, Field, FieldRules, FieldType, SYSTEM_FIELDS, Violation, reference_id,
};
use backlot_wix::data::{Budget, Object, Value, item_id};

use super::Declared;
use super::lines::Finding;

/// Everything that is wrong with a collection by itself.
pub(super) fn check(declared: &Declared) -> Vec<Finding> {
    let definition = &declared.definition;
    let mut findings = Vec::new();
    for (place, field) in definition.fields.iter().enumerate() {
        let key = format!("fields[{place}]");
        let mut earlier = definition.fields.iter().take(place);
        if earlier.any(|it| it.key == field.key) {
            let cause = format!("the field {} is declared twice", field.key);
            findings.push(Finding::new(format!("{key}.key"), cause));
        }
        check_alone(definition, field, &key, &mut findings);
        check_ranges(field, &key, &mut findings);
        check_choices(definition, field, &key, &mut findings);
        check_backfill(declared, field, &key, &mut findings);
    }
    check_renames(declared, &mut findings);
    check_indexes(definition, &mut findings);
    if let Some(shown) = &definition.display_field
        && !is_declared(definition, shown)
    {
        let cause = format!("there is no field {shown}");
        findings.push(Finding::new("display_field", cause));
    }
    findings
}

/// References to collections that no file declares.
pub(super) fn check_references(definition: &Definition, all: &[String]) -> Vec<Finding> {
    let fields = definition.fields.iter().enumerate();
    let missing = fields.filter_map(|(place, field)| {
        let referenced = field.referenced_collection()?;
        if all.iter().any(|id| id == referenced) {
            return None;
        }
        let cause = format!(
            "{}: no file declares the collection {referenced}",
            field.key
        );
        Some(Finding::new(format!("fields[{place}].references"), cause))
    });
    missing.collect()
}

/// The field as the only one of a collection.
fn alone(definition: &Definition, field: &Field) -> Definition {
    Definition {
        id: definition.id.clone(),
        display_name: None,
        display_field: None,
        fields: vec![field.clone()],
        permissions: definition.permissions,
        plugins: Vec::new(),
        indexes: Vec::new(),
        lenient: false,
        revision: 0,
        created_at: 0,
        updated_at: 0,
    }
}

fn check_alone(definition: &Definition, field: &Field, key: &str, findings: &mut Vec<Finding>) {
    if let Err(fault) = alone(definition, field).validate() {
        let cause = fault.to_string();
        let of = match field.field_type {
            _ if cause.contains("pattern") => "pattern",
            _ if cause.contains("displayName") => "display_name",
            _ if cause.contains("description") => "description",
            FieldType::Reference | FieldType::MultiReference => "type",
            _ => "key",
        };
        findings.push(Finding::new(format!("{key}.{of}"), cause));
    }
    let has_no_text = matches!(
        field.field_type,
        FieldType::Number
            | FieldType::Boolean
            | FieldType::DateTime
            | FieldType::Object
            | FieldType::MultiReference
    );
    if field.pattern.is_some() && has_no_text {
        let name = field.field_type.name();
        let cause = format!("{}: a {name} has no pattern", field.key);
        findings.push(Finding::new(format!("{key}.pattern"), cause));
    }
}

fn check_ranges(field: &Field, key: &str, findings: &mut Vec<Finding>) {
    let number = field.number_range.map(|it| (it.min, it.max));
    let length = field
        .string_length_range
        .map(|it| (it.min_length, it.max_length));
    let size = field.array_size_range.map(|it| (it.min_size, it.max_size));
    let Some((min, max)) = number.or(length).or(size) else {
        return;
    };
    let is_count = number.is_none();
    for (name, bound) in [("min", min), ("max", max)] {
        let Some(bound) = bound else { continue };
        let cause = if bound.is_nan() {
            "is no number"
        } else if is_count && (bound < 0.0 || bound.fract() != 0.0) {
            "counts characters or elements, so it is a whole number that is not negative"
        } else {
            continue;
        };
        let cause = format!("{}: {name} {cause}", field.key);
        findings.push(Finding::new(format!("{key}.{name}"), cause));
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let cause = format!(
            "{}: min {min} is greater than max {max}, so no value fits",
            field.key
        );
        findings.push(Finding::new(format!("{key}.min"), cause));
    }
}

fn check_choices(definition: &Definition, field: &Field, key: &str, findings: &mut Vec<Finding>) {
    let Some(choices) = &field.choices else {
        return;
    };
    if choices.is_empty() {
        let cause = format!("{}: enum is empty, so no value fits", field.key);
        findings.push(Finding::new(format!("{key}.enum"), cause));
    }
    let mut without = field.clone();
    without.choices = None;
    without.required = false;
    for (place, choice) in choices.iter().enumerate() {
        // Of a list, each element is one of the choices.
        let as_list = Value::Array(vec![choice.clone()]);
        let is_element = !field.field_type.admits(choice) && field.field_type.admits(&as_list);
        if is_element {
            continue;
        }
        for violation in violations(definition, &without, choice) {
            let cause = format!(
                "{}: the choice {} {}",
                field.key,
                serde_json::to_string(choice).unwrap_or_default(),
                violation.description
            );
            findings.push(Finding::new(format!("{key}.enum[{place}]"), cause));
        }
    }
}

fn check_backfill(declared: &Declared, field: &Field, key: &str, findings: &mut Vec<Finding>) {
    let Declared {
        definition,
        backfill,
    } = declared;
    if let Some((_, value)) = backfill.defaults.iter().find(|(it, _)| *it == field.key) {
        let key = format!("{key}.default");
        if field.unique || field.field_type == FieldType::MultiReference {
            let what = if field.unique {
                "is unique, so no two items can have the same default"
            } else {
                "is a MULTI_REFERENCE, which has no default"
            };
            findings.push(Finding::new(&*key, format!("{} {what}", field.key)));
        }
        for violation in violations(definition, field, value) {
            let cause = format!("{}: the default {}", field.key, violation.description);
            findings.push(Finding::new(&*key, cause));
        }
        if field.field_type == FieldType::Reference
            && let Some(id) = reference_id(value)
            && let Err(fault) = item_id::check_reference(&field.key, id)
        {
            findings.push(Finding::new(&*key, fault.to_string()));
        }
    }
    let mut renames = backfill.renames.iter();
    if let Some((earlier, _)) = renames.find(|(_, present)| *present == field.key)
        && is_declared(definition, earlier)
    {
        let cause = format!(
            "{}: it cannot be renamed from {earlier}, which is another field",
            field.key
        );
        findings.push(Finding::new(format!("{key}.renamed_from"), cause));
    }
}

/// A field's values cannot go to two fields.
fn check_renames(declared: &Declared, findings: &mut Vec<Finding>) {
    let renames = &declared.backfill.renames;
    for (place, field) in declared.definition.fields.iter().enumerate() {
        let of = |key: &str| renames.iter().position(|(_, present)| present == key);
        let Some(own) = of(&field.key) else { continue };
        let (earlier, _) = &renames[own];
        let first = renames.iter().position(|(it, _)| it == earlier);
        if let Some(first) = first.filter(|first| *first < own) {
            let cause = format!(
                "{}: {} is renamed from {earlier}, too, and only one field can have what items hold in it",
                field.key, renames[first].1
            );
            findings.push(Finding::new(format!("fields[{place}].renamed_from"), cause));
        }
    }
}

fn check_indexes(definition: &Definition, findings: &mut Vec<Finding>) {
    for (place, index) in definition.indexes.iter().enumerate() {
        let key = format!("indexes[{place}]");
        if let Err(fault) = index.validate() {
            findings.push(Finding::new(&*key, fault.to_string()));
            continue;
        }
        let mut earlier = definition.indexes.iter().take(place);
        if earlier.any(|it| it.name == index.name || it.id("") == index.id("")) {
            let cause = format!("there is an index like {} already", index.name);
            findings.push(Finding::new(&*key, cause));
        }
        for (number, field) in index.fields.iter().enumerate() {
            let first = field.path.split('.').next().unwrap_or_default();
            let cause = if !is_declared(definition, first) {
                format!(
                    "the index {} names the field {first}, which is not declared",
                    index.name
                )
            } else if definition.multi_reference(first).is_some() {
                format!(
                    "the index {} names the field {first}, whose links have an index anyway",
                    index.name
                )
            } else {
                continue;
            };
            findings.push(Finding::new(format!("{key}.fields[{number}]"), cause));
        }
    }
}

fn is_declared(definition: &Definition, key: &str) -> bool {
    definition.field(key).is_some() || SYSTEM_FIELDS.contains(&key)
}

fn violations(definition: &Definition, field: &Field, value: &Value) -> Vec<Violation> {
    let alone = alone(definition, field);
    let mut item = Object::new();
    item.insert(field.key.clone(), value.clone());
    let rules = FieldRules::new(&alone);
    rules
        .check(&alone, &item, &Budget::unlimited())
        .unwrap_or_default()
}
