//! Filters and orders, as SQL and as `backlot_wix::data` has them, on items that nobody thought of.

use backlot_store::items::{CollectionRef, Item, ItemQuery};
use backlot_wix::data::key::{push, sort_key};
use backlot_wix::data::{Date, Filter, Object, Sort, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::house::{House, batch, definition, sort};
use backlot_store::items::Mutation;
use backlot_store::items::mutation::Document;

const PATHS: [&str; 8] = ["a", "b", "a.x", "b.x", "a.x.y", "a.$x", "a\"b", "\\'\n"];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aAbB%_\\\\\"']{0,3}",
        prop::sample::select(vec![
            "É",
            "é",
            "İ",
            "ß",
            "ẞ",
            "ΑΣ",
            "ας",
            "ασ",
            "\u{10ffff}",
            "\u{1}",
            "null",
            "$date",
        ])
        .prop_map(str::to_owned),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2..3_i32).prop_map(Value::from),
        prop::sample::select(vec![
            0.1,
            -0.5,
            1e308,
            -1e308,
            5e-324,
            9_007_199_254_740_994.0,
            1e21
        ])
        .prop_map(Value::from),
        text().prop_map(Value::String),
        (-2_i64..3).prop_map(|it| Value::Date(Date::from_milliseconds(it).unwrap())),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 10, 3, |inner| {
        let name = prop::sample::select(vec!["x", "y", "a"]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name, inner), 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn item() -> impl Strategy<Value = Object> {
    let name = prop::sample::select(vec!["a", "b", "a\"b", "\\'\n"]).prop_map(str::to_owned);
    prop::collection::vec((name, value()), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn path() -> impl Strategy<Value = String> {
    let known = PATHS.iter().filter(|path| !path.contains('$'));
    prop::sample::select(known.map(|it| (*it).to_owned()).collect::<Vec<_>>())
}

fn wire(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

fn filter() -> impl Strategy<Value = serde_json::Value> {
    let operand = || value().prop_map(|it| wire(&it));
    let list = || prop::collection::vec(operand(), 0..4);
    let test = prop_oneof![
        operand().prop_map(|it| serde_json::json!({ "$eq": it })),
        operand().prop_map(|it| serde_json::json!({ "$ne": it })),
        (
            prop::sample::select(vec!["$lt", "$lte", "$gt", "$gte"]),
            leaf()
        )
            .prop_map(|(operator, it)| match it {
                Value::Null => serde_json::json!({ operator: 1 }),
                it => serde_json::json!({ operator: wire(&it) }),
            }),
        (
            prop::sample::select(vec!["$contains", "$startsWith", "$endsWith"]),
            text()
        )
            .prop_map(|(operator, it)| serde_json::json!({ operator: it })),
        (prop::sample::select(vec!["$in", "$nin", "$hasAll"]), list())
            .prop_map(|(operator, it)| serde_json::json!({ operator: it })),
        any::<bool>().prop_map(|it| serde_json::json!({ "$exists": it })),
        any::<bool>().prop_map(|it| serde_json::json!({ "$isEmpty": it })),
    ];
    let field = (path(), test).prop_map(|(path, test)| serde_json::json!({ path: test }));
    field.prop_recursive(2, 6, 3, |inner| {
        (
            prop::sample::select(vec!["$and", "$or", "$not"]),
            prop::collection::vec(inner, 0..3),
        )
            .prop_map(|(word, parts)| serde_json::json!({ word: parts }))
    })
}

fn sorts() -> impl Strategy<Value = Vec<Sort>> {
    let one = (any::<bool>(), path())
        .prop_map(|(down, path)| sort(&format!("{}{path}", if down { "-" } else { "" })));
    prop::collection::vec(one, 0..3)
}

struct Dice(TestRunner);

impl Dice {
    fn new() -> Self {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        Self(TestRunner::new_with_rng(Config::default(), rng))
    }

    fn throw<T: std::fmt::Debug>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(&mut self.0).unwrap().current()
    }
}

async fn check(house: &House, of: &CollectionRef, all: &[(Object, Item)], dice: &mut Dice) {
    let json = dice.throw(filter());
    let Ok(parsed) = Filter::parse(&serde_json::from_value(json.clone()).unwrap()) else {
        return;
    };
    let mut find = ItemQuery::all(parsed, dice.throw(1..40_u32));
    find.sorts = dice.throw(sorts());
    find.backwards = dice.throw(any::<bool>());
    find.offset = dice.throw(prop_oneof![Just(0_u64), 0..5_u64]);
    if dice.throw(any::<bool>()) {
        let (object, item) = &all[dice.throw(0..all.len())];
        find.after = Some(find.position(object, item.sequence));
    }
    let mut expected: Vec<&(Object, Item)> = all
        .iter()
        .filter(|(object, _)| find.filter.matches(object))
        .collect();
    let count = expected.len();
    expected
        .sort_by(|one, other| find.compare((&one.0, one.1.sequence), (&other.0, other.1.sequence)));
    if let Some(after) = &find.after {
        let mut key = Vec::new();
        for (sort, value) in find.sorts.iter().zip(&after.values) {
            push(&mut key, value, sort.direction);
        }
        expected.retain(|(object, item)| {
            let beyond = find.tie().apply(item.sequence.cmp(&after.sequence));
            let order = sort_key(&find.sorts, object).cmp(&key);
            let order = if find.backwards {
                order.reverse()
            } else {
                order
            };
            order.then(beyond).is_gt()
        });
    }
    let expected: Vec<&str> = expected
        .into_iter()
        .skip(usize::try_from(find.offset).unwrap())
        .take(find.limit as usize)
        .map(|it| it.1.id.as_str())
        .collect();
    let found = house.store.query_items(of, find.clone()).await.unwrap();
    let found: Vec<&str> = found.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(found, expected, "{json} {find:?}");
    let counted = house.store.count_items(of, &find.filter).await.unwrap();
    assert_eq!(counted, count as u64, "{json}");
    let mut scanned = 0;
    let mut visit = |_| {
        scanned += 1;
        Ok(std::ops::ControlFlow::Continue(()))
    };
    house
        .store
        .scan_items(of, &find.filter, &mut visit)
        .await
        .unwrap();
    assert_eq!(scanned, count, "{json}");
}

async fn run(indexes: &[&str], rounds: usize) {
    let house = House::new().await;
    let mut dice = Dice::new();
    let of = house.collection(1, definition("c", indexes)).await;
    let mut all = Vec::new();
    while all.len() < 120 {
        let fields = dice.throw(item());
        let writes = vec![Mutation::Insert(Document {
            item_id: format!("{:03}", all.len()),
            fields,
            links: Vec::new(),
        })];
        // Two lists in one index are refused.
        if let [Ok(written)] = &house.store.commit(&of, batch(writes)).await.unwrap()[..] {
            let item = written.item().clone();
            all.push((item.object().unwrap(), item));
        }
    }
    for _ in 0..rounds {
        check(&house, &of, &all, &mut dice).await;
    }
}

#[tokio::test]
async fn without_indexes() {
    run(&[], 600).await;
}

#[tokio::test]
async fn with_indexes() {
    run(&["a", "b,-a", "a.x"], 600).await;
}
