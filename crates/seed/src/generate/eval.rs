//! Rows and their values: worked out when asked for, and the same whoever asks. Pure; functions of values are `call`'s.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::generate::call::{self, Site};
use crate::generate::hash::Key;
use crate::generate::model::{Expression, Model, Rows, Total};
use crate::generate::scalar::{Operator, Scalar, Wrong, apply, compare, equal};

/// Tries to find a row of a table with a condition by chance; after those every row is looked at.
const TRIES: u32 = 32;

/// One row of a generated table.
pub(crate) struct Row {
    pub(crate) table: usize,
    /// Its number in the table: the same in every profile.
    pub(crate) number: u64,
    /// The number of the row at the top that it belongs to.
    root: u64,
    /// Its place among the rows of the same parent, and how many those are, before any condition.
    place: u64,
    of: u64,
    parent: Option<Rc<Row>>,
    mirrored: Option<Rc<Row>>,
    values: Box<[OnceCell<Value>]>,
}

/// What an expression gives.
#[derive(Clone)]
pub(crate) enum Value {
    One(Scalar),
    Row(Rc<Row>),
}

/// Why there is no value, and where.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Table, slot and row; none until it is known.
    pub(crate) at: Option<(usize, usize, u64)>,
    pub(crate) wrong: Wrong,
}

type Result<T, E = Box<Failed>> = std::result::Result<T, E>;

impl From<Wrong> for Box<Failed> {
    fn from(wrong: Wrong) -> Self {
        Box::new(Failed { at: None, wrong })
    }
}

impl Model {
    /// A row that stands for itself.
    pub(crate) fn row(&self, table: usize, number: u64) -> Rc<Row> {
        self.make(table, number, number, (number, 1), None, None)
    }

    /// Whether there is such a row: whether its condition holds.
    pub(crate) fn exists(&self, row: &Rc<Row>) -> Result<bool> {
        match self.tables[row.table].when {
            Some(when) => Ok(self.scalar(row, when)?.is_true()),
            None => Ok(true),
        }
    }

    /// The rows of a table that belong to a row.
    pub(crate) fn children(&self, parent: &Rc<Row>, table: usize) -> Result<Vec<Rc<Row>>> {
        let most = self.most(table);
        let number = |place: u64| {
            let first = parent.number.checked_mul(most).and_then(|first| first.checked_add(place));
            first.ok_or_else(|| Wrong("there are more rows than can be numbered".to_owned()))
        };
        let mut children = Vec::new();
        let mut add = |place: u64, index: u64, of: u64, mirrored: Option<Rc<Row>>| -> Result<()> {
            let row = self.make(table, number(index)?, parent.root, (place, of), Some(Rc::clone(parent)), mirrored);
            if self.exists(&row)? {
                children.push(row);
            }
            Ok(())
        };
        match &self.tables[table].rows {
            Rows::Counted => {}
            Rows::Between { least, most, key } => {
                let of = least + key.below(parent.number, 0, 0, most - least + 1);
                (0..of).try_for_each(|place| add(place, place, of, None))?;
            }
            Rows::Mirror { up, table: mirrored, .. } => {
                let rows = self.children(&above(parent, *up)?, *mirrored)?;
                let of = rows.len() as u64;
                for (place, row) in (0..).zip(rows) {
                    add(place, row.number % self.most(*mirrored), of, Some(row))?;
                }
            }
        }
        Ok(children)
    }

    /// A value of a row, worked out at most once.
    pub(crate) fn value(&self, row: &Rc<Row>, slot: usize) -> Result<Value> {
        if let Some(known) = row.values[slot].get() {
            return Ok(known.clone());
        }
        let declared = &self.tables[row.table].slots[slot];
        let value = self.eval(&declared.expression, row, declared.key).map_err(|mut failed| {
            failed.at.get_or_insert((row.table, slot, row.number));
            failed
        })?;
        Ok(row.values[slot].get_or_init(|| value).clone())
    }

