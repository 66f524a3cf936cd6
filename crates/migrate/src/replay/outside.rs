//! Finds statements that would reach outside of a scratch database. What they do inside of it is not looked at.

use plimsoll_core::Location;
use plimsoll_core::db::Engine;

use crate::error::Problem;
use crate::lexer::{Lexer, TokenKind};
use crate::operation::{Object, Operation, Scope, operations};
use crate::source::Migration;
use crate::split::{Statement, split};

use super::unreplayable;

/// Functions of PostgreSQL and SQLite that touch the server, other databases or files.
const FUNCTIONS: &[&str] = &[
    "pg_read_file",
    "pg_read_binary_file",
    "pg_ls_dir",
    "pg_file_write",
    "lo_import",
    "lo_export",
    "pg_reload_conf",
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_rotate_logfile",
    "pg_switch_wal",
    "pg_promote",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_drop_replication_slot",
    "load_extension",
    "load_file",
    "writefile",
    "readfile",
];

/// What all databases of a server share, and the words that change it.
const VERBS: &[&str] = &["create", "alter", "drop", "comment on", "rename"];
const SHARED: &[&str] =
    &["database", "role", "user", "group", "tablespace", "subscription", "server", "foreign data", "logfile"];

/// Words that a statement begins with and that reach outside on MySQL.
const MYSQL: &[&str] = &[
    "grant",
    "revoke",
    "load data",
    "load xml",
    "load index",
    "install",
    "uninstall",
    "flush",
    "kill",
    "shutdown",
    "purge",
    "reset",
    "change master",
    "change replication",
    "start slave",
    "stop slave",
    "set password",
    "set global",
    "set persist",
    "clone",
    "restart",
    "import table",
    "backup",
];

/// Everything in a migration that reaches outside. A file that cannot be split is left to the planner.
pub(crate) fn reaches(engine: Engine, migration: &Migration, databases: &[String]) -> Vec<Problem> {
    let Ok(statements) = split(engine, &migration.file, &migration.sql) else { return Vec::new() };
    let reason = |statement: &Statement| reason(engine, statement, databases).map(|reason| (statement.offset, reason));
    let problem = |(offset, reason): (usize, String)| {
        let at = Location::of_offset(&migration.file, &migration.sql, offset);
        unreplayable(format!(
            "migration `{}` cannot be replayed in a scratch database, because {reason}",
            migration.name
        ))
        .at(at)
    };
    statements.iter().filter_map(reason).map(problem).collect()
}

fn reason(engine: Engine, statement: &Statement, databases: &[String]) -> Option<String> {
    let placed = operations(engine, statement);
    placed
        .iter()
        .find_map(|placed| by_operation(engine, &placed.operation))
        .or_else(|| by_words(engine, statement))
        .or_else(|| by_name(engine, statement, databases))
}

fn by_operation(engine: Engine, operation: &Operation) -> Option<String> {
    let shared = |object: Object| match object {
        Object::Database => Some("database"),
        Object::Role => Some("role"),
        Object::Tablespace => Some("tablespace"),
        Object::Subscription => Some("subscription"),
        Object::Server => Some("foreign server"),
        // Schemas of MySQL are databases.
        Object::Schema if engine == Engine::Mysql => Some("database"),
        _ => None,
    };
    match operation {
        Operation::Use { database } => Some(format!("`USE` changes to the database `{database}`")),
        Operation::Attach => Some("`ATTACH` opens another file".to_owned()),
        Operation::AlterSystem => Some("`ALTER SYSTEM` changes the whole server".to_owned()),
        Operation::Create { object, name, .. } => Some(format!("it makes the {} `{}`", shared(*object)?, name.name)),
        Operation::Drop { object, names, .. } => {
            let name = names.first().map_or("", |name| name.name.as_str());
            Some(format!("it drops the {} `{name}`", shared(*object)?))
        }
        Operation::Alter { object, name, .. } => Some(format!("it changes the {} `{}`", shared(*object)?, name.name)),
        Operation::Rename { object, from, .. } => Some(format!("it renames the {} `{}`", shared(*object)?, from.name)),
        Operation::Set { name, scope: Scope::Global, .. } => Some(format!("it sets `{name}` for the whole server")),
        _ => None,
    }
}

