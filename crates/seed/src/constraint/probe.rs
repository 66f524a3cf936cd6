//! What only the database can tell about rows that are to be written: who has a unique value, whether a row referred to is
//! there, which keys its collation takes for one. A repetition of unchanged files asks nothing.

use std::collections::{HashMap, HashSet};

use plimsoll_core::db::{Catalog, Column, Db, DbError, Engine, ForeignKey, Stmt, Table, dialect};
use plimsoll_core::toml_file::nearest;
use serde_json::{Map, Value as Json};

use super::unique::{names, others, shown};
use crate::read::Seeds;
use crate::reconcile::lookup::Lookup;
use crate::reconcile::observe::Observation;
use crate::staged::Cell;
use crate::value::{canonical, canonical_text, hash, same, to_db};

/// Rows referred to that are not there for which a similar one is looked for, among all that are declared.
const HINTS: usize = 20;

/// What was found out about the rows of one table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Probe {
    pub(super) taken: Vec<Taken>,
    pub(super) orphans: Vec<Orphan>,
    /// Rows that are not there yet and whose keys are the same to the database.
    pub(super) doubled: Vec<(usize, usize)>,
}

/// A unique value of a declared row that a row has which no file declares.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub(super) row: usize,
    pub(super) columns: Vec<String>,
    pub(super) values: Vec<Json>,
    pub(super) owner: Json,
}

/// A declared row that refers to nothing.
#[derive(Debug, Clone)]
pub(super) struct Orphan {
    pub(super) row: usize,
    pub(super) columns: Vec<String>,
    values: Vec<Json>,
    table: String,
    near: Option<String>,
}

impl Orphan {
    pub(super) fn message(&self) -> String {
        let hint = self.near.as_ref().map(|near| format!(", did you mean {near}?")).unwrap_or_default();
        let (columns, values) = (names(&self.columns), shown(self.values.iter()));
        format!("{columns} {values} refers to a row that neither the files nor `{}` have{hint}", self.table)
    }
}

/// Asks about every row that is not there yet or differs.
pub(crate) fn probe(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    observation: &mut Observation,
) -> Result<(), DbError> {
    for index in 0..seeds.tables.len() {
        let changed = changed(seeds, observation, index);
        if changed.is_empty() || observation.tables[index].table.is_none() {
            continue;
        }
        let mut found = Probe { doubled: doubled(db, seeds, observation, index)?, ..Probe::default() };
        found.taken = taken(db, seeds, observation, index, &changed)?;
        let table = observation.tables[index].table.clone().unwrap_or_default();
        for key in &table.foreign_keys {
            orphans(db, seeds, catalog, observation, index, &changed, key, &mut found.orphans)?;
        }
        observation.tables[index].probe = found;
    }
    Ok(())
}

/// The rows that may be written: new ones, and ones of which a declared column differs.
fn changed(seeds: &Seeds, observation: &Observation, index: usize) -> Vec<usize> {
    let state = &observation.tables[index];
    let differs = |row: usize, name: &str, cell: &Cell| {
        let held = state.live[row].as_ref().and_then(|live| live.values.get(name));
        let wanted = observation.known(seeds, cell).and_then(|value| canonical(state.column(name)?, &value).ok());
        match (wanted.map(|value| state.spelled(name, value)), held) {
            (Some(wanted), Some(held)) => !same(&wanted, held),
            _ => true,
        }
    };
    let rows = seeds.tables[index].rows.iter().enumerate();
    rows.filter(|(row, staged)| {
        state.live.get(*row).and_then(Option::as_ref).is_none()
            || staged.columns.iter().any(|(name, cell)| differs(*row, name, cell))
    })
    .map(|(row, _)| row)
    .collect()
}

