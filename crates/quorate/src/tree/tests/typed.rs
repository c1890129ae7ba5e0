//! Types of users, and what others wrote.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json as value};

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Radius(f32),
    Pair(i8, i8),
    Box { width: u64, label: Option<String> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(u128);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    text: String,
    letter: char,
    flag: bool,
    small: i8,
    wide: i128,
    wrapped: Wrapped,
    real: f64,
    unit: Unit,
    none: Option<String>,
    some: Option<u8>,
    list: Vec<Option<u8>>,
    nested: Vec<Vec<String>>,
    tuple: (u8, String),
    by_number: BTreeMap<i32, Shape>,
    by_text: HashMap<String, Option<u8>>,
    nothing: BTreeMap<String, u8>,
    address: IpAddr,
}

fn everything() -> Everything {
    Everything {
        text: "ä\n".into(),
        letter: '/',
        flag: true,
        small: -128,
        wide: i128::MIN,
        wrapped: Wrapped(u128::MAX),
        real: 0.1,
        unit: Unit,
        none: None,
        some: Some(0),
        list: vec![Some(1), None, Some(3)],
        nested: vec![vec![], vec!["a".into(), String::new()]],
        tuple: (7, "seven".into()),
        by_number: [
            (1, Shape::Point),
            (2, Shape::Radius(0.1)),
            (-3, Shape::Pair(1, -1)),
            (
                4,
                Shape::Box {
                    width: u64::MAX,
                    label: None,
                },
            ),
        ]
        .into(),
        by_text: [
            (String::new(), None),
            ("a/b".into(), Some(1)),
            (".".into(), Some(2)),
        ]
        .into(),
        nothing: BTreeMap::new(),
        address: "::1".parse().unwrap(),
    }
}

#[test]
fn a_struct_comes_back_as_it_was() {
    let padded = TreeOptions::default().with_list_names(ListNames::Padded);
    for options in [TreeOptions::default(), json(), padded] {
        let entries = to_entries(&everything(), &options).unwrap();
        let back: Everything = from_entries("", entries, &options).unwrap();
        assert_eq!(back, everything());
    }
}

#[test]
fn the_dict_of_the_tutorial_has_the_keys_of_the_tutorial() {
    let dict = value!({"subcollection": ["item1", "item2"]});
    assert_eq!(
        entries(&dict),
        [
            ("subcollection/1".to_owned(), "item1".to_owned()),
            ("subcollection/2".to_owned(), "item2".to_owned())
        ]
    );
}

#[test]
fn in_order_keys_of_etcd_are_a_list_in_the_order_of_the_keys() {
    let pairs = [
        ("c/00000000000000000031", "second"),
        ("c/00000000000000000026", "first"),
    ];
    let read: Value = read(&pairs, &TreeOptions::default());
    assert_eq!(read, value!({"c": ["first", "second"]}));
}

#[test]
fn a_list_with_holes_and_any_padding_is_read_where_a_list_is_wanted() {
    let pairs = [("10", "c"), ("9", "b"), ("002", "a")];
    let list: Vec<String> = read(&pairs, &TreeOptions::default());
    assert_eq!(list, ["a", "b", "c"]);
    let untyped: Value = read(&pairs, &TreeOptions::default());
    assert_eq!(untyped, value!({"10": "c", "9": "b", "002": "a"}));
}

#[test]
fn empty_is_not_absent_and_a_map_is_not_a_list() {
    for (shape, key, text) in [
        (value!({}), ".tree", "{}"),
        (value!([]), ".tree", "[]"),
        (value!(null), ".tree", "null"),
        (value!(""), "", ""),
    ] {
        assert_eq!(entries(&shape), [(key.to_owned(), text.to_owned())]);
        let back: Value = read(&[(key, text)], &TreeOptions::default());
        assert_eq!(back, shape);
    }
    let looks = value!({"1": "a", "2": "b"});
    assert_eq!(entries(&looks)[0], (".tree".to_owned(), "{}".to_owned()));
    let absent = try_read::<Value>(&[], &TreeOptions::default()).unwrap_err();
    assert_eq!(absent.problem(), &TreeProblem::Absent);
}

#[test]
fn a_number_is_text_until_json_is_chosen() {
    let pairs = [
        ("port", "8080"),
        ("on", "true"),
        ("name", "db"),
        ("odd", "007"),
    ];
    assert_eq!(
        read::<Value>(&pairs, &TreeOptions::default()),
        value!({"port": "8080", "on": "true", "name": "db", "odd": "007"})
    );
    assert_eq!(
        read::<Value>(&pairs, &json()),
        value!({"port": 8080, "on": true, "name": "db", "odd": "007"})
    );
    let texts: BTreeMap<String, String> = read(&pairs, &json());
    assert_eq!(texts["port"], "8080");
}

