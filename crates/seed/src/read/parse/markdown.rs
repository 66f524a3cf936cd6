//! Markdown: the fields of its front matter, and the text below it as `body`. Nobody renders it here.

use serde_json::{Map, Value as Json};

use super::{Fault, Inner, Node, Parsed, toml, yaml};

/// The field that has the text.
const BODY: &str = "body";

pub(super) fn parse(text: &str) -> Result<Parsed, Fault> {
    let Some((fence, start)) = fence(text) else { return finish(text, 0, Json::Object(Map::new()), Vec::new()) };
    let Some((end, body)) = closing(text, start, fence) else {
        let message = format!("the front matter that begins with `{fence}` has no end, a second line `{fence}`");
        return Err(Fault::new(0, message));
    };
    let front = &text[start..end];
    let parsed = if fence == "---" { yaml::parse(front) } else { toml::parse(front) };
    let parsed = parsed.map_err(|fault| Fault { offset: fault.offset + start, ..fault })?;
    let fields = match parsed.places {
        Some(mut node) => {
            node.shift(start);
            match node.inner {
                Inner::Fields(fields) => fields,
                Inner::Leaf | Inner::Items(_) => Vec::new(),
            }
        }
        None => Vec::new(),
    };
    // Nothing between the fences is nothing said.
    let json = if parsed.json.is_null() { Json::Object(Map::new()) } else { parsed.json };
    finish(text, body, json, fields)
}

fn finish(text: &str, body: usize, json: Json, mut fields: Vec<(String, Node)>) -> Result<Parsed, Fault> {
    let Json::Object(mut object) = json else {
        return Err(Fault::new(0, "the front matter is not a list of `name: value`"));
    };
    if object.contains_key(BODY) {
        let at = fields.iter().find(|(name, _)| name == BODY).map_or(0, |(_, node)| node.offset);
        return Err(Fault::new(at, "`body` is the text below the front matter and cannot be in it as well"));
    }
    object.insert(BODY.to_owned(), Json::from(text[body..].trim()));
    let at = body + (text[body..].len() - text[body..].trim_start().len());
    fields.push((BODY.to_owned(), Node::leaf(at.min(text.len()))));
    let places = Node { offset: 0, inner: Inner::Fields(fields) };
    Ok(Parsed { json: Json::Object(object), places: Some(places), ..Parsed::default() })
}

/// The fence of the first line, and where the front matter begins.
fn fence(text: &str) -> Option<(&'static str, usize)> {
    let first = text.split_inclusive('\n').next()?;
    let fence = ["---", "+++"].into_iter().find(|fence| first.trim_end() == *fence)?;
    Some((fence, first.len()))
}

/// Where the front matter ends, and where the text begins.
fn closing(text: &str, start: usize, fence: &str) -> Option<(usize, usize)> {
    let mut offset = start;
    for line in text[start..].split_inclusive('\n') {
        if line.trim_end() == fence {
            return Some((offset, offset + line.len()));
        }
        offset += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_of_both_kinds_and_none_at_all() {
        let parsed = parse("---\ntitle: A\ntags: [x]\n---\n\n# A\ntext\n").expect("is Markdown");
        assert_eq!(parsed.json, serde_json::json!({"title": "A", "tags": ["x"], "body": "# A\ntext"}));
        let places = parsed.places.expect("has places");
        assert_eq!((places.find("/tags/0"), places.find("/body")), (20, 28));
        assert_eq!(
            parse("+++\r\na = 1\r\n+++\r\nx").expect("is Markdown").json,
            serde_json::json!({"a": 1, "body": "x"})
        );
        assert_eq!(parse("# A --- b").expect("is Markdown").json, serde_json::json!({"body": "# A --- b"}));
        assert!(parse("---\ntitle: A\n").is_err());
    }
}
