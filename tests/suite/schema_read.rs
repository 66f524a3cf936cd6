//! What the schema of a database is, on each engine, and what is no part of it. How differences read is in `schema_drift_*`.

use plimsoll_core::db::Engine;
use plimsoll_core::lock::{Holder, acquire};
use plimsoll_migrate::{ReadOptions, Schema, compare};
use plimsoll_tests::fault::PATIENCE;
use plimsoll_tests::schema::{drift, read, rich, script, shown};
use plimsoll_tests::snapshot::settled;
use plimsoll_tests::{TestDatabase, live_tests};

live_tests! {
    fn a_rich_schema_is_read_with_all_that_it_has(db: &mut TestDatabase) {
        script(db, rich(db.engine()));
        let schema = read(db);
        settled(|| insta::assert_snapshot!(format!("schema_{}", db.engine().name()), shown(&schema)));
    }

    fn reading_twice_and_building_twice_give_equal_schemas(db: &mut TestDatabase) {
        script(db, rich(db.engine()));
        let (first, second) = (read(db), read(db));
        assert_eq!(first, second);
        // In a database of another name.
        let mut other = TestDatabase::new(db.engine());
        script(&mut other, rich(db.engine()));
        assert_eq!(drift(&mut other, &first), Vec::<String>::new());
        assert_eq!(read(&mut other).fingerprint(), first.fingerprint());
        let json = serde_json::to_string(&first).expect("is JSON");
        assert_eq!(serde_json::from_str::<Schema>(&json).expect("reads"), first);
    }

    fn rows_and_the_positions_of_sequences_are_no_difference(db: &mut TestDatabase) {
        script(db, rich(db.engine()));
        let before = read(db);
        script(db, "INSERT INTO ship (name, length) VALUES ('Ann', 1), ('Bea', 2); INSERT INTO visit (ship_id, day) VALUES (1, '2026-01-01');");
        match db.engine() {
            Engine::Sqlite => db.run("ANALYZE"),
            Engine::Postgres => script(db, "SELECT nextval('ticket'), nextval('ship_number_seq'); ANALYZE; REFRESH MATERIALIZED VIEW harbour.busy;"),
            Engine::Mysql => script(db, "SELECT nextval(ticket); ANALYZE TABLE ship; ALTER TABLE ship AUTO_INCREMENT = 500;"),
        }
        assert_eq!(drift(db, &before), Vec::<String>::new());
        assert_eq!(read(db).fingerprint(), before.fingerprint());
    }

    fn the_ledger_and_diesels_history_are_not_read(db: &mut TestDatabase) {
        script(db, rich(db.engine()));
        let before = read(db);
        db.db().ensure_diesel_history().expect("made");
        drop(acquire(&db.url().clone(), &Holder::new("somebody", "migrate"), PATIENCE).expect("is free"));
        assert!(plimsoll_core::ledger::exists(db.db()).expect("the database answers"));
        assert_eq!(drift(db, &before), Vec::<String>::new());
    }

    fn the_histories_of_other_tools_are_left_out_when_asked_for(db: &mut TestDatabase) {
        let before = read(db);
        let names = ["flyway_schema_history", "_prisma_migrations", "_sqlx_migrations", "schema_migrations", "goose_db_version", "refinery_schema_history"];
        for name in names {
            db.run(&format!("CREATE TABLE {name} (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL)"));
        }
        let without = ReadOptions { without_other_tools: true, ..ReadOptions::default() };
        assert_eq!(compare(&Schema::read_with(db.db(), without).expect("reads"), &before), []);
        assert_eq!(drift(db, &before).len(), names.len());
    }

    fn reading_leaves_the_session_as_it_was(db: &mut TestDatabase) {
        let path = "SHOW search_path";
        if db.engine() == Engine::Postgres {
            db.run("SET search_path = public, pg_catalog");
        }
        let mut other = db.connect();
        db.db().begin().expect("begins");
        read(db);
        db.db().rollback().expect("rolls back");
        read(db);
        if db.engine() == Engine::Postgres {
            assert_eq!(db.texts(path), ["public, pg_catalog"]);
        }
        other.batch("CREATE TABLE not_locked (id INT)").expect("nothing is locked");
    }
}

