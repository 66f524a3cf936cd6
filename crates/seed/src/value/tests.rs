//! Tests of canonical values, one column type at a time. Live round trips are in `tests/`.

use serde_json::json;

use super::*;

fn column(kind: ColumnKind, declared: &str) -> Column {
    Column { name: "c".to_owned(), declared: declared.to_owned(), kind, nullable: true, ..Column::default() }
}

fn of(kind: ColumnKind, declared: &str, value: Json) -> Option<Json> {
    canonical(&column(kind, declared), &value).ok()
}

#[test]
fn booleans_are_also_understood_from_zero_and_one() {
    assert_eq!(of(ColumnKind::Bool, "BOOLEAN", json!(1)), Some(json!(true)));
    assert_eq!(of(ColumnKind::Bool, "BOOLEAN", json!("f")), Some(json!(false)));
    assert_eq!(of(ColumnKind::Bool, "BOOLEAN", json!(2)), None);
}

#[test]
fn whole_floats_are_integers_and_others_do_not_fit() {
    assert_eq!(of(ColumnKind::Int, "integer", json!(3.0)), Some(json!(3)));
    assert_eq!(of(ColumnKind::Int, "integer", json!(3.5)), None);
    assert_eq!(of(ColumnKind::Int, "bigint", json!(u64::MAX)), Some(json!(u64::MAX)));
}

#[test]
fn decimals_are_equal_by_their_digits_and_must_fit_the_scale() {
    for (declared, value, expected) in [
        ("numeric(10,2)", json!("1.50"), Some("1.5")),
        ("numeric", json!("-0.0"), Some("0")),
        ("numeric", json!("+012.340e1"), Some("123.4")),
        ("numeric", json!("1.5e-3"), Some("0.0015")),
        ("numeric(4,2)", json!(12.345), None),
        ("numeric(4,2)", json!(123.4), None),
        ("numeric", json!("12x"), None),
    ] {
        assert_eq!(of(ColumnKind::Decimal, declared, value.clone()), expected.map(Json::from), "{value}");
    }
}

#[test]
fn times_are_compared_in_utc_with_the_digits_the_column_keeps() {
    for (declared, text, expected) in [
        ("timestamp with time zone", "2024-03-01 10:00:00.5+02", "2024-03-01 08:00:00.500"),
        ("timestamp(3) without time zone", "2024-03-01T10:00:00.12345Z", "2024-03-01 10:00:00.123"),
        ("DATETIME", "2024-03-01", "2024-03-01 00:00:00"),
        ("DATETIME", "2024-03-01T10:00", "2024-03-01 10:00:00"),
    ] {
        assert_eq!(of(ColumnKind::Timestamp, declared, json!(text)), Some(json!(expected)), "{text}");
    }
    assert_eq!(of(ColumnKind::Timestamp, "DATETIME", json!("2024-02-31")), None);
}

#[test]
fn fractions_of_a_second_are_rounded_and_not_up() {
    for (declared, text, expected) in [
        ("time", "10:00:00.1234561", "10:00:00.123456"),
        ("time", "10:00:00.1234565", "10:00:00.123457"),
        ("time(3)", "23:59:59.9994", "23:59:59.999"),
        ("time(3)", "23:59:59.9995", "24:00:00"),
        ("time(0)", "10:00:00.4999999", "10:00:01"),
        ("time(0)", "10:00:00.4999990", "10:00:00"),
    ] {
        assert_eq!(of(ColumnKind::Other, declared, json!(text)), Some(json!(expected)), "{declared} {text}");
    }
}

#[test]
fn narrow_floats_are_equal_after_their_rounding() {
    let narrow = Column { narrow: true, ..column(ColumnKind::Float, "real") };
    let stored = live(&narrow, db::Value::Float(f64::from(0.1f32)));
    assert!(same(&canonical(&narrow, &json!(0.1)).expect("fits"), &stored));
    let wide = column(ColumnKind::Float, "double precision");
    assert!(!same(&canonical(&wide, &json!(0.1)).expect("fits"), &live(&wide, db::Value::Float(f64::from(0.1f32)))));
}

#[test]
fn documents_are_equal_by_structure_even_in_text_columns() {
    let kept = column(ColumnKind::Json, "jsonb");
    let wanted = canonical(&kept, &json!({"a": 1.0, "b": [1, {"c": null}]})).expect("fits");
    assert!(same(&wanted, &live(&kept, db::Value::Text("{\"b\": [1.0, {\"c\": null}], \"a\": 1}".to_owned()))));
    let text = column(ColumnKind::Text, "longtext");
    let wanted = canonical(&text, &json!({"a": 1})).expect("fits");
    assert!(same(&wanted, &live(&text, db::Value::Text("{ \"a\": 1.0 }".to_owned()))));
    assert_eq!(of(ColumnKind::Text, "varchar(20)", json!({"a": 1})), None);
}

#[test]
fn text_that_is_too_long_and_null_where_none_may_be_are_refused() {
    assert_eq!(of(ColumnKind::Text, "character varying(3)", json!("äöü")), Some(json!("äöü")));
    assert_eq!(of(ColumnKind::Text, "character varying(3)", json!("abcd")), None);
    let column = Column { nullable: false, ..column(ColumnKind::Text, "text") };
    assert_eq!(canonical(&column, &Json::Null).expect_err("is refused").to_string(), "`c` may not be NULL");
}

#[test]
fn arrays_are_written_as_postgres_writes_them() {
    let list = json!(["a", "b c", "", "null", "q\"", null, 1, true]);
    assert_eq!(of(ColumnKind::Other, "text[]", list), Some(json!(r#"{a,"b c","","null","q\"",NULL,1,t}"#)));
    assert_eq!(of(ColumnKind::Other, "vector(3)", json!([1, 2.5, 3])), Some(json!("[1,2.5,3]")));
}

#[test]
fn equal_values_have_one_text() {
    assert_eq!(canonical_text(&json!({"b": 1.0, "a": {"d": [], "c": "x"}})), r#"{"a":{"c":"x","d":[]},"b":1}"#);
}
