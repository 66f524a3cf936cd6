//! Staging: evaluates a compiled block over one document or record. Doing so for many at once is `run`'s.

use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{ErrorKind, Value};
use plimsoll_core::ErrorCode;
use serde_json::{Map, Value as Json};

use crate::error::Problem;
use crate::map::Staging;
use crate::map::compile::{CompiledBlock, Loop, Named, Placed};
use crate::map::explain::{explain_in, undefined_names};
use crate::map::expression::{Expr, RefValue, Scope, to_json};
use crate::map::row::{WAS, is_was, old_key};
use crate::map::run::Input;
use crate::read::document::Document;
use crate::read::source::Source;
use crate::staged::Cell;

/// The names of one evaluation, and which of them are places in the document.
struct Frame<'d> {
    scope: Scope,
    /// Later names shadow earlier ones, also where they are no places.
    places: Vec<(Arc<str>, Option<Place<'d>>)>,
    document: Option<&'d Arc<Document>>,
    /// For the document and every loop, a number that changes when it moves on.
    versions: Vec<u64>,
    latest: u64,
    /// The values of `let`s with the version they were evaluated at.
    known: Vec<Option<(u64, Value)>>,
    /// The values of `let`s that mean the same in other blocks.
    shared: Vec<Option<Value>>,
}

/// A part of a document and its JSON pointer.
struct Place<'d> {
    json: &'d Json,
    pointer: String,
}

impl<'env> CompiledBlock<'env> {
    /// Stages the rows of a block that is run over nothing: its literal rows, or what its expressions make.
    pub(crate) fn stage_alone(&self, base: &Value, staging: &mut Staging) {
        let mut frame = self.frame(base, None);
        match &self.rows {
            Some(rows) => {
                for (offset, row) in rows {
                    self.stage_literal(*offset, row, &mut frame, staging);
                }
            }
            None => self.stage_loops(&self.each, String::new(), &mut frame, staging),
        }
    }

    /// Stages the rows of one document or record.
    ///
    /// `shared` has the values of `let`s that other blocks evaluated for the same input, and gets those of this one.
    pub(super) fn stage(
        &self,
        base: &Value,
        input: &Input,
        file: &Value,
        shared: &mut Vec<Option<Value>>,
        staging: &mut Staging,
    ) {
        let mut frame = self.frame(base, Some(&input.document));
        frame.shared = std::mem::take(shared);
        frame.scope.set(&self.root, input.document.value(&input.pointer));
        frame.scope.set(&self.file_name, file.clone());
        let place = input.document.json.pointer(&input.pointer);
        let place = place.map(|json| Place { json, pointer: input.pointer.clone() });
        frame.places.push((Arc::clone(&self.root), place));
        if self.fields {
            self.stage_fields(input, &mut frame, staging);
        } else {
            self.stage_loops(&self.each, input.pointer.clone(), &mut frame, staging);
        }
        *shared = frame.shared;
    }

    /// What to say when none of so many inputs gave a row.
    pub(crate) fn idle(&self, inputs: usize) -> String {
        let what = if self.is_own { "records" } else { "documents" };
        let at = self.file.location(self.offset);
        format!("none of {inputs} {what} gives a row of `{}`, see {at}", self.table)
    }

