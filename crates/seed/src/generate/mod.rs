//! Generated rows: `[[generate]]` blocks of all datasets become sources of rows, every value a function of seed, table, column
//! and row. How rows get into a database is not decided here.

pub(crate) mod block;
mod call;
mod compile;
mod decimal;
mod draft;
mod eval;
mod hash;
mod model;
mod profile;
mod resolve;
mod rows;
mod scalar;
pub(crate) mod stage;
mod syntax;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use draft::Declared;
