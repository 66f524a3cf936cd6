//! Columns that are added, and NOT NULL on columns that are there. Changed types are `column_type`'s.

use plimsoll_core::db::Engine;

use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::lint::state::same;
use crate::operation::{AlterAction, ColumnDef, CreateTable, Generated, Name, Operation, Placed, Volatile};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    match &placed.operation {
        Operation::CreateTable(create) => {
            rebuilt(scene, create, hits);
        }
        Operation::AlterTable { table, action, .. } => match action {
            AlterAction::AddColumn { column, .. } if !scene.is_new(table) => {
                json(scene, column, hits);
                added(scene, placed, table, column, hits);
            }
            AlterAction::SetNotNull { column } => set_not_null(scene, placed, table, column, hits),
            AlterAction::ModifyColumn { column, .. } if column.not_null => {
                set_not_null(scene, placed, table, &column.name, hits)
            }
            AlterAction::ChangeColumn { from, column, .. } if column.not_null => {
                set_not_null(scene, placed, table, from, hits)
            }
            AlterAction::AlterColumnType { column, type_text, .. }
                if is_json(type_text) && scene.engine == Engine::Postgres && !scene.is_new(table) =>
            {
                let message = format!("`{column}` cannot be compared: DISTINCT, GROUP BY and UNION over it fail");
                hits.push(Rule::JsonNotJsonb, placed.span, message, Some("jsonb instead of json".to_owned()));
            }
            _ => {}
        },
        _ => {}
    }
}

fn is_json(type_text: &str) -> bool {
    type_text == "json" || type_text.starts_with("json[") || type_text == "pg_catalog.json"
}

fn json(scene: &Scene<'_>, column: &ColumnDef, hits: &mut Hits) {
    if scene.engine == Engine::Postgres && is_json(&column.type_text) {
        let message = format!("`{}` cannot be compared: DISTINCT, GROUP BY and UNION over it fail", column.name);
        hits.push(Rule::JsonNotJsonb, column.span, message, Some(format!("{} jsonb", scene.ident(&column.name))));
    }
}

fn added(scene: &Scene<'_>, placed: &Placed, table: &Name, column: &ColumnDef, hits: &mut Hits) {
    let (span, name, written) = (placed.span, &column.name, scene.text(table.span));
    let serial = is_serial(scene.engine, &column.type_text);
    let fills_itself = column.identity || column.auto_increment || column.generated.is_some() || serial;
    let has_default = column.default.as_ref().is_some_and(|default| !default.text.eq_ignore_ascii_case("null"));
    let required = column.not_null || (column.primary_key && scene.engine != Engine::Sqlite);
    if required && !fills_itself && !has_default {
        let message = match scene.engine {
            Engine::Postgres | Engine::Sqlite => {
                format!("it fails if `{written}` has rows, and code that runs now does not fill `{name}`")
            }
            Engine::Mysql => format!(
                "the rows of `{written}` get zeros or empty strings in `{name}`, and code that runs now does not fill it"
            ),
        };
        let kind = &column.type_text;
        let instead = format!(
            "ALTER TABLE {written} ADD COLUMN {} {kind}, fill it, then set NOT NULL; or add a DEFAULT",
            scene.ident(name)
        );
        hits.push(Rule::RequiredField, span, message, Some(instead));
    }
    if scene.engine != Engine::Postgres {
        return;
    }
    let plain = |rest: &str| {
        format!("ALTER TABLE {written} ADD COLUMN {} {}; {rest}", scene.ident(name), plain_type(&column.type_text))
    };
    if serial || column.identity || column.generated == Some(Generated::Stored) {
        let message =
            format!("every row of `{written}` is written anew to fill `{name}`, while nobody can read or write");
        hits.push(
            Rule::AddSerialOrStored,
            span,
            message,
            Some(plain("fill it in batches, let a default or trigger fill new rows")),
        );
    } else if let Some(default) = column.default.as_ref().filter(|_| has_default) {
        let old = scene.server.is_before(11);
        if default.volatile != Volatile::No || old {
            let why = match default.volatile {
                Volatile::Yes => "gives each row a value of its own",
                Volatile::Unknown => "calls a function that may give each row a value of its own",
                Volatile::No => "is written to every row before PostgreSQL 11",
            };
            let message =
                format!("`{}` {why}: `{written}` is written anew, while nobody can read or write", default.text);
            let set = format!(
                "ALTER TABLE {written} ALTER COLUMN {} SET DEFAULT {}; fill the rows in batches",
                scene.ident(name),
                default.text
            );
            hits.push(Rule::VolatileDefault, span, message, Some(plain(&set)));
        }
    }
}

