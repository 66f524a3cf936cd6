//! Observation: what the database holds of the declared rows, read in a few queries. What follows from it is `plan`'s.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use plimsoll_core::db::{Catalog, Column, Db, DbError, Engine, Table};
use plimsoll_core::toml_file::nearest;
use serde_json::Value as Json;

use crate::constraint::{Probe, probe};
use crate::error::SeedError;
use crate::ledger::{self, Entry};
use crate::lifecycle::audit;
use crate::read::Seeds;
use crate::reconcile::lookup::Lookup;
use crate::reconcile::orphan::{self, Orphans};
use crate::staged::{Cell, Missing, Reference, StagedRow, StagedTable};
use crate::stream::{self, BulkState};
use crate::value::spelling::{self, Spelled, Spellings};
use crate::value::{canonical, same};

/// What a database holds of the declared rows, at one moment. Belongs to the [`Seeds`] it was made with.
#[derive(Debug, Clone)]
pub struct Observation {
    pub(crate) tables: Vec<TableState>,
    pub(crate) external: HashMap<usize, Resolved>,
    /// Rows that are gone from the files of datasets that are kept in sync.
    pub(crate) orphans: Orphans,
    /// The tables with very many rows.
    pub(crate) bulk: Vec<BulkState>,
    /// The tables of the schema, for suggestions.
    pub(crate) known_tables: Vec<String>,
}

/// A declared table as the database has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableState {
    /// `None` when the schema does not have the table (yet).
    pub(crate) table: Option<Table>,
    /// The live row of every staged row.
    pub(crate) live: Vec<Option<LiveRow>>,
    /// What was last applied, by row key.
    pub(crate) bases: HashMap<String, Entry>,
    /// How the database itself spells declared values.
    pub(crate) spellings: Spellings,
    /// Staged rows whose key several live rows have, and how many.
    pub(crate) ambiguous: Vec<(usize, usize)>,
    /// Staged rows that are the same live row as an earlier one.
    pub(crate) doubled: Vec<(usize, usize)>,
    /// What stands against writing the rows.
    pub(crate) probe: Probe,
    /// What the audit last recorded, by row key; for tables with a life cycle.
    pub(crate) audited: HashMap<String, Audited>,
}

/// What the audit last recorded of a row.
#[derive(Debug, Clone)]
pub(crate) struct Audited {
    /// Empty when the row was deleted.
    pub(crate) state: String,
    /// The row as people know it.
    pub(crate) label: String,
}

/// One live row.
#[derive(Debug, Clone)]
pub(crate) struct LiveRow {
    /// The declared columns, canonical.
    pub(crate) values: LiveValues,
    /// The primary key, when it is one column.
    pub(crate) id: Option<Json>,
    /// Whether it was found by the key that the row had before.
    pub(crate) renamed: bool,
}

/// The values of a live row, by column. All rows of a table share the names.
#[derive(Debug, Clone)]
pub(crate) struct LiveValues {
    names: Arc<[String]>,
    values: Vec<Json>,
}

/// What a reference comes down to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolved {
    /// The primary key of a row that exists.
    Id(Json),
    /// A declared row that has to be created first.
    New,
    /// Neither the files nor the database have it.
    Missing,
    /// The schema lacks the table, so nobody can say yet.
    Unknown,
    /// The table has no single-column primary key.
    NoKey,
    /// Several rows have what it names, in the files or else in the database.
    Ambiguous { count: usize, declared: bool },
    /// The table does not have a column that the reference names.
    NoColumn { column: String, nearest: Option<String> },
}

impl TableState {
    /// What the ledger knows about a declared row, under its key or the one that it had before.
    pub(crate) fn base(&self, row: usize, staged: &StagedRow) -> Option<&Entry> {
        self.bases.get(&staged.row_key).or_else(|| self.renamed(row, staged))
    }

    /// The entry of a row that has another key now.
    pub(crate) fn renamed(&self, row: usize, staged: &StagedRow) -> Option<&Entry> {
        self.live.get(row)?.as_ref().filter(|live| live.renamed)?;
        self.bases.get(&staged.was.as_ref()?.row_key)
    }

