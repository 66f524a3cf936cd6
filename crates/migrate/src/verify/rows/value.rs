//! Values that fit a column, as SQL: by its type, and by what its checks say. Whether one was accepted the database says.

use plimsoll_core::db::{Engine, dialect};

use super::shape::{Column, literals};

/// What may be written to a column in the row with this number, the best first; none means that nothing is given.
pub(super) fn candidates(engine: Engine, column: &Column, number: usize) -> Vec<Option<String>> {
    let mut found: Vec<Option<String>> = Vec::new();
    let is_text = !column.is_number();
    let text = |text: &str| Some(dialect::literal(engine, text));
    for check in &column.checks {
        let allowed = literals(check);
        if check.contains("json_valid") {
            found.push(text(&json(number)));
        }
        if is_text && !allowed.is_empty() {
            found.push(text(&allowed[number % allowed.len()]));
        }
    }
    found.extend(by_type(engine, column, number).map(Some));
    for check in &column.checks {
        if is_text {
            found.push(text(&format!("v{number}@example.com")));
            found.extend(numbers(check).into_iter().filter(|length| (1..1000).contains(length)).flat_map(|length| {
                [length, length + 1].map(|length| text(&padded(number, usize::try_from(length).unwrap_or(1))))
            }));
            found.extend(literals(check).iter().map(|each| text(each)));
        } else {
            let offset = i64::try_from(number).unwrap_or(0);
            found.extend(
                numbers(check).into_iter().flat_map(|bound| {
                    [bound + offset, bound, bound + 1, bound - 1].map(|value| Some(value.to_string()))
                }),
            );
        }
    }
    if column.has_default || column.counts {
        found.push(None);
    }
    if column.nullable {
        found.push(Some("NULL".to_owned()));
    }
    found
}

/// A value of the column's type; none when none is known.
fn by_type(engine: Engine, column: &Column, number: usize) -> Option<String> {
    let text = |text: &str| Some(dialect::literal(engine, text));
    let kind = column.type_text.as_str();
    if !column.values.is_empty() {
        return text(&column.values[number % column.values.len()]);
    }
    if kind.ends_with("[]") {
        return text("{}");
    }
    let (day, month) = (1 + number % 28, 1 + number / 28 % 12);
    let date = format!("2001-{month:02}-{day:02}");
    let time = format!("10:{:02}:{:02}", number / 60 % 60, number % 60);
    let length = in_parentheses(kind).first().copied();
    match column.base() {
        "bool" | "boolean" if engine == Engine::Sqlite => Some((number % 2).to_string()),
        "bool" | "boolean" => Some(if number % 2 == 1 { "TRUE" } else { "FALSE" }.to_owned()),
        "tinyint" if kind.starts_with("tinyint(1)") => Some((number % 2).to_string()),
        "tinyint" => Some((number % 127).to_string()),
        "int" | "integer" | "bigint" | "smallint" | "mediumint" | "int2" | "int4" | "int8" => {
            Some((number % 32_000).to_string())
        }
        "year" => Some((2001 + number % 100).to_string()),
        "real" | "double" | "float" | "float4" | "float8" => Some(format!("{}.5", number % 1000)),
        "numeric" | "decimal" | "money" => Some(decimal(kind, number)),
        "date" => text(&date),
        "time" | "timetz" => text(&time),
        "datetime" => text(&format!("{date} {time}")),
        "interval" => text(&format!("{number} seconds")),
        "uuid" => text(&format!("00000000-0000-4000-8000-{number:012x}")),
        "json" | "jsonb" => text(&json(number)),
        "bytea" => text(&format!("\\x{number:08x}")),
        "blob" | "longblob" | "mediumblob" | "tinyblob" | "varbinary" | "binary" => {
            let bytes = length.unwrap_or(4).min(4) * 2;
            let hex = format!("{number:08x}");
            Some(format!("X'{}'", &hex[8 - bytes..]))
        }
        "bit" if engine == Engine::Mysql => Some(format!("b'{}'", number % 2)),
        "bit" => Some(format!("B'{:0width$b}'", number % 2, width = length.unwrap_or(1))),
        "inet" | "cidr" => text(&format!("10.0.{}.{}", number / 250 % 250, number % 250)),
        "inet4" => text(&format!("10.0.0.{}", number % 250)),
        "inet6" => text(&format!("2001:db8::{:x}", number % 60_000)),
        "macaddr" => text(&format!("08:00:2b:01:02:{:02x}", number % 256)),
        "point" if engine == Engine::Postgres => text(&format!("({number},{number})")),
        "tsvector" | "tsquery" | "ltree" => text(&format!("v{number}")),
        "hstore" => text(&format!("a=>{number}")),
        "xml" => text(&format!("<v>{number}</v>")),
        "int4range" | "int8range" | "numrange" => text(&format!("[{number},{})", number + 1)),
        "daterange" | "tsrange" | "tstzrange" => text(&format!("[{date},2002-01-01)")),
        "vector" | "halfvec" if engine == Engine::Postgres => text(&vector(number, length.unwrap_or(3))),
        "vector" => Some(format!("VEC_FromText('{}')", vector(number, length.unwrap_or(3)))),
        base if base.starts_with("timestamp") => text(&format!("{date} {time}")),
        base if base.contains("char") || base.ends_with("text") || matches!(base, "clob" | "name" | "string") => {
            let width = if base == "char" || base == "character" && !kind.contains("varying") {
                Some(length.unwrap_or(1))
            } else {
                length
            };
            text(&short(number, width))
        }
        // SQLite takes any word for a type, and none.
        _ if engine == Engine::Sqlite => text(&short(number, None)),
        _ => None,
    }
}

