//! Compares types: what a change of a column's type does to rows and files. Which column has which type is `state`'s.

use plimsoll_core::db::Engine;

/// What changing a type does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// The rows are written anew.
    pub(super) rewrites: bool,
    /// Values may not fit.
    pub(super) narrows: bool,
}

/// A type, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SqlType {
    /// Without aliases: `int`, not `integer` or `int4`.
    pub(super) base: String,
    /// What stands in parentheses, as numbers.
    pub(super) lengths: Vec<u32>,
    pub(super) unsigned: bool,
    pub(super) array: bool,
    /// The values of MySQL's `enum` and `set`.
    pub(super) values: Vec<String>,
}

impl SqlType {
    /// Takes a type's text apart.
    pub(super) fn parse(engine: Engine, text: &str) -> Self {
        let open = text.find('(');
        let (head, rest) = text.split_at(open.unwrap_or(text.len()));
        let (inner, tail) = match rest.rfind(')') {
            Some(close) => (rest[1..close].trim(), rest[close + 1..].trim()),
            None => ("", ""),
        };
        let array = head.contains('[') || tail.contains('[') || head.trim().ends_with(" array");
        let words = format!("{} {tail}", head.split('[').next().unwrap_or_default());
        let unsigned = words.split_whitespace().any(|word| word == "unsigned" || word == "zerofill");
        let base: Vec<&str> = words
            .split_whitespace()
            .filter(|word| !matches!(*word, "unsigned" | "signed" | "zerofill" | "array"))
            .collect();
        let base = base.join(" ");
        let base = base.strip_prefix("pg_catalog.").unwrap_or(&base).trim_matches('"');
        let base = canonical(engine, base);
        let listed = matches!(base, "enum" | "set");
        Self {
            base: base.to_owned(),
            lengths: if listed {
                Vec::new()
            } else {
                inner.split(',').filter_map(|part| part.trim().parse().ok()).collect()
            },
            unsigned,
            array,
            values: if listed { values(inner) } else { Vec::new() },
        }
    }

    fn length(&self) -> Option<u32> {
        self.lengths.first().copied()
    }

    /// Where a whole number stands among the others, by its bytes.
    fn rank(&self) -> Option<u32> {
        ["tinyint", "smallint", "mediumint", "int", "bigint"]
            .iter()
            .position(|name| *name == self.base)
            .and_then(|at| u32::try_from(at).ok())
    }

    fn is_text(&self) -> bool {
        matches!(self.base.as_str(), "text" | "varchar" | "char" | "tinytext" | "mediumtext" | "longtext" | "citext")
    }

    /// How many bytes a text can have, as far as types differ in it.
    fn room(&self) -> Option<u64> {
        match self.base.as_str() {
            "char" => Some(u64::from(self.length().unwrap_or(1))),
            "varchar" => self.length().map(u64::from),
            "tinytext" => Some(255),
            "mediumtext" => Some(1 << 24),
            "text" | "longtext" | "citext" => Some(1 << 32),
            _ => None,
        }
    }
}

/// What `ALTER COLUMN .. TYPE` or `MODIFY` does.
pub(super) fn change(engine: Engine, old: &SqlType, new: &SqlType) -> Change {
    if old == new {
        return Change::default();
    }
    Change { rewrites: rewrites(engine, old, new), narrows: narrows(old, new) }
}

fn rewrites(engine: Engine, old: &SqlType, new: &SqlType) -> bool {
    if old.array != new.array || old.unsigned != new.unsigned {
        return true;
    }
    let grows =
        |old: Option<u32>, new: Option<u32>| new.is_none() || old.is_some_and(|old| new.is_some_and(|new| new >= old));
    match (engine, old.base.as_str(), new.base.as_str()) {
        (Engine::Postgres, "varchar", "varchar") => !grows(old.length(), new.length()),
        (Engine::Postgres, "varchar", "text") => false,
        (Engine::Postgres, "text", "varchar") => new.length().is_some(),
        (Engine::Postgres, "cidr", "inet")
        | (Engine::Postgres, "xml", "text")
        | (Engine::Postgres, "citext", "text") => false,
        (Engine::Postgres, "bit varying" | "varbit", "bit varying" | "varbit") => !grows(old.length(), new.length()),
        (Engine::Postgres, "numeric", "numeric") => match (old.lengths.as_slice(), new.lengths.as_slice()) {
            (_, []) => false,
            ([], _) => true,
            (old, new) => new[0] < old[0] || old.get(1).unwrap_or(&0) != new.get(1).unwrap_or(&0),
        },
        (Engine::Postgres, left, right) if left == right && is_time(left) => {
            // Six digits is what there is without a length.
            new.length().unwrap_or(6) < old.length().unwrap_or(6)
        }
        (Engine::Mysql, "varchar", "varchar") => !grows(old.length(), new.length()),
        (Engine::Mysql, "enum" | "set", "enum" | "set") => old.base != new.base,
        // What is shown, not what is stored.
        (Engine::Mysql, left, right) if left == right && old.rank().is_some() => false,
        _ => true,
    }
}

