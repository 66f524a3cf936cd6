//! Tables of very many rows: read one row after the other, and compared inside the database. Small ones are `reconcile`'s.

mod source;

pub use source::RowSource;