    /// What the audit says about a declared row that is there, under its key or the one that it had before.
    pub(crate) fn audited(&self, row: usize, staged: &StagedRow) -> Option<&Audited> {
        let known = self.audited.get(&staged.row_key).filter(|audited| !audited.state.is_empty());
        known.or_else(|| self.audited_before(row, staged))
    }

    /// What it says about a row under the key that it had before, where it has another one now.
    pub(crate) fn audited_before(&self, row: usize, staged: &StagedRow) -> Option<&Audited> {
        self.live.get(row)?.as_ref().filter(|live| live.renamed)?;
        self.audited.get(&staged.was.as_ref()?.row_key).filter(|audited| !audited.state.is_empty())
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.table.as_ref()?.column(name)
    }

    /// A canonical value as the database spells it.
    pub(crate) fn spelled(&self, column: &str, value: Json) -> Json {
        match &value {
            Json::String(text) => match self.spellings.get(column).and_then(|known| known.get(text)) {
                Some(Spelled::As(spelled)) => Json::String(spelled.clone()),
                _ => value,
            },
            _ => value,
        }
    }

    /// What the database says against a canonical value.
    pub(crate) fn refusal(&self, column: &str, value: &Json) -> Option<&str> {
        match self.spellings.get(column)?.get(value.as_str()?)? {
            Spelled::As(_) => None,
            Spelled::Not(refusal) => Some(refusal),
        }
    }

    /// The primary key column, when there is exactly one.
    pub(crate) fn id_column(&self) -> Option<&Column> {
        id_column(self.table.as_ref()?)
    }
}

impl LiveValues {
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.names.iter().position(|known| known == name).and_then(|position| self.values.get(position))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Json)> {
        self.names.iter().zip(&self.values)
    }
}

impl Observation {
    /// What a reference comes down to in this database.
    pub(crate) fn resolve(&self, seeds: &Seeds, reference: usize) -> Resolved {
        let Reference { staged, meant, .. } = &seeds.references.all[reference];
        if *meant > 1 {
            return Resolved::Ambiguous { count: *meant, declared: true };
        }
        let Some((table, row)) = *staged else {
            return self.external.get(&reference).cloned().unwrap_or(Resolved::Unknown);
        };
        let state = &self.tables[table];
        match (&state.table, state.live.get(row).and_then(Option::as_ref)) {
            (None, _) => Resolved::New,
            (Some(table), _) if id_column(table).is_none() => Resolved::NoKey,
            (Some(_), Some(live)) => live.id.clone().map_or(Resolved::New, Resolved::Id),
            (Some(_), None) => Resolved::New,
        }
    }

    /// A cell's value, when it is known in this database.
    pub(crate) fn known(&self, seeds: &Seeds, cell: &Cell) -> Option<Json> {
        match cell {
            Cell::Value(_) | Cell::Part(_) => cell.value().cloned(),
            Cell::Ref(reference) => match self.resolve(seeds, *reference) {
                Resolved::Id(id) => Some(id),
                _ => None,
            },
        }
    }
}

/// Reads everything that planning needs: the live rows of the declared keys, what was last applied to them, and the
/// rows referred to. Very large tables are staged in temporary tables of the session, and compared there. Writes nothing
/// that anybody else can see, and takes no locks beyond those of reading.
///
/// # Errors
/// [`SeedError::Database`], and for very large tables [`SeedError::Problems`] with what is wrong in their files.
pub fn observe(db: &mut dyn Db, seeds: &Seeds, catalog: &Catalog) -> Result<Observation, SeedError> {
    let mut observation = observe_declared(db, seeds, catalog)?;
    observation.bulk = stream::observe(db, seeds, catalog)?;
    Ok(observation)
}