/// By what the words say: those of the statement where it begins, those of code inside of literals anywhere.
fn by_words(engine: Engine, statement: &Statement) -> Option<String> {
    let text = lowered(statement.words());
    let code = code(statement);
    let begins = |phrase: &str| text.starts_with(&format!(" {phrase} ")) || code.contains(&format!(" {phrase} "));
    let has = |phrase: &str| text.contains(&format!(" {phrase} ")) || code.contains(&format!(" {phrase} "));
    for verb in VERBS {
        if let Some(object) = SHARED.iter().find(|object| begins(&format!("{verb} {object}"))) {
            return Some(format!(
                "`{} {}` changes what all databases share",
                verb.to_uppercase(),
                object.to_uppercase()
            ));
        }
    }
    if let Some(function) = FUNCTIONS.iter().find(|function| has(function)) {
        return Some(format!("`{function}` reaches outside of the database"));
    }
    match engine {
        Engine::Postgres => {
            if begins("alter system") {
                return Some("`ALTER SYSTEM` changes the whole server".to_owned());
            }
            if text.starts_with(" copy ") && !has("from stdin") && !has("to stdout") {
                return Some("`COPY` reads or writes a file or a program of the server".to_owned());
            }
            if ["grant", "revoke"].iter().any(|verb| text.starts_with(&format!(" {verb} "))) && !has("on") {
                return Some("roles belong to all databases of the server".to_owned());
            }
            (text.contains(" dblink") || code.contains(" dblink"))
                .then(|| "`dblink` reaches another database".to_owned())
        }
        Engine::Mysql => {
            let words = MYSQL.iter().find(|words| begins(words)).copied();
            let outfile = ["into outfile", "into dumpfile"].into_iter().find(|words| has(words));
            words.or(outfile).map(|words| format!("`{}` reaches outside of the database", words.to_uppercase()))
        }
        Engine::Sqlite => {
            let vacuum = text.starts_with(" vacuum ") && has("into");
            vacuum.then(|| "`VACUUM INTO` writes another file".to_owned())
        }
    }
}

/// The words of the literals that hold code: bodies, and texts that are run as statements.
fn code(statement: &Statement) -> String {
    let words = statement.words();
    let is = |word: &&str| words.iter().take(6).any(|each| each == word);
    let runs = ["DO", "PREPARE", "EXECUTE", "SET"].iter().any(|word| words.first().is_some_and(|first| first == word));
    let is_body = words.first().is_some_and(|word| word == "CREATE") && ["FUNCTION", "PROCEDURE"].iter().any(is);
    if !(runs || is_body) {
        return String::new();
    }
    let literals = statement.tokens.iter().filter(|token| token.kind == TokenKind::Literal);
    let split =
        |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect::<Vec<_>>();
    lowered(literals.flat_map(|token| split(statement.text_of(token))).collect())
}

/// Words in lower case with single spaces, one before and one after each.
fn lowered(words: Vec<String>) -> String {
    let words: Vec<String> =
        words.into_iter().filter(|word| !word.is_empty()).map(|word| word.to_lowercase()).collect();
    format!(" {} ", words.join(" "))
}

