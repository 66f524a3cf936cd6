//! A value as the database holds it, in the spelling of the file: its type, its form of a time. Where it goes is `trace`'s.

use chrono::{DateTime, NaiveDateTime};
use plimsoll_core::db::{Column, ColumnKind};
use serde_json::{Number, Value as Json};

use crate::value::{canonical, same};

/// The live value of a column, as the file would say it that says `old` now.
pub(super) fn respell(column: &Column, live: &Json, old: Option<&Json>) -> Json {
    let spelled = match (live, old) {
        (Json::Number(_), Some(Json::Bool(_))) => truth(live).map(Json::Bool),
        (Json::Bool(flag), Some(Json::Number(_))) => Some(Json::from(u8::from(*flag))),
        (Json::Bool(flag), Some(Json::String(text))) => Some(Json::from(word(*flag, text))),
        (Json::Number(number), Some(Json::String(_))) => Some(Json::from(number.to_string())),
        (Json::String(text), Some(Json::Number(_))) => digits(text),
        (Json::String(text), Some(old @ (Json::Array(_) | Json::Object(_)))) => {
            let json = serde_json::from_str(text).ok().filter(|json: &Json| json.is_array() || json.is_object());
            json.or_else(|| array(text).map(|items| like(items, old)))
        }
        (Json::String(text), _) if column.kind == ColumnKind::Timestamp => {
            let like = old.and_then(Json::as_str).unwrap_or("2000-01-01T00:00:00Z");
            time(text, like).map(Json::String)
        }
        (Json::String(text), None) if column.kind == ColumnKind::Decimal => digits(text),
        (Json::Number(number), _) if column.kind == ColumnKind::Float => narrow(number),
        _ => None,
    };
    // A spelling that does not come back as the same value is none.
    let holds = |spelled: &Json| canonical(column, spelled).is_ok_and(|value| same(&value, live));
    spelled.filter(holds).unwrap_or_else(|| live.clone())
}

fn truth(value: &Json) -> Option<bool> {
    match value.as_i64() {
        Some(0) => Some(false),
        Some(1) => Some(true),
        _ => None,
    }
}

/// `true` in the words of the file.
fn word(flag: bool, like: &str) -> &'static str {
    match (like, flag) {
        ("t" | "f", true) => "t",
        ("t" | "f", false) => "f",
        ("1" | "0", true) => "1",
        ("1" | "0", false) => "0",
        (_, true) => "true",
        (_, false) => "false",
    }
}

/// A number, when nothing is lost by it.
fn digits(text: &str) -> Option<Json> {
    let number: Json = serde_json::from_str(text).ok()?;
    let shown = number.as_number()?.to_string();
    (shown == text || shown.strip_suffix(".0") == Some(text)).then_some(number)
}

/// The shortest number that a four-byte column rounds to the same.
#[expect(clippy::cast_possible_truncation, reason = "what a narrow column keeps is what is asked for")]
fn narrow(number: &Number) -> Option<Json> {
    let wide = number.as_f64()?;
    let short: f64 = (wide as f32).to_string().parse().ok()?;
    (f64::from(wide as f32) == wide).then(|| Number::from_f64(short).map(Json::Number)).flatten()
}

/// A time in UTC, with the separator, the zone and the precision of another one.
fn time(live: &str, like: &str) -> Option<String> {
    let utc = NaiveDateTime::parse_from_str(live, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    let like = like.trim();
    if like.len() == 10 {
        return Some(
            utc.format(if live.contains(" 00:00:00") { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S%.f" }).to_string(),
        );
    }
    let separator = like.chars().nth(10).filter(|c| matches!(c, 'T' | 't' | ' ')).unwrap_or('T');
    let full = like.replacen([' ', 't'], "T", 1);
    let zone = full.get(11..)?.find(['Z', 'z', '+', '-']).map(|at| &full[11 + at..]);
    let seconds = if zone.map_or(&full[..], |zone| &full[..full.len() - zone.len()]).matches(':').count() == 1
        && utc.format("%S%.f").to_string() == "00"
    {
        "%H:%M"
    } else {
        "%H:%M:%S%.f"
    };
    let format = format!("%Y-%m-%d{separator}{seconds}");
    Some(match zone {
        None => utc.format(&format).to_string(),
        Some(zone @ ("Z" | "z")) => format!("{}{zone}", utc.format(&format)),
        Some(zone) => {
            let hours = if zone.len() == 3 { format!("{zone}:00") } else { zone.to_owned() };
            let offset = *DateTime::parse_from_rfc3339(&format!("2000-01-01T00:00:00{hours}")).ok()?.offset();
            format!("{}{zone}", utc.and_utc().with_timezone(&offset).naive_local().format(&format))
        }
    })
}

/// Items as texts, where all items of the file are texts.
fn like(items: Json, old: &Json) -> Json {
    let texts = |list: &Json| list.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Json::is_string));
    match items {
        Json::Array(items) if texts(old) => {
            items.into_iter().map(|item| if item.is_number() { Json::from(item.to_string()) } else { item }).collect()
        }
        other => other,
    }
}

/// The items of an array as PostgreSQL writes it: `{a,"b c",NULL}`. Numbers become numbers.
fn array(text: &str) -> Option<Json> {
    let mut chars = text.chars().peekable();
    let value = items(&mut chars)?;
    chars.next().is_none().then_some(value)
}

fn items(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Json> {
    (chars.next()? == '{').then_some(())?;
    let mut list = Vec::new();
    if chars.next_if_eq(&'}').is_some() {
        return Some(Json::Array(list));
    }
    loop {
        let item = match chars.peek()? {
            '{' => items(chars)?,
            '"' => {
                chars.next();
                let mut text = String::new();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => text.push(chars.next()?),
                        c => text.push(c),
                    }
                }
                Json::String(text)
            }
            _ => {
                let mut text = String::new();
                while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '}')) {
                    text.push(c);
                }
                match text.as_str() {
                    "NULL" => Json::Null,
                    _ => digits(&text).unwrap_or(Json::String(text)),
                }
            }
        };
        list.push(item);
        match chars.next()? {
            ',' => {}
            '}' => return Some(Json::Array(list)),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_keep_the_form_of_the_file() {
        let live = "2024-05-01 10:30:00";
        assert_eq!(time(live, "2020-01-01T00:00:00Z").as_deref(), Some("2024-05-01T10:30:00Z"));
        assert_eq!(time(live, "2020-01-01T00:00:00+02:00").as_deref(), Some("2024-05-01T12:30:00+02:00"));
        assert_eq!(time(live, "2020-01-01 00:00").as_deref(), Some("2024-05-01 10:30"));
        assert_eq!(time("2024-05-01 00:00:00", "2020-01-01").as_deref(), Some("2024-05-01"));
    }

    #[test]
    fn arrays_of_postgresql_become_lists() {
        assert_eq!(array("{a,\"b, \\\"c\",NULL,3}"), Some(json!(["a", "b, \"c", null, 3])));
        assert_eq!(array("{{1,2},{}}"), Some(json!([[1, 2], []])));
        assert_eq!(array("{a"), None);
    }

    #[test]
    fn numbers_that_lose_nothing_are_numbers() {
        assert_eq!(digits("13.5"), Some(json!(13.5)));
        assert_eq!(digits("13"), Some(json!(13)));
        assert_eq!(digits("0.12345678901234567890"), None);
    }
}
