//! The rows of books, on the engines that the example is deployed on. Their files are `storage`'s.

use plimsoll_core::db::{Db, DbError, Engine, Stmt};

/// A book that was uploaded.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) id: String,
    pub(super) household: String,
    pub(super) file_name: String,
    pub(super) storage_path: String,
    pub(super) bytes: i64,
}

pub(super) fn insert(db: &mut dyn Db, book: &Book) -> Result<(), DbError> {
    let engine = db.engine();
    let stmt = Stmt::new("INSERT INTO books (id, household_id, file_name, storage_path, size_bytes, status) VALUES (");
    let stmt = uuid(stmt, engine, &book.id).sql(", ");
    let stmt = uuid(stmt, engine, &book.household).sql(", ");
    let stmt = stmt.bind(book.file_name.as_str()).sql(", ").bind(book.storage_path.as_str()).sql(", ");
    db.execute(&stmt.bind(book.bytes).sql(", 'processing')")).map(drop)
}

/// Where the file of a book is; nothing when there is no such book.
pub(super) fn path(db: &mut dyn Db, id: &str) -> Result<Option<String>, DbError> {
    let stmt = uuid(Stmt::new("SELECT storage_path FROM books WHERE id = "), db.engine(), id);
    Ok(db.rows(&stmt)?.first().map(|row| row.text(0).to_owned()))
}

/// Whether it was there.
pub(super) fn remove(db: &mut dyn Db, id: &str) -> Result<bool, DbError> {
    let stmt = uuid(Stmt::new("DELETE FROM books WHERE id = "), db.engine(), id);
    Ok(db.execute(&stmt)? > 0)
}

/// PostgreSQL has a type of its own for ids, and does not take a text for one.
fn uuid(stmt: Stmt, engine: Engine, id: &str) -> Stmt {
    match engine {
        Engine::Postgres => stmt.sql("CAST(").bind(id).sql(" AS uuid)"),
        Engine::Sqlite | Engine::Mysql => stmt.bind(id),
    }
}
