//! Tests of the operations, what holds for every engine. Each engine's own forms are in a file of their own.

mod mysql;
mod postgres;
mod sqlite;

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::split::split;

const ENGINES: [Engine; 3] = [Engine::Sqlite, Engine::Postgres, Engine::Mysql];

fn placed(engine: Engine, sql: &str) -> Vec<Placed> {
    let statements = split(engine, Path::new("m.sql"), sql).expect("splits");
    assert_eq!(statements.len(), 1, "{sql}");
    operations(engine, &statements[0])
}

fn all(engine: Engine, sql: &str) -> Vec<Operation> {
    placed(engine, sql).into_iter().map(|placed| placed.operation).collect()
}

fn one(engine: Engine, sql: &str) -> Operation {
    let mut found = all(engine, sql);
    assert_eq!(found.len(), 1, "{sql}: {found:?}");
    found.remove(0)
}

fn actions(engine: Engine, sql: &str) -> Vec<AlterAction> {
    let action = |operation| match operation {
        Operation::AlterTable { action, .. } => action,
        other => panic!("{sql}: {other:?}"),
    };
    all(engine, sql).into_iter().map(action).collect()
}

fn table(engine: Engine, sql: &str) -> CreateTable {
    match one(engine, sql) {
        Operation::CreateTable(table) => *table,
        other => panic!("{sql}: {other:?}"),
    }
}

fn column(engine: Engine, definition: &str) -> ColumnDef {
    let mut table = table(engine, &format!("CREATE TABLE t ({definition})"));
    assert_eq!(table.columns.len(), 1, "{definition}: {table:?}");
    table.columns.remove(0)
}

fn name(name: &str) -> Name {
    match name.split_once('.') {
        Some((schema, name)) => Name { schema: Some(schema.to_owned()), name: name.to_owned(), span: Span::default() },
        None => Name { schema: None, name: name.to_owned(), span: Span::default() },
    }
}

#[test]
fn what_is_not_recognised_is_named_by_its_leading_words() {
    for (sql, words) in [
        ("FROBNICATE the /* x */ table now please", "FROBNICATE the table now"),
        ("DROP TABLE t EVERYWHERE", "DROP TABLE t EVERYWHERE"),
        ("ALTER TABLE t FROB a", "FROB a"),
        ("CREATE LANGUAGE x", "CREATE LANGUAGE x"),
        ("SIGN 'secret' x", "SIGN"),
        ("CREATE TABLE t", "CREATE TABLE t"),
        ("CREATE INDEX i ON", "CREATE INDEX i ON"),
    ] {
        for engine in ENGINES {
            assert_eq!(one(engine, sql), Operation::Unclassified { words: words.to_owned() }, "{engine:?}");
        }
    }
}

#[test]
fn an_unknown_action_leaves_the_others_known() {
    for engine in ENGINES {
        let found = all(engine, "ALTER TABLE t DROP COLUMN a, FROB (b, c), ADD COLUMN d int");
        assert!(
            matches!(
                found.as_slice(),
                [
                    Operation::AlterTable { action: AlterAction::DropColumn { .. }, .. },
                    Operation::Unclassified { .. },
                    Operation::AlterTable { action: AlterAction::AddColumn { .. }, .. }
                ]
            ),
            "{found:?}"
        );
    }
}

#[test]
fn each_operation_knows_its_place() {
    let sql = "ALTER TABLE t ADD COLUMN a numeric(10, 2), /* then */ DROP COLUMN b";
    for engine in ENGINES {
        let found = placed(engine, sql);
        let texts: Vec<_> = found.iter().map(|placed| &sql[placed.span.start..placed.span.end]).collect();
        assert_eq!(texts, ["ADD COLUMN a numeric(10, 2)", "DROP COLUMN b"]);
    }
    let Operation::DropTable { names, .. } = one(Engine::Postgres, "DROP TABLE a, b.\"C\"") else { panic!("a drop") };
    assert_eq!(names[1], name("b.C"));
    assert_eq!(names[1].span, Span { start: 14, end: 19 });
}

