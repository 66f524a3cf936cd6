//! What blocks are run over: the documents of a dataset, the records of a table's files, or what a program gives.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_core::toml_file::nearest;
use plimsoll_core::{ErrorCode, template};
use serde_json::Value as Json;
use toml::Spanned;

use crate::error::Problem;
use crate::map::explain::explain;
use crate::map::run::Input;
use crate::read::SeedOptions;
use crate::read::check;
use crate::read::document::{Document, Origin, escaped};
use crate::read::files::{Files, Outcome};
use crate::read::format::Format;
use crate::read::model::{Documents, TableBlock};
use crate::read::provided::SeedSource;
use crate::read::schema::Schema;
use crate::read::source::SourceFile;

/// What is read for one `[documents]` or one `file`.
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) all: Vec<Input>,
    pub(crate) schema: Option<Schema>,
    /// Files and records that cannot be read, by name, with what is wrong with each.
    pub(crate) invalid: Vec<(String, Vec<Problem>)>,
    /// Mistakes in the dataset file itself.
    pub(crate) problems: Vec<Problem>,
}

/// Where inputs are looked for.
pub(crate) struct Place<'a> {
    pub(crate) options: &'a SeedOptions,
    pub(crate) sources: &'a [&'a dyn SeedSource],
    pub(crate) file: &'a Arc<SourceFile>,
}

/// The documents of a dataset: one for each file, or for each record of a source.
pub(crate) fn documents(place: &Place<'_>, files: &mut Files<'_>, documents: &Documents) -> Inputs {
    let mut inputs = Inputs::default();
    check::documents(documents, place.file, &mut inputs.problems);
    if !inputs.problems.is_empty() {
        return inputs;
    }
    inputs.schema = place.schema(documents.schema.as_ref(), files, &mut inputs.problems);
    let format = place.format(documents.format.as_ref(), Format::is_document, "one document", &mut inputs.problems);
    if let Some(source) = &documents.source {
        place.provided(source, &mut inputs);
    }
    let Some(pattern) = &documents.files else { return inputs };
    for (shown, outcome) in place.read(pattern, format, files, &mut inputs.problems) {
        let name = shown.display().to_string();
        match outcome.and_then(|(document, faults)| one_document(document, faults)) {
            Ok(document) => inputs.all.push(Input { document, pointer: String::new() }),
            Err(problem) => inputs.invalid.push((name, vec![problem])),
        }
    }
    inputs
}

/// The records of the files or of the source of a table.
pub(crate) fn records(place: &Place<'_>, files: &mut Files<'_>, block: &TableBlock) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.schema = place.schema(block.schema.as_ref(), files, &mut inputs.problems);
    let format = place.format(block.format.as_ref(), Format::has_rows, "rows", &mut inputs.problems);
    if let Some(source) = &block.source {
        place.provided(source, &mut inputs);
        check_header(block, place, &mut inputs);
    }
    let Some(pattern) = &block.file else { return inputs };
    for (shown, outcome) in place.read(pattern, format, files, &mut inputs.problems) {
        let (document, faults) = match outcome {
            Ok(read) => read,
            Err(problem) => {
                inputs.invalid.push((shown.display().to_string(), vec![problem]));
                continue;
            }
        };
        let broken = !faults.is_empty();
        for fault in faults {
            let name = fault.at.as_ref().map_or_else(|| shown.display().to_string(), ToString::to_string);
            inputs.invalid.push((name, vec![fault]));
        }
        match list(&document) {
            Ok((_, 0)) if broken => {}
            Ok((base, count)) if count > 0 => {
                let record = |index| Input { document: Arc::clone(&document), pointer: format!("{base}/{index}") };
                inputs.all.extend((0..count).map(record));
            }
            Ok((base, _)) => {
                let at = Some(document.location(&base));
                let problem = Problem::new(ErrorCode::DocumentInvalid, at, "the file has no records");
                inputs.invalid.push((shown.display().to_string(), vec![problem]));
            }
            Err(problem) => inputs.invalid.push((shown.display().to_string(), vec![problem])),
        }
    }
    check_header(block, place, &mut inputs);
    inputs
}

