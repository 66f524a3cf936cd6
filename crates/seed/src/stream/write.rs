//! Writing what a comparison found: INSERT, UPDATE and DELETE between tables of the database, and the ledger. Values never leave
//! it; what is to be written was decided before.

use std::ops::Range;

use plimsoll_core::db::{Catalog, Db, DbError, Engine, ForeignKey, Stmt, Table, dialect, quoted, scalar};
use plimsoll_core::ledger::{self as core_ledger, LedgerTable};

use crate::apply::counters;
use crate::error::SeedError;
use crate::ledger::{self, Entry, Origin};
use crate::read::Seeds;
use crate::read::model::Mode;
use crate::reconcile::plan::SeedPlan;
use crate::stream::base::{Author, Kind};
use crate::stream::diff::{ACTION, any_conflict, code};
use crate::stream::entries::{based, entry};
use crate::stream::room::with_room;
use crate::stream::sql::{ADOPTED, ROW, Shape, of};
use crate::stream::state::{BulkState, Comparison};
use crate::stream::{BulkTable, base, blame, gone, page};

/// Keeps others from writing to tables whose rows are changed or removed, before the last look at them.
pub(crate) fn hold(db: &mut dyn Db, plan: &SeedPlan) -> Result<(), DbError> {
    for table in &plan.bulk {
        let lock = match table.counts {
            counts if counts.remove > 0 => dialect::lock_against_references(db.engine(), &table.table),
            counts if counts.update > 0 => dialect::lock_against_writers(db.engine(), &table.table),
            _ => None,
        };
        if let Some(lock) = lock {
            db.batch(&lock)?;
        }
    }
    Ok(())
}

/// What tables are written with.
pub(crate) struct Work<'w> {
    pub(crate) catalog: &'w Catalog,
    pub(crate) deployment: Option<i64>,
    /// The number of the run.
    pub(crate) run: i64,
}

/// Creates and updates the rows of one table, and remembers what was applied.
pub(crate) fn write(
    db: &mut dyn Db,
    seeds: &Seeds,
    index: usize,
    state: &BulkState,
    work: &Work<'_>,
) -> Result<(), SeedError> {
    let bulk = &seeds.bulk[index];
    let Some(comparison) = &state.staged else { return Ok(()) };
    let none = Table::default();
    let table = work.catalog.tables.get(&bulk.name).unwrap_or(&none);
    // While it can be told which rows were there before.
    let adopted = if state.remembers { adopted(db, comparison)? } else { Vec::new() };
    let engine = db.engine();
    let zero = state.written().iter().any(|column| counters::zero_counts_up(engine, column));
    counters::keeping_zero(db, zero, |db| with_room(db, |db| rows(db, bulk, state, comparison, table)))?;
    if state.remembers && bulk.mode != Mode::Insert {
        let author = Author { dataset: &seeds.datasets[bulk.dataset], run: work.run, deployment: work.deployment };
        match comparison.base.kind {
            Kind::Source => base::adopt(db, bulk, &adopted, &author)?,
            Kind::None | Kind::Table => base::remember(db, bulk, &adopted, &author)?,
        }
        remember_exceptions(db, bulk, comparison, &author)?;
    }
    Ok(())
}

fn rows(
    db: &mut dyn Db,
    bulk: &BulkTable,
    state: &BulkState,
    comparison: &Comparison,
    table: &Table,
) -> Result<(), SeedError> {
    let engine = db.engine();
    let foreign = &table.foreign_keys;
    if state.counts.create > 0 {
        blame::run(db, bulk, comparison, foreign, &|range| insert(engine, comparison, table, range))?;
    }
    if state.counts.update > 0 {
        let changed = changed(db, comparison)?;
        blame::run(db, bulk, comparison, foreign, &|range| update(engine, comparison, &changed, range))?;
    }
    Ok(())
}

