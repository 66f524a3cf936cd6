//! Where secrets stand in a file, so that a difference shows none and no change touches any. What is secret is the dataset's.

use std::ops::Range;
use std::path::Path;

use super::form::{Form, form};
use super::text::{Kind, Node, Splice};
use super::token::{Token, tokens};
use super::trace::Tracer;
use crate::read::model::{Each, TableBlock};

/// A step into a value.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Name(String),
    /// Every item of a list.
    Any,
    /// However many levels down.
    Deep,
}

/// Places that a secret comes from, in the dataset or in its documents.
#[derive(Debug, Clone, PartialEq)]
struct Pattern {
    in_dataset: bool,
    steps: Vec<Step>,
}

/// A name in an expression and the steps behind it.
type Mention = (String, Vec<String>);

/// The parts of a file's text that secrets come from, in order and apart from each other. Rather too many than too few: a
/// document counts for every dataset, and of a computed value everything that is named in it.
pub(super) fn secrets(tracer: &mut Tracer<'_>, file: &Path, root: &Node) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let is_document = tracer.seeds.blocks.iter().all(|block| block.file.path != file);
    for block in tracer.seeds.blocks.iter().filter(|block| !block.secret.is_empty()) {
        let Some(dataset) = tracer.dataset(&block.file) else { continue };
        let Some(position) = dataset.table.iter().position(|one| one.span().start == block.offset) else { continue };
        let declared = Declared { block: dataset.table[position].get_ref(), position };
        for pattern in block.secret.iter().flat_map(|column| declared.patterns(column)) {
            let is_here = if pattern.in_dataset { block.file.path == file } else { is_document };
            if is_here {
                spans(root, &pattern.steps, &mut found);
            }
        }
    }
    found.sort_by_key(|span| (span.start, span.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for span in found {
        match apart.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    apart
}

/// Whether a change touches one of these parts.
pub(super) fn touches(splice: &Splice, secrets: &[Range<usize>]) -> bool {
    secrets.iter().any(|secret| splice.start < secret.end && secret.start < splice.end)
}

/// The changes that put a word in place of secrets.
pub(super) fn masks(secrets: &[Range<usize>]) -> impl Iterator<Item = Splice> {
    let word = crate::value::secret::shown().to_string();
    secrets.iter().map(move |secret| Splice { start: secret.start, end: secret.end, text: word.clone() })
}

/// A block and its number in the dataset.
struct Declared<'a> {
    block: &'a TableBlock,
    position: usize,
}

impl Declared<'_> {
    fn patterns(&self, column: &str) -> Vec<Pattern> {
        let mut found = vec![self.in_dataset(["columns"], column), self.in_dataset(["insert_only"], column)];
        found.push(self.of_rows(column));
        if self.has_records() && self.block.columns.0.is_empty() {
            found.push(self.of_records([column.to_owned()]));
        }
        let all = self.block.columns.0.iter().chain(&self.block.insert_only.0);
        for (_, value) in all.filter(|(name, _)| name == column) {
            if let toml::Value::String(source) = value.get_ref() {
                self.mentioned(source, self.block.lets.0.len(), &mut found);
            }
        }
        found
    }

    fn in_dataset<const N: usize>(&self, steps: [&str; N], last: &str) -> Pattern {
        let start = ["table".to_owned(), self.position.to_string()].into_iter();
        let steps = start.chain(steps.map(str::to_owned)).chain([last.to_owned()]).map(Step::Name).collect();
        Pattern { in_dataset: true, steps }
    }

    /// A column of all literal rows.
    fn of_rows(&self, column: &str) -> Pattern {
        let mut pattern = self.in_dataset([], "rows");
        pattern.steps.extend([Step::Any, Step::Name(column.to_owned())]);
        pattern
    }

    /// Whether rows are records of files of the table's own.
    fn has_records(&self) -> bool {
        self.block.file.is_some() || self.block.source.is_some()
    }

    /// A part of all records, wherever their list is.
    fn of_records(&self, steps: impl IntoIterator<Item = String>) -> Pattern {
        let steps = [Step::Deep].into_iter().chain(steps.into_iter().map(Step::Name)).collect();
        Pattern { in_dataset: false, steps }
    }

    /// Everything that an expression names, which sees the first `lets`.
    fn mentioned(&self, source: &str, lets: usize, found: &mut Vec<Pattern>) {
        match mentions(source) {
            Some(mentions) => {
                mentions.iter().for_each(|mention| found.extend(self.resolve(mention, lets, self.loops().len())));
            }
            // What is not understood may be anything.
            None => found.push(Pattern { in_dataset: false, steps: Vec::new() }),
        }
    }

    fn resolve(&self, (root, steps): &Mention, lets: usize, loops: usize) -> Vec<Pattern> {
        let behind = || steps.iter().cloned().map(Step::Name);
        if let Some(at) = self.block.lets.0[..lets].iter().rposition(|(name, _)| name == root) {
            let (name, value) = &self.block.lets.0[at];
            let mut found = vec![self.in_dataset(["let"], name)];
            let toml::Value::String(source) = value.get_ref() else { return found };
            match form(source) {
                Form::Path { root, steps: before } => {
                    let whole = before.into_iter().chain(steps.iter().cloned()).collect();
                    found.extend(self.resolve(&(root, whole), at, loops));
                }
                _ => self.mentioned(source, at, &mut found),
            }
            return found;
        }
        let all = self.loops();
        if let Some(at) = all[..loops].iter().rposition(|(_, name)| name == root) {
            let list = all[at].0;
            let (places, into) = match form(list) {
                Form::Path { root, steps } => (Some(vec![(root, steps)]), Step::Any),
                _ => (mentions(list), Step::Deep),
            };
            let Some(places) = places else {
                return vec![Pattern { in_dataset: false, steps: Vec::new() }];
            };
            let mut found: Vec<Pattern> =
                places.iter().flat_map(|mention| self.resolve(mention, 0, at)).filter(|one| !one.in_dataset).collect();
            found.iter_mut().for_each(|pattern| pattern.steps.extend([into.clone()].into_iter().chain(behind())));
            return found;
        }
        match (root.as_str(), steps.first()) {
            ("doc", _) => vec![Pattern { in_dataset: false, steps: behind().collect() }],
            ("row", _) if self.has_records() => vec![self.of_records(steps.iter().cloned())],
            ("row", Some(column)) => {
                // Another column of the row, by its name.
                let own = self.block.columns.0.iter().find(|(name, _)| name == column);
                let mut found = vec![self.of_rows(column)];
                if let Some(toml::Value::String(source)) = own.map(|(_, value)| value.get_ref()) {
                    found.push(self.in_dataset(["columns"], column));
                    self.mentioned(source, self.block.lets.0.len(), &mut found);
                }
                found
            }
            _ => Vec::new(),
        }
    }

    /// The loops: what they go through, and the name of an item.
    fn loops(&self) -> Vec<(&str, &str)> {
        let loops: Vec<&str> = match self.block.each.as_ref().map(|each| each.get_ref()) {
            None => Vec::new(),
            Some(Each::One(one)) => vec![one.as_str()],
            Some(Each::Nested(all)) => all.iter().map(|one| one.get_ref().as_str()).collect(),
        };
        loops.into_iter().filter_map(|one| one.rsplit_once(" as ")).map(|(list, name)| (list, name.trim())).collect()
    }
}

/// Everything that an expression names; nothing when it cannot be told.
fn mentions(source: &str) -> Option<Vec<Mention>> {
    let mut found = Vec::new();
    if collect(&form(source), &mut found) { Some(found) } else { words(source) }
}

/// The paths of a form; false when a part of it is not understood.
fn collect(form: &Form, found: &mut Vec<Mention>) -> bool {
    match form {
        Form::Constant(_) => true,
        Form::Path { root, steps } => {
            found.push((root.clone(), steps.clone()));
            true
        }
        Form::Or(a, b) => collect(a, found) && collect(b, found),
        Form::If { then, condition, other } => {
            collect(then, found) && collect(condition, found) && collect(other, found)
        }
        Form::Not(inner) => collect(inner, found),
        Form::Joined(parts) => parts.iter().all(|part| collect(part, found)),
        Form::Filter { of, arguments, .. } => {
            collect(of, found) && arguments.iter().all(|argument| collect(argument, found))
        }
        Form::Reference { key, .. } => key.iter().all(|(_, part)| collect(part, found)),
        Form::Other => false,
    }
}

/// The names in an expression that do not belong to another one, with the steps behind them that are written out.
fn words(source: &str) -> Option<Vec<Mention>> {
    let tokens = tokens(source)?;
    let sign = |at: usize, wanted: &str| matches!(tokens.get(at), Some(Token::Sign(sign)) if *sign == wanted);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(root) = token else { continue };
        if at > 0 && sign(at - 1, ".") {
            continue;
        }
        let (mut steps, mut next) = (Vec::new(), at + 1);
        loop {
            let (step, length) = match (tokens.get(next + 1), sign(next, "."), sign(next, "[") && sign(next + 2, "]")) {
                (Some(Token::Word(step)), true, _) => (step.clone(), 2),
                (Some(Token::Number(step)), true, _) => (step.to_string(), 2),
                (Some(Token::Text(step)), _, true) => (step.clone(), 3),
                (Some(Token::Number(step)), _, true) => (step.to_string(), 3),
                _ => break,
            };
            // The name of a method is no step.
            if sign(next + length, "(") {
                break;
            }
            steps.push(step);
            next += length;
        }
        found.push((root.clone(), steps));
    }
    Some(found)
}

