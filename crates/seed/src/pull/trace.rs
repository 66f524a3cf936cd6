//! From a column of a row back to the place in a file that its value comes from. Changing the file is `text`'s.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_core::db::{Catalog, Column, Db, DbError};
use plimsoll_core::toml_file;
use serde_json::Value as Json;

use super::form::{Form, form, literal, stepped};
use super::respell::respell;
use super::text::{Format, Set, at, path_of};
use crate::map::compile::json;
use crate::read::Seeds;
use crate::read::document::{Document, Origin};
use crate::read::format as read;
use crate::read::model::{DatasetFile, Each, TableBlock};
use crate::read::source::SourceFile;
use crate::reconcile::lookup::Lookup;
use crate::reconcile::observe::{Observation, id_column};
use crate::value::same;

/// Values to be put into a file so that a column gets its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) file: PathBuf,
    pub(super) format: Format,
    pub(super) sets: Vec<Set>,
    /// Whether the place is an expression of the dataset, which speaks for all rows of its block.
    pub(super) is_constant: bool,
}

/// Why there is no such place.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untraceable {
    #[error("it is computed by `{0}`")]
    Computed(String),
    #[error("it comes from the variable `{0}`")]
    Variable(String),
    #[error("the list behind `{0}` is computed")]
    NoPlace(String),
    #[error("`{0}` is written into the dataset")]
    Constant(String),
    #[error("it refers to a row of `{0}` that is not there")]
    Gone(String),
    #[error("`[[generate]]` makes it by `{0}`")]
    Generated(String),
    #[error("it is secret, and secrets are not written into files")]
    Secret,
    #[error("it is secret, and comes from the variable `{0}`")]
    SecretVariable(String),
    #[error("files of format `{0}` are not written")]
    Unwritten(&'static str),
    #[error("it comes from the program")]
    Provided,
    #[error("it is a state of a life cycle, see `plimsoll audit`")]
    State,
    #[error("the dataset cannot be read again")]
    Unreadable,
    /// The database, which ends everything.
    #[error("the database could not be asked")]
    Database(#[from] DbError),
}

/// What tracing works with; dataset files are parsed once.
pub(super) struct Tracer<'a> {
    pub(super) seeds: &'a Seeds,
    pub(super) observation: &'a Observation,
    pub(super) catalog: &'a Catalog,
    pub(super) parsed: HashMap<PathBuf, Option<Arc<DatasetFile>>>,
}

/// What a name of an expression stands for.
enum Binding {
    Place(Vec<String>),
    /// A `let`, and how many names it sees.
    Form(Form, usize),
    Nowhere,
}

/// The names that the expressions of one row see, later ones first to be found.
struct Names<'a> {
    bindings: Vec<(String, Binding)>,
    document: &'a Json,
    source: &'a str,
}