/// A text that fits this many characters.
fn short(number: usize, width: Option<usize>) -> String {
    let text = format!("v{number}");
    match width {
        Some(width) if width < text.len() => padded(number, width),
        _ => text,
    }
}

/// The number in letters and digits, with exactly this many characters.
fn padded(number: usize, width: usize) -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut rest = number;
    let mut text: Vec<char> = Vec::new();
    for _ in 0..width {
        text.push(char::from(DIGITS[rest % 36]));
        rest /= 36;
    }
    text.into_iter().rev().collect()
}

fn json(number: usize) -> String {
    format!("{{\"n\": {number}}}")
}

fn vector(number: usize, length: usize) -> String {
    let parts: Vec<String> = (0..length).map(|at| if at == 0 { number.to_string() } else { "0".to_owned() }).collect();
    format!("[{}]", parts.join(","))
}

/// Within the precision that the type has.
fn decimal(kind: &str, number: usize) -> String {
    match in_parentheses(kind)[..] {
        [precision, scale, ..] if precision <= scale => "0".to_owned(),
        [precision, scale, ..] => below(number, precision - scale),
        [precision] => below(number, precision),
        [] => number.to_string(),
    }
}

fn below(number: usize, digits: usize) -> String {
    (number % 10_usize.pow(u32::try_from(digits.min(6)).unwrap_or(6))).to_string()
}

fn in_parentheses(kind: &str) -> Vec<usize> {
    let inner = kind.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inner, _)| inner);
    inner.split(',').filter_map(|text| text.trim().parse().ok()).collect()
}

/// The whole numbers of an expression.
fn numbers(expression: &str) -> Vec<i64> {
    let mut found = Vec::new();
    for word in expression.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-') {
        if let Ok(number) = word.parse::<i64>()
            && !found.contains(&number)
        {
            found.push(number);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(type_text: &str, checks: &[&str]) -> Column {
        Column {
            name: "x".to_owned(),
            type_text: type_text.to_owned(),
            nullable: false,
            has_default: false,
            counts: false,
            values: Vec::new(),
            checks: checks.iter().map(|check| (*check).to_owned()).collect(),
        }
    }

    fn first(engine: Engine, type_text: &str, number: usize) -> String {
        candidates(engine, &column(type_text, &[]), number)[0].clone().expect("a value")
    }

    #[test]
    fn values_fit_the_width_of_their_type_and_differ_from_row_to_row() {
        assert_eq!(first(Engine::Postgres, "character varying(40)", 12), "'v12'");
        assert_eq!(first(Engine::Postgres, "character(2)", 37), "'bb'");
        assert_eq!(first(Engine::Mysql, "varchar(1)", 1), "'b'");
        assert_eq!(first(Engine::Mysql, "decimal(3,2)", 12), "2");
        assert_eq!(first(Engine::Postgres, "numeric(2,2)", 12), "0");
        assert_eq!(first(Engine::Mysql, "binary(2)", 258), "X'0102'");
        assert_eq!(first(Engine::Postgres, "vector(3)", 7), "'[7,0,0]'");
        assert_ne!(first(Engine::Sqlite, "", 1), first(Engine::Sqlite, "", 2));
        assert!(candidates(Engine::Postgres, &column("geometry", &[]), 1).is_empty(), "nothing is known");
    }

    #[test]
    fn checks_say_which_values_are_allowed() {
        let values = |type_text, check: &str| -> Vec<String> {
            candidates(Engine::Postgres, &column(type_text, &[check]), 1).into_iter().flatten().collect()
        };
        assert_eq!(values("text", "x = ANY (ARRAY['new'::text, 'old'::text])")[0], "'old'");
        assert!(values("integer", "x >= 18 AND x <= 99").contains(&"19".to_owned()));
        assert!(values("text", "length(x) = 3").iter().any(|value| value.len() == 5));
        assert_eq!(values("longtext", "json_valid(`x`)")[0], "'{\"n\": 1}'");
    }
}
