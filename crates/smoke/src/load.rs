//! Reads the checks of a folder and reports everything that is wrong with them at once. Choosing among them is `plan.rs`'s.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_core::template;
use plimsoll_core::toml_file::{self, nearest};
use plimsoll_core::{Location, Problem};
use serde_json::Value;
use toml::Spanned;

use crate::duration::parse_millis;
use crate::file::{FileCheck, FileExpect, FileRequest, FileRetry, Placed, SmokeFile, in_file_order};
use crate::matcher;
use crate::model::{Body, Capture, Check, Expect, Expectation, Matcher, Method, Request, Retry};
use crate::problem::{Invalid, Problems};

/// Reads every `*.toml` of a folder, in the order of the file names.
///
/// # Errors
/// All problems of all files, each with its place.
pub fn load(folder: &Path) -> Result<Vec<Check>, Problems> {
    let files = list(folder).map_err(|source| Problems {
        problems: vec![Invalid::Folder { folder: folder.to_owned(), source }.problem()],
    })?;
    let mut problems = Vec::new();
    let mut checks = Vec::new();
    for file in files {
        match toml_file::read_text(&file) {
            Ok(text) => read(&file, &text, &mut checks, &mut problems),
            Err(error) => problems.push(Problem::of(&error)),
        }
    }
    finish(checks, problems)
}

/// Reads checks from text. `file` is only named in places.
///
/// # Errors
/// All problems, each with its place.
pub fn parse(file: &Path, text: &str) -> Result<Vec<Check>, Problems> {
    let (mut checks, mut problems) = (Vec::new(), Vec::new());
    read(file, text, &mut checks, &mut problems);
    finish(checks, problems)
}

fn list(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path, text: &str, checks: &mut Vec<Check>, problems: &mut Vec<Problem>) {
    match toml_file::parse::<SmokeFile>(file, text) {
        Ok(parsed) => {
            let mut reader = Reader { file, text, problems };
            checks.extend(parsed.check.into_iter().map(|check| reader.check(check)));
        }
        Err(error) => problems.push(Problem::of(&error)),
    }
}

/// What only all files together can tell: names are unique, and what a check needs exists.
fn finish(checks: Vec<Check>, mut problems: Vec<Problem>) -> Result<Vec<Check>, Problems> {
    let mut push = |at: &Location, kind: Invalid| problems.push(kind.at(at.clone()));
    let mut names = BTreeMap::new();
    let mut captures = BTreeMap::new();
    for check in &checks {
        let first = names.entry(check.name.as_str()).or_insert(&check.location);
        if *first != &check.location {
            push(&check.location, Invalid::DuplicateName { name: check.name.clone(), first: (*first).clone() });
        }
        for capture in &check.capture {
            let first = captures.entry(capture.name.as_str()).or_insert(&check.location);
            if *first != &check.location {
                let name = capture.name.clone();
                push(&check.location, Invalid::DuplicateCapture { name, first: (*first).clone() });
            }
        }
    }
    for check in &checks {
        for need in check.needs.iter().filter(|need| !names.contains_key(need.as_str())) {
            let near = nearest(need, names.keys().copied()).map(str::to_owned);
            push(&check.location, Invalid::UnknownNeed { need: need.clone(), near });
        }
    }
    problems.sort_by(|left, right| left.at.cmp(&right.at));
    if problems.is_empty() { Ok(checks) } else { Err(Problems { problems }) }
}

