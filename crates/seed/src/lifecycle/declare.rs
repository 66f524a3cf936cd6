//! `[[lifecycle]]` blocks of dataset files, checked. What they mean for rows is `plan`'s.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_core::ErrorCode;
use plimsoll_core::toml_file::nearest;
use serde::Deserialize;
use toml::Spanned;

use crate::error::Problem;
use crate::lifecycle::Lifecycle;
use crate::lifecycle::mirror::Mirror;
use crate::read::model::Ordered;
use crate::read::source::SourceFile;

/// States travel in short text columns of the ledger.
const LONGEST: usize = 100;

/// `[[lifecycle]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LifecycleBlock {
    table: Spanned<String>,
    column: Spanned<String>,
    initial: Spanned<String>,
    transitions: Vec<Spanned<String>>,
    #[serde(default)]
    immutable: Vec<Spanned<String>>,
    #[serde(default)]
    except: Vec<Spanned<String>>,
    #[serde(default = "yes")]
    audit: bool,
    audit_table: Option<AuditTableBlock>,
}

/// `[lifecycle.audit_table]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditTableBlock {
    pub(crate) name: Spanned<String>,
    pub(crate) columns: Ordered<Spanned<toml::Value>>,
}

/// Adds the life cycles of one file to those of the files before it.
pub(crate) fn declare(
    blocks: Vec<Spanned<LifecycleBlock>>,
    file: &Arc<SourceFile>,
    user_data: &[String],
    lifecycles: &mut Vec<Lifecycle>,
    problems: &mut Vec<Problem>,
) {
    for block in blocks {
        let offset = block.span().start;
        let before = problems.len();
        let lifecycle = one(block.into_inner(), offset, file, user_data, lifecycles, problems);
        if problems.len() == before {
            lifecycles.push(lifecycle);
        }
    }
}

fn one(
    block: LifecycleBlock,
    offset: usize,
    file: &Arc<SourceFile>,
    user_data: &[String],
    earlier: &[Lifecycle],
    problems: &mut Vec<Problem>,
) -> Lifecycle {
    let mut wrong = |offset: usize, message: String| {
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(file.location(offset)), message));
    };
    let table = block.table.get_ref().clone();
    if let Some(other) = earlier.iter().find(|other| other.table == table) {
        wrong(block.table.span().start, format!("`{table}` has a life cycle already, at {}", other.at()));
    }
    let mut edges: Vec<(String, String)> = Vec::new();
    for transition in &block.transitions {
        let at = transition.span().start;
        let states: Vec<&str> = transition.get_ref().split("->").map(str::trim).collect();
        if states.len() < 2 || states.iter().any(|state| state.is_empty() || state.chars().count() > LONGEST) {
            wrong(at, format!("`{}` is no transition, write `draft -> review`", transition.get_ref()));
            continue;
        }
        for pair in states.windows(2) {
            let edge = (pair[0].to_owned(), pair[1].to_owned());
            if edge.0 == edge.1 {
                wrong(at, format!("`{}` leads from a state to itself", transition.get_ref()));
            } else if !edges.contains(&edge) {
                edges.push(edge);
            }
        }
    }
    if block.transitions.is_empty() {
        wrong(offset, format!("the life cycle of `{table}` has no transitions"));
    }
    let names = |list: &[Spanned<String>]| list.iter().map(|name| name.get_ref().clone()).collect::<Vec<_>>();
    let lifecycle = Lifecycle {
        column: block.column.get_ref().clone(),
        initial: block.initial.get_ref().clone(),
        immutable: names(&block.immutable),
        except: names(&block.except),
        audit: block.audit,
        mirror: block.audit_table.map(|mirror| Mirror::declare(mirror, file, user_data, problems)),
        file: Arc::clone(file),
        offset,
        table,
        edges,
    };
    let mut wrong = |offset: usize, message: String| {
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(file.location(offset)), message));
    };
    if lifecycle.mirror.is_some() && !lifecycle.audit {
        wrong(offset, "`audit_table` needs `audit`, which is off".to_owned());
    }
    let known: BTreeSet<&str> = lifecycle.edges.iter().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
    if lifecycle.edges.is_empty() {
        return lifecycle;
    }
    for state in std::iter::once(&block.initial).chain(&block.immutable) {
        if !known.contains(state.get_ref().as_str()) {
            let near = nearest(state.get_ref(), known.iter().copied());
            let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            wrong(state.span().start, format!("no transition names the state `{}`{hint}", state.get_ref()));
        }
    }
    if known.contains(lifecycle.initial.as_str()) {
        for state in known.iter().filter(|state| lifecycle.path(None, state).is_none()) {
            let message = format!("no transition leads from `{}` to `{state}`", lifecycle.initial);
            wrong(block.initial.span().start, message);
        }
    }
    for column in block.except.iter().filter(|column| *column.get_ref() == lifecycle.column) {
        let message = format!("`{}` holds the state, and changes by transitions only", column.get_ref());
        wrong(column.span().start, message);
    }
    lifecycle
}

fn yes() -> bool {
    true
}
