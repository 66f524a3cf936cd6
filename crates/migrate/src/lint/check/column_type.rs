//! Types of columns that change: rewrites, copies, values that do not fit. Added columns are `column`'s.

use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::lint::sql_type::{SqlType, change};
use crate::operation::{AlterAction, ColumnDef, Name, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    let Operation::AlterTable { table, action, .. } = &placed.operation else { return };
    if scene.is_new(table) {
        return;
    }
    match action {
        AlterAction::AlterColumnType { column, type_text, using, .. } => {
            postgres(scene, placed, table, (column, type_text, using.as_deref()), hits);
        }
        AlterAction::ModifyColumn { column, .. } => mysql(scene, placed, table, &column.name, column, hits),
        AlterAction::ChangeColumn { from, column, .. } => mysql(scene, placed, table, from, column, hits),
        _ => {}
    }
}

fn postgres(
    scene: &Scene<'_>,
    placed: &Placed,
    table: &Name,
    (column, type_text, using): (&str, &str, Option<&str>),
    hits: &mut Hits,
) {
    let (written, name) = (scene.text(table.span), scene.ident(column));
    let known = scene
        .table(table)
        .and_then(|table| table.column(scene.engine, column))
        .filter(|column| !column.type_text.is_empty());
    if known.is_some_and(|column| column.blank && scene.is_fresh(column.born)) {
        return;
    }
    let new = SqlType::parse(scene.engine, type_text);
    let old = known.map(|column| SqlType::parse(scene.engine, &column.type_text));
    let found = old.as_ref().map(|old| change(scene.engine, old, &new));
    // An expression is computed for each row.
    let computes = using.is_some_and(|using| {
        let text = using.to_ascii_lowercase().replace(['(', ')', '"', ' '], "");
        let cast = format!("{}::{}", column.to_ascii_lowercase(), type_text.replace(' ', ""));
        text != column.to_ascii_lowercase() && text != cast
    });
    if found.is_none_or(|found| found.rewrites) || computes {
        let before = old.as_ref().map_or("a type that is not known here".to_owned(), |_| {
            format!("`{}`", known.map_or("", |column| &column.type_text))
        });
        let message = format!(
            "from {before} to `{type_text}`: `{written}` and its indexes are written anew, while nobody can read or write"
        );
        let instead = format!(
            "ALTER TABLE {written} ADD COLUMN {} {type_text}, write both, copy in batches, read the new one, drop {name}",
            scene.ident(&format!("{column}_new"))
        );
        hits.push(Rule::AlterTypeRewrite, placed.span, message, Some(instead));
    }
    if found.is_some_and(|found| found.narrows) {
        narrowing(scene, placed, written, column, type_text, hits);
    }
}

fn narrowing(scene: &Scene<'_>, placed: &Placed, table: &str, column: &str, type_text: &str, hits: &mut Hits) {
    let message = format!("values of `{column}` that are no `{type_text}` make it fail, or are cut");
    let instead = format!(
        "ALTER TABLE {table} ADD COLUMN {} {type_text}, copy what fits, look at what does not",
        scene.ident(&format!("{column}_new"))
    );
    hits.push(Rule::NarrowingType, placed.span, message, Some(instead));
}

