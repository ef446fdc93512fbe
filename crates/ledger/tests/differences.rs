//! What differs between two answers is named by field, and nothing else is.

use narrows_ledger::differences;
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn fields_are_named_with_both_values() {
    let recorded = json!({"a": 1, "b": {"c": [1, {"d": "x"}], "gone": null}, "same": [1]});
    let now = json!({"a": 2, "b": {"c": [1, {"d": "y"}, 3]}, "same": [1], "new": true});
    let found: Vec<(String, Option<Value>, Option<Value>)> = differences(&recorded, &now)
        .into_iter()
        .map(|difference| (difference.field, difference.recorded, difference.now))
        .collect();
    let expected = vec![
        ("a".to_owned(), Some(json!(1)), Some(json!(2))),
        ("b.c[1].d".to_owned(), Some(json!("x")), Some(json!("y"))),
        ("b.c[2]".to_owned(), None, Some(json!(3))),
        ("b.gone".to_owned(), Some(json!(null)), None),
        ("new".to_owned(), None, Some(json!(true))),
    ];
    assert_eq!(found, expected);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3).prop_map(Value::from)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn equal_answers_differ_in_nothing_and_others_in_something(one in value(), other in value()) {
        prop_assert!(differences(&one, &one).is_empty());
        prop_assert_eq!(differences(&one, &other).is_empty(), one == other);
        prop_assert_eq!(differences(&one, &other).len(), differences(&other, &one).len());
    }
}
