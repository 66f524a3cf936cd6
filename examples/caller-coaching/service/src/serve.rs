//! From configuration to a listening port and back: start-up check, pool, router, signals. Telling people is `main`'s.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::Router;
use axum::middleware::map_response_with_state;
use axum::routing::{get, post};
use plimsoll_core::db::{self, Access, DatabaseUrl, DbError, UrlError};
use plimsoll_migrate::{MigrateError, check_schema};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, Fault};
use crate::state::App;
use crate::{REQUIRED_VERSION, answer, routes};

/// A small service with small queries; more would only wait for each other.
const CONNECTIONS: u32 = 4;

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("DATABASE_URL cannot be used")]
    Url(#[source] UrlError),
    #[error("the database cannot be reached")]
    Database(#[source] DbError),
    #[error("the database cannot be asked: {0}")]
    Pool(String),
    #[error("the database is not ready for this service, run the migrations first")]
    Schema(#[source] MigrateError),
    #[error("port {0} is in use")]
    PortInUse(u16),
    #[error("cannot listen on port {0}")]
    Listen(u16, #[source] std::io::Error),
    #[error("the runtime failed")]
    Runtime(#[source] std::io::Error),
}

/// Checks the schema, listens, answers until a signal. `listening` is told the address once connections are taken.
pub(crate) fn run(config: Config, listening: impl FnOnce(SocketAddr)) -> Result<(), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let stop = stop_signal().map_err(StartError::Runtime)?;
        if config.fault == Some(Fault::NeverAnswers) {
            stop.await;
            return Ok(());
        }
        let port = config.port;
        let app = prepare(config)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => StartError::PortInUse(port),
            _ => StartError::Listen(port, error),
        })?;
        listening(listener.local_addr().map_err(StartError::Runtime)?);
        axum::serve(listener, router(app)).with_graceful_shutdown(stop).await.map_err(StartError::Runtime)
    })
}

/// Opens the database and refuses one whose schema this service was not built for.
fn prepare(config: Config) -> Result<App, StartError> {
    let url = DatabaseUrl::parse(config.database_url.expose(), Path::new(".")).map_err(StartError::Url)?;
    let pool = db::pool(&url, Access::Read, CONNECTIONS).map_err(StartError::Database)?;
    let mut db = pool.get().map_err(|error| StartError::Pool(error.to_string()))?;
    check_schema(db.as_mut(), REQUIRED_VERSION).map_err(StartError::Schema)?;
    drop(db);
    Ok(App::new(config, url, pool))
}

fn router(app: App) -> Router {
    Router::new()
        .route("/api/health", get(routes::health::health))
        .route("/api/ready", get(routes::ready::ready))
        .route("/api/system/readiness", get(routes::readiness::readiness))
        .route("/api/onboarding", get(routes::onboarding::onboarding))
        .route("/api/parameters/display-config", get(routes::parameters::display_config))
        .route(routes::seeding::SPEC_SYNC, post(routes::seeding::spec_sync))
        .route(routes::seeding::SEED_SYSTEM, post(routes::seeding::seed_system))
        .route(routes::seeding::SEED_DOMAINS, post(routes::seeding::seed_domains))
        .fallback(routes::unknown)
        .method_not_allowed_fallback(routes::other_method)
        .layer(map_response_with_state(app.clone(), answer::name_revision))
        .with_state(app)
}

/// Ends with SIGTERM, which supervisors send, or SIGINT, which people do. Registered before anything can go wrong.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, std::io::Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