/// As [`observe`], without the very large tables: for what does not look at them.
///
/// # Errors
/// [`SeedError::Database`].
pub fn observe_declared(db: &mut dyn Db, seeds: &Seeds, catalog: &Catalog) -> Result<Observation, SeedError> {
    let mut observation = Observation {
        tables: Vec::with_capacity(seeds.tables.len()),
        external: HashMap::new(),
        orphans: Orphans::default(),
        bulk: Vec::new(),
        known_tables: catalog.tables.keys().cloned().collect(),
    };
    let mut bases = ledger::entries(db, seeds)?;
    let mut audited = audited(db, seeds)?;
    for (index, staged) in seeds.tables.iter().enumerate() {
        // References into tables observed so far can be resolved now, and this table's keys may need them.
        resolve_external(db, seeds, catalog, &mut observation)?;
        observation.tables.push(TableState {
            table: catalog.tables.get(&staged.name).cloned(),
            live: vec![None; staged.rows.len()],
            bases: bases.remove(&staged.name).unwrap_or_default(),
            audited: audited.remove(&staged.name).unwrap_or_default(),
            ..TableState::default()
        });
        spell(db, seeds, index, &mut observation, true)?;
        let levels = key_levels(seeds, index, staged);
        for rows in levels {
            read_rows(db, seeds, index, &rows, &mut observation)?;
        }
        spell(db, seeds, index, &mut observation, false)?;
    }
    resolve_external(db, seeds, catalog, &mut observation)?;
    observation.orphans = orphan::find(db, seeds, catalog, &observation)?;
    probe(db, seeds, catalog, &mut observation)?;
    Ok(observation)
}

/// Asks how the database spells declared values where it has its own ways: those of keys before rows are looked for, the
/// others for what is not there in the same spelling already.
fn spell(
    db: &mut dyn Db,
    seeds: &Seeds,
    index: usize,
    observation: &mut Observation,
    keys: bool,
) -> Result<(), DbError> {
    let staged = &seeds.tables[index];
    let Some(table) = observation.tables[index].table.clone() else { return Ok(()) };
    if db.engine() != Engine::Postgres {
        return Ok(());
    }
    for column in table.columns.iter().filter(|column| spelling::is_needed(Engine::Postgres, column)) {
        if staged.key.contains(&column.name) != keys {
            continue;
        }
        let live = &observation.tables[index].live;
        let new = staged.rows.iter().zip(live).filter_map(|(row, live)| {
            let (_, cell) = row.cells().find(|(name, _)| **name == *column.name)?;
            let value = cell.value()?;
            let held = live.as_ref().and_then(|live| live.values.get(&column.name));
            let is_held = held.is_some_and(|held| canonical(column, value).is_ok_and(|value| same(&value, held)));
            (!is_held).then_some(value)
        });
        let spelled = spelling::ask(db, column, new)?;
        observation.tables[index].spellings.insert(column.name.clone(), spelled);
    }
    Ok(())
}

/// By table and row key: what the audit last recorded.
fn audited(db: &mut dyn Db, seeds: &Seeds) -> Result<HashMap<String, HashMap<String, Audited>>, DbError> {
    let mut audited = HashMap::new();
    if seeds.lifecycles.is_empty() || !audit::exists(db)? {
        return Ok(audited);
    }
    for lifecycle in seeds.lifecycles.iter().filter(|lifecycle| lifecycle.audit) {
        let last = audit::last(db, &lifecycle.table)?;
        let last = last.into_iter().map(|(key, entry)| {
            let label = crate::reconcile::show::label(&entry.key);
            (key, Audited { state: entry.to, label })
        });
        audited.insert(lifecycle.table.clone(), last.collect());
    }
    Ok(audited)
}

/// All rows at once, unless keys refer to rows of the same table: then level by level.
fn key_levels(seeds: &Seeds, index: usize, staged: &StagedTable) -> Vec<Vec<usize>> {
    let mut nested = false;
    for cell in staged.rows.iter().filter(|row| row.level > 0).flat_map(StagedRow::key) {
        seeds
            .references
            .tables_of(cell, &mut |reference| nested |= reference.staged.is_some_and(|(table, _)| table == index));
    }
    if !nested {
        return vec![(0..staged.rows.len()).collect()];
    }
    let depth = staged.rows.iter().map(|row| row.level).max().unwrap_or(0);
    (0..=depth).map(|level| (0..staged.rows.len()).filter(|row| staged.rows[*row].level == level).collect()).collect()
}