/// Turns the shapes of one file into checks, collecting what is wrong on the way.
struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn check(&mut self, raw: FileCheck) -> Check {
        let at = raw.name.span().start;
        if raw.name.get_ref().trim().is_empty() {
            self.wrong(at, Invalid::EmptyName);
        }
        let capture = self.captures(raw.capture, &raw.secret_captures);
        let request_at = raw.request.span().start;
        let request = self.request(raw.request.into_inner());
        let expect = self.expect(raw.expect);
        let retry = raw.retry.map(|retry| self.retry(retry));
        if request.follow_redirects && expect.url.is_none() {
            self.wrong(request_at, Invalid::RedirectWithoutUrl);
        }
        if request.method == Method::Head && (!expect.json.is_empty() || !capture.is_empty() || expect.body.is_some()) {
            self.wrong(request_at, Invalid::HeadHasNoBody);
        }
        Check {
            location: Location::of_offset(self.file, self.text, at),
            name: raw.name.into_inner(),
            tags: raw.tags,
            needs: raw.needs.into_iter().map(Spanned::into_inner).collect(),
            level: raw.level,
            request,
            expect,
            capture,
            retry,
            any_revision: raw.any_revision,
        }
    }

    fn request(&mut self, raw: FileRequest) -> Request {
        self.template(&raw.path);
        let path = raw.path.get_ref();
        if !path.starts_with('/') && !path.starts_with("{{") {
            self.wrong(raw.path.span().start, Invalid::Path { path: path.clone() });
        }
        let body = match (raw.body, raw.json) {
            (Some(_), Some(json)) => {
                self.wrong(json.span().start, Invalid::TwoBodies);
                None
            }
            (Some(text), None) => {
                self.template(&text);
                Some(Body::Text(text.into_inner()))
            }
            (None, Some(json)) => {
                self.value_templates(json.span().start, json.get_ref());
                Some(Body::Json(json.into_inner()))
            }
            (None, None) => None,
        };
        let headers = self.pairs(raw.headers, true);
        let query = self.pairs(raw.query, false);
        Request {
            method: raw.method,
            path: raw.path.into_inner(),
            query,
            headers,
            body,
            follow_redirects: raw.follow_redirects,
        }
    }

    fn expect(&mut self, raw: FileExpect) -> Expect {
        if let Some(status) = raw.status.as_ref().filter(|status| !(100..600).contains(status.get_ref())) {
            self.wrong(status.span().start, Invalid::Status { status: *status.get_ref() });
        }
        if let Some(url) = &raw.url {
            self.template(url);
        }
        Expect {
            status: raw.status.map(Spanned::into_inner),
            url: raw.url.map(Spanned::into_inner),
            headers: self.header_expectations(raw.headers),
            body: raw.body.map(|body| self.matcher(body.span().start, body.into_inner())),
            json: self.json_expectations(raw.json),
            within_ms: raw.within.and_then(|within| self.duration(&within)),
        }
    }

    fn retry(&mut self, raw: FileRetry) -> Retry {
        Retry { for_ms: self.duration(&raw.duration).unwrap_or_default(), stop_on: self.json_expectations(raw.stop_on) }
    }

    fn captures(&mut self, raw: Placed<String>, secret: &[Spanned<String>]) -> Vec<Capture> {
        let mut captures = Vec::new();
        for (name, path) in in_file_order(raw) {
            let at = name.span().start;
            let name = name.into_inner();
            let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            if !starts_well || !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_') {
                self.wrong(at, Invalid::CaptureName { name: name.clone() });
            }
            self.json_path(at, &path);
            let secret = secret.iter().any(|secret| secret.get_ref() == &name);
            captures.push(Capture { name, path, secret });
        }
        for unknown in secret.iter().filter(|secret| captures.iter().all(|capture| &capture.name != secret.get_ref())) {
            self.wrong(unknown.span().start, Invalid::NotCaptured { name: unknown.get_ref().clone() });
        }
        captures
    }

    fn pairs(&mut self, raw: Placed<String>, headers: bool) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (name, value) in in_file_order(raw) {
            let at = name.span().start;
            self.value_templates(at, &Value::String(value.clone()));
            if headers {
                self.header_name(at, name.get_ref());
            }
            pairs.push((name.into_inner(), value));
        }
        pairs
    }

    fn header_expectations(&mut self, raw: Placed<Value>) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for (name, value) in in_file_order(raw) {
            let at = name.span().start;
            self.header_name(at, name.get_ref());
            expectations.push(Expectation { of: name.into_inner(), is: self.matcher(at, value) });
        }
        expectations
    }

    fn json_expectations(&mut self, raw: Placed<Value>) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for (path, value) in in_file_order(raw) {
            let at = path.span().start;
            self.json_path(at, path.get_ref());
            expectations.push(Expectation { of: path.into_inner(), is: self.matcher(at, value) });
        }
        expectations
    }

    fn matcher(&mut self, at: usize, value: Value) -> Matcher {
        self.value_templates(at, &value);
        matcher::from_value(value).unwrap_or_else(|kind| {
            self.wrong(at, kind);
            Matcher::Exists(true)
        })
    }

    fn header_name(&mut self, at: usize, name: &str) {
        if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_err() {
            self.wrong(at, Invalid::HeaderName { name: name.to_owned() });
        }
    }

    fn json_path(&mut self, at: usize, path: &str) {
        if let Err(source) = serde_json_path::JsonPath::parse(path) {
            self.wrong(at, Invalid::JsonPath { path: path.to_owned(), source });
        }
    }

    fn duration(&mut self, text: &Spanned<String>) -> Option<u64> {
        let millis = parse_millis(text.get_ref());
        if millis.is_none() {
            self.wrong(text.span().start, Invalid::Duration { text: text.get_ref().clone() });
        }
        millis
    }

    fn template(&mut self, text: &Spanned<String>) {
        self.template_at(text.span().start, text.get_ref());
    }

    fn value_templates(&mut self, at: usize, value: &Value) {
        match value {
            Value::String(text) => self.template_at(at, text),
            Value::Array(items) => items.iter().for_each(|item| self.value_templates(at, item)),
            Value::Object(entries) => entries.values().for_each(|entry| self.value_templates(at, entry)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn template_at(&mut self, at: usize, text: &str) {
        if template::is_template(text)
            && let Err(error) = template::environment().template_from_str(text)
        {
            self.wrong(at, Invalid::Template(Box::new(error)));
        }
    }

    fn wrong(&mut self, at: usize, kind: Invalid) {
        self.problems.push(kind.at(Location::of_offset(self.file, self.text, at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(text: &str) -> Vec<String> {
        let found = parse(Path::new("smoke/a.toml"), text).expect_err("the text is wrong");
        found.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_problems_of_a_file_are_reported_at_once() {
        let text = r#"
[[check]]
name = "one"
needs = ["tow"]
request = { path = "api" }
expect = { status = 20, json = { "$.[" = 1, "$.n" = { at_least = "many" } }, within = "fast" }

[[check]]
name = "two"
request = { method = "HEAD", path = "/{{ x", headers = { "a b" = "c" }, body = "x", json = 1 }
expect = { json = { "$.a" = { matches = "(" } } }
capture = { "1a" = "$.a" }
secret_captures = ["b"]
retry = { for = "1x" }
"#;
        insta::assert_snapshot!(problems_of(text).join("\n"));
    }

    #[test]
    fn a_misspelt_key_is_answered_with_the_right_one() {
        let problems = problems_of("[[check]]\nname = 'a'\nrequest = { path = '/' }\nexpct = { status = 200 }\n");
        assert_eq!(problems, ["smoke/a.toml:4:1: unknown key `expct`, did you mean `expect`?"]);
    }

    #[test]
    fn following_redirects_without_naming_the_final_url_is_refused() {
        let problems = problems_of("[[check]]\nname = 'a'\nrequest = { path = '/', follow_redirects = true }\n");
        assert_eq!(problems, ["smoke/a.toml:3:11: `follow_redirects` needs `expect.url`, or a login page would pass"]);
    }

    #[test]
    fn the_same_name_or_capture_twice_is_refused_and_the_first_one_named() {
        let one = "[[check]]\nname = 'a'\nrequest = { path = '/' }\ncapture = { id = '$.id' }\n";
        let problems = problems_of(&format!("{one}{one}"));
        assert_eq!(
            problems,
            [
                "smoke/a.toml:6:8: the check `a` exists already, at smoke/a.toml:2:8",
                "smoke/a.toml:6:8: `id` is captured already, at smoke/a.toml:2:8",
            ]
        );
    }

    #[test]
    fn files_are_read_in_the_order_of_their_names_and_others_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        for (file, name) in [("b.toml", "second"), ("a.toml", "first"), ("notes.md", "never")] {
            let text = format!("[[check]]\nname = '{name}'\nrequest = {{ path = '/' }}\n");
            std::fs::write(folder.path().join(file), text).expect("the file is written");
        }
        let checks = load(folder.path()).expect("the files are right");
        assert_eq!(checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let found = load(Path::new("no/such/folder")).expect_err("there is no such folder");
        assert!(found.to_string().starts_with("cannot list the folder `no/such/folder`: "), "{found}");
    }
}
