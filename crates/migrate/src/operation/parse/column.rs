//! Reads the definition of a column and the expressions in it. Constraints of whole tables are `constraint`'s.

use plimsoll_core::db::Engine;

use super::constraint;
use super::cursor::Cursor;
use super::volatile::volatile;
use crate::operation::{ColumnDef, DefaultExpr, Generated, Position};

/// What can follow a type or a default, and so ends it.
fn clauses(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres => &[
            "CONSTRAINT",
            "NOT",
            "NULL",
            "UNIQUE",
            "PRIMARY",
            "CHECK",
            "REFERENCES",
            "GENERATED",
            "COLLATE",
            "DEFAULT",
            "DEFERRABLE",
            "INITIALLY",
            "STORAGE",
            "COMPRESSION",
            "NO",
        ],
        Engine::Sqlite => &[
            "CONSTRAINT",
            "NOT",
            "NULL",
            "UNIQUE",
            "PRIMARY",
            "CHECK",
            "REFERENCES",
            "GENERATED",
            "COLLATE",
            "DEFAULT",
            "DEFERRABLE",
            "AS",
        ],
        Engine::Mysql => &[
            "CONSTRAINT",
            "NOT",
            "NULL",
            "UNIQUE",
            "PRIMARY",
            "CHECK",
            "REFERENCES",
            "GENERATED",
            "COLLATE",
            "DEFAULT",
            "AS",
            "KEY",
            "ON",
            "COMMENT",
            "AUTO_INCREMENT",
            "CHARACTER",
            "CHARSET",
            "VISIBLE",
            "INVISIBLE",
            "FIRST",
            "AFTER",
            "COLUMN_FORMAT",
            "STORAGE",
            "COMPRESSED",
            "WITH",
            "WITHOUT",
            "REF_SYSTEM_ID",
            "SRID",
        ],
    }
}

/// A definition from its name on. It ends where MySQL's position begins, or with the cursor.
pub(super) fn definition(cursor: &mut Cursor<'_>) -> Option<ColumnDef> {
    let start = *cursor;
    let name = cursor.identifier()?;
    let mut column = ColumnDef { name, type_text: type_text(cursor), ..ColumnDef::default() };
    let mut other = Vec::new();
    while !cursor.is_empty() && !is_position(cursor) {
        let before = cursor.tokens.len();
        if clause(cursor, &mut column).is_none() || cursor.tokens.len() == before {
            // Skipped whole: its words are no clauses of their own.
            let mut unknown = *cursor;
            cursor.skip();
            cursor.take_until(clauses(cursor.engine));
            unknown.tokens = &unknown.tokens[..unknown.tokens.len() - cursor.tokens.len()];
            other.push(unknown.collapsed());
        }
    }
    column.other = (!other.is_empty()).then(|| other.join(" "));
    column.span = cursor.span_since(&start);
    Some(column)
}

/// MySQL's `FIRST` or `AFTER`.
pub(super) fn position(cursor: &mut Cursor<'_>) -> Option<Position> {
    if cursor.engine != Engine::Mysql {
        return None;
    }
    if cursor.eat("FIRST") {
        return Some(Position::First);
    }
    if cursor.eat("AFTER") { cursor.identifier().map(Position::After) } else { None }
}

/// A type up to what follows it; empty if nothing does, as for SQLite's untyped columns.
pub(super) fn type_text(cursor: &mut Cursor<'_>) -> String {
    let mut rest = *cursor;
    let untyped = cursor.engine != Engine::Mysql && rest.is_any(clauses(cursor.engine));
    if !untyped && !rest.is_empty() {
        let national = rest.is("NATIONAL");
        rest.skip();
        if national {
            rest.skip();
        }
        rest.take_until(clauses(cursor.engine));
    }
    let taken = Cursor { tokens: &cursor.tokens[..cursor.tokens.len() - rest.tokens.len()], ..*cursor };
    *cursor = rest;
    taken.type_text()
}

