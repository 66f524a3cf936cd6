//! What is said about tables and columns beyond their types: choices of enumerations, collations of keys, triggers that fill
//! rows in, policies that hide them. Types and keys are read by the files beside this one.

use std::collections::BTreeMap;

use super::{Table, Whole};
use crate::db::{Db, DbError, Engine, Stmt};

/// Reads what holds for tables that are known already.
pub(super) fn read(db: &mut dyn Db, tables: &mut BTreeMap<String, Table>) -> Result<(), DbError> {
    match db.engine() {
        Engine::Sqlite => {
            for row in db.rows(&Stmt::new(COLLATIONS_SQLITE))? {
                if let Some(column) = column(tables, row.text(0), row.text(1)) {
                    column.collation = Some(row.text(2).to_owned());
                }
            }
        }
        Engine::Postgres => {
            for row in db.rows(&Stmt::new(CHOICES_POSTGRES))? {
                if let Some(column) = column(tables, row.text(0), row.text(1)) {
                    column.choices.push(row.text(2).to_owned());
                }
            }
            for row in db.rows(&Stmt::new(TABLES_POSTGRES))? {
                if let Some(table) = tables.get_mut(row.text(0)) {
                    table.fills_rows = row.int(1) != 0;
                    table.hides_rows = row.int(2) != 0;
                }
            }
        }
        Engine::Mysql => {
            for row in db.rows(&Stmt::new(TRIGGERS_MYSQL))? {
                if let Some(table) = tables.get_mut(row.text(0)) {
                    table.fills_rows = true;
                }
            }
        }
    }
    Ok(())
}

/// The texts of `enum('a','b')` and `set('a','b')`.
pub(super) fn choices(declared: &str) -> Vec<String> {
    let Some((word, rest)) = declared.split_once('(') else { return Vec::new() };
    if !matches!(word.to_lowercase().as_str(), "enum" | "set") {
        return Vec::new();
    }
    let mut choices = Vec::new();
    let mut rest = rest;
    while let Some(start) = rest.find('\'') {
        let mut text = String::new();
        let mut letters = rest[start + 1..].char_indices().peekable();
        let mut end = rest.len();
        while let Some((at, letter)) = letters.next() {
            if letter != '\'' {
                text.push(letter);
            } else if letters.peek().is_some_and(|(_, next)| *next == '\'') {
                letters.next();
                text.push('\'');
            } else {
                end = start + 1 + at + 1;
                break;
            }
        }
        choices.push(text);
        rest = &rest[end..];
    }
    choices
}

/// The size of a type of whole numbers. SQLite keeps 64 bits whatever the type is called.
pub(super) fn whole(engine: Engine, declared: &str) -> Option<Whole> {
    let lower = declared.to_lowercase();
    let bits = match (engine, lower.split(['(', ' ']).next().unwrap_or_default()) {
        (Engine::Sqlite, _) | (_, "bigint" | "int8") => 64,
        (_, "int" | "integer" | "int4") => 32,
        (_, "mediumint") => 24,
        (_, "smallint" | "int2") => 16,
        (_, "tinyint") => 8,
        (Engine::Mysql, "bit") => {
            let size = lower.split_once('(')?.1.trim_end_matches(')').parse().ok()?;
            return Some(Whole { bits: size, unsigned: true });
        }
        _ => return None,
    };
    Some(Whole { bits, unsigned: lower.contains("unsigned") && engine == Engine::Mysql })
}

/// The digits of a second that times keep: MySQL drops all of them unless some are asked for. SQLite keeps what is written.
pub(super) fn digits(engine: Engine, declared: &str) -> Option<u8> {
    let lower = declared.to_lowercase();
    if !["timestamp", "datetime", "time"].iter().any(|word| lower.split(['(', ' ']).next() == Some(*word)) {
        return None;
    }
    let given = lower.split_once('(').and_then(|(_, rest)| rest.split_once(')')?.0.parse().ok());
    match engine {
        Engine::Sqlite => given,
        Engine::Postgres => Some(given.unwrap_or(6)),
        Engine::Mysql => Some(given.unwrap_or(0)),
    }
}

/// The bytes that `binary(n)` is filled up to, which only MySQL does: elsewhere such a name means nothing.
pub(super) fn pads(engine: Engine, declared: &str) -> Option<usize> {
    let lower = declared.to_lowercase();
    let fixed = engine == Engine::Mysql && lower.split('(').next() == Some("binary");
    fixed.then(|| lower.split_once('(').and_then(|(_, rest)| rest.split(')').next()?.parse().ok()).unwrap_or(1))
}

