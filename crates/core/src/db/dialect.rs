//! The differences of the engines as pure text rules, tested without a server. What a database contains is `catalog`'s.

use super::{Column, ColumnKind, Engine};

/// Most binds one statement may carry, with room for engines that were built with less than their documentation says.
#[must_use]
pub fn max_binds(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => 32_000,
        Engine::Postgres | Engine::Mysql => 65_000,
    }
}

/// An identifier in the engine's quotes.
#[must_use]
pub fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Mysql => format!("`{}`", name.replace('`', "``")),
        Engine::Sqlite | Engine::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A string literal, for the few places where a statement cannot be prepared.
#[must_use]
pub fn literal(engine: Engine, text: &str) -> String {
    match engine {
        Engine::Mysql => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        Engine::Sqlite | Engine::Postgres => format!("'{}'", text.replace('\'', "''")),
    }
}

/// Whether DDL takes part in transactions.
#[must_use]
pub fn transactional_ddl(engine: Engine) -> bool {
    !matches!(engine, Engine::Mysql)
}

/// The statement that lets nobody else write to a table until the transaction ends, while all may read it. None where a
/// transaction that writes is alone anyway.
#[must_use]
pub fn lock_against_writers(engine: Engine, table: &str) -> Option<String> {
    let table = quoted(engine, table);
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")),
        // LOCK TABLES would end the transaction; this locks all rows, and the gaps between them.
        Engine::Mysql => Some(format!("SELECT count(*) FROM {table} FOR UPDATE")),
    }
}

/// As [`lock_against_writers`], and nobody can make a row of another table refer to one of this table either.
#[must_use]
pub fn lock_against_references(engine: Engine, table: &str) -> Option<String> {
    match engine {
        // Checking a foreign key locks the row that is referred to, which all but this mode let happen.
        Engine::Postgres => Some(format!("LOCK TABLE {} IN EXCLUSIVE MODE", quoted(engine, table))),
        Engine::Sqlite | Engine::Mysql => lock_against_writers(engine, table),
    }
}

/// The type of a short text that can be a key.
#[must_use]
pub fn key_type(engine: Engine) -> &'static str {
    match engine {
        // 191 characters of utf8mb4 fit the smallest index limit in use.
        Engine::Mysql => "VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        Engine::Sqlite | Engine::Postgres => "TEXT",
    }
}

/// The type of a text of any length.
#[must_use]
pub fn text_type(engine: Engine) -> &'static str {
    match engine {
        // The database's own character set may not have all that rows and scripts have.
        Engine::Mysql => "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        Engine::Sqlite | Engine::Postgres => "TEXT",
    }
}

/// What goes after a bound text so that the column takes it: PostgreSQL wants the column's own type named.
#[must_use]
pub fn write_cast(engine: Engine, column: &Column) -> String {
    match engine {
        Engine::Postgres => match column.kind {
            ColumnKind::Bytes => String::new(),
            // Others of the family compare in their own way (citext), which a bound text would not.
            ColumnKind::Text if is_plain_text(&column.declared) => String::new(),
            _ => format!("::text::{}", column.declared),
        },
        Engine::Sqlite | Engine::Mysql => String::new(),
    }
}

/// The expression that reads a column in the common form: integers, floats, booleans and bytes as they are, the rest as text.
#[must_use]
pub fn read_expr(engine: Engine, column: &Column) -> String {
    let name = quoted(engine, &column.name);
    match (engine, column.kind) {
        (Engine::Mysql, ColumnKind::Int) if !column.declared.contains("int") => format!("CAST({name} AS UNSIGNED)"),
        (_, ColumnKind::Int | ColumnKind::Float | ColumnKind::Bool | ColumnKind::Bytes) | (Engine::Sqlite, _) => name,
        (Engine::Postgres, ColumnKind::Text) if column.declared == "text" => name,
        (Engine::Postgres, _) => format!("{name}::text"),
        (Engine::Mysql, ColumnKind::Text) => name,
        (Engine::Mysql, _) => format!("CAST({name} AS CHAR)"),
    }
}

fn is_plain_text(declared: &str) -> bool {
    declared == "text" || declared.starts_with("character")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn identifiers_are_quoted_the_way_each_engine_reads_them() {
        assert_eq!(quoted(Engine::Postgres, "us\"er"), "\"us\"\"er\"");
        assert_eq!(quoted(Engine::Mysql, "us`er"), "`us``er`");
    }

    proptest! {
        #[test]
        fn quoting_round_trips(name in "\\PC{1,30}") {
            for (engine, quote) in [(Engine::Sqlite, '"'), (Engine::Postgres, '"'), (Engine::Mysql, '`')] {
                let text = quoted(engine, &name);
                let inner = &text[1..text.len() - 1];
                prop_assert_eq!(inner.replace(&format!("{quote}{quote}"), &quote.to_string()), name.clone());
                prop_assert_eq!(inner.matches(quote).count() % 2, 0);
            }
        }
    }
}
