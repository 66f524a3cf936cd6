//! Looking at a database while it is in use: how many rows, what a query answers, who blocks whom. Only ending a session changes
//! anything. How it is shown is the command line's.

mod counts;
mod query;
mod sessions;
mod snapshot;
mod words;

pub use counts::{Counting, TableCount, counts};
pub use query::{Answer, Cell, Query, QueryError, query};
pub use sessions::{Ended, Session, Sessions, end, sessions};
