//! What a statement meets when it runs: the schema so far, what its file did before, and how the runner wraps it. What follows
//! from that is left to `check`.

use plimsoll_core::db::{Engine, quoted};

use super::file::File;
use super::rule::Rule;
use super::server::Server;
use super::state::{State, Table, same};
use super::{Judged, LintOptions};
use crate::operation::{AlterAction, ConstraintKind, Name, Operation, Placed, Span, Transaction};
use crate::split::Statement;

/// Something a rule found.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) rule: Rule,
    /// From 0; none for the file as a whole.
    pub(super) statement: Option<usize>,
    /// In bytes of the statement.
    pub(super) span: Span,
    pub(super) message: String,
    /// What to write instead; the rule's own words without.
    pub(super) alternative: Option<String>,
}

/// What the rules found so far.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// The statement that is looked at.
    pub(super) at: Option<usize>,
    pub(super) found: Vec<Hit>,
}

impl Hits {
    pub(super) fn push(&mut self, rule: Rule, span: Span, message: impl Into<String>, alternative: Option<String>) {
        self.found.push(Hit { rule, statement: self.at, span, message: message.into(), alternative });
    }
}

/// What the statements of a file before this one have left.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// The table that stays locked against readers until the transaction ends.
    pub(super) locked: Option<Name>,
    /// Whether the schema of a table that others use has been changed.
    pub(super) changed: bool,
    /// Whether foreign keys are off: SQLite's pragma, MySQL's `foreign_key_checks`.
    pub(super) foreign_keys_off: bool,
    /// Whether MySQL's strict mode is off.
    pub(super) lenient: bool,
    /// Whether the file has begun a transaction of its own.
    pub(super) in_block: bool,
    /// Values that were added to enums.
    pub(super) new_values: Vec<String>,
    /// Constraints that were added in this transaction.
    pub(super) new_constraints: Vec<String>,
}

/// A statement and all that there is around it.
pub(super) struct Scene<'a> {
    pub(super) engine: Engine,
    pub(super) options: &'a LintOptions,
    pub(super) server: &'a Server,
    pub(super) file: &'a File<'a>,
    pub(super) at: usize,
    pub(super) state: &'a State,
    pub(super) progress: &'a Progress,
    pub(super) judged: &'a [bool],
}

impl<'a> Scene<'a> {
    pub(super) fn statement(&self) -> &'a Statement {
        &self.file.statements[self.at]
    }

    pub(super) fn operations(&self) -> &'a [Placed] {
        &self.file.operations[self.at]
    }

    /// A piece of the statement as it is written.
    pub(super) fn text(&self, span: Span) -> &'a str {
        self.statement().text.get(span.start..span.end).unwrap_or_default()
    }

    /// A name for SQL that is proposed.
    pub(super) fn ident(&self, name: &str) -> String {
        let plain = |c: char| {
            c == '_'
                || c.is_ascii_digit()
                || c.is_ascii_lowercase()
                || (self.engine != Engine::Postgres && c.is_ascii_uppercase())
        };
        if name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() {
            name.to_owned()
        } else {
            quoted(self.engine, name)
        }
    }

    /// Whether the statement shares a transaction with others.
    pub(super) fn in_transaction(&self) -> bool {
        self.file.transactional || self.progress.in_block
    }

    /// Whether what a migration made is nobody's yet: it comes with the same migration, or with the same deployment.
    pub(super) fn is_fresh(&self, born: Option<usize>) -> bool {
        let Some(born) = born else { return false };
        let together = match self.options.judged {
            Judged::All => false,
            Judged::Only(_) => self.judged.get(born).copied().unwrap_or(false),
        };
        born == self.file.index || together
    }

    pub(super) fn table(&self, name: &Name) -> Option<&'a Table> {
        self.state.table(self.engine, name)
    }

    /// Whether a table is new or temporary, so that nobody else uses it.
    pub(super) fn is_new(&self, name: &Name) -> bool {
        self.table(name).is_some_and(|table| table.temporary || self.is_fresh(table.born))
    }

    /// Whether a column came with the same deployment.
    pub(super) fn is_new_column(&self, table: &Name, column: &str) -> bool {
        let found = self.table(table).and_then(|table| table.column(self.engine, column));
        found.is_some_and(|column| self.is_fresh(column.born))
    }

    /// Whether a table is dropped only to be made anew.
    pub(super) fn is_rebuilt(&self, name: &Name) -> bool {
        self.file.rebuilds.iter().any(|(old, _)| same(self.engine, &old.name, &name.name))
    }

    /// Every operation of the file, with its statement.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &'a Operation)> {
        let file = self.file;
        file.operations
            .iter()
            .enumerate()
            .flat_map(|(at, placed)| placed.iter().map(move |placed| (at, &placed.operation)))
    }

    /// Whether an operation changes the schema of a table that others use.
    pub(super) fn changes_schema(&self, operation: &Operation) -> bool {
        match operation {
            Operation::AlterTable { table, .. } | Operation::CreateIndex { table, .. } => !self.is_new(table),
            Operation::RenameTable { from, .. } => !self.is_new(from),
            Operation::DropTable { names, .. } => names.iter().any(|name| !self.is_new(name) && !self.is_rebuilt(name)),
            Operation::DropIndex { .. } => true,
            _ => false,
        }
    }
}