/// Whether a float has four bytes. SQLite keeps eight, whatever the type is called, and so does MySQL's `real`.
pub(super) fn is_narrow(engine: Engine, declared: &str) -> bool {
    let lower = declared.to_lowercase();
    let base = lower.split(['(', ' ']).next().unwrap_or_default();
    match engine {
        Engine::Sqlite => false,
        Engine::Postgres => matches!(base, "real" | "float4"),
        Engine::Mysql => base == "float",
    }
}

fn column<'a>(tables: &'a mut BTreeMap<String, Table>, table: &str, column: &str) -> Option<&'a mut super::Column> {
    tables.get_mut(table)?.columns.iter_mut().find(|known| known.name == column)
}

/// Table, column, collation of what is a key; other columns are only ever compared byte by byte.
const COLLATIONS_SQLITE: &str = "SELECT DISTINCT m.name, i.name, i.coll FROM sqlite_schema m \
    JOIN pragma_index_list(m.name) l JOIN pragma_index_xinfo(l.name) i \
    WHERE m.type = 'table' AND l.\"unique\" AND i.key AND i.name IS NOT NULL AND upper(i.coll) <> 'BINARY'";

/// Table, column, choice.
const CHOICES_POSTGRES: &str = "SELECT c.relname::text, a.attname::text, e.enumlabel::text FROM pg_class c \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    JOIN pg_enum e ON e.enumtypid = a.atttypid \
    WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1, 2, e.enumsortorder";

/// Table, whether a trigger sees rows before they are inserted, whether policies may hide rows: all but those that let this user
/// see everything.
const TABLES_POSTGRES: &str = "SELECT c.relname::text, \
    EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgenabled <> 'D' AND g.tgtype & 7 = 7), \
    CASE WHEN c.relrowsecurity THEN row_security_active(c.oid) AND (NOT EXISTS (SELECT 1 FROM pg_policy p \
    WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'r') \
    AND pg_get_expr(p.polqual, p.polrelid) = 'true' \
    AND EXISTS (SELECT 1 FROM unnest(p.polroles) r WHERE r = 0 OR pg_has_role(current_user, r, 'usage'))) \
    OR EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd IN ('*', 'r'))) \
    ELSE false END \
    FROM pg_class c WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p') \
    AND (c.relhastriggers OR c.relrowsecurity)";

const TRIGGERS_MYSQL: &str = "SELECT DISTINCT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS \
    WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND ACTION_TIMING = 'BEFORE' AND EVENT_MANIPULATION = 'INSERT'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_with_their_quotes_and_commas() {
        assert_eq!(choices("enum('a','it''s','x,y','')"), ["a", "it's", "x,y", ""]);
        assert_eq!(choices("set('é','b')"), ["é", "b"]);
        assert_eq!(choices("varchar(20)"), Vec::<String>::new());
    }

    #[test]
    fn what_a_type_is_called_means_what_it_means_to_its_engine() {
        assert_eq!(pads(Engine::Mysql, "binary(16)"), Some(16));
        assert_eq!(pads(Engine::Mysql, "varbinary(16)"), None);
        assert_eq!(pads(Engine::Sqlite, "binary(16)"), None);
        assert!(is_narrow(Engine::Mysql, "float unsigned") && is_narrow(Engine::Postgres, "real"));
        assert!(!is_narrow(Engine::Sqlite, "real") && !is_narrow(Engine::Sqlite, "float"));
        assert!(!is_narrow(Engine::Postgres, "double precision"));
    }

    #[test]
    fn times_keep_the_digits_of_their_type() {
        assert_eq!(digits(Engine::Mysql, "datetime"), Some(0));
        assert_eq!(digits(Engine::Mysql, "time(3)"), Some(3));
        assert_eq!(digits(Engine::Postgres, "timestamp with time zone"), Some(6));
        assert_eq!(digits(Engine::Sqlite, "DATETIME"), None);
        assert_eq!(digits(Engine::Postgres, "text"), None);
    }

    #[test]
    fn whole_numbers_have_the_size_of_their_type() {
        let range = |engine, declared| whole(engine, declared).map(Whole::range);
        assert_eq!(range(Engine::Postgres, "smallint"), Some((-32_768, 32_767)));
        assert_eq!(range(Engine::Mysql, "bigint(20) unsigned"), Some((0, i128::from(u64::MAX))));
        assert_eq!(range(Engine::Mysql, "bit(8)"), Some((0, 255)));
        assert_eq!(range(Engine::Sqlite, "TINYINT"), Some((i128::from(i64::MIN), i128::from(i64::MAX))));
        assert_eq!(range(Engine::Mysql, "year(4)"), None);
    }
}
