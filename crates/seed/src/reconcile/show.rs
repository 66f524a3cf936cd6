//! The text form of plans: one line per table and the first few rows that change. Colours and widths are the command line's.

use std::fmt;

use serde_json::Value as Json;

use crate::reconcile::plan::{ColumnChange, Counts, Outcome, Pending, RowAction, RowPlan, SeedPlan, TablePlan};
use crate::value::RowKey;

/// Rows shown below a table, unless asked for more.
pub(crate) const ROWS: usize = 8;

/// Characters of names on a line of new rows.
const LINE: usize = 72;

/// Characters of a value before it is shortened.
const WIDTH: usize = 48;

/// A plan with a chosen number of rows per table.
#[derive(Debug)]
pub struct Shown<'a> {
    plan: &'a SeedPlan,
    rows: usize,
}

impl SeedPlan {
    /// The text form with up to this many rows per table.
    #[must_use]
    pub fn show(&self, rows: usize) -> Shown<'_> {
        Shown { plan: self, rows }
    }
}

impl fmt::Display for SeedPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(ROWS).fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { create, update, unchanged, edited, prune, release: _ } = self.plan.counts();
        write!(f, "rows: {create} to create, {update} to update, {unchanged} unchanged")?;
        write!(f, "{}", if prune > 0 { format!(", {prune} to prune") } else { String::new() })?;
        writeln!(f, "{}", if edited > 0 { format!(", {edited} kept as edited") } else { String::new() })?;
        let names =
            self.plan.tables.iter().map(|table| &table.table).chain(self.plan.bulk.iter().map(|table| &table.table));
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
        for table in &self.plan.tables {
            writeln!(f, "  {:width$}{}", table.table, summary(table))?;
            self.existing(f, table)?;
            self.created(f, table)?;
            gone(f, table)?;
        }
        for table in &self.plan.bulk {
            writeln!(f, "  {:width$}{}", table.table, table.summary())?;
            self.existing(f, &table.shown())?;
            table.more_lines().iter().try_for_each(|line| writeln!(f, "      {line}"))?;
        }
        self.steps(f)?;
        self.pending(f)?;
        self.skipped(f)
    }
}

impl Shown<'_> {
    /// What touches existing rows is what people want to read first, column by column.
    fn existing(&self, f: &mut fmt::Formatter<'_>, table: &TablePlan) -> fmt::Result {
        let declared = table.rows.iter().filter(|row| !is_gone(row));
        let mut rows: Vec<&RowPlan> = declared.filter(|row| !row.columns.is_empty()).collect();
        rows.sort_by_key(|row| match row.action {
            RowAction::Conflict => 0,
            RowAction::Edited => 1,
            _ => 2,
        });
        for row in rows.iter().take(self.rows) {
            writeln!(f, "      {} {}", row.action.sign(), row.key.label())?;
            for column in &row.columns {
                writeln!(f, "          {}", change(column))?;
            }
        }
        if rows.len() > self.rows { writeln!(f, "      and {} more", rows.len() - self.rows) } else { Ok(()) }
    }

    /// New rows are only named, and the first few stand for the rest.
    fn created(&self, f: &mut fmt::Formatter<'_>, table: &TablePlan) -> fmt::Result {
        let new = || table.rows.iter().filter(|row| row.action == RowAction::Create);
        let count = new().count();
        if count == 0 || self.rows == 0 {
            return Ok(());
        }
        writeln!(f, "      + {}", first_few(new().map(|row| row.key.label()), count, self.rows))
    }

    /// What rows with a life cycle step through, each with a row in the audit.
    fn steps(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = &self.plan.steps;
        if rows.is_empty() {
            return Ok(());
        }
        let steps: usize = rows.iter().map(|row| row.steps.len()).sum();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        writeln!(f, "  life cycle  {steps} step{} of {} row{}", plural(steps), rows.len(), plural(rows.len()))?;
        rows.iter().take(self.rows).try_for_each(|row| writeln!(f, "      {row}"))?;
        if rows.len() > self.rows { writeln!(f, "      and {} more", rows.len() - self.rows) } else { Ok(()) }
    }

    fn pending(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (columns, tables): (Vec<&Pending>, Vec<&Pending>) =
            self.plan.pending.iter().partition(|pending| pending.column.is_some());
        match tables.len() {
            0 => {}
            1 => writeln!(f, "  table {} has to come with a migration", tables[0].table)?,
            many => writeln!(f, "  {many} of these tables have to come with migrations")?,
        }
        for pending in columns {
            let column = pending.column.as_deref().unwrap_or_default();
            writeln!(f, "  column {}.{column} has to come with a migration", pending.table)?;
        }
        Ok(())
    }

    /// What is left out has to be seen, whatever else is in the plan.
    fn skipped(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.plan.notes {
            writeln!(f, "  note: {note}")?;
        }
        let skipped = &self.plan.skipped;
        if skipped.is_empty() {
            return Ok(());
        }
        writeln!(f, "  ! {} skipped because they do not fit", skipped.len())?;
        for one in skipped.iter().take(self.rows) {
            writeln!(f, "      {one}")?;
        }
        if skipped.len() > self.rows { writeln!(f, "      and {} more", skipped.len() - self.rows) } else { Ok(()) }
    }
}

fn is_gone(row: &RowPlan) -> bool {
    matches!(row.action, RowAction::Prune | RowAction::Release | RowAction::Orphaned)
}

