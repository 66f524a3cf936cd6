//! Compiling blocks: every expression once, before anything is evaluated. Evaluating is `stage`'s.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use minijinja::Environment;
use plimsoll_core::ErrorCode;
use serde_json::Value as Json;

use crate::error::Problem;
use crate::map::condition;
use crate::map::explain::explain;
use crate::map::expression::Expr;
use crate::read::model::{Each, KeyNulls, OnDuplicate, Ordered, TableBlock};
use crate::read::source::SourceFile;

/// A block with its expressions compiled once.
pub(crate) struct CompiledBlock<'env> {
    pub(super) index: usize,
    pub(super) table: String,
    pub(super) file: Arc<SourceFile>,
    pub(super) offset: usize,
    pub(super) key: Vec<Arc<str>>,
    pub(super) key_nulls: KeyNulls,
    /// Whether the first row of a key is the one that is kept.
    pub(super) is_first: bool,
    pub(super) each: Vec<Loop<'env>>,
    pub(super) lets: Vec<Named<'env>>,
    /// For every `let`, how many of the loops it depends on: it is evaluated again only when one of those moves on.
    pub(super) let_depths: Vec<usize>,
    /// For every `let`, when it is evaluated: by the condition at this position that needs it, for the key, or for the row.
    pub(super) let_turns: Vec<usize>,
    /// For every `let` that depends on nothing but the document and an item of the first loop, a number that it shares with its
    /// likes in other blocks.
    pub(super) let_shared: Vec<Option<usize>>,
    pub(super) when: Vec<Condition<'env>>,
    pub(super) columns: Vec<Named<'env>>,
    pub(super) insert_only: Vec<Named<'env>>,
    /// Key columns of the row as it was called before.
    pub(super) was: Vec<Named<'env>>,
    /// All values of a row that have to be evaluated, as one list: the engine is set up once for a row.
    pub(super) together: Option<Expr<'env>>,
    /// How many values of a row are kept for the next ones.
    pub(super) kept: usize,
    /// What a document or record is called.
    pub(super) root: Arc<str>,
    /// What the file of a document is called.
    pub(super) file_name: Arc<str>,
    /// Whether it has records of its own, `file` or `source`.
    pub(super) is_own: bool,
    /// Whether the fields of a record are the columns.
    pub(super) fields: bool,
    pub(super) rows: Option<Vec<(usize, Literals)>>,
}

/// The `let`s of a dataset that mean the same in several blocks: they are evaluated once for a document, or for an item of it.
#[derive(Default)]
pub(crate) struct Shared {
    by_meaning: HashMap<String, usize>,
}

/// A part of `when`.
pub(super) struct Condition<'env> {
    pub(super) is: Placed<'env>,
    /// How many of the loops it depends on: it is asked before the others begin.
    pub(super) depth: usize,
}

/// A literal row.
pub(super) type Literals = Vec<(Arc<str>, Json)>;

pub(super) struct Placed<'env> {
    pub(super) expr: Expr<'env>,
    pub(super) offset: usize,
}

pub(super) struct Named<'env> {
    pub(super) name: Arc<str>,
    pub(super) value: Placed<'env>,
    pub(super) way: Way,
}

/// How a column comes to its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Evaluated for itself.
    Alone,
    /// At this position of those that are evaluated together.
    Together(usize),
    /// The same for all items of the loops within so many: kept at this position until one of those moves on.
    Kept { position: usize, depth: usize },
}

pub(super) struct Loop<'env> {
    pub(super) list: Placed<'env>,
    pub(super) name: Arc<str>,
    pub(super) index_name: Arc<str>,
}