    fn frame<'d>(&self, base: &Value, document: Option<&'d Arc<Document>>) -> Frame<'d> {
        Frame {
            scope: Scope::new(base.clone()),
            places: Vec::new(),
            document,
            versions: vec![0; self.each.len() + 1],
            latest: 0,
            known: vec![None; self.lets.len()],
            shared: Vec::new(),
        }
    }

    /// A record whose fields are the columns, as they are.
    fn stage_fields(&self, input: &Input, frame: &mut Frame<'_>, staging: &mut Staging) {
        let source = self.source(&input.pointer, frame);
        let Some(Json::Object(record)) = input.document.json.pointer(&input.pointer) else { return };
        if !self.names_hold(&source, frame, staging) {
            return;
        }
        let is_column = |name: &str, value: &Json| {
            !is_was(name, value) && !self.insert_only.iter().any(|named| *named.name == *name)
        };
        let columns = record.iter().filter(|(name, value)| is_column(name, value));
        let columns = columns.map(|(name, value)| (self.name(name), Cell::Value(value.clone()))).collect();
        let evaluated = self.evaluated(frame);
        let insert_only = self.cells(&self.insert_only, &evaluated, &source, frame, staging);
        let was = match record.get(WAS).filter(|value| is_was(WAS, value)) {
            Some(value) => Some(old_key(value)),
            None => self.cells(&self.was, &evaluated, &source, frame, staging),
        };
        self.finish(source, Some(columns), insert_only, was, staging);
    }

    /// The name of a field; of key columns there is one already.
    fn name(&self, field: &str) -> Arc<str> {
        let known = self.key.iter().find(|name| ***name == *field);
        known.map_or_else(|| Arc::from(field), Arc::clone)
    }

    fn stage_literal(&self, offset: usize, row: &[(Arc<str>, Json)], frame: &mut Frame<'_>, staging: &mut Staging) {
        let source = Source { file: Arc::clone(&self.file), offset, document: None };
        let was = row.iter().find(|(name, value)| is_was(name, value)).map(|(_, value)| old_key(value));
        let row: Vec<&(Arc<str>, Json)> = row.iter().filter(|(name, value)| !is_was(name, value)).collect();
        let columns: Vec<_> = row.iter().map(|(name, value)| (Arc::clone(name), Cell::Value(value.clone()))).collect();
        let names: Map<String, Json> = row.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let depth = frame.scope.depth();
        frame.scope.set(&Arc::from("row"), Value::from(minijinja::value::Serde(&names)));
        let insert_only = self.cells(&self.insert_only, &self.evaluated(frame), &source, frame, staging);
        frame.scope.truncate(depth);
        self.finish(source, Some(columns), insert_only, Some(was.unwrap_or_default()), staging);
    }

    /// One level of `each`; below the last one, the row.
    fn stage_loops(&self, loops: &[Loop<'env>], pointer: String, frame: &mut Frame<'_>, staging: &mut Staging) {
        let Some((first, rest)) = loops.split_first() else {
            self.stage_row(pointer, frame, staging);
            return;
        };
        let depth = frame.scope.depth();
        let items = match first.list.expr.eval(&frame.scope) {
            Ok(list) if list.is_undefined() || list.is_none() => return,
            // A text would be taken apart into its characters.
            Ok(list) => match if list.kind() == ValueKind::String { Err(()) } else { list.try_iter().map_err(drop) } {
                Ok(items) => items,
                Err(_) => {
                    let source = self.source(&pointer, frame);
                    let code = first.list.expr.source();
                    let hint = if list.kind() == ValueKind::Map {
                        String::new()
                    } else {
                        format!(", `{code} | as_list` takes both")
                    };
                    let message = format!("`{code}` is a {}, not a list{hint}", list.kind());
                    staging.problems.push(source.problem(ErrorCode::SeedExpression, first.list.offset, message));
                    return;
                }
            },
            Err(error) => {
                let source = self.source(&pointer, frame);
                staging.problems.push(failed(&source, &first.list, &error, &frame.scope));
                return;
            }
        };
        // A list of the document itself: its items are places as well. The keys of an object are not.
        let place = first.list.expr.path().and_then(|path| frame.place_of(path)).filter(|place| place.json.is_array());
        let level = self.each.len() - rest.len();
        for (index, item) in items.enumerate() {
            frame.latest += 1;
            frame.versions[level] = frame.latest;
            let item_place = place.as_ref().and_then(|place| place.item(index));
            let item_pointer = item_place.as_ref().map_or_else(|| pointer.clone(), |place| place.pointer.clone());
            frame.scope.set(&first.name, item);
            frame.scope.set(&first.index_name, Value::from(index));
            let known = frame.places.len();
            frame.places.push((Arc::clone(&first.name), item_place));
            self.stage_loops(rest, item_pointer, frame, staging);
            frame.places.truncate(known);
            frame.scope.truncate(depth);
        }
    }

    fn stage_row(&self, pointer: String, frame: &mut Frame<'_>, staging: &mut Staging) {
        let source = self.source(&pointer, frame);
        let (depth, known) = (frame.scope.depth(), frame.places.len());
        if self.names_hold(&source, frame, staging) {
            let evaluated = self.evaluated(frame);
            let columns = self.cells(&self.columns, &evaluated, &source, frame, staging);
            let insert_only = self.cells(&self.insert_only, &evaluated, &source, frame, staging);
            let was = self.cells(&self.was, &evaluated, &source, frame, staging);
            self.finish(source, columns, insert_only, was, staging);
        }
        frame.places.truncate(known);
        frame.scope.truncate(depth);
    }

    /// Evaluates `let` and `when`; false when there is no row here, or an error was found.
    fn names_hold(&self, source: &Source, frame: &mut Frame<'_>, staging: &mut Staging) -> bool {
        if !self.names(true, source, frame, staging) {
            return false;
        }
        let holds = match self.when.as_ref().map(|when| (when, when.expr.eval(&frame.scope))) {
            None => true,
            Some((_, Ok(value))) => value.is_true(),
            Some((when, Err(error))) => {
                staging.problems.push(failed(source, when, &error, &frame.scope));
                false
            }
        };
        holds && self.names(false, source, frame, staging)
    }

    /// Evaluates the `let`s that `when` needs, or the others; false when one of them is wrong.
    fn names(&self, early: bool, source: &Source, frame: &mut Frame<'_>, staging: &mut Staging) -> bool {
        for (position, named) in self.lets.iter().enumerate().filter(|(position, _)| self.let_early[*position] == early)
        {
            let version = frame.versions[self.let_depths[position]];
            if let Some((at, value)) = &frame.known[position]
                && *at == version
            {
                frame.scope.set(&named.name, value.clone());
                frame.places.push((Arc::clone(&named.name), None));
                continue;
            }
            let number = self.let_shared[position];
            let shared = number.and_then(|number| frame.shared.get(number)?.clone());
            match shared.map_or_else(|| named.value.expr.eval(&frame.scope), Ok) {
                Ok(value) => {
                    if let Some(number) = number {
                        frame.shared.resize(frame.shared.len().max(number + 1), None);
                        frame.shared[number] = Some(value.clone());
                    }
                    frame.scope.set(&named.name, value.clone());
                    frame.places.push((Arc::clone(&named.name), None));
                    frame.known[position] = Some((version, value));
                }
                Err(error) => {
                    staging.problems.push(failed(source, &named.value, &error, &frame.scope));
                    return false;
                }
            }
        }
        true
    }

    /// Why an expression failed; where a `let` that it uses has no value, why that has none.
    fn explain(&self, error: &minijinja::Error, source: &str, scope: &Scope) -> String {
        let (mut text, mut source, mut within) = (explain_in(error, source, scope), source, self.lets.len());
        while error.kind() == ErrorKind::UndefinedError
            && let [name, ..] = undefined_names(source, scope).as_slice()
            && let Some(position) = self.lets[..within].iter().rposition(|named| *named.name == **name)
        {
            source = self.lets[position].value.expr.source();
            text = format!("`{name}` has no value here: {}", explain_in(error, source, scope));
            within = position;
        }
        text
    }

    /// The values of a row that are evaluated together. None when one of them is wrong, which is found when they are evaluated
    /// one by one.
    fn evaluated(&self, frame: &Frame<'_>) -> Vec<Value> {
        let list = self.together.as_ref().and_then(|list| list.eval(&frame.scope).ok());
        list.and_then(|list| list.try_iter().ok().map(Iterator::collect)).unwrap_or_default()
    }

    /// Evaluates columns; nothing when one of them is wrong, after reporting all that are.
    fn cells(
        &self,
        columns: &[Named<'env>],
        evaluated: &[Value],
        source: &Source,
        frame: &Frame<'_>,
        staging: &mut Staging,
    ) -> Option<Vec<(Arc<str>, Cell)>> {
        let mut cells = Vec::with_capacity(columns.len());
        for Named { name, value, slot } in columns {
            let evaluated = slot.and_then(|slot| evaluated.get(slot)).filter(|value| !value.is_undefined());
            let cell = match (&value.expr, evaluated) {
                (Expr::Literal(json), _) => Ok(Cell::Value(json.clone())),
                (_, Some(evaluated)) => cell(evaluated, source, value.offset, staging),
                (expr, None) => match expr.path().and_then(|path| frame.place_json(path)) {
                    Some(json) => Ok(Cell::Value(json.clone())),
                    None => expr.eval(&frame.scope).and_then(|result| cell(&result, source, value.offset, staging)),
                },
            };
            match cell {
                Ok(cell) => cells.push((Arc::clone(name), cell)),
                Err(error) => {
                    let text = self.explain(&error, value.expr.source(), &frame.scope);
                    let message = format!("column `{name}`: {text}");
                    staging.problems.push(source.problem(ErrorCode::SeedExpression, value.offset, message));
                }
            }
        }
        (cells.len() == columns.len()).then_some(cells)
    }

    fn source(&self, pointer: &str, frame: &Frame<'_>) -> Source {
        let document = frame.document.map(|document| (Arc::clone(document), pointer.to_owned()));
        Source { file: Arc::clone(&self.file), offset: self.offset, document }
    }
}

impl<'d> Frame<'d> {
    /// The place that a name means, unless it means something else here.
    fn root(&self, name: &str) -> Option<&Place<'d>> {
        self.places.iter().rev().find(|(known, _)| **known == *name)?.1.as_ref()
    }

    /// The document's own value for a plain path: exact, and without a detour through the expression language.
    fn place_json(&self, path: &[Box<str>]) -> Option<&'d Json> {
        let (root, parts) = path.split_first()?;
        parts.iter().try_fold(self.root(root)?.json, |json, part| json.as_object()?.get(&**part))
    }

    /// The place of a plain path such as `p.scoringAnchors`.
    fn place_of(&self, path: &[Box<str>]) -> Option<Place<'d>> {
        let json = self.place_json(path)?;
        let (root, parts) = path.split_first()?;
        let mut pointer = self.root(root)?.pointer.clone();
        for part in parts {
            pointer.push('/');
            // Names of plain paths have nothing to escape.
            pointer.push_str(part);
        }
        Some(Place { json, pointer })
    }
}

impl<'d> Place<'d> {
    fn item(&self, index: usize) -> Option<Self> {
        Some(Self { json: self.json.get(index)?, pointer: format!("{}/{index}", self.pointer) })
    }
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
    Ok(Cell::Ref(staging.references.intern(&reference.table, key, reference.missing, source, offset)))
}

fn failed(source: &Source, placed: &Placed<'_>, error: &minijinja::Error, scope: &Scope) -> Problem {
    let message = explain_in(error, placed.expr.source(), scope);
    source.problem(ErrorCode::SeedExpression, placed.offset, message)
}
