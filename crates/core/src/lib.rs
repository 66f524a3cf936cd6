//! The vocabulary every part of Plimsoll shares: projects, secrets, databases, records. Doing anything with it is the others'.
#![doc = ""]
#![doc = include_str!("../README.md")]
// Crates that only need the vocabulary build it without a backend; what the backends alone use is then idle.
#![cfg_attr(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")), allow(dead_code, unused_imports))]

pub mod db;
mod error;
mod exit;
pub mod inspect;
pub mod ledger;
mod location;
pub mod lock;
mod problem;
pub mod project;
pub mod readiness;
mod redact;
pub mod secret;
mod spelling;
pub mod template;
pub mod toml_file;

pub use error::{Coded, ErrorCode};
pub use exit::Exit;
pub use location::{Location, line_and_column};
pub use problem::Problem;
pub use redact::Redactor;
pub use secret::Secret;
