//! Staged rows: what the files say a database should hold, before any database is asked. Their order is `order`'s.

pub(crate) mod level;
pub(crate) mod order;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use plimsoll_core::ErrorCode;
use serde_json::{Map, Value as Json};

use crate::error::Problem;
use crate::read::document::Document;
use crate::read::model::{EditPolicy, Mode, OnDuplicate};
use crate::read::source::{Source, SourceFile};
use crate::value::{RowKey, canonical_text, object_fingerprint, write_canonical, write_json};

/// A value of a staged row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Value(Json),
    /// A list or an object of a document, as it stands there: whole documents are not worth a copy.
    Part(Part),
    /// The primary key of another row: an index into the interned references.
    Ref(usize),
}

/// A part of a document.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) document: Arc<Document>,
    /// The JSON pointer of a part that is there.
    pub(crate) pointer: Box<str>,
}

/// One declared row.
#[derive(Debug, Clone)]
pub(crate) struct StagedRow {
    pub(crate) block: usize,
    /// Where the key columns are among all [`Self::cells`], in the order of the table's key.
    pub(crate) key: Box<[usize]>,
    /// The key with symbolic references: the same in every database.
    pub(crate) symbol: RowKey,
    /// The SHA-256 of `symbol` in its canonical form.
    pub(crate) row_key: String,
    pub(crate) columns: Vec<(Arc<str>, Cell)>,
    pub(crate) insert_only: Vec<(Arc<str>, Cell)>,
    pub(crate) source: Source,
    /// The key that the row had before, when the files say so.
    pub(crate) was: Option<Box<Was>>,
    /// 0, or one more than the highest row of the same table that this one refers to.
    pub(crate) level: usize,
    /// Columns that refer to a row of the same table which is written later: they are filled afterwards.
    pub(crate) deferred: Vec<Arc<str>>,
}

/// The key that a row had before.
#[derive(Debug, Clone)]
pub(crate) struct Was {
    pub(crate) key: Vec<Cell>,
    /// As [`StagedRow::row_key`].
    pub(crate) row_key: String,
}

/// The declared rows of one table.
#[derive(Debug, Clone)]
pub(crate) struct StagedTable {
    pub(crate) name: String,
    pub(crate) key: Vec<String>,
    pub(crate) rows: Vec<StagedRow>,
    /// The first dataset that declares it, for the order.
    pub(crate) rank: usize,
    /// The tables that its rows refer to.
    pub(crate) needs: Vec<usize>,
    /// Whether rows of it refer to others of it.
    pub(crate) is_nested: bool,
}

/// A `[[table]]` block, for places and policies of its rows.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) dataset: usize,
    pub(crate) table: String,
    pub(crate) key: Vec<String>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) offset: usize,
    pub(crate) columns: HashMap<String, usize>,
    pub(crate) mode: Mode,
    pub(crate) on_edit: EditPolicy,
    pub(crate) on_duplicate: OnDuplicate,
    /// Columns whose values are neither shown nor remembered.
    pub(crate) secret: HashSet<String>,
}

/// What a reference gives when neither the files nor the database have its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Nothing: it is a mistake.
    Error,
    /// NULL, until the row is there.
    Null,
    /// The value it was looked up by, until the row is there.
    Keep,
}

/// A reference that some row makes; equal ones are one.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) table: String,
    pub(crate) key: Vec<(String, Cell)>,
    pub(crate) missing: Missing,
    pub(crate) symbol: Json,
    /// The staged row it means: table and row.
    pub(crate) staged: Option<(usize, usize)>,
    /// How many staged rows it may mean.
    pub(crate) meant: usize,
    /// Who refers first, for the error when nobody is there.
    pub(crate) source: Source,
    pub(crate) offset: usize,
}

/// All references, interned so that each is looked up once. A nested reference has a lower index than the outer one.
#[derive(Debug, Clone, Default)]
pub(crate) struct References {
    pub(crate) all: Vec<Reference>,
    by_text: HashMap<Vec<u8>, usize>,
}

/// By the text of a key: the first row that has it, and how many have it.
type Meant = HashMap<String, (usize, usize)>;