#[test]
fn transactions_are_told_from_savepoints_on_every_engine() {
    for (sql, expected) in [
        ("BEGIN", Transaction::Begin),
        ("COMMIT", Transaction::Commit),
        ("rollback work", Transaction::Rollback),
        ("ROLLBACK TO SAVEPOINT a", Transaction::RollbackToSavepoint),
        ("RELEASE SAVEPOINT a", Transaction::ReleaseSavepoint),
        ("SAVEPOINT a", Transaction::Savepoint),
    ] {
        for engine in ENGINES {
            assert_eq!(one(engine, sql), Operation::Transaction(expected));
        }
    }
    assert_eq!(one(Engine::Mysql, "BEGIN NOT ATOMIC SELECT 1; END"), Operation::Do);
}

#[test]
fn changes_of_rows_say_whether_they_have_a_condition() {
    for engine in ENGINES {
        let t = || Some(name("t"));
        assert_eq!(one(engine, "UPDATE t SET a = 1"), Operation::Update { table: t(), has_where: false });
        let nested = "UPDATE t SET a = (SELECT 1 FROM u WHERE u.b = 2)";
        assert_eq!(one(engine, nested), Operation::Update { table: t(), has_where: false });
        assert_eq!(one(engine, "DELETE FROM t WHERE a = 1"), Operation::Delete { table: t(), has_where: true });
        assert_eq!(one(engine, "INSERT INTO t (a) VALUES (1)"), Operation::Insert { table: t() });
        assert_eq!(
            one(engine, "WITH x AS (SELECT 1) DELETE FROM t"),
            Operation::Delete { table: t(), has_where: false }
        );
    }
}

#[test]
fn operations_are_data() {
    let found = placed(Engine::Postgres, "ALTER TABLE app.t DROP COLUMN a CASCADE");
    let expected = serde_json::json!([{ "alter_table": {
        "table": { "schema": "app", "name": "t" }, "if_exists": false, "only": false,
        "action": { "drop_column": { "column": "a", "if_exists": false, "cascade": true } }
    } }]);
    assert_eq!(serde_json::to_value(found).expect("serialises"), expected);
    let unit = placed(Engine::Postgres, "GRANT ALL ON t TO u");
    assert_eq!(serde_json::to_value(unit).expect("serialises"), serde_json::json!([{ "grant": null }]));
}

#[test]
fn strings_stand_for_their_values() {
    let value = |engine, sql: &str| match one(engine, sql) {
        Operation::CreateEnum { values, .. } => values.concat(),
        other => panic!("{sql}: {other:?}"),
    };
    for (written, expected) in [("'a''b'", "a'b"), ("E'a\\'b'", "a'b"), ("$x$a'b$x$", "a'b"), ("'ä\\n'", "ä\\n")] {
        assert_eq!(value(Engine::Postgres, &format!("CREATE TYPE t AS ENUM ({written})")), expected);
    }
}

/// Words and signs that mean something to the parser, in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = "CREATE ALTER DROP TABLE INDEX COLUMN ADD SET NOT NULL DEFAULT PRIMARY KEY UNIQUE CHECK REFERENCES CONSTRAINT \
                 FOREIGN USING WITH AS SELECT ON IF EXISTS CASE END TYPE ENUM VALUE RENAME TO MODIFY CHANGE FIRST AFTER \
                 GENERATED ALWAYS IDENTITY CONCURRENTLY ONLY CASCADE ENGINE PARTITION OF LIKE REINDEX VACUUM PRAGMA \
                 DEFINER SCHEMA DOMAIN TRIGGER UPDATE DELETE WHERE INSERT INTO a t x1 42 ( ) ( ) , , . = := =-1 @ @@ * [ ] \
                 'it''s' \"Q\" `b` $$x$$ E'\\\\n' /*!50100 */ /*+ /* :: - ;";
    let pieces: Vec<String> = words.split_ascii_whitespace().map(str::to_owned).collect();
    proptest::collection::vec(proptest::sample::select(pieces), 1..40).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_soup_of_tokens_yields_operations_within_the_text(text in soup()) {
        for engine in ENGINES {
            for statement in split(engine, Path::new("m.sql"), &text).unwrap_or_default() {
                let found = operations(engine, &statement);
                prop_assert!(!found.is_empty());
                for placed in found {
                    prop_assert!(statement.text.get(placed.span.start..placed.span.end).is_some());
                }
            }
        }
    }

    #[test]
    fn any_text_yields_operations(text in "[a-zA-Z(),.;'\"`$/*!ä\\[\\] \n0-9=@-]{0,80}") {
        for engine in ENGINES {
            for statement in split(engine, Path::new("m.sql"), &text).unwrap_or_default() {
                prop_assert!(!operations(engine, &statement).is_empty());
            }
        }
    }
}