    /// A value of a row that is no row itself.
    pub(crate) fn scalar(&self, row: &Rc<Row>, slot: usize) -> Result<Scalar> {
        match self.value(row, slot)? {
            Value::One(scalar) => Ok(scalar),
            Value::Row(other) => {
                let wrong =
                    Wrong(format!("a row of `{}` is no value: name one of its columns", self.tables[other.table].name));
                Err(Box::new(Failed { at: Some((row.table, slot, row.number)), wrong }))
            }
        }
    }

    fn make(
        &self,
        table: usize,
        number: u64,
        root: u64,
        (place, of): (u64, u64),
        parent: Option<Rc<Row>>,
        mirrored: Option<Rc<Row>>,
    ) -> Rc<Row> {
        let values = self.tables[table].slots.iter().map(|_| OnceCell::new()).collect();
        Rc::new(Row { table, number, root, place, of, parent, mirrored, values })
    }

    fn eval(&self, expression: &Expression, row: &Rc<Row>, key: Key) -> Result<Value> {
        let one = |scalar: Scalar| Ok(Value::One(scalar));
        match expression {
            Expression::Constant(scalar) => one(scalar.clone()),
            Expression::This => Ok(Value::Row(Rc::clone(row))),
            Expression::Own(slot) => self.value(row, *slot),
            Expression::Number(of) => self.on_row(of, row, key, |row| one(Scalar::Int(signed(row.number)))),
            Expression::Place(of) => self.on_row(of, row, key, |row| one(Scalar::Int(signed(row.place)))),
            Expression::Of(of, slot) => self.on_row(of, row, key, |row| self.value(row, *slot)),
            Expression::Above(of, levels) => self.on_row(of, row, key, |row| Ok(Value::Row(above(row, *levels)?))),
            Expression::Mirrored(of) => self.on_row(of, row, key, |row| match &row.mirrored {
                Some(mirrored) => Ok(Value::Row(Rc::clone(mirrored))),
                None => one(Scalar::None),
            }),
            Expression::Pick { site, table } => self.pick(*table, row, key, *site).map(Value::Row),
            Expression::PickChild { site, of, table } => self.on_row(of, row, key, |of| {
                let children = self.children(of, *table)?;
                let place = key.below(row.number, *site, 0, children.len() as u64);
                let found = usize::try_from(place).ok().and_then(|place| children.get(place));
                Ok(found.map_or(Value::One(Scalar::None), |row| Value::Row(Rc::clone(row))))
            }),
            Expression::PickOf { site, items, total } => {
                let mut place = key.below(row.number, *site, 0, *total);
                let chosen = items.iter().find(|(_, weight)| {
                    let found = place < *weight;
                    place = place.saturating_sub(*weight);
                    found
                });
                chosen.map_or_else(|| one(Scalar::None), |(item, _)| self.eval(item, row, key))
            }
            Expression::Total { total, of, table, slot } => {
                self.on_row(of, row, key, |of| self.total(*total, of, *table, *slot).map(Value::One))
            }
            Expression::Count { of, table } => {
                self.on_row(of, row, key, |of| one(Scalar::Int(signed(self.children(of, *table)?.len() as u64))))
            }
            Expression::Binary(operator, a, b) => {
                let (a, b) = (self.one(a, row, key)?, self.one(b, row, key)?);
                one(apply(*operator, &a, &b)?)
            }
            Expression::And(a, b) => {
                let first = self.one(a, row, key)?;
                if first.is_true() { self.eval(b, row, key) } else { one(first) }
            }
            Expression::Or(a, b) => {
                let first = self.one(a, row, key)?;
                if first.is_true() { one(first) } else { self.eval(b, row, key) }
            }
            Expression::In(value, items) => {
                let value = self.one(value, row, key)?;
                for item in items {
                    if equal(&value, &self.one(item, row, key)?) {
                        return one(Scalar::Bool(true));
                    }
                }
                one(Scalar::Bool(false))
            }
            Expression::Not(inner) => one(Scalar::Bool(!self.one(inner, row, key)?.is_true())),
            Expression::Minus(inner) => one(apply(Operator::Subtract, &Scalar::Int(0), &self.one(inner, row, key)?)?),
            Expression::If(condition, value, other) => {
                let chosen = if self.one(condition, row, key)?.is_true() { value } else { other };
                self.eval(chosen, row, key)
            }
            Expression::Call { function, site, arguments } => {
                // Nearly all functions have few arguments: no allocation for those.
                let mut values = [const { Scalar::None }; 4];
                for (value, argument) in values.iter_mut().zip(arguments) {
                    *value = self.one(argument, row, key)?;
                }
                let site = Site { key, row: row.number, site: *site, place: row.place, of: row.of };
                one(call::call(*function, &values[..arguments.len().min(4)], &site)?)
            }
        }
    }

