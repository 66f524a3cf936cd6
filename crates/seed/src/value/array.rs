//! PostgreSQL's arrays as text: written from lists, and read back into lists. What their elements mean is the column's.

use plimsoll_core::db::Column;
use serde_json::Value as Json;

/// Whether a column is one, or a domain over one.
pub(super) fn holds(column: &Column) -> bool {
    column.base.as_ref().unwrap_or(&column.declared).ends_with("[]")
}

/// An array as PostgreSQL writes it: quoted only where it has to be.
pub(super) fn written(items: &[Json]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Json::Null => "NULL".to_owned(),
            Json::Bool(flag) => if *flag { "t" } else { "f" }.to_owned(),
            Json::Array(inner) => written(inner),
            Json::String(text) if needs_quotes(text) => quoted(text),
            Json::String(text) => text.clone(),
            Json::Object(_) => quoted(&item.to_string()),
            Json::Number(number) => number.to_string(),
        })
        .collect();
    format!("{{{}}}", items.join(","))
}

/// The list of an array's text; elements are texts or NULL. Nothing when it is not one, or has bounds of its own.
pub(super) fn read(text: &str) -> Option<Json> {
    let mut letters = text.chars().peekable();
    let list = read_list(&mut letters)?;
    letters.next().is_none().then_some(list)
}

fn read_list(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Json> {
    letters.next_if_eq(&'{')?;
    let mut items = Vec::new();
    if letters.next_if_eq(&'}').is_some() {
        return Some(Json::Array(items));
    }
    loop {
        items.push(match letters.peek()? {
            '{' => read_list(letters)?,
            '"' => read_quoted(letters)?,
            _ => {
                let mut text = String::new();
                while let Some(letter) = letters.next_if(|letter| !matches!(letter, ',' | '}')) {
                    text.push(letter);
                }
                if text == "NULL" { Json::Null } else { Json::String(text) }
            }
        });
        match letters.next()? {
            ',' => {}
            '}' => return Some(Json::Array(items)),
            _ => return None,
        }
    }
}

fn read_quoted(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Json> {
    letters.next();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(Json::String(text)),
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case("null")
        || text.contains(|c: char| c.is_ascii_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arrays_are_read_as_they_are_written() {
        for list in [
            json!([]),
            json!(["a", "b c", "", "null", "q\"uote", "back\\slash", "{}", "a,b"]),
            json!([null, "NULL", "é"]),
            json!([["1", "2"], ["3", "4"]]),
        ] {
            let Json::Array(items) = &list else { panic!("a list") };
            assert_eq!(read(&written(items)).as_ref(), Some(&list));
        }
        assert_eq!(read("[0:1]={a,b}"), None);
        assert_eq!(read("{a"), None);
    }
}