fn mysql(scene: &Scene<'_>, placed: &Placed, table: &Name, from: &str, column: &ColumnDef, hits: &mut Hits) {
    let written = scene.text(table.span);
    let new = SqlType::parse(scene.engine, &column.type_text);
    let known = scene
        .table(table)
        .and_then(|table| table.column(scene.engine, from))
        .filter(|column| !column.type_text.is_empty());
    let Some(known) = known else {
        let message = format!(
            "the type of `{from}` before is not known here: unless it stays what it is, `{written}` is copied, while nobody can write"
        );
        hits.push(Rule::AlgorithmCopy, placed.span, message, Some(refusing(scene, placed, written)));
        return;
    };
    if known.blank && scene.is_fresh(known.born) {
        return;
    }
    let old = SqlType::parse(scene.engine, &known.type_text);
    if matches!(new.base.as_str(), "enum" | "set") && old.base == new.base {
        values(placed, written, &old, &new, hits);
        return;
    }
    let found = change(scene.engine, &old, &new);
    if found.narrows {
        narrowing(scene, placed, written, from, &column.type_text, hits);
    }
    let lengths = (old.lengths.first(), new.lengths.first());
    if let (false, "varchar", "varchar", (Some(before), Some(after))) =
        (found.rewrites, old.base.as_str(), new.base.as_str(), lengths)
    {
        let width = bytes_a_character(
            &known.other,
            &scene.table(table).map_or("", |table| &table.options).to_ascii_lowercase(),
        );
        if before * width <= 255 && after * width > 255 {
            let message = format!(
                "`{from}` grows from {} to {} bytes: its length needs a second byte, so `{written}` is copied",
                before * width,
                after * width
            );
            hits.push(
                Rule::VarcharCrosses255Bytes,
                placed.span,
                message,
                Some(format!("at most varchar({})", 255 / width)),
            );
        }
    }
    if found.rewrites {
        let message = format!(
            "`{}` becomes `{}`: `{written}` is copied, while nobody can write",
            known.type_text, column.type_text
        );
        hits.push(Rule::AlgorithmCopy, placed.span, message, Some(refusing(scene, placed, written)));
    }
}

fn refusing(scene: &Scene<'_>, placed: &Placed, table: &str) -> String {
    let action = scene.text(placed.span).split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "ALTER TABLE {table} {action}, ALGORITHM=INPLACE, LOCK=NONE, which the server refuses when it has to copy; then gh-ost, or a new column"
    )
}

/// The values of `enum` and `set`.
fn values(placed: &Placed, table: &str, old: &SqlType, new: &SqlType, hits: &mut Hits) {
    let gone: Vec<_> = old.values.iter().filter(|value| !new.values.contains(value)).cloned().collect();
    if !gone.is_empty() {
        let message = format!("rows of `{table}` that hold '{}' make it fail, or are emptied", gone.join("', '"));
        hits.push(Rule::DropEnumValue, placed.span, message, None);
        return;
    }
    let bytes = |kind: &SqlType| match (kind.base.as_str(), kind.values.len()) {
        ("enum", 0..=255) => 1,
        ("enum", _) => 2,
        (_, 0..=8) => 1,
        (_, 9..=16) => 2,
        (_, 17..=24) => 3,
        (_, 25..=32) => 4,
        _ => 8,
    };
    let appended = new.values.starts_with(&old.values);
    if !appended || bytes(old) != bytes(new) {
        let why =
            if appended { "the numbers of the values need more bytes" } else { "the values are in another order" };
        let added: Vec<_> = new.values.iter().filter(|value| !old.values.contains(value)).cloned().collect();
        let all = [old.values.clone(), added].concat().join("', '");
        let message = format!("{why}: `{table}` is copied, while nobody can write");
        let instead = if appended { None } else { Some(format!("{}('{all}')", new.base)) };
        hits.push(Rule::EnumReorder, placed.span, message, instead);
    }
}

/// By the column's character set, else the table's, else utf8mb4.
fn bytes_a_character(other: &Option<String>, options: &str) -> u32 {
    let other = other.as_deref().unwrap_or_default().to_ascii_lowercase();
    let text = if other.contains("char") { other.as_str() } else { options };
    match text {
        text if text.contains("utf8mb4") => 4,
        text if text.contains("utf8mb3") || text.contains("utf8") => 3,
        text if text.contains("latin") || text.contains("ascii") || text.contains("binary") => 1,
        text if text.contains("ucs2") => 2,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_character_set_counts_before_the_tables() {
        assert_eq!(bytes_a_character(&Some("CHARACTER SET latin1".to_owned()), "charset=utf8mb4"), 1);
        assert_eq!(bytes_a_character(&None, "default charset=utf8"), 3);
        assert_eq!(bytes_a_character(&None, ""), 4);
    }
}