fn read_rows(
    db: &mut dyn Db,
    seeds: &Seeds,
    index: usize,
    rows: &[usize],
    observation: &mut Observation,
) -> Result<(), DbError> {
    let staged = &seeds.tables[index];
    let Some(table) = observation.tables[index].table.clone() else { return Ok(()) };
    let Some(key) = staged.key.iter().map(|name| table.column(name)).collect::<Option<Vec<_>>>() else { return Ok(()) };
    let declared: Vec<&Column> = declared_columns(seeds, index).iter().filter_map(|name| table.column(name)).collect();
    let id = id_column(&table);
    let lookup =
        Lookup { table: &staged.name, key, select: declared.iter().copied().chain(id).collect(), exact: Vec::new() };
    if lookup.finds_nothing(db, rows.len())? {
        return Ok(());
    }
    let mut keys = Vec::with_capacity(rows.len());
    let mut wanted = Vec::with_capacity(rows.len());
    for row in rows {
        let cells = staged.rows[*row].key().map(|cell| observation.known(seeds, cell));
        if let Some(values) = cells.collect::<Option<Vec<Json>>>()
            && let Some(text) = lookup.text(&values)
            && !is_refused(&observation.tables[index], &lookup, &values)
        {
            wanted.push((*row, text));
            keys.push(values);
        }
    }
    let names: Arc<[String]> = declared.iter().map(|column| column.name.clone()).collect();
    let live = |mut values: Vec<Json>, renamed| {
        let id = id.and_then(|_| values.pop());
        LiveRow { values: LiveValues { names: Arc::clone(&names), values }, id, renamed }
    };
    let mut found = lookup.run(db, &keys)?;
    let mut owners: HashMap<String, usize> = HashMap::new();
    for (row, text) in wanted {
        let state = &mut observation.tables[index];
        let Some(own) = found.row(&text).map(str::to_owned) else { continue };
        if found.count(&text) > 1 {
            state.ambiguous.push((row, found.count(&text)));
        }
        state.live[row] = match owners.insert(own, row) {
            Some(earlier) => {
                state.doubled.push((earlier, row));
                state.live[earlier].clone()
            }
            None => found.take(&text).map(|values| live(values, false)),
        };
    }
    // Those that are not there may be there under the key that they had before, unless somebody else has it now.
    let taken: HashSet<&str> = staged.rows.iter().map(|row| row.row_key.as_str()).collect();
    let mut before = Vec::new();
    let mut keys = Vec::new();
    for row in rows.iter().copied().filter(|row| observation.tables[index].live[*row].is_none()) {
        let was = staged.rows[row].was.as_ref().filter(|was| !taken.contains(was.row_key.as_str()));
        let values = was
            .and_then(|was| was.key.iter().map(|cell| observation.known(seeds, cell)).collect::<Option<Vec<Json>>>());
        if let Some((values, text)) = values.and_then(|values| lookup.text(&values).map(|text| (values, text))) {
            before.push((row, text));
            keys.push(values);
        }
    }
    let found = lookup.run(db, &keys)?;
    for (row, text) in before {
        observation.tables[index].live[row] = found.get(&text).map(|values| live(values.clone(), true));
    }
    Ok(())
}

/// Whether the database says of a part of a key that it is no value of its column.
fn is_refused(state: &TableState, lookup: &Lookup<'_>, values: &[Json]) -> bool {
    lookup.key.iter().zip(values).any(|(column, value)| {
        canonical(column, value).is_ok_and(|value| state.refusal(&column.name, &value).is_some())
    })
}

/// A table and the columns by which its rows are looked up.
type Target<'a> = (&'a str, Vec<&'a str>);

/// A reference and the values of its key.
type Wanted = (usize, Vec<Json>);

