//! What becomes of rows that are gone from the files: deleted, let go of, or kept, and what refuses that. Pure; asks nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use plimsoll_core::ErrorCode;
use plimsoll_core::db::OnDelete;
use serde_json::Value as Json;

use crate::error::Problem;
use crate::guard::closure::{Order, Outside, order};
use crate::read::Seeds;
use crate::read::model::{Mode, OnEdit};
use crate::reconcile::diff::Decision;
use crate::reconcile::observe::Observation;
use crate::reconcile::orphan::Orphan;
use crate::reconcile::plan::{Outcome, RowAction};
use crate::reconcile::show::{label, value};
use crate::value::canonical_text;

/// What becomes of a row that is gone from the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Deleted: its dataset created it, and it is as it was left.
    Prune,
    /// Only the ledger's entry goes: the row was there before, is not there any more, or is declared in another spelling.
    Release,
    /// Kept and reported: it was edited in the database.
    Keep,
    /// The dataset calls that an error.
    Fail,
}

/// What is decided about them.
#[derive(Debug, Default)]
pub(crate) struct Pruned {
    /// By table, in the order of the observed orphans.
    pub(crate) fates: Vec<Vec<Fate>>,
    /// The targets in the order in which they are deleted.
    pub(crate) order: Order,
    /// Targets that cannot be deleted before others were moved away from them.
    pub(crate) late: HashSet<usize>,
}

/// What becomes of one.
pub(crate) fn fate(seeds: &Seeds, orphan: &Orphan) -> Fate {
    let located = &orphan.located;
    if located.row.is_none() || orphan.declared || !located.entry.created() {
        return Fate::Release;
    }
    let policy = &seeds.blocks[orphan.block].on_edit;
    let any = |wanted| located.edited.iter().any(|edit| policy.of(&edit.column) == wanted);
    match (any(OnEdit::Fail), any(OnEdit::Keep)) {
        (true, _) => Fate::Fail,
        (false, true) => Fate::Keep,
        (false, false) => Fate::Prune,
    }
}

/// Decides about all of them, after it is decided about the rows that are declared.
pub(crate) fn decide(
    seeds: &Seeds,
    observation: &Observation,
    decided: &[Vec<Decision>],
    problems: &mut Vec<Problem>,
) -> Pruned {
    let orphans = &observation.orphans;
    let mut pruned = Pruned::default();
    for (index, found) in orphans.tables.iter().enumerate() {
        let fates: Vec<Fate> = found.iter().map(|orphan| fate(seeds, orphan)).collect();
        for (orphan, _) in found.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::Fail) {
            problems.push(edited(seeds, index, orphan));
        }
        pruned.fates.push(fates);
    }
    if orphans.targets.is_empty() {
        return pruned;
    }
    check_references(seeds, observation, problems);
    let moving = Moving::new(seeds, observation, decided);
    for outside in &orphans.closure.outside {
        let stay = moving.staying(outside, &mut pruned.late);
        if stay != Some(0) {
            problems.push(refused(seeds, observation, outside, stay));
        }
    }
    match order(&orphans.closure, orphans.targets.len()) {
        Ok(order) => pruned.order = order,
        Err(circle) => problems.push(circular(seeds, observation, &circle)),
    }
    // Whoever is below a row that waits, waits as well: its own children go before it anyway.
    let parents: Vec<(usize, usize)> = orphans.closure.links.iter().map(|link| (link.child, link.parent)).collect();
    loop {
        let before = pruned.late.len();
        for (child, parent) in &parents {
            if pruned.late.contains(child) {
                pruned.late.insert(*parent);
            }
        }
        if pruned.late.len() == before {
            return pruned;
        }
    }
}

/// Declared rows whose references are about to be changed, so that they do not stand in the way.
struct Moving<'m> {
    seeds: &'m Seeds,
    columns: HashMap<(&'m str, String), Vec<&'m str>>,
}

impl<'m> Moving<'m> {
    fn new(seeds: &'m Seeds, observation: &Observation, decided: &'m [Vec<Decision>]) -> Self {
        let mut columns = HashMap::new();
        for (index, decisions) in decided.iter().enumerate() {
            for decision in decisions.iter().filter(|decision| decision.action == RowAction::Update) {
                let live = observation.tables[index].live[decision.row].as_ref();
                let Some(id) = live.and_then(|live| live.id.clone()) else { continue };
                let changed = decision.columns.iter().filter(|column| column.outcome == Outcome::Update);
                let key = (seeds.tables[index].name.as_str(), canonical_text(&Json::Array(vec![id])));
                columns.insert(key, changed.map(|column| &*column.name).collect());
            }
        }
        Self { seeds, columns }
    }

    /// How many rows stay where they are, nothing when nobody can count them.
    fn staying(&self, outside: &Outside, late: &mut HashSet<usize>) -> Option<u64> {
        let Some(known) = &outside.known else { return outside.rows };
        let Some(table) = self.seeds.tables.iter().find(|table| table.name == outside.table) else {
            return outside.rows;
        };
        let mut stay = 0;
        for (identity, parent) in known {
            let moved = self.columns.get(&(table.name.as_str(), identity.clone()));
            if moved.is_some_and(|columns| outside.columns.iter().any(|column| columns.contains(&column.as_str()))) {
                late.insert(*parent);
            } else {
                stay += 1;
            }
        }
        Some(stay)
    }
}

