//! TOML documents with places. Dataset files are TOML as well, but read through serde by `model`.

use serde_json::{Map, Value as Json};
use toml::de::{DeTable, DeValue};

use super::{Fault, Inner, Node, Parsed, number};

pub(super) fn parse(text: &str) -> Result<Parsed, Fault> {
    let table = DeTable::parse(text).map_err(|error| {
        let message = error.message().trim_end().replace('\n', ", ");
        Fault::new(error.span().map_or(0, |span| span.start), format!("broken TOML: {message}"))
    })?;
    let (json, inner) = fields(table.get_ref())?;
    Ok(Parsed { json, places: Some(Node { offset: 0, inner }), ..Parsed::default() })
}

/// What is wrong with the numbers of a text that is TOML; whoever reads it as values of its own has lost digits by then.
pub(super) fn inexact(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.split(|c: char| !(c.is_ascii_alphanumeric() || "._+-".contains(c))).any(may_be_inexact)
        && let Ok(table) = DeTable::parse(text)
    {
        table.get_ref().values().for_each(|value| collect(value, &mut faults));
    }
    faults
}

/// Nearly no text has a number that needs a closer look.
fn may_be_inexact(word: &str) -> bool {
    let word = word.trim_start_matches(['+', '-']);
    matches!(word, "inf" | "nan")
        || (word.starts_with(|c: char| c.is_ascii_digit()) && (word.len() > 15 || word.contains(['e', 'E'])))
}

fn collect(value: &toml::Spanned<DeValue<'_>>, faults: &mut Vec<Fault>) {
    match value.get_ref() {
        DeValue::Float(_) => faults.extend(part(value).err()),
        DeValue::Array(items) => items.iter().for_each(|item| collect(item, faults)),
        DeValue::Table(table) => table.values().for_each(|value| collect(value, faults)),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

fn fields(table: &DeTable<'_>) -> Result<(Json, Inner), Fault> {
    let mut object = Map::new();
    let mut nodes = Vec::with_capacity(table.len());
    for (name, value) in table {
        let (json, inner) = part(value)?;
        object.insert(name.get_ref().to_string(), json);
        nodes.push((name.get_ref().to_string(), Node { offset: name.span().start, inner }));
    }
    Ok((Json::Object(object), Inner::Fields(nodes)))
}

fn part(value: &toml::Spanned<DeValue<'_>>) -> Result<(Json, Inner), Fault> {
    let at = value.span().start;
    let exactly = |text: &str| number::number(text).map_err(|error| Fault::new(at, error.to_string()));
    Ok(match value.get_ref() {
        DeValue::String(text) => (Json::from(text.as_ref()), Inner::Leaf),
        DeValue::Integer(integer) => {
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).map(Json::from);
            (number.or_else(|_| exactly(integer.as_str()))?, Inner::Leaf)
        }
        DeValue::Float(float) if float.as_str().contains(['i', 'n']) => {
            return Err(Fault::new(at, format!("`{}` is not a number that a database could keep", float.as_str())));
        }
        DeValue::Float(float) => (exactly(float.as_str())?, Inner::Leaf),
        DeValue::Boolean(flag) => (Json::Bool(*flag), Inner::Leaf),
        DeValue::Datetime(time) => (Json::from(time.to_string()), Inner::Leaf),
        DeValue::Array(items) => {
            let mut list = Vec::with_capacity(items.len());
            let mut nodes = Vec::with_capacity(items.len());
            for item in items.iter() {
                let (json, inner) = part(item)?;
                list.push(json);
                nodes.push(Node { offset: item.span().start, inner });
            }
            (Json::Array(list), Inner::Items(nodes))
        }
        DeValue::Table(table) => fields(table)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tables_have_the_places_of_their_names_and_entries() {
        let text = "a = 1.5\n[[role]]\nslug = 'x'\n[[role]]\nslug = 'y'\n";
        let parsed = parse(text).expect("is TOML");
        assert_eq!(parsed.json, serde_json::json!({"a": 1.5, "role": [{"slug": "x"}, {"slug": "y"}]}));
        assert_eq!(parsed.places.expect("has places").find("/role/1/slug"), text.rfind("slug").expect("is there"));
        assert!(parse("a = inf\n").is_err());
    }

    #[test]
    fn numbers_that_would_be_other_ones_are_found_wherever_they_are() {
        let text = "a = 1.5\nb = 12345678901234567.89\n[c]\nd = [{ e = nan }, 1_000.5]\nf = '12345678901234567.89'\n";
        let places: Vec<usize> = inexact(text).iter().map(|fault| fault.offset).collect();
        assert_eq!(places, ["1234567", "nan"].map(|word| text.find(word).expect("is there")));
        assert!(inexact("a = 'info and 2026-01-31'\nb = 1e3").is_empty());
    }
}