/// New rows whose keys the collation takes for one. Only keys that look alike are asked about.
fn doubled(
    db: &mut dyn Db,
    seeds: &Seeds,
    observation: &Observation,
    index: usize,
) -> Result<Vec<(usize, usize)>, DbError> {
    let engine = db.engine();
    let staged = &seeds.tables[index];
    let state = &observation.tables[index];
    let key: Option<Vec<&Column>> = staged.key.iter().map(|name| state.column(name)).collect();
    let Some(key) = key.filter(|key| key.iter().any(|column| folds(engine, column))) else { return Ok(Vec::new()) };
    let mut alike: HashMap<String, usize> = HashMap::new();
    let mut pairs = Vec::new();
    for (row, declared) in staged.rows.iter().enumerate().filter(|(row, _)| state.live[*row].is_none()) {
        let values: Option<Vec<Json>> = declared.key().map(|cell| observation.known(seeds, cell)).collect();
        let Some(values) = values else { continue };
        let folded = canonical_text(&Json::Array(values)).to_lowercase().replace(" \"", "\"");
        if let Some(earlier) = alike.insert(folded, row) {
            pairs.push((earlier, row));
        }
    }
    let mut doubled = Vec::new();
    for (earlier, later) in pairs {
        let mut stmt = Stmt::new("SELECT ");
        let cells = staged.rows[earlier].key().zip(staged.rows[later].key());
        for (position, (column, (a, b))) in key.iter().zip(cells).enumerate() {
            let value = |cell| observation.known(seeds, cell).and_then(|value| to_db(column, &value).ok());
            let (Some(a), Some(b)) = (value(a), value(b)) else { continue };
            let (before, after) = compared(engine, column);
            stmt = stmt
                .sql(if position > 0 { " AND " } else { "" })
                .sql(before.as_str())
                .bind(a)
                .sql(format!("{after} = {before}"))
                .bind(b)
                .sql(after);
        }
        if plimsoll_core::db::scalar(db, &stmt)?.as_int() == Some(1) {
            doubled.push((earlier, later));
        }
    }
    Ok(doubled)
}

/// Whether a column may take texts for one that are written differently.
fn folds(engine: Engine, column: &Column) -> bool {
    match engine {
        Engine::Postgres => column.collation.is_some() || column.declared == "citext",
        Engine::Mysql => column.collation.as_ref().is_some_and(|collation| !collation.ends_with("_bin")),
        Engine::Sqlite => column.collation.is_some(),
    }
}

/// What goes around a bound text so that it is compared as the column would.
fn compared(engine: Engine, column: &Column) -> (String, String) {
    let collation = column.collation.clone().unwrap_or_default();
    match engine {
        Engine::Postgres if column.collation.is_none() => (String::new(), dialect::write_cast(engine, column)),
        Engine::Postgres => ("(".to_owned(), format!("::text COLLATE {collation})")),
        Engine::Sqlite => ("(".to_owned(), format!(" COLLATE {collation})")),
        Engine::Mysql if column.collation.is_none() => (String::new(), String::new()),
        Engine::Mysql => {
            let charset = collation.split('_').next().unwrap_or("utf8mb4").to_owned();
            // MariaDB's newest collations leave the character set out of their names.
            let charset = if charset == "uca1400" { "utf8mb4".to_owned() } else { charset };
            ("(CONVERT(".to_owned(), format!(" USING {charset}) COLLATE {collation})"))
        }
    }
}

fn taken(
    db: &mut dyn Db,
    seeds: &Seeds,
    observation: &Observation,
    index: usize,
    changed: &[usize],
) -> Result<Vec<Taken>, DbError> {
    let staged = &seeds.tables[index];
    let state = &observation.tables[index];
    let mut taken = Vec::new();
    let Some(table) = &state.table else { return Ok(taken) };
    let Some(own) = staged.key.iter().map(|name| table.column(name)).collect::<Option<Vec<&Column>>>() else {
        return Ok(taken);
    };
    let by_key = Lookup { table: &staged.name, key: own.clone(), select: Vec::new(), exact: Vec::new() };
    let mut declared: Option<HashSet<String>> = None;
    for columns in others(table, &staged.key) {
        let Some(key) = columns.iter().map(|name| table.column(name)).collect::<Option<Vec<&Column>>>() else {
            continue;
        };
        let lookup = Lookup { table: &staged.name, key, select: own.clone(), exact: Vec::new() };
        if lookup.finds_nothing(db, changed.len())? {
            return Ok(taken);
        }
        let mut wanted: Vec<(usize, Vec<Json>)> = Vec::new();
        for row in changed {
            let values = values(seeds, observation, index, *row, columns, false);
            wanted.extend(values.map(|values| (*row, values)));
        }
        if wanted.is_empty() {
            continue;
        }
        let found = lookup.run(db, &wanted.iter().map(|(_, values)| values.clone()).collect::<Vec<_>>())?;
        for (row, values) in wanted {
            let Some(owner) = lookup.text(&values).and_then(|text| found.get(&text).cloned()) else { continue };
            let Some(owner_text) = by_key.text(&owner) else { continue };
            let declared = declared.get_or_insert_with(|| {
                let live = staged.rows.iter().filter_map(|row| {
                    let key: Option<Vec<Json>> = row.key().map(|cell| observation.known(seeds, cell)).collect();
                    by_key.text(&key?)
                });
                live.collect()
            });
            // Rows of the files are settled among themselves; rows of earlier files may be about to go.
            if declared.contains(&owner_text) || state.bases.contains_key(&row_key(&staged.key, &owner)) {
                continue;
            }
            taken.push(Taken { row, columns: columns.to_vec(), values, owner: Json::Array(owner) });
        }
    }
    Ok(taken)
}