/// `3 rows of `call`, which holds user data, would be deleted`, and so on.
pub(crate) fn consequence(outside: &Outside, rows: Option<u64>, user_data: &[String]) -> String {
    let is_user = |table: &str| user_data.iter().any(|name| name == table);
    let whose = if is_user(&outside.table) { ", which holds user data," } else { "" };
    let Some(rows) = rows else {
        return format!(
            "rows of `{}`{whose} may refer to it, and the database hides them from this role",
            outside.table
        );
    };
    let (noun, them) = if rows == 1 { ("row", "it") } else { ("rows", "them") };
    let columns = outside.columns.join("`, `");
    let mut text = match outside.effect {
        OnDelete::Cascade => format!("{rows} {noun} of `{}`{whose} would be deleted with it", outside.table),
        OnDelete::SetNull => format!("`{columns}` of {rows} {noun} of `{}`{whose} would become NULL", outside.table),
        OnDelete::SetDefault => {
            format!("`{columns}` of {rows} {noun} of `{}`{whose} would fall back to the default", outside.table)
        }
        OnDelete::Refuse => {
            let verb = if rows == 1 { "refers" } else { "refer" };
            format!("{rows} {noun} of `{}`{whose} {verb} to it by `{columns}`", outside.table)
        }
    };
    let mut further: BTreeMap<&str, u64> = BTreeMap::new();
    for (table, effect, count) in &outside.deeper {
        if *effect != OnDelete::Refuse {
            *further.entry(table).or_default() += count;
        }
    }
    if !further.is_empty() {
        let named: Vec<String> = further
            .into_iter()
            .map(|(table, count)| {
                let whose = if is_user(table) { ", which holds user data" } else { "" };
                format!("{count} of `{table}`{whose}")
            })
            .collect();
        text.push_str(&format!(", and with {them} {}", named.join(", ")));
    }
    text
}

fn refused(seeds: &Seeds, observation: &Observation, outside: &Outside, stay: Option<u64>) -> Problem {
    let orphans = &observation.orphans;
    let targets: Vec<&(usize, usize)> =
        orphans.targets.iter().filter(|(table, _)| seeds.tables[*table].name == outside.parent).collect();
    let first = targets.first().map(|(table, row)| &orphans.tables[*table][*row]);
    let name = match (first, targets.len()) {
        (Some(first), 1) => format!("`{}` {}", outside.parent, key_label(first)),
        (_, many) => format!("{many} rows of `{}`", outside.parent),
    };
    // Streamed rows go last, because most of them refer to others.
    let streamed = seeds.bulk.iter().any(|bulk| bulk.name == outside.table && bulk.mode == Mode::Sync);
    let next = if streamed {
        format!(
            "; rows of `{}` are streamed and go last: seed once without those, then take this out as well",
            outside.table
        )
    } else {
        String::new()
    };
    let message = format!(
        "{name}, gone from the files, cannot be pruned: {}{next}",
        consequence(outside, stay, &seeds.user_data)
    );
    let at = first.map(|orphan| {
        let block = &seeds.blocks[orphan.block];
        block.file.location(block.offset)
    });
    Problem::new(ErrorCode::SeedPruneBlocked, at, message)
}

fn circular(seeds: &Seeds, observation: &Observation, circle: &[usize]) -> Problem {
    let orphans = &observation.orphans;
    let named: Vec<String> = circle
        .iter()
        .map(|target| {
            let (table, row) = orphans.targets[*target];
            format!("`{}` {}", seeds.tables[table].name, key_label(&orphans.tables[table][row]))
        })
        .collect();
    let message = format!(
        "rows to be pruned refer to each other in a circle, by columns that may not be NULL: {}",
        named.join(", ")
    );
    Problem::new(ErrorCode::SeedPruneBlocked, None, message)
}

fn edited(seeds: &Seeds, table: usize, orphan: &Orphan) -> Problem {
    let policy = &seeds.blocks[orphan.block].on_edit;
    let edits = orphan.located.edited.iter().filter(|edit| policy.of(&edit.column) == OnEdit::Fail);
    let edits: Vec<String> = edits
        .map(|edit| format!("`{}` is {}, it was seeded as {}", edit.column, value(&edit.now), value(&edit.then)))
        .collect();
    let message = format!(
        "`{}` {} is gone from the files and was edited in the database: {}",
        seeds.tables[table].name,
        key_label(orphan),
        edits.join(", ")
    );
    let block = &seeds.blocks[orphan.block];
    Problem::new(ErrorCode::SeedEdited, Some(block.file.location(block.offset)), message)
}

/// A row that is to be deleted may not be referred to by one that the files declare.
fn check_references(seeds: &Seeds, observation: &Observation, problems: &mut Vec<Problem>) {
    let orphans = &observation.orphans;
    let pruned: HashSet<(&str, &str)> = orphans
        .targets
        .iter()
        .map(|(table, row)| {
            (seeds.tables[*table].name.as_str(), orphans.tables[*table][*row].located.entry.key.as_str())
        })
        .collect();
    if pruned.is_empty() {
        return;
    }
    let used = seeds.references.used(&seeds.tables).map(|index| &seeds.references.all[index]);
    for reference in used.filter(|reference| reference.staged.is_none()) {
        let key = canonical_text(&reference.symbol["key"]);
        if pruned.contains(&(reference.table.as_str(), key.as_str())) {
            let message = format!(
                "`{}` {} is gone from the files and would be pruned, and this row refers to it",
                reference.table,
                label(&reference.symbol)
            );
            problems.push(reference.source.problem(ErrorCode::ReferenceMissing, reference.offset, message));
        }
    }
}

/// The key of a row that is gone, in a few words.
pub(crate) fn key_label(orphan: &Orphan) -> String {
    label(&serde_json::from_str(&orphan.located.entry.key).unwrap_or_default())
}
