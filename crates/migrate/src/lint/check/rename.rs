//! What gives things another name under code that runs. Taking them away is `remove`'s.

use plimsoll_core::db::Engine;

use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::lint::state::same;
use crate::operation::{AlterAction, Name, Object, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    let span = placed.span;
    match &placed.operation {
        Operation::RenameTable { from, to } => {
            rename_table(scene, placed, from, scene.text(to.span), Some(&to.name), hits)
        }
        Operation::AlterTable { table, action, .. } => match action {
            AlterAction::RenameTable { to } => {
                rename_table(scene, placed, table, scene.text(to.span), Some(&to.name), hits)
            }
            AlterAction::SetSchema { schema } => {
                let to = format!("{}.{}", scene.ident(schema), scene.ident(&table.name));
                rename_table(scene, placed, table, &to, None, hits);
            }
            AlterAction::RenameColumn { from, to } => rename_column(scene, placed, table, from, to, hits),
            AlterAction::ChangeColumn { from, column, .. } if !same(scene.engine, from, &column.name) => {
                rename_column(scene, placed, table, from, &column.name, hits);
            }
            _ => {}
        },
        Operation::Rename { object: Object::View | Object::MaterializedView, from, to } if !scene.is_new(from) => {
            let (from, to) = (scene.text(from.span), scene.ident(to));
            let message = format!("code that runs now asks for `{from}` and fails");
            hits.push(Rule::RenameTable, span, message, Some(format!("CREATE VIEW {to} AS SELECT * FROM {from}")));
        }
        Operation::Rename { object: Object::Schema, from, to } => {
            if scene.state.schemas.iter().any(|(own, born)| *own == from.name && scene.is_fresh(Some(*born))) {
                return;
            }
            let from = scene.text(from.span);
            let message = format!("code that runs now asks for what is in `{from}` and fails");
            let instead = format!("CREATE SCHEMA {}, and move the code over", scene.ident(to));
            hits.push(Rule::RenameSchema, span, message, Some(instead));
        }
        Operation::RenameEnumValue { name, from, to } if !is_new_enum(scene, name) => {
            let written = scene.text(name.span);
            let message = format!("code that runs now writes and compares `{from}` and fails");
            let instead =
                format!("ALTER TYPE {written} ADD VALUE '{to}' AFTER '{from}', then change the rows and the code");
            hits.push(Rule::RenameEnumValue, span, message, Some(instead));
        }
        _ => {}
    }
}

/// Whether a type came with the same deployment.
pub(super) fn is_new_enum(scene: &Scene<'_>, name: &Name) -> bool {
    let found = scene.state.enums.iter().find(|own| own.name.name == name.name);
    found.is_some_and(|own| scene.is_fresh(own.born))
}

fn rename_table(scene: &Scene<'_>, placed: &Placed, from: &Name, to: &str, to_name: Option<&str>, hits: &mut Hits) {
    let rebuilt = |(old, new): &(Name, Name)| {
        to_name.is_some_and(|to| same(scene.engine, &old.name, to)) && same(scene.engine, &new.name, &from.name)
    };
    if scene.is_new(from) || scene.file.rebuilds.iter().any(rebuilt) {
        return;
    }
    let written = scene.text(from.span);
    let message = format!("code that runs now asks for `{written}` and fails");
    let view = match scene.engine {
        // Their simple views can be written to.
        Engine::Postgres | Engine::Mysql => {
            format!("CREATE VIEW {to} AS SELECT * FROM {written}, and rename when no code uses the old name")
        }
        Engine::Sqlite => format!(
            "CREATE VIEW {to} AS SELECT * FROM {written} for readers, and rename when no code uses the old name"
        ),
    };
    hits.push(Rule::RenameTable, placed.span, message, Some(view));
}

fn rename_column(scene: &Scene<'_>, placed: &Placed, table: &Name, from: &str, to: &str, hits: &mut Hits) {
    if scene.is_new(table) || scene.is_new_column(table, from) {
        return;
    }
    let written = scene.text(table.span);
    let known = scene.table(table).and_then(|table| table.column(scene.engine, from));
    let kind = known.map_or("..", |column| column.type_text.as_str());
    let message = format!("code that runs now asks for `{written}`.`{from}` and fails");
    let instead = format!(
        "ALTER TABLE {written} ADD COLUMN {} {kind}, write both, copy, read the new one, drop `{from}`",
        scene.ident(to)
    );
    hits.push(Rule::RenameColumn, placed.span, message, Some(instead));
}
