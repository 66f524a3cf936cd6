//! What one statement does to tables, columns and rows, told from its tokens. What of that is a loss is `loss`'s.

use super::cursor::Cursor;
use crate::lexer::TokenKind;
use crate::split::Statement;

/// One thing that a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    CreateTable {
        table: String,
        /// Empty when they cannot be told.
        columns: Vec<String>,
        /// Whether it is made with rows.
        filled: bool,
    },
    DropTable {
        table: String,
    },
    RenameTable {
        from: String,
        to: String,
    },
    AddColumn {
        table: String,
        column: String,
    },
    DropColumn {
        table: String,
        column: String,
    },
    /// A column gets another type.
    Convert {
        table: String,
        column: String,
    },
    Insert {
        table: String,
    },
    Delete {
        table: String,
    },
    /// Values of rows are overwritten.
    Change {
        table: String,
    },
    /// Something is dropped that may take tables or columns with it.
    DropOther {
        what: String,
    },
    /// The statement runs code that is elsewhere, or in a form that is not read here.
    Unread,
}

/// What a statement does.
pub(super) fn effects(statement: &Statement) -> Vec<Effect> {
    let mut cursor = Cursor { statement, at: 0 };
    let words = statement.words();
    let has = |word: &str| words.iter().any(|each| each == word);
    if cursor.skip(&["CREATE"]) {
        let replaces = cursor.skip(&["OR", "REPLACE"]);
        cursor.skip_any(&["TEMPORARY", "TEMP", "UNLOGGED", "GLOBAL", "LOCAL"]);
        let of_table = cursor.skip(&["TABLE"]);
        return if of_table { create_table(&mut cursor, has("SELECT"), replaces) } else { Vec::new() };
    }
    if cursor.skip(&["DROP"]) {
        return dropped(&mut cursor, has("CASCADE"));
    }
    if cursor.skip(&["ALTER"]) {
        cursor.skip_any(&["ONLINE", "IGNORE", "FOREIGN"]);
        return if cursor.skip(&["TABLE"]) { alter_table(&mut cursor) } else { Vec::new() };
    }
    if cursor.skip(&["RENAME", "TABLE"]) || cursor.skip(&["RENAME", "TABLES"]) {
        return renames(&mut cursor);
    }
    if cursor.skip(&["TRUNCATE"]) {
        cursor.skip_any(&["TABLE", "ONLY"]);
        return cursor.names().into_iter().map(|table| Effect::Delete { table }).collect();
    }
    rows(&mut cursor, &words)
}

fn rows(cursor: &mut Cursor<'_>, words: &[String]) -> Vec<Effect> {
    let has = |word: &str| words.iter().any(|each| each == word);
    let table = |cursor: &mut Cursor<'_>| {
        cursor.skip_any(&[
            "LOW_PRIORITY",
            "QUICK",
            "IGNORE",
            "DELAYED",
            "INTO",
            "FROM",
            "ONLY",
            "OR",
            "ABORT",
            "FAIL",
            "ROLLBACK",
        ]);
        cursor.name()
    };
    let replaces = cursor.is("REPLACE") || (cursor.is("INSERT") && (has("UPDATE") || has("REPLACE")));
    let found = match words.first().map(String::as_str) {
        Some("INSERT" | "REPLACE") if cursor.next().is_some() => {
            cursor.skip_any(&["OR", "REPLACE"]);
            table(cursor).map(|table| if replaces { Effect::Change { table } } else { Effect::Insert { table } })
        }
        Some("DELETE") if cursor.next().is_some() => table(cursor).map(|table| Effect::Delete { table }),
        Some("UPDATE" | "MERGE") if cursor.next().is_some() => table(cursor).map(|table| Effect::Change { table }),
        Some("WITH" | "EXPLAIN") if ["INSERT", "UPDATE", "DELETE", "MERGE"].iter().any(|word| has(word)) => None,
        Some("DO" | "CALL" | "EXECUTE" | "LOAD") => None,
        // MySQL's compound statement outside of a procedure, and its executable comments.
        Some("BEGIN") if has("ATOMIC") => None,
        _ if cursor.peek().is_some_and(|token| token.kind == TokenKind::Executable) => {
            // What a dump sets at its head changes no rows.
            return if words.first().is_some_and(|word| word == "SET") { Vec::new() } else { vec![Effect::Unread] };
        }
        _ => return Vec::new(),
    };
    vec![found.unwrap_or(Effect::Unread)]
}

