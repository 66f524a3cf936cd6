//! Tests of SQLite's forms. What holds everywhere is in the parent.

use super::*;

const LITE: Engine = Engine::Sqlite;

#[test]
fn every_way_of_quoting_names_the_same() {
    for sql in ["\"my t\"", "`my t`", "[my t]", "'my t'"] {
        let found = table(LITE, &format!("CREATE TABLE main.{sql} (\"a b\" int, [c] text) WITHOUT ROWID, STRICT"));
        assert_eq!(found.name, name("main.my t"));
        assert_eq!(found.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["a b", "c"]);
        assert_eq!(found.options, "WITHOUT ROWID, STRICT");
    }
    assert_eq!(table(LITE, "CREATE TABLE Tab (a)").name, name("Tab"));
    assert!(table(LITE, "CREATE TABLE temp.t (a)").temporary);
}

#[test]
fn columns_need_no_type() {
    let found = table(
        LITE,
        "CREATE TABLE t (a, b PRIMARY KEY ON CONFLICT REPLACE, c AS (a || ',') STORED, d VARCHAR (10) DEFAULT -1)",
    );
    let types: Vec<_> = found.columns.iter().map(|column| column.type_text.as_str()).collect();
    assert_eq!(types, ["", "", "", "varchar(10)"]);
    assert!(found.columns[1].primary_key);
    assert_eq!(found.columns[1].other.as_deref(), Some("ON CONFLICT REPLACE"));
    assert_eq!(found.columns[2].generated, Some(Generated::Stored));
    assert_eq!(found.columns[3].default.as_ref().map(|default| default.text.as_str()), Some("-1"));
    let key = column(LITE, "id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL");
    assert!(key.primary_key && key.auto_increment && key.not_null);
}

#[test]
fn pragmas_have_names_and_values() {
    for (sql, key, value) in [
        ("PRAGMA foreign_keys = OFF", "foreign_keys", Some("OFF")),
        ("PRAGMA main.Foreign_Keys(0)", "foreign_keys", Some("0")),
        ("PRAGMA cache_size=-2000", "cache_size", Some("-2000")),
        ("PRAGMA foreign_key_check", "foreign_key_check", None),
    ] {
        let expected = Operation::Pragma { name: key.to_owned(), value: value.map(str::to_owned) };
        assert_eq!(one(LITE, sql), expected);
    }
}

#[test]
fn tables_are_altered_one_action_at_a_time() {
    let (from, to) = ("a".to_owned(), "b".to_owned());
    assert_eq!(actions(LITE, "ALTER TABLE [t] RENAME COLUMN `a` TO \"b\""), [AlterAction::RenameColumn { from, to }]);
    assert_eq!(actions(LITE, "ALTER TABLE t RENAME TO 'u v'"), [AlterAction::RenameTable { to: name("u v") }]);
    let found = actions(LITE, "ALTER TABLE t ADD c text NOT NULL DEFAULT 'x' REFERENCES u(id)");
    assert!(
        matches!(&found[..], [AlterAction::AddColumn { column, .. }] if column.not_null && column.references.is_some())
    );
}

#[test]
fn triggers_views_and_modules_are_read() {
    let create = |object, key: &str, on: Option<&str>| Operation::Create {
        object,
        name: name(key),
        or_replace: false,
        if_not_exists: true,
        on: on.map(name),
    };
    let trigger = "CREATE TRIGGER IF NOT EXISTS g AFTER UPDATE OF a ON t BEGIN DELETE FROM u; END";
    assert_eq!(one(LITE, trigger), create(Object::Trigger, "g", Some("t")));
    assert_eq!(one(LITE, "CREATE TEMP VIEW IF NOT EXISTS v AS SELECT 1"), create(Object::View, "v", None));
    let module = "CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(a, tokenize = 'porter')";
    assert_eq!(one(LITE, module), create(Object::VirtualTable, "f", None));
    let Operation::CreateIndex { index, table } =
        one(LITE, "CREATE INDEX main.i ON t (a COLLATE nocase, lower(b)) WHERE a > 1")
    else {
        panic!("an index")
    };
    assert_eq!((index.name, table), (Some(name("main.i")), name("t")));
    assert_eq!(index.columns[0].column.as_deref(), Some("a"));
    assert_eq!(index.columns[1].column, None);
    assert_eq!(one(LITE, "ATTACH 'x.db' AS x"), Operation::Attach);
}
