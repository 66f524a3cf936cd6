//! Whom a deletion would touch: all rows that refer to those that are to go, counted and named before anything is deleted.
//! Whether that is allowed is decided by whoever asks.

use std::collections::{BTreeSet, HashMap};

use plimsoll_core::db::{Catalog, Column, Db, DbError, OnDelete, Stmt, Table, dialect, quoted, scalar};
use serde_json::Value as Json;

use crate::guard::graph::{self, Edge};
use crate::runs::image::{Present, push_condition};
use crate::staged::order::sorted;
use crate::value::{canonical_text, live};

/// A row that is to be deleted.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) table: String,
    /// The columns that identify it.
    pub(crate) identity: Vec<String>,
    pub(crate) row: Present,
}

/// What stands around the rows that are to go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Closure {
    /// References among them: who refers, to whom, by which columns.
    pub(crate) links: Vec<Link>,
    /// Rows that stay, and what would happen to them.
    pub(crate) outside: Vec<Outside>,
}

/// A reference among rows that are to go.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) child: usize,
    pub(crate) parent: usize,
    pub(crate) columns: Vec<String>,
    /// Whether the reference can be taken away before the row is.
    pub(crate) nullable: bool,
}

/// Rows of one table that stay and refer to rows that are to go.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
    pub(crate) effect: OnDelete,
    /// How many, nothing when the database hides them.
    pub(crate) rows: Option<u64>,
    pub(crate) parent: String,
    /// Their identities and whom they refer to, where they are few enough and of a table that is asked about.
    pub(crate) known: Option<Vec<(String, usize)>>,
    /// What would be deleted or changed with them, further away.
    pub(crate) deeper: Vec<(String, OnDelete, u64)>,
}

/// The order of deleting, with what has to be set to NULL first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Order {
    pub(crate) rows: Vec<usize>,
    pub(crate) nulled: Vec<(usize, Vec<String>)>,
}

/// Rows read one by one per foreign key; where there are more, they are only counted.
const KNOWN: u64 = 20_000;

/// Identities per query.
const CHUNK: usize = 200;

/// How far away tables are counted for messages.
const DEPTH: usize = 6;

/// Looks at everything that refers to the targets. `declared` are tables whose rows are worth knowing one by one.
pub(crate) fn closure(
    db: &mut dyn Db,
    catalog: &Catalog,
    targets: &[Target],
    declared: &BTreeSet<&str>,
) -> Result<Closure, DbError> {
    let mut closure = Closure::default();
    if targets.is_empty() {
        return Ok(closure);
    }
    let edges = graph::read(db, catalog)?;
    let mut tables: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, target) in targets.iter().enumerate() {
        tables.entry(&target.table).or_default().push(index);
    }
    let by_identity: HashMap<(&str, &str), usize> = targets
        .iter()
        .enumerate()
        .map(|(index, target)| ((target.table.as_str(), target.row.identity.as_str()), index))
        .collect();
    for edge in &edges {
        let Some(parents) = tables.get(edge.parent.as_str()) else { continue };
        let mut walk = Walk { db, catalog, edges: &edges, edge, targets, parents };
        let wanted = tables.contains_key(edge.table.as_str()) || declared.contains(edge.table.as_str());
        walk.one(wanted, &by_identity, &mut closure)?;
    }
    Ok(closure)
}

/// Children before parents. Where rows refer to each other in a circle, a reference that may be NULL is taken away first.
///
/// # Errors
/// The rows of a circle in which no reference may be NULL.
pub(crate) fn order(closure: &Closure, count: usize) -> Result<Order, Vec<usize>> {
    let mut links: Vec<&Link> = closure.links.iter().filter(|link| link.child != link.parent).collect();
    let mut nulled: Vec<(usize, Vec<String>)> = Vec::new();
    loop {
        let mut needs = vec![Vec::new(); count];
        links.iter().for_each(|link| needs[link.parent].push(link.child));
        let circles = match sorted(&needs) {
            Ok(rows) => return Ok(Order { rows, nulled }),
            Err(circles) => circles,
        };
        // One link of each, all in one pass: there may be as many circles as pairs of rows.
        let mut circle_of: HashMap<usize, usize> = HashMap::new();
        for (number, circle) in circles.iter().enumerate() {
            circle_of.extend(circle.iter().map(|row| (*row, number)));
        }
        let mut broken: Vec<Option<&Link>> = vec![None; circles.len()];
        for link in links.iter().copied().filter(|link| link.nullable) {
            if let (Some(child), Some(parent)) = (circle_of.get(&link.child), circle_of.get(&link.parent))
                && child == parent
            {
                broken[*child].get_or_insert(link);
            }
        }
        if let Some(stuck) = broken.iter().position(Option::is_none) {
            return Err(circles.into_iter().nth(stuck).unwrap_or_default());
        }
        let broken: BTreeSet<(usize, &[String])> =
            broken.into_iter().flatten().map(|link| (link.child, link.columns.as_slice())).collect();
        nulled.extend(broken.iter().map(|(child, columns)| (*child, columns.to_vec())));
        links.retain(|link| !broken.contains(&(link.child, link.columns.as_slice())));
    }
}

