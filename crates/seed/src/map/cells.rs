//! The cells of a row: evaluated, and turned into what is staged. Which rows there are is `stage`'s.

use std::sync::Arc;

use minijinja::{ErrorKind, Value};
use plimsoll_core::ErrorCode;

use crate::map::Staging;
use crate::map::compile::{CompiledBlock, Named, Way};
use crate::map::explain::{explain_in, undefined_names};
use crate::map::expression::{Expr, RefValue, Scope, to_json};
use crate::map::frame::Frame;
use crate::read::source::Source;
use crate::staged::Cell;
use crate::value::write_canonical;

impl<'env> CompiledBlock<'env> {
    /// The values of a row that are evaluated together. None when one of them is wrong, which is found when they are evaluated
    /// one by one.
    pub(super) fn evaluated(&self, frame: &Frame<'_>) -> Vec<Value> {
        let list = self.together.as_ref().and_then(|list| list.eval(&frame.scope).ok());
        list.and_then(|list| list.try_iter().ok().map(Iterator::collect)).unwrap_or_default()
    }

    /// Evaluates columns; nothing when one of them is wrong, after reporting all that are.
    pub(super) fn cells(
        &self,
        columns: &[Named<'env>],
        evaluated: &[Value],
        source: &Source,
        frame: &mut Frame<'_>,
        staging: &mut Staging,
    ) -> Option<Vec<(Arc<str>, Cell)>> {
        let mut cells = Vec::with_capacity(columns.len());
        for named in columns {
            let Named { name, value, way } = named;
            let cell = match *way {
                Way::Kept { position, depth } => self.kept_cell(named, position, depth, source, frame, staging),
                Way::Together(slot) => {
                    let evaluated = evaluated.get(slot).filter(|value| !value.is_undefined());
                    self.cell(named, evaluated, source, frame, staging)
                }
                Way::Alone => self.cell(named, None, source, frame, staging),
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

    /// The value of a column that is evaluated only where the loops that it depends on have moved on.
    fn kept_cell(
        &self,
        named: &Named<'env>,
        position: usize,
        depth: usize,
        source: &Source,
        frame: &mut Frame<'_>,
        staging: &mut Staging,
    ) -> Result<Cell, minijinja::Error> {
        let version = frame.versions[depth];
        if let Some((at, cell)) = &frame.cells[position]
            && *at == version
        {
            return Ok(cell.clone());
        }
        let cell = self.cell(named, None, source, frame, staging)?;
        frame.cells[position] = Some((version, cell.clone()));
        Ok(cell)
    }

    /// The value of a column, evaluated unless it was with others.
    fn cell(
        &self,
        named: &Named<'env>,
        evaluated: Option<&Value>,
        source: &Source,
        frame: &Frame<'_>,
        staging: &mut Staging,
    ) -> Result<Cell, minijinja::Error> {
        let value = &named.value;
        match (&value.expr, evaluated) {
            (Expr::Literal(json), _) => Ok(Cell::Value(json.clone())),
            (_, Some(evaluated)) => cell(evaluated, source, value.offset, staging),
            (expr, None) => match expr.path().and_then(|path| frame.part(path)) {
                Some(part) => Ok(part),
                None => expr.eval(&frame.scope).and_then(|result| cell(&result, source, value.offset, staging)),
            },
        }
    }

    /// The table and key of the row; nothing when a part of it is wrong, which is told when the row is made.
    pub(super) fn key_text(&self, source: &Source, frame: &Frame<'_>, staging: &mut Staging) -> Option<Vec<u8>> {
        let mut text = self.table.clone().into_bytes();
        for name in &self.key {
            let named = self.columns.iter().find(|named| named.name == *name)?;
            let cell = self.cell(named, None, source, frame, staging).ok()?;
            text.push(0);
            write_canonical(staging.references.meaning(&cell), &mut text);
        }
        Some(text)
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