impl Progress {
    /// What is left when a statement has run.
    pub(super) fn after(scene: &Scene<'_>) -> Self {
        let mut next = scene.progress.clone();
        for placed in scene.operations() {
            match &placed.operation {
                Operation::Transaction(Transaction::Begin) => next.in_block = true,
                Operation::Transaction(Transaction::Commit | Transaction::Rollback | Transaction::Prepare) => {
                    next = Self {
                        foreign_keys_off: next.foreign_keys_off,
                        lenient: next.lenient,
                        changed: next.changed && !next.in_block,
                        ..Self::default()
                    };
                }
                Operation::Pragma { name, value: Some(value) } if name == "foreign_keys" && !scene.in_transaction() => {
                    next.foreign_keys_off = is_off(value);
                }
                Operation::Set { name, value: Some(value), .. } if name.ends_with("foreign_key_checks") => {
                    next.foreign_keys_off = is_off(value);
                }
                Operation::Set { name, value: Some(value), .. } if name.ends_with("sql_mode") => {
                    let upper = value.to_ascii_uppercase();
                    let computed = upper.contains('@') || upper.contains('(') || upper == "DEFAULT";
                    next.lenient = !computed && !upper.contains("STRICT_") && !upper.contains("TRADITIONAL");
                }
                Operation::AddEnumValue { name, value, .. } => {
                    // Since 17 the values of a type that is new itself can be used.
                    let known = scene.state.enums.iter().find(|found| found.name.name == name.name);
                    let new = known.is_some_and(|found| found.born == Some(scene.file.index));
                    if !(new && scene.server.is_at_least(17, 0, 0)) {
                        next.new_values.push(value.clone());
                    }
                }
                Operation::AlterTable { table, action, .. } => {
                    if let AlterAction::AddConstraint(add) = action {
                        next.new_constraints.extend(add.constraint.name.clone());
                    }
                    if locks_readers(action)
                        && !scene.is_new(table)
                        && scene.engine == Engine::Postgres
                        && scene.in_transaction()
                    {
                        next.locked = Some(table.clone());
                    }
                }
                Operation::DropTable { names, .. } if scene.in_transaction() && scene.engine == Engine::Postgres => {
                    let used = names.iter().find(|name| !scene.is_new(name));
                    next.locked = used.cloned().or(next.locked.take());
                }
                _ => {}
            }
            next.changed |= scene.changes_schema(&placed.operation);
        }
        next
    }
}

/// Whether a setting turns something off.
pub(super) fn is_off(value: &str) -> bool {
    matches!(value.trim_matches('\'').to_ascii_lowercase().as_str(), "0" | "off" | "false" | "no")
}

/// Whether an action keeps even readers out, rather than only writers or other changes.
fn locks_readers(action: &AlterAction) -> bool {
    match action {
        AlterAction::ValidateConstraint { .. } | AlterAction::AttachPartition { .. } | AlterAction::Trigger { .. } => {
            false
        }
        AlterAction::AddConstraint(add) => add.constraint.kind != ConstraintKind::ForeignKey,
        AlterAction::Other { text } => {
            let text = text.to_ascii_uppercase();
            let weaker = ["SET (", "RESET (", "CLUSTER ON"].iter().any(|head| text.starts_with(head));
            !weaker && !text.contains("STATISTICS")
        }
        _ => true,
    }
}
