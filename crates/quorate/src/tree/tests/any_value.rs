//! Any value that the rules allow comes back.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Keys of every kind: plain, like those of lists, reserved, with what must be escaped.
fn key() -> impl Strategy<Value = String> {
    const ODD: &[&str] = &[
        "", ".", "..", ".tree", ".lock", "_x", "a/b", "%", "%2F", "1", "2", "0", "\n", "ä🦀",
    ];
    prop_oneof![
        proptest::sample::select(ODD).prop_map(str::to_owned),
        "[a-c1-3]{1,2}",
        any::<String>(),
    ]
}

fn tree(scalar: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    scalar.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(key(), inner, 0..5).prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    tree(
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(Value::from("null")),
            Just(Value::from("\"8\"")),
        ]
        .boxed(),
    )
}

fn any_texts() -> impl Strategy<Value = Value> {
    tree(prop_oneof![Just(Value::Null), any::<String>().prop_map(Value::from)].boxed())
}

fn comes_back(value: &Value, options: &TreeOptions) {
    let entries = to_entries(value, options).unwrap();
    for (key, _) in entries.iter().filter(|(key, _)| !key.is_empty()) {
        // One may be longer than a key may be; it has no other fault.
        if key.len() <= crate::MAX_KEY_BYTES {
            crate::Key::new(key.as_str()).unwrap();
        }
    }
    let full = entries.iter().map(|(key, value)| {
        let slash = if key.is_empty() { "" } else { "/" };
        (format!("at/x{slash}{key}"), value.clone())
    });
    let elsewhere = [
        ("at/xy".to_owned(), "no".into()),
        ("at".to_owned(), "no".into()),
    ];
    let back: Value = from_entries("at/x", full.chain(elsewhere), options).unwrap();
    assert_eq!(&back, value);
}

proptest! {
    #[test]
    fn any_json_comes_back(value in any_json()) {
        comes_back(&value, &json());
        comes_back(&value, &json().with_list_names(ListNames::Padded));
    }

    #[test]
    fn any_tree_of_texts_comes_back(value in any_texts()) {
        comes_back(&value, &TreeOptions::default());
    }

    #[test]
    fn any_number_comes_back(
        a in any::<i128>(), b in any::<u128>(), c in any::<f32>(), d in any::<f64>(),
        e in any::<char>(), f in any::<bool>(),
    ) {
        let value = (a, b, c, d, e, f);
        for options in [TreeOptions::default(), json()] {
            let entries = to_entries(&value, &options).unwrap();
            let back: (i128, u128, f32, f64, char, bool) =
                from_entries("", entries, &options).unwrap();
            prop_assert_eq!(back, value);
        }
    }

    #[test]
    fn any_keys_are_read_without_a_panic(
        pairs in vec(("[a-b1-2./_%]{0,6}", vec(any::<u8>(), 0..4)), 0..8),
    ) {
        for options in [TreeOptions::default(), json()] {
            let read = from_entries::<Value, _, _, _>("", pairs.clone(), &options);
            if let Ok(value) = read {
                comes_back(&value, &options);
            }
        }
    }
}