#[test]
fn flattened_numbers_need_json() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        port: u16,
    }
    let outer = Outer {
        inner: Inner { port: 1 },
    };
    let entries = to_entries(&outer, &json()).unwrap();
    assert_eq!(
        from_entries::<Outer, _, _, _>("", entries, &json()).unwrap(),
        outer
    );
}

#[test]
fn what_people_write_by_hand_is_understood() {
    let read =
        |text| -> (u16, bool) { read(&[("1", " 80\n"), ("2", text)], &TreeOptions::default()) };
    assert_eq!(read("True\n"), (80, true));
    assert_eq!(read("false"), (80, false));
}

#[test]
fn folders_of_tools_and_locks_are_no_values() {
    let pairs = [
        ("", ""),
        ("a/", ""),
        ("a/b", "1"),
        ("a/.lock", "x"),
        ("e/", ""),
    ];
    let read: Value = read(&pairs, &TreeOptions::default());
    assert_eq!(read, value!({"a": {"b": "1"}, "e": {}}));
}

#[test]
fn of_two_names_that_mean_the_same_the_written_one_counts() {
    let pairs = [("%5Fx", "ours"), ("_x", "theirs"), ("_y", "alone")];
    let read: Value = read(&pairs, &TreeOptions::default());
    assert_eq!(read, value!({"_x": "ours", "_y": "alone"}));
}

#[test]
fn a_value_with_children_is_what_the_type_says() {
    let pairs = [("a", "v"), ("a/b", "1")];
    let leaf: BTreeMap<String, String> = read(&pairs, &TreeOptions::default());
    assert_eq!(leaf["a"], "v");
    let map: BTreeMap<String, BTreeMap<String, u8>> = read(&pairs, &TreeOptions::default());
    assert_eq!(map["a"]["b"], 1);
    let error = try_read::<Value>(&pairs, &TreeOptions::default()).unwrap_err();
    assert_eq!(
        (error.path(), error.problem()),
        ("a", &TreeProblem::Ambiguous)
    );
}

#[test]
fn errors_name_the_path_and_never_the_value() {
    let pairs = [("servers/1/port", "80"), ("servers/2/port", "s3cr3t")];
    let error = try_read::<BTreeMap<String, Vec<BTreeMap<String, u16>>>>(&pairs, &json());
    let error = error.unwrap_err();
    assert_eq!(error.path(), "servers/2/port");
    assert_eq!(
        error.to_string(),
        "expected a number (u16), found another value (at `servers/2/port`)"
    );
    let error = try_read::<Vec<String>>(&[("1", ""), ("x", "")], &json()).unwrap_err();
    assert_eq!(
        (error.path(), error.problem()),
        ("x", &TreeProblem::NotAnIndex)
    );
    let error = try_read::<Shape>(&[("", "s3cr3t")], &json()).unwrap_err();
    assert!(!error.to_string().contains("s3cr3t"), "{error}");
}

#[test]
fn each_limit_names_the_path() {
    let refused = |value: &Value, options: TreeOptions| {
        let error = to_entries(value, &options).unwrap_err();
        (error.path().to_owned(), error.problem().clone())
    };
    let deep = value!({"a": {"b": {"c": "1"}}});
    let two = TreeOptions::default().with_max_depth(2);
    assert_eq!(
        refused(&deep, two.clone()),
        ("a/b/c".into(), TreeProblem::TooDeep { limit: 2 })
    );
    let error = try_read::<Value>(&[("a/b/c", "1")], &two).unwrap_err();
    assert_eq!(
        (error.path(), error.problem()),
        ("a/b/c", &TreeProblem::TooDeep { limit: 2 })
    );
    let wide = value!({"a": "1", "b": ["22", "333"]});
    let few = TreeOptions::default().with_max_entries(2);
    assert_eq!(
        refused(&wide, few.clone()),
        ("b/2".into(), TreeProblem::TooMany { limit: 2 })
    );
    let small = TreeOptions::default().with_max_bytes(5);
    assert_eq!(
        refused(&wide, small),
        ("b/2".into(), TreeProblem::TooLarge { limit: 5 })
    );
    assert!(try_read::<Value>(&[("a", ""), ("b", ""), ("c", "")], &few).is_err());
}

#[test]
fn what_has_no_form_is_refused() {
    let refused = |error: Result<_, TreeError>| error.map(|_: Vec<_>| ()).unwrap_err();
    let error = refused(to_entries(&[1.0, f64::NAN], &json()));
    assert_eq!(
        (error.path(), error.problem()),
        ("2", &TreeProblem::NotFinite)
    );
    let by_list: BTreeMap<Vec<u8>, u8> = [(vec![1], 1)].into();
    let error = refused(to_entries(&by_list, &json()));
    assert_eq!(error.problem(), &TreeProblem::KeyType("a list"));
    let infinite: Vec<f64> = read(&[("1", "inf"), ("2", "-inf")], &TreeOptions::default());
    assert_eq!(infinite, [f64::INFINITY, f64::NEG_INFINITY]);
}
