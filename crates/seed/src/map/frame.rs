//! What one evaluation sees: names, and the places of the document that they mean. Evaluating is `stage`'s.

use std::sync::Arc;

use minijinja::Value;
use serde_json::Value as Json;

use crate::map::CompiledBlock;
use crate::map::expression::Scope;
use crate::map::kept::Kept;
use crate::read::document::Document;
use crate::staged::{Cell, Part};

/// What the blocks that are run over the same inputs know of each other.
#[derive(Default)]
pub(super) struct SoFar {
    /// The values of `let`s that mean the same in other blocks, for the input at hand: of each, by the item of the first loop.
    pub(super) shared: Vec<Vec<Option<Value>>>,
    pub(super) kept: Kept,
}

/// The names of one evaluation, and which of them are places in the document.
pub(super) struct Frame<'d> {
    pub(super) scope: Scope,
    /// Later names shadow earlier ones, also where they are no places.
    pub(super) places: Vec<(Arc<str>, Option<Place<'d>>)>,
    pub(super) document: Option<&'d Arc<Document>>,
    /// For the document and every loop, a number that changes when it moves on.
    pub(super) versions: Vec<u64>,
    pub(super) latest: u64,
    /// The values of `let`s with the version they were evaluated at.
    pub(super) known: Vec<Option<(u64, Value)>>,
    /// The values of columns that are kept, with the version they were evaluated at.
    pub(super) cells: Vec<Option<(u64, Cell)>>,
    pub(super) so_far: SoFar,
    /// Where the first loop is.
    pub(super) item: usize,
    /// How many of the conditions hold already.
    pub(super) held: usize,
}

/// A part of a document and its JSON pointer.
pub(super) struct Place<'d> {
    pub(super) json: &'d Json,
    pub(super) pointer: String,
}

impl<'d> Frame<'d> {
    /// For a block that is run over a document, or over nothing.
    pub(super) fn new(base: &Value, document: Option<&'d Arc<Document>>, block: &CompiledBlock<'_>) -> Self {
        Self {
            scope: Scope::new(base.clone()),
            places: Vec::new(),
            document,
            versions: vec![0; block.each.len() + 1],
            latest: 0,
            known: vec![None; block.lets.len()],
            cells: vec![None; block.kept],
            so_far: SoFar::default(),
            item: 0,
            held: 0,
        }
    }

    /// Gives a name a value, and its place where it has one in the document.
    pub(super) fn name(&mut self, name: &Arc<str>, value: Value, place: Option<Place<'d>>) {
        self.scope.set(name, value);
        self.places.push((Arc::clone(name), place));
    }

    /// The place that a name means, unless it means something else here.
    fn root(&self, name: &str) -> Option<&Place<'d>> {
        self.places.iter().rev().find(|(known, _)| **known == *name)?.1.as_ref()
    }

    /// The document's own value for a plain path: exact, and without a detour through the expression language.
    pub(super) fn place_json(&self, path: &[Box<str>]) -> Option<&'d Json> {
        let (root, parts) = path.split_first()?;
        parts.iter().try_fold(self.root(root)?.json, |json, part| json.as_object()?.get(&**part))
    }

    /// What a plain path leads to, as a cell.
    pub(super) fn part(&self, path: &[Box<str>]) -> Option<Cell> {
        let json = self.place_json(path)?;
        if !json.is_object() && !json.is_array() {
            return Some(Cell::Value(json.clone()));
        }
        let (place, document) = (self.place_of(path)?, self.document?);
        Some(Cell::Part(Part { document: Arc::clone(document), pointer: place.pointer.into_boxed_str() }))
    }

    /// The place of a plain path such as `p.scoringAnchors`.
    pub(super) fn place_of(&self, path: &[Box<str>]) -> Option<Place<'d>> {
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
    pub(super) fn item(&self, index: usize) -> Option<Self> {
        Some(Self { json: self.json.get(index)?, pointer: format!("{}/{index}", self.pointer) })
    }
}