/// Each pair is the same table, written in two ways that mean the same to the engine.
fn same(db: &mut TestDatabase, pairs: &[(&str, &str)]) {
    for (one, other) in pairs {
        script(db, one);
        let schema = read(db);
        script(db, "DROP TABLE t");
        script(db, other);
        assert_eq!(drift(db, &schema), Vec::<String>::new(), "{one}\n{other}");
        script(db, "DROP TABLE t");
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn what_postgres_takes_as_the_same_is_no_difference() {
    let mut db = TestDatabase::new(Engine::Postgres);
    same(
        &mut db,
        &[
            ("CREATE TABLE t (a int4, b integer)", "CREATE TABLE public.t (a integer, b int)"),
            ("CREATE TABLE t (a varchar(5), b bool)", "CREATE TABLE t (a character varying(5), b boolean)"),
            (
                "CREATE TABLE t (a timestamptz DEFAULT now())",
                "CREATE TABLE t (a timestamp with time zone DEFAULT now())",
            ),
            (
                "CREATE TABLE t (a int PRIMARY KEY)",
                "CREATE TABLE t (a int NOT NULL); ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (a)",
            ),
            (
                "CREATE TABLE t (a int UNIQUE)",
                "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE (a)",
            ),
            ("CREATE TABLE t (a int CHECK (a>0))", "CREATE TABLE t (a int, CONSTRAINT t_a_check CHECK ((a > 0)))"),
            (
                "CREATE TABLE t (a serial)",
                "CREATE SEQUENCE t_a_seq AS integer; CREATE TABLE t (a integer NOT NULL DEFAULT nextval('t_a_seq')); ALTER SEQUENCE t_a_seq OWNED BY t.a",
            ),
            (
                "CREATE TABLE t (a int, b int)",
                "CREATE TABLE t (a int, gone text, b int); ALTER TABLE t DROP COLUMN gone",
            ),
            (
                "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a) WHERE b > 1",
                "CREATE TABLE t (a int, b int); CREATE INDEX i ON public.t USING btree (a ASC) WHERE (b > 1)",
            ),
            (
                "CREATE TABLE t (a numeric(4,0) DEFAULT 1)",
                "CREATE TABLE t (a decimal(4) DEFAULT 2); ALTER TABLE t ALTER a SET DEFAULT 1",
            ),
            (
                "CREATE TABLE t (a text)",
                "CREATE TABLE t (a text NULL, b int); ALTER TABLE t DROP b; COMMENT ON COLUMN t.a IS ''",
            ),
        ],
    );
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
#[test]
fn what_mysql_takes_as_the_same_is_no_difference() {
    let mut db = TestDatabase::new(Engine::Mysql);
    db.run("CREATE TABLE p (id INT PRIMARY KEY)");
    same(
        &mut db,
        &[
            ("CREATE TABLE t (a integer, b bool)", "CREATE TABLE t (a int(11), b tinyint(1))"),
            ("CREATE TABLE t (a timestamp DEFAULT now())", "CREATE TABLE t (a timestamp DEFAULT current_timestamp)"),
            ("CREATE TABLE t (a int DEFAULT NULL)", "CREATE TABLE t (a int)"),
            ("CREATE TABLE t (a int PRIMARY KEY)", "CREATE TABLE t (a int NOT NULL, PRIMARY KEY USING BTREE (a))"),
            (
                "CREATE TABLE t (a int CHECK(a>0), CHECK(a<9))",
                "CREATE TABLE t (a int CHECK ((a > 0)), CHECK (a < 8), CHECK (a<9)); ALTER TABLE t DROP CONSTRAINT CONSTRAINT_1",
            ),
            (
                "CREATE TABLE t (a int, b int, KEY a (a), KEY b (b), FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES p (id))",
                "CREATE TABLE t (a int, b int, KEY a (a), KEY b (b), FOREIGN KEY (b) REFERENCES p (id) ON DELETE RESTRICT); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (id)",
            ),
        ],
    );
}

#[test]
fn what_sqlite_takes_as_the_same_is_no_difference() {
    let mut db = TestDatabase::new(Engine::Sqlite);
    script(&mut db, "CREATE TABLE p (id INTEGER PRIMARY KEY)");
    same(
        &mut db,
        &[
            (
                "CREATE TABLE t (a INTEGER, b TEXT DEFAULT 'x')",
                "create table \"t\" ( [a] integer /* n */ ); ALTER TABLE t ADD COLUMN b text DEFAULT 'x';",
            ),
            (
                "CREATE TABLE t (a INT CHECK (a > 0))",
                "CREATE TABLE t (b INT CHECK (b>0)); ALTER TABLE t RENAME COLUMN b TO a;",
            ),
            ("CREATE TABLE t (a INT REFERENCES p)", "CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (id))"),
            ("CREATE TABLE t (a INT UNIQUE)", "CREATE TABLE t (a INT, CONSTRAINT only UNIQUE (a))"),
            ("CREATE TABLE t (a INT, b INT)", "CREATE TABLE t (a INT, c INT, b INT); ALTER TABLE t DROP COLUMN c"),
            (
                "CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a) WHERE a > 'b'",
                "CREATE TABLE x (a TEXT); CREATE INDEX i ON \"x\" (a ASC) where  a>'b' ; ALTER TABLE x RENAME TO t",
            ),
        ],
    );
}