impl Place<'_> {
    fn at(&self, offset: usize) -> Option<plimsoll_core::Location> {
        Some(self.file.location(offset))
    }

    fn rendered(&self, text: &Spanned<String>, problems: &mut Vec<Problem>) -> Option<String> {
        match template::render(&template::environment(), text.get_ref(), &self.options.names) {
            Ok(rendered) => Some(rendered),
            Err(error) => {
                let message = explain(&error, text.get_ref());
                problems.push(Problem::new(ErrorCode::Template, self.at(text.span().start), message));
                None
            }
        }
    }

    fn read(
        &self,
        pattern: &Spanned<String>,
        format: Result<Option<Format>, ()>,
        files: &mut Files<'_>,
        problems: &mut Vec<Problem>,
    ) -> Vec<(PathBuf, Outcome)> {
        let (Some(rendered), Ok(format)) = (self.rendered(pattern, problems), format) else { return Vec::new() };
        match files.matching(&rendered) {
            Ok(paths) => files.read(&paths, format),
            Err(problem) => {
                problems.push(Problem { at: self.at(pattern.span().start), ..problem });
                Vec::new()
            }
        }
    }

    /// The format that the dataset asks for. The error is already reported.
    fn format(
        &self,
        name: Option<&Spanned<String>>,
        fits: fn(Format) -> bool,
        what: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Format>, ()> {
        let Some(name) = name else { return Ok(None) };
        let message = match Format::named(name.get_ref()) {
            Some(format) if fits(format) => return Ok(Some(format)),
            Some(format) => format!("a file of format `{}` is not {what}", format.name()),
            None => Format::unknown(name.get_ref()),
        };
        problems.push(Problem::new(ErrorCode::InvalidValue, self.at(name.span().start), message));
        Err(())
    }

    fn schema(&self, path: Option<&Spanned<String>>, files: &Files<'_>, problems: &mut Vec<Problem>) -> Option<Schema> {
        let path = path?;
        let file = self.options.root.join(self.rendered(path, problems)?);
        match files.text(&file).and_then(|text| Schema::compile(files.shown(&file), text)) {
            Ok(schema) => Some(schema),
            Err(problem) => {
                // A file that is not there is a mistake of the line that names it.
                let at = problem.at.clone().or_else(|| self.at(path.span().start));
                problems.push(Problem { at, ..problem });
                None
            }
        }
    }

    /// The records that a program gives.
    fn provided(&self, name: &Spanned<String>, inputs: &mut Inputs) {
        let at = self.at(name.span().start);
        let Some(source) = self.sources.iter().find(|source| source.name() == name.get_ref()) else {
            let near = nearest(name.get_ref(), self.sources.iter().map(|source| source.name()));
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if self.sources.is_empty() => "sources come with the service's own program".to_owned(),
                None => "this program has others".to_owned(),
            };
            let message = format!("there is no source `{}`, {hint}", name.get_ref());
            inputs.problems.push(Problem::new(ErrorCode::InvalidValue, at, message));
            return;
        };
        match source.records() {
            Ok(records) if records.is_empty() => {
                let message = format!("the source `{}` has no records", source.name());
                inputs.invalid.push((
                    format!("source `{}`", source.name()),
                    vec![Problem::new(ErrorCode::DocumentInvalid, at, message)],
                ));
            }
            Ok(records) => {
                let count = records.len();
                let records = records.into_iter().map(|record| (record.value, record.at)).collect();
                let document = Arc::new(Document::of_program(source.name(), records));
                let input = |index| Input { document: Arc::clone(&document), pointer: format!("/{index}") };
                inputs.all.extend((0..count).map(input));
            }
            Err(problem) => inputs.problems.push(Problem { at: problem.at.clone().or(at), ..problem }),
        }
    }
}

/// A document, unless something of it is broken or it is several.
fn one_document(document: Arc<Document>, mut faults: Vec<Problem>) -> Result<Arc<Document>, Problem> {
    if !faults.is_empty() {
        return Err(faults.remove(0));
    }
    let message = match (&document.origin, &document.json) {
        (Origin::File(format), _) if !format.is_document() => {
            format!("a file of format `{}` has records, name it as `file` of a table", format.name())
        }
        (Origin::File(_), Json::Null) => "the file is empty".to_owned(),
        _ if document.parts > 1 => {
            format!("the file holds {} documents, each needs a file of its own", document.parts)
        }
        _ => return Ok(document),
    };
    Err(Problem::new(ErrorCode::DocumentInvalid, Some(document.location("")), message))
}

/// Where the list of records of a file is, and how many there are.
fn list(document: &Document) -> Result<(String, usize), Problem> {
    let wrong = |message: String| Problem::new(ErrorCode::DocumentInvalid, Some(document.location("")), message);
    if let Origin::File(format) = document.origin
        && !format.has_rows()
    {
        return Err(wrong(format!("a file of format `{}` has no rows, name it in `[documents]`", format.name())));
    }
    match &document.json {
        Json::Array(items) => Ok((String::new(), items.len())),
        Json::Null => Ok((String::new(), 0)),
        Json::Object(object) => {
            let mut lists = object.iter().filter_map(|(name, value)| Some((name, value.as_array()?)));
            match (lists.next(), lists.next()) {
                (Some((name, items)), None) => Ok((format!("/{}", escaped(name)), items.len())),
                (None, _) => Err(wrong("the file holds no list of records".to_owned())),
                (Some((one, _)), Some((other, _))) => {
                    Err(wrong(format!("the file holds several lists, `{one}` and `{other}`, and nothing says which")))
                }
            }
        }
        _ => Err(wrong("the file holds no list of records".to_owned())),
    }
}

/// A key column that no record of a table without expressions can have is one mistake, not one for each record.
fn check_header(block: &TableBlock, place: &Place<'_>, inputs: &mut Inputs) {
    if !block.columns.0.is_empty() {
        return;
    }
    let fields = |input: &Input| Some(input.document.json.pointer(&input.pointer)?.as_object()?.clone());
    let Some(first) = inputs.all.first().and_then(fields) else { return };
    for missing in block.key.get_ref() {
        let known = inputs.all.iter().filter_map(fields).any(|fields| fields.contains_key(missing));
        if known {
            continue;
        }
        let hint = nearest(missing, first.keys().map(String::as_str))
            .map(|near| format!(", did you mean `{near}`?"))
            .unwrap_or_default();
        let message = format!("no record has the key column `{missing}`{hint}");
        inputs.problems.push(Problem::new(ErrorCode::InvalidValue, place.at(block.key.span().start), message));
    }
}
