//! The text form of plans that take back or remove. Colours and widths are the command line's.

use std::fmt;

use super::UndoReport;
use super::plan::{UndoAction, UndoPlan, UndoStep};
use super::reset::{ResetPlan, ResetReport};
use crate::reconcile::show::{ROWS, first_few, label, value};
use crate::stream::StreamedRows;

impl fmt::Display for UndoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |action| self.steps.iter().filter(|step| step.action == action).count();
        writeln!(
            f,
            "take back run {} ({}): {} to put back, {} to restore, {} to delete",
            self.run,
            self.kind.as_str(),
            of(UndoAction::Insert),
            of(UndoAction::Restore),
            of(UndoAction::Delete)
        )?;
        let rows: Vec<&UndoStep> = self.steps.iter().filter(|step| step.action != UndoAction::Entry).collect();
        for alike in rows.chunk_by(|a, b| (a.action, &a.table) == (b.action, &b.table)) {
            let sign = match alike[0].action {
                UndoAction::Insert => "+",
                UndoAction::Restore => "~",
                UndoAction::Delete => "-",
                UndoAction::Entry => continue,
            };
            if alike.len() > ROWS && alike[0].action != UndoAction::Restore {
                let names = first_few(alike.iter().map(|step| label(&step.key)), alike.len(), ROWS);
                writeln!(f, "  {sign} {} of {}: {names}", alike.len(), alike[0].table)?;
                continue;
            }
            alike.iter().try_for_each(|step| existing(f, sign, step))?;
        }
        for blocked in &self.blocked {
            let key = blocked.key.as_ref().map(|key| format!(" {}", label(key))).unwrap_or_default();
            let colon = if blocked.table.is_empty() { "" } else { ": " };
            writeln!(f, "  ! {}{key}{colon}{}", blocked.table, blocked.reason)?;
        }
        Ok(())
    }
}

fn existing(f: &mut fmt::Formatter<'_>, sign: &str, step: &UndoStep) -> fmt::Result {
    writeln!(f, "  {sign} {} {}", step.table, label(&step.key))?;
    for column in &step.columns {
        writeln!(f, "      {}: {} -> {}", column.column, value(&column.now), value(&column.then))?;
    }
    Ok(())
}

/// In one phrase: `run 3 taken back as run 4: 2 rows put back, 1 restored, 0 deleted`.
impl fmt::Display for UndoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, undone, inserted, restored, deleted, inexact, user_data: _ } = self;
        write!(
            f,
            "run {undone} taken back as run {run}: {inserted} rows put back, {restored} restored, {deleted} deleted"
        )?;
        match inexact.as_slice() {
            [] => Ok(()),
            columns => write!(f, "; the database writes {} itself", columns.join(", ")),
        }
    }
}

impl fmt::Display for ResetPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (delete, release, kept) = (self.delete.len(), self.release.len(), self.kept.len());
        writeln!(f, "reset: {delete} rows to delete, {release} to let go, {kept} kept as edited")?;
        let mut tables: Vec<(&str, usize)> = Vec::new();
        for row in &self.delete {
            match tables.iter_mut().find(|(table, _)| *table == row.table) {
                Some((_, count)) => *count += 1,
                None => tables.push((&row.table, 1)),
            }
        }
        for (table, count) in tables {
            writeln!(f, "  - {count} of {table}")?;
        }
        for row in &self.kept {
            writeln!(f, "  ! {} {}: edited in the database ({})", row.table, label(&row.key), row.edited.join(", "))?;
        }
        for StreamedRows { table, rows } in &self.streamed {
            let (rows, stay) =
                if *rows == 1 { ("1 row".to_owned(), "stays") } else { (format!("{rows} rows"), "stay") };
            writeln!(f, "  ! {table}: {rows} that {stay}, they were streamed: `seed apply --fresh` removes them")?;
        }
        for blocked in &self.blocked {
            writeln!(f, "  ! {}: {}", blocked.table, blocked.reason)?;
        }
        Ok(())
    }
}

impl fmt::Display for ResetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows deleted, {} let go, {} kept as edited", self.deleted, self.released, self.kept)
    }
}
