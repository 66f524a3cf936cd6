//! A migration's file, taken apart once. What its statements mean together is left to `scene`.

use plimsoll_core::Location;
use plimsoll_core::db::Engine;
use plimsoll_core::db::dialect::transactional_ddl;

use super::state::same;
use crate::classify;
use crate::error::MigrateError;
use crate::operation::{AlterAction, Name, Operation, Placed, Span, operations};
use crate::source::{Migration, MigrationKind, MigrationSet};
use crate::split::{Statement, split};

/// A migration and its statements.
pub(super) struct File<'a> {
    /// Its place in the set.
    pub(super) index: usize,
    pub(super) migration: &'a Migration,
    pub(super) statements: Vec<Statement>,
    pub(super) operations: Vec<Vec<Placed>>,
    /// Whether it is applied as a whole or not at all, or was meant to be by its author.
    pub(super) transactional: bool,
    /// Tables that are made anew: what is renamed to and dropped, and what is renamed.
    pub(super) rebuilds: Vec<(Name, Name)>,
}

/// Takes all files of a set apart.
pub(super) fn read(set: &MigrationSet, engine: Engine) -> Result<Vec<File<'_>>, MigrateError> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for (index, migration) in set.migrations.iter().enumerate() {
        match split(engine, &migration.file, &migration.sql) {
            Ok(statements) => {
                let operations: Vec<_> = statements.iter().map(|statement| operations(engine, statement)).collect();
                let meant = transactional_ddl(engine) && migration.declared_transaction == Some(true);
                let transactional = meant || classify::transactional(engine, migration, &statements);
                let rebuilds = rebuilds(engine, &operations);
                files.push(File { index, migration, statements, operations, transactional, rebuilds });
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(MigrateError::of(problems)) }
}

impl File<'_> {
    pub(super) fn is_versioned(&self) -> bool {
        self.migration.kind == MigrationKind::Versioned
    }

    /// Where a piece of a statement stands.
    pub(super) fn location(&self, at: usize, span: Span) -> Location {
        Location::of_offset(&self.migration.file, &self.migration.sql, self.statements[at].offset + span.start)
    }

    /// A piece of a statement as it is written, up to the end of its line.
    pub(super) fn token(&self, at: usize, span: Span) -> String {
        let piece = self.statements[at].text.get(span.start..span.end).unwrap_or_default();
        piece.lines().next().unwrap_or_default().to_owned()
    }
}

/// The tables that a file makes anew, as SQLite asks for: create, copy, drop, rename.
fn rebuilds(engine: Engine, operations: &[Vec<Placed>]) -> Vec<(Name, Name)> {
    let all: Vec<&Operation> = operations.iter().flatten().map(|placed| &placed.operation).collect();
    let created = |name: &Name| {
        all.iter().any(|operation| matches!(operation, Operation::CreateTable(table) if same(engine, &table.name.name, &name.name)))
    };
    let filled = |name: &Name| {
        all.iter().any(|operation| {
            matches!(operation, Operation::Insert { table: Some(table) } if same(engine, &table.name, &name.name))
                || matches!(operation, Operation::CreateTable(table) if table.as_select && same(engine, &table.name.name, &name.name))
        })
    };
    let dropped = |name: &Name| {
        all.iter().any(|operation| {
            matches!(operation, Operation::DropTable { names, .. } if names.iter().any(|own| same(engine, &own.name, &name.name)))
        })
    };
    let mut found = Vec::new();
    for operation in &all {
        let (from, to) = match operation {
            Operation::AlterTable { table, action: AlterAction::RenameTable { to }, .. } => (table, to),
            Operation::RenameTable { from, to } => (from, to),
            _ => continue,
        };
        // The new one takes the old one's name, or the old one makes room for it: either way the same four steps.
        if created(from) && filled(from) && dropped(to) {
            found.push((to.clone(), from.clone()));
        }
    }
    found
}
