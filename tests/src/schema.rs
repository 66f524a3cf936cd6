//! A rich schema on each engine, and how tests look at schemas. What a difference should say is the tests'.

use std::fmt::Write;

use plimsoll_core::db::Engine;
use plimsoll_migrate::{Schema, compare, split};

use crate::TestDatabase;

/// DDL that uses most of what the engine has.
#[must_use]
pub fn rich(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => include_str!("../fixtures/schema_sqlite.sql"),
        Engine::Postgres => include_str!("../fixtures/schema_postgres.sql"),
        Engine::Mysql => include_str!("../fixtures/schema_mysql.sql"),
    }
}

/// Runs a script statement by statement.
#[track_caller]
pub fn script(db: &mut TestDatabase, sql: &str) {
    let statements = split(db.engine(), std::path::Path::new("script.sql"), sql).expect("is SQL");
    for statement in statements {
        db.run(&statement.text);
    }
}

/// The schema as it is now.
#[track_caller]
pub fn read(db: &mut TestDatabase) -> Schema {
    Schema::read(db.db()).expect("the schema is readable")
}

/// How the schema of a database differs from what it should be, in sentences.
#[track_caller]
pub fn drift(db: &mut TestDatabase, should_be: &Schema) -> Vec<String> {
    compare(&read(db), should_be).iter().map(ToString::to_string).collect()
}

/// A schema as lines that people can review.
#[must_use]
pub fn shown(schema: &Schema) -> String {
    let mut text = String::new();
    for object in schema.objects.values() {
        writeln!(text, "{}", object.key).expect("a text takes all");
        for (name, value) in &object.attributes {
            writeln!(text, "    {name}: {}", value.replace('\n', "\n        ")).expect("a text takes all");
        }
    }
    text
}