/// The places in a text that a pattern means.
fn spans(node: &Node, steps: &[Step], found: &mut Vec<Range<usize>>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(node.span.clone());
        return;
    };
    if *step == Step::Deep {
        spans(node, rest, found);
    }
    match (&node.kind, step) {
        (Kind::Array(items), Step::Name(name)) => {
            let item = name.parse::<usize>().ok().and_then(|at| items.get(at));
            item.into_iter().for_each(|item| spans(item, rest, found));
        }
        (Kind::Array(items), Step::Any) => items.iter().for_each(|item| spans(item, rest, found)),
        (Kind::Array(items), Step::Deep) => items.iter().for_each(|item| spans(item, steps, found)),
        (Kind::Object(entries), Step::Name(name)) => {
            entries.iter().filter(|entry| entry.name == *name).for_each(|entry| spans(&entry.value, rest, found));
        }
        (Kind::Object(entries), Step::Any) => entries.iter().for_each(|entry| spans(&entry.value, rest, found)),
        (Kind::Object(entries), Step::Deep) => entries.iter().for_each(|entry| spans(&entry.value, steps, found)),
        (Kind::Scalar, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Format;
    use super::super::text::parse;
    use super::*;
    use crate::read::model::DatasetFile;

    fn hidden(block: &str, document: &str) -> Vec<String> {
        let dataset: DatasetFile = toml::from_str(block).expect("is a dataset");
        let declared = Declared { block: dataset.table[0].get_ref(), position: 0 };
        let (root, _) = parse(Format::Json, document).expect("is JSON");
        let mut found = Vec::new();
        for pattern in declared.patterns("token").iter().filter(|pattern| !pattern.in_dataset) {
            spans(&root, &pattern.steps, &mut found);
        }
        found.into_iter().map(|span| document[span].to_owned()).collect()
    }

    #[test]
    fn secrets_are_found_through_loops_lets_and_conversions() {
        let document =
            r#"{"users": [{"name": "a", "key": "s1"}, {"name": "b", "key": "s2", "deep": {"x": "s3"}}], "salt": "s4"}"#;
        let table =
            |each: &str, more: &str| format!("[[table]]\nname = 't'\nkey = ['name']\neach = \"{each}\"\n{more}\n");
        let columns = |token: &str| format!("[table.columns]\nname = 'u.name'\ntoken = \"{token}\"");
        let each = "doc.users as u";
        assert_eq!(hidden(&table(each, &columns("u.key")), document), ["\"s1\"", "\"s2\""]);
        assert_eq!(hidden(&table(each, &columns("(u.deep or {}).x | trim")), document), ["\"s3\""]);
        assert_eq!(hidden(&table(each, &columns("slug(doc['salt'] + '-')")), document), ["\"s4\""]);
        let lets = format!("[table.let]\nall = 'u'\nkey = \"all.key ~ '!'\"\n{}", columns("key"));
        assert_eq!(hidden(&table(each, &lets), document), ["\"s1\"", "\"s2\""]);
        let computed = table("doc.users | selectattr('key') as u", &columns("u.deep.x"));
        assert_eq!(hidden(&computed, document), ["\"s3\""]);
        assert!(hidden(&table(each, &columns("secret_of_the_project")), document).is_empty());
    }

    #[test]
    fn secrets_are_found_in_records_wherever_their_list_is() {
        let (list, object) = (r#"[{"name": "a", "token": "s1"}]"#, r#"{"users": [{"name": "a", "token": "s1"}]}"#);
        let fields = "[[table]]\nname = 't'\nkey = ['name']\nfile = 'users.json'\n";
        let columns = format!("{fields}[table.columns]\nname = 'row.name'\ntoken = 'row.token | upper'\n");
        for document in [list, object] {
            assert_eq!(hidden(fields, document), ["\"s1\""]);
            assert_eq!(hidden(&columns, document), ["\"s1\""]);
        }
    }

    #[test]
    fn what_cannot_be_understood_may_be_anywhere() {
        let block =
            "[[table]]\nname = 't'\nkey = ['name']\n[table.columns]\nname = 'doc.name'\ntoken = \"doc.a \\u00a7 2\"\n";
        assert_eq!(hidden(block, r#"{"a": "s"}"#), [r#"{"a": "s"}"#]);
    }
}
