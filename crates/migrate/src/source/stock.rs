//! The set as a source for diesel's own harness, so that both agree on names and versions, and the other way round. Applying
//! safely is `apply`'s.

use std::any::Any;
use std::fmt;
use std::path::{Path, PathBuf};

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::{
    self, Migration as StockMigration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion,
};

use super::{Down, Layout, Migration, MigrationKind, MigrationSet};
use crate::classify;
use crate::error::{MigrateError, Problem, ProblemKind};

/// A migration cannot be taken back because nobody wrote how.
#[derive(Debug, thiserror::Error)]
#[error("migration `{name}` has no down script")]
struct NoDown {
    name: String,
}

/// Takes the place of a connection and keeps what is sent to it: diesel's sources give their texts to connections only.
#[derive(Debug, Default)]
struct Recorder {
    text: String,
}

impl MigrationSet {
    /// Takes migrations from a source of diesel's, such as the `MIGRATIONS` of `embed_migrations!`, in diesel's order. Those that
    /// are written in Rust rather than in SQL have no text and are refused as empty.
    ///
    /// # Errors
    /// As [`MigrationSet::load`], as far as it applies; [`ProblemKind::Unreadable`] when the source fails.
    pub fn from_diesel<DB: Backend>(source: &impl MigrationSource<DB>) -> Result<Self, MigrateError> {
        let unreadable = |what: String| MigrateError::from(Problem::new(ProblemKind::Unreadable, what));
        let mut set = Self::new(Layout::Diesel, Path::new(""));
        let found = source.migrations().map_err(|error| unreadable(format!("cannot list the migrations: {error}")))?;
        if found.is_empty() {
            return Err(Problem::new(ProblemKind::Empty, "no migrations are embedded").into());
        }
        for each in found {
            let (name, version) = (each.name().to_string(), each.name().version().to_string());
            let mut up = Recorder::default();
            each.run(&mut up).map_err(|error| unreadable(format!("cannot read migration `{name}`: {error}")))?;
            let file = PathBuf::from(&name);
            let mut migration = Migration::new(version, &name, file.join("up.sql"), up.text.as_bytes(), &up.text);
            let declared = (!each.metadata().run_in_transaction()).then_some(false);
            migration.declared_transaction = migration.declared_transaction.or(declared);
            let mut down = Recorder::default();
            // Without a script there is an error instead of a text.
            if each.revert(&mut down).is_ok() && !super::says_nothing(&down.text) {
                let script = Down::new(file.join("down.sql"), &down.text);
                let declared_transaction = script.declared_transaction.or(declared);
                migration.down = Some(Down { declared_transaction, ..script });
            }
            set.migrations.push(migration);
        }
        let mut problems = Vec::new();
        set.check(&mut problems);
        if problems.is_empty() { Ok(set) } else { Err(MigrateError::of(problems)) }
    }
}

impl SimpleConnection for Recorder {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.text.push_str(query);
        Ok(())
    }
}

impl<DB: Backend> BoxableConnection<DB> for Recorder {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl<DB: Backend> MigrationSource<DB> for MigrationSet {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn StockMigration<DB>>>> {
        // diesel's table would take them for applied once and for all.
        let versioned = self.migrations.iter().filter(|migration| migration.kind == MigrationKind::Versioned);
        Ok(versioned.map(|migration| Box::new(migration.clone()) as Box<dyn StockMigration<DB>>).collect())
    }
}

impl<DB: Backend> StockMigration<DB> for Migration {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        Ok(conn.batch_execute(&self.sql)?)
    }

    fn revert(&self, conn: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        match self.down.as_ref().filter(|down| down.is_written()) {
            Some(down) => Ok(conn.batch_execute(&down.sql)?),
            None => Err(Box::new(NoDown { name: self.name.clone() })),
        }
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self
    }

    fn name(&self) -> &dyn MigrationName {
        self
    }
}

impl MigrationMetadata for Migration {
    fn run_in_transaction(&self) -> bool {
        classify::transactional_anywhere(self)
    }
}

impl MigrationName for Migration {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(&self.version)
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
