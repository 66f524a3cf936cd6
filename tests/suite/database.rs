//! What the layer of databases reads of live ones and writes in bulk: keys, schemas with odd names, very wide rows. What is made
//! of it is tested by the areas that use it.

use plimsoll_core::db::{Access, BulkRows, Catalog, DatabaseUrl, DbError, Engine, Value, connect};
use plimsoll_tests::{Deployment, TestDatabase, live_tests, server_tests};

/// Rows of a number and a text of so many bytes.
struct Wide(i64, usize);

impl BulkRows for Wide {
    fn each(&mut self, put: &mut dyn FnMut(&[Value]) -> Result<(), DbError>) -> Result<(), DbError> {
        (0..self.0).try_for_each(|number| put(&[Value::Int(number), Value::Text("x".repeat(self.1))]))
    }
}

fn catalog(db: &mut TestDatabase) -> Catalog {
    Catalog::read(db.db()).expect("the catalogue is readable")
}

/// The foreign keys of a table: columns, table, its columns.
fn foreign(db: &mut TestDatabase, table: &str) -> Vec<String> {
    let keys = &catalog(db).tables[table].foreign_keys;
    keys.iter().map(|key| format!("{} -> {} {}", key.columns.join(" "), key.table, key.references.join(" "))).collect()
}

live_tests! {
    fn rows_that_are_too_wide_for_one_statement_together_are_sent_in_several(db: &mut TestDatabase) {
        // 24 MB; servers take 16 MiB in one statement unless they are told otherwise.
        db.run("CREATE TABLE wide (id INTEGER, text TEXT)");
        assert_eq!(db.db().bulk_load("wide", &["id", "text"], &mut Wide(600, 40_000)).expect("loads"), 600);
        assert_eq!(db.int("SELECT count(DISTINCT id) FROM wide WHERE length(text) = 40000"), 600);
    }

    fn a_foreign_key_is_spelled_as_what_it_refers_to(db: &mut TestDatabase) {
        db.run("CREATE TABLE owner (id INTEGER PRIMARY KEY)");
        // Names of tables differ by their case on servers whose files do.
        let table = if db.engine() == Engine::Mysql { "owner" } else { "OWNER" };
        db.run(&format!("CREATE TABLE pet (owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES {table} (ID))"));
        assert_eq!(foreign(db, "pet"), ["owner_id -> owner id"]);
        if db.engine() == Engine::Sqlite {
            db.run("CREATE TABLE toy (owner_id INTEGER REFERENCES Owner)");
            assert_eq!(foreign(db, "toy"), ["owner_id -> owner id"]);
        }
    }
}

server_tests! {
    fn an_index_over_a_part_of_a_column_makes_no_key_of_the_others(db: &mut TestDatabase) {
        db.run("CREATE TABLE page (site INTEGER, path VARCHAR(200), slug VARCHAR(20))");
        db.run("CREATE UNIQUE INDEX whole ON page (site, slug)");
        db.run(match db.engine() {
            Engine::Mysql => "CREATE UNIQUE INDEX part ON page (site, path(10))",
            Engine::Postgres | Engine::Sqlite => "CREATE UNIQUE INDEX part ON page (site, left(path, 10))",
        });
        let keys = catalog(db).tables["page"].unique_keys.clone();
        assert_eq!(keys.iter().map(|key| (key.name.as_str(), key.columns.len())).collect::<Vec<_>>(), [("whole", 2)]);
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
mod postgres {
    use super::*;

    #[test]
    fn a_foreign_key_with_partitions_on_either_side_is_there_once_for_each_table() {
        let mut db = TestDatabase::new(Engine::Postgres);
        for sql in [
            "CREATE TABLE owner (id INTEGER PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE owner_1 PARTITION OF owner FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE owner_2 PARTITION OF owner FOR VALUES FROM (10) TO (20)",
            "CREATE TABLE pet (owner_id INTEGER REFERENCES owner) PARTITION BY RANGE (owner_id)",
            "CREATE TABLE pet_1 PARTITION OF pet FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE toy (owner_id INTEGER REFERENCES owner)",
        ] {
            db.run(sql);
        }
        for table in ["pet", "pet_1", "toy"] {
            assert_eq!(foreign(&mut db, table), ["owner_id -> owner id"], "{table}");
        }
    }

    #[test]
    fn a_schema_may_have_a_name_that_has_to_be_quoted() {
        let mut db = TestDatabase::new(Engine::Postgres);
        db.run("CREATE SCHEMA \"My-App\"");
        db.run("CREATE TABLE elsewhere (id INTEGER PRIMARY KEY)");
        let text = format!("{}?schema=My-App", db.url_text());
        let url = DatabaseUrl::parse(&text, "/".as_ref()).expect("a good URL");
        let mut inside = connect(&url, Access::Write).expect("opens");
        inside
            .batch(
                "CREATE TABLE a (id INTEGER PRIMARY KEY, other INTEGER REFERENCES public.elsewhere, n INTEGER UNIQUE)",
            )
            .expect("makes a table");
        let catalog = Catalog::read(&mut *inside).expect("the catalogue is readable");
        assert_eq!(catalog.tables.keys().collect::<Vec<_>>(), ["a"]);
        let table = &catalog.tables["a"];
        assert_eq!((table.primary_key.len(), table.unique_keys.len()), (1, 1));
        assert_eq!(table.foreign_keys[0].schema.as_deref(), Some("public"));
        inside.batch("DROP TABLE a").expect("drops it");
        // And the schema of the other end.
        db.run("CREATE TABLE \"My-App\".there (id INTEGER PRIMARY KEY)");
        db.run("CREATE TABLE here (id INTEGER REFERENCES \"My-App\".there)");
        let keys = Catalog::read(db.db()).expect("the catalogue is readable").tables["here"].foreign_keys.clone();
        assert_eq!(keys[0].schema.as_deref(), Some("My-App"));
        db.run("DROP TABLE here; DROP TABLE \"My-App\".there");

        let harbour = Deployment::of_harbour().env("DATABASE_URL", &text).env("HF_SUPERADMIN_TOKEN", "t0ken");
        let _ = harbour.run(&["migrate", "up", "staging", "--yes"]).exits(0);
        let _ = harbour.run(&["seed", "apply", "staging", "--yes"]).exits(0);
        let again = harbour.run(&["seed", "apply", "staging", "--yes"]).exits(0);
        assert!(again.stdout.contains("0 to create, 0 to update, 4 unchanged"), "{}", again.text());
        let _ = harbour.run(&["counts", "staging"]).exits(0);
        assert_eq!(db.tables(), ["elsewhere"]);
    }
}
