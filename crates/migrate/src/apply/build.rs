//! Indexes that PostgreSQL builds, rebuilds and drops beside other work, and what is left when that is interrupted. What to
//! do about the statement itself is `reconcile`'s.

use plimsoll_core::db::{Db, DbError, Engine, Stmt};

use super::observe::{Things, described};
use crate::classify::{self, ConcurrentIndex};
use crate::lexer::TokenKind;
use crate::split::Statement;

/// Where an index is not ready, and nobody works on it.
const UNFINISHED: &str = "NOT i.indisvalid AND NOT EXISTS \
     (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)";

/// A definition that is equal for equal indexes of any name.
const DEFINITION: &str =
    "regexp_replace(pg_get_indexdef(i.indexrelid), '^(CREATE (UNIQUE )?INDEX) .*? ON ', '\\1 ON ')";

/// An index that is built concurrently, with a name or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) name: Option<String>,
    /// As the statement writes it.
    pub(super) table: String,
}

/// The index that a statement builds concurrently.
pub(super) fn concurrent(statement: &Statement) -> Option<Build> {
    if let Some(ConcurrentIndex { name, table }) = classify::concurrent_index(Engine::Postgres, statement) {
        return Some(Build { name: Some(name), table });
    }
    let words = statement.words();
    let builds = words.first().is_some_and(|word| word == "CREATE")
        && words.iter().take(3).any(|word| word == "INDEX")
        && classify::refuses_transaction(Engine::Postgres, statement);
    let on = position(statement, "on").filter(|_| builds)?;
    let only = statement.tokens.get(on + 1).filter(|token| statement.text_of(token).eq_ignore_ascii_case("only"));
    Some(Build { name: None, table: dotted(statement, on + 1 + usize::from(only.is_some())) })
}

/// The partition of `ALTER TABLE .. DETACH PARTITION .. CONCURRENTLY`, as written.
pub(super) fn detached(statement: &Statement) -> Option<String> {
    let words = statement.words();
    let detaches = words.iter().any(|word| word == "DETACH") && words.last().is_some_and(|word| word == "CONCURRENTLY");
    let partition = position(statement, "partition").filter(|_| detaches)?;
    Some(dotted(statement, partition + 1))
}

/// The name that a `DROP INDEX` ends with, as written.
pub(super) fn last_name(statement: &Statement) -> String {
    let is_end = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "cascade" | "restrict");
    let mut name = String::new();
    for token in statement.tokens.iter().rev().skip_while(|token| is_end(statement.text_of(token))) {
        let text = statement.text_of(token);
        let part = matches!(token.kind, TokenKind::Word | TokenKind::Quoted);
        if text != "." && (!part || (!name.is_empty() && !name.starts_with('.'))) {
            break;
        }
        name.insert_str(0, text);
    }
    name
}

/// The indexes of a table: ready or not, and how they are defined.
pub(super) fn indexes(db: &mut dyn Db, table: &str) -> Result<Things, DbError> {
    let stmt = Stmt::new(format!(
        "SELECT 'index', i.indexrelid::regclass::text, i.indisvalid::text || ' ' || {DEFINITION} \
         FROM pg_index i WHERE i.indrelid = to_regclass("
    ))
    .bind(table)
    .sql(")");
    Ok(described(&db.rows(&stmt)?))
}

