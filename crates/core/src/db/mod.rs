//! Databases: one object-safe connection over three diesel backends. The only folder that matches on a backend.

mod bulk;
mod catalog;
mod connection;
#[cfg(feature = "postgres")]
mod copy;
pub mod dialect;
mod engine;
mod error;
#[cfg(feature = "mysql")]
mod mysql;
pub mod named;
mod pool;
#[cfg(feature = "postgres")]
mod pooled;
#[cfg(feature = "postgres")]
mod postgres;
mod refusal;
mod row;
pub mod scratch;
pub mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stmt;
mod symptom;
mod url;
mod value;

pub use bulk::{BulkRows, allow_writing, temporary, writing};
pub use catalog::{Catalog, Column, ColumnKind, Counter, ForeignKey, OnDelete, Table, UniqueKey, Whole};
pub use connection::{Db, scalar, transaction};
pub use dialect::quoted;
pub use engine::Engine;
pub use error::{DbError, DbErrorKind};
pub use pool::{Manager, Pool, connect, pool};
pub use row::DynRow;
pub use stmt::Stmt;
pub use url::{DatabaseUrl, UrlError};
pub use value::Value;

/// What a connection is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looking only, which the database itself enforces. A SQLite file that does not exist stays so, and is seen as empty.
    Read,
    /// Reading and writing: a SQLite file is created with its folder.
    Write,
}

/// diesel gives its history through a boxed error; the versions or the engine's message are all there is to it.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn read_diesel_history(
    engine: Engine,
    versions: diesel::migration::Result<Vec<diesel::migration::MigrationVersion<'static>>>,
) -> Result<Vec<String>, DbError> {
    match versions {
        Ok(versions) => Ok(versions.iter().map(ToString::to_string).collect()),
        Err(error) => Err(DbError::new(engine, DbErrorKind::Refused, format!("diesel's history table: {error}"))),
    }
}
