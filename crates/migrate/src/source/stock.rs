//! The set as a source for diesel's own harness, so that both agree on names and versions. Applying safely is `apply`'s.

use std::fmt;

use diesel::backend::Backend;
use diesel::connection::BoxableConnection;
use diesel::migration::{
    self, Migration as StockMigration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion,
};

use super::{Migration, MigrationSet};
use crate::classify;

/// A migration cannot be taken back because nobody wrote how.
#[derive(Debug, thiserror::Error)]
#[error("migration `{name}` has no down script")]
struct NoDown {
    name: String,
}

impl<DB: Backend> MigrationSource<DB> for MigrationSet {
    fn migrations(&self) -> migration::Result<Vec<Box<dyn StockMigration<DB>>>> {
        Ok(self.migrations.iter().map(|migration| Box::new(migration.clone()) as Box<dyn StockMigration<DB>>).collect())
    }
}

impl<DB: Backend> StockMigration<DB> for Migration {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        Ok(conn.batch_execute(&self.sql)?)
    }

    fn revert(&self, conn: &mut dyn BoxableConnection<DB>) -> migration::Result<()> {
        match &self.down {
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
