//! The proof of one migration. Where rows come from and how they are compared is `rows`'.

use std::collections::BTreeSet;

use crate::error::MigrateError;
use crate::inventory::{TouchKind, touches};
use crate::operation::{Operation, operations};
use crate::schema::{Change, Difference, ObjectKind, Schema, compare};
use crate::source::Migration;
use crate::split::split;

use super::bench::{Bench, Stuck, Workshop};
use super::report::{Mark, Proof};
use super::rows::{Contents, Filled, Goal, TableName, fill, lost};
use super::{WayBack, unproven};

/// How many rows every table has before a migration, and how many more are written after it.
const ROWS: usize = 3;

/// Which tables get generated rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    All,
    /// Those that the migration does not name.
    Others,
    None,
}

/// Proves a migration, and gives the database with it applied; none when it cannot be applied at all.
pub(super) fn prove<'a>(
    workshop: Workshop<'a>,
    bench: Option<Bench<'a>>,
    index: usize,
    way_back: WayBack,
) -> Result<(Proof, Option<Bench<'a>>), MigrateError> {
    let migration = &workshop.set.migrations[index];
    let mut begun = bench;
    let mut refused = None;
    for rows in [Rows::All, Rows::Others, Rows::None] {
        let bench = match begun.take().map_or_else(|| workshop.bench(index), Ok) {
            Ok(bench) => bench,
            Err(stuck) => return blocked(migration, format!("before it, {}", stuck.said()?)),
        };
        let mut trial = Trial { bench, index, named: Named::by(workshop, migration), rows, proof: unproven(migration) };
        match trial.run(&way_back) {
            Ok(Ended::Applied) => return trial.end(workshop, refused, &way_back),
            Ok(Ended::Refused(said)) => refused = refused.or(Some(said)),
            Err(stuck) => {
                // The proof came to a place that none of its steps foresaw.
                trial.proof.unmeasured.push(stuck.said()?);
                return trial.end(workshop, refused, &way_back);
            }
        }
    }
    blocked(migration, refused.unwrap_or_default())
}

fn blocked<'a>(migration: &Migration, said: String) -> Result<(Proof, Option<Bench<'a>>), MigrateError> {
    let mut proof = unproven(migration);
    proof.unmeasured.push(said);
    Ok((proof.judged(), None))
}

/// What a migration and its way back name in their statements.
struct Named {
    tables: BTreeSet<String>,
    /// Some statement may do anything.
    anything: bool,
}

impl Named {
    fn by(workshop: Workshop<'_>, migration: &Migration) -> Self {
        let engine = workshop.real.engine();
        let mut named = Self { tables: BTreeSet::new(), anything: false };
        let down = migration.down.iter().map(|down| (&down.file, &down.sql));
        for (file, sql) in std::iter::once((&migration.file, &migration.sql)).chain(down) {
            let Ok(statements) = split(engine, file, sql) else {
                named.anything = true;
                continue;
            };
            for placed in statements.iter().flat_map(|statement| operations(engine, statement)) {
                named.take(&placed.operation);
            }
        }
        named
    }

    fn take(&mut self, operation: &Operation) {
        for touch in touches(operation) {
            let renamed = touch.to.filter(|_| touch.kind == TouchKind::Table);
            self.tables.extend(touch.table.iter().chain(renamed.iter()).map(|name| bare(name)));
            if touch.kind == TouchKind::Table {
                self.tables.insert(bare(&touch.name));
            }
        }
        match operation {
            Operation::Insert { table } | Operation::Merge { table } => self.row(table.as_ref().map(|name| &name.name)),
            Operation::Update { table, .. } | Operation::Delete { table, .. } => {
                self.row(table.as_ref().map(|name| &name.name));
            }
            Operation::Truncate { tables, .. } => self.tables.extend(tables.iter().map(|name| bare(&name.name))),
            Operation::Do | Operation::Call | Operation::Copy | Operation::Unclassified { .. } => self.anything = true,
            _ => {}
        }
    }

    fn row(&mut self, table: Option<&String>) {
        match table {
            Some(name) => {
                self.tables.insert(bare(name));
            }
            None => self.anything = true,
        }
    }

    fn has(&self, table: &TableName) -> bool {
        self.anything || self.tables.contains(&bare(&table.name))
    }
}

fn bare(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_lowercase()
}

