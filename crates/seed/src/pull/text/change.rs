//! The smallest splices that make one value out of another, in the style of the text around them. Parsing is the formats'.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{Entry, Format, Kind, Node, Splice, Unwritable, equal, json, toml};

/// The splices that make `new` out of `old`, in the order of the text.
pub(super) fn changes(
    format: Format,
    text: &str,
    node: &Node,
    old: &Json,
    new: &Json,
) -> Result<Vec<Splice>, Unwritable> {
    let mut writer = Writer { format, text, splices: Vec::new() };
    writer.change(node, old, new)?;
    writer.splices.sort_by_key(|splice| (splice.start, splice.end));
    Ok(writer.splices)
}

struct Writer<'a> {
    format: Format,
    text: &'a str,
    splices: Vec<Splice>,
}

impl Writer<'_> {
    fn change(&mut self, node: &Node, old: &Json, new: &Json) -> Result<(), Unwritable> {
        if equal(old, new) {
            return Ok(());
        }
        match (&node.kind, old, new) {
            (Kind::Object(entries), Json::Object(old), Json::Object(new)) => {
                let gone: Vec<usize> = (0..entries.len()).filter(|at| !new.contains_key(&entries[*at].name)).collect();
                let come: Vec<(&String, &Json)> = new.iter().filter(|(name, _)| !old.contains_key(*name)).collect();
                let last_goes = gone.last().is_some_and(|last| *last == entries.len() - 1);
                if gone.len() == entries.len() || (!come.is_empty() && last_goes) {
                    return self.replace(node, &Json::Object(new.clone()));
                }
                // Of two properties of one name the last one counts.
                let last: HashMap<&str, &Node> =
                    entries.iter().map(|entry| (entry.name.as_str(), &entry.value)).collect();
                for (name, value) in new {
                    if let (Some(node), Some(old)) = (last.get(name.as_str()), old.get(name)) {
                        self.change(node, old, value)?;
                    }
                }
                if gone.is_empty() && come.is_empty() {
                    return Ok(());
                }
                let spans: Vec<(usize, usize)> =
                    entries.iter().map(|entry| (entry.span.start, entry.value.span.end)).collect();
                self.whole(node, '{')?;
                self.remove(&spans, &gone);
                let come = come.into_iter().map(|(name, value)| self.property(entries, name, value));
                let come = come.collect::<Result<Vec<_>, _>>()?;
                self.append(node, &spans, &come);
                Ok(())
            }
            (Kind::Array(items), Json::Array(old), Json::Array(new)) if !old.is_empty() && !new.is_empty() => {
                self.list(node, items, old, new)
            }
            _ => self.replace(node, new),
        }
    }

    /// Equal items at both ends stay; between them items are changed in place, then removed or added.
    fn list(&mut self, node: &Node, items: &[Node], old: &[Json], new: &[Json]) -> Result<(), Unwritable> {
        let shorter = old.len().min(new.len());
        let head = old.iter().zip(new).take_while(|(a, b)| equal(a, b)).count();
        let tail = old.iter().rev().zip(new.iter().rev()).take(shorter - head).take_while(|(a, b)| equal(a, b)).count();
        let tail = if old.len() == new.len() { 0 } else { tail };
        let (old_end, new_end) = (old.len() - tail, new.len() - tail);
        let both = (old_end - head).min(new_end - head);
        for at in head..head + both {
            self.change(&items[at], &old[at], &new[at])?;
        }
        if old.len() == new.len() {
            return Ok(());
        }
        self.whole(node, '[')?;
        let spans: Vec<(usize, usize)> = items.iter().map(|item| (item.span.start, item.span.end)).collect();
        self.remove(&spans, &(head + both..old_end).collect::<Vec<_>>());
        let come: Vec<String> =
            new[head + both..new_end].iter().map(|value| self.item(items, value)).collect::<Result<_, _>>()?;
        if come.is_empty() {
            return Ok(());
        }
        if old_end == items.len() {
            self.append(node, &spans, &come);
        } else {
            // Before the first item of the tail, which there is.
            let separator = self.separator(&spans);
            let at = spans[old_end].0;
            let text: String = come.iter().map(|item| format!("{item},{separator}")).collect();
            self.splices.push(Splice { start: at, end: at, text });
        }
        Ok(())
    }

    fn replace(&mut self, node: &Node, new: &Json) -> Result<(), Unwritable> {
        let old = &self.text[node.span.clone()];
        match node.kind {
            Kind::Object(_) => self.whole(node, '{')?,
            Kind::Array(_) => self.whole(node, '[')?,
            Kind::Scalar => {}
        }
        let pretty = old.contains('\n') && !matches!(node.kind, Kind::Scalar);
        let text = self.rendered(new, old, pretty.then(|| self.indent(node.span.start)))?;
        self.splices.push(Splice { start: node.span.start, end: node.span.end, text });
        Ok(())
    }

    /// Tables of TOML may be spread over headers, where nothing can be added or taken away in one place.
    fn whole(&self, node: &Node, opening: char) -> Result<(), Unwritable> {
        let text = &self.text[node.span.clone()];
        let inside = match &node.kind {
            Kind::Array(items) => {
                items.iter().all(|item| item.span.start > node.span.start && item.span.end < node.span.end)
            }
            Kind::Object(_) | Kind::Scalar => true,
        };
        if inside && text.starts_with(opening) && text.ends_with(if opening == '{' { '}' } else { ']' }) {
            return Ok(());
        }
        let first = text.lines().next().unwrap_or_default().to_owned();
        Err(Unwritable::Scattered(crate::reconcile::show::shorten(&first, 40)))
    }

    /// Takes away elements that are not all of them, each run with the commas that it needs no more.
    fn remove(&mut self, spans: &[(usize, usize)], gone: &[usize]) {
        let mut at = 0;
        while at < gone.len() {
            let first = gone[at];
            let mut last = first;
            while gone.get(at + 1) == Some(&(last + 1)) {
                at += 1;
                last += 1;
            }
            at += 1;
            let (start, end) = match spans.get(last + 1) {
                Some(next) => (spans[first].0, next.0),
                None => (spans[first - 1].1, spans[last].1),
            };
            self.splices.push(Splice { start, end, text: String::new() });
        }
    }

    /// Adds elements at the end, of which there is at least one.
    fn append(&mut self, node: &Node, spans: &[(usize, usize)], come: &[String]) {
        let Some((_, end)) = spans.last().copied().filter(|_| !come.is_empty()) else { return };
        let separator = self.separator(spans);
        let rest = &self.text[end..node.span.end - 1];
        let trailing = rest.trim_start().starts_with(',');
        // After comments that follow the last element.
        let at = end + rest.trim_end().len();
        let mut text = String::new();
        if !trailing && at > end {
            self.splices.push(Splice { start: end, end, text: ",".to_owned() });
        }
        for (number, one) in come.iter().enumerate() {
            let comma = if number > 0 || (!trailing && at == end) { "," } else { "" };
            text.push_str(&format!("{comma}{separator}{one}"));
        }
        text.push_str(if trailing { "," } else { "" });
        self.splices.push(Splice { start: at, end: at, text });
    }

    /// The white space before the last element: what stands between two of them.
    fn separator(&self, spans: &[(usize, usize)]) -> String {
        let Some((start, _)) = spans.last().copied() else { return String::new() };
        let before = &self.text[..start];
        let space = &before[before.trim_end().len()..];
        let alone = spans.len() == 1 && space.is_empty();
        let spacious = self.format == Format::Toml || self.text.contains(": ") || self.text.contains(", ");
        if alone && spacious { " ".to_owned() } else { space.to_owned() }
    }

    fn property(&self, entries: &[Entry], name: &str, value: &Json) -> Result<String, Unwritable> {
        let between = |entry: &Entry| &self.text[entry.span.end..entry.value.span.start];
        let other = entries.iter().rfind(|entry| between(entry).contains([':', '=']));
        let like = other.map(|entry| &entry.value);
        let between = other.map(between);
        let (name, between) = match self.format {
            Format::Json => (json::string(name, self.ascii()), between.unwrap_or(": ")),
            Format::Toml => (toml::name(name), between.unwrap_or(" = ")),
        };
        Ok(format!("{name}{between}{}", self.like(like, value)?))
    }

    fn item(&self, items: &[Node], value: &Json) -> Result<String, Unwritable> {
        self.like(items.last(), value)
    }

    /// A new value in the style of the one before it.
    fn like(&self, other: Option<&Node>, value: &Json) -> Result<String, Unwritable> {
        let old = other.map_or("", |node| &self.text[node.span.clone()]);
        let several_lines = old.contains('\n') && !matches!(other.map(|node| &node.kind), None | Some(Kind::Scalar));
        let start = other.map_or(0, |node| node.span.start);
        let old = if matches!(value, Json::Number(_)) { "" } else { old };
        self.rendered(value, old, several_lines.then(|| self.indent(start)))
    }

    /// A value as text; over several lines when there is an indentation to start from.
    fn rendered(&self, value: &Json, old: &str, indent: Option<String>) -> Result<String, Unwritable> {
        let spread = indent.filter(|_| self.format == Format::Json);
        let next = spread.as_ref().map(|indent| format!("{indent}{}", self.unit()));
        let line = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let minified = self.format == Format::Json && !self.text.contains(": ") && !self.text.contains(", ");
        let around = |parts: Vec<String>, open: &str, close: &str| match (&spread, &next) {
            _ if parts.is_empty() => format!("{open}{close}"),
            (Some(indent), Some(next)) => {
                let body = parts.join(&format!(",{line}{next}"));
                format!("{open}{line}{next}{body}{line}{indent}{close}")
            }
            _ => {
                let inside = if self.format == Format::Toml && open == "{" { " " } else { "" };
                format!("{open}{inside}{}{inside}{close}", parts.join(if minified { "," } else { ", " }))
            }
        };
        Ok(match value {
            Json::Array(items) => {
                let parts = items.iter().map(|item| self.rendered(item, "", next.clone()));
                around(parts.collect::<Result<_, _>>()?, "[", "]")
            }
            Json::Object(entries) => {
                let parts = entries.iter().map(|(name, value)| {
                    let value = self.rendered(value, "", next.clone())?;
                    Ok(match self.format {
                        Format::Json => {
                            let colon = if minified { ":" } else { ": " };
                            format!("{}{colon}{value}", json::string(name, self.ascii()))
                        }
                        Format::Toml => format!("{} = {value}", toml::name(name)),
                    })
                });
                around(parts.collect::<Result<_, Unwritable>>()?, "{", "}")
            }
            scalar => match self.format {
                Format::Toml => toml::scalar(scalar, old, self.text)?,
                Format::Json => match scalar {
                    Json::String(text) => json::string(text, self.ascii()),
                    Json::Number(number) => json::number(number, old),
                    other => other.to_string(),
                },
            },
        })
    }

    /// Whether the file escapes everything beyond ASCII.
    fn ascii(&self) -> bool {
        self.text.is_ascii() && self.text.contains("\\u")
    }

    /// The white space at the start of the line of a place.
    fn indent(&self, at: usize) -> String {
        let line = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &self.text[line..];
        line[..line.len() - line.trim_start_matches([' ', '\t']).len()].to_owned()
    }

    /// One level of indentation: that of the first indented line.
    fn unit(&self) -> String {
        let indented = self.text.lines().find(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
        indented.map_or("  ", |line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]).to_owned()
    }
}
