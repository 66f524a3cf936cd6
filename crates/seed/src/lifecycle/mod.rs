//! Life cycles of rows: states, the steps between them, and which states a row does not change in. Plans only ask here; what
//! the rows themselves look like is `staged`'s.

pub(crate) mod audit;
pub(crate) mod back;
pub(crate) mod content;
pub(crate) mod declare;
pub(crate) mod mirror;
pub(crate) mod plan;
pub(crate) mod record;
pub(crate) mod step;
pub(crate) mod trigger;
pub(crate) mod verify;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use plimsoll_core::Location;
use serde::{Deserialize, Serialize};

use crate::lifecycle::mirror::Mirror;
use crate::lifecycle::plan::{RowChange, may_change};
use crate::read::source::SourceFile;
use crate::runs::image as exact;

/// One step of a row's life, as it is planned and recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The state before, `None` when the row was created or found.
    pub from: Option<String>,
    /// The state after it.
    pub to: String,
    /// Why, when that is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The life cycle that a dataset declares for a table.
#[derive(Debug, Clone)]
pub(crate) struct Lifecycle {
    pub(crate) table: String,
    /// The column that holds the state.
    pub(crate) column: String,
    pub(crate) initial: String,
    /// The declared steps, in the order of the file.
    pub(crate) edges: Vec<(String, String)>,
    /// The states in which a row does not change.
    pub(crate) immutable: Vec<String>,
    /// The columns that may change even then.
    pub(crate) except: Vec<String>,
    pub(crate) audit: bool,
    pub(crate) mirror: Option<Mirror>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) offset: usize,
}

/// The life cycles that datasets declare: what has to be known of them where their rows are not.
#[derive(Debug, Clone, Default)]
pub struct Lifecycles(Vec<Lifecycle>);

impl Lifecycles {
    pub(crate) fn new(all: Vec<Lifecycle>) -> Self {
        Self(all)
    }

    /// The life cycle of a table's rows, if one is declared.
    pub(crate) fn of(&self, table: &str) -> Option<&Lifecycle> {
        self.0.iter().find(|lifecycle| lifecycle.table == table)
    }

    /// The state of a row, given as the engine writes it, when the row stays as it is in that state.
    pub(crate) fn stays(&self, table: &str, row: &exact::Image) -> Option<String> {
        let lifecycle = self.of(table)?;
        let state = row.get(&lifecycle.column)?.as_str()?;
        may_change(self, table, Some(state), "", RowChange::Delete).is_err().then(|| state.to_owned())
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Lifecycle> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Lifecycle {
    /// All states, the initial one first, then in the order of the file.
    pub(crate) fn states(&self) -> Vec<&str> {
        let mut states = vec![self.initial.as_str()];
        for state in self.edges.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]) {
            if !states.contains(&state) {
                states.push(state);
            }
        }
        states
    }

    pub(crate) fn is_immutable(&self, state: &str) -> bool {
        self.immutable.iter().any(|known| known == state)
    }

    /// The shortest way between two states, as steps; from nowhere it begins with the initial state. None when there is none.
    pub(crate) fn path(&self, from: Option<&str>, to: &str) -> Option<Vec<Transition>> {
        let start = from.unwrap_or(&self.initial);
        let mut came: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(state) = queue.pop_front().filter(|state| *state != to) {
            for (_, next) in self.edges.iter().filter(|(before, _)| before == state) {
                if next != start && !came.contains_key(next.as_str()) {
                    came.insert(next, state);
                    queue.push_back(next);
                }
            }
        }
        let mut steps = Vec::new();
        let mut state = to;
        while state != start {
            let before = came.get(state)?;
            steps.push(Transition { from: Some((*before).to_owned()), to: state.to_owned(), note: None });
            state = before;
        }
        if from.is_none() {
            steps.push(Transition { from: None, to: start.to_owned(), note: None });
        }
        steps.reverse();
        Some(steps)
    }

    /// The states that one step leads to.
    pub(crate) fn next(&self, from: &str) -> Vec<&str> {
        self.edges.iter().filter(|(before, _)| before == from).map(|(_, after)| after.as_str()).collect()
    }

    /// Where it is declared.
    pub(crate) fn at(&self) -> Location {
        self.file.location(self.offset)
    }
}

impl Transition {
    /// Whether a row goes on under another key than before, in the state that it was in.
    pub(crate) fn is_renaming(&self) -> bool {
        self.note.as_deref().is_some_and(|note| note.starts_with(plan::RENAMED_FROM))
    }
}

/// Steps as people read them: `CREATED -> APPROVED -> PUBLISHED`.
pub(crate) fn shown(steps: &[Transition]) -> String {
    let mut text = String::new();
    for step in steps {
        match (&step.from, text.is_empty()) {
            (Some(from), true) => text.push_str(from),
            (None, true) if step.note.as_deref() == Some(plan::FOUND) => text.push_str("found in "),
            (None, true) if step.is_renaming() => text.push_str("renamed in "),
            _ => {}
        }
        if !text.is_empty() && !text.ends_with(' ') {
            text.push_str(" -> ");
        }
        text.push_str(if step.to.is_empty() { "deleted" } else { &step.to });
    }
    text
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(std::slice::from_ref(self)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn contract() -> Lifecycle {
        let edge = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        Lifecycle {
            table: "contract".to_owned(),
            column: "status".to_owned(),
            initial: "CREATED".to_owned(),
            edges: vec![
                edge("CREATED", "REVIEW"),
                edge("REVIEW", "APPROVED"),
                edge("REVIEW", "CREATED"),
                edge("APPROVED", "PUBLISHED"),
            ],
            immutable: vec!["PUBLISHED".to_owned()],
            except: vec![],
            audit: true,
            mirror: None,
            file: Arc::new(SourceFile::new(Path::new("seeds/contracts.toml"), String::new())),
            offset: 0,
        }
    }

    #[test]
    fn a_new_row_takes_all_steps_to_its_state() {
        let steps = contract().path(None, "PUBLISHED").expect("there is a way");
        assert_eq!(shown(&steps), "CREATED -> REVIEW -> APPROVED -> PUBLISHED");
        assert_eq!(contract().path(None, "CREATED").expect("there is a way").len(), 1);
    }

    #[test]
    fn a_row_goes_the_declared_ways_and_no_others() {
        assert_eq!(shown(&contract().path(Some("APPROVED"), "PUBLISHED").expect("one step")), "APPROVED -> PUBLISHED");
        assert_eq!(contract().path(Some("REVIEW"), "REVIEW"), Some(vec![]));
        assert_eq!(contract().path(Some("PUBLISHED"), "CREATED"), None);
        assert_eq!(contract().path(Some("CREATED"), "SOLD"), None);
    }
}
