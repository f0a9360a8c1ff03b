//! Any JSON as a filter, a line end, and any JSON as an item: read and matched without a panic, and whatever a filter
//! says of an item, its negation says the opposite.

use backlot_wix::data::filter::fold;
use backlot_wix::data::{Filter, Object, Value};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (filter, item) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(value) = serde_json::from_str::<Value>(filter) else {
        return;
    };
    let Ok(filter) = Filter::parse(&value) else {
        return;
    };
    let item: Object = serde_json::from_str(item).unwrap_or_default();
    let matches = filter.matches(&item);
    let not = Filter::Not(Box::new(filter.clone()));
    assert_ne!(not.matches(&item), matches);
    // The same, as it is sent.
    let sent = Object::from_iter([("$not".to_owned(), value)]);
    if let Ok(sent) = Filter::parse(&Value::Object(sent)) {
        assert_ne!(sent.matches(&item), matches);
    }
    let parts = filter.conjuncts();
    assert_eq!(parts.iter().all(|part| part.matches(&item)), matches);
    let same = filter.clone().with_paths(&mut |path| path);
    assert_eq!(same, filter);
    assert_eq!(fold(&fold(text)), fold(text));
}
