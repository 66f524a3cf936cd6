//! What taking a run back would do, and what stands against it. Pure: rows and entries were read before. Doing it is `restore`'s.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::guard::closure::{Closure, Order, order};
use crate::ledger::Entry;
use crate::lifecycle::Lifecycle;
use crate::reconcile::prune::consequence;
use crate::reconcile::show::value;
use crate::runs::RunKind;
use crate::runs::change::{Change, ChangeAction};
use crate::runs::image::{self, Image, Present, differing};
use crate::stream::keeps_rows;
use crate::value::secret::{self, SecretColumns};

/// What taking a run back does, row by row. The same ledger and the same rows give the same plan, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoPlan {
    /// The run.
    pub run: i64,
    /// What it had done.
    pub kind: RunKind,
    /// What is done to each row, in order.
    pub steps: Vec<UndoStep>,
    /// What stands against it. Nothing is done unless this is empty.
    pub blocked: Vec<Blocked>,
}

/// What is done to one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoStep {
    /// The table.
    pub table: String,
    /// The natural key, references by theirs.
    pub key: Json,
    /// What is done.
    pub action: UndoAction,
    /// The columns that get their old value back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Restored>,
}

/// What is done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UndoAction {
    /// The run created it: deleted.
    Delete,
    /// The run changed it: its columns get their values back.
    Restore,
    /// The run deleted it: put back as it was.
    Insert,
    /// Only the ledger's entry is put back.
    Entry,
}

/// A column that gets its old value back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restored {
    /// The column.
    pub column: String,
    /// What is there.
    pub now: Json,
    /// What was there before the run.
    pub then: Json,
}

/// What stands against taking a run back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blocked {
    /// The table.
    pub table: String,
    /// The natural key, nothing where several rows are meant.
    pub key: Option<Json>,
    /// Why, in a sentence without a period.
    pub reason: String,
}

/// Everything that is known about a run and the rows it changed.
pub(crate) struct Now {
    pub(crate) run: i64,
    pub(crate) kind: RunKind,
    pub(crate) undone_by: Option<i64>,
    pub(crate) changes: Vec<Change>,
    /// The row behind each change as it is.
    pub(crate) rows: Vec<Option<Present>>,
    /// The ledger's entry behind each change as it is.
    pub(crate) entries: Vec<Option<Entry>>,
    /// The entries that an undo left, by table and row key.
    pub(crate) left: Option<HashMap<(String, String), Option<Entry>>>,
    /// The changes whose rows are to be deleted, in the order of the closure's targets.
    pub(crate) targets: Vec<usize>,
    pub(crate) closure: Closure,
    pub(crate) user_data: Vec<String>,
    pub(crate) secret: SecretColumns,
    /// The states of rows that do not change in them, by table and row key.
    pub(crate) sealed: HashMap<(String, String), String>,
    /// The life cycles whose triggers let a state go nowhere but along a transition.
    pub(crate) guarded: Vec<Lifecycle>,
}

/// The plan, with the order of deleting.
pub(crate) fn plan(now: &Now) -> (UndoPlan, Order) {
    let mut plan = UndoPlan { run: now.run, kind: now.kind, steps: Vec::new(), blocked: Vec::new() };
    if let Some(by) = now.undone_by {
        let reason = format!("run {} was taken back by run {by} already", now.run);
        plan.blocked.push(Blocked { table: String::new(), key: None, reason });
        return (plan, Order::default());
    }
    let other_way = match now.kind {
        RunKind::Transition => Some("took a step of a life cycle, which only another step leads back from"),
        RunKind::Pull => Some("wrote files and no rows: version control has them as they were"),
        RunKind::Apply | RunKind::Undo | RunKind::Reset => None,
    };
    if let Some(other_way) = other_way {
        let reason = format!("run {} {other_way}", now.run);
        plan.blocked.push(Blocked { table: String::new(), key: None, reason });
        return (plan, Order::default());
    }
    let (streamed, rows): (Vec<_>, Vec<_>) =
        now.changes.iter().enumerate().partition(|(_, change)| change.action == ChangeAction::Bulk);
    for (_, change) in streamed.iter().filter(|(_, change)| !keeps_rows(change)) {
        let reason =
            "the run wrote too many of its rows to keep them one by one: correct the file and seed again, or begin \
                      again with `plimsoll seed apply --fresh`"
                .to_owned();
        plan.blocked.push(Blocked { table: change.table.clone(), key: None, reason });
    }
    if !plan.blocked.is_empty() {
        return (plan, Order::default());
    }
    let streamed: HashSet<&str> = streamed.iter().map(|(_, change)| change.table.as_str()).collect();
    let mut last: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, change) in rows.iter().copied() {
        last.insert((&change.table, &change.row_key), index);
    }
    for (index, change) in rows.into_iter().rev() {
        let key: Json = serde_json::from_str(&change.key).unwrap_or_default();
        if last[&(change.table.as_str(), change.row_key.as_str())] == index {
            let reasons = standing(now, index, &streamed).into_iter();
            plan.blocked.extend(reasons.map(|reason| Blocked {
                table: change.table.clone(),
                key: Some(key.clone()),
                reason,
            }));
        }
        plan.steps.push(step(now, change, key));
    }
    references(now, &mut plan.blocked);
    let order = order(&now.closure, now.targets.len()).unwrap_or_else(|circle| {
        let rows: Vec<String> = circle.iter().map(|target| now.changes[now.targets[*target]].key.clone()).collect();
        let reason =
            format!("rows refer to each other in a circle, by columns that may not be NULL: {}", rows.join(", "));
        plan.blocked.push(Blocked { table: now.changes[now.targets[circle[0]]].table.clone(), key: None, reason });
        Order::default()
    });
    (plan, order)
}

