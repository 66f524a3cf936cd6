//! Random histories of file edits, database edits, applies, prunes and undos against a pure model of what has to come of them,
//! on every engine. Single rules are in `seed_edits`, `seed_prune` and `seed_undo`.

use std::collections::BTreeMap;

use plimsoll_core::db::Catalog;
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_seed::{RunOptions, UndoOptions, apply_undo, plan_undo};
use plimsoll_tests::seeding::{domain_table, plan, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    FileSets(u8, u8),
    FileDrops(u8),
    SomebodyNames(u8, u8),
    SomebodyNotes(u8, u8),
    SomebodyInserts(u8, u8),
    SomebodyDeletes(u8),
    Apply,
    Undo,
    ApplyAndUndo,
}

/// A row of the database: name and note, and a number that no other row ever has. No file says anything about notes.
type Row = (u8, Option<u8>, u32);

/// What can be seen of a row.
type Seen = (u8, Option<u8>);

/// What the ledger knows about a row.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    name: u8,
    created: bool,
    run: i64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Created,
    Updated,
    Deleted,
    EntryOnly,
}

/// What one run did to one row.
#[derive(Debug, Clone)]
struct Touched {
    slug: u8,
    kind: Kind,
    before: (Option<Row>, Option<Entry>),
    after: (Option<Row>, Option<Entry>),
}

/// The pure model: files, database, ledger and runs.
#[derive(Debug, Default)]
struct Model {
    files: BTreeMap<u8, u8>,
    rows: BTreeMap<u8, Row>,
    entries: BTreeMap<u8, Entry>,
    runs: Vec<(i64, Vec<Touched>)>,
    last: i64,
    ids: u32,
}

impl Model {
    fn new_row(&mut self, name: u8) -> Row {
        self.ids += 1;
        (name, None, self.ids)
    }

    fn seen(&self) -> BTreeMap<u8, Seen> {
        self.rows.iter().map(|(slug, (name, note, _))| (*slug, (*name, *note))).collect()
    }

    fn edited(&self, slug: u8) -> bool {
        match (self.rows.get(&slug), self.entries.get(&slug)) {
            (Some((name, note, _)), Some(entry)) => *name != entry.name || note.is_some(),
            _ => false,
        }
    }

    /// What applying has to do.
    fn apply(&mut self) {
        let run = self.last + 1;
        let mut touched = Vec::new();
        let slugs: Vec<u8> = self.files.keys().chain(self.entries.keys()).copied().collect();
        for slug in slugs {
            let before = (self.rows.get(&slug).copied(), self.entries.get(&slug).cloned());
            let mut after = before.clone();
            let kind = match (self.files.get(&slug).copied(), &before) {
                (Some(name), (None, _)) => {
                    after = (Some(self.new_row(name)), Some(Entry { name, created: true, run }));
                    Kind::Created
                }
                (Some(name), (Some((_, note, id)), None)) => {
                    after = (Some((name, *note, *id)), Some(Entry { name, created: false, run }));
                    if after.0 == before.0 { Kind::EntryOnly } else { Kind::Updated }
                }
                (Some(name), (Some((live, note, id)), Some(entry))) => {
                    if *live == name && entry.name == name || *live != name && *live != entry.name {
                        continue;
                    }
                    after = (Some((name, *note, *id)), Some(Entry { name, run, ..entry.clone() }));
                    if after.0 == before.0 { Kind::EntryOnly } else { Kind::Updated }
                }
                (None, (Some(_), Some(entry))) if entry.created && self.edited(slug) => continue,
                (None, (Some(_), Some(entry))) if entry.created => {
                    after = (None, None);
                    Kind::Deleted
                }
                (None, (_, Some(_))) => {
                    after.1 = None;
                    Kind::EntryOnly
                }
                (None, (_, None)) => continue,
            };
            self.become_(slug, &after);
            touched.push(Touched { slug, kind, before, after });
        }
        if !touched.is_empty() {
            self.last = run;
            self.runs.push((run, touched));
        }
    }

    /// What taking the last run back has to do; whether it can be.
    fn undo(&mut self) -> bool {
        let Some((_, touched)) = self.runs.last().cloned() else { return false };
        let stands = touched.iter().all(|one| {
            let now = self.rows.get(&one.slug).copied();
            let row = match one.kind {
                Kind::Created => now == one.after.0,
                Kind::Updated => now.map(|row| (row.0, row.2)) == one.after.0.map(|row| (row.0, row.2)),
                Kind::Deleted => now.is_none(),
                Kind::EntryOnly => true,
            };
            row && self.entries.get(&one.slug).cloned() == one.after.1
        });
        if !stands {
            return false;
        }
        for one in &touched {
            let now = self.rows.get(&one.slug).copied();
            let row = match (one.kind, one.before.0) {
                (Kind::Updated, Some((name, ..))) => now.map(|(_, note, id)| (name, note, id)),
                (Kind::EntryOnly, _) => now,
                (_, before) => before,
            };
            self.become_(one.slug, &(row, one.before.1.clone()));
        }
        self.runs.pop();
        self.last += 1;
        true
    }

