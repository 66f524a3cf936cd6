//! What every request shares: configuration, the pool, and the way to ask the database. What is asked is each route's.

use std::sync::Arc;

use plimsoll_core::db::{DatabaseUrl, Db, DbError, Engine, Pool};

use crate::answer::Answer;
use crate::config::{Config, Fault};

/// The shared state of all requests.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) config: Arc<Config>,
    /// The database as it was found when the service began, wherever files that name it are.
    pub(crate) url: DatabaseUrl,
    pub(crate) engine: Engine,
    pool: Pool,
}

impl App {
    pub(crate) fn new(config: Config, url: DatabaseUrl, pool: Pool) -> Self {
        Self { config: Arc::new(config), engine: url.engine(), url, pool }
    }

    /// The revision that answers give.
    pub(crate) fn revision(&self) -> &str {
        match self.config.fault {
            Some(Fault::WrongRevision) => "not-the-released-revision",
            _ => &self.config.revision,
        }
    }

    /// Asks the database on a thread that may wait for it.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut dyn Db) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let pool = self.pool.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let mut db = pool.get().map_err(|error| Unanswered::Away(error.to_string()))?;
            question(db.as_mut()).map_err(Unanswered::Refused)
        });
        asked.await.unwrap_or(Err(Unanswered::Panicked))
    }
}

/// Why the database gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("the database is away: {0}")]
    Away(String),
    #[error("the database refuses: {0}")]
    Refused(#[source] DbError),
    #[error("the query ended without an answer")]
    Panicked,
}

impl From<Unanswered> for Answer {
    fn from(reason: Unanswered) -> Self {
        Self::unavailable(&reason.to_string())
    }
}
