//! What an engine's message tells about the constraint or column it is about. PostgreSQL says so in fields of their own,
//! which are read where errors are made.

use super::Engine;

/// What a message is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) kind: Option<Refusal>,
    pub(super) constraint: Option<String>,
    pub(super) column: Option<String>,
}

/// What diesel has no kind for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotNull,
    Check,
    Unfit,
}

/// Reads a message.
pub(super) fn told(engine: Engine, message: &str) -> Told {
    match engine {
        Engine::Sqlite => sqlite(message),
        Engine::Postgres => postgres(message),
        Engine::Mysql => mysql(message),
    }
}

fn sqlite(message: &str) -> Told {
    let last = |text: &str| text.rsplit('.').next().map(str::to_owned);
    if let Some(rest) = message.strip_prefix("NOT NULL constraint failed: ") {
        return Told { kind: Some(Refusal::NotNull), column: last(rest), ..Told::default() };
    }
    if let Some(rest) = message.strip_prefix("CHECK constraint failed: ") {
        return Told { kind: Some(Refusal::Check), constraint: Some(rest.to_owned()), ..Told::default() };
    }
    if let Some(rest) = message.strip_prefix("UNIQUE constraint failed: ") {
        let columns: Vec<String> = rest.split(", ").filter_map(last).collect();
        return Told { constraint: Some(columns.join(", ")), ..Told::default() };
    }
    if let Some((_, rest)) = message.strip_prefix("cannot store ").and_then(|rest| rest.split_once(" column ")) {
        return Told { kind: Some(Refusal::Unfit), column: last(rest), ..Told::default() };
    }
    let unfit = ["datatype mismatch", "string or blob too big"].contains(&message);
    Told { kind: unfit.then_some(Refusal::Unfit), ..Told::default() }
}

/// diesel hands over no SQLSTATE, so values that do not fit are known by the texts alone.
fn postgres(message: &str) -> Told {
    let texts = [
        "value too long for type",
        "numeric field overflow",
        "out of range",
        "invalid input value for enum",
        "invalid input syntax for",
        "malformed array literal",
        "malformed range literal",
        "invalid byte sequence for encoding",
        "unsupported Unicode escape sequence",
        "expected ", // vector: expected 3 dimensions, not 2
    ];
    let unfit = texts.iter().any(|text| message.contains(text)) && !message.starts_with("expected a");
    let domain = message.starts_with("value for domain ");
    let kind = if domain { Some(Refusal::Check) } else { unfit.then_some(Refusal::Unfit) };
    Told { kind, ..Told::default() }
}

fn mysql(message: &str) -> Told {
    let quoted = |text: &str, quote: char| Some(text.split_once(quote)?.1.split_once(quote)?.0.to_owned());
    if message.starts_with("Duplicate entry ") {
        let key = message.rsplit_once(" for key ").and_then(|(_, key)| quoted(key, '\''));
        // MySQL 8 writes the table in front.
        let key = key.map(|key| key.rsplit('.').next().unwrap_or_default().to_owned());
        return Told { constraint: key, ..Told::default() };
    }
    if let Some((_, rest)) = message.split_once("a foreign key constraint fails") {
        let constraint = rest.split_once("CONSTRAINT ").and_then(|(_, rest)| quoted(rest, '`'));
        return Told { constraint, ..Told::default() };
    }
    if message.starts_with("CONSTRAINT ") && message.contains(" failed for ") {
        // MariaDB names checks of a column with its table: `table`.`column`.
        let name = quoted(message, '`').map(|name| name.rsplit('.').next().unwrap_or_default().to_owned());
        return Told { kind: Some(Refusal::Check), constraint: name, ..Told::default() };
    }
    if message.starts_with("Check constraint ") {
        return Told { kind: Some(Refusal::Check), constraint: quoted(message, '\''), ..Told::default() };
    }
    if message.ends_with("cannot be null") || message.ends_with("doesn't have a default value") {
        return Told { kind: Some(Refusal::NotNull), column: quoted(message, '\''), ..Told::default() };
    }
    let Some((_, column)) = message.rsplit_once(" column ") else { return Told::default() };
    let texts = ["Data too long for", "Out of range value for", "Data truncated for", "Incorrect "];
    let kind = texts.iter().any(|text| message.starts_with(text)).then_some(Refusal::Unfit);
    let name = column.split(" at row").next().unwrap_or_default().trim_matches(['`', '\'']);
    let name = name.rsplit('.').next().unwrap_or_default().trim_matches('`');
    Told { kind, column: Some(name.to_owned()), ..Told::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(engine: Engine, message: &str) -> (Option<Refusal>, Option<String>, Option<String>) {
        let told = told(engine, message);
        (told.kind, told.constraint, told.column)
    }

    #[test]
    fn messages_of_each_engine_name_their_constraint_or_column() {
        let name = |text: &str| Some(text.to_owned());
        let (sqlite, mysql) = (Engine::Sqlite, Engine::Mysql);
        for (engine, message, kind, constraint, column) in [
            (sqlite, "NOT NULL constraint failed: t.name", Some(Refusal::NotNull), None, name("name")),
            (sqlite, "UNIQUE constraint failed: t.a, t.b", None, name("a, b"), None),
            (sqlite, "CHECK constraint failed: n > 0", Some(Refusal::Check), name("n > 0"), None),
            (sqlite, "cannot store TEXT value in INTEGER column t.n", Some(Refusal::Unfit), None, name("n")),
            (mysql, "Duplicate entry 'it's for key' for key 'one'", None, name("one"), None),
            (mysql, "Duplicate entry 'a' for key 't.one'", None, name("one"), None),
            (mysql, "CONSTRAINT `positive` failed for `db`.`t`", Some(Refusal::Check), name("positive"), None),
            (mysql, "Check constraint 'positive' is violated.", Some(Refusal::Check), name("positive"), None),
            (mysql, "Column 'name' cannot be null", Some(Refusal::NotNull), None, name("name")),
            (mysql, "Field 'name' doesn't have a default value", Some(Refusal::NotNull), None, name("name")),
            (mysql, "Data too long for column 'name' at row 1", Some(Refusal::Unfit), None, name("name")),
            (
                mysql,
                "Incorrect integer value: 'a' for column `db`.`t`.`n` at row 1",
                Some(Refusal::Unfit),
                None,
                name("n"),
            ),
            (
                mysql,
                "Cannot add or update a child row: a foreign key constraint fails (`db`.`c`, CONSTRAINT `fk` FOREIGN KEY \
                 (`p`) REFERENCES `p` (`id`))",
                None,
                name("fk"),
                None,
            ),
            (mysql, "no rows on Sundays", None, None, None),
        ] {
            assert_eq!(case(engine, message), (kind, constraint, column), "{message}");
        }
    }
}
