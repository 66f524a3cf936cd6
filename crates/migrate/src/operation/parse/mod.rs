//! Recognises statements by their leading keywords and hands them on. What comes of each part is left to the modules below.

mod alter;
mod alter_action;
mod alter_object;
mod column;
mod constraint;
mod create;
mod cursor;
mod data;
mod drop;
mod object;
mod quoting;
mod session;
mod table;
mod volatile;

use std::borrow::Cow;

use plimsoll_core::db::Engine;

use self::cursor::Cursor;
use super::{Operation, Placed};
use crate::lexer::{Lexer, Token, TokenKind};

/// The operations of a statement that has been cut into tokens.
pub(super) fn operations(engine: Engine, text: &str, tokens: &[Token]) -> Vec<Placed> {
    let tokens = executed(engine, text, tokens);
    statement(Cursor { engine, text, tokens: &tokens })
}

/// The operations of a statement, which may be part of another one. There is always one.
fn statement(cursor: Cursor<'_>) -> Vec<Placed> {
    match known(cursor) {
        Some(found) if !found.is_empty() => found,
        _ => vec![unclassified(cursor)],
    }
}

fn known(cursor: Cursor<'_>) -> Option<Vec<Placed>> {
    let one = |operation: Option<Operation>| Some(vec![Placed { span: cursor.span(), operation: operation? }]);
    match cursor.keyword().as_str() {
        "CREATE" => create::create(cursor),
        "DROP" => one(drop::drop(cursor)),
        "ALTER" => alter::alter(cursor),
        "RENAME" => alter::rename_tables(cursor),
        "SET" | "RESET" => session::set(cursor),
        "PRAGMA" => one(session::pragma(cursor)),
        "WITH" => data::with(cursor),
        "" if cursor.is_symbol("(") => one(data::select(cursor)),
        _ => one(session::transaction(cursor).or_else(|| data::data(cursor)).or_else(|| object::maintenance(cursor))),
    }
}

fn unclassified(cursor: Cursor<'_>) -> Placed {
    let leading = Cursor { tokens: &cursor.tokens[..cursor.tokens.len().min(4)], ..cursor };
    // Strings may be secrets, and long.
    let words = leading.tokens.iter().take_while(|token| token.kind != TokenKind::Literal).count();
    let words = Cursor { tokens: &leading.tokens[..words], ..cursor }.collapsed();
    Placed { span: cursor.span(), operation: Operation::Unclassified { words } }
}

/// The tokens with what is inside of MySQL's `/*! .. */`, which servers run, and without its hints, which change nothing.
fn executed<'a>(engine: Engine, text: &str, tokens: &'a [Token]) -> Cow<'a, [Token]> {
    if tokens.iter().all(|token| token.kind != TokenKind::Executable) {
        return Cow::Borrowed(tokens);
    }
    let mut found = Vec::with_capacity(tokens.len());
    for token in tokens {
        let piece = &text[token.start..token.end];
        if token.kind != TokenKind::Executable {
            found.push(*token);
        } else if !piece.starts_with("/*+") {
            // `/*!`, MariaDB's `/*M!`, and the version that it is meant for.
            let head = piece.find('!').map_or(2, |mark| mark + 1);
            let inner = piece[head..].strip_suffix("*/").unwrap_or_default();
            let version = inner.len() - inner.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (inner, offset) = (&inner[version..], token.start + head + version);
            let mut lexer = Lexer::new(engine, inner);
            while let Ok(Some(token)) = lexer.next() {
                if !matches!(token.kind, TokenKind::Blank | TokenKind::Executable) {
                    found.push(Token { start: token.start + offset, end: token.end + offset, ..token });
                }
            }
        }
    }
    Cow::Owned(found)
}