fn create_table(cursor: &mut Cursor<'_>, filled: bool, replaces: bool) -> Vec<Effect> {
    cursor.skip(&["IF", "NOT", "EXISTS"]);
    let Some(table) = cursor.name() else { return vec![Effect::Unread] };
    let columns = if cursor.symbol("(") { cursor.columns() } else { Vec::new() };
    let made = Effect::CreateTable { table: table.clone(), columns, filled };
    if replaces { vec![Effect::DropTable { table }, made] } else { vec![made] }
}

fn dropped(cursor: &mut Cursor<'_>, cascades: bool) -> Vec<Effect> {
    cursor.skip_any(&["TEMPORARY", "FOREIGN"]);
    if cursor.skip(&["TABLE"]) || cursor.skip(&["TABLES"]) {
        cursor.skip(&["IF", "EXISTS"]);
        return cursor.names().into_iter().map(|table| Effect::DropTable { table }).collect();
    }
    let Some(kind) = cursor.next().map(|token| cursor.statement.text_of(&token).to_lowercase()) else {
        return Vec::new();
    };
    let takes_along = match kind.as_str() {
        "schema" | "database" | "tablespace" | "owned" => true,
        "type" | "domain" | "extension" | "function" | "sequence" => cascades,
        _ => false,
    };
    if !takes_along {
        return Vec::new();
    }
    cursor.skip(&["IF", "EXISTS"]);
    cursor.skip(&["BY"]);
    cursor.names().into_iter().map(|name| Effect::DropOther { what: format!("{kind} `{name}`") }).collect()
}

fn renames(cursor: &mut Cursor<'_>) -> Vec<Effect> {
    let mut effects = Vec::new();
    cursor.skip(&["IF", "EXISTS"]);
    while let Some(from) = cursor.name() {
        if !cursor.skip(&["TO"]) {
            return vec![Effect::Unread];
        }
        let Some(to) = cursor.name() else { return vec![Effect::Unread] };
        effects.push(Effect::RenameTable { from, to });
        cursor.symbol(",");
    }
    effects
}

fn alter_table(cursor: &mut Cursor<'_>) -> Vec<Effect> {
    cursor.skip(&["IF", "EXISTS"]);
    cursor.skip(&["ONLY"]);
    let Some(table) = cursor.name() else { return vec![Effect::Unread] };
    cursor.symbol("*");
    let mut effects = Vec::new();
    loop {
        action(cursor, &table, &mut effects);
        if !cursor.past_comma() {
            return effects;
        }
    }
}

/// One of the actions of an ALTER TABLE; what does nothing to columns and rows is passed over.
fn action(cursor: &mut Cursor<'_>, table: &str, effects: &mut Vec<Effect>) {
    let table = table.to_owned();
    if cursor.skip(&["ADD"]) {
        if cursor.symbol("(") {
            let added = cursor.columns().into_iter();
            effects.extend(added.map(|column| Effect::AddColumn { table: table.clone(), column }));
        } else if let Some(column) = cursor.column() {
            effects.push(Effect::AddColumn { table, column });
        }
    } else if cursor.skip(&["DROP", "PARTITION"]) || cursor.skip(&["TRUNCATE", "PARTITION"]) {
        effects.push(Effect::Delete { table });
    } else if cursor.skip(&["DROP"]) {
        effects.extend(cursor.column().map(|column| Effect::DropColumn { table, column }));
    } else if cursor.skip(&["MODIFY"]) || cursor.skip(&["CHANGE"]) {
        effects.extend(cursor.column().map(|column| Effect::Convert { table, column }));
    } else if cursor.skip(&["ALTER"]) {
        let Some(column) = cursor.column() else { return };
        cursor.skip(&["SET", "DATA"]);
        if cursor.is("TYPE") {
            effects.push(Effect::Convert { table, column });
        }
    } else if cursor.skip(&["RENAME"]) {
        let of_table = cursor.skip(&["TO"]) || cursor.skip(&["AS"]);
        if ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|word| cursor.is(word)) {
            return;
        }
        let to = cursor.name();
        // `RENAME a TO b` is about a column.
        if of_table || !cursor.is("TO") {
            effects.extend(to.map(|to| Effect::RenameTable { from: table, to }));
        }
    }
}