/// PostgreSQL's types that are a sequence and a default.
pub(super) fn is_serial(engine: Engine, type_text: &str) -> bool {
    engine == Engine::Postgres
        && matches!(type_text, "serial" | "bigserial" | "smallserial" | "serial2" | "serial4" | "serial8")
}

fn plain_type(type_text: &str) -> &str {
    match type_text {
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        other => other,
    }
}

fn set_not_null(scene: &Scene<'_>, placed: &Placed, table: &Name, column: &str, hits: &mut Hits) {
    if scene.is_new(table) {
        return;
    }
    let known = scene.table(table);
    let found = known.and_then(|table| table.column(scene.engine, column));
    if found.is_some_and(|column| column.not_null)
        || known.is_some_and(|table| table.is_checked_not_null(scene.engine, column))
    {
        return;
    }
    let (written, name) = (scene.text(table.span), scene.ident(column));
    if scene.engine == Engine::Mysql && scene.progress.lenient {
        let message = format!("strict mode is off: NULLs in `{column}` become zeros or empty strings");
        let instead = "leave STRICT_TRANS_TABLES in sql_mode, so that the change fails on NULLs".to_owned();
        hits.push(Rule::SetNotNullWithoutStrict, placed.span, message, Some(instead));
        return;
    }
    let (message, instead) = match scene.engine {
        Engine::Postgres => (
            format!("it fails if `{column}` has NULLs, and reads all of `{written}` while nobody can read or write"),
            format!(
                "ALTER TABLE {written} ADD CONSTRAINT {0} CHECK ({name} IS NOT NULL) NOT VALID; in later migrations ALTER TABLE {written} VALIDATE CONSTRAINT {0}, then SET NOT NULL",
                scene.ident(&format!("{}_{column}_not_null", table.name))
            ),
        ),
        Engine::Mysql | Engine::Sqlite => (
            format!("it fails if `{column}` has NULLs"),
            format!("SELECT count(*) FROM {written} WHERE {name} IS NULL before, fill them in a migration of its own"),
        ),
    };
    hits.push(Rule::SetNotNull, placed.span, message, Some(instead));
}

/// What a table that is made anew has less than the one it replaces, as far as that is known.
fn rebuilt(scene: &Scene<'_>, create: &CreateTable, hits: &mut Hits) {
    let names = |(old, new): &&(Name, Name)| {
        same(scene.engine, &new.name, &create.name.name) || same(scene.engine, &old.name, &create.name.name)
    };
    let Some((old, new)) = scene.file.rebuilds.iter().find(names) else { return };
    let Some(before) =
        scene.table(old).or_else(|| scene.table(new)).filter(|table| table.complete && !scene.is_fresh(table.born))
    else {
        return;
    };
    if create.as_select || !create.like.is_empty() {
        return;
    }
    for column in &before.columns {
        let span = create.name.span;
        let Some(now) = create.columns.iter().find(|now| same(scene.engine, &now.name, &column.name)) else {
            let message = format!("the new `{}` has no `{}`: its values are gone", before.name, column.name);
            hits.push(Rule::DropColumn, span, message, None);
            continue;
        };
        let required = now.not_null || now.primary_key;
        if now.unique && !before.is_unique(scene.engine, std::slice::from_ref(&now.name)) {
            let message = format!("copying fails if rows of `{}` have the same {}", before.name, now.name);
            hits.push(Rule::UniqueOnExisting, now.span, message, None);
        }
        if required && !column.not_null && !is_filled(scene, create, &now.name) {
            let message = format!("copying fails if `{}` has NULLs", column.name);
            let instead =
                format!("INSERT INTO {} SELECT coalesce({}, ..) ..", scene.text(span), scene.ident(&column.name));
            hits.push(Rule::SetNotNull, now.span, message, Some(instead));
        } else if !required && column.not_null {
            let message = format!("`{}` may be NULL from then on, which code that runs now never met", column.name);
            hits.push(Rule::DropNotNull, now.span, message, None);
        }
    }
}

/// Whether the copy into a new table puts something in place of NULL.
fn is_filled(scene: &Scene<'_>, create: &CreateTable, column: &str) -> bool {
    let into = |operation: &Operation| matches!(operation, Operation::Insert { table: Some(table) } if same(scene.engine, &table.name, &create.name.name));
    scene.all().filter(|(_, operation)| into(operation)).any(|(at, _)| {
        let text = scene.file.statements[at].text.to_ascii_lowercase();
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '`')).collect();
        let column = column.to_ascii_lowercase();
        ["coalesce(", "ifnull("].iter().any(|call| text.contains(&format!("{call}{column},")))
    })
}
