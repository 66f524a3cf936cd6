//! Generators as they are run: tables, columns and expressions whose names are settled. Text becomes this in `compile`.

use std::sync::Arc;

use crate::generate::call::Function;
use crate::generate::hash::Key;
use crate::generate::profile::Profiles;
use crate::generate::scalar::{Operator, Scalar};
use crate::read::source::SourceFile;

/// All generated tables of a project.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) tables: Vec<Table>,
    pub(crate) profiles: Profiles,
}

/// A generated table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) offset: usize,
    /// The table whose rows these belong to.
    pub(crate) parent: Option<usize>,
    pub(crate) rows: Rows,
    /// Everything that has a value: names, columns, the condition.
    pub(crate) slots: Vec<Slot>,
    /// The slots that are written, and those that are written once.
    pub(crate) columns: Vec<usize>,
    pub(crate) insert_only: Vec<usize>,
    /// The slot that says whether there is a row at all.
    pub(crate) when: Option<usize>,
}

/// Which rows a table has.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// As many as the profile says.
    Counted,
    /// To each row of the parent at least so many, and at most so many.
    Between { least: u64, most: u64, key: Key },
    /// To each row of the parent one for each row of `table` that belongs to the ancestor `up` levels above the parent.
    Mirror { up: usize, table: usize, most: u64 },
}

/// Something that has a value in each row.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Arc<str>,
    pub(crate) offset: usize,
    pub(crate) key: Key,
    pub(crate) expression: Expression,
}

/// An expression with all names settled.
#[derive(Debug)]
pub(crate) enum Expression {
    Constant(Scalar),
    /// The row itself.
    This,
    /// The number of a row, and its place among the rows of the same parent.
    Number(Box<Expression>),
    Place(Box<Expression>),
    /// A value of this row.
    Own(usize),
    /// A value of another row.
    Of(Box<Expression>, usize),
    /// The row that a row belongs to, so many levels above.
    Above(Box<Expression>, usize),
    /// The row that a row mirrors.
    Mirrored(Box<Expression>),
    /// Any row of a table.
    Pick {
        site: u32,
        table: usize,
    },
    /// Any row of those that belong to a row.
    PickChild {
        site: u32,
        of: Box<Expression>,
        table: usize,
    },
    /// Any value of a list, each as often as its weight says.
    PickOf {
        site: u32,
        items: Vec<(Expression, u64)>,
        total: u64,
    },
    /// A value over the rows that belong to a row.
    Total {
        total: Total,
        of: Box<Expression>,
        table: usize,
        slot: usize,
    },
    /// How many rows belong to a row.
    Count {
        of: Box<Expression>,
        table: usize,
    },
    Binary(Operator, Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
    Not(Box<Expression>),
    Minus(Box<Expression>),
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    Call {
        function: Function,
        site: u32,
        arguments: Vec<Expression>,
    },
}

/// What is made of the values of several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Total {
    Sum,
    Least,
    Greatest,
}

impl Model {
    /// The table at the top of those a table belongs to.
    pub(crate) fn root(&self, table: usize) -> usize {
        self.tables[table].parent.map_or(table, |parent| self.root(parent))
    }

    /// The tables from the top down to a table.
    pub(crate) fn path(&self, table: usize) -> Vec<usize> {
        let mut path = self.tables[table].parent.map(|parent| self.path(parent)).unwrap_or_default();
        path.push(table);
        path
    }

    /// How many rows of a table there can be to one row of its parent.
    pub(crate) fn most(&self, table: usize) -> u64 {
        match self.tables[table].rows {
            Rows::Counted => 1,
            Rows::Between { most, .. } | Rows::Mirror { most, .. } => most,
        }
    }
}
