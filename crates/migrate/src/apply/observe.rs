//! What the catalogue says about the things that a statement names, as text to compare. What a difference means is
//! `reconcile`'s.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::db::{Db, DbError, DynRow, Engine, Stmt, quoted};

use super::build;
use crate::lexer::TokenKind;
use crate::split::Statement;

/// Things of the database with their descriptions. A thing that is not there has none.
pub(super) type Things = BTreeMap<String, String>;

/// The names in a statement, whatever they name: quoted ones without their quotes, words as they are.
pub(super) fn names(statement: &Statement) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for token in &statement.tokens {
        let text = statement.text_of(token);
        match token.kind {
            TokenKind::Word => drop(names.insert(text.to_owned())),
            TokenKind::Quoted => {
                let quote = text.chars().next().unwrap_or('"');
                let close = if quote == '[' { ']' } else { quote };
                let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(close)).unwrap_or(text);
                names.insert(inner.replace(&format!("{quote}{quote}"), &quote.to_string()));
            }
            TokenKind::Executable => {
                let inner = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                names.extend(inner.filter(|word| !word.is_empty()).map(str::to_owned));
            }
            TokenKind::Literal | TokenKind::Symbol | TokenKind::Separator | TokenKind::Blank | TokenKind::Meta => {}
        }
    }
    names
}

/// Describes what a statement names.
pub(super) fn observe(db: &mut dyn Db, statement: &Statement) -> Result<Things, DbError> {
    match db.engine() {
        // Everything there takes part in transactions.
        Engine::Sqlite => Ok(Things::new()),
        Engine::Postgres => postgres(db, statement),
        Engine::Mysql => mysql(db, &names(statement)),
    }
}

fn postgres(db: &mut dyn Db, statement: &Statement) -> Result<Things, DbError> {
    let words = statement.words();
    let starts = |expected: &[&str]| words.iter().zip(expected).all(|(word, expected)| word == expected);
    let stmt = if let Some(built) = build::concurrent(statement) {
        return build::indexes(db, &built.table);
    } else if starts(&["DROP", "INDEX"]) {
        Stmt::new("SELECT 'index', to_regclass(").bind(build::last_name(statement)).sql(")::text, ''")
    } else if let Some(partition) = build::detached(statement) {
        Stmt::new(
            "SELECT 'partition', i.inhrelid::regclass::text, coalesce(to_jsonb(i)->>'inhdetachpending', 'false') \
             FROM pg_inherits i WHERE i.inhrelid = to_regclass(",
        )
        .bind(partition)
        .sql(")")
    } else {
        let mut stmt = Stmt::new(
            "SELECT * FROM (SELECT 'database', datname::text AS name, '' FROM pg_database \
             UNION ALL SELECT 'tablespace', spcname::text, '' FROM pg_tablespace \
             UNION ALL SELECT 'subscription', subname::text, '' FROM pg_subscription \
             WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())) things WHERE name IN ",
        );
        push_list(&mut stmt, &names(statement));
        stmt
    };
    Ok(described(&db.rows(&stmt)?))
}

fn mysql(db: &mut dyn Db, names: &BTreeSet<String>) -> Result<Things, DbError> {
    let mut tables = Stmt::new(
        "SELECT IF(TABLE_SCHEMA = DATABASE(), 'table', CONCAT('table ', TABLE_SCHEMA)), TABLE_NAME, TABLE_SCHEMA \
         FROM information_schema.TABLES WHERE (TABLE_SCHEMA = DATABASE() OR TABLE_SCHEMA IN ",
    );
    push_list(&mut tables, names);
    tables.push(") AND TABLE_NAME IN ");
    push_list(&mut tables, names);
    let mut things = Things::new();
    for row in db.rows(&tables)? {
        let full = format!("{}.{}", quoted(Engine::Mysql, row.text(2)), quoted(Engine::Mysql, row.text(1)));
        let shown = db.rows(&Stmt::new(format!("SHOW CREATE TABLE {full}")));
        let text = match shown {
            Ok(rows) => rows.first().map(|row| definition(row.text(1), row.text(0))).unwrap_or_default(),
            Err(error) if error.kind == plimsoll_core::db::DbErrorKind::Lost => return Err(error),
            // A view whose tables are gone cannot be shown, which describes it as well.
            Err(error) => error.message,
        };
        things.insert(format!("{} {}", row.text(0), row.text(1)), text);
    }
    let mut others = Stmt::default();
    for (index, query) in MYSQL_OTHERS.iter().enumerate() {
        others.push(if index == 0 { "" } else { " UNION ALL " });
        others.push(*query);
        push_list(&mut others, names);
    }
    things.extend(described(&db.rows(&others)?));
    Ok(things)
}

const MYSQL_OTHERS: [&str; 4] = [
    "SELECT 'trigger', TRIGGER_NAME, CONCAT_WS('|', ACTION_TIMING, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_STATEMENT) \
     FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME IN ",
    "SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, CONCAT_WS('|', DTD_IDENTIFIER, ROUTINE_DEFINITION, IS_DETERMINISTIC, \
     SQL_DATA_ACCESS, SECURITY_TYPE, ROUTINE_COMMENT, LAST_ALTERED) \
     FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME IN ",
    "SELECT 'event', EVENT_NAME, CONCAT_WS('|', EVENT_DEFINITION, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, STATUS, LAST_ALTERED) \
     FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() AND EVENT_NAME IN ",
    "SELECT 'database', SCHEMA_NAME, CONCAT_WS('|', DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME) \
     FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ",
];

/// A table's definition without its own name, and without the counter that every new row moves.
fn definition(text: &str, name: &str) -> String {
    let named = quoted(Engine::Mysql, name);
    let mut text = text.replacen(&named, "", 1);
    if let Some(start) = text.find(" AUTO_INCREMENT=") {
        let digits = &text[start + " AUTO_INCREMENT=".len()..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        text.replace_range(start..start + " AUTO_INCREMENT=".len() + end, "");
    }
    text
}

pub(super) fn described(rows: &[DynRow]) -> Things {
    let named = rows.iter().filter(|row| !row.at(1).is_null());
    named.map(|row| (format!("{} {}", row.text(0), row.text(1)), row.text(2).to_owned())).collect()
}

fn push_list(stmt: &mut Stmt, names: &BTreeSet<String>) {
    stmt.push("(''");
    for name in names {
        stmt.push(", ");
        stmt.push_bind(name.as_str());
    }
    stmt.push(")");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    #[test]
    fn all_names_of_a_statement_are_found_without_their_quotes() {
        let sql = "ALTER TABLE `a``b` RENAME TO other.c -- d\n";
        let found = names(&split(Engine::Mysql, "m.sql".as_ref(), sql).expect("splits")[0]);
        for name in ["a`b", "other", "c"] {
            assert!(found.contains(name), "{found:?}");
        }
        assert!(!found.contains("d"));
    }

    #[test]
    fn new_rows_and_a_new_name_do_not_change_a_definition() {
        let one = "CREATE TABLE `a` (\n  `id` int\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4";
        let two = one.replace("`a`", "`b`").replace("=17", "=4");
        assert_eq!(definition(one, "a"), definition(&two, "b"));
        assert!(definition(one, "a").contains("DEFAULT CHARSET"));
    }
}
