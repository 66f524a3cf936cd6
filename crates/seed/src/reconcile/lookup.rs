//! Finding rows by keys, set-based and in chunks below the engines' limits. Which rows are looked for is the caller's.

use std::collections::HashMap;

use plimsoll_core::db::{Column, Db, DbError, Engine, Stmt, dialect, quoted};
use serde_json::Value as Json;

use crate::runs::image::{expression, remember};
use crate::value::{canonical, canonical_text, live, to_db};

/// Keys per query: beyond this the text of the statement costs more than another round trip.
const CHUNK: usize = 1_000;

/// One question: rows of a table whose key columns have these values.
pub(crate) struct Lookup<'a> {
    pub(crate) table: &'a str,
    pub(crate) key: Vec<&'a Column>,
    /// The columns to read.
    pub(crate) select: Vec<&'a Column>,
    /// The columns to read after those, exactly as they are.
    pub(crate) exact: Vec<&'a Column>,
}

/// The rows that were found, by the canonical text of their key.
pub(crate) struct Found {
    rows: HashMap<String, Vec<Json>>,
    /// The same rows by a folded key, for collations that find `Foo` when asked for `foo`.
    folded: HashMap<String, String>,
}

impl Lookup<'_> {
    /// Asks for all keys. Keys that cannot be values of their columns find nothing.
    pub(crate) fn run(&self, db: &mut dyn Db, keys: &[Vec<Json>]) -> Result<Found, DbError> {
        let engine = db.engine();
        let mut found = Found { rows: HashMap::new(), folded: HashMap::new() };
        let size = (dialect::max_binds(engine) / self.key.len().max(1)).min(CHUNK);
        for chunk in keys.chunks(size) {
            let Some(stmt) = self.statement(engine, chunk) else { continue };
            for row in db.rows(&stmt)? {
                let mut raw = row.into_values();
                let read = self.key.iter().chain(&self.select).zip(raw.by_ref());
                let mut values: Vec<Json> = read.map(|(column, value)| live(column, value)).collect();
                values.extend(self.exact.iter().zip(raw).map(|(column, value)| remember(engine, column, value)));
                let rest = values.split_off(self.key.len());
                let text = canonical_text(&Json::Array(values));
                found.folded.insert(fold(&text), text.clone());
                found.rows.insert(text, rest);
            }
        }
        Ok(found)
    }

    /// The text under which a key is found.
    pub(crate) fn text(&self, key: &[Json]) -> Option<String> {
        let parts = self.key.iter().zip(key).map(|(column, value)| canonical(column, value).ok());
        Some(canonical_text(&Json::Array(parts.collect::<Option<_>>()?)))
    }

    /// Columns are restricted one by one: every engine understands it and uses the key's index. Rows that match the
    /// columns but no key among them are ignored by the caller.
    fn statement(&self, engine: Engine, keys: &[Vec<Json>]) -> Option<Stmt> {
        let names: Vec<String> =
            self.key.iter().chain(&self.select).map(|column| dialect::read_expr(engine, column)).collect();
        let exact: Vec<String> = self.exact.iter().map(|column| expression(engine, column)).collect();
        let names = [names, exact].concat();
        let mut stmt = Stmt::new(format!("SELECT {} FROM {}", names.join(", "), quoted(engine, self.table)));
        for (position, column) in self.key.iter().enumerate() {
            let mut values: HashMap<String, _> = HashMap::new();
            for key in keys {
                if let Ok(value) = to_db(column, &key[position]) {
                    values.insert(canonical_text(&key[position]), value);
                }
            }
            if values.is_empty() {
                return None;
            }
            let mut values: Vec<_> = values.into_iter().collect();
            values.sort_by(|a, b| a.0.cmp(&b.0));
            let word = if position == 0 { "WHERE" } else { "AND" };
            stmt.push(format!(" {word} {} IN (", quoted(engine, &column.name)));
            let cast = dialect::write_cast(engine, column);
            for (index, (_, value)) in values.into_iter().enumerate() {
                if index > 0 {
                    stmt.push(", ");
                }
                stmt.push_bind(value);
                stmt.push(cast.as_str());
            }
            stmt.push(")");
        }
        Some(stmt)
    }
}

impl Found {
    /// The selected columns of the row with a key, then the exact ones.
    pub(crate) fn get(&self, text: &str) -> Option<&Vec<Json>> {
        self.rows.get(text).or_else(|| self.rows.get(self.folded.get(&fold(text))?))
    }
}

fn fold(text: &str) -> String {
    text.to_lowercase().replace(" \"", "\"")
}
