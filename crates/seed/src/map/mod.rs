//! Mapping: runs the expressions of a block over documents and stages rows. Reading the files is `load`'s.

pub(crate) mod expression;

use std::sync::Arc;

use minijinja::{Environment, Value};
use plimsoll_core::ErrorCode;
use serde_json::{Map, Value as Json};

use crate::error::Problem;
use crate::map::expression::{Expr, RefValue, Scope, explain, to_json};
use crate::read::document::{Document, escaped};
use crate::read::model::{Each, KeyNulls, Ordered, TableBlock};
use crate::read::source::{Source, SourceFile};
use crate::staged::{Cell, References, StagedRow, Was};
use crate::value::{canonical_text, hash};

/// A block with its expressions compiled once.
pub(crate) struct CompiledBlock<'env> {
    index: usize,
    file: Arc<SourceFile>,
    offset: usize,
    key: Vec<Arc<str>>,
    key_nulls: KeyNulls,
    each: Vec<Loop<'env>>,
    lets: Vec<Named<'env>>,
    /// For every `let`, how many of the loops it depends on: it is evaluated again only when one of those moves on.
    let_depths: Vec<usize>,
    /// For every `let`, whether `when` needs it; the others wait until there is a row at all.
    let_early: Vec<bool>,
    when: Option<Placed<'env>>,
    columns: Vec<Named<'env>>,
    insert_only: Vec<Named<'env>>,
    /// Key columns of the row as it was called before.
    was: Vec<Named<'env>>,
    rows: Option<Vec<(usize, Literals)>>,
}

/// A literal row.
type Literals = Vec<(Arc<str>, Json)>;

struct Placed<'env> {
    expr: Expr<'env>,
    offset: usize,
}

struct Named<'env> {
    name: Arc<str>,
    value: Placed<'env>,
}

struct Loop<'env> {
    list: Placed<'env>,
    name: Arc<str>,
    index_name: Arc<str>,
}

/// What rows are staged into.
#[derive(Default)]
pub(crate) struct Staging {
    pub(crate) rows: Vec<StagedRow>,
    pub(crate) references: References,
    pub(crate) problems: Vec<Problem>,
}

/// The names of one evaluation with the JSON pointers of those that are places in the document.
struct Frame {
    scope: Scope,
    pointers: Vec<(Arc<str>, String)>,
    document: Option<Arc<Document>>,
    /// For the document and every loop, a number that changes when it moves on.
    versions: Vec<u64>,
    latest: u64,
    /// The values of `let`s with the version they were evaluated at.
    known: Vec<Option<(u64, Value)>>,
}

impl<'env> CompiledBlock<'env> {
    /// Compiles all expressions of a block; every one that is wrong becomes a problem.
    pub(crate) fn compile(
        env: &'env Environment<'static>,
        index: usize,
        file: &Arc<SourceFile>,
        offset: usize,
        block: TableBlock,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut compiler = Compiler { env, file, problems };
        let each = compiler.loops(block.each);
        let lets = compiler.named(block.lets);
        let when = block.when.and_then(|when| compiler.code(when.span().start, when.get_ref()));
        Self {
            index,
            file: Arc::clone(file),
            offset,
            key: block.key.get_ref().iter().map(|name| Arc::from(name.as_str())).collect(),
            key_nulls: block.key_nulls,
            let_depths: depths(&each, &lets),
            each,
            let_early: needed(when.as_ref(), &lets),
            lets,
            when,
            columns: compiler.named(block.columns),
            insert_only: compiler.named(block.insert_only),
            was: compiler.named(block.was),
            rows: block.rows.map(|rows| {
                let rows = rows.into_iter().map(|row| (row.span().start, literals(row.into_inner())));
                rows.collect()
            }),
        }
    }

    /// Stages the rows of one document, or the block's rows when there are no documents.
    pub(crate) fn stage(&self, base: &Value, document: Option<&Arc<Document>>, staging: &mut Staging) {
        let mut frame = Frame {
            scope: Scope::new(base.clone()),
            pointers: Vec::new(),
            document: document.cloned(),
            versions: vec![0; self.each.len() + 1],
            latest: 0,
            known: vec![None; self.lets.len()],
        };
        if let Some(rows) = &self.rows {
            for (offset, row) in rows {
                self.stage_literal(*offset, row, &mut frame, staging);
            }
            return;
        }
        if let Some(document) = document {
            let stem = document.file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let file = minijinja::context! { path => document.file.path.to_string_lossy(), stem => stem };
            let doc: Arc<str> = Arc::from("doc");
            frame.scope.set(&doc, document.value.clone());
            frame.scope.set(&Arc::from("file"), file);
            frame.pointers.push((doc, String::new()));
        }
        self.stage_loops(&self.each, String::new(), &mut frame, staging);
    }

