//! Reads constraints of tables, references and the keys of indexes. Constraints inside a column's definition are `column`'s.

use plimsoll_core::db::Engine;

use super::cursor::Cursor;
use crate::lexer::TokenKind;
use crate::operation::{ConstraintDef, ConstraintKind, IndexDef, KeyPart, References};

/// Whether a table's item is a constraint or an index rather than a column. The words are reserved where they count.
pub(super) fn begins(cursor: &Cursor<'_>) -> bool {
    let everywhere = cursor.is_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"]);
    let own = match cursor.engine {
        Engine::Postgres => {
            (cursor.is("EXCLUDE") && (cursor.is_at(1, "USING") || cursor.piece(1) == "("))
                || (cursor.is("NOT") && cursor.is_at(1, "NULL"))
        }
        Engine::Mysql => is_index(cursor),
        Engine::Sqlite => false,
    };
    everywhere || own
}

/// Whether it is MySQL's index.
pub(super) fn is_index(cursor: &Cursor<'_>) -> bool {
    let vector = cursor.is("VECTOR") && (cursor.is_at(1, "INDEX") || cursor.is_at(1, "KEY"));
    cursor.engine == Engine::Mysql && (vector || cursor.is_any(&["INDEX", "KEY", "FULLTEXT", "SPATIAL"]))
}

/// MySQL's `{INDEX | KEY | FULLTEXT ..} [name] (..)` inside of a table or after `ADD`.
pub(super) fn index(cursor: &mut Cursor<'_>) -> Option<IndexDef> {
    let mut index = IndexDef::default();
    if cursor.is_any(&["FULLTEXT", "SPATIAL", "VECTOR"]) {
        index.method = cursor.any().map(str::to_ascii_lowercase);
    }
    cursor.eat_many(&["INDEX", "KEY"]);
    index.if_not_exists = cursor.if_not_exists();
    if !cursor.is_symbol("(") && !cursor.is("USING") {
        index.name = Some(cursor.name()?);
    }
    method(cursor, &mut index);
    index.columns = key(cursor)?;
    method(cursor, &mut index);
    cursor.take_until(&[]);
    Some(index)
}

/// A constraint up to the end of the cursor.
pub(super) fn definition(cursor: &mut Cursor<'_>) -> Option<ConstraintDef> {
    let start = *cursor;
    let kinds = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE", "NOT"];
    let mut name = None;
    if cursor.eat("CONSTRAINT") && !cursor.is_any(&kinds) {
        cursor.if_not_exists();
        name = Some(cursor.identifier()?);
    }
    let kind = kind(cursor)?;
    let mut found = ConstraintDef {
        name,
        span: start.span(),
        kind,
        columns: Vec::new(),
        references: None,
        check: None,
        not_valid: false,
        using_index: None,
        deferrable: false,
        not_enforced: false,
    };
    body(cursor, &mut found)?;
    while !cursor.is_empty() {
        if cursor.eat_all(&["NOT", "VALID"]) {
            found.not_valid = true;
        } else if cursor.eat_all(&["NOT", "ENFORCED"]) {
            found.not_enforced = true;
        } else if cursor.is("DEFERRABLE") || cursor.eat_all(&["INITIALLY", "DEFERRED"]) {
            cursor.eat("DEFERRABLE");
            found.deferrable = true;
        } else if !cursor.eat_all(&["NOT", "DEFERRABLE"]) {
            cursor.skip();
        }
    }
    Some(found)
}

/// `REFERENCES table (columns)` with what happens on changes there.
pub(super) fn references(cursor: &mut Cursor<'_>) -> Option<References> {
    if !cursor.eat("REFERENCES") {
        return None;
    }
    let table = cursor.name()?;
    let columns = if cursor.is_symbol("(") { names(&key(cursor)?) } else { Vec::new() };
    let mut found = References { table, columns, on_delete: None, on_update: None };
    loop {
        if cursor.eat_all(&["ON", "DELETE"]) {
            found.on_delete = Some(consequence(cursor)?);
        } else if cursor.eat_all(&["ON", "UPDATE"]) {
            found.on_update = Some(consequence(cursor)?);
        } else if cursor.eat("MATCH") {
            cursor.skip();
        } else {
            return Some(found);
        }
    }
}