/// A remembered value for people, unless it is nobody's to read.
fn shown(now: &Now, table: &str, column: &str, value: &Json) -> Json {
    if now.secret.has(table, column) { secret::shown() } else { image::shown(value) }
}

fn step(now: &Now, change: &Change, key: Json) -> UndoStep {
    let (action, columns) = match change.action {
        ChangeAction::Create => (UndoAction::Delete, Vec::new()),
        ChangeAction::Delete => (UndoAction::Insert, Vec::new()),
        ChangeAction::Update => {
            let empty = Image::new();
            let (before, after) = (change.before.as_ref().unwrap_or(&empty), change.after.as_ref().unwrap_or(&empty));
            let columns = differing(before, after).map(|(column, then, is)| Restored {
                column: column.to_owned(),
                now: shown(now, &change.table, column, is),
                then: shown(now, &change.table, column, then),
            });
            (UndoAction::Restore, columns.collect())
        }
        ChangeAction::Adopt | ChangeAction::Release | ChangeAction::Bulk => (UndoAction::Entry, Vec::new()),
    };
    UndoStep { table: change.table.clone(), key, action, columns }
}

/// What became of a row and its entry since the run.
fn standing(now: &Now, index: usize, streamed: &HashSet<&str>) -> Vec<String> {
    let change = &now.changes[index];
    let mut reasons = Vec::new();
    let row = now.rows[index].as_ref();
    let writes = !matches!(change.action, ChangeAction::Adopt | ChangeAction::Release);
    if let Some(state) = now.sealed.get(&(change.table.clone(), change.row_key.clone())).filter(|_| writes) {
        reasons.push(format!("it is {state}, a state in which it stays as it is"));
    }
    match (change.action, row, &change.after) {
        (ChangeAction::Create | ChangeAction::Update, None, _) => reasons.push("it is not there any more".to_owned()),
        (ChangeAction::Update, Some(_), _) if change.before.is_none() => {
            reasons.push("how it was before the run could not be read then".to_owned());
        }
        (ChangeAction::Create | ChangeAction::Update, Some(row), Some(after)) => {
            reasons.extend(differing(after, &row.image).map(|(column, then, is)| {
                let shown = |image| value(&shown(now, &change.table, column, image));
                format!("`{column}` is {} now, the run left {}", shown(is), shown(then))
            }));
        }
        (ChangeAction::Delete, Some(_), _) => reasons.push("it is there again".to_owned()),
        _ => {}
    }
    reasons.extend(no_way_back(now, change));
    if !reasons.is_empty() {
        return reasons;
    }
    // What is known of streamed rows is in their source, and their entries are those of exceptions.
    if streamed.contains(change.table.as_str()) {
        return reasons;
    }
    let entry = now.entries[index].as_ref();
    let as_left = match &now.left {
        Some(left) => {
            let expected = left.get(&(change.table.clone(), change.row_key.clone()));
            expected.is_none_or(|expected| expected.as_ref() == entry)
        }
        None => match change.action {
            ChangeAction::Delete | ChangeAction::Release | ChangeAction::Bulk => entry.is_none(),
            ChangeAction::Create | ChangeAction::Update | ChangeAction::Adopt => {
                entry.is_some_and(|entry| entry.run == Some(now.run))
            }
        },
    };
    if !as_left {
        reasons.push(match entry.and_then(|entry| entry.run) {
            Some(run) => format!("run {run} wrote it since"),
            None => "the ledger does not know it any more".to_owned(),
        });
    }
    reasons
}

/// Why the triggers of its life cycle would refuse to give a row its state back.
fn no_way_back(now: &Now, change: &Change) -> Option<String> {
    let lifecycle = now.guarded.iter().find(|lifecycle| lifecycle.table == change.table)?;
    let state = |image: &Option<Image>| Some(image.as_ref()?.get(&lifecycle.column)?.as_str()?.to_owned());
    let (from, to) = (state(&change.after)?, state(&change.before)?);
    if from == to || lifecycle.path(Some(&from), &to).is_some() {
        return None;
    }
    Some(format!(
        "its triggers let no row go from {from} to {to}: take them away with `plimsoll lifecycle triggers --remove` first"
    ))
}

/// Rows that refer to rows which would be deleted, and stay.
fn references(now: &Now, blocked: &mut Vec<Blocked>) {
    let mut moving: HashMap<(&str, &str), BTreeSet<&str>> = HashMap::new();
    for (change, row) in now.changes.iter().zip(&now.rows) {
        if let (ChangeAction::Update, Some(before), Some(row)) = (change.action, &change.before, row) {
            let columns = moving.entry((&change.table, &row.identity)).or_default();
            columns.extend(before.keys().map(String::as_str));
        }
    }
    for outside in &now.closure.outside {
        let moves = |identity: &str| {
            let columns = moving.get(&(outside.table.as_str(), identity));
            columns.is_some_and(|columns| outside.columns.iter().any(|column| columns.contains(column.as_str())))
        };
        let stay = match &outside.known {
            Some(known) => Some(known.iter().filter(|(identity, _)| !moves(identity)).count() as u64),
            None => outside.rows,
        };
        if stay != Some(0) {
            let targets: Vec<&Change> = now
                .targets
                .iter()
                .map(|index| &now.changes[*index])
                .filter(|change| change.table == outside.parent)
                .collect();
            let key = match targets.as_slice() {
                [only] => serde_json::from_str(&only.key).ok(),
                _ => None,
            };
            let reason = consequence(outside, stay, &now.user_data);
            blocked.push(Blocked { table: outside.parent.clone(), key, reason });
        }
    }
}