struct Walk<'w> {
    db: &'w mut dyn Db,
    catalog: &'w Catalog,
    edges: &'w [Edge],
    edge: &'w Edge,
    targets: &'w [Target],
    parents: &'w [usize],
}

impl Walk<'_> {
    fn one(
        &mut self,
        wanted: bool,
        targets: &HashMap<(&str, &str), usize>,
        closure: &mut Closure,
    ) -> Result<(), DbError> {
        let edge = self.edge;
        let mut outside = Outside {
            table: edge.shown(),
            columns: edge.columns.clone(),
            effect: edge.on_delete,
            rows: None,
            parent: edge.parent.clone(),
            known: None,
            deeper: Vec::new(),
        };
        if edge.hidden {
            closure.outside.push(outside);
            return Ok(());
        }
        let mut count = 0;
        for chunk in self.parents.chunks(CHUNK) {
            count += self.count(edge, self.parents_where(chunk)?)?;
        }
        if count == 0 {
            return Ok(());
        }
        let child = self.catalog.tables.get(&edge.table).filter(|_| edge.schema.is_none() && wanted);
        let own = self.targets.iter().filter(|target| target.table == edge.table).count() as u64;
        if let Some(child) = child.filter(|_| count <= KNOWN.max(own * 2)) {
            let nullable = edge.columns.iter().all(|name| child.column(name).is_some_and(|column| column.nullable));
            let mut known = Vec::new();
            for (identity, parent) in self.pairs(child)? {
                match targets.get(&(edge.table.as_str(), identity.as_str())) {
                    Some(child) => {
                        closure.links.push(Link { child: *child, parent, columns: edge.columns.clone(), nullable });
                    }
                    None => known.push((identity, parent)),
                }
            }
            if known.is_empty() {
                return Ok(());
            }
            outside.rows = Some(known.len() as u64);
            outside.known = Some(known);
        } else {
            outside.rows = Some(count);
        }
        if edge.on_delete == OnDelete::Cascade {
            outside.deeper = self.deeper()?;
        }
        closure.outside.push(outside);
        Ok(())
    }

    /// `SELECT <referred columns> FROM <parent> WHERE <these rows>`.
    fn parents_where(&self, rows: &[usize]) -> Result<Stmt, DbError> {
        let engine = self.db.engine();
        let columns: Vec<String> = self.edge.references.iter().map(|name| quoted(engine, name)).collect();
        let mut stmt =
            Stmt::new(format!("SELECT {} FROM {} WHERE ", columns.join(", "), quoted(engine, &self.edge.parent)));
        self.push_rows(&mut stmt, rows);
        Ok(stmt)
    }

    fn push_rows(&self, stmt: &mut Stmt, rows: &[usize]) {
        let Some(first) = rows.first().map(|row| &self.targets[*row]) else { return };
        let table = self.catalog.tables.get(&self.edge.parent);
        let identity: Vec<&Column> =
            first.identity.iter().filter_map(|name| table.and_then(|table| table.column(name))).collect();
        let images: Vec<_> = rows.iter().map(|row| &self.targets[*row].row.image).collect();
        push_condition(self.db.engine(), stmt, &identity, &images);
    }

    fn count(&mut self, edge: &Edge, parents: Stmt) -> Result<u64, DbError> {
        let stmt = Stmt::new(format!("SELECT count(*) FROM {} WHERE ", edge.quoted(self.db.engine())));
        let stmt = self.referring(stmt, edge, parents);
        let count = scalar(self.db, &stmt)?.as_int().unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn referring(&self, stmt: Stmt, edge: &Edge, parents: Stmt) -> Stmt {
        let columns: Vec<String> = edge.columns.iter().map(|name| quoted(self.db.engine(), name)).collect();
        stmt.sql(format!("({}) IN (", columns.join(", "))).append(parents).sql(")")
    }

    /// Who refers to which of the rows.
    fn pairs(&mut self, child: &Table) -> Result<Vec<(String, usize)>, DbError> {
        let engine = self.db.engine();
        let edge = self.edge;
        let first = &self.targets[self.parents[0]];
        let parent = self.catalog.tables.get(&edge.parent);
        let columns = |table: Option<&'_ Table>, names: &[String]| -> Vec<Column> {
            names.iter().filter_map(|name| table?.column(name).cloned()).collect()
        };
        let of_parent = columns(parent, &first.identity);
        let of_child = columns(Some(child), &child_identity(child, self.targets, &edge.table));
        let list = |columns: &[Column], names: &[String], id: &str, value: &str| -> String {
            let ids = columns
                .iter()
                .enumerate()
                .map(|(at, column)| format!("{} AS {id}{at}", dialect::read_expr(engine, column)));
            let values = names.iter().enumerate().map(|(at, name)| format!("{} AS {value}{at}", quoted(engine, name)));
            ids.chain(values).collect::<Vec<_>>().join(", ")
        };
        let mut pairs = Vec::new();
        let by_identity: HashMap<&str, usize> =
            self.parents.iter().map(|row| (self.targets[*row].row.identity.as_str(), *row)).collect();
        for chunk in self.parents.chunks(CHUNK) {
            let shown: Vec<String> = (0..of_child.len())
                .map(|at| format!("c.i{at}"))
                .chain((0..of_parent.len()).map(|at| format!("p.k{at}")))
                .collect();
            let mut stmt = Stmt::new(format!(
                "SELECT {} FROM (SELECT {} FROM {}) c JOIN (SELECT {} FROM {} WHERE ",
                shown.join(", "),
                list(&of_child, &edge.columns, "i", "f"),
                quoted(engine, &edge.table),
                list(&of_parent, &edge.references, "k", "r"),
                quoted(engine, &edge.parent),
            ));
            self.push_rows(&mut stmt, chunk);
            let on: Vec<String> = (0..edge.columns.len()).map(|at| format!("c.f{at} = p.r{at}")).collect();
            for row in self.db.rows(&stmt.sql(format!(") p ON {}", on.join(" AND "))))? {
                let mut values = row.into_values();
                let mut text = |columns: &[Column]| {
                    let parts = columns.iter().zip(values.by_ref()).map(|(column, value)| live(column, value));
                    canonical_text(&Json::Array(parts.collect()))
                };
                let (child, parent) = (text(&of_child), text(&of_parent));
                if let Some(parent) = by_identity.get(parent.as_str()) {
                    pairs.push((child, *parent));
                }
            }
        }
        Ok(pairs)
    }

    /// What cascades on from rows that would be deleted, table by table.
    fn deeper(&mut self) -> Result<Vec<(String, OnDelete, u64)>, DbError> {
        let mut found = Vec::new();
        let first = &self.parents[..self.parents.len().min(CHUNK)];
        let mut waiting = vec![(self.edge, self.parents_where(first)?, 0)];
        while let Some((edge, parents, depth)) = waiting.pop() {
            for next in self.edges.iter().filter(|next| edge.schema.is_none() && next.parent == edge.table) {
                let engine = self.db.engine();
                let columns: Vec<String> = next.references.iter().map(|name| quoted(engine, name)).collect();
                let doomed = Stmt::new(format!("SELECT {} FROM {} WHERE ", columns.join(", "), edge.quoted(engine)));
                let doomed = self.referring(doomed, edge, parents.clone());
                let count = self.count(next, doomed.clone())?;
                if count > 0 {
                    found.push((next.shown(), next.on_delete, count));
                    if next.on_delete == OnDelete::Cascade && depth < DEPTH {
                        waiting.push((next, doomed, depth + 1));
                    }
                }
            }
        }
        Ok(found)
    }
}

