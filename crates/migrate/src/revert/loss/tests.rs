//! Tests of what down scripts lose, engine by engine. Everything in here is pure.

use plimsoll_core::db::Engine;

use super::*;
use crate::split::split;

fn told(engine: Engine, up: &str, down: &str) -> (String, String) {
    let read = |sql| split(engine, "m.sql".as_ref(), sql).expect("splits");
    let (up, down) = (read(up), read(down));
    (listed(&lost(&up, &down)), listed(&empty_again(&up, &down)))
}

fn loses(engine: Engine, down: &str) -> String {
    told(engine, "SELECT 1", down).0
}

#[test]
fn what_takes_no_data_away_loses_nothing() {
    for (engine, sql) in [
        (Engine::Postgres, "DROP INDEX CONCURRENTLY i; DROP VIEW v CASCADE; DROP TRIGGER t ON u; DROP TYPE mood"),
        (Engine::Postgres, "ALTER TABLE t DROP CONSTRAINT c, ALTER COLUMN a DROP NOT NULL, ALTER b SET DEFAULT 1"),
        (Engine::Postgres, "ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME TO u; DROP FUNCTION f"),
        (Engine::Mysql, "ALTER TABLE t DROP PRIMARY KEY, DROP FOREIGN KEY f, DROP INDEX i, DROP CHECK c"),
        (Engine::Mysql, "RENAME TABLE a TO b, c TO d; ALTER TABLE t RENAME u; /*!40101 SET NAMES utf8 */"),
        (Engine::Sqlite, "CREATE TABLE t (a); INSERT INTO t SELECT 1; UPDATE t SET a = 2; SELECT 'DROP TABLE t'"),
        (Engine::Postgres, "ALTER TABLE t ADD COLUMN a int; UPDATE t SET a = b"),
    ] {
        assert_eq!(loses(engine, sql), "", "{sql}");
    }
}

#[test]
fn dropped_tables_and_columns_are_named_as_they_are_written() {
    for (engine, sql, expected) in [
        (Engine::Sqlite, "drop table if exists [a b]", "table `a b`"),
        (Engine::Postgres, "DROP TABLE a, app.\"B\" CASCADE", "table `a`, table `app.B`"),
        (
            Engine::Postgres,
            "ALTER TABLE IF EXISTS ONLY users DROP COLUMN IF EXISTS email, DROP name CASCADE",
            "column `users.email`, column `users.name`",
        ),
        (
            Engine::Mysql,
            "ALTER TABLE `users` DROP `email`, DROP KEY k, DROP COLUMN `key`",
            "column `users.email`, column `users.key`",
        ),
        (Engine::Mysql, "ALTER TABLE t ADD COLUMN x DECIMAL(5,2), DROP y", "column `t.y`"),
        (Engine::Mysql, "CREATE OR REPLACE TABLE t (a INT)", "table `t`"),
        (Engine::Postgres, "ALTER TABLE t DROP a; DELETE FROM t; DROP TABLE t", "table `t`"),
    ] {
        assert_eq!(loses(engine, sql), expected, "{sql}");
    }
}

#[test]
fn rows_values_and_types_are_told_too() {
    for (engine, sql, expected) in [
        (Engine::Sqlite, "DELETE FROM note WHERE id = 1", "rows of `note`"),
        (Engine::Postgres, "TRUNCATE a, b", "rows of `a`, rows of `b`"),
        (Engine::Mysql, "ALTER TABLE t DROP PARTITION p", "rows of `t`"),
        (Engine::Postgres, "UPDATE ONLY app.t SET a = lower(a)", "overwritten values of `app.t`"),
        (Engine::Sqlite, "INSERT OR REPLACE INTO t VALUES (1)", "overwritten values of `t`"),
        (Engine::Postgres, "ALTER TABLE t ALTER COLUMN a SET DATA TYPE int", "what no longer fits `t.a`"),
        (Engine::Mysql, "ALTER TABLE t MODIFY COLUMN a INT NOT NULL", "what no longer fits `t.a`"),
        (
            Engine::Postgres,
            "DROP TYPE mood CASCADE; DROP SCHEMA app",
            "what belongs to type `mood`, what belongs to schema `app`",
        ),
        (Engine::Postgres, "SELECT 1; DO $$ BEGIN DELETE FROM t; END $$", "whatever statement 2 does"),
        (Engine::Postgres, "WITH gone AS (DELETE FROM t RETURNING *) SELECT 1", "whatever statement 1 does"),
        (
            Engine::Mysql,
            "CALL tidy(); /*!80000 DROP TABLE t */",
            "whatever statement 1 does, whatever statement 2 does",
        ),
    ] {
        assert_eq!(loses(engine, sql), expected, "{sql}");
    }
}

#[test]
fn a_table_built_anew_loses_the_columns_that_it_had_and_now_lacks() {
    let down = "CREATE TABLE new (id INTEGER, name TEXT CHECK (name IN ('a', 'b')), PRIMARY KEY (id));
        INSERT INTO new SELECT id, name FROM users; DROP TABLE users; ALTER TABLE new RENAME TO users;";
    let told = |up: &str| told(Engine::Sqlite, up, down).0;
    assert_eq!(told("ALTER TABLE users ADD COLUMN email TEXT"), "column `users.email`");
    let rebuilt = "CREATE TABLE other (id INTEGER, NAME TEXT, age INTEGER); DROP TABLE users;
        ALTER TABLE other RENAME TO users;";
    assert_eq!(told(rebuilt), "column `users.age`");
    assert_eq!(told("CREATE INDEX i ON users (name)"), "what the rebuilt table `users` leaves out");
}

#[test]
fn what_the_migration_had_dropped_comes_back_empty_unless_it_is_filled() {
    let empty = |up, down| told(Engine::Postgres, up, down);
    let none = String::new;
    assert_eq!(empty("DROP TABLE a", "CREATE TABLE a (x int)"), (none(), "table `a`".to_owned()));
    assert_eq!(empty("DROP TABLE a", "CREATE TABLE a AS SELECT * FROM b"), (none(), none()));
    assert_eq!(empty("DROP TABLE a", "CREATE TABLE a (x int); INSERT INTO a SELECT 1"), (none(), none()));
    assert_eq!(
        empty("ALTER TABLE t DROP COLUMN c", "ALTER TABLE t ADD COLUMN c int"),
        (none(), "column `t.c`".to_owned())
    );
    assert_eq!(
        empty("ALTER TABLE t DROP COLUMN c", "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 1"),
        (none(), none())
    );
    assert_eq!(empty("DELETE FROM t", "SELECT 1"), (none(), "rows of `t`".to_owned()));
}