/// Removes rows that the source has no more. After all other writing, children first.
pub(crate) fn prune(
    db: &mut dyn Db,
    seeds: &Seeds,
    bulk: &BulkTable,
    state: &BulkState,
    catalog: &Catalog,
) -> Result<(), SeedError> {
    let Some(comparison) = state.staged.as_ref().filter(|_| state.counts.remove > 0) else { return Ok(()) };
    let Some(gone) = &comparison.gone else { return Ok(()) };
    SeedError::unless_empty(gone::referred(db, (seeds, catalog), bulk, comparison, &|_| false)?)?;
    let engine = db.engine();
    let refused = |source| SeedError::Write {
        what: format!("that rows of `{}` are removed", bulk.name),
        at: Some(bulk.at.clone()),
        source: Box::new(source),
    };
    let Some(live) = catalog.tables.get(&bulk.name).filter(|_| engine == Engine::Mysql) else {
        return db.batch(&remove(engine, bulk, &comparison.shape, gone, &[])).map_err(refused);
    };
    // InnoDB looks at each row by itself, and lets none go to which another one refers that goes in the same statement.
    let own = live.foreign_keys.iter().filter(|key| key.schema.is_none() && key.table == bulk.name);
    let spare = |name: &&String| live.column(name).is_some_and(|column| column.nullable) && !bulk.key.contains(name);
    let (loose, own): (Vec<&ForeignKey>, Vec<&ForeignKey>) =
        own.partition(|key| key.columns.iter().any(|name| spare(&name)));
    let set: Vec<String> = loose
        .iter()
        .flat_map(|key| key.columns.iter().filter(spare))
        .map(|name| format!("{} = NULL", of(engine, "t", name)))
        .collect();
    if !set.is_empty() {
        db.batch(&format!(
            "UPDATE {} t JOIN {} g ON {} SET {} WHERE {}",
            quoted(engine, &bulk.name),
            quoted(engine, gone),
            comparison.shape.same_key(engine, "t", "g"),
            set.join(", "),
            gone::doomed(bulk.on_gone())
        ))
        .map_err(refused)?;
    }
    if !own.is_empty() {
        // References that cannot be taken away: rows that nobody refers to go first, until there are none.
        let leaves = remove(engine, bulk, &comparison.shape, gone, &own);
        while db.execute(&Stmt::new(leaves.as_str())).map_err(refused)? > 0 {}
    }
    db.batch(&remove(engine, bulk, &comparison.shape, gone, &[])).map_err(refused)
}

/// The statement that removes rows; of MySQL those only to which no row of the table refers by the foreign keys.
fn remove(engine: Engine, bulk: &BulkTable, shape: &Shape, gone: &str, own: &[&ForeignKey]) -> String {
    let (table, gone) = (quoted(engine, &bulk.name), quoted(engine, gone));
    let (doomed, same) = (gone::doomed(bulk.on_gone()), shape.same_key(engine, "t", "g"));
    match engine {
        Engine::Postgres => format!("DELETE FROM {table} t USING {gone} g WHERE {same} AND {doomed}"),
        Engine::Mysql => {
            let (mut others, mut nobody) = (String::new(), String::new());
            for (at, key) in own.iter().enumerate() {
                let side = format!("r{at}");
                let refers = gone::refers(engine, &key.columns, &key.references, &side, "t");
                let itself = shape.same_key(engine, &side, "t");
                others.push_str(&format!(" LEFT JOIN {table} {side} ON {refers} AND NOT ({itself})"));
                nobody.push_str(&format!(" AND {} IS NULL", shape.found(engine, &side)));
            }
            format!("DELETE t FROM {table} t JOIN {gone} g ON {same}{others} WHERE {doomed}{nobody}")
        }
        Engine::Sqlite => {
            let keys: Vec<String> = shape.key_columns().map(|column| quoted(engine, &column.name)).collect();
            let of_gone = shape.key_list(engine, "g");
            format!(
                "DELETE FROM {table} WHERE ({}) IN (SELECT {of_gone} FROM {gone} g WHERE {doomed})",
                keys.join(", ")
            )
        }
    }
}

