//! How an inventory is shown to people. What is in it is found by the rest of the folder.

use std::fmt;

use crate::verify::Declared;

use super::{
    Entry, GitState, Inventory, InventoryNote, RowStatements, SchemaStatistics, Touch, TouchAction, TouchKind, Unread,
};

impl fmt::Display for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = &self.totals;
        writeln!(f, "{} of {}, {}", counted(totals.migrations, "migration"), self.engine, self.layout)?;
        let width = self.migrations.iter().map(|each| each.name.chars().count()).max().unwrap_or(0);
        for entry in &self.migrations {
            entry.show(f, width)?;
        }
        let (statements, lines) = (counted(totals.statements, "statement"), counted(totals.lines, "line"));
        writeln!(f, "together: {statements}, {lines}, {}", counted(totals.bytes, "byte"))?;
        write!(f, "  {} with a way back, {} in a transaction", totals.with_down, totals.transactional)?;
        if self.migrations.iter().any(|each| each.script.git != GitState::Unknown) {
            write!(f, ", {} committed", totals.committed)?;
        }
        writeln!(f)?;
        if let Some(rows) = written(totals.rows) {
            writeln!(f, "  {rows}")?;
        }
        writeln!(f, "after all of them: {}", totals.schema)?;
        if totals.unread > 0 {
            writeln!(f, "  without what {} may do", counted(totals.unread, "unread statement"))?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        Ok(())
    }
}

impl Entry {
    fn show(&self, f: &mut fmt::Formatter<'_>, width: usize) -> fmt::Result {
        let statements = counted(self.script.statements, "statement");
        let lines = counted(self.script.lines, "line");
        write!(f, "  {:<width$}  {statements}, {lines}, {}", self.name, counted(self.script.bytes, "byte"))?;
        if !self.transactional && self.problem.is_none() {
            f.write_str(", one by one")?;
        }
        if self.has_way_back() {
            f.write_str(", way back")?;
        }
        if matches!(self.declared, Some(Declared::Irreversible { .. })) {
            f.write_str(", declared irreversible")?;
        }
        let git = self.down.as_ref().map_or(self.script.git, |down| down.git.max(self.script.git));
        match git {
            GitState::Unknown => {}
            GitState::Committed => f.write_str(", committed")?,
            GitState::Modified => f.write_str(", modified")?,
            GitState::Untracked => f.write_str(", not in git")?,
            GitState::Ignored => f.write_str(", ignored by git")?,
        }
        writeln!(f)?;
        for (action, verb) in [
            (TouchAction::Create, "makes"),
            (TouchAction::Alter, "changes"),
            (TouchAction::Rename, "renames"),
            (TouchAction::Drop, "drops"),
        ] {
            let told: Vec<String> = self
                .touches
                .iter()
                .filter(|touch| touch.action == action && self.is_told(touch))
                .map(Touch::to_string)
                .collect();
            if !told.is_empty() {
                writeln!(f, "      {verb} {}", told.join(", "))?;
            }
        }
        if let Some(rows) = written(self.rows) {
            writeln!(f, "      {rows}")?;
        }
        for unread in &self.unread {
            writeln!(f, "      {unread}")?;
        }
        if let Some(problem) = &self.problem {
            writeln!(f, "      cannot be read: {problem}")?;
        }
        Ok(())
    }

    /// Columns and constraints of a table that it makes itself are in the data, and would be too much here.
    fn is_told(&self, touch: &Touch) -> bool {
        let made = |table: &String| {
            self.touches
                .iter()
                .any(|each| each.kind == TouchKind::Table && each.action == TouchAction::Create && each.name == *table)
        };
        let belongs =
            !matches!(touch.kind, TouchKind::Index | TouchKind::UniqueIndex | TouchKind::Trigger | TouchKind::Policy);
        !(touch.action == TouchAction::Create && belongs && touch.table.as_ref().is_some_and(made))
    }
}

/// ``index `users_email` (hnsw)``, ``column `users.email` ``, ``foreign key of `orders` ``.
impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.kind.name();
        match (&self.table, self.name.as_str()) {
            (Some(table), "") => write!(f, "{name} of `{table}`")?,
            (Some(table), column) if self.kind == TouchKind::Column => write!(f, "{name} `{table}.{column}`")?,
            (_, object) => write!(f, "{name} `{object}`")?,
        }
        if let Some(method) = &self.method {
            write!(f, " ({method})")?;
        }
        match (&self.to, self.action) {
            (Some(to), TouchAction::Rename) => write!(f, " to `{to}`"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not read: statement {} in line {}, `{} ..`", self.statement, self.line, self.words)
    }
}

impl fmt::Display for SchemaStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.tables, "table"),
            (self.columns, "column"),
            (self.enums, "enum"),
            (self.foreign_keys, "foreign key"),
            (self.unique_constraints, "unique constraint"),
            (self.checks, "check"),
            (self.views, "view"),
            (self.functions, "function"),
            (self.triggers, "trigger"),
            (self.extensions, "extension"),
        ];
        let mut told: Vec<String> =
            parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what)).collect();
        match self.indexes {
            0 => {}
            1 => told.push("1 index".to_owned()),
            count => told.push(format!("{count} indexes")),
        }
        if told.is_empty() { f.write_str("nothing") } else { f.write_str(&told.join(", ")) }
    }
}

impl fmt::Display for InventoryNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late { name, before } => write!(
                f,
                "`{name}` was committed after `{before}`, but is applied before it: databases that have `{before}` take it out of order"
            ),
        }
    }
}

fn written(rows: RowStatements) -> Option<String> {
    let parts = [(rows.insert, "INSERT"), (rows.update, "UPDATE"), (rows.delete, "DELETE")];
    let told: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, verb)| format!("{count} {verb}")).collect();
    (!told.is_empty()).then(|| format!("writes rows: {}", told.join(", ")))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
