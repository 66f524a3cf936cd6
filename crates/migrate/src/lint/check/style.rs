//! Matters of style, off until they are asked for. What squawk knows of them for PostgreSQL is left to it.

use plimsoll_core::db::Engine;

use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::lint::sql_type::SqlType;
use crate::operation::{AlterAction, ColumnDef, ConstraintKind, CreateTable, IndexDef, Name, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    match &placed.operation {
        Operation::CreateTable(create) => {
            create.columns.iter().for_each(|column| of_column(scene, column, is_key(create, column), hits));
            create.indexes.iter().for_each(|index| wide(placed, index, hits));
            missing_key(create, hits);
            name_case(scene, &create.name, hits);
        }
        Operation::CreateIndex { index, .. } if scene.engine != Engine::Sqlite => wide(placed, index, hits),
        Operation::AlterTable { action, .. } => match action {
            AlterAction::AddColumn { column, .. }
            | AlterAction::ModifyColumn { column, .. }
            | AlterAction::ChangeColumn { column, .. } => {
                of_column(scene, column, column.primary_key, hits);
            }
            AlterAction::AddIndex(index) => wide(placed, index, hits),
            AlterAction::RenameTable { to } => name_case(scene, to, hits),
            _ => {}
        },
        Operation::RenameTable { to, .. } => name_case(scene, to, hits),
        _ => {}
    }
}

fn is_key(create: &CreateTable, column: &ColumnDef) -> bool {
    let listed = |constraint: &crate::operation::ConstraintDef| {
        constraint.kind == ConstraintKind::PrimaryKey
            && constraint.columns.iter().any(|name| name.eq_ignore_ascii_case(&column.name))
    };
    column.primary_key || create.constraints.iter().any(listed)
}

fn of_column(scene: &Scene<'_>, column: &ColumnDef, is_key: bool, hits: &mut Hits) {
    if scene.engine == Engine::Sqlite {
        return;
    }
    let kind = SqlType::parse(scene.engine, &column.type_text);
    let name = &column.name;
    let small = matches!(
        kind.base.as_str(),
        "int" | "smallint" | "mediumint" | "tinyint" | "serial" | "serial4" | "smallserial" | "serial2"
    );
    if small && (is_key || column.auto_increment || column.identity || kind.base.contains("serial")) {
        hits.push(
            Rule::PreferBigint,
            column.span,
            format!("`{name}` runs out of numbers one day"),
            Some(format!("{} bigint", scene.ident(name))),
        );
    }
    if scene.engine == Engine::Mysql && matches!(kind.base.as_str(), "float" | "double") {
        hits.push(
            Rule::HasFloat,
            column.span,
            format!("`{name}` does not keep decimal numbers exactly"),
            Some(format!("{} decimal(..)", scene.ident(name))),
        );
    }
    if scene.engine == Engine::Mysql && matches!(kind.base.as_str(), "enum" | "set") {
        hits.push(Rule::HasEnum, column.span, format!("the values of `{name}` are part of the schema"), None);
    }
}

fn missing_key(create: &CreateTable, hits: &mut Hits) {
    let declared = create.columns.iter().any(|column| is_key(create, column));
    let elsewhere = create.as_select || !create.like.is_empty() || create.partition_of.is_some() || create.temporary;
    if !declared && !elsewhere {
        hits.push(
            Rule::MissingPrimaryKey,
            create.name.span,
            format!("`{}` has no primary key", create.name.name),
            None,
        );
    }
}

fn name_case(scene: &Scene<'_>, name: &Name, hits: &mut Hits) {
    if scene.engine == Engine::Mysql && name.name.chars().any(char::is_uppercase) {
        let message =
            format!("whether `{}` and `{}` are one depends on the server", name.name, name.name.to_lowercase());
        hits.push(Rule::NameCase, name.span, message, Some(name.name.to_lowercase()));
    }
}

fn wide(placed: &Placed, index: &IndexDef, hits: &mut Hits) {
    if index.columns.len() > 3 && !index.unique {
        let message = format!("an index of {} columns", index.columns.len());
        hits.push(Rule::WideIndex, placed.span, message, None);
    }
}