enum Ended {
    Applied,
    /// The migration did not go up with these rows.
    Refused(String),
}

/// One try, with these rows.
struct Trial<'a> {
    bench: Bench<'a>,
    index: usize,
    named: Named,
    rows: Rows,
    proof: Proof,
}

impl<'a> Trial<'a> {
    fn run(&mut self, way_back: &WayBack) -> Result<Ended, Stuck> {
        let before = self.bench.schema()?;
        let filled = self.fill(&before)?;
        let had = Contents::read(self.bench.db(), &before)?;
        if let Err(stuck) = self.bench.up(self.index) {
            return match stuck {
                Stuck::Refused(said) => Ok(Ended::Refused(said)),
                broken @ Stuck::Broken(_) => Err(broken),
            };
        }
        if !matches!(way_back, WayBack::Script) {
            return Ok(Ended::Applied);
        }
        let after = self.bench.schema()?;
        let has = Contents::read(self.bench.db(), &after)?;
        let changed = changed_tables(&before, &after, &had, &has);
        self.tell_unfilled(&filled, &changed);
        if !self.goes_back(&before, &had)? || !self.goes_up_again(&after, &has)? {
            return Ok(Ended::Applied);
        }
        // Without rows before it, what is said about rows is that they stand against it.
        if self.rows == Rows::All {
            self.loses_between(&before, &after, &changed)?;
        }
        Ok(Ended::Applied)
    }

    /// Gives every table rows, and those that the migration names more: what it itself has written does not show what it loses.
    fn fill(&mut self, schema: &Schema) -> Result<Filled, Stuck> {
        let (named, rows) = (&self.named, self.rows);
        let goal = |table: &TableName| match (rows, named.has(table)) {
            (Rows::None, _) | (Rows::Others, true) => None,
            (Rows::All, true) => Some(Goal::More(ROWS)),
            (Rows::All | Rows::Others, false) => Some(Goal::AtLeast(ROWS)),
        };
        Ok(fill(self.bench.db(), schema, goal)?)
    }

    /// Tables without rows prove nothing about their rows; that matters where something happens to them.
    fn tell_unfilled(&mut self, filled: &Filled, changed: &BTreeSet<TableName>) {
        for (table, reason) in &filled.without {
            if self.named.has(table) || changed.contains(table) {
                self.proof.unmeasured.push(format!("rows of `{table}`: {reason}"));
            }
        }
    }

    /// Whether the way back leads to where it began.
    fn goes_back(&mut self, before: &Schema, had: &Contents) -> Result<bool, Stuck> {
        if let Err(stuck) = self.bench.down(self.index) {
            self.proof.wrong.push(refused(stuck)?);
            return Ok(false);
        }
        let now = self.bench.schema()?;
        let differences = compare(&now, before);
        self.note_orders(&differences);
        let left = differences.iter().filter(|each| !is_order(each)).map(|each| format!("afterwards, {each}"));
        self.proof.wrong.extend(left);
        if !self.proof.wrong.is_empty() {
            return Ok(false);
        }
        let has = Contents::read(self.bench.db(), before)?;
        let comparison = lost(had, &has, |_| true);
        self.proof.lost = comparison.lost;
        let too_many = comparison.too_many.into_iter();
        self.proof.wrong.extend(too_many.map(|(table, count)| {
            format!(
                "afterwards, `{table}` has {count} {} that it did not have before",
                if count == 1 { "row" } else { "rows" }
            )
        }));
        Ok(true)
    }

    /// Whether applying it again leads to where it led before.
    fn goes_up_again(&mut self, after: &Schema, has: &Contents) -> Result<bool, Stuck> {
        if let Err(stuck) = self.bench.up(self.index) {
            self.proof.wrong.push(format!("once taken back, it cannot be applied again: {}", refused(stuck)?));
            return Ok(false);
        }
        let again = self.bench.schema()?;
        let differences = compare(&again, after);
        self.note_orders(&differences);
        let differs = differences.iter().filter(|each| !is_order(each));
        self.proof.wrong.extend(differs.map(|each| format!("applied again, {each}")));
        if self.proof.wrong.is_empty() && self.proof.lost.is_empty() {
            let now = Contents::read(self.bench.db(), after)?;
            for (table, before, count) in has.other_counts(&now) {
                self.proof.wrong.push(format!("applied again, `{table}` has {count} rows instead of {before}"));
            }
        }
        Ok(self.proof.wrong.is_empty())
    }