impl Tracer<'_> {
    /// A dataset by its file.
    pub(super) fn dataset(&mut self, file: &SourceFile) -> Option<Arc<DatasetFile>> {
        let parse = || toml_file::parse(&file.path, &file.text).ok().map(Arc::new);
        self.parsed.entry(file.path.clone()).or_insert_with(parse).clone()
    }

    /// Where the value of a column would have to be changed for it to be `live`. Secrets have no such place.
    pub(super) fn trace(
        &mut self,
        db: &mut dyn Db,
        table: usize,
        row: usize,
        name: &str,
        live: &Json,
    ) -> Result<Target, Untraceable> {
        let block = self.seeds.tables[table].rows[row].block;
        let is_secret = self.seeds.blocks[block].secret.contains(name);
        match self.place(db, table, row, name, live) {
            Err(Untraceable::Variable(variable)) if is_secret => Err(Untraceable::SecretVariable(variable)),
            Err(Untraceable::Database(error)) => Err(Untraceable::Database(error)),
            _ if is_secret => Err(Untraceable::Secret),
            place => place,
        }
    }

    fn place(
        &mut self,
        db: &mut dyn Db,
        table: usize,
        row: usize,
        name: &str,
        live: &Json,
    ) -> Result<Target, Untraceable> {
        let staged = &self.seeds.tables[table].rows[row];
        let block = &self.seeds.blocks[staged.block];
        let column = self.observation.tables[table].column(name).ok_or(Untraceable::Unreadable)?;
        let stepped = self.seeds.lifecycle(&self.seeds.tables[table].name).filter(|lifecycle| lifecycle.audit);
        if stepped.is_some_and(|lifecycle| lifecycle.column == name) {
            return Err(Untraceable::State);
        }
        let dataset = self.dataset(&block.file).ok_or(Untraceable::Unreadable)?;
        if let Some(generated) = dataset.generate.iter().find(|one| one.span().start == block.offset) {
            let columns = &generated.get_ref().columns.0;
            let value = columns.iter().find(|(column, _)| column == name).map(|(_, value)| value.get_ref());
            return Err(match value {
                Some(toml::Value::String(source)) => Untraceable::Generated(source.clone()),
                Some(other) => Untraceable::Generated(other.to_string()),
                None => Untraceable::Unreadable,
            });
        }
        let position = dataset.table.iter().position(|one| one.span().start == block.offset);
        let position = position.ok_or(Untraceable::Unreadable)?;
        let declared = dataset.table[position].get_ref();
        let in_dataset = |steps: &[&str], value: Json| {
            let start = ["table".to_owned(), position.to_string()];
            let path = start.into_iter().chain(steps.iter().map(|step| (*step).to_owned())).collect();
            Target {
                file: block.file.path.clone(),
                format: Format::Toml,
                sets: vec![Set { path, value }],
                is_constant: steps[0] == "columns",
            }
        };
        if let Some(rows) = &declared.rows {
            let number = rows.iter().position(|one| one.span().start == staged.source.offset);
            let number = number.ok_or(Untraceable::Unreadable)?;
            let old = rows[number].get_ref().0.iter().find(|(column, _)| column == name);
            let old = old.map(|(_, value)| json(value.get_ref()));
            return Ok(in_dataset(&["rows", &number.to_string(), name], respell(column, live, old.as_ref())));
        }
        let document = staged.source.document.as_ref();
        if let Some((document, pointer)) = document.filter(|_| declared.columns.0.is_empty()) {
            let path: Vec<String> = path_of(pointer).into_iter().chain([name.to_owned()]).collect();
            let value = respell(column, live, at(&document.json, &path));
            return in_document(document, vec![Set { path, value }]);
        }
        let (_, value) = declared.columns.0.iter().find(|(column, _)| column == name).ok_or(Untraceable::Unreadable)?;
        let source = match value.get_ref() {
            toml::Value::String(source) => source.as_str(),
            other => {
                let new = match respell(column, live, Some(&json(other))) {
                    // A text would be taken for an expression.
                    text @ (Json::String(_) | Json::Null) => Json::from(literal(&text)),
                    new => new,
                };
                return Ok(in_dataset(&["columns", name], new));
            }
        };
        let form = form(source);
        if let Form::Constant(old) = &form {
            let new = literal(&respell(column, live, Some(old)));
            return Ok(in_dataset(&["columns", name], Json::from(new)));
        }
        let Some((document, pointer)) = document else {
            return Err(match form {
                Form::Path { root, .. } => Untraceable::Variable(root),
                _ => Untraceable::Computed(source.to_owned()),
            });
        };
        let names = Names { bindings: bindings(declared, &document.json, pointer), document: &document.json, source };
        let limit = names.bindings.len();
        let mut sets = Vec::new();
        self.invert(db, &names, &form, limit, column, live, &mut sets)?;
        in_document(document, sets)
    }

    /// What has to be where, so that an expression that sees the first `limit` names gives `wanted`. Whether it does
    /// give it then is tried out afterwards: a default or a conversion may stand in the way.
    #[expect(clippy::too_many_arguments, reason = "one recursion over forms")]
    fn invert(
        &self,
        db: &mut dyn Db,
        names: &Names<'_>,
        form: &Form,
        limit: usize,
        column: &Column,
        wanted: &Json,
        sets: &mut Vec<Set>,
    ) -> Result<(), Untraceable> {
        let computed = || Untraceable::Computed(names.source.to_owned());
        match form {
            Form::Constant(value) if same(value, wanted) => Ok(()),
            Form::Constant(_) => Err(Untraceable::Constant(names.source.to_owned())),
            Form::Path { root, steps } => match names.resolve(root, steps, limit)? {
                Binding::Place(path) => {
                    let value = respell(column, wanted, at(names.document, &path));
                    sets.push(Set { path, value });
                    Ok(())
                }
                Binding::Form(form, limit) => self.invert(db, names, &form, limit, column, wanted, sets),
                Binding::Nowhere => Err(Untraceable::NoPlace(root.clone())),
            },
            Form::Or(left, _) => self.invert(db, names, left, limit, column, wanted, sets),
            Form::If { then, condition, other } => {
                if matches!(&**other, Form::Constant(value) if same(value, wanted)) {
                    // The condition has to fail, if it is a place; else what it guards may be the same value.
                    let place = if matches!(**condition, Form::Path { .. }) { condition } else { then };
                    let nothing = if matches!(**condition, Form::Path { .. }) { &Json::Null } else { wanted };
                    return self.invert(db, names, place, limit, column, nothing, sets);
                }
                let before = sets.len();
                self.invert(db, names, then, limit, column, wanted, sets).or_else(|first| {
                    sets.truncate(before);
                    self.invert(db, names, other, limit, column, wanted, sets).map_err(|_| first)
                })
            }
            Form::Not(inner) => {
                let flipped = match wanted {
                    Json::Bool(flag) => Json::Bool(!flag),
                    Json::Number(number) => Json::Bool(number.as_i64() == Some(0)),
                    _ => return Err(computed()),
                };
                self.invert(db, names, inner, limit, column, &flipped, sets)
            }
            Form::Joined(parts) => {
                let text = wanted.as_str().ok_or_else(computed)?;
                let (part, text) = middle(parts, text).ok_or_else(computed)?;
                self.invert(db, names, part, limit, column, &Json::from(text), sets)
            }
            Form::Filter { of, name, arguments } => {
                let inner = match (name.as_str(), arguments.as_slice()) {
                    ("default" | "d", _) => wanted.clone(),
                    (
                        "string" | "int" | "float" | "bool" | "trim" | "lower" | "upper" | "title" | "capitalize"
                        | "list",
                        [],
                    ) => wanted.clone(),
                    ("join", [Form::Constant(Json::String(between))]) if !between.is_empty() => {
                        let text = wanted.as_str().ok_or_else(computed)?;
                        text.split(between.as_str()).filter(|_| !text.is_empty()).map(Json::from).collect()
                    }
                    ("tojson", []) => wanted
                        .as_str()
                        .and_then(|text| serde_json::from_str(text).ok())
                        .unwrap_or_else(|| wanted.clone()),
                    _ => return Err(computed()),
                };
                self.invert(db, names, of, limit, column, &inner, sets)
            }
            Form::Reference { table, key } => {
                let is_secret = |name: &String| {
                    self.seeds.blocks.iter().any(|block| block.table == *table && block.secret.contains(name))
                };
                if key.iter().any(|(name, _)| is_secret(name)) {
                    return Err(Untraceable::Secret);
                }
                for ((name, form), value) in key.iter().zip(self.natural_key(db, table, key, wanted)?) {
                    let of = self.catalog.tables.get(table).and_then(|table| table.column(name));
                    self.invert(db, names, form, limit, of.ok_or_else(computed)?, &value, sets)?;
                }
                Ok(())
            }
            Form::Other => Err(computed()),
        }
    }

    /// The columns by which a reference names the row that now has this primary key.
    fn natural_key(
        &self,
        db: &mut dyn Db,
        name: &str,
        key: &[(String, Form)],
        id: &Json,
    ) -> Result<Vec<Json>, Untraceable> {
        let gone = || Untraceable::Gone(name.to_owned());
        let table = self.catalog.tables.get(name).ok_or_else(gone)?;
        let id_column = id_column(table).ok_or_else(gone)?;
        let select: Option<Vec<&Column>> = key.iter().map(|(column, _)| table.column(column)).collect();
        let lookup = Lookup { table: name, key: vec![id_column], select: select.ok_or_else(gone)?, exact: Vec::new() };
        let wanted = vec![id.clone()];
        let text = lookup.text(&wanted).filter(|_| !id.is_null()).ok_or_else(gone)?;
        let found = lookup.run(db, &[wanted])?;
        found.get(&text).cloned().ok_or_else(gone)
    }
}