/// The unfinished index that stands in the way of a build with this name.
pub(super) fn unfinished_of(db: &mut dyn Db, build: &Build) -> Result<Vec<String>, DbError> {
    let Some(name) = &build.name else { return Ok(Vec::new()) };
    let stmt = Stmt::new(format!(
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE {UNFINISHED} AND i.indrelid = to_regclass("
    ))
    .bind(build.table.as_str())
    .sql(") AND c.relname = ")
    .bind(name.as_str());
    texts(db, &stmt)
}

/// Unfinished indexes of a table that are not among `known` and so are of the run that was killed.
pub(super) fn unfinished_since(db: &mut dyn Db, build: &Build, known: &Things) -> Result<Vec<String>, DbError> {
    let stmt = Stmt::new(format!(
        "SELECT i.indexrelid::regclass::text FROM pg_index i WHERE {UNFINISHED} AND i.indrelid = to_regclass("
    ))
    .bind(build.table.as_str())
    .sql(")");
    let found = texts(db, &stmt)?;
    Ok(found.into_iter().filter(|name| !known.contains_key(&format!("index {name}"))).collect())
}

/// Unfinished indexes that say the same as a finished one of the table: left by builds whose index got another name.
pub(super) fn unfinished_twins(db: &mut dyn Db, build: &Build) -> Result<Vec<String>, DbError> {
    let twin = DEFINITION.replace("i.indexrelid", "t.indexrelid");
    let stmt = Stmt::new(format!(
        "SELECT i.indexrelid::regclass::text FROM pg_index i WHERE {UNFINISHED} AND EXISTS (SELECT 1 FROM pg_index t \
         WHERE t.indrelid = i.indrelid AND t.indisvalid AND {twin} = {DEFINITION}) AND i.indrelid = to_regclass("
    ))
    .bind(build.table.as_str())
    .sql(")");
    texts(db, &stmt)
}

/// What interrupted `REINDEX CONCURRENTLY` left of the tables and indexes that a statement names, or of all for a schema.
pub(super) fn unfinished_copies(db: &mut dyn Db, statement: &Statement) -> Result<Vec<String>, DbError> {
    let words = statement.words();
    let reindexes = words.first().is_some_and(|word| word == "REINDEX");
    if !reindexes || !words.iter().any(|word| word == "CONCURRENTLY") {
        return Ok(Vec::new());
    }
    let mut stmt = Stmt::new(format!(
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE {UNFINISHED} AND c.relname ~ '_cc(new|old)[0-9]*$' AND i.indrelid::regclass::text NOT LIKE 'pg_toast.%'"
    ));
    let whole = words.iter().any(|word| matches!(word.as_str(), "SCHEMA" | "DATABASE" | "SYSTEM"));
    if !whole {
        let named = last_name(statement);
        stmt.push(" AND i.indrelid IN (SELECT to_regclass(");
        stmt.push_bind(named.as_str());
        stmt.push(")::oid UNION ALL SELECT o.indrelid FROM pg_index o WHERE o.indexrelid = to_regclass(");
        stmt.push_bind(named.as_str());
        stmt.push(")::oid)");
    }
    texts(db, &stmt)
}

/// Drops indexes without standing in anybody's way.
pub(super) fn drop_all(db: &mut dyn Db, indexes: Vec<String>, mut dropped: impl FnMut(String)) -> Result<(), DbError> {
    for index in indexes {
        // Built by the server's own quoting.
        db.batch(&format!("DROP INDEX CONCURRENTLY IF EXISTS {index}"))?;
        dropped(index);
    }
    Ok(())
}

fn texts(db: &mut dyn Db, stmt: &Stmt) -> Result<Vec<String>, DbError> {
    Ok(db.rows(stmt)?.iter().map(|row| row.text(0).to_owned()).collect())
}

fn position(statement: &Statement, word: &str) -> Option<usize> {
    statement
        .tokens
        .iter()
        .position(|token| token.kind == TokenKind::Word && statement.text_of(token).eq_ignore_ascii_case(word))
}

/// A name with its schema, if it has one, from a token on.
fn dotted(statement: &Statement, from: usize) -> String {
    let mut name = String::new();
    let mut tokens = statement.tokens.iter().skip(from).map(|token| statement.text_of(token)).peekable();
    while let Some(part) = tokens.next() {
        name.push_str(part);
        match tokens.next_if(|text| *text == ".") {
            Some(_) => name.push('.'),
            None => break,
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    fn first(sql: &str) -> Statement {
        split(Engine::Postgres, "m.sql".as_ref(), sql).expect("splits").remove(0)
    }

    #[test]
    fn the_table_of_a_build_is_found_with_and_without_a_name() {
        let build = |sql| concurrent(&first(sql)).map(|build| (build.name, build.table));
        assert_eq!(build("CREATE INDEX CONCURRENTLY ON ONLY app.\"T\" (a)"), Some((None, "app.\"T\"".to_owned())));
        assert_eq!(build("CREATE INDEX CONCURRENTLY i ON t (a)"), Some((Some("i".to_owned()), "t".to_owned())));
        assert_eq!(build("CREATE INDEX i ON t (a)"), None);
    }

    #[test]
    fn the_name_at_the_end_of_a_statement_keeps_its_schema() {
        assert_eq!(last_name(&first("DROP INDEX CONCURRENTLY IF EXISTS app.\"I\" CASCADE")), "app.\"I\"");
        assert_eq!(last_name(&first("REINDEX INDEX CONCURRENTLY i")), "i");
        assert_eq!(detached(&first("ALTER TABLE p DETACH PARTITION app.c CONCURRENTLY")).as_deref(), Some("app.c"));
    }
}
