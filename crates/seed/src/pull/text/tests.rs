//! Changed values in texts of every kind of formatting. Where values come from is tested with whole projects.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn changed(format: Format, text: &str, places: &[(&str, Json)]) -> String {
    let sets: Vec<Set> =
        places.iter().map(|(place, value)| Set { path: path_of(place), value: value.clone() }).collect();
    let splices = splices(format, text, &sets).expect("can be changed");
    let after = spliced(text, &splices).expect("the splices fit");
    let (_, value) = parse(format, &after).unwrap_or_else(|| panic!("still parses: {after}"));
    for set in &sets {
        assert!(at(&value, &set.path).is_some_and(|found| equal(found, &set.value)), "{after}");
    }
    after
}

fn in_json(text: &str, place: &str, value: Json) -> String {
    changed(Format::Json, text, &[(place, value)])
}

fn in_toml(text: &str, place: &str, value: Json) -> String {
    changed(Format::Toml, text, &[(place, value)])
}

#[test]
fn a_value_is_replaced_and_every_other_byte_stays() {
    let text = "{\r\n\t\"a\" : 1e3,\r\n\t\"b\":\"x\" ,\"c\": [1,\t2.50 , true]\r\n}\r\n\r\n";
    assert_eq!(in_json(text, "/b", json!("y\n")), text.replace("\"x\"", "\"y\\n\""));
    assert_eq!(in_json(text, "/c/1", json!(3)), text.replace("2.50", "3.00"));
    assert_eq!(in_json(text, "/c/2", json!(null)), text.replace("true", "null"));
    assert_eq!(in_json(text, "/a", json!(1000.0)), text, "the same number in other words");
}

#[test]
fn a_file_that_escapes_everything_beyond_ascii_goes_on_to() {
    assert_eq!(
        in_json("{\"a\": \"\\u00e9\", \"b\": \"\"}", "/b", json!("ü😀")),
        "{\"a\": \"\\u00e9\", \"b\": \"\\u00fc\\ud83d\\ude00\"}"
    );
    assert_eq!(in_json("{\"a\": \"é\", \"b\": \"\"}", "/b", json!("ü")), "{\"a\": \"é\", \"b\": \"ü\"}");
}

#[test]
fn properties_are_added_in_the_style_of_the_object() {
    assert_eq!(in_json("{\n  \"a\": 1\n}\n", "/b", json!("x")), "{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n");
    assert_eq!(in_json("{\"a\":1,\"b\":2}", "/c", json!([1, 2])), "{\"a\":1,\"b\":2,\"c\":[1,2]}");
    assert_eq!(in_json("{\"a\": 1}", "/b/c", json!(2)), "{\"a\": 1, \"b\": {\"c\": 2}}");
    assert_eq!(in_json("{\n\t\"a\": {}\n}", "/a/b", json!(2)), "{\n\t\"a\": {\"b\": 2}\n}");
    assert_eq!(
        in_json("{\r\n\t\"a\": {\r\n\t\t\"x\": 1\r\n\t}\r\n}", "/b", json!({"y": [1]})),
        "{\r\n\t\"a\": {\r\n\t\t\"x\": 1\r\n\t},\r\n\t\"b\": {\r\n\t\t\"y\": [\r\n\t\t\t1\r\n\t\t]\r\n\t}\r\n}"
    );
}

#[test]
fn inside_of_a_list_or_an_object_only_what_differs_changes() {
    let text = "{\"s\": {\n  \"mode\": \"a\",   \"n\": [1,  2,  3],\n  \"gone\": 0 , \"k\": 1.0}}";
    let new = json!({"mode": "b", "n": [1, 3], "k": 1, "more": null});
    assert_eq!(
        in_json(text, "/s", new),
        "{\"s\": {\n  \"mode\": \"b\",   \"n\": [1,  3],\n  \"k\": 1.0, \"more\": null}}"
    );
    assert_eq!(in_json("[1, 2, 3]", "", json!([0, 1, 2, 3])), "[0, 1, 2, 3]");
    assert_eq!(in_json("[\n  1,\n  2\n]", "", json!([1, 2, 3, 4])), "[\n  1,\n  2,\n  3,\n  4\n]");
    assert_eq!(in_json("[1, 2, 3]", "", json!([])), "[]");
    assert_eq!(in_json("{\"a\": 1, \"b\": 2}", "", json!({"a": 1})), "{\"a\": 1}");
    assert_eq!(in_json("{\"a\": 1, \"b\": 2}", "", json!({"c": 1})), "{\"c\": 1}");
}