impl<'env> CompiledBlock<'env> {
    /// Compiles all expressions of a block; every one that is wrong becomes a problem.
    pub(crate) fn compile(
        env: &'env Environment<'static>,
        index: usize,
        file: &Arc<SourceFile>,
        offset: usize,
        block: TableBlock,
        shared: &mut Shared,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut compiler = Compiler { env, file, problems };
        let each = compiler.loops(block.each);
        let lets = compiler.named(block.lets);
        let let_depths = depths(&each, &lets);
        let when = compiler.conditions(block.when.as_ref(), &each, &lets, &let_depths);
        let is_own = block.file.is_some() || block.source.is_some();
        let fields = is_own && block.columns.0.is_empty();
        let mut columns = compiler.named(block.columns);
        let mut insert_only = compiler.named(block.insert_only);
        let mut was = compiler.named(block.was);
        let is_first = block.on_duplicate == OnDuplicate::First && !fields;
        let kept = keep(columns.iter_mut().chain(&mut insert_only).chain(&mut was), &each, &lets, &let_depths);
        let together = together(env, columns.iter_mut().chain(&mut insert_only).chain(&mut was));
        Self {
            index,
            table: block.name.get_ref().clone(),
            file: Arc::clone(file),
            offset,
            key: block.key.get_ref().iter().map(|name| Arc::from(name.as_str())).collect(),
            key_nulls: block.key_nulls,
            let_shared: shared.numbers(&each, &lets, &let_depths),
            let_depths,
            each,
            let_turns: turns(&when, &columns, is_first.then(|| block.key.get_ref().as_slice()), &lets),
            is_first,
            lets,
            when,
            columns,
            insert_only,
            was,
            together,
            kept,
            root: Arc::from(if is_own { "row" } else { "doc" }),
            file_name: Arc::from("file"),
            is_own,
            fields,
            rows: block.rows.map(|rows| {
                let rows = rows.into_iter().map(|row| (row.span().start, literals(row.into_inner())));
                rows.collect()
            }),
        }
    }
}