    fn become_(&mut self, slug: u8, (row, entry): &(Option<Row>, Option<Entry>)) {
        match row {
            Some(row) => self.rows.insert(slug, *row),
            None => self.rows.remove(&slug),
        };
        match entry {
            Some(entry) => self.entries.insert(slug, entry.clone()),
            None => self.entries.remove(&slug),
        };
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let (slug, value) = (0..4u8, 0..3u8);
    let event = prop_oneof![
        4 => (slug.clone(), value.clone()).prop_map(|(slug, name)| Event::FileSets(slug, name)),
        2 => slug.clone().prop_map(Event::FileDrops),
        3 => (slug.clone(), value.clone()).prop_map(|(slug, name)| Event::SomebodyNames(slug, name)),
        1 => (slug.clone(), value.clone()).prop_map(|(slug, note)| Event::SomebodyNotes(slug, note)),
        1 => (slug.clone(), value).prop_map(|(slug, name)| Event::SomebodyInserts(slug, name)),
        1 => slug.prop_map(Event::SomebodyDeletes),
        5 => Just(Event::Apply),
        3 => Just(Event::Undo),
        2 => Just(Event::ApplyAndUndo),
    ];
    proptest::collection::vec(event, 4..24)
}

/// The dataset of the model's files.
fn dataset(files: &BTreeMap<u8, u8>) -> String {
    let rows: Vec<String> =
        files.iter().map(|(slug, name)| format!("{{ slug = \"s{slug}\", name = \"n{name}\" }}")).collect();
    format!("[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = [{}]\n", rows.join(", "))
}

fn rows(db: &mut TestDatabase) -> BTreeMap<u8, Seen> {
    let digit = |text: &str| text[1..].parse().expect("a digit");
    let rows = db.rows("SELECT slug, name, note FROM domain");
    rows.iter().map(|row| (digit(row.text(0)), (digit(row.text(1)), row.at(2).as_str().map(digit)))).collect()
}

/// All rows and entries, exactly.
fn everything(db: &mut TestDatabase) -> Vec<plimsoll_core::db::DynRow> {
    let ledger = table(db.engine(), LedgerTable::SeedRow);
    let mut all = db.rows("SELECT id, slug, name, note, position FROM domain ORDER BY id");
    all.extend(
        db.rows(&format!("SELECT row_key, key_json, applied, dataset, origin, run FROM {ledger} ORDER BY row_key")),
    );
    all
}

fn undo(db: &mut TestDatabase) -> bool {
    let catalog = Catalog::read(db.db()).expect("the catalogue is readable");
    let Ok(plan) = plan_undo(db.db(), &catalog, &UndoOptions::default()) else { return false };
    apply_undo(db.db(), &plan, &UndoOptions::default(), &RunOptions::default()).is_ok()
}

fn history(db: &mut TestDatabase, project: &TestProject, events: &[Event]) -> Result<(), TestCaseError> {
    plimsoll_core::ledger::ensure(db.db()).expect("the ledger is made");
    for which in [LedgerTable::SeedRow, LedgerTable::SeedRun, LedgerTable::SeedChange] {
        let name = table(db.engine(), which);
        db.run(&format!("DELETE FROM {name}"));
    }
    db.run("DELETE FROM domain");
    let mut model = Model::default();
    for event in events {
        match event {
            Event::FileSets(slug, name) => {
                model.files.insert(*slug, *name);
            }
            Event::FileDrops(slug) => {
                model.files.remove(slug);
            }
            Event::SomebodyNames(slug, name) => {
                db.run(&format!("UPDATE domain SET name = 'n{name}' WHERE slug = 's{slug}'"));
                model.rows.entry(*slug).and_modify(|row| row.0 = *name);
            }
            Event::SomebodyNotes(slug, note) => {
                db.run(&format!("UPDATE domain SET note = 'x{note}' WHERE slug = 's{slug}'"));
                model.rows.entry(*slug).and_modify(|row| row.1 = Some(*note));
            }
            Event::SomebodyInserts(slug, name) => {
                if !model.rows.contains_key(slug) {
                    db.run(&format!("INSERT INTO domain (slug, name) VALUES ('s{slug}', 'n{name}')"));
                    let row = model.new_row(*name);
                    model.rows.insert(*slug, row);
                }
            }
            Event::SomebodyDeletes(slug) => {
                db.run(&format!("DELETE FROM domain WHERE slug = 's{slug}'"));
                model.rows.remove(slug);
            }
            Event::Apply | Event::ApplyAndUndo => {
                project.write("seeds/domains.toml", &dataset(&model.files));
                let before = everything(db);
                let edits: Vec<(u8, Seen)> = model
                    .rows
                    .iter()
                    .filter(|(slug, row)| {
                        let known = model.entries.get(slug);
                        let acknowledged = model.files.get(slug) == Some(&row.0);
                        known.is_some_and(|entry| entry.name != row.0) && !acknowledged
                    })
                    .map(|(slug, row)| (*slug, (row.0, row.1)))
                    .collect();
                let report = seed(db, project).expect("seeds");
                let runs = model.last;
                model.apply();
                prop_assert_eq!(report.wrote, model.last > runs);
                let now = rows(db);
                for (slug, row) in edits {
                    prop_assert_eq!(now.get(&slug), Some(&row), "an edit of s{} was lost", slug);
                }
                prop_assert!(plan(db, project).expect("a plan").is_empty());
                if matches!(event, Event::ApplyAndUndo) && report.wrote {
                    prop_assert!(undo(db) && model.undo());
                    prop_assert_eq!(everything(db), before);
                }
            }
            Event::Undo => {
                let before = everything(db);
                let done = undo(db);
                prop_assert_eq!(done, model.undo());
                prop_assert!(done || everything(db) == before);
            }
        }
        prop_assert_eq!(rows(db), model.seen(), "after {:?}", event);
    }
    Ok(())
}

live_tests! {
    fn any_history_ends_as_the_model_says(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", &dataset(&BTreeMap::new()));
        let cases = if db.engine() == plimsoll_core::db::Engine::Sqlite { 64 } else { 12 };
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() });
        let shared = std::cell::RefCell::new(db);
        let done = runner.run(&events(), |events| history(&mut shared.borrow_mut(), &project, &events));
        done.unwrap_or_else(|error| panic!("{error}"));
    }
}
