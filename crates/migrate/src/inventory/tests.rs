//! Inventories of migrations that are written down here. Those of real folders with git are told by the suite.

use super::*;

fn set(migrations: &[(&str, &str)]) -> MigrationSet {
    MigrationSet::from_embedded(migrations).expect("the migrations load")
}

fn told(inventory: &Inventory, index: usize) -> Vec<String> {
    let entry = &inventory.migrations[index];
    entry.touches.iter().map(|touch| format!("{:?} {touch}", touch.action)).collect()
}

#[test]
fn what_a_migration_makes_changes_and_drops_is_listed_with_vector_indexes_by_method() {
    let set = set(&[(
        "0001_all",
        "CREATE EXTENSION vector;\nCREATE TYPE mood AS ENUM ('a', 'b');\n\
         CREATE TABLE app.notes (id bigint PRIMARY KEY, owner int REFERENCES users (id), v vector(3), UNIQUE (owner));\n\
         CREATE INDEX notes_v ON app.notes USING hnsw (v vector_cosine_ops);\n\
         ALTER TABLE users DROP COLUMN age, ADD CONSTRAINT named CHECK (id > 0);\n\
         CREATE VIEW seen AS SELECT 1;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\n\
         CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION g();\nDROP TABLE old;\n\
         DO $$ BEGIN PERFORM 1; END $$;\nINSERT INTO users VALUES (1);\nUPDATE users SET id = 2;\nDELETE FROM users;\nFROBNICATE everything;",
    )]);
    let inventory = inventory(&set, Engine::Postgres, &GitFiles::default());
    insta::assert_snapshot!(told(&inventory, 0).join("\n"));
    let entry = &inventory.migrations[0];
    assert_eq!(entry.rows, RowStatements { insert: 1, update: 1, delete: 1 });
    let unread: Vec<_> = entry.unread.iter().map(|each| (each.statement, each.line, each.why)).collect();
    assert_eq!(unread, [(10, 10, WhyUnread::RunsCode), (14, 14, WhyUnread::Unclassified)]);
    assert_eq!((entry.script.statements, entry.script.lines), (14, 14));
}

#[test]
fn what_stands_in_the_end_is_counted_after_renames_and_drops() {
    let set = set(&[
        (
            "0001_a",
            "CREATE TABLE a (id int PRIMARY KEY, x int UNIQUE, y int REFERENCES a (id)); CREATE INDEX a_x ON a (x, y); CREATE TABLE b (id int)",
        ),
        (
            "0002_b",
            "ALTER TABLE a RENAME TO c; ALTER TABLE c DROP COLUMN y; DROP TABLE b; CREATE TABLE IF NOT EXISTS c (id int)",
        ),
        (
            "0003_c",
            "ALTER TABLE c DROP CONSTRAINT a_x_key; ALTER TABLE c RENAME COLUMN x TO z; CREATE INDEX c_z ON c (z)",
        ),
    ]);
    let of = |count: usize| {
        let set = MigrationSet { migrations: set.migrations[..count].to_vec(), ..set.clone() };
        inventory(&set, Engine::Postgres, &GitFiles::default()).totals.schema
    };
    let first = SchemaStatistics {
        tables: 2,
        columns: 4,
        foreign_keys: 1,
        unique_constraints: 1,
        indexes: 1,
        ..SchemaStatistics::default()
    };
    assert_eq!(of(1), first);
    let second = SchemaStatistics { tables: 1, columns: 2, unique_constraints: 1, ..SchemaStatistics::default() };
    assert_eq!(of(2), second);
}

#[test]
fn a_migration_that_came_into_git_after_its_successor_is_told() {
    let set = set(&[("0001_a", "SELECT 1"), ("0002_b", "SELECT 1"), ("0003_c", "SELECT 1")]);
    let file = |committed_at| GitFile { state: GitState::Committed, committed_at };
    let times = [Some(300), Some(200), None];
    let files = set.migrations.iter().zip(times).map(|(each, at)| (each.file.clone(), file(at))).collect();
    let inventory = inventory(&set, Engine::Sqlite, &GitFiles { files });
    assert_eq!(inventory.notes, [InventoryNote::Late { name: "0001_a".to_owned(), before: "0002_b".to_owned() }]);
    assert_eq!(inventory.totals.committed, 3);
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_is_left_out() {
    let set = set(&[
        ("0001_a", "SELECT 'open"),
        ("0002_b", "VACUUM"),
        ("0002_b.down", "-- plimsoll: irreversible no need\n"),
    ]);
    let inventory = inventory(&set, Engine::Sqlite, &GitFiles::default());
    insta::assert_snapshot!(inventory.to_string());
    let again: Inventory = serde_json::from_str(&serde_json::to_string(&inventory).expect("is JSON")).expect("reads");
    assert_eq!(again, inventory);
    assert_eq!(again.migrations[1].declared, Some(Declared::Irreversible { reason: "no need".to_owned() }));
}