fn insert(engine: Engine, comparison: &Comparison, table: &Table, range: Option<Range<u64>>) -> String {
    let shape = &comparison.shape;
    let mut sql = format!(
        "INSERT INTO {} ({}){} SELECT {} FROM {} s",
        quoted(engine, &shape.table),
        shape.list(engine, None),
        // Of a column that the database would always count up itself, the source is asked all the same.
        if engine == Engine::Postgres { " OVERRIDING SYSTEM VALUE" } else { "" },
        shape.list(engine, Some("s")),
        quoted(engine, &comparison.stage.name)
    );
    let mut conditions = Vec::new();
    if let Some(diff) = &comparison.diff {
        sql.push_str(&format!(" JOIN {} d ON d.{ROW} = s.{ROW}", quoted(engine, diff)));
        conditions.push(format!("d.{ACTION} = {}", code::CREATE));
    }
    conditions.extend(between(range));
    if !conditions.is_empty() {
        sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
    }
    if engine == Engine::Mysql {
        sql.push_str(&format!(" ORDER BY {}", insert_order(shape, table)));
    }
    sql
}

/// The order in which InnoDB is given new rows. Its tables lie in the order of their primary key: in any other one a table larger
/// than the server's cache is read and written again and again. But rows are checked one by one, so what refers to a row of its own
/// table comes after it, as in the file; and what the server counts up is counted in the order of the file.
fn insert_order(shape: &Shape, table: &Table) -> String {
    let keyed: Vec<&str> = shape.key_columns().map(|column| column.name.as_str()).collect();
    let by_key = !keyed.is_empty()
        && table.primary_key.iter().all(|name| keyed.contains(&name.as_str()))
        && table.primary_key.len() == keyed.len()
        && table.columns.iter().all(|column| column.counter.is_none())
        && table.foreign_keys.iter().all(|key| key.schema.is_some() || key.table != shape.table);
    if !by_key {
        return format!("s.{ROW}");
    }
    let columns: Vec<String> = table.primary_key.iter().map(|name| of(Engine::Mysql, "s", name)).collect();
    columns.join(", ")
}

fn update(engine: Engine, comparison: &Comparison, changed: &[usize], range: Option<Range<u64>>) -> String {
    let shape = &comparison.shape;
    let Some(diff) = &comparison.diff else { return String::new() };
    let target = |name: &str| if engine == Engine::Mysql { of(engine, "t", name) } else { quoted(engine, name) };
    let set: Vec<String> = changed
        .iter()
        .map(|position| {
            let name = &shape.columns[*position].name;
            format!(
                "{} = CASE WHEN d.o{position} = {} THEN {} ELSE {} END",
                target(name),
                code::UPDATE,
                of(engine, "s", name),
                of(engine, "t", name)
            )
        })
        .collect();
    let (table, stage, diff) =
        (quoted(engine, &shape.table), quoted(engine, &comparison.stage.name), quoted(engine, diff));
    let mut conditions = vec![format!("d.{ACTION} = {}", code::UPDATE)];
    conditions.extend(between(range));
    let (same, conditions) = (shape.same_key(engine, "t", "s"), conditions.join(" AND "));
    let set = set.join(", ");
    match engine {
        Engine::Mysql => format!(
            "UPDATE {diff} d JOIN {stage} s ON s.{ROW} = d.{ROW} JOIN {table} t ON {same} SET {set} WHERE {conditions}"
        ),
        Engine::Sqlite | Engine::Postgres => format!(
            "UPDATE {table} AS t SET {set} FROM {diff} d JOIN {stage} s ON s.{ROW} = d.{ROW} WHERE {same} AND {conditions}"
        ),
    }
}

fn between(range: Option<Range<u64>>) -> Option<String> {
    range.map(|range| format!("s.{ROW} >= {} AND s.{ROW} < {}", range.start, range.end))
}

/// The columns that any row changes: the others are not even named.
fn changed(db: &mut dyn Db, comparison: &Comparison) -> Result<Vec<usize>, DbError> {
    let Some(diff) = &comparison.diff else { return Ok(Vec::new()) };
    let compared: Vec<usize> = comparison.shape.compared().collect();
    let any: Vec<String> = compared
        .iter()
        .map(|position| format!("max(CASE WHEN o{position} = {} THEN 1 ELSE 0 END)", code::UPDATE))
        .collect();
    let rows = db.rows(&Stmt::new(format!("SELECT {} FROM {}", any.join(", "), quoted(db.engine(), diff))))?;
    let Some(row) = rows.first() else { return Ok(Vec::new()) };
    Ok(compared.into_iter().enumerate().filter(|(at, _)| row.int(*at) == 1).map(|(_, position)| position).collect())
}