impl References {
    /// The index of a reference, new or known.
    pub(crate) fn intern(
        &mut self,
        table: &str,
        key: Vec<(String, Cell)>,
        missing: Missing,
        source: &Source,
        offset: usize,
    ) -> usize {
        let mut text = Vec::new();
        write_json(&(missing as u8, table), &mut text);
        for (column, cell) in &key {
            write_json(column, &mut text);
            write_canonical(self.meaning(cell), &mut text);
        }
        if let Some(known) = self.by_text.get(&text) {
            return *known;
        }
        let columns: Map<String, Json> = key.iter().map(|(column, cell)| (column.clone(), self.symbol(cell))).collect();
        let symbol = serde_json::json!({ "ref": table, "key": columns });
        let (table, source) = (table.to_owned(), source.clone());
        self.adopt(text, Reference { table, key, missing, symbol, staged: None, meant: 0, source, offset })
    }

    /// The index of a reference whose text is known, new or known itself.
    pub(crate) fn adopt(&mut self, text: Vec<u8>, reference: Reference) -> usize {
        *self.by_text.entry(text).or_insert_with(|| {
            self.all.push(reference);
            self.all.len() - 1
        })
    }

    /// All references with their texts, in order.
    pub(crate) fn into_texts(self) -> impl Iterator<Item = (Vec<u8>, Reference)> {
        let mut texts = vec![Vec::new(); self.all.len()];
        for (text, index) in self.by_text {
            texts[index] = text;
        }
        texts.into_iter().zip(self.all)
    }

    /// Those that rows make, in order: a row that lost against another one of its key may have left some of its own.
    pub(crate) fn used(&self, tables: &[StagedTable]) -> impl Iterator<Item = usize> {
        let mut used = vec![false; self.all.len()];
        for (_, cell) in tables.iter().flat_map(|table| &table.rows).flat_map(StagedRow::cells) {
            self.mark(cell, &mut used);
        }
        used.into_iter().enumerate().filter_map(|(index, used)| used.then_some(index))
    }

    fn mark(&self, cell: &Cell, used: &mut [bool]) {
        if let Cell::Ref(index) = cell
            && !std::mem::replace(&mut used[*index], true)
        {
            self.all[*index].key.iter().for_each(|(_, inner)| self.mark(inner, used));
        }
    }

    /// A cell as JSON, references by their natural key.
    pub(crate) fn symbol(&self, cell: &Cell) -> Json {
        self.meaning(cell).clone()
    }

    /// As [`Self::symbol`], without a copy.
    pub(crate) fn meaning<'a>(&'a self, cell: &'a Cell) -> &'a Json {
        match cell {
            Cell::Value(value) => value,
            Cell::Part(part) => part.json(),
            Cell::Ref(index) => &self.all[*index].symbol,
        }
    }

    /// Finds the staged row of every reference. Indexes are built per table and set of columns, once.
    pub(crate) fn connect(&mut self, tables: &[StagedTable]) {
        let by_name: HashMap<&str, usize> =
            tables.iter().enumerate().map(|(index, table)| (table.name.as_str(), index)).collect();
        let mut indexes: HashMap<(usize, Vec<String>), Meant> = HashMap::new();
        for index in 0..self.all.len() {
            let reference = &self.all[index];
            let Some(table) = by_name.get(reference.table.as_str()).copied() else { continue };
            let columns: Vec<String> = reference.key.iter().map(|(column, _)| column.clone()).collect();
            let wanted =
                canonical_text(&Json::Array(reference.key.iter().map(|(_, cell)| self.symbol(cell)).collect()));
            let rows = indexes.entry((table, columns)).or_insert_with_key(|(_, columns)| {
                let rows = tables[table].rows.iter().enumerate();
                let mut found = Meant::new();
                for (text, row) in rows.filter_map(|(row, staged)| Some((self.row_text(staged, columns)?, row))) {
                    found.entry(text).or_insert((row, 0)).1 += 1;
                }
                found
            });
            let found = rows.get(&wanted).copied();
            self.all[index].staged = found.map(|(row, _)| (table, row));
            self.all[index].meant = found.map_or(0, |(_, count)| count);
        }
    }

    fn row_text(&self, row: &StagedRow, columns: &[String]) -> Option<String> {
        let cells = columns.iter().map(|wanted| {
            let mut all = row.columns.iter().chain(&row.insert_only);
            all.find(|(column, _)| **column == **wanted).map(|(_, cell)| self.symbol(cell))
        });
        Some(canonical_text(&Json::Array(cells.collect::<Option<_>>()?)))
    }

    /// All tables that a cell refers to, nested references included.
    pub(crate) fn tables_of(&self, cell: &Cell, visit: &mut dyn FnMut(&Reference)) {
        if let Cell::Ref(index) = cell {
            let reference = &self.all[*index];
            visit(reference);
            for (_, inner) in &reference.key {
                self.tables_of(inner, visit);
            }
        }
    }
}