/// A default up to the clause that follows it.
pub(super) fn default(cursor: &mut Cursor<'_>) -> Option<DefaultExpr> {
    let start = *cursor;
    // `NULL` is a value here, not the next clause.
    cursor.skip();
    loop {
        cursor.take_until(clauses(cursor.engine));
        // `IS NOT DISTINCT FROM` goes on.
        if !cursor.is("NOT") || !cursor.is_at(1, "DISTINCT") {
            break;
        }
        cursor.skip();
    }
    let taken = Cursor { tokens: &start.tokens[..start.tokens.len() - cursor.tokens.len()], ..start };
    whole_default(&taken)
}

/// All of it as a default; none if there is nothing.
pub(super) fn whole_default(expression: &Cursor<'_>) -> Option<DefaultExpr> {
    let text = expression.collapsed_if_any()?;
    Some(DefaultExpr { text, volatile: volatile(expression) })
}

fn is_position(cursor: &Cursor<'_>) -> bool {
    cursor.engine == Engine::Mysql && cursor.is_any(&["FIRST", "AFTER"])
}

/// One clause; none, with the cursor where it was or further, for what is not known.
fn clause(cursor: &mut Cursor<'_>, column: &mut ColumnDef) -> Option<()> {
    let start = *cursor;
    // The name of a column's constraint says nothing about the column.
    if cursor.eat("CONSTRAINT") && !cursor.is_any(clauses(cursor.engine)) {
        cursor.identifier()?;
    }
    let known = match cursor.keyword().as_str() {
        "NOT" if cursor.eat_all(&["NOT", "NULL"]) => {
            column.not_null = true;
            Some(())
        }
        "NULL" => {
            column.null = cursor.eat("NULL");
            Some(())
        }
        "DEFAULT" => {
            cursor.eat("DEFAULT");
            column.default = Some(default(cursor)?);
            Some(())
        }
        "PRIMARY" if cursor.eat_all(&["PRIMARY", "KEY"]) => {
            column.primary_key = true;
            cursor.eat_many(&["ASC", "DESC"]);
            column.auto_increment |= cursor.eat("AUTOINCREMENT");
            Some(())
        }
        "KEY" if cursor.engine == Engine::Mysql => {
            column.primary_key = cursor.eat("KEY");
            Some(())
        }
        "UNIQUE" => {
            column.unique = cursor.eat("UNIQUE");
            if cursor.engine == Engine::Mysql {
                cursor.eat("KEY");
            }
            Some(())
        }
        "REFERENCES" => {
            column.references = Some(constraint::references(cursor)?);
            Some(())
        }
        "CHECK" => {
            cursor.eat("CHECK");
            column.check = Some(cursor.parens()?.collapsed());
            Some(())
        }
        "COLLATE" => {
            cursor.eat("COLLATE");
            column.collate = Some(cursor.name()?.name);
            Some(())
        }
        "AUTO_INCREMENT" if cursor.engine == Engine::Mysql => {
            column.auto_increment = cursor.eat("AUTO_INCREMENT");
            Some(())
        }
        "GENERATED" | "AS" => generated(cursor, column),
        _ => None,
    };
    if known.is_none() {
        *cursor = start;
    }
    known
}

fn generated(cursor: &mut Cursor<'_>, column: &mut ColumnDef) -> Option<()> {
    if cursor.eat("GENERATED") && !cursor.eat("ALWAYS") && !cursor.eat_all(&["BY", "DEFAULT"]) {
        return None;
    }
    if !cursor.eat("AS") {
        return None;
    }
    if cursor.eat("IDENTITY") {
        column.identity = true;
        cursor.parens();
        return Some(());
    }
    cursor.parens()?;
    let stored = cursor.eat("STORED") || cursor.eat("PERSISTENT");
    if !stored {
        cursor.eat("VIRTUAL");
    }
    column.generated = Some(if stored { Generated::Stored } else { Generated::Virtual });
    Some(())
}