    fn stage_literal(&self, offset: usize, row: &[(Arc<str>, Json)], frame: &mut Frame, staging: &mut Staging) {
        let source = Source { file: Arc::clone(&self.file), offset, document: None };
        // A table named `was` says how the row was called before; a column of that name holds no table.
        let (was, row): (Vec<_>, Vec<_>) = row.iter().partition(|(name, value)| **name == *"was" && value.is_object());
        let was = was.iter().flat_map(|(_, value)| value.as_object().into_iter().flatten());
        let was = was.map(|(name, value)| (Arc::from(name.as_str()), Cell::Value(value.clone()))).collect();
        let columns: Vec<_> = row.iter().map(|(name, value)| (Arc::clone(name), Cell::Value(value.clone()))).collect();
        let names: Map<String, Json> = row.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let depth = frame.scope.depth();
        frame.scope.set(&Arc::from("row"), Value::from(minijinja::value::Serde(&names)));
        let insert_only = self.cells(&self.insert_only, &source, frame, staging);
        frame.scope.truncate(depth);
        self.finish(source, Some(columns), insert_only, Some(was), staging);
    }

    /// One level of `each`; below the last one, the row.
    fn stage_loops(&self, loops: &[Loop<'env>], pointer: String, frame: &mut Frame, staging: &mut Staging) {
        let Some((first, rest)) = loops.split_first() else {
            self.stage_row(pointer, frame, staging);
            return;
        };
        let depth = frame.scope.depth();
        let items = match first.list.expr.eval(&frame.scope) {
            Ok(list) if list.is_undefined() || list.is_none() => return,
            Ok(list) => match list.try_iter() {
                Ok(items) => items,
                Err(_) => {
                    let source = self.source(&pointer, frame);
                    let message = format!("`{}` is a {}, not a list", first.list.expr.source(), list.kind());
                    staging.problems.push(source.problem(ErrorCode::SeedExpression, first.list.offset, message));
                    return;
                }
            },
            Err(error) => {
                let source = self.source(&pointer, frame);
                staging.problems.push(failed(&source, &first.list, &error));
                return;
            }
        };
        let place = frame.pointer_of(first.list.expr.source());
        let level = self.each.len() - rest.len();
        for (index, item) in items.enumerate() {
            frame.latest += 1;
            frame.versions[level] = frame.latest;
            let item_pointer = place.as_ref().map(|place| format!("{place}/{index}"));
            frame.scope.set(&first.name, item);
            frame.scope.set(&first.index_name, Value::from(index));
            let known = frame.pointers.len();
            if let Some(pointer) = &item_pointer {
                frame.pointers.push((Arc::clone(&first.name), pointer.clone()));
            }
            self.stage_loops(rest, item_pointer.unwrap_or_else(|| pointer.clone()), frame, staging);
            frame.pointers.truncate(known);
            frame.scope.truncate(depth);
        }
    }

    fn stage_row(&self, pointer: String, frame: &mut Frame, staging: &mut Staging) {
        let source = self.source(&pointer, frame);
        let depth = frame.scope.depth();
        if self.names_hold(&source, frame, staging) {
            let columns = self.cells(&self.columns, &source, frame, staging);
            let insert_only = self.cells(&self.insert_only, &source, frame, staging);
            let was = self.cells(&self.was, &source, frame, staging);
            self.finish(source, columns, insert_only, was, staging);
        }
        frame.scope.truncate(depth);
    }

    /// Evaluates `let` and `when`; false when there is no row here, or an error was found.
    fn names_hold(&self, source: &Source, frame: &mut Frame, staging: &mut Staging) -> bool {
        if !self.names(true, source, frame, staging) {
            return false;
        }
        let holds = match self.when.as_ref().map(|when| (when, when.expr.eval(&frame.scope))) {
            None => true,
            Some((_, Ok(value))) => value.is_true(),
            Some((when, Err(error))) => {
                staging.problems.push(failed(source, when, &error));
                false
            }
        };
        holds && self.names(false, source, frame, staging)
    }

    /// Evaluates the `let`s that `when` needs, or the others; false when one of them is wrong.
    fn names(&self, early: bool, source: &Source, frame: &mut Frame, staging: &mut Staging) -> bool {
        for (position, named) in self.lets.iter().enumerate().filter(|(position, _)| self.let_early[*position] == early)
        {
            let version = frame.versions[self.let_depths[position]];
            if let Some((at, value)) = &frame.known[position]
                && *at == version
            {
                frame.scope.set(&named.name, value.clone());
                continue;
            }
            match named.value.expr.eval(&frame.scope) {
                Ok(value) => {
                    frame.scope.set(&named.name, value.clone());
                    frame.known[position] = Some((version, value));
                }
                Err(error) => {
                    staging.problems.push(failed(source, &named.value, &error));
                    return false;
                }
            }
        }
        true
    }

    /// Evaluates columns; nothing when one of them is wrong, after reporting all that are.
    fn cells(
        &self,
        columns: &[Named<'env>],
        source: &Source,
        frame: &Frame,
        staging: &mut Staging,
    ) -> Option<Vec<(Arc<str>, Cell)>> {
        let mut cells = Vec::with_capacity(columns.len());
        for Named { name, value } in columns {
            let cell = match &value.expr {
                Expr::Literal(json) => Ok(Cell::Value(json.clone())),
                expr => match frame.json_at(expr.source()) {
                    Some(json) => Ok(Cell::Value(json.clone())),
                    None => expr.eval(&frame.scope).and_then(|result| cell(&result, source, value.offset, staging)),
                },
            };
            match cell {
                Ok(cell) => cells.push((Arc::clone(name), cell)),
                Err(error) => {
                    let text = explain(&error, value.expr.source());
                    let message = format!("column `{name}`: {text}");
                    staging.problems.push(source.problem(ErrorCode::SeedExpression, value.offset, message));
                }
            }
        }
        (cells.len() == columns.len()).then_some(cells)
    }

    fn finish(
        &self,
        source: Source,
        columns: Option<Vec<(Arc<str>, Cell)>>,
        insert_only: Option<Vec<(Arc<str>, Cell)>>,
        was: Option<Vec<(Arc<str>, Cell)>>,
        staging: &mut Staging,
    ) {
        let (Some(columns), Some(insert_only), Some(was)) = (columns, insert_only, was) else { return };
        let mut key = Vec::with_capacity(self.key.len());
        for name in &self.key {
            let message = match columns.iter().find(|(column, _)| column == name) {
                Some((_, Cell::Value(Json::Null))) if self.key_nulls == KeyNulls::Refuse => {
                    format!("key column `{name}` is NULL, so the row could not be found again")
                }
                Some((_, cell)) => {
                    key.push(cell.clone());
                    continue;
                }
                None => format!("key column `{name}` has no value in this row"),
            };
            staging.problems.push(source.problem(ErrorCode::SeedValue, source.offset, message));
            return;
        }
        let symbol = |key: &[Cell], references: &References| {
            let names = self.key.iter().zip(key);
            let symbol = names.map(|(name, cell)| (name.to_string(), references.symbol(cell)));
            Json::Object(symbol.collect::<Map<String, Json>>())
        };
        if let Some((name, _)) = was.iter().find(|(name, _)| !self.key.contains(name)) {
            let message = format!("`was` names `{name}`, which is no key column");
            staging.problems.push(source.problem(ErrorCode::InvalidValue, source.offset, message));
            return;
        }
        let known: Vec<&(Arc<str>, Cell)> = was.iter().filter(|(_, cell)| *cell != Cell::Value(Json::Null)).collect();
        let old = self.key.iter().zip(&key).map(|(name, cell)| {
            let old = known.iter().find(|(column, _)| column == name).map(|(_, cell)| cell);
            old.unwrap_or(cell).clone()
        });
        let old: Vec<Cell> = old.collect();
        let was = (old != key).then(|| {
            let row_key = hash(&canonical_text(&symbol(&old, &staging.references)));
            Was { key: old, row_key }
        });
        let symbol = symbol(&key, &staging.references);
        let row_key = hash(&canonical_text(&symbol));
        staging.rows.push(StagedRow {
            block: self.index,
            key,
            symbol,
            row_key,
            columns,
            insert_only,
            source,
            was,
            level: 0,
            deferred: Vec::new(),
        });
    }

    fn source(&self, pointer: &str, frame: &Frame) -> Source {
        let document = frame.document.as_ref().map(|document| (Arc::clone(document), pointer.to_owned()));
        Source { file: Arc::clone(&self.file), offset: self.offset, document }
    }
}

impl Frame {
    /// The JSON pointer that a plain path such as `p.scoringAnchors` stands for.
    fn pointer_of(&self, source: &str) -> Option<String> {
        let mut parts = source.split('.');
        let root = parts.next()?.trim();
        let mut pointer = self.pointers.iter().rev().find(|(name, _)| **name == *root)?.1.clone();
        for part in parts {
            let part = part.trim();
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return None;
            }
            pointer = format!("{pointer}/{}", escaped(part));
        }
        Some(pointer)
    }

    /// The document's own value for a plain path: exact, and without a detour through the expression language.
    fn json_at(&self, source: &str) -> Option<&Json> {
        let pointer = self.pointer_of(source)?;
        self.document.as_ref()?.json.pointer(&pointer)
    }
}

struct Compiler<'a, 'env> {
    env: &'env Environment<'static>,
    file: &'a Arc<SourceFile>,
    problems: &'a mut Vec<Problem>,
}

impl<'env> Compiler<'_, 'env> {
    fn code(&mut self, offset: usize, source: &str) -> Option<Placed<'env>> {
        match Expr::compile(self.env, source) {
            Ok(expr) => Some(Placed { expr, offset }),
            Err(error) => {
                let message = format!("`{source}` is not an expression: {}", explain(&error, source));
                self.problems.push(Problem::new(ErrorCode::Template, Some(self.file.location(offset)), message));
                None
            }
        }
    }

    fn named(&mut self, entries: Ordered<toml::Spanned<toml::Value>>) -> Vec<Named<'env>> {
        let mut named = Vec::with_capacity(entries.0.len());
        for (name, value) in entries.0 {
            let offset = value.span().start;
            let value = match value.get_ref() {
                toml::Value::String(source) => self.code(offset, source),
                literal => Some(Placed { expr: Expr::Literal(json(literal)), offset }),
            };
            if let Some(value) = value {
                named.push(Named { name: Arc::from(name), value });
            }
        }
        named
    }

    fn loops(&mut self, each: Option<toml::Spanned<Each>>) -> Vec<Loop<'env>> {
        let Some(each) = each else { return Vec::new() };
        let start = each.span().start;
        let sources = match each.into_inner() {
            Each::One(source) => vec![(start, source)],
            Each::Nested(all) => all.into_iter().map(|one| (one.span().start, one.into_inner())).collect(),
        };
        sources.into_iter().filter_map(|(offset, source)| self.one_loop(offset, &source)).collect()
    }

    fn one_loop(&mut self, offset: usize, source: &str) -> Option<Loop<'env>> {
        let Some((list, name)) = source.rsplit_once(" as ") else {
            let message = format!("`{source}` is not a loop, write `list as name`");
            self.problems.push(Problem::new(ErrorCode::Template, Some(self.file.location(offset)), message));
            return None;
        };
        let name = name.trim();
        let list = self.code(offset, list.trim())?;
        Some(Loop { list, name: Arc::from(name), index_name: Arc::from(format!("{name}_index")) })
    }
}

