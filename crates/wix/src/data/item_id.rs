//! What can be an item's id.
//!
//! Wix takes any text. The client puts an id into the path of a request as it is, so that some of them never arrive: what
//! follows a `#` is not sent at all, and a browser walks along `.` and `..`. Items with such ids could be made and not be
//! read again, so none is made.

use super::collection::reference_id;
use super::{DataCode, DataError, Value, limits};

/// Checks an id, be it one of an item that is there already: 1 to 128 characters without a NUL.
///
/// # Errors
///
/// Fails with `WDE0079` if the id is not valid.
pub fn check(id: &str) -> Result<(), DataError> {
    if id.is_empty() {
        return Err(bad("An item's _id must not be empty."));
    }
    if id.chars().count() > limits::ITEM_ID_CHARACTERS || id.contains('\0') {
        return Err(bad(
            "An item's _id has at most 128 characters, and no NUL among them.",
        ));
    }
    Ok(())
}

/// Checks the id of a new item, which must be one that the client can ask for.
///
/// # Errors
///
/// Fails with `WDE0079` if the id is not valid for a new item.
pub fn check_new(id: &str) -> Result<(), DataError> {
    check(id)?;
    // Most ids are UUIDs.
    if id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Ok(());
    }
    let is_walked = id.split(['/', '\\']).any(|part| {
        let part = part.to_ascii_lowercase().replace("%2e", ".");
        matches!(part.as_str(), "." | "..")
    });
    if id.contains('#') || is_walked {
        let text = "An item's _id holds no #, and no part of it between slashes is . or ..: the client could not ask for it.";
        return Err(bad(text));
    }
    Ok(())
}

/// Checks the id of an item that a field is to refer to: one that an item can have.
///
/// # Errors
///
/// Fails with `WDE0079` if the id is not valid for a new reference.
pub fn check_reference(field: &str, id: &str) -> Result<(), DataError> {
    check_new(id).map_err(|fault| bad_reference(field, fault.text()))
}

/// Checks the id of an item that a field has referred to before.
///
/// # Errors
///
/// Fails with `WDE0079` if the id is not valid.
pub fn check_kept_reference(field: &str, id: &str) -> Result<(), DataError> {
    check(id).map_err(|fault| bad_reference(field, fault.text()))
}

/// The id in a single reference.
///
/// # Errors
///
/// Fails with `WDE0079` if the value is not a reference.
pub fn of_reference<'value>(field: &str, value: &'value Value) -> Result<&'value str, DataError> {
    let why = "It holds neither a text nor an item.";
    reference_id(value).ok_or_else(|| bad_reference(field, why))
}

fn bad_reference(field: &str, why: &str) -> DataError {
    let text = format!("The field {field} refers to what is no item's id. {why}");
    bad(&text).with("field", field)
}

fn bad(text: &str) -> DataError {
    DataError::new(DataCode::BadItemId, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_the_client_cannot_ask_for_are_not_made() {
        for id in [
            "#", "a#b", ".", "..", "a/../b", "a/.", "./a", "a\\..\\b", "%2e%2E", "a/.%2e/b",
        ] {
            assert!(check(id).is_ok(), "{id}");
            assert!(check_new(id).is_err(), "{id}");
            assert!(check_reference("f", id).is_err(), "{id}");
            assert!(check_kept_reference("f", id).is_ok(), "{id}");
        }
        for id in [
            "a",
            "a/b",
            "...",
            "a..b",
            "a?b",
            "a&b=c",
            "%",
            "%zz",
            "100%25",
            "é ü",
            "query",
            "a\tb",
            "/",
            "//",
            "https://example.com/?a=b",
        ] {
            assert!(check_new(id).is_ok(), "{id}");
            assert!(check_reference("f", id).is_ok(), "{id}");
        }
        for id in ["", "a\0", &"x".repeat(129)] {
            assert!(check(id).is_err() && check_new(id).is_err());
            assert!(check_reference("f", id).is_err());
            assert!(check_kept_reference("f", id).is_err());
        }
    }
}