/// Resolves references to rows that no file declares, as far as their own keys are known by now.
fn resolve_external(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    observation: &mut Observation,
) -> Result<(), DbError> {
    let mut groups: Vec<(Target<'_>, Vec<Wanted>)> = Vec::new();
    for (index, reference) in seeds.references.all.iter().enumerate() {
        if reference.staged.is_some() || observation.external.contains_key(&index) {
            continue;
        }
        let ready = reference.key.iter().all(|(_, cell)| match cell {
            Cell::Value(_) | Cell::Part(_) => true,
            Cell::Ref(inner) => match seeds.references.all[*inner].staged {
                Some((table, _)) => table < observation.tables.len(),
                None => observation.external.contains_key(inner),
            },
        });
        if !ready {
            continue;
        }
        let key: Option<Vec<Json>> = reference.key.iter().map(|(_, cell)| observation.known(seeds, cell)).collect();
        let Some(key) = key else {
            // A row that belongs to one which does not exist cannot exist either.
            observation.external.insert(index, missing(seeds, observation, reference));
            continue;
        };
        let name =
            (reference.table.as_str(), reference.key.iter().map(|(column, _)| column.as_str()).collect::<Vec<_>>());
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push((index, key)),
            None => groups.push((name, vec![(index, key)])),
        }
    }
    for ((name, columns), group) in groups {
        let table = catalog.tables.get(name);
        let key = table.and_then(|table| columns.iter().map(|column| table.column(column)).collect::<Option<Vec<_>>>());
        let (Some(table), Some(key)) = (table, key) else {
            let resolved = table.and_then(|table| no_column(table, &columns)).unwrap_or(Resolved::Unknown);
            observation.external.extend(group.iter().map(|(index, _)| (*index, resolved.clone())));
            continue;
        };
        let Some(id) = id_column(table) else {
            observation.external.extend(group.iter().map(|(index, _)| (*index, Resolved::NoKey)));
            continue;
        };
        let lookup = Lookup { table: name, key, select: vec![id], exact: Vec::new() };
        let keys: Vec<Vec<Json>> = group.iter().map(|(_, key)| key.clone()).collect();
        let found = lookup.run(db, &keys)?;
        for (index, key) in group {
            let text = lookup.text(&key);
            let count = text.as_ref().map_or(0, |text| found.count(text));
            let id = text.and_then(|text| found.get(&text)?.first().cloned());
            let resolved = match id {
                Some(_) if count > 1 => Resolved::Ambiguous { count, declared: false },
                Some(id) => Resolved::Id(id),
                None => missing(seeds, observation, &seeds.references.all[index]),
            };
            observation.external.insert(index, resolved);
        }
    }
    Ok(())
}

/// What a reference gives whose row is nowhere.
fn missing(seeds: &Seeds, observation: &Observation, reference: &Reference) -> Resolved {
    match (reference.missing, reference.key.as_slice()) {
        (Missing::Error, _) => Resolved::Missing,
        (Missing::Null, _) => Resolved::Id(Json::Null),
        (Missing::Keep, [(_, cell)]) => observation.known(seeds, cell).map_or(Resolved::Missing, Resolved::Id),
        (Missing::Keep, _) => Resolved::Missing,
    }
}

/// The first of these columns that a table does not have.
fn no_column(table: &Table, columns: &[&str]) -> Option<Resolved> {
    let column = columns.iter().find(|column| table.column(column).is_none())?;
    let near = nearest(column, table.columns.iter().map(|column| column.name.as_str()));
    Some(Resolved::NoColumn { column: (*column).to_owned(), nearest: near.map(str::to_owned) })
}

/// The columns that any row of a table declares, without those written on creation only.
pub(crate) fn declared_columns(seeds: &Seeds, index: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut last: &[(std::sync::Arc<str>, Cell)] = &[];
    for row in &seeds.tables[index].rows {
        // Neighbours nearly always come from the same block.
        if row.columns.len() == last.len() && row.columns.iter().zip(last).all(|(a, b)| a.0 == b.0) {
            continue;
        }
        last = &row.columns;
        for (name, _) in &row.columns {
            if !names.iter().any(|known| **known == **name) {
                names.push(name.to_string());
            }
        }
    }
    // The state decides about the row, also where it is written on creation only.
    if let Some(lifecycle) = seeds.lifecycle(&seeds.tables[index].name)
        && !names.contains(&lifecycle.column)
    {
        names.push(lifecycle.column.clone());
    }
    names
}

pub(crate) fn id_column(table: &Table) -> Option<&Column> {
    match table.primary_key.as_slice() {
        [only] => table.column(only),
        _ => None,
    }
}

/// The canonical id for a column that refers, `None` when it does not fit.
pub(crate) fn id_for(column: &Column, id: &Json) -> Option<Json> {
    canonical(column, id).ok()
}
