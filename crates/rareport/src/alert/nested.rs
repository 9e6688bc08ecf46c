//! Fields with dots in their names as objects within objects, as ECS documents have them.

use serde_json::{Map, Value};

/// Puts a value where the name leads. A name that leads through something else than an object,
/// such as `host.name` where `host` is a text, is left out.
pub(crate) fn nest(document: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            document.entry(name).or_insert(value);
        }
        Some((first, rest)) => {
            let inner = document.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                nest(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_into_objects() {
        let mut document = Map::new();
        for (name, value) in [("a.b.c", 1), ("a.b.d", 2), ("e", 3), ("e.f", 4), ("a.b", 5)] {
            nest(&mut document, name, value.into());
        }
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(text, r#"{"a":{"b":{"c":1,"d":2}},"e":3}"#);
    }
}
