//! What a down script loses, told from what its statements do to tables, and what comes back empty. What single statements
//! do is read in `effect`.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::effect::{Effect, effects};
use crate::split::Statement;

/// Something that is not there any more afterwards. Whether there is any of it right now is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lost", rename_all = "kebab-case")]
pub enum Loss {
    /// A table with its rows.
    Table {
        /// Its name.
        table: String,
    },
    /// A column with its values.
    Column {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Rows that are deleted.
    Rows {
        /// The table.
        table: String,
    },
    /// Values that are overwritten.
    Values {
        /// The table.
        table: String,
    },
    /// Values that do not fit the type that a column gets back.
    Conversion {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Columns that a table lacks after it was built anew; which ones cannot be told.
    Rebuilt {
        /// The table.
        table: String,
    },
    /// What goes with something that is dropped: a schema's tables, the columns of a type.
    Dependents {
        /// What is dropped, such as `type mood`.
        of: String,
    },
    /// What a statement does that cannot be read, such as a call of a procedure.
    Unread {
        /// The statement, from 1.
        statement: usize,
    },
}

/// What a down script loses. `up` tells which columns a rebuilt table had.
pub(super) fn lost(up: &[Statement], down: &[Statement]) -> Vec<Loss> {
    let (had, effects) = (columns_after(up), all(down));
    let mut losses = Vec::new();
    for (index, (statement, effect)) in effects.iter().enumerate() {
        match effect {
            Effect::DropTable { table } if is_made(&effects[..index], table) => {}
            Effect::DropTable { table } => match rebuilt_as(&effects, index, table) {
                Some(columns) => losses.extend(left_out(table, &had, columns)),
                None => losses.push(Loss::Table { table: table.clone() }),
            },
            Effect::DropColumn { table, column } => {
                losses.push(Loss::Column { table: table.clone(), column: column.clone() });
            }
            Effect::Convert { table, column } => {
                losses.push(Loss::Conversion { table: table.clone(), column: column.clone() });
            }
            Effect::Delete { table } if !is_made(&effects[..index], table) => {
                losses.push(Loss::Rows { table: table.clone() });
            }
            Effect::Change { table } if !is_new(&effects[..index], table) => {
                losses.push(Loss::Values { table: table.clone() });
            }
            Effect::DropOther { what } => losses.push(Loss::Dependents { of: what.clone() }),
            Effect::Unread => losses.push(Loss::Unread { statement: *statement }),
            Effect::CreateTable { .. }
            | Effect::RenameTable { .. }
            | Effect::AddColumn { .. }
            | Effect::Insert { .. }
            | Effect::Delete { .. }
            | Effect::Change { .. } => {}
        }
    }
    without_repetition(losses)
}

/// What the migration had dropped or deleted, and the down script makes again without what was in it.
pub(super) fn empty_again(up: &[Statement], down: &[Statement]) -> Vec<Loss> {
    let (gone, effects) = (all(up), all(down));
    let back = |test: &dyn Fn(&Effect) -> bool| effects.iter().any(|(_, effect)| test(effect));
    let filled = |name: &str| back(&|effect| matches!(effect, Effect::Insert { table } if same(table, name)));
    let mut losses = Vec::new();
    for (index, (_, effect)) in gone.iter().enumerate() {
        match effect {
            Effect::DropTable { table }
                if rebuilt_as(&gone, index, table).is_none()
                    && back(
                        &|effect| matches!(effect, Effect::CreateTable { table: name, filled: false, .. } if same(name, table)),
                    )
                    && !filled(table) =>
            {
                losses.push(Loss::Table { table: table.clone() });
            }
            Effect::DropColumn { table, column }
                if back(&|effect| {
                    matches!(effect, Effect::AddColumn { table: name, column: added }
                        if same(name, table) && same(added, column))
                }) && !back(&|effect| matches!(effect, Effect::Change { table: name } if same(name, table))) =>
            {
                losses.push(Loss::Column { table: table.clone(), column: column.clone() });
            }
            Effect::Delete { table } if !filled(table) && !is_made(&gone[..index], table) => {
                losses.push(Loss::Rows { table: table.clone() });
            }
            _ => {}
        }
    }
    without_repetition(losses)
}

/// Losses as they stand in a sentence.
pub(super) fn listed(losses: &[Loss]) -> String {
    losses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { table } => write!(f, "table `{table}`"),
            Self::Column { table, column } => write!(f, "column `{table}.{column}`"),
            Self::Rows { table } => write!(f, "rows of `{table}`"),
            Self::Values { table } => write!(f, "overwritten values of `{table}`"),
            Self::Conversion { table, column } => write!(f, "what no longer fits `{table}.{column}`"),
            Self::Rebuilt { table } => write!(f, "what the rebuilt table `{table}` leaves out"),
            Self::Dependents { of } => write!(f, "what belongs to {of}"),
            Self::Unread { statement } => write!(f, "whatever statement {statement} does"),
        }
    }
}

