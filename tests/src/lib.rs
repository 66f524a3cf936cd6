//! What every live test stands on: a database and a project folder of its own, on each engine. Expectations are the tests'.

pub mod adopting;
pub mod answering;
pub mod binary;
pub mod boundary;
pub mod command;
pub mod database;
pub mod deployment;
pub mod dump;
pub mod everything;
pub mod fault;
pub mod http;
pub mod live;
pub mod migrating;
#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
pub mod pooler;
pub mod project;
pub mod schema;
pub mod seeding;
mod server;
pub mod snapshot;
mod watch;

pub use database::TestDatabase;
pub use deployment::Deployment;
pub use project::TestProject;
