//! Tests of seeding as a service sees it, on SQLite files of their own. Other engines are tested with the whole product.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod broken;
mod errors;
mod live;
mod mapping;
mod plans;
mod project;
mod properties;
mod pull;
mod sequential;
mod sources;