#[test]
fn of_two_properties_of_one_name_the_last_one_is_changed() {
    assert_eq!(in_json("{\"a\": 1, \"a\": 2}", "/a", json!(3)), "{\"a\": 1, \"a\": 3}");
}

#[test]
fn toml_keeps_its_quotes_comments_and_layout() {
    let text = "# head\n[[table]] # first\nname = 'domain'\nrows = [\n\t{ slug = \"tutor\" , name = 'Tutor' }, # one\n\t{ slug = \"x\", name = \"\"\"\nlong\ntext\"\"\" },\n]\n";
    assert_eq!(in_toml(text, "/table/0/rows/0/name", json!("Teacher")), text.replace("'Tutor'", "'Teacher'"));
    assert_eq!(in_toml(text, "/table/0/rows/0/name", json!("It's")), text.replace("'Tutor'", "\"It's\""));
    assert_eq!(in_toml(text, "/table/0/rows/1/name", json!("longer\ntext")), text.replace("long\n", "longer\n"));
    assert_eq!(in_toml(text, "/table/0/rows/0/slug", json!("a\\b")), text.replace("\"tutor\"", "\"a\\\\b\""));
}

#[test]
fn toml_rows_under_headers_and_with_nested_values_are_changed_in_place() {
    let text = "[[table]]\n[[table.rows]]\nslug = \"a\" # key\nat = 2024-01-01T10:00:00Z\ntags = [ 1, # one\n  2, # two\n]\nset = { a = 1, b.c = 2 }\n\n[[table.rows]]\nslug = \"b\"\n";
    assert_eq!(in_toml(text, "/table/0/rows/0/at", json!("2025-01-01T10:00:00Z")), text.replace("2024", "2025"));
    assert_eq!(in_toml(text, "/table/0/rows/0/tags", json!([1, 2, 3])), text.replace("# two\n]", "# two\n  3,\n]"));
    assert_eq!(
        in_toml(text, "/table/0/rows/0/set", json!({"a": 2, "b": {"c": 3}})),
        text.replace("a = 1, b.c = 2", "a = 2, b.c = 3")
    );
    assert_eq!(
        in_toml(text, "/table/0/rows/0/set", json!({"a": 1, "b": {"c": 2}, "d e": "x"})),
        text.replace("b.c = 2", "b.c = 2, \"d e\" = \"x\"")
    );
    assert_eq!(in_toml(text, "/table/0/rows/1/slug", json!("c")), text.replace("\"b\"", "\"c\""));
}

#[test]
fn what_toml_cannot_say_in_place_is_refused() {
    let refused = |text: &str, place: &str, value: Json| {
        splices(Format::Toml, text, &[Set { path: path_of(place), value }]).expect_err("is refused").to_string()
    };
    assert_eq!(refused("a = 1", "/a", json!(null)), "TOML has no null");
    assert_eq!(
        refused("[[r]]\n[r.s]\na = 1\n", "/r/0/s", json!({"a": 1, "b": 2})),
        "`[r.s]` is not written in one piece"
    );
    assert_eq!(refused("[[r]]\na = 1\n", "/r", json!([{"a": 1}, {"a": 2}])), "`[[r]]` is not written in one piece");
    assert_eq!(refused("a = { b = 1 }", "/a/b/c", json!(1)), "there is nothing at `/a/b/c`");
}

#[test]
fn a_place_inside_of_another_one_has_to_agree_with_it() {
    let set = |place: &str, value: Json| Set { path: path_of(place), value };
    let both = [set("/a/b", json!(2)), set("/a", json!({"b": 3}))];
    assert_eq!(splices(Format::Json, "{\"a\": {\"b\": 1}}", &both), Err(Unwritable::Twice("/a".to_owned())));
    let agree = [set("/a/b", json!(2)), set("/a", json!({"b": 2}))];
    assert_eq!(splices(Format::Json, "{\"a\": {\"b\": 1}}", &agree).expect("agrees").len(), 1);
}

