//! From a router to a listening port and back: the revision on every answer, signals. What is answered is the roles'.

use std::net::Ipv4Addr;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use plimsoll_core::db::{DbError, UrlError};
use plimsoll_migrate::MigrateError;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::answer::Answer;
use crate::config::Listening;

/// The header that names the revision which answered.
const REVISION_HEADER: &str = "x-revision";

/// Why a role did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("DATABASE_URL cannot be used")]
    Url(#[source] UrlError),
    #[error("the database cannot be reached")]
    Database(#[source] DbError),
    #[error("the database is not ready for this service, run the migrations first")]
    Schema(#[source] MigrateError),
    #[error("port {0} is in use")]
    PortInUse(u16),
    #[error("cannot listen on port {0}")]
    Listen(u16, #[source] std::io::Error),
    #[error("the runtime failed")]
    Runtime(#[source] std::io::Error),
    #[error("requests to the bot cannot be made")]
    Requests(#[source] reqwest::Error),
    #[error("`{0}` does not start")]
    Child(String, #[source] std::io::Error),
    #[error("`{0}` ended by itself ({1}); its log is `{2}`")]
    Ended(String, String, String),
}

/// A runtime of one thread, which is enough for a service that waits for others.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Runtime)
}

/// Listens and answers until a signal, which lets running requests end.
pub(crate) fn until_stopped(how: &Listening, router: Router, say: &dyn Fn(&str)) -> Result<(), StartError> {
    let revision = HeaderValue::from_str(&how.revision).ok();
    let router = router.fallback(unknown).method_not_allowed_fallback(other_method).layer(map_response(
        move |mut response: Response| {
            if let Some(revision) = &revision {
                response.headers_mut().insert(REVISION_HEADER, revision.clone());
            }
            std::future::ready(response)
        },
    ));
    runtime()?.block_on(async {
        let stop = stop_signal()?;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, how.port)).await.map_err(|error| match error.kind() {
                std::io::ErrorKind::AddrInUse => StartError::PortInUse(how.port),
                _ => StartError::Listen(how.port, error),
            })?;
        let address = listener.local_addr().map_err(StartError::Runtime)?;
        say(&format!("voice-reader {}: revision {} listens on http://{address}", how.role, how.revision));
        axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(StartError::Runtime)
    })
}

/// Ends with SIGTERM, which supervisors send, or SIGINT, which people do.
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Runtime)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

async fn unknown() -> Answer {
    Answer::refused(StatusCode::NOT_FOUND, "unknown", "there is nothing here")
}

async fn other_method(request: Request) -> Answer {
    let reason = format!("{} is not what can be done here", request.method());
    Answer::refused(StatusCode::METHOD_NOT_ALLOWED, "other_method", &reason)
}
