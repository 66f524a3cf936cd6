//! Finding rows by keys, set-based and in chunks below the engines' limits. Which rows are looked for is the caller's.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use plimsoll_core::db::{Column, ColumnKind, Db, DbError, Engine, Stmt, Value, dialect, quoted};
use serde_json::Value as Json;

use crate::runs::image::{expression, remember};
use crate::value::{canonical, canonical_text, live, to_db};

/// Keys per query: beyond this the text of the statement costs more than another round trip.
const CHUNK: usize = 1_000;

/// Keys per query that tells which row is which key's: every row is compared with every key.
const CASES: usize = 100;

/// One question: rows of a table whose key columns have these values. NULL is a value like any other.
pub(crate) struct Lookup<'a> {
    pub(crate) table: &'a str,
    pub(crate) key: Vec<&'a Column>,
    /// The columns to read.
    pub(crate) select: Vec<&'a Column>,
    /// The columns to read after those, exactly as they are.
    pub(crate) exact: Vec<&'a Column>,
}

/// The rows that were found, by the canonical text of their key.
#[derive(Default)]
pub(crate) struct Found {
    rows: HashMap<String, Vec<Json>>,
    /// Keys that several rows have, and how many.
    several: HashMap<String, usize>,
    /// Keys that were asked for, and the rows that the database says have them although they are written differently.
    equal: HashMap<String, String>,
}

