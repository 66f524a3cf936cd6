//! The rules themselves: which statement, met in which scene, is found. How findings are accepted is left to `allow`.

mod column;
mod column_type;
mod constraint;
mod index;
mod mysql;
mod object;
mod remove;
mod rename;
mod rows;
mod style;
mod transaction;

use plimsoll_core::db::Engine;

use super::file::File;
use super::rule::Rule;
use super::scene::{Hits, Scene};
use super::state::State;
use crate::operation::{ConstraintKind, Span};

/// Judges a statement.
pub(super) fn statement(scene: &Scene<'_>, hits: &mut Hits) {
    for placed in scene.operations() {
        remove::check(scene, placed, hits);
        rename::check(scene, placed, hits);
        column::check(scene, placed, hits);
        column_type::check(scene, placed, hits);
        constraint::check(scene, placed, hits);
        index::check(scene, placed, hits);
        object::check(scene, placed, hits);
        rows::check(scene, placed, hits);
        style::check(scene, placed, hits);
        if scene.engine == Engine::Mysql {
            mysql::check(scene, placed, hits);
        }
    }
    transaction::check(scene, hits);
}

/// Judges what only the end shows: foreign keys that never got an index.
pub(super) fn afterwards(engine: Engine, file: &File<'_>, state: &State, hits: &mut Hits) {
    if engine == Engine::Mysql {
        return;
    }
    for table in state.tables.iter().filter(|table| table.complete && !table.temporary) {
        let added = table
            .constraints
            .iter()
            .filter(|constraint| constraint.kind == ConstraintKind::ForeignKey && constraint.born == Some(file.index));
        for key in added.filter(|key| !table.is_indexed(engine, &key.columns)) {
            let other = key.references.as_ref().map_or("", |name| name.name.as_str());
            let columns = key.columns.join("`, `");
            let message = format!(
                "each DELETE and key change in `{other}` reads all of `{}`: no index begins with `{columns}`",
                table.name
            );
            let concurrently = if engine == Engine::Postgres { "CONCURRENTLY " } else { "" };
            let instead = format!("CREATE INDEX {concurrently}ON {} ({})", table.name, key.columns.join(", "));
            let instead = if engine == Engine::Sqlite {
                format!("CREATE INDEX {0}_{1} ON {0} ({2})", table.name, key.columns.join("_"), key.columns.join(", "))
            } else {
                instead
            };
            hits.at = Some(key.at.0);
            let end = file.statements.get(key.at.0).map_or(key.at.1, |statement| {
                statement.text[key.at.1..].find(['\n', ',']).map_or(statement.text.len(), |length| key.at.1 + length)
            });
            hits.push(Rule::ForeignKeyWithoutIndex, Span { start: key.at.1, end }, message, Some(instead));
        }
    }
    hits.at = None;
}