/// Every row that is gone from the files is named, however many: what is deleted has to be read.
fn gone(f: &mut fmt::Formatter<'_>, table: &TablePlan) -> fmt::Result {
    for row in table.rows.iter().filter(|row| is_gone(row)) {
        let what = match row.action {
            RowAction::Prune if row.columns.is_empty() => "",
            RowAction::Prune => "  edited in the database, deleted all the same (on_edit = overwrite)",
            RowAction::Release => "  let go: not created here, or gone already",
            _ => "  gone from the files, kept because it was edited in the database",
        };
        writeln!(f, "      {} {}{what}", row.action.sign(), row.key.label())?;
        for column in &row.columns {
            let (old, new) = around_change(&column.new, &column.old);
            writeln!(f, "          {}: seeded as {old}, is {new}", column.column)?;
        }
    }
    Ok(())
}

/// The first few of so many names, as many as fit into a line, and how many there are besides.
pub(crate) fn first_few(all: impl Iterator<Item = String>, count: usize, most: usize) -> String {
    let mut names = String::new();
    let mut named = 0;
    for name in all.take(most) {
        if named > 0 && names.chars().count() + name.chars().count() > LINE {
            break;
        }
        names.push_str(if named > 0 { ", " } else { "" });
        names.push_str(&name);
        named += 1;
    }
    match count - named {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// A key in a few words: its values, those of references included.
pub(crate) fn label(key: &Json) -> String {
    shorten(&name(key), WIDTH)
}

/// As [`label`], in full: what a row is called on the command line.
pub(crate) fn name(key: &Json) -> String {
    let mut parts = Vec::new();
    collect(key, &mut parts);
    parts.join(" / ")
}

impl RowKey {
    /// A short name of the row, in a line of text.
    pub(crate) fn label(&self) -> String {
        label(&self.json())
    }

    /// As [`Self::label`], in full.
    pub(crate) fn name(&self) -> String {
        name(&self.json())
    }
}

/// A value on one line, shortened.
pub(crate) fn value(value: &Json) -> String {
    match value {
        Json::Null => "NULL".to_owned(),
        Json::Object(object) if is_reference(value) => {
            format!("{} {}", object["ref"].as_str().unwrap_or_default(), label(value))
        }
        other => shorten(&other.to_string(), WIDTH),
    }
}

/// Cuts a text to a width in characters, marking the cut.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width - 1).collect();
    format!("{}…", kept.trim_end())
}

fn summary(table: &TablePlan) -> String {
    let counts = table.counts();
    let parts = [
        ("+", counts.create, "create"),
        ("~", counts.update, "update"),
        ("-", counts.prune, "prune"),
        ("=", counts.unchanged, "unchanged"),
        ("!", counts.edited, "edited in the database"),
    ];
    let shown = parts.iter().filter(|(_, count, _)| *count > 0);
    let mut text: String = shown.map(|(sign, count, word)| format!("  {sign} {count} {word}")).collect();
    let adopted = table.rows.iter().filter(|row| row.action == RowAction::Adopt).count();
    if adopted > 0 {
        text.push_str(&format!(" ({adopted} adopted)"));
    }
    if text.is_empty() { "  nothing declared".to_owned() } else { text }
}

fn change(column: &ColumnChange) -> String {
    let (old, new) = around_change(&column.old, &column.new);
    let change = match column.outcome {
        Outcome::Update => format!("{}: {old} -> {new}", column.column),
        Outcome::Edited => format!("{}: keeps {old}, the file has {new}", column.column),
        Outcome::Conflict => format!("{}: keeps {old}, the file changed to {new}", column.column),
    };
    match &column.policy {
        Some(policy) => format!("{change} ({policy})"),
        None => change,
    }
}

/// Both values shortened; long texts that begin alike are shown from where they part.
fn around_change(old: &Json, new: &Json) -> (String, String) {
    if let (Json::String(a), Json::String(b)) = (old, new) {
        let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
        if same > WIDTH / 2 && (a.chars().count() > WIDTH || b.chars().count() > WIDTH) {
            let tail = |text: &str| {
                shorten(
                    &Json::from(format!("…{}", text.chars().skip(same - 13).collect::<String>())).to_string(),
                    WIDTH,
                )
            };
            return (tail(a), tail(b));
        }
    }
    (value(old), value(new))
}

fn collect(key: &Json, parts: &mut Vec<String>) {
    match key {
        Json::Object(object) if is_reference(key) => collect(&object["key"], parts),
        Json::Object(object) => object.values().for_each(|value| collect(value, parts)),
        Json::Array(values) => values.iter().for_each(|value| collect(value, parts)),
        Json::String(text) => parts.push(text.clone()),
        other => parts.push(other.to_string()),
    }
}

pub(crate) fn is_reference(value: &Json) -> bool {
    value
        .as_object()
        .is_some_and(|object| object.len() == 2 && object.contains_key("ref") && object.contains_key("key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_show_the_values_of_keys_and_of_the_keys_behind_references() {
        let key = json!({"spec_id": {"ref": "analysis_spec", "key": {"slug": "spec-a"}}, "position": 2});
        assert_eq!(label(&key), "spec-a / 2");
        assert_eq!(value(&key["spec_id"]), "analysis_spec spec-a");
    }

    #[test]
    fn long_texts_are_shown_from_where_they_part() {
        let start = "The caller speaks about plans, people and places with ";
        let (old, new) = around_change(&json!(format!("{start}ease")), &json!(format!("{start}effort")));
        assert_eq!((old.as_str(), new.as_str()), ("\"…places with ease\"", "\"…places with effort\""));
    }
}