impl Lookup<'_> {
    /// Asks for all keys. Keys that cannot be values of their columns find nothing.
    pub(crate) fn run(&self, db: &mut dyn Db, keys: &[Vec<Json>]) -> Result<Found, DbError> {
        let engine = db.engine();
        let mut found = Found::default();
        let size = self.size(engine);
        if self.finds_nothing(db, keys.len())? {
            return Ok(found);
        }
        for chunk in self.neighbours(keys, size).iter().map(AsRef::as_ref) {
            let Some(stmt) = self.statement(engine, chunk) else { continue };
            let mut seen = HashSet::new();
            for row in db.rows(&stmt)? {
                let text = self.keep(engine, row.into_values(), &mut found);
                if !seen.insert(text.clone()) {
                    *found.several.entry(text).or_insert(1) += 1;
                }
            }
            if !self.key.iter().any(|column| is_loose(engine, column)) {
                continue;
            }
            let asked: Vec<(String, &Vec<Json>)> =
                chunk.iter().filter_map(|key| Some((self.text(key)?, key))).collect();
            let texts: HashSet<&str> = asked.iter().map(|(text, _)| text.as_str()).collect();
            if seen.iter().any(|text| !texts.contains(text.as_str())) {
                let open = asked.into_iter().filter(|(text, _)| !seen.contains(text)).collect();
                self.compare(db, open, &mut found)?;
            }
        }
        Ok(found)
    }

    /// Keys in one question.
    fn size(&self, engine: Engine) -> usize {
        (dialect::max_binds(engine) / self.key.len().max(1)).min(CHUNK)
    }

    /// Whether so many keys need not be asked for, because there are no rows. One question more than there would be, and for a
    /// new table one in place of all.
    pub(crate) fn finds_nothing(&self, db: &mut dyn Db, keys: usize) -> Result<bool, DbError> {
        if keys <= self.size(db.engine()) {
            return Ok(false);
        }
        let any = Stmt::new(format!("SELECT 1 FROM {} LIMIT 1", quoted(db.engine(), self.table)));
        Ok(db.rows(&any)?.is_empty())
    }

    /// Keys in chunks. Those of several columns are brought together with their likes: a question reads every row that has any
    /// of its values in each column, which for keys in any order would be nearly the whole table again and again.
    fn neighbours<'k>(&self, keys: &'k [Vec<Json>], size: usize) -> Vec<Cow<'k, [Vec<Json>]>> {
        if self.key.len() == 1 || keys.len() <= size {
            return keys.chunks(size).map(Cow::Borrowed).collect();
        }
        let mut sorted: Vec<(Vec<String>, &Vec<Json>)> =
            keys.iter().map(|key| (key.iter().map(canonical_text).collect(), key)).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let owned = |chunk: &[(Vec<String>, &Vec<Json>)]| chunk.iter().map(|(_, key)| (*key).clone()).collect();
        sorted.chunks(size).map(|chunk| Cow::Owned(owned(chunk))).collect()
    }

    /// The text under which a key is found.
    pub(crate) fn text(&self, key: &[Json]) -> Option<String> {
        let parts = self.key.iter().zip(key).map(|(column, value)| canonical(column, value).ok());
        Some(canonical_text(&Json::Array(parts.collect::<Option<_>>()?)))
    }

    fn keep(&self, engine: Engine, mut raw: impl Iterator<Item = Value>, found: &mut Found) -> String {
        let read = self.key.iter().chain(&self.select).zip(raw.by_ref());
        let mut values: Vec<Json> = read.map(|(column, value)| live(column, value)).collect();
        values.extend(self.exact.iter().zip(raw).map(|(column, value)| remember(engine, column, value)));
        let rest = values.split_off(self.key.len());
        let text = canonical_text(&Json::Array(values));
        found.rows.insert(text.clone(), rest);
        text
    }

    /// The columns of a query: the common form first, then the exact one.
    fn columns(&self, engine: Engine) -> String {
        let names = self.key.iter().chain(&self.select).map(|column| dialect::read_expr(engine, column));
        let exact = self.exact.iter().map(|column| expression(engine, column));
        names.chain(exact).collect::<Vec<_>>().join(", ")
    }

    /// Whether `Foo` is `foo` is the collation's to say and nobody else's: the database is asked which row has which key,
    /// again and again until the rest has none, because a row may have several.
    fn compare(&self, db: &mut dyn Db, mut open: Vec<(String, &Vec<Json>)>, found: &mut Found) -> Result<(), DbError> {
        let engine = db.engine();
        while !open.is_empty() {
            let mut rest = Vec::new();
            let before = open.len();
            for chunk in open.chunks(CASES) {
                let conditions: Vec<Stmt> = chunk.iter().filter_map(|(_, key)| self.is(engine, key)).collect();
                if conditions.len() < chunk.len() {
                    continue;
                }
                let mut stmt = Stmt::new("SELECT CASE");
                for (number, condition) in conditions.iter().enumerate() {
                    stmt = stmt.sql(" WHEN ").append(condition.clone()).sql(format!(" THEN {number}"));
                }
                stmt.push(format!(" END, {} FROM {} WHERE ", self.columns(engine), quoted(engine, self.table)));
                for (number, condition) in conditions.into_iter().enumerate() {
                    stmt = stmt.sql(if number > 0 { " OR (" } else { "(" }).append(condition).sql(")");
                }
                let mut matched = HashSet::new();
                for row in db.rows(&stmt)? {
                    let number = usize::try_from(row.int(0)).unwrap_or(usize::MAX);
                    let text = self.keep(engine, row.into_values().skip(1), found);
                    let Some((asked, _)) = chunk.get(number) else { continue };
                    if !matched.insert(number) {
                        *found.several.entry(asked.clone()).or_insert(1) += 1;
                    }
                    found.equal.insert(asked.clone(), text);
                }
                let unmatched = chunk.iter().enumerate().filter(|(number, _)| !matched.contains(number));
                rest.extend(unmatched.map(|(_, asked)| asked.clone()));
            }
            if rest.len() == before {
                break;
            }
            open = rest;
        }
        Ok(())
    }

    /// The condition that a row has a key.
    fn is(&self, engine: Engine, key: &[Json]) -> Option<Stmt> {
        let mut stmt = Stmt::default();
        for (position, (column, value)) in self.key.iter().zip(key).enumerate() {
            let and = if position > 0 { " AND " } else { "" };
            let name = quoted(engine, &column.name);
            stmt = match to_db(column, value).ok()? {
                Value::Null => stmt.sql(format!("{and}{name} IS NULL")),
                value => stmt.sql(format!("{and}{name} = ")).bind(value).sql(dialect::write_cast(engine, column)),
            };
        }
        Some(stmt)
    }

    /// Columns are restricted one by one: every engine understands it and uses the key's index. Rows that match the
    /// columns but no key among them are ignored by the caller.
    fn statement(&self, engine: Engine, keys: &[Vec<Json>]) -> Option<Stmt> {
        let mut stmt = Stmt::new(format!("SELECT {} FROM {}", self.columns(engine), quoted(engine, self.table)));
        for (position, column) in self.key.iter().enumerate() {
            let mut values: HashMap<String, _> = HashMap::new();
            let mut null = false;
            for key in keys {
                match to_db(column, &key[position]) {
                    Ok(Value::Null) => null = true,
                    Ok(value) => drop(values.insert(canonical_text(&key[position]), value)),
                    Err(_) => {}
                }
            }
            if values.is_empty() && !null {
                return None;
            }
            let mut values: Vec<_> = values.into_iter().collect();
            values.sort_by(|a, b| a.0.cmp(&b.0));
            let word = if position == 0 { "WHERE" } else { "AND" };
            let name = quoted(engine, &column.name);
            stmt.push(format!(" {word} ({}", if null { format!("{name} IS NULL") } else { String::new() }));
            let cast = dialect::write_cast(engine, column);
            let last = values.len();
            for (index, (_, value)) in values.into_iter().enumerate() {
                stmt.push(match (index, null) {
                    (0, true) => format!(" OR {name} IN ("),
                    (0, false) => format!("{name} IN ("),
                    _ => ", ".to_owned(),
                });
                stmt.push_bind(value);
                stmt.push(cast.as_str());
                if index + 1 == last {
                    stmt.push(")");
                }
            }
            stmt.push(")");
        }
        Some(stmt)
    }
}