/// The effects of all statements, each with its statement's number.
fn all(statements: &[Statement]) -> Vec<(usize, Effect)> {
    let numbered = statements.iter().enumerate();
    numbered
        .flat_map(|(index, statement)| effects(statement).into_iter().map(move |effect| (index + 1, effect)))
        .collect()
}

/// The columns that a script is known to leave tables with: those it adds, or makes tables with.
fn columns_after(up: &[Statement]) -> Vec<(String, String)> {
    let mut columns: Vec<(String, String)> = Vec::new();
    for (_, effect) in all(up) {
        match effect {
            Effect::CreateTable { table, columns: made, .. } => {
                columns.extend(made.into_iter().map(|column| (table.clone(), column)));
            }
            Effect::AddColumn { table, column } => columns.push((table, column)),
            Effect::DropTable { table } => columns.retain(|(of, _)| !same(of, &table)),
            Effect::RenameTable { from, to } => {
                for (table, _) in columns.iter_mut().filter(|(of, _)| same(of, &from)) {
                    table.clone_from(&to);
                }
            }
            Effect::DropColumn { .. }
            | Effect::Convert { .. }
            | Effect::Insert { .. }
            | Effect::Delete { .. }
            | Effect::Change { .. }
            | Effect::DropOther { .. }
            | Effect::Unread => {}
        }
    }
    columns
}

/// The columns of the table that takes the name of a dropped one, as SQLite's way of altering tables does.
fn rebuilt_as<'a>(effects: &'a [(usize, Effect)], dropped: usize, table: &str) -> Option<&'a [String]> {
    let successor = effects[dropped..].iter().find_map(|(_, effect)| match effect {
        Effect::RenameTable { from, to } if same(to, table) => Some(from),
        _ => None,
    })?;
    effects.iter().find_map(|(_, effect)| match effect {
        Effect::CreateTable { table, columns, .. } if same(table, successor) => Some(columns.as_slice()),
        _ => None,
    })
}

fn left_out(table: &str, had: &[(String, String)], has: &[String]) -> Vec<Loss> {
    let known: Vec<&String> = had.iter().filter(|(of, _)| same(of, table)).map(|(_, column)| column).collect();
    if known.is_empty() || has.is_empty() {
        return vec![Loss::Rebuilt { table: table.to_owned() }];
    }
    let gone = known.into_iter().filter(|column| !has.iter().any(|kept| same(kept, column)));
    gone.map(|column| Loss::Column { table: table.to_owned(), column: column.clone() }).collect()
}

/// Whether the script itself has made the table, so that what was in it came from elsewhere.
fn is_made(before: &[(usize, Effect)], table: &str) -> bool {
    before.iter().any(|(_, effect)| matches!(effect, Effect::CreateTable { table: made, .. } if same(made, table)))
}

/// Whether what is overwritten in a table may be what the script itself has put there.
fn is_new(before: &[(usize, Effect)], table: &str) -> bool {
    let added = |effect: &Effect| matches!(effect, Effect::AddColumn { table: of, .. } if same(of, table));
    is_made(before, table) || before.iter().any(|(_, effect)| added(effect))
}

/// What is lost with its table is not told again.
fn without_repetition(losses: Vec<Loss>) -> Vec<Loss> {
    let tables: BTreeSet<String> = losses
        .iter()
        .filter_map(|loss| match loss {
            Loss::Table { table } => Some(table.to_lowercase()),
            _ => None,
        })
        .collect();
    let mut kept: Vec<Loss> = Vec::new();
    for loss in losses {
        let of_table = match &loss {
            Loss::Column { table, .. }
            | Loss::Rows { table }
            | Loss::Values { table }
            | Loss::Conversion { table, .. }
            | Loss::Rebuilt { table } => tables.contains(&table.to_lowercase()),
            Loss::Table { .. } | Loss::Dependents { .. } | Loss::Unread { .. } => false,
        };
        if !of_table && !kept.contains(&loss) {
            kept.push(loss);
        }
    }
    kept
}

/// Names are compared without case, and without a schema where only one of them has it.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('.'));
    one == other || ends(&one, &other) || ends(&other, &one)
}

#[cfg(test)]
mod tests;