/// Any JSON value of a few levels, with names and texts that need escapes.
fn value() -> impl Strategy<Value = Json> {
    let text = prop_oneof!["[a-c]{0,3}", Just("é\"\\\n/~".to_owned()), Just("😀".to_owned())];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        (-1000i32..1000).prop_map(|n| Json::from(f64::from(n) / 8.0)),
        text.prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            proptest::collection::vec(("[a-d~/ é]{1,2}", inner), 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

/// A value as text, with white space chosen by a list of numbers.
fn written(value: &Json, spaces: &mut impl Iterator<Item = usize>) -> String {
    const SPACES: [&str; 7] = ["", " ", "\n", "\r\n\t", "  ", "\t", "\n    "];
    let mut space = || SPACES[spaces.next().unwrap_or(0) % SPACES.len()].to_owned();
    let (before, after) = (space(), space());
    let inner = match value {
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, spaces)).collect();
            format!("[{}]", items.join(","))
        }
        Json::Object(entries) => {
            let entries =
                entries.iter().map(|(name, value)| format!("{}:{}", Json::from(name.as_str()), written(value, spaces)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    };
    format!("{before}{inner}{after}")
}

/// Every place of a value.
fn places(value: &Json, path: &[String], all: &mut Vec<Vec<String>>) {
    all.push(path.to_vec());
    let children: Vec<(String, &Json)> = match value {
        Json::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Json::Object(entries) => entries.iter().map(|(name, value)| (name.clone(), value)).collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        let mut path = path.to_vec();
        path.push(step);
        places(child, &path, all);
    }
}

fn node_at<'a>(node: &'a Node, path: &[String]) -> &'a Node {
    path.iter().fold(node, |node, step| match &node.kind {
        Kind::Array(items) => &items[step.parse::<usize>().expect("is an index")],
        Kind::Object(entries) => &entries.iter().rfind(|entry| entry.name == *step).expect("is there").value,
        Kind::Scalar => panic!("has no inside"),
    })
}

proptest! {
    /// A JSON pointer and the span of its value name the same thing, whatever the layout.
    #[test]
    fn the_span_of_every_pointer_holds_its_value(value in value(), spaces in proptest::collection::vec(0usize..7, 0..64)) {
        let text = written(&value, &mut spaces.into_iter());
        let (node, parsed) = parse(Format::Json, &text).expect("parses");
        prop_assert_eq!(&parsed, &value);
        let mut all = Vec::new();
        places(&value, &[], &mut all);
        for path in all {
            prop_assert_eq!(path_of(&pointer(&path)), path.clone());
            prop_assert_eq!(value.pointer(&pointer(&path)), at(&value, &path));
            let inside: Json = serde_json::from_str(&text[node_at(&node, &path).span.clone()]).expect("is JSON");
            prop_assert_eq!(Some(&inside), at(&value, &path));
        }
    }

    /// One changed scalar changes its own bytes and nothing before or after them.
    #[test]
    fn a_changed_scalar_touches_no_other_byte(
        value in value(), spaces in proptest::collection::vec(0usize..7, 0..64), which in any::<prop::sample::Index>(), new in any::<i16>(),
    ) {
        let text = written(&value, &mut spaces.into_iter());
        let (node, _) = parse(Format::Json, &text).expect("parses");
        let mut all = Vec::new();
        places(&value, &[], &mut all);
        all.retain(|path| matches!(node_at(&node, path).kind, Kind::Scalar));
        prop_assume!(!all.is_empty());
        let path = which.get(&all).clone();
        let span = node_at(&node, &path).span.clone();
        let after = changed(Format::Json, &text, &[(&pointer(&path), Json::from(new))]);
        prop_assert!(after.starts_with(&text[..span.start]));
        prop_assert!(after.ends_with(&text[span.end..]));
    }

    /// Any value becomes any other one, and changing back gives the value again.
    #[test]
    fn any_value_can_become_any_other(old in value(), new in value(), spaces in proptest::collection::vec(0usize..7, 0..64)) {
        let text = written(&old, &mut spaces.into_iter());
        let there = changed(Format::Json, &text, &[("", new)]);
        changed(Format::Json, &there, &[("", old)]);
    }

    /// The same inside of a row of a dataset, with a comment at each end.
    #[test]
    fn any_value_of_toml_can_become_any_other(old in value(), new in value()) {
        let without = |value: &Json| !value.is_null() && !value.to_string().contains("null");
        prop_assume!(without(&old) && without(&new));
        let text = changed(Format::Toml, "# a\nv = 0 # b\nw = 1\n", &[("/v", old)]);
        let after = changed(Format::Toml, &text, &[("/v", new)]);
        prop_assert!(after.starts_with("# a\nv = ") && after.ends_with(" # b\nw = 1\n"), "{}", after);
    }
}
