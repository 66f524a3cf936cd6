//! Rows whose columns are known only at run time. Types that a backend cannot map are cast by the `SELECT` (`catalog`).

use diesel::backend::Backend;
use diesel::deserialize::{self, QueryableByName};
use diesel::row::{Field, NamedRow, Row};

use super::Value;

/// A row with its column names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DynRow {
    fields: Vec<(String, Value)>,
}

impl DynRow {
    /// The value of the column at a position, NULL when there is none.
    #[must_use]
    pub fn at(&self, index: usize) -> &Value {
        self.fields.get(index).map_or(&Value::Null, |(_, value)| value)
    }

    /// The value of a named column, NULL when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.fields.iter().find(|(field, _)| field == name).map_or(&Value::Null, |(_, value)| value)
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
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// The values in order.
    pub fn into_values(self) -> impl Iterator<Item = Value> {
        self.fields.into_iter().map(|(_, value)| value)
    }
}

/// How a backend reads a value whose type it learns from the value itself.
pub(super) trait ReadValue: Backend {
    fn read(raw: Self::RawValue<'_>) -> deserialize::Result<Value>;
}

impl<DB: ReadValue> QueryableByName<DB> for DynRow {
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let mut fields = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let Some(field) = Row::get(row, index) else { continue };
            let value = field.value().map(DB::read).transpose()?.unwrap_or(Value::Null);
            fields.push((field.field_name().unwrap_or_default().to_owned(), value));
        }
        Ok(Self { fields })
    }
}
