//! What MySQL and MariaDB copy, rebuild or forget. What holds for every engine is in the files beside it.

use super::index::asked_to_copy;
use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::operation::{AlterAction, ColumnDef, Generated, Name, Operation, Placed, Position, Volatile};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    match &placed.operation {
        Operation::CreateTable(create) => create.columns.iter().for_each(|column| references(scene, column, hits)),
        Operation::AlterTable { table, action, .. } => {
            if let AlterAction::AddColumn { column, .. } = action {
                references(scene, column, hits);
            }
            if !scene.is_new(table) {
                alter(scene, placed, table, action, hits);
            }
        }
        _ => {}
    }
}

/// Forgotten before MySQL 9; MariaDB makes the key since 10.5.
fn references(scene: &Scene<'_>, column: &ColumnDef, hits: &mut Hits) {
    let Some(other) = &column.references else { return };
    if scene.server.is_mariadb(10, 5) || scene.server.is_at_least(9, 0, 0) {
        return;
    }
    let (written, name) = (scene.text(other.table.span), scene.ident(&column.name));
    let message = format!(
        "MySQL before 9 forgets this: nothing keeps `{}` from referring to what is not in `{written}`",
        column.name
    );
    let key = if other.columns.is_empty() { "id".to_owned() } else { other.columns.join(", ") };
    hits.push(
        Rule::InlineReferencesIgnored,
        column.span,
        message,
        Some(format!("FOREIGN KEY ({name}) REFERENCES {written} ({key})")),
    );
}

fn alter(scene: &Scene<'_>, placed: &Placed, table: &Name, action: &AlterAction, hits: &mut Hits) {
    let (span, written) = (placed.span, scene.text(table.span));
    match action {
        AlterAction::AddColumn { column, position, .. } => {
            added(scene, placed, written, column, hits);
            placed_at(scene, placed, written, position.as_ref(), hits);
        }
        AlterAction::ModifyColumn { column, position } | AlterAction::ChangeColumn { column, position, .. } => {
            let from = if let AlterAction::ChangeColumn { from, .. } = action { from } else { &column.name };
            placed_at(scene, placed, written, position.as_ref(), hits);
            modified(scene, placed, table, from, column, hits);
        }
        AlterAction::DropPrimaryKey => {
            hits.push(
                Rule::PrimaryKeyChange,
                span,
                format!("`{written}` is built anew without its key, while nobody can write"),
                None,
            );
        }
        AlterAction::Algorithm { value } => asked_to_copy(scene, placed, table, Some(value), None, hits),
        AlterAction::Lock { value } => asked_to_copy(scene, placed, table, None, Some(value), hits),
        AlterAction::Engine { name } => {
            let message = format!("every row of `{written}` is written anew for {name}, while nobody can write");
            hits.push(Rule::EngineOrCharsetConversion, span, message, None);
        }
        AlterAction::ConvertCharset { charset, .. } => {
            let message = format!("every row of `{written}` is written anew in {charset}, while nobody can write");
            hits.push(Rule::EngineOrCharsetConversion, span, message, None);
        }
        AlterAction::Other { text } => {
            let upper = text.to_ascii_uppercase();
            if upper.starts_with("PARTITION BY")
                || upper.starts_with("REMOVE PARTITIONING")
                || upper.starts_with("ORDER BY")
            {
                hits.push(
                    Rule::EngineOrCharsetConversion,
                    span,
                    format!("`{written}` is copied, while nobody can write"),
                    None,
                );
            }
        }
        _ => {}
    }
}

fn added(scene: &Scene<'_>, placed: &Placed, table: &str, column: &ColumnDef, hits: &mut Hits) {
    let (span, name, column_type) = (placed.span, &column.name, &column.type_text);
    if column.auto_increment || column.primary_key {
        let message = format!("`{table}` is built anew to number its rows, while nobody can write");
        hits.push(Rule::PrimaryKeyChange, span, message, None);
    }
    if column.generated == Some(Generated::Stored) {
        stored(scene, placed, table, name, hits);
    }
    let Some(default) = &column.default else { return };
    let text = default.text.to_ascii_lowercase();
    let now =
        ["current_timestamp", "now(", "localtime"].iter().any(|word| text.trim_start_matches('(').starts_with(word));
    if default.volatile != Volatile::No && !now {
        let message =
            format!("`{}` is computed for each row: `{table}` is copied, while nobody can write", default.text);
        let column = scene.ident(name);
        let instead = format!(
            "ALTER TABLE {table} ADD COLUMN {column} {}; ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {}; fill the rows in batches",
            column_type, default.text
        );
        hits.push(Rule::ExpressionDefault, span, message, Some(instead));
    }
}

fn stored(scene: &Scene<'_>, placed: &Placed, table: &str, column: &str, hits: &mut Hits) {
    let message = format!("`{column}` is computed and written for every row of `{table}`, while nobody can write");
    let text = scene.text(placed.span);
    let virtual_ = text
        .strip_suffix("STORED")
        .or_else(|| text.strip_suffix("stored"))
        .map(|head| format!("ALTER TABLE {table} {head}VIRTUAL"));
    hits.push(Rule::StoredGenerated, placed.span, message, virtual_);
}

/// A place other than the last.
fn placed_at(scene: &Scene<'_>, placed: &Placed, table: &str, position: Option<&Position>, hits: &mut Hits) {
    if position.is_none() || scene.server.is_mariadb(10, 4) || scene.server.is_at_least(8, 0, 29) {
        return;
    }
    let message =
        format!("MySQL before 8.0.29 and MariaDB before 10.4 build `{table}` anew for a place other than the last");
    hits.push(Rule::ColumnPosition, placed.span, message, Some("the column at the end".to_owned()));
}

fn modified(scene: &Scene<'_>, placed: &Placed, table: &Name, from: &str, column: &ColumnDef, hits: &mut Hits) {
    let written = scene.text(table.span);
    if column.generated == Some(Generated::Stored) {
        stored(scene, placed, written, &column.name, hits);
    }
    let known = scene.table(table).and_then(|table| table.column(scene.engine, from));
    let charset = |other: &Option<String>| {
        let text = other.as_deref().unwrap_or_default().to_ascii_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        let at = words.windows(2).position(|pair| pair == ["character", "set"]).map(|at| at + 2);
        let at = at.or_else(|| words.iter().position(|word| *word == "charset").map(|at| at + 1));
        at.and_then(|at| words.get(at).map(|word| (*word).to_owned()))
    };
    if let Some(new) = charset(&column.other) {
        let old = known
            .and_then(|known| charset(&known.other))
            .or_else(|| scene.table(table).and_then(|table| table_charset(&table.options)));
        if old.is_none_or(|old| old != new) {
            let message =
                format!("every value of `{from}` is written anew in {new}, while nobody can write to `{written}`");
            hits.push(Rule::EngineOrCharsetConversion, placed.span, message, None);
        }
    }
}

fn table_charset(options: &str) -> Option<String> {
    let text = options
        .to_ascii_lowercase()
        .replace("character set", "charset")
        .replace(" = ", "=")
        .replace("= ", "=")
        .replace(" =", "=");
    let at = text.find("charset")?;
    text[at + "charset".len()..].trim_start_matches(['=', ' ']).split_whitespace().next().map(str::to_owned)
}