    /// The value of an expression that is no row.
    fn one(&self, expression: &Expression, row: &Rc<Row>, key: Key) -> Result<Scalar> {
        match self.eval(expression, row, key)? {
            Value::One(scalar) => Ok(scalar),
            Value::Row(other) => {
                let name = &self.tables[other.table].name;
                Err(Wrong(format!("a row of `{name}` is no value: name one of its columns")).into())
            }
        }
    }

    /// Asks a row that an expression gives; nothing has nothing.
    fn on_row(
        &self,
        of: &Expression,
        row: &Rc<Row>,
        key: Key,
        ask: impl FnOnce(&Rc<Row>) -> Result<Value>,
    ) -> Result<Value> {
        if let Expression::This = of {
            return ask(row);
        }
        match self.eval(of, row, key)? {
            Value::Row(other) => ask(&other),
            Value::One(_) => Ok(Value::One(Scalar::None)),
        }
    }

    fn total(&self, total: Total, of: &Rc<Row>, table: usize, slot: usize) -> Result<Scalar> {
        let mut result: Option<Scalar> = None;
        for child in self.children(of, table)? {
            let value = self.scalar(&child, slot)?;
            result = Some(match result {
                None => value,
                Some(so_far) => match total {
                    Total::Sum => apply(Operator::Add, &so_far, &value)?,
                    Total::Least if compare(&value, &so_far)?.is_lt() => value,
                    Total::Greatest if compare(&value, &so_far)?.is_gt() => value,
                    Total::Least | Total::Greatest => so_far,
                },
            });
        }
        Ok(result.unwrap_or(if total == Total::Sum { Scalar::Int(0) } else { Scalar::None }))
    }

    /// Any row of a table: the same one in every profile that has the row which asks.
    fn pick(&self, table: usize, row: &Rc<Row>, key: Key, site: u32) -> Result<Rc<Row>> {
        let path = self.path(table);
        let bound = self.profiles.within(self.root(row.table), row.root, path[0]);
        let draw = |attempt: u32, size: u64| key.below(row.number, site, attempt, size);
        let levels = u32::try_from(path.len()).unwrap_or(u32::MAX);
        for attempt in 0..if bound > 0 { TRIES } else { 0 } {
            let first = attempt * levels;
            let mut found = Some(self.row(path[0], draw(first, bound)));
            if let Some(root) = &found
                && !self.exists(root)?
            {
                continue;
            }
            for (level, child) in (1..).zip(&path[1..]) {
                let Some(above) = found else { break };
                let mut children = self.children(&above, *child)?;
                let place = draw(first + level, children.len() as u64);
                found = usize::try_from(place)
                    .ok()
                    .filter(|place| *place < children.len())
                    .map(|place| children.swap_remove(place));
            }
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let start = draw(u32::MAX, bound);
        for number in (start..bound).chain(0..start) {
            if let Some(found) = self.first_below(self.row(path[0], number), &path[1..])? {
                return Ok(found);
            }
        }
        Err(Wrong(format!("there is no row of `{}` to pick", self.tables[table].name)).into())
    }

    fn first_below(&self, row: Rc<Row>, path: &[usize]) -> Result<Option<Rc<Row>>> {
        if !self.exists(&row)? {
            return Ok(None);
        }
        let Some((next, rest)) = path.split_first() else { return Ok(Some(row)) };
        for child in self.children(&row, *next)? {
            if let Some(found) = self.first_below(child, rest)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn above(row: &Rc<Row>, levels: usize) -> Result<Rc<Row>> {
    let mut row = Rc::clone(row);
    for _ in 0..levels {
        let Some(parent) = row.parent.clone() else {
            return Err(Wrong("the row belongs to no other".to_owned()).into());
        };
        row = parent;
    }
    Ok(row)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