    /// What was written after the migration and does not survive the way back and the way up.
    fn loses_between(&mut self, before: &Schema, after: &Schema, changed: &BTreeSet<TableName>) -> Result<(), Stuck> {
        let filled = fill(self.bench.db(), after, |table| changed.contains(table).then_some(Goal::More(ROWS)))?;
        self.tell_unfilled_after(&filled, changed);
        let had = Contents::read(self.bench.db(), after)?;
        let went = self.bench.down(self.index).and_then(|()| self.bench.up(self.index));
        if let Err(stuck) = went {
            let said = refused(stuck)?;
            self.proof.unmeasured.push(format!("what happens to rows written after it: with generated ones, {said}"));
            return Ok(());
        }
        let has = Contents::read(self.bench.db(), after)?;
        let existed = |table: &TableName| Contents::knows(before, table);
        self.proof.only_between = lost(&had, &has, existed).lost;
        Ok(())
    }

    fn tell_unfilled_after(&mut self, filled: &Filled, changed: &BTreeSet<TableName>) {
        for (table, reason) in filled.without.iter().filter(|(table, _)| changed.contains(table)) {
            let told = format!("rows of `{table}`: {reason}");
            if !self.proof.unmeasured.contains(&told) {
                self.proof.unmeasured.push(told);
            }
        }
    }

    fn note_orders(&mut self, differences: &[Difference]) {
        for difference in differences.iter().filter(|each| is_order(each)) {
            let note = format!("the columns of {} stand in another order afterwards", difference.key);
            if !self.proof.notes.contains(&note) {
                self.proof.notes.push(note);
            }
        }
    }

    /// The mark, and a database for the next migration: this one, unless a wrong way back led it astray.
    fn end(
        mut self,
        workshop: Workshop<'a>,
        refused: Option<String>,
        way_back: &WayBack,
    ) -> Result<(Proof, Option<Bench<'a>>), MigrateError> {
        let mut proof = self.proof;
        match way_back {
            WayBack::None(reason) => {
                proof.mark = Mark::Irreversible;
                proof.notes.push(reason.clone());
                return Ok((proof, Some(self.bench)));
            }
            WayBack::Untried(reason) => proof.unmeasured.push(reason.clone()),
            WayBack::Script => {
                if let Some(said) = refused {
                    let tables = if self.rows == Rows::Others { "in the tables that it names" } else { "in any table" };
                    proof.unmeasured.push(format!("what happens to rows: with generated ones {tables}, {said}"));
                }
            }
        }
        let proof = proof.judged();
        let astray = matches!(way_back, WayBack::Script) && matches!(proof.mark, Mark::Wrong | Mark::Unmeasured);
        if astray {
            self.bench = match workshop.bench(self.index + 1) {
                Ok(bench) => bench,
                // It went up with generated rows, and does not without.
                Err(stuck) => {
                    let mut proof = proof;
                    proof.unmeasured.push(stuck.said()?);
                    return Ok((proof.judged(), None));
                }
            };
        }
        Ok((proof, Some(self.bench)))
    }
}

fn refused(stuck: Stuck) -> Result<String, Stuck> {
    match stuck {
        Stuck::Refused(said) => Ok(said),
        broken @ Stuck::Broken(_) => Err(broken),
    }
}

/// The tables that a migration changes: in their definition, or in their rows.
fn changed_tables(before: &Schema, after: &Schema, had: &Contents, has: &Contents) -> BTreeSet<TableName> {
    let mut changed: BTreeSet<TableName> = compare(before, after)
        .into_iter()
        .filter_map(|difference| {
            let key = difference.key;
            match (key.kind, key.table) {
                (ObjectKind::Table, _) => Some(TableName { schema: key.schema, name: key.name }),
                (_, Some(table)) => Some(TableName { schema: key.schema, name: table }),
                _ => None,
            }
        })
        .collect();
    changed.extend(had.differing(has));
    changed
}

/// No engine but MySQL can put a column back to where it stood.
fn is_order(difference: &Difference) -> bool {
    match &difference.change {
        Change::Changed(changes) => changes.iter().all(|change| change.name == "column order"),
        Change::Added | Change::Removed => false,
    }
}
