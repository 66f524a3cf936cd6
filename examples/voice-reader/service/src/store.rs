//! Asking Redis, with limits for everything and a connection for each question. Which keys there are is `queue`'s and `calls`'s.

use std::time::Duration;

use plimsoll_core::Secret;
use redis::{Client, Connection, RedisResult};

/// The longest time for anything; longer than the worker waits for a message.
const LIMIT: Duration = Duration::from_secs(5);

/// A Redis and who asks it.
#[derive(Clone)]
pub(crate) struct Store(Client);

/// Why Redis gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("Redis: {0}")]
pub(crate) struct Unanswered(String);

impl Store {
    /// Nothing is connected yet; the URL was looked at before.
    pub(crate) fn new(url: &Secret) -> RedisResult<Self> {
        Client::open(url.expose()).map(Self)
    }

    /// A connection of its own.
    pub(crate) fn connect(&self) -> RedisResult<Connection> {
        let connection = self.0.get_connection_with_timeout(LIMIT)?;
        connection.set_read_timeout(Some(LIMIT))?;
        connection.set_write_timeout(Some(LIMIT))?;
        Ok(connection)
    }

    /// Asks on a thread that may wait.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Connection) -> RedisResult<T> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let store = self.clone();
        let asked = tokio::task::spawn_blocking(move || question(&mut store.connect()?));
        match asked.await {
            Ok(answer) => answer.map_err(|error| Unanswered(error.to_string())),
            Err(_) => Err(Unanswered("the question ended without an answer".to_owned())),
        }
    }
}
