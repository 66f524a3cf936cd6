//! Migrations on real SQLite files: failing, continuing, agreeing with diesel. Servers are tested with the whole product.

mod apply;
mod database;
mod harness;
mod interrupted;
