//! Scratch databases on every engine. What is tried in them is told by `migrate_verify` and `migrate_drift`.

use plimsoll_core::db::{Access, Engine, Stmt, connect, scalar, scratch};
use plimsoll_tests::{live_tests, server_tests};

live_tests! {
    fn a_scratch_database_is_empty_and_the_real_one_is_not_touched(db: &mut TestDatabase) {
        db.run("CREATE TABLE real_one (id INTEGER PRIMARY KEY)");
        let made = scratch::create(db.url(), &db.folder().join("scratch")).expect("is made");
        let mut inside = made.connect().expect("opens");
        assert!(plimsoll_core::db::Catalog::read(&mut *inside).expect("reads").tables.is_empty());
        inside.batch("CREATE TABLE tried (id INTEGER PRIMARY KEY)").expect("runs");
        drop(inside);
        let url = made.url().clone();
        drop(made);
        assert_eq!(db.tables(), ["real_one"]);
        if db.engine() != Engine::Sqlite {
            assert!(connect(&url, Access::Read).is_err(), "it is gone");
        }
    }
}

server_tests! {
    fn what_a_killed_run_left_is_dropped_by_the_next(db: &mut TestDatabase) {
        let left = format!("plimsoll_scratch_1000000_{}_{}", std::process::id(), db.engine());
        db.run(&format!("CREATE DATABASE {left}"));
        drop(scratch::create(db.url(), db.folder()).expect("is made"));
        let stmt = match db.engine() {
            Engine::Postgres => Stmt::new("SELECT count(*) FROM pg_database WHERE datname = "),
            _ => Stmt::new("SELECT count(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = "),
        };
        assert_eq!(scalar(db.db(), &stmt.bind(left)).expect("asks").as_int(), Some(0));
    }
}
