//! What only SQLite does to migrations: rebuilding tables with references. What all engines share is in `migrate_apply`.
#![cfg(feature = "sqlite")]

use plimsoll_core::db::{DbErrorKind, Engine};
use plimsoll_tests::TestDatabase;
use plimsoll_tests::migrating::{fails, migrate, set};

const TABLES: (&str, &str) = (
    "0001_tables",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
     CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);
     INSERT INTO parent VALUES (1, 'one'), (2, 'two');
     INSERT INTO child (parent) VALUES (1), (1), (2);",
);

/// As Prisma writes it.
const REBUILD: &str = "PRAGMA defer_foreign_keys=ON;
    PRAGMA foreign_keys=OFF;
    CREATE TABLE \"new_parent\" (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO \"new_parent\" (id, name) SELECT id, name FROM parent;
    DROP TABLE parent;
    ALTER TABLE \"new_parent\" RENAME TO parent;
    PRAGMA foreign_keys=ON;
    PRAGMA defer_foreign_keys=OFF;";

#[test]
fn rebuilding_a_table_keeps_the_rows_that_refer_to_it() {
    let mut db = TestDatabase::new(Engine::Sqlite);
    migrate(&mut db, &set(&[TABLES, ("0002_rebuild", REBUILD)])).expect("applies");
    assert_eq!((db.count("parent"), db.count("child")), (2, 3));
    assert_eq!(db.int("PRAGMA foreign_keys"), 1);
    assert!(db.rows("PRAGMA foreign_key_check").is_empty());
}

#[test]
fn a_rebuild_that_loses_rows_others_refer_to_is_undone() {
    let mut db = TestDatabase::new(Engine::Sqlite);
    migrate(&mut db, &set(&[TABLES])).expect("applies");
    let lossy = REBUILD.replace("FROM parent;", "FROM parent WHERE id = 1;");
    let failure = fails(&mut db, &set(&[TABLES, ("0002_rebuild", &lossy)]));
    assert_eq!(failure.cause.kind, DbErrorKind::ForeignKey);
    assert_eq!((db.count("parent"), db.count("child")), (2, 3));
    assert_eq!(db.int("PRAGMA foreign_keys"), 1);
}