#[expect(clippy::too_many_arguments, reason = "one foreign key of one table, with all that is known")]
fn orphans(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    observation: &Observation,
    index: usize,
    changed: &[usize],
    key: &ForeignKey,
    orphans: &mut Vec<Orphan>,
) -> Result<(), DbError> {
    // Rows of very large tables are not known one by one; the database checks those references when they are written.
    let streamed = seeds.bulk.iter().any(|table| table.name == key.table);
    let known = |_: &&Table| key.schema.is_none() && !streamed;
    let Some(target) = catalog.tables.get(&key.table).filter(known) else { return Ok(()) };
    let Some(referred) = key.references.iter().map(|name| target.column(name)).collect::<Option<Vec<&Column>>>() else {
        return Ok(());
    };
    let mut wanted: Vec<(usize, Vec<Json>)> = Vec::new();
    for row in changed {
        let values = values(seeds, observation, index, *row, &key.columns, true);
        wanted.extend(values.map(|values| (*row, values)));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let lookup = Lookup { table: &key.table, key: referred, select: Vec::new(), exact: Vec::new() };
    let mut distinct: HashMap<String, Vec<Json>> = HashMap::new();
    for (_, values) in &wanted {
        if let Some(text) = lookup.text(values) {
            distinct.insert(text, values.clone());
        }
    }
    let found = lookup.run(db, &distinct.into_values().collect::<Vec<_>>())?;
    // Rows that come with the same run count as well.
    let staged = seeds.tables.iter().filter(|table| table.name == key.table).flat_map(|table| &table.rows);
    let mut declared = HashSet::new();
    let mut texts = Vec::new();
    for row in staged {
        let values: Option<Vec<Json>> = key
            .references
            .iter()
            .map(|name| row.cells().find(|(column, _)| **column == **name))
            .map(|cell| observation.known(seeds, &cell?.1))
            .collect();
        if let Some(values) = values {
            if let [Json::String(text)] = values.as_slice() {
                texts.push(text.clone());
            }
            declared.extend(lookup.text(&values));
        }
    }
    for (row, values) in wanted {
        let Some(text) = lookup.text(&values) else { continue };
        if found.get(&text).is_some() || declared.contains(&text) {
            continue;
        }
        let near = match values.as_slice() {
            // Whoever reads the first few needs no hint for all the others.
            [Json::String(wanted)] if orphans.len() < HINTS => {
                nearest(wanted, texts.iter().map(String::as_str)).map(str::to_owned)
            }
            _ => None,
        };
        orphans.push(Orphan { row, columns: key.columns.clone(), values, table: key.table.clone(), near });
    }
    Ok(())
}

/// The declared values of some columns of a row, none of them NULL. With `literal`, only when the file has the values
/// themselves: references are checked where they are resolved.
fn values(
    seeds: &Seeds,
    observation: &Observation,
    index: usize,
    row: usize,
    columns: &[String],
    literal: bool,
) -> Option<Vec<Json>> {
    let staged = &seeds.tables[index].rows[row];
    let state = &observation.tables[index];
    let is_there = state.live[row].is_some();
    let mut values = Vec::with_capacity(columns.len());
    for name in columns {
        // What is written on creation only stays as it is in a row that is there.
        let mut cells = staged.columns.iter().chain(staged.insert_only.iter().filter(|_| !is_there));
        let (_, cell) = cells.find(|(column, _)| **column == **name)?;
        if literal && matches!(cell, Cell::Ref(_)) {
            return None;
        }
        let value = observation.known(seeds, cell)?;
        let value = canonical(state.column(name)?, &value).ok()?;
        if value.is_null() || state.refusal(name, &value).is_some() {
            return None;
        }
        values.push(value);
    }
    Some(values)
}

/// The ledger's key of a row that was seeded by the same key.
fn row_key(key: &[String], values: &[Json]) -> String {
    let symbol: Map<String, Json> = key.iter().cloned().zip(values.iter().cloned()).collect();
    hash(&canonical_text(&Json::Object(symbol)))
}