fn narrows(old: &SqlType, new: &SqlType) -> bool {
    if old.array != new.array {
        return true;
    }
    if let (Some(left), Some(right)) = (old.rank(), new.rank()) {
        return right < left || (new.unsigned && !old.unsigned) || (old.unsigned && !new.unsigned && right <= left);
    }
    if new.is_text() {
        let text = old.room();
        return match (text, new.room()) {
            (Some(left), Some(right)) => right < left,
            (None, Some(right)) if old.is_text() => right < 1 << 16,
            // Numbers and dates as text: enough room is taken for granted from 32 characters on.
            (None, Some(right)) => right < 32,
            (_, None) => false,
        };
    }
    match (old.base.as_str(), new.base.as_str()) {
        ("numeric", "numeric") => match (old.lengths.as_slice(), new.lengths.as_slice()) {
            (_, []) => false,
            ([], _) => true,
            (old, new) => {
                let scale = |lengths: &[u32]| lengths.get(1).copied().unwrap_or(0);
                scale(new) < scale(old) || new[0].saturating_sub(scale(new)) < old[0].saturating_sub(scale(old))
            }
        },
        (_, "numeric") if old.rank().is_some() => {
            new.length().is_some_and(|digits| digits.saturating_sub(new.lengths.get(1).copied().unwrap_or(0)) < 19)
        }
        ("float", "double")
        | ("date", "timestamp" | "timestamptz" | "datetime")
        | ("timestamp", "timestamptz" | "datetime") => false,
        ("timestamptz", "timestamp") | ("datetime", "timestamp") => old.base == "datetime",
        ("json", "jsonb") | ("jsonb", "json") | ("cidr", "inet") | ("boolean", "int") => false,
        (left, "double") if old.rank().is_some() => left == "bigint",
        ("varbit" | "bit varying", "varbit" | "bit varying") => {
            new.length().is_some_and(|new| old.length().is_none_or(|old| new < old))
        }
        (left, right) if left == right && is_time(left) => new.length().unwrap_or(6) < old.length().unwrap_or(6),
        (left, right) if left == right => new.length().is_some_and(|new| old.length().is_some_and(|old| new < old)),
        _ => true,
    }
}

fn is_time(base: &str) -> bool {
    matches!(base, "timestamp" | "timestamptz" | "time" | "timetz" | "interval" | "datetime")
}

fn canonical(engine: Engine, base: &str) -> &str {
    let mysql = engine == Engine::Mysql;
    match base {
        "integer" | "int4" => "int",
        "int8" => "bigint",
        "int2" => "smallint",
        "bool" | "boolean" if mysql => "tinyint",
        "bool" => "boolean",
        "character varying" | "nvarchar" | "national varchar" => "varchar",
        "character" | "bpchar" | "nchar" => "char",
        "decimal" | "dec" | "fixed" => "numeric",
        "double precision" | "float8" => "double",
        "real" | "float4" => {
            if mysql && base == "real" {
                "double"
            } else {
                "float"
            }
        }
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time with time zone" => "timetz",
        "time without time zone" => "time",
        other => other,
    }
}

/// The quoted values of a list.
fn values(inner: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = inner;
    while let Some(open) = rest.find(['\'', '"']) {
        let quote = &rest[open..=open];
        let mut value = String::new();
        let mut at = open + 1;
        while let Some(end) = rest[at..].find(quote) {
            value.push_str(&rest[at..at + end]);
            at += end + 1;
            if !rest[at..].starts_with(quote) {
                break;
            }
            value.push_str(quote);
            at += 1;
        }
        found.push(value);
        rest = &rest[at..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(engine: Engine, old: &str, new: &str) -> (bool, bool) {
        let found = change(engine, &SqlType::parse(engine, old), &SqlType::parse(engine, new));
        (found.rewrites, found.narrows)
    }

    #[test]
    fn postgres_rewrites_for_what_is_stored_otherwise() {
        for (old, new, expected) in [
            ("varchar(20)", "varchar(40)", (false, false)),
            ("varchar(20)", "text", (false, false)),
            ("character varying(20)", "varchar", (false, false)),
            ("text", "varchar(20)", (true, true)),
            ("varchar(20)", "varchar(10)", (true, true)),
            ("int", "bigint", (true, false)),
            ("bigint", "int4", (true, true)),
            ("int", "text", (true, false)),
            ("numeric(10,2)", "numeric(12,2)", (false, false)),
            ("numeric(10,2)", "numeric(12,4)", (true, false)),
            ("numeric(10,2)", "decimal", (false, false)),
            ("timestamp(3)", "timestamp(6)", (false, false)),
            ("timestamp", "timestamp with time zone", (true, false)),
            ("text", "int", (true, true)),
            ("integer", "int4", (false, false)),
            ("text", "text[]", (true, true)),
        ] {
            assert_eq!(of(Engine::Postgres, old, new), expected, "{old} to {new}");
        }
    }

    #[test]
    fn the_values_of_an_enum_are_read_with_their_quotes() {
        assert_eq!(SqlType::parse(Engine::Mysql, "enum('a','it''s', 'c,d')").values, ["a", "it's", "c,d"]);
    }
}