impl Names<'_> {
    fn resolve(&self, root: &str, steps: &[String], limit: usize) -> Result<Binding, Untraceable> {
        let found = self.bindings[..limit].iter().rev().find(|(name, _)| name == root);
        match found.map(|(_, binding)| binding) {
            None => Err(Untraceable::Variable(root.to_owned())),
            Some(Binding::Nowhere) => Err(Untraceable::NoPlace(root.to_owned())),
            Some(Binding::Place(place)) => Ok(Binding::Place(place.iter().chain(steps).cloned().collect())),
            Some(Binding::Form(form, limit)) => {
                let whole = steps.iter().cloned().fold(form.clone(), stepped);
                Ok(Binding::Form(whole, *limit))
            }
        }
    }
}

/// The names of a row: the document, its loops at the row's place, and its `let`s.
fn bindings(block: &TableBlock, document: &Json, pointer: &str) -> Vec<(String, Binding)> {
    let row = path_of(pointer);
    let is_record = block.file.is_some() || block.source.is_some();
    // The list of records is all of the file, or its only list.
    let depth = if document.is_array() { 1 } else { 2 };
    let root = if is_record { ("row", row.iter().take(depth).cloned().collect()) } else { ("doc", Vec::new()) };
    let mut names = Names {
        bindings: vec![(root.0.to_owned(), Binding::Place(root.1)), ("file".to_owned(), Binding::Nowhere)],
        document: &Json::Null,
        source: "",
    };
    let loops: Vec<&str> = match block.each.as_ref().map(|each| each.get_ref()) {
        None => Vec::new(),
        Some(Each::One(one)) => vec![one.as_str()],
        Some(Each::Nested(all)) => all.iter().map(|one| one.get_ref().as_str()).collect(),
    };
    for (list, name) in loops.into_iter().filter_map(|one| one.rsplit_once(" as ")) {
        let limit = names.bindings.len();
        let place = match form(list) {
            Form::Path { root, steps } => names.resolve(&root, &steps, limit),
            _ => Ok(Binding::Nowhere),
        };
        let item = match place {
            Ok(Binding::Place(mut list)) if row.len() > list.len() && row.starts_with(&list) => {
                list.push(row[list.len()].clone());
                Binding::Place(list)
            }
            _ => Binding::Nowhere,
        };
        names.bindings.push((name.trim().to_owned(), item));
        names.bindings.push((format!("{}_index", name.trim()), Binding::Nowhere));
    }
    for (name, value) in &block.lets.0 {
        let limit = names.bindings.len();
        let form = match value.get_ref() {
            toml::Value::String(source) => form(source),
            literal => Form::Constant(json(literal)),
        };
        names.bindings.push((name.clone(), Binding::Form(form, limit)));
    }
    names.bindings
}

/// The one part of a joined text that is no constant, and what of the text is its.
fn middle<'a, 't>(parts: &'a [Form], text: &'t str) -> Option<(&'a Form, &'t str)> {
    let constant = |form: &Form| match form {
        Form::Constant(Json::String(text)) => Some(text.clone()),
        Form::Constant(Json::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let at = parts.iter().position(|part| constant(part).is_none())?;
    let before: Option<String> = parts[..at].iter().map(constant).collect();
    let after: Option<String> = parts[at + 1..].iter().map(constant).collect();
    Some((&parts[at], text.strip_prefix(before?.as_str())?.strip_suffix(after?.as_str())?))
}

/// Places in a document, if it is in a file that can be written.
fn in_document(document: &Document, sets: Vec<Set>) -> Result<Target, Untraceable> {
    let format = match document.origin {
        Origin::File(read::Format::Json) => Format::Json,
        Origin::File(read::Format::Toml) => Format::Toml,
        Origin::File(other) => return Err(Untraceable::Unwritten(other.name())),
        Origin::Program(_) => return Err(Untraceable::Provided),
    };
    Ok(Target { file: document.file.path.clone(), format, sets, is_constant: false })
}
