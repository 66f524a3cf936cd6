//! What has to be seen in the catalogue of MySQL once a statement happened, told from its operations. Comparing the catalogue
//! with what it was before is `reconcile`'s.

use std::collections::BTreeSet;

use plimsoll_core::db::{Engine, quoted};

use super::observe::Things;
use crate::operation::{AlterAction, Name, Operation, operations};
use crate::split::Statement;

/// What of a statement is not in the catalogue, although it is where the statement would have put it.
pub(super) fn missing(statement: &Statement, now: &Things) -> Option<String> {
    let all = operations(Engine::Mysql, statement);
    // What one statement drops and makes again is there afterwards.
    let made: BTreeSet<String> = all.iter().filter_map(|placed| made(&placed.operation)).collect();
    all.iter().find_map(|placed| match &placed.operation {
        Operation::CreateTable(created) => {
            (definition(now, &created.name).is_none()).then(|| format!("there is no table `{}`", created.name.name))
        }
        Operation::CreateIndex { table, index } => index.name.as_ref().and_then(|name| lacks(now, table, &name.name)),
        Operation::AlterTable { table, action, .. } => altered(now, table, action, &made),
        _ => None,
    })
}

/// What an action makes in a table, in lower case.
fn made(operation: &Operation) -> Option<String> {
    let Operation::AlterTable { action, .. } = operation else { return None };
    let name = match action {
        AlterAction::AddColumn { column, .. } | AlterAction::ChangeColumn { column, .. } => Some(&column.name),
        AlterAction::RenameColumn { to, .. } | AlterAction::RenameIndex { to, .. } => Some(to),
        AlterAction::AddIndex(index) => index.name.as_ref().map(|name| &name.name),
        AlterAction::AddConstraint(added) => added.constraint.name.as_ref(),
        _ => None,
    };
    name.map(|name| name.to_lowercase())
}

fn altered(now: &Things, table: &Name, action: &AlterAction, made: &BTreeSet<String>) -> Option<String> {
    match action {
        AlterAction::DropColumn { column: name, .. }
        | AlterAction::DropIndex { name, .. }
        | AlterAction::DropConstraint { name, .. }
        | AlterAction::DropForeignKey { name, .. }
            if made.contains(&name.to_lowercase()) =>
        {
            None
        }
        AlterAction::AddColumn { column, .. }
        | AlterAction::ModifyColumn { column, .. }
        | AlterAction::ChangeColumn { column, .. } => lacks(now, table, &column.name),
        AlterAction::RenameColumn { to, .. } | AlterAction::RenameIndex { to, .. } => lacks(now, table, to),
        AlterAction::AddIndex(index) => index.name.as_ref().and_then(|name| lacks(now, table, &name.name)),
        AlterAction::DropColumn { column, .. } => still_has(now, table, &format!("\n  {} ", mysql(column))),
        AlterAction::DropIndex { name, .. } => still_has(now, table, &format!("KEY {} ", mysql(name))),
        AlterAction::DropConstraint { name, .. } | AlterAction::DropForeignKey { name, .. } => {
            still_has(now, table, &format!("CONSTRAINT {} ", mysql(name)))
        }
        // The difference alone has to do.
        _ => None,
    }
}

fn lacks(now: &Things, table: &Name, name: &str) -> Option<String> {
    let text = definition(now, table)?;
    (!contains(text, &mysql(name))).then(|| format!("`{}` has no `{name}`", table.name))
}

fn still_has(now: &Things, table: &Name, part: &str) -> Option<String> {
    let text = definition(now, table)?;
    contains(text, part).then(|| format!("`{}` still has {}", table.name, part.trim()))
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

fn mysql(name: &str) -> String {
    quoted(Engine::Mysql, name)
}

/// None also for a table of another database or one that the statement itself has renamed: nothing is said about those.
fn definition<'a>(now: &'a Things, table: &Name) -> Option<&'a str> {
    let key = match &table.schema {
        Some(schema) => format!("table {schema} {}", table.name),
        None => format!("table {}", table.name),
    };
    let found = now.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key));
    let here = || now.iter().find(|(name, _)| name.eq_ignore_ascii_case(&format!("table {}", table.name)));
    found.or_else(here).map(|(_, text)| text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    fn missing_of(sql: &str, text: &str) -> Option<String> {
        let now: Things = [("table a".to_owned(), text.to_owned())].into();
        missing(&split(Engine::Mysql, "m.sql".as_ref(), sql).expect("splits")[0], &now)
    }

    const TABLE: &str =
        "CREATE TABLE  (\n  `id` int(11) NOT NULL,\n  `b` text,\n  PRIMARY KEY (`id`),\n  KEY `i` (`b`)\n)";

    #[test]
    fn what_a_statement_would_have_made_or_taken_away_is_looked_for() {
        for (sql, expected) in [
            ("ALTER TABLE a ADD COLUMN B TEXT, DROP COLUMN c", None),
            ("ALTER TABLE a ADD COLUMN c TEXT", Some("`a` has no `c`")),
            ("ALTER TABLE a DROP COLUMN b", Some("`a` still has `b`")),
            ("ALTER TABLE a DROP INDEX i, ADD INDEX i (b), DROP COLUMN b, ADD b INT", None),
            ("CREATE INDEX i ON a (b)", None),
            ("CREATE INDEX j ON a (b)", Some("`a` has no `j`")),
            ("CREATE TABLE c (id INT)", Some("there is no table `c`")),
            ("ALTER TABLE gone ADD COLUMN c TEXT", None),
        ] {
            assert_eq!(missing_of(sql, TABLE).as_deref(), expected, "{sql}");
        }
    }
}
