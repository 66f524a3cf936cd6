//! Rows whose columns are known only at run time. Types that a backend cannot map are cast by the `SELECT` (`catalog`).

use std::cell::RefCell;
use std::sync::Arc;

use diesel::backend::Backend;
use diesel::deserialize::{self, QueryableByName};
use diesel::row::{Field, NamedRow, Row};

use super::Value;

/// A row with its column names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DynRow {
    /// Those of the other rows as well.
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl DynRow {
    /// The value of the column at a position, NULL when there is none.
    #[must_use]
    pub fn at(&self, index: usize) -> &Value {
        self.values.get(index).unwrap_or(&Value::Null)
    }

    /// The value of a named column, NULL when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.position(name).map_or(&Value::Null, |index| self.at(index))
    }

    /// Takes the value of a named column out of the row, as [`Self::get`] gives it.
    #[must_use]
    pub fn take(&mut self, name: &str) -> Value {
        let value = self.position(name).and_then(|index| self.values.get_mut(index));
        value.map_or(Value::Null, |value| std::mem::replace(value, Value::Null))
    }

    /// The text of the column at a position, empty when it is not text.
    #[must_use]
    pub fn text(&self, index: usize) -> &str {
        self.at(index).as_str().unwrap_or("")
    }

    /// The integer in the column at a position, 0 when it is none.
    #[must_use]
    pub fn int(&self, index: usize) -> i64 {
        self.at(index).as_int().unwrap_or(0)
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The values in order.
    pub fn into_values(self) -> impl Iterator<Item = Value> {
        self.values.into_iter()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// How a backend reads a value whose type it learns from the value itself.
pub(super) trait ReadValue: Backend {
    fn read(raw: Self::RawValue<'_>) -> deserialize::Result<Value>;
}

impl<DB: ReadValue> QueryableByName<DB> for DynRow {
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let values = (0..row.field_count()).map(|index| {
            let field = Row::get(row, index);
            let raw = field.as_ref().and_then(Field::value);
            Ok(raw.map(DB::read).transpose()?.unwrap_or(Value::Null))
        });
        Ok(Self { values: values.collect::<deserialize::Result<_>>()?, names: names(row) })
    }
}

/// The names of a row's columns. diesel reads each row by itself, and of thousands all but the first have those of the one before.
fn names<'a, DB: Backend>(row: &impl NamedRow<'a, DB>) -> Arc<[String]> {
    thread_local! {
        static LAST: RefCell<Arc<[String]>> = RefCell::default();
    }
    let is_named = |index: usize, name: &String| {
        Row::get(row, index).is_some_and(|field| field.field_name().unwrap_or_default() == name)
    };
    LAST.with_borrow_mut(|last| {
        let same =
            last.len() == row.field_count() && last.iter().enumerate().all(|(index, name)| is_named(index, name));
        if !same {
            let name = |index| Some(Row::get(row, index)?.field_name().unwrap_or_default().to_owned());
            *last = (0..row.field_count()).map(|index| name(index).unwrap_or_default()).collect();
        }
        Arc::clone(last)
    })
}