/// The staged rows that were there before anybody seeded them.
fn adopted(db: &mut dyn Db, comparison: &Comparison) -> Result<Vec<Range<u64>>, DbError> {
    let is_source = comparison.base.kind == Kind::Source;
    let Some(diff) = comparison.diff.as_ref().filter(|_| !is_source || comparison.base.table.is_some()) else {
        return Ok(Vec::new());
    };
    let engine = db.engine();
    let mut query = format!(
        "SELECT s.{ROW} AS r FROM {} s LEFT JOIN {} d ON d.{ROW} = s.{ROW}",
        quoted(engine, &comparison.stage.name),
        quoted(engine, diff)
    );
    let mut conditions = format!("(d.{ROW} IS NULL OR d.{ACTION} <> {})", code::CREATE);
    if let Some(base) = &comparison.base.table {
        query.push_str(&format!(
            " LEFT JOIN {} b ON {}",
            quoted(engine, base),
            comparison.shape.same_key(engine, "b", "s")
        ));
        // Where the source is the base, it is known of most rows, and the table has the others.
        let without = if is_source { String::new() } else { format!(" OR b.{ROW} IS NULL") };
        conditions.push_str(&format!(" AND (b.{ADOPTED} = 1{without})"));
    }
    page::ranges(db, &format!("{query} WHERE {conditions}"))
}

/// Rows whose base is not what the source says now: conflicts that were kept, and rows that were spared.
fn remember_exceptions(
    db: &mut dyn Db,
    bulk: &BulkTable,
    comparison: &Comparison,
    author: &Author<'_>,
) -> Result<(), SeedError> {
    let engine = db.engine();
    let table = core_ledger::table(engine, LedgerTable::SeedRow);
    db.execute(&Stmt::new(format!("DELETE FROM {table} WHERE table_name = ")).bind(bulk.name.as_str()))?;
    let written = |applied, origin| Entry {
        run: Some(author.run),
        deployment: author.deployment,
        ..entry(bulk, &comparison.shape, applied, author.dataset, origin)
    };
    let mut last = -1;
    while comparison.base.table.is_some() {
        let rows = based(db, comparison, (&any_conflict(&comparison.shape), last), &|position| {
            let base = of(engine, "b", &comparison.shape.columns[position].name);
            let source = of(engine, "s", &comparison.shape.columns[position].name);
            format!("CASE WHEN d.o{position} = {} THEN {base} ELSE {source} END", code::CONFLICT)
        })?;
        let Some(highest) = rows.last() else { break };
        last = highest.row;
        let entries = rows.into_iter().map(|row| {
            let origin = if row.adopted == Some(true) { Origin::Adopted } else { Origin::Created };
            written(row.applied, origin)
        });
        ledger::write(db, &bulk.name, &entries.collect::<Vec<_>>())?;
    }
    let mut last = -1;
    while let Some(rows) = gone::spared(db, bulk, comparison, &mut last)? {
        let entries = rows.into_iter().map(|applied| written(applied, Origin::Created));
        ledger::write(db, &bulk.name, &entries.collect::<Vec<_>>())?;
    }
    Ok(())
}

/// How many rows that should be removed are still there.
pub(super) fn still_there(db: &mut dyn Db, bulk: &BulkTable, comparison: &Comparison) -> Result<i64, DbError> {
    let Some(gone) = &comparison.gone else { return Ok(0) };
    let engine = db.engine();
    let stmt = format!(
        "SELECT count(*) FROM {} g JOIN {} t ON {} WHERE {}",
        quoted(engine, gone),
        quoted(engine, &bulk.name),
        comparison.shape.same_key(engine, "t", "g"),
        gone::doomed(bulk.on_gone())
    );
    Ok(scalar(db, &Stmt::new(stmt))?.as_int().unwrap_or(0))
}
