//! Conditions on multi-references, taken apart in the same way for every database.

use backlot_wix::data::Value;
use backlot_wix::data::filter::Test;

/// A statement that can ask for links.
pub(crate) trait LinkConditions {
    /// Whether the item is linked: to anything, or to one of these.
    fn linked(&mut self, field: &str, to: Option<&[Value]>) -> String;

    /// All of these; with none of them, true.
    fn all(conditions: Vec<String>) -> String;

    /// What a test of a field that holds links means.
    fn link_condition(&mut self, field: &str, test: &Test) -> String {
        match test {
            Test::Equals(Value::Null) | Test::Exists(false) => {
                format!("(NOT {})", self.linked(field, None))
            }
            Test::Exists(true) => self.linked(field, None),
            Test::Equals(Value::Array(values)) | Test::AllOf(values) => {
                let each = |value: &Value| self.link_condition(field, &Test::Equals(value.clone()));
                Self::all(values.iter().map(each).collect())
            }
            Test::Equals(value) => self.linked(field, Some(std::slice::from_ref(value))),
            Test::AnyOf(operands) => {
                let linked = self.linked(field, Some(operands.list()));
                if operands.list().contains(&Value::Null) {
                    let unlinked = self.link_condition(field, &Test::Equals(Value::Null));
                    format!("({linked} OR {unlinked})")
                } else {
                    linked
                }
            }
            // Ids neither compare nor are searched in.
            Test::Compares(..) | Test::Text(..) => "false".to_owned(),
        }
    }
}