impl Shared {
    /// A `let` means what its expression says, with what the `let`s mean that it uses.
    fn numbers(&mut self, each: &[Loop<'_>], lets: &[Named<'_>], depths: &[usize]) -> Vec<Option<usize>> {
        let first = each.first().map(|first| format!("{} as {}\n", first.list.expr.source(), first.name));
        let mut meanings: Vec<String> = Vec::with_capacity(lets.len());
        for (position, named) in lets.iter().enumerate() {
            let mut names: Vec<String> = named.value.expr.names().into_iter().collect();
            names.sort();
            let mut meaning = match &named.value.expr {
                Expr::Literal(json) => json.to_string(),
                Expr::Code { source, .. } => source.clone(),
            };
            for name in names {
                if let Some(earlier) = lets[..position].iter().rposition(|earlier| *earlier.name == *name) {
                    meaning.push_str(&format!("\n{name}: ({})", meanings[earlier]));
                }
            }
            meanings.push(meaning);
        }
        let numbered = meanings.into_iter().zip(depths).map(|(meaning, depth)| {
            let next = self.by_meaning.len();
            let meaning = match depth {
                0 => meaning,
                1 => format!("{}{meaning}", first.as_ref()?),
                _ => return None,
            };
            Some(*self.by_meaning.entry(meaning).or_insert(next))
        });
        numbered.collect()
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

    /// The conditions of a `when`, as early as each of them can be asked.
    fn conditions(
        &mut self,
        when: Option<&toml::Spanned<String>>,
        each: &[Loop<'env>],
        lets: &[Named<'env>],
        depths: &[usize],
    ) -> Vec<Condition<'env>> {
        let Some(when) = when else { return Vec::new() };
        let offset = when.span().start;
        let Some(whole) = self.code(offset, when.get_ref()) else { return Vec::new() };
        let parts = condition::parts(when.get_ref());
        let parts: Result<Vec<_>, _> = parts.into_iter().map(|part| Expr::compile(self.env, part)).collect();
        // A loop does not see what a `let` calls, and gives its own names a meaning.
        let of_loops = |name: &str| {
            let is_own = |one: &Loop<'_>| *one.name == *name || *one.index_name == *name;
            each.iter().any(|one| is_own(one) || one.list.expr.names().contains(name))
        };
        let must_wait = any_hides(lets) || lets.iter().any(|named| of_loops(&named.name));
        let placed = parts.unwrap_or_else(|_| vec![whole.expr]).into_iter().map(|expr| {
            let names = expr.names();
            let depth = names.iter().filter_map(|name| depth_of(name, each, lets, depths)).max().unwrap_or(0);
            Condition { is: Placed { expr, offset }, depth: if must_wait { each.len() } else { depth } }
        });
        placed.collect()
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
                named.push(Named { name: Arc::from(name), value, way: Way::Alone });
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

/// The list of all values that are evaluated for each row, each of which learns its place in it.
fn together<'a, 'env: 'a>(
    env: &'env Environment<'static>,
    row: impl Iterator<Item = &'a mut Named<'env>>,
) -> Option<Expr<'env>> {
    let mut list = String::from("[");
    let evaluated = row.filter(|named| named.way == Way::Alone && named.value.expr.is_evaluated());
    let mut ways: Vec<&mut Way> = Vec::new();
    for named in evaluated {
        list.push_str(&format!("({}),", named.value.expr.source()));
        ways.push(&mut named.way);
    }
    list.push(']');
    // What cannot be put together is evaluated one by one.
    let expr = Some(list).filter(|_| ways.len() > 1).and_then(|list| Expr::compile(env, &list).ok())?;
    ways.into_iter().enumerate().for_each(|(position, way)| *way = Way::Together(position));
    Some(expr)
}

/// Lets the columns that do not depend on the innermost loops keep their values; gives how many there are.
fn keep<'a, 'env: 'a>(
    row: impl Iterator<Item = &'a mut Named<'env>>,
    each: &[Loop<'_>],
    lets: &[Named<'_>],
    depths: &[usize],
) -> usize {
    let mut kept = 0;
    for named in row.filter(|named| named.value.expr.is_evaluated()) {
        let names = named.value.expr.names();
        let depth = names.iter().filter_map(|name| depth_of(name, each, lets, depths)).max().unwrap_or(0);
        if depth < each.len() {
            named.way = Way::Kept { position: kept, depth };
            kept += 1;
        }
    }
    kept
}

/// When each `let` is evaluated. The key is asked for where rows are made only once for each key.
fn turns(when: &[Condition<'_>], columns: &[Named<'_>], key: Option<&[String]>, lets: &[Named<'_>]) -> Vec<usize> {
    let mut turns = vec![when.len() + 1; lets.len()];
    let is_key = |named: &&Named<'_>| key.is_some_and(|key| key.iter().any(|name| **name == *named.name));
    let of_key = columns.iter().filter(is_key).flat_map(|named| named.value.expr.names()).collect();
    need(of_key, when.len(), lets, &mut turns);
    for (turn, condition) in when.iter().enumerate().rev() {
        need(condition.is.expr.names(), turn, lets, &mut turns);
    }
    turns
}

/// Gives the `let`s of these names a turn, with those that they need.
fn need(mut names: HashSet<String>, turn: usize, lets: &[Named<'_>], turns: &mut [usize]) {
    let mut given = HashSet::new();
    for (position, named) in lets.iter().enumerate().rev() {
        let uses = named.value.expr.names();
        // An earlier one means what a name meant before a later one gave it a value.
        if names.contains(&*named.name) || uses.iter().any(|name| given.contains(name)) {
            turns[position] = turn;
            given.insert(named.name.to_string());
            names.extend(uses);
        }
    }
}

/// Whether a `let` gives another meaning to a name that one before it uses or is called by.
fn any_hides(lets: &[Named<'_>]) -> bool {
    let uses = |one: &Named<'_>, name: &str| *one.name == *name || one.value.expr.names().contains(name);
    lets.iter().enumerate().any(|(at, later)| lets[..at].iter().any(|one| uses(one, &later.name)))
}

/// How many loops each `let` depends on, through the `let`s before it as well.
fn depths(each: &[Loop<'_>], lets: &[Named<'_>]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(lets.len());
    for (position, named) in lets.iter().enumerate() {
        let names = named.value.expr.names();
        let depth = names.iter().filter_map(|name| depth_of(name, each, &lets[..position], &depths)).max().unwrap_or(0);
        depths.push(depth);
    }
    depths
}

/// How many loops a name depends on that is a `let` or comes from a loop.
fn depth_of(name: &str, each: &[Loop<'_>], lets: &[Named<'_>], depths: &[usize]) -> Option<usize> {
    let known = lets.iter().rposition(|earlier| *earlier.name == *name).map(|at| depths[at]);
    known.or_else(|| each.iter().rposition(|one| *one.name == *name || *one.index_name == *name).map(|at| at + 1))
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