/// Which `let`s a `when` needs, directly or through others.
fn needed(when: Option<&Placed<'_>>, lets: &[Named<'_>]) -> Vec<bool> {
    let mut names = when.map(|when| when.expr.names()).unwrap_or_default();
    let mut needed = vec![false; lets.len()];
    for (position, named) in lets.iter().enumerate().rev() {
        if names.contains(&*named.name) {
            needed[position] = true;
            names.extend(named.value.expr.names());
        }
    }
    needed
}

/// How many loops each `let` depends on, through the `let`s before it as well.
fn depths(each: &[Loop<'_>], lets: &[Named<'_>]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(lets.len());
    for (position, named) in lets.iter().enumerate() {
        let of = |name: &String| {
            let earlier = lets[..position].iter().rposition(|earlier| *earlier.name == **name).map(|at| depths[at]);
            earlier.or_else(|| {
                each.iter().rposition(|one| *one.name == **name || *one.index_name == **name).map(|at| at + 1)
            })
        };
        let depth = named.value.expr.names().iter().filter_map(of).max().unwrap_or(0);
        depths.push(depth);
    }
    depths
}

/// A result as a cell: references are interned, everything else becomes JSON.
fn cell(value: &Value, source: &Source, offset: usize, staging: &mut Staging) -> Result<Cell, minijinja::Error> {
    let Some(reference) = value.downcast_object_ref::<RefValue>() else {
        return Ok(Cell::Value(to_json(value)?));
    };
    let mut key = Vec::with_capacity(reference.key.len());
    for (column, part) in &reference.key {
        key.push((column.clone(), cell(part, source, offset, staging)?));
    }
    Ok(Cell::Ref(staging.references.intern(&reference.table, key, source, offset)))
}

fn failed(source: &Source, placed: &Placed<'_>, error: &minijinja::Error) -> Problem {
    let message = explain(error, placed.expr.source());
    source.problem(ErrorCode::SeedExpression, placed.offset, message)
}

fn literals(row: Ordered<toml::Spanned<toml::Value>>) -> Literals {
    row.0.into_iter().map(|(name, value)| (Arc::from(name), json(value.get_ref()))).collect()
}

/// A TOML value as JSON; times become texts.
pub(crate) fn json(value: &toml::Value) -> Json {
    match value {
        toml::Value::String(text) => Json::from(text.as_str()),
        toml::Value::Integer(number) => Json::from(*number),
        toml::Value::Float(number) => Json::from(*number),
        toml::Value::Boolean(flag) => Json::Bool(*flag),
        toml::Value::Datetime(time) => Json::from(time.to_string()),
        toml::Value::Array(items) => Json::Array(items.iter().map(json).collect()),
        toml::Value::Table(table) => {
            Json::Object(table.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}
