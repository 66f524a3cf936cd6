//! Staging: evaluates a compiled block over one document or record. Doing so for many at once is `run`'s.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::ValueKind;
use plimsoll_core::ErrorCode;
use serde_json::{Map, Value as Json};

use crate::error::Problem;
use crate::map::Staging;
use crate::map::compile::{CompiledBlock, Loop, Placed};
use crate::map::explain::explain_in;
use crate::map::expression::Scope;
use crate::map::frame::{Frame, Place, SoFar};
use crate::map::row::{WAS, is_was, old_key};
use crate::map::run::Input;
use crate::read::source::Source;
use crate::staged::Cell;

/// An input as expressions see it.
pub(super) struct Seen<'i> {
    pub(super) input: &'i Input,
    pub(super) value: Value,
    /// What is known of its file.
    pub(super) file: Value,
}

impl<'env> CompiledBlock<'env> {
    /// Stages the rows of a block that is run over nothing: its literal rows, or what its expressions make.
    pub(crate) fn stage_alone(&self, base: &Value, staging: &mut Staging) {
        let mut frame = Frame::new(base, None, self);
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
    pub(super) fn stage(&self, base: &Value, input: &Seen<'_>, so_far: &mut SoFar, staging: &mut Staging) {
        let Seen { input, value, file } = input;
        let mut frame = Frame::new(base, Some(&input.document), self);
        frame.so_far = std::mem::take(so_far);
        let place = input.document.json.pointer(&input.pointer);
        let place = place.map(|json| Place { json, pointer: input.pointer.clone() });
        frame.name(&self.root, value.clone(), place);
        frame.name(&self.file_name, file.clone(), None);
        if self.fields {
            self.stage_fields(input, &mut frame, staging);
        } else {
            self.stage_loops(&self.each, input.pointer.clone(), &mut frame, staging);
        }
        *so_far = frame.so_far;
    }

    /// What to say when none of so many inputs gave a row.
    pub(crate) fn idle(&self, inputs: usize) -> String {
        let what = if self.is_own { "records" } else { "documents" };
        let at = self.file.location(self.offset);
        format!("none of {inputs} {what} gives a row of `{}`, see {at}", self.table)
    }

    /// A record whose fields are the columns, as they are.
    fn stage_fields(&self, input: &Input, frame: &mut Frame<'_>, staging: &mut Staging) {
        let source = self.source(&input.pointer, frame);
        let Some(Json::Object(record)) = input.document.json.pointer(&input.pointer) else { return };
        if !self.holds(&source, frame, staging)
            || !self.names(self.when.len(), &source, frame, staging)
            || !self.names(self.when.len() + 1, &source, frame, staging)
        {
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

    /// One level of `each`, unless a condition that does not wait for its items fails; below the last one, the row.
    fn stage_loops(&self, loops: &[Loop<'env>], pointer: String, frame: &mut Frame<'_>, staging: &mut Staging) {
        let Some((first, rest)) = loops.split_first() else {
            self.stage_row(pointer, frame, staging);
            return;
        };
        let (depth, known, held) = (frame.scope.depth(), frame.places.len(), frame.held);
        if self.may_hold(self.each.len() - loops.len(), &pointer, frame, staging) {
            self.stage_items(first, rest, pointer, frame, staging);
        }
        frame.held = held;
        frame.places.truncate(known);
        frame.scope.truncate(depth);
    }

    /// Asks the conditions that depend on so many loops; false when one of them does not hold. One that cannot be asked here is asked
    /// again for the row, if there is one.
    fn may_hold(&self, level: usize, pointer: &str, frame: &mut Frame<'_>, staging: &mut Staging) -> bool {
        while let Some(condition) = self.when.get(frame.held).filter(|condition| condition.depth <= level) {
            let source = self.source(pointer, frame);
            let problems = staging.problems.len();
            let may_ask = self.names(frame.held, &source, frame, staging);
            staging.problems.truncate(problems);
            match condition.is.expr.eval(&frame.scope) {
                Ok(value) if may_ask && !value.is_true() => return false,
                Ok(_) if may_ask => frame.held += 1,
                _ => return true,
            }
        }
        true
    }

    fn stage_items(
        &self,
        first: &Loop<'env>,
        rest: &[Loop<'env>],
        pointer: String,
        frame: &mut Frame<'_>,
        staging: &mut Staging,
    ) {
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
            frame.item = if level == 1 { index } else { frame.item };
            let item_place = place.as_ref().and_then(|place| place.item(index));
            let item_pointer = item_place.as_ref().map_or_else(|| pointer.clone(), |place| place.pointer.clone());
            let known = frame.places.len();
            frame.name(&first.name, item, item_place);
            frame.name(&first.index_name, Value::from(index), None);
            self.stage_loops(rest, item_pointer, frame, staging);
            frame.places.truncate(known);
            frame.scope.truncate(depth);
        }
    }

    fn stage_row(&self, pointer: String, frame: &mut Frame<'_>, staging: &mut Staging) {
        let source = self.source(&pointer, frame);
        let (depth, known) = (frame.scope.depth(), frame.places.len());
        if self.holds(&source, frame, staging) {
            self.stage_wanted(source, frame, staging);
        }
        frame.places.truncate(known);
        frame.scope.truncate(depth);
    }

    /// The row of an input that has one, unless a row of its key is kept instead.
    fn stage_wanted(&self, source: Source, frame: &mut Frame<'_>, staging: &mut Staging) {
        let mut key = None;
        if self.is_first {
            if !self.names(self.when.len(), &source, frame, staging) {
                return;
            }
            key = self.key_text(&source, frame, staging);
            if key.as_ref().is_some_and(|key| frame.so_far.kept.loses(key, self.index)) {
                staging.lost += 1;
                return;
            }
        }
        if !self.names(self.when.len() + 1, &source, frame, staging) {
            return;
        }
        let before = staging.rows.len();
        let evaluated = self.evaluated(frame);
        let columns = self.cells(&self.columns, &evaluated, &source, frame, staging);
        let insert_only = self.cells(&self.insert_only, &evaluated, &source, frame, staging);
        let was = self.cells(&self.was, &evaluated, &source, frame, staging);
        self.finish(source, columns, insert_only, was, staging);
        if let Some(key) = key.filter(|_| staging.rows.len() > before) {
            frame.so_far.kept.add(key, self.index);
        }
    }

    /// Asks the conditions that are left; false when there is no row here, or an error was found.
    fn holds(&self, source: &Source, frame: &mut Frame<'_>, staging: &mut Staging) -> bool {
        for (turn, condition) in self.when.iter().enumerate().skip(frame.held) {
            if !self.names(turn, source, frame, staging) {
                return false;
            }
            match condition.is.expr.eval(&frame.scope) {
                Ok(value) if value.is_true() => {}
                Ok(_) => return false,
                Err(error) => {
                    staging.problems.push(failed(source, &condition.is, &error, &frame.scope));
                    return false;
                }
            }
        }
        true
    }

    /// Evaluates the `let`s whose turn it is; false when one of them is wrong.
    fn names(&self, turn: usize, source: &Source, frame: &mut Frame<'_>, staging: &mut Staging) -> bool {
        for (position, named) in self.lets.iter().enumerate().filter(|(position, _)| self.let_turns[*position] == turn)
        {
            let version = frame.versions[self.let_depths[position]];
            if let Some((at, value)) = &frame.known[position]
                && *at == version
            {
                let value = value.clone();
                frame.name(&named.name, value, None);
                continue;
            }
            let number = self.let_shared[position];
            let item = if self.let_depths[position] == 0 { 0 } else { frame.item };
            let shared = number.and_then(|number| frame.so_far.shared.get(number)?.get(item)?.clone());
            match shared.map_or_else(|| named.value.expr.eval(&frame.scope), Ok) {
                Ok(value) => {
                    if let Some(number) = number {
                        let shared = &mut frame.so_far.shared;
                        shared.resize(shared.len().max(number + 1), Vec::new());
                        let items = &mut shared[number];
                        items.resize(items.len().max(item + 1), None);
                        items[item] = Some(value.clone());
                    }
                    frame.name(&named.name, value.clone(), None);
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

    fn source(&self, pointer: &str, frame: &Frame<'_>) -> Source {
        let document = frame.document.map(|document| (Arc::clone(document), pointer.to_owned()));
        Source { file: Arc::clone(&self.file), offset: self.offset, document }
    }
}

fn failed(source: &Source, placed: &Placed<'_>, error: &minijinja::Error, scope: &Scope) -> Problem {
    let message = explain_in(error, placed.expr.source(), scope);
    source.problem(ErrorCode::SeedExpression, placed.offset, message)
}
