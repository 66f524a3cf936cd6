//! What every part of a file is read with: the place of a problem, templates, paths, durations. What a check is made of is beside it.

use std::path::Path;

use plimsoll_core::{Location, Problem, template};
use serde_json::Value;
use toml::Spanned;

use super::confine::confined;
use crate::duration::parse_millis;
use crate::expect::matcher;
use crate::file::{Placed, in_file_order};
use crate::model::{Expectation, Matcher, Texts, Visitor};
use crate::problem::Invalid;

/// Turns the shapes of one file into checks, collecting what is wrong on the way.
pub(super) struct Reader<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
    /// Where its lines begin, found once: every check has a place.
    pub(super) lines: Vec<usize>,
    /// Where files that checks name are looked for; not at all when absent.
    pub(super) root: Option<&'a Path>,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str, root: Option<&'a Path>, problems: &'a mut Vec<Problem>) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, lines, root, problems }
    }

    /// The place of an offset of the file.
    pub(super) fn place(&self, at: usize) -> Location {
        let number = self.lines.partition_point(|start| *start <= at).max(1);
        let before = self.text.get(self.lines[number - 1]..at).unwrap_or_default();
        let saturate = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Location {
            file: self.file.to_owned(),
            line: saturate(number),
            column: saturate(before.chars().count().saturating_add(1)),
        }
    }

    /// Says what is wrong at an offset of the file.
    pub(super) fn wrong(&mut self, at: usize, kind: Invalid) {
        let place = self.place(at);
        self.problems.push(kind.at(place));
    }

    /// Reports every text of something that is a template and does not compile.
    pub(super) fn templates(&mut self, at: usize, of: &mut dyn Texts) {
        let mut broken = Broken(Vec::new());
        of.texts(&mut broken);
        for error in broken.0 {
            self.wrong(at, Invalid::Template(Box::new(error)));
        }
    }

    /// A text that may be a template.
    pub(super) fn placed_text(&mut self, text: Spanned<String>) -> String {
        let at = text.span().start;
        let mut text = text.into_inner();
        self.templates(at, &mut text);
        text
    }

    /// A text that is no template, or whose value is known when it is sent only.
    pub(super) fn words(&mut self, words: Spanned<Vec<String>>) -> Vec<String> {
        let at = words.span().start;
        let mut words = words.into_inner();
        if words.first().is_none_or(|program| program.trim().is_empty()) {
            self.wrong(at, Invalid::NoWords);
        }
        self.templates(at, &mut words);
        words
    }

    /// A file of the project. One with a template in its name is looked for when it is needed.
    pub(super) fn project_file(&mut self, path: Spanned<String>) -> String {
        let at = path.span().start;
        let path = self.placed_text(path);
        self.project_file_at(at, &path);
        path
    }

    /// The same for a path whose templates were looked at already.
    pub(super) fn project_file_at(&mut self, at: usize, path: &str) {
        if template::is_template(path) {
            return;
        }
        if let Some(root) = self.root
            && let Err(source) = confined(root, path)
        {
            self.wrong(at, Invalid::File { path: path.to_owned(), source });
        }
    }

    /// Names with a text, a number, true or false, or a list of these, which is the name several times.
    pub(super) fn pairs(&mut self, raw: Placed<Value>, kind: Pairs) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (name, value) in in_file_order(raw) {
            let at = name.span().start;
            let name = name.into_inner();
            match kind {
                Pairs::Header => self.header_name(at, &name),
                Pairs::Cookie if !is_cookie_name(&name) => self.wrong(at, Invalid::CookieName { name: name.clone() }),
                Pairs::Cookie | Pairs::Field => {}
            }
            let values = match value {
                Value::Array(values) => values,
                one => vec![one],
            };
            for value in values {
                match plain_text(value) {
                    Some(mut text) => {
                        self.templates(at, &mut text);
                        pairs.push((name.clone(), text));
                    }
                    None => self.wrong(at, Invalid::NotPlain { name: name.clone() }),
                }
            }
        }
        pairs
    }

    pub(super) fn json_expectations(&mut self, raw: Placed<Value>) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for (path, value) in in_file_order(raw) {
            let at = path.span().start;
            self.json_path(at, path.get_ref());
            expectations.push(Expectation { of: path.into_inner(), is: self.matcher(at, value) });
        }
        expectations
    }

    pub(super) fn placed_matcher(&mut self, raw: Spanned<Value>) -> Matcher {
        self.matcher(raw.span().start, raw.into_inner())
    }

    pub(super) fn matcher(&mut self, at: usize, value: Value) -> Matcher {
        match matcher::from_value(value) {
            Ok(mut matcher) => {
                self.templates(at, &mut matcher);
                matcher
            }
            Err(kind) => {
                self.wrong(at, kind);
                Matcher::Exists(true)
            }
        }
    }

    pub(super) fn header_name(&mut self, at: usize, name: &str) {
        if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
            self.wrong(at, Invalid::HeaderName { name: name.to_owned() });
        }
    }

    pub(super) fn json_path(&mut self, at: usize, path: &str) {
        if let Err(source) = serde_json_path::JsonPath::parse(path) {
            self.wrong(at, Invalid::JsonPath { path: path.to_owned(), source });
        }
    }

    pub(super) fn pattern(&mut self, at: usize, pattern: &str) {
        if !template::is_template(pattern)
            && let Err(source) = regex::Regex::new(pattern)
        {
            self.wrong(at, Invalid::Pattern { pattern: pattern.to_owned(), source: Box::new(source) });
        }
    }

    pub(super) fn duration(&mut self, text: &Spanned<String>) -> Option<u64> {
        let millis = parse_millis(text.get_ref());
        if millis.is_none() {
            self.wrong(text.span().start, Invalid::Duration { text: text.get_ref().clone() });
        }
        millis
    }
}

/// What pairs are for.
#[derive(Clone, Copy)]
pub(super) enum Pairs {
    Header,
    Cookie,
    Field,
}

/// Collects the templates that do not compile.
struct Broken(Vec<minijinja::Error>);

impl Visitor for Broken {
    fn text(&mut self, text: &mut String) {
        if template::is_template(text)
            && let Err(error) = template::environment().template_from_str(text)
        {
            self.0.push(error);
        }
    }
}

fn plain_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_cookie_name(name: &str) -> bool {
    reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
}