impl Found {
    /// The selected columns of the row with a key, then the exact ones.
    pub(crate) fn get(&self, text: &str) -> Option<&Vec<Json>> {
        self.rows.get(self.row(text)?)
    }

    /// The row's own text of a key that was asked for.
    pub(crate) fn row<'t>(&'t self, text: &'t str) -> Option<&'t str> {
        if self.rows.contains_key(text) { Some(text) } else { self.equal.get(text).map(String::as_str) }
    }

    /// As [`Self::get`], and gives the values away. The row is still known to be there, for other spellings of its key.
    pub(crate) fn take(&mut self, text: &str) -> Option<Vec<Json>> {
        let own = self.row(text)?.to_owned();
        self.rows.get_mut(&own).map(std::mem::take)
    }

    /// How many rows have a key.
    pub(crate) fn count(&self, text: &str) -> usize {
        let count = self.several.get(text).copied();
        count.unwrap_or(usize::from(self.row(text).is_some()))
    }
}

/// Whether values that are written differently may be equal.
fn is_loose(engine: Engine, column: &Column) -> bool {
    match (engine, column.kind) {
        (Engine::Postgres, ColumnKind::Text) => {
            column.collation.is_some() || !(column.declared == "text" || column.declared.starts_with("character"))
        }
        (_, ColumnKind::Text | ColumnKind::Other) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_several_columns_are_looked_for_together_with_their_likes() {
        let column = |name: &str| Column { name: name.to_owned(), kind: ColumnKind::Int, ..Column::default() };
        let (a, b) = (column("a"), column("b"));
        let lookup = Lookup { table: "t", key: vec![&a, &b], select: Vec::new(), exact: Vec::new() };
        const SIDE: usize = 100;
        let mut keys: Vec<Vec<Json>> =
            (0..SIDE * SIDE).map(|at| vec![(at / SIDE).into(), (at % SIDE).into()]).collect();
        // In an order that is none.
        keys.sort_by_key(|key| crate::value::hash(&canonical_text(&Json::Array(key.clone()))));
        let chunks = lookup.neighbours(&keys, CHUNK);
        for chunk in &chunks {
            let different = |at: usize| chunk.iter().map(|key| key[at].to_string()).collect::<HashSet<_>>().len();
            assert!(different(0) * different(1) < 2 * CHUNK);
        }
        let mut all: Vec<Vec<Json>> = chunks.iter().flat_map(|chunk| chunk.to_vec()).collect();
        let text = |key: &Vec<Json>| canonical_text(&Json::Array(key.clone()));
        all.sort_by_key(text);
        keys.sort_by_key(text);
        assert_eq!(all, keys);
    }
}