/// The parts of a key between parentheses.
pub(super) fn key(cursor: &mut Cursor<'_>) -> Option<Vec<KeyPart>> {
    Some(cursor.parens()?.commas().into_iter().map(part).collect())
}

/// The columns of a key, expressions as text.
pub(super) fn names(key: &[KeyPart]) -> Vec<String> {
    key.iter().map(|part| part.column.clone().unwrap_or_else(|| part.text.clone())).collect()
}

/// `USING method` of an index.
pub(super) fn method(cursor: &mut Cursor<'_>, index: &mut IndexDef) {
    if cursor.is("USING") && !cursor.is_at(1, "INDEX") {
        cursor.eat("USING");
        index.method = cursor.any().map(str::to_ascii_lowercase);
    }
}

fn part(mut cursor: Cursor<'_>) -> KeyPart {
    let text = cursor.collapsed();
    let column = cursor.identifier();
    // `lower(a)` is an expression, MySQL's `a(10)` a prefix of a column.
    let prefix = cursor.engine == Engine::Mysql && cursor.piece(1).bytes().all(|byte| byte.is_ascii_digit());
    if prefix {
        cursor.parens();
    }
    // An order, a collation or an operator class.
    let plain = matches!(cursor.kind(0), None | Some(TokenKind::Word | TokenKind::Quoted));
    KeyPart { column: column.filter(|_| plain), text }
}

fn kind(cursor: &mut Cursor<'_>) -> Option<ConstraintKind> {
    let kinds: [(&[&str], ConstraintKind); 6] = [
        (&["PRIMARY", "KEY"], ConstraintKind::PrimaryKey),
        (&["UNIQUE"], ConstraintKind::Unique),
        (&["FOREIGN", "KEY"], ConstraintKind::ForeignKey),
        (&["CHECK"], ConstraintKind::Check),
        (&["EXCLUDE"], ConstraintKind::Exclude),
        (&["NOT", "NULL"], ConstraintKind::NotNull),
    ];
    kinds.into_iter().find(|(words, _)| cursor.eat_all(words)).map(|(_, kind)| kind)
}

fn body(cursor: &mut Cursor<'_>, found: &mut ConstraintDef) -> Option<()> {
    match found.kind {
        ConstraintKind::Check => found.check = Some(cursor.parens()?.collapsed()),
        ConstraintKind::NotNull => found.columns.push(cursor.identifier()?),
        ConstraintKind::Exclude => {
            method(cursor, &mut IndexDef::default());
            let parts = cursor.parens()?.commas();
            found.columns = parts.into_iter().map(|mut part| part.take_until(&["WITH"]).collapsed()).collect();
        }
        ConstraintKind::PrimaryKey | ConstraintKind::Unique if cursor.eat_all(&["USING", "INDEX"]) => {
            found.using_index = Some(cursor.identifier()?);
        }
        ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::ForeignKey => {
            if cursor.engine == Engine::Mysql {
                cursor.eat_many(&["INDEX", "KEY"]);
                cursor.if_not_exists();
                if !cursor.is_symbol("(") && !cursor.is("USING") {
                    let name = cursor.identifier()?;
                    found.name.get_or_insert(name);
                }
                method(cursor, &mut IndexDef::default());
            }
            cursor.eat_all(&["NULLS", "NOT", "DISTINCT"]);
            cursor.eat_all(&["NULLS", "DISTINCT"]);
            found.columns = names(&key(cursor)?);
            if found.kind == ConstraintKind::ForeignKey {
                found.references = Some(references(cursor)?);
            }
        }
    }
    Some(())
}

/// `CASCADE`, `SET NULL (columns)` and their like, in upper case.
fn consequence(cursor: &mut Cursor<'_>) -> Option<String> {
    let known: [&[&str]; 5] = [&["NO", "ACTION"], &["RESTRICT"], &["CASCADE"], &["SET", "NULL"], &["SET", "DEFAULT"]];
    let words = known.into_iter().find(|words| cursor.eat_all(words))?;
    cursor.parens();
    Some(words.join(" "))
}
