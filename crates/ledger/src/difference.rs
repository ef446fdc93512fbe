//! What differs between two answers, field by field.

use serde::Serialize;
use serde_json::Value;

/// A field that two answers do not share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The field: names joined by dots, positions in brackets from 0; empty for the whole.
    pub field: String,
    /// What was recorded; none if the field was not there.
    pub recorded: Option<Value>,
    /// What is there now; none if the field is not there.
    pub now: Option<Value>,
}

/// Every innermost field in which two answers differ, in the order of the recorded one. Items
/// of lists are compared by position.
#[must_use]
pub fn differences(recorded: &Value, now: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), Some(recorded), Some(now), &mut found);
    found
}

fn compare(field: String, recorded: Option<&Value>, now: Option<&Value>, found: &mut Vec<Difference>) {
    match (recorded, now) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                let field = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
                compare(field, before.get(name), after.get(name), found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for at in 0..before.len().max(after.len()) {
                compare(format!("{field}[{at}]"), before.get(at), after.get(at), found);
            }
        }
        (before, after) if before != after => {
            found.push(Difference { field, recorded: before.cloned(), now: after.cloned() });
        }
        _ => {}
    }
}