/// A name that begins with that of another database. A table may be called like a database; that is then refused for nothing.
fn by_name(engine: Engine, statement: &Statement, databases: &[String]) -> Option<String> {
    if databases.is_empty() {
        return None;
    }
    let mut lexer = Lexer::new(engine, &statement.text);
    let mut before: Option<String> = None;
    let mut follows_dot = false;
    while let Ok(Some(token)) = lexer.next() {
        let text = &statement.text[token.start..token.end];
        match token.kind {
            TokenKind::Word | TokenKind::Quoted => {
                before = (!follows_dot).then(|| text.trim_matches('`').to_lowercase());
                follows_dot = false;
            }
            TokenKind::Symbol if text == "." => {
                follows_dot = true;
                if let Some(database) = before.take().filter(|name| databases.contains(name)) {
                    return Some(format!("it names the database `{database}`"));
                }
            }
            TokenKind::Blank => {}
            _ => {
                before = None;
                follows_dot = false;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(engine: Engine, sql: &str) -> Option<String> {
        let statements = split(engine, "m.sql".as_ref(), sql).expect("splits");
        // As `databases` answers: nothing else has databases that a name could reach.
        let databases = if engine == Engine::Mysql { vec!["app".to_owned(), "mysql".to_owned()] } else { Vec::new() };
        statements.iter().find_map(|statement| reason(engine, statement, &databases))
    }

    #[test]
    fn what_reaches_outside_is_found_on_every_engine() {
        let outside = [
            (Engine::Postgres, "CREATE DATABASE other"),
            (Engine::Postgres, "ALTER ROLE app SET work_mem = '1GB'"),
            (Engine::Postgres, "CREATE USER bob"),
            (Engine::Postgres, "ALTER SYSTEM SET work_mem = '1GB'"),
            (Engine::Postgres, "DO $$ BEGIN CREATE ROLE bob; END $$"),
            (Engine::Postgres, "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p"),
            (Engine::Postgres, "CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw"),
            (Engine::Postgres, "DROP TABLESPACE fast"),
            (Engine::Postgres, "COPY t TO PROGRAM 'gzip > /tmp/t'"),
            (Engine::Postgres, "COPY t FROM '/tmp/t'"),
            (Engine::Postgres, "SELECT dblink_exec('x', 'DROP TABLE t')"),
            (Engine::Postgres, "GRANT admin TO bob"),
            (Engine::Postgres, "COMMENT ON DATABASE app IS 'x'"),
            (Engine::Mysql, "USE app"),
            (Engine::Mysql, "DROP DATABASE app"),
            (Engine::Mysql, "CREATE SCHEMA app2"),
            (Engine::Mysql, "INSERT INTO app.users VALUES (1)"),
            (Engine::Mysql, "INSERT INTO t SELECT * FROM `app` . `users`"),
            (Engine::Mysql, "CREATE VIEW v AS SELECT app.users.id FROM t"),
            (Engine::Mysql, "GRANT SELECT ON t TO bob"),
            (Engine::Mysql, "LOAD DATA INFILE 'x' INTO TABLE t"),
            (Engine::Mysql, "SELECT * FROM t INTO OUTFILE 'x'"),
            (Engine::Mysql, "SET GLOBAL max_connections = 5"),
            (Engine::Mysql, "CREATE USER bob"),
            (Engine::Sqlite, "ATTACH 'other.db' AS other"),
            (Engine::Sqlite, "VACUUM INTO 'copy.db'"),
        ];
        for (engine, sql) in outside {
            assert!(said(engine, sql).is_some(), "{engine}: {sql}");
        }
    }

    #[test]
    fn what_stays_inside_is_let_through() {
        let inside = [
            (Engine::Postgres, "CREATE SCHEMA app; CREATE TABLE app.users (id int, role text, database text)"),
            (Engine::Postgres, "GRANT SELECT ON users TO PUBLIC"),
            (Engine::Postgres, "CREATE TABLE users (name text DEFAULT 'CREATE ROLE')"),
            (Engine::Postgres, "INSERT INTO notes VALUES ('ALTER SYSTEM is a statement')"),
            (Engine::Mysql, "SELECT users.id FROM users WHERE users.name = 'app.x'"),
            (Engine::Mysql, "CREATE TABLE app (id int)"),
            (Engine::Mysql, "ALTER TABLE t DROP user"),
            (Engine::Mysql, "ALTER TABLE t DROP SYSTEM VERSIONING"),
            (Engine::Sqlite, "VACUUM"),
        ];
        for (engine, sql) in inside {
            assert_eq!(said(engine, sql), None, "{engine}: {sql}");
        }
    }
}
