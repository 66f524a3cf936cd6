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

/// What goes after a bound text so that the column takes it: PostgreSQL wants the column's type named, see [`bound_type`].
#[must_use]
pub fn write_cast(engine: Engine, column: &Column) -> String {
    match engine {
        Engine::Postgres => match column.kind {
            ColumnKind::Bytes => String::new(),
            // Others of the family compare in their own way (citext), which a bound text would not.
            ColumnKind::Text if is_plain_text(&column.declared) => String::new(),
            _ => format!("::text::{}", bound_type(column)),
        },
        Engine::Sqlite | Engine::Mysql => String::new(),
    }
}

/// What a text is called for a column of PostgreSQL. The column's type, but without a length: a type that is named cuts off what
/// is too long and fills up what is too short without a word, where a column that is assigned to refuses it.
#[must_use]
pub fn bound_type(column: &Column) -> String {
    without_length(column.base.as_ref().unwrap_or(&column.declared)).unwrap_or_else(|| column.declared.clone())
}

/// A type of texts or bits of PostgreSQL without its length, lists of them too; nothing for all others.
#[must_use]
pub fn without_length(declared: &str) -> Option<String> {
    let (family, rest) = declared.split_once('(')?;
    let (_, brackets) = rest.split_once(')')?;
    let family = match family {
        // Without quotes, and as `character`, they have a length of one.
        "bit" => "\"bit\"",
        "character" => "bpchar",
        "bit varying" | "character varying" => family,
        _ => return None,
    };
    Some(format!("{family}{brackets}"))
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

    #[test]
    fn texts_for_postgres_are_called_by_a_type_that_cuts_nothing_off() {
        for (declared, base, expected) in [
            ("bit(4)", None, "\"bit\""),
            ("bit varying(4)[]", None, "bit varying[]"),
            ("character(5)[]", None, "bpchar[]"),
            ("code", Some("character varying(3)"), "character varying"),
            ("small", Some("integer"), "small"),
            ("numeric(4,2)[]", None, "numeric(4,2)[]"),
            ("\"char\"", None, "\"char\""),
        ] {
            let (declared, base) = (declared.to_owned(), base.map(str::to_owned));
            assert_eq!(bound_type(&Column { declared, base, ..Column::default() }), expected);
        }
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
