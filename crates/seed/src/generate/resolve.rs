//! Names of expressions become columns, rows and functions, and circles are found. Nothing here makes a value.

use minijinja::Value as Name;
use plimsoll_core::toml_file::nearest;

use crate::generate::call::{FUNCTIONS, read_constant};
use crate::generate::draft::{Draft, levels_up};
use crate::generate::model::{Expression, Rows, Total};
use crate::generate::scalar::{Scalar, Wrong};
use crate::generate::syntax::Tree;

/// A slot of a table.
pub(crate) type Place = (usize, usize);

/// One expression on its way.
pub(crate) struct Resolver<'a> {
    pub(crate) drafts: &'a [Draft],
    pub(crate) names: &'a Name,
    pub(crate) table: usize,
    /// How many calls there were so far: each draws numbers of its own.
    pub(crate) sites: u32,
    /// What has to be known first.
    pub(crate) needs: Vec<Place>,
}

/// How far the kind of a name is followed through other names.
const DEEPEST: usize = 32;

impl Resolver<'_> {
    pub(crate) fn resolve(&mut self, tree: &Tree) -> Result<Expression, Wrong> {
        let boxed = |this: &mut Self, tree: &Tree| this.resolve(tree).map(Box::new);
        Ok(match tree {
            Tree::Constant(scalar) => Expression::Constant(scalar.clone()),
            Tree::Name(name) => return self.name(name),
            Tree::Attribute(of, name) => return self.attribute(of, name),
            Tree::Call(name, arguments) => return self.call(name, arguments),
            Tree::List(_) => return Err(Wrong("a list stands in `pick([..])` or behind `in`".to_owned())),
            Tree::Binary(operator, a, b) => Expression::Binary(*operator, boxed(self, a)?, boxed(self, b)?),
            Tree::And(a, b) => Expression::And(boxed(self, a)?, boxed(self, b)?),
            Tree::Or(a, b) => Expression::Or(boxed(self, a)?, boxed(self, b)?),
            Tree::In(value, items) => {
                let value = boxed(self, value)?;
                Expression::In(value, items.iter().map(|item| self.resolve(item)).collect::<Result<_, _>>()?)
            }
            Tree::Not(inner) => Expression::Not(boxed(self, inner)?),
            Tree::Minus(inner) => Expression::Minus(boxed(self, inner)?),
            Tree::If(condition, value, other) => {
                Expression::If(boxed(self, condition)?, boxed(self, value)?, boxed(self, other)?)
            }
        })
    }

    fn name(&mut self, name: &str) -> Result<Expression, Wrong> {
        if let Some(slot) = self.drafts[self.table].slot(name) {
            self.needs.push((self.table, slot));
            return Ok(Expression::Own(slot));
        }
        if let Some(found) = self.member(self.table, Expression::This, name) {
            return Ok(found);
        }
        if self.drafts.iter().any(|draft| draft.name == name) {
            return Err(Wrong(format!("`{name}` is a table: `pick({name})` takes one of its rows")));
        }
        match self.names.get_attr(name) {
            Ok(value) if !value.is_undefined() => Scalar::of_name(&value)
                .map(Expression::Constant)
                .ok_or_else(|| Wrong(format!("`{name}` is a {}, which generators do not take", value.kind()))),
            _ => Err(self.unknown(self.table, name)),
        }
    }

    /// What every row has besides its columns: its number, its place, the rows it belongs to.
    fn member(&self, table: usize, of: Expression, name: &str) -> Option<Expression> {
        let of = Box::new(of);
        match name {
            "n" => return Some(Expression::Number(of)),
            "i" => return Some(Expression::Place(of)),
            "parent" if self.drafts[table].parent.is_some() => return Some(Expression::Above(of, 1)),
            _ => {}
        }
        let wanted = self.drafts.iter().position(|draft| draft.name == name)?;
        if self.drafts[table].mirror == Some(wanted) {
            return Some(Expression::Mirrored(of));
        }
        let up = levels_up(self.drafts, self.drafts[table].parent?, wanted)?;
        Some(Expression::Above(of, up + 1))
    }

    fn attribute(&mut self, of: &Tree, name: &str) -> Result<Expression, Wrong> {
        let Some(table) = self.row_of(self.table, of, 0) else {
            return Err(Wrong(format!("what stands before `.{name}` is no row")));
        };
        let row = self.resolve(of)?;
        if let Some(slot) = self.drafts[table].slot(name) {
            self.needs.push((table, slot));
            return Ok(Expression::Of(Box::new(row), slot));
        }
        self.member(table, row, name).ok_or_else(|| self.unknown(table, name))
    }

    fn call(&mut self, name: &str, arguments: &[Tree]) -> Result<Expression, Wrong> {
        let total = match name {
            "sum" => Some(Total::Sum),
            "min" if arguments.len() == 1 => Some(Total::Least),
            "max" if arguments.len() == 1 => Some(Total::Greatest),
            _ => None,
        };
        match (name, arguments, total) {
            (_, [Tree::Attribute(rows, column)], Some(total)) => {
                let (of, table) = self.children(rows)?;
                let slot = self.drafts[table].slot(column).ok_or_else(|| self.unknown(table, column))?;
                self.needs.push((table, slot));
                Ok(Expression::Total { total, of: Box::new(of), table, slot })
            }
            (_, _, Some(_)) => {
                Err(Wrong(format!("{name}() takes a column of rows, as in `{name}(order_line.amount)`")))
            }
            ("count", [rows], None) => {
                let (of, table) = self.children(rows)?;
                Ok(Expression::Count { of: Box::new(of), table })
            }
            ("pick", [Tree::List(items)], None) => self.pick_of(items.iter().map(|item| (item, 1)).collect()),
            ("pick", [rows], None) => self.pick(rows),
            ("weighted", pairs, None) => {
                let weight = |tree: &Tree| match tree {
                    Tree::Constant(Scalar::Int(weight)) => u64::try_from(*weight).ok(),
                    _ => None,
                };
                let items = pairs.chunks(2).map(|pair| match pair {
                    [item, by] => Some((item, weight(by)?)),
                    _ => None,
                });
                let wrong =
                    || Wrong("weighted() takes values and their weights, as in `weighted('a', 3, 'b', 1)`".to_owned());
                let items = items.collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
                self.pick_of(items)
            }
            _ => self.function(name, arguments),
        }
    }

    fn function(&mut self, name: &str, arguments: &[Tree]) -> Result<Expression, Wrong> {
        let Some((_, function, takes)) = FUNCTIONS.iter().find(|(known, _, _)| *known == name) else {
            let known = FUNCTIONS.iter().map(|(name, _, _)| *name).chain(["pick", "weighted", "sum", "count"]);
            let hint = nearest(name, known).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            return Err(Wrong(format!("there is no function `{name}`{hint}")));
        };
        if !takes.contains(&arguments.len()) {
            let (least, most) = (takes.start(), takes.end());
            let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
            return Err(Wrong(format!("{name}() takes {takes} values, not {}", arguments.len())));
        }
        self.sites += 1;
        let site = self.sites;
        let mut resolved = Vec::with_capacity(arguments.len());
        for argument in arguments {
            resolved.push(match self.resolve(argument)? {
                Expression::Constant(constant) => Expression::Constant(read_constant(*function, &constant)?),
                other => other,
            });
        }
        Ok(Expression::Call { function: *function, site, arguments: resolved })
    }

    fn pick(&mut self, rows: &Tree) -> Result<Expression, Wrong> {
        self.sites += 1;
        let site = self.sites;
        if let Tree::Name(name) = rows
            && let Some(table) = self.drafts.iter().position(|draft| draft.name == *name)
        {
            let mut above = Some(table);
            while let Some(table) = above {
                self.needs_rows(table);
                above = self.drafts[table].parent;
            }
            return Ok(Expression::Pick { site, table });
        }
        let (of, table) = self.children(rows)?;
        Ok(Expression::PickChild { site, of: Box::new(of), table })
    }

    fn pick_of(&mut self, items: Vec<(&Tree, u64)>) -> Result<Expression, Wrong> {
        self.sites += 1;
        let site = self.sites;
        let total = items.iter().map(|(_, weight)| *weight).fold(0, u64::saturating_add);
        if total == 0 {
            return Err(Wrong("there is nothing to pick from".to_owned()));
        }
        let mut resolved = Vec::with_capacity(items.len());
        for (item, weight) in items {
            resolved.push((self.resolve(item)?, weight));
        }
        Ok(Expression::PickOf { site, items: resolved, total })
    }

    /// The rows that belong to a row: `order_line` of this one, or `order.order_line` of another.
    fn children(&mut self, tree: &Tree) -> Result<(Expression, usize), Wrong> {
        let (of, owner, name) = match tree {
            Tree::Name(name) => (Expression::This, self.table, name),
            Tree::Attribute(of, name) => match self.row_of(self.table, of, 0) {
                Some(owner) => (self.resolve(of)?, owner, name),
                None => return Err(Wrong(format!("what stands before `.{name}` is no row"))),
            },
            _ => return Err(Wrong("expected the rows that belong to a row, by the name of their table".to_owned())),
        };
        let belongs = |draft: &Draft| draft.parent == Some(owner);
        let Some(table) = self.drafts.iter().position(|draft| draft.name == *name && belongs(draft)) else {
            let known = self.drafts.iter().filter(|draft| belongs(draft)).map(|draft| draft.name.as_str());
            let hint = nearest(name, known).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            return Err(Wrong(format!("no rows of `{name}` belong to a row of `{}`{hint}", self.drafts[owner].name)));
        };
        self.needs_rows(table);
        Ok((of, table))
    }

    /// To know which rows a table has, its condition has to be known, and that of what it mirrors.
    fn needs_rows(&mut self, table: usize) {
        self.needs.extend(self.drafts[table].when.map(|when| (table, when)));
        if let Rows::Mirror { table: mirrored, .. } = self.drafts[table].rows {
            self.needs_rows(mirrored);
        }
    }

    /// The table that an expression gives a row of.
    fn row_of(&self, table: usize, tree: &Tree, depth: usize) -> Option<usize> {
        if depth > DEEPEST {
            return None;
        }
        let named = |table: usize, name: &str| match self.drafts[table].slot(name) {
            Some(slot) => self.row_of(table, &self.drafts[table].slots[slot].tree, depth + 1),
            None if name == "parent" => self.drafts[table].parent,
            None => {
                let wanted = self.drafts.iter().position(|draft| draft.name == name)?;
                let is_above = self.drafts[table].parent.is_some_and(|up| levels_up(self.drafts, up, wanted).is_some());
                (is_above || self.drafts[table].mirror == Some(wanted)).then_some(wanted)
            }
        };
        match tree {
            Tree::Name(name) => named(table, name),
            Tree::Attribute(of, name) => named(self.row_of(table, of, depth + 1)?, name),
            Tree::Call(name, arguments) if name == "pick" => match arguments.as_slice() {
                [Tree::Name(name) | Tree::Attribute(_, name)] => {
                    self.drafts.iter().position(|draft| draft.name == *name)
                }
                _ => None,
            },
            Tree::If(_, value, other) => self.row_of(table, value, depth + 1).filter(|found| {
                matches!(**other, Tree::Constant(Scalar::None)) || self.row_of(table, other, depth + 1) == Some(*found)
            }),
            _ => None,
        }
    }

    fn unknown(&self, table: usize, name: &str) -> Wrong {
        let slots = self.drafts[table].slots.iter().map(|slot| &*slot.name);
        let hint = nearest(name, slots).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        if self.drafts.iter().any(|draft| draft.name == name && draft.parent == Some(table)) {
            return Wrong(format!("`{name}` are many rows: `count({name})`, or `sum({name}.column)`"));
        }
        Wrong(format!("a row of `{}` has no `{name}`{hint}", self.drafts[table].name))
    }
}

/// A circle of slots in which each has to be known before the other.
pub(crate) fn circle(needs: &[Vec<Vec<Place>>]) -> Option<Vec<Place>> {
    let mut done: Vec<Vec<bool>> = needs.iter().map(|slots| vec![false; slots.len()]).collect();
    for (table, slots) in needs.iter().enumerate() {
        for slot in 0..slots.len() {
            let mut path = Vec::new();
            if let Some(circle) = walk((table, slot), needs, &mut done, &mut path) {
                return Some(circle);
            }
        }
    }
    None
}

fn walk(at: Place, needs: &[Vec<Vec<Place>>], done: &mut [Vec<bool>], path: &mut Vec<Place>) -> Option<Vec<Place>> {
    if let Some(start) = path.iter().position(|seen| *seen == at) {
        return Some(path.split_off(start));
    }
    if done[at.0][at.1] {
        return None;
    }
    path.push(at);
    for next in &needs[at.0][at.1] {
        if let Some(circle) = walk(*next, needs, done, path) {
            return Some(circle);
        }
    }
    path.pop();
    done[at.0][at.1] = true;
    None
}
