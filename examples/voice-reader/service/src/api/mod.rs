//! The API: start-up check, shared state, routes. What each route does is in its file.

mod books;
mod storage;
mod upload;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use plimsoll_core::db::{self, Access, DatabaseUrl, Db, DbError, Pool};
use plimsoll_migrate::check_schema;
use serde_json::json;

use crate::answer::Answer;
use crate::config::{self, ConfigError, Fault};
use crate::serve::{self, StartError};
use crate::store::{Store, Unanswered};
use crate::{RoleError, id, queue};
use storage::Storage;

/// The newest migration that the queries of this service rely on.
const REQUIRED_VERSION: &str = "0001";
/// A small service with small queries; more would only wait for each other.
const CONNECTIONS: u32 = 4;

/// The shared state of all requests.
#[derive(Clone)]
struct App {
    config: Arc<config::Api>,
    pool: Pool,
    broker: Store,
    storage: Storage,
}

/// Why something cannot be done now.
#[derive(Debug, thiserror::Error)]
enum Away {
    #[error("the database is away: {0}")]
    Pool(String),
    #[error("the database refuses: {0}")]
    Database(#[source] DbError),
    #[error(transparent)]
    Redis(#[from] Unanswered),
    #[error("the storage: {0}")]
    Storage(#[source] std::io::Error),
    #[error("it ended without an answer")]
    Panicked,
}

impl From<Away> for Answer {
    fn from(reason: Away) -> Self {
        Self::unavailable(&reason.to_string())
    }
}

/// Refuses a database whose schema this service was not built for, then answers until a signal.
pub(crate) fn run(config: &config::Api, say: &dyn Fn(&str)) -> Result<(), RoleError> {
    let url = DatabaseUrl::parse(config.database_url.expose(), Path::new(".")).map_err(StartError::Url)?;
    let mut looking = db::connect(&url, Access::Read).map_err(StartError::Database)?;
    check_schema(looking.as_mut(), REQUIRED_VERSION).map_err(StartError::Schema)?;
    drop(looking);
    let pool = db::pool(&url, Access::Write, CONNECTIONS).map_err(StartError::Database)?;
    let app = App {
        broker: Store::new(&config.broker_url).map_err(|_| ConfigError::Redis("DRAMATIQ_BROKER_URL"))?,
        storage: Storage::new(&config.storage, &config.bucket),
        config: Arc::new(config.clone()),
        pool,
    };
    let router = Router::new()
        .route("/health", get(health))
        .route("/admin/books/upload", post(upload::upload).layer(DefaultBodyLimit::max(upload::LARGEST_REQUEST)))
        .route("/admin/books/{id}", delete(take_back))
        .with_state(app);
    Ok(serve::until_stopped(&config.listening, router, say)?)
}

async fn health(State(app): State<App>) -> Answer {
    let fields = json!({ "service": "api", "revision": app.config.listening.revision });
    match app.config.fault {
        Some(Fault::Unwell) => Answer::not_ok(fields),
        _ => Answer::ok(fields),
    }
}

/// Takes back an upload: out of the queue, out of the database, out of the storage.
async fn take_back(State(app): State<App>, UrlPath(id): UrlPath<String>) -> Answer {
    let Some(id) = id::uuid(&id) else {
        return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_id", "the id of a book is a UUID");
    };
    match remove(&app, &id).await {
        Ok(true) => Answer::gone(),
        Ok(false) => Answer::refused(StatusCode::NOT_FOUND, "no_such_book", "there is no such book"),
        Err(away) => away.into(),
    }
}

/// The row last: as long as it is there, taking back can be tried again.
async fn remove(app: &App, id: &str) -> Result<bool, Away> {
    let book = id.to_owned();
    let Some(path) = app.ask(move |db| books::path(db, &book)).await? else { return Ok(false) };
    let book = id.to_owned();
    app.broker.ask(move |redis| queue::take_back(redis, &book)).await?;
    app.storage.remove(&path).map_err(Away::Storage)?;
    let book = id.to_owned();
    app.ask(move |db| books::remove(db, &book)).await
}

impl App {
    /// Asks the database on a thread that may wait for it.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut dyn Db) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, Away> {
        let pool = self.pool.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let mut db = pool.get().map_err(|error| Away::Pool(error.to_string()))?;
            question(db.as_mut()).map_err(Away::Database)
        });
        asked.await.unwrap_or(Err(Away::Panicked))
    }
}