impl Cell {
    /// What is declared itself, unless it is a row of another table.
    pub(crate) fn value(&self) -> Option<&Json> {
        match self {
            Self::Value(value) => Some(value),
            Self::Part(part) => Some(part.json()),
            Self::Ref(_) => None,
        }
    }
}

impl Part {
    fn json(&self) -> &Json {
        self.document.json.pointer(&self.pointer).unwrap_or(&Json::Null)
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.json() == other.json()
    }
}

impl StagedRow {
    /// The key columns' values, in the order of the table's key.
    pub(crate) fn key(&self) -> impl Iterator<Item = &Cell> {
        self.key.iter().filter_map(|at| Some(&self.cells().nth(*at)?.1))
    }

    /// All cells that are written when the row is created.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &(Arc<str>, Cell)> {
        self.columns.iter().chain(&self.insert_only)
    }

    /// A fingerprint of everything the files say about the row but its secrets, the same in every database.
    pub(crate) fn content(&self, references: &References, secret: &HashSet<String>) -> String {
        let open = self.cells().filter(|(column, _)| !secret.contains(&**column));
        object_fingerprint(open.map(|(column, cell)| (&**column, references.meaning(cell))).collect())
    }
}

/// Sorts staged rows into tables, by the order of their datasets and blocks, and settles duplicates.
pub(crate) fn tables(rows: Vec<Vec<StagedRow>>, blocks: &[Block], problems: &mut Vec<Problem>) -> Vec<StagedTable> {
    let mut tables: Vec<StagedTable> = Vec::new();
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut seen: HashMap<(usize, String), usize> = HashMap::with_capacity(rows.iter().map(Vec::len).sum());
    let mut counts = vec![0; blocks.len()];
    rows.iter().flatten().for_each(|row| counts[row.block] += 1);
    let count =
        |table: &str| blocks.iter().zip(&counts).filter(|(of, _)| of.table == table).map(|(_, rows)| rows).sum();
    for row in rows.into_iter().flatten() {
        let block = &blocks[row.block];
        let index = *by_name.entry(block.table.as_str()).or_insert_with(|| {
            tables.push(StagedTable {
                name: block.table.clone(),
                key: block.key.clone(),
                rows: Vec::with_capacity(count(&block.table)),
                rank: block.dataset,
                needs: Vec::new(),
                is_nested: false,
            });
            tables.len() - 1
        });
        let table = &mut tables[index];
        let earlier = match seen.entry((index, row.row_key.clone())) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                new.insert(table.rows.len());
                table.rows.push(row);
                continue;
            }
        };
        match policy(&table.rows[earlier], &row, blocks) {
            OnDuplicate::First => {}
            OnDuplicate::Last => table.rows[earlier] = row,
            OnDuplicate::Error => problems.push(duplicate(&table.name, &table.rows[earlier], &row, blocks)),
        }
    }
    // A dataset that is kept in sync may have come to declare no row at all.
    for block in blocks.iter().filter(|block| block.mode == Mode::Sync) {
        if !tables.iter().any(|table| table.name == block.table) {
            let (name, key) = (block.table.clone(), block.key.clone());
            tables.push(StagedTable {
                name,
                key,
                rows: Vec::new(),
                rank: block.dataset,
                needs: Vec::new(),
                is_nested: false,
            });
        }
    }
    tables
}

/// The later block decides, unless one of the two calls duplicates an error or they are of different datasets.
fn policy(earlier: &StagedRow, later: &StagedRow, blocks: &[Block]) -> OnDuplicate {
    let (first, second) = (&blocks[earlier.block], &blocks[later.block]);
    if first.dataset != second.dataset || first.on_duplicate == OnDuplicate::Error {
        return OnDuplicate::Error;
    }
    second.on_duplicate
}

fn duplicate(table: &str, earlier: &StagedRow, later: &StagedRow, blocks: &[Block]) -> Problem {
    let (first, second) = (&blocks[earlier.block], &blocks[later.block]);
    let label = later.symbol.label();
    let other = earlier.source.location();
    let message = if first.dataset == second.dataset {
        format!("`{table}` {label} is declared twice, first at {other}")
    } else {
        format!("`{table}` {label} is declared by two datasets, first at {other} by {}", first.file.path.display())
    };
    Problem::new(ErrorCode::SeedDuplicate, Some(later.source.location()), message)
}