fn child_identity(child: &Table, targets: &[Target], name: &str) -> Vec<String> {
    match targets.iter().find(|target| target.table == name) {
        Some(target) => target.identity.clone(),
        None => child.primary_key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(child: usize, parent: usize, nullable: bool) -> Link {
        Link { child, parent, columns: vec!["parent_id".to_owned()], nullable }
    }

    #[test]
    fn children_go_before_their_parents_and_rows_that_refer_to_themselves_are_no_circle() {
        let links = vec![link(2, 1, false), link(1, 0, false), link(0, 0, false)];
        let order = order(&Closure { links, outside: Vec::new() }, 3).expect("there is no circle");
        assert_eq!(order, Order { rows: vec![2, 1, 0], nulled: Vec::new() });
    }

    #[test]
    fn a_circle_is_broken_where_a_reference_may_be_null_and_nowhere_else() {
        let links = vec![link(0, 1, false), link(1, 0, true)];
        let broken = order(&Closure { links, outside: Vec::new() }, 2).expect("one of them may be NULL");
        assert_eq!(broken.nulled, [(1, vec!["parent_id".to_owned()])]);
        let links = vec![link(0, 1, false), link(1, 0, false)];
        assert!(order(&Closure { links, outside: Vec::new() }, 2).is_err());
    }

    #[test]
    fn as_many_circles_as_pairs_of_rows_are_broken_at_once() {
        const PAIRS: usize = 50_000;
        let pairs = (0..PAIRS).map(|pair| pair * 2);
        let links = pairs.flat_map(|row| [link(row, row + 1, false), link(row + 1, row, true)]).collect();
        let order = order(&Closure { links, outside: Vec::new() }, PAIRS * 2).expect("one of each may be NULL");
        assert_eq!((order.rows.len(), order.nulled.len()), (PAIRS * 2, PAIRS));
    }
}
