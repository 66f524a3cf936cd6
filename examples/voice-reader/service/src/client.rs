//! The client: a page, and the way from a browser to the bot, so that no browser sees where the bot is or what opens it.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde_json::json;

use crate::answer::Answer;
use crate::config;
use crate::serve::{self, StartError};
use crate::{RoleError, id};

/// How long the bot may take.
const PATIENCE: Duration = Duration::from_secs(10);

const PAGE: &str = include_str!("../client.html");

#[derive(Clone)]
struct App {
    bot: reqwest::Client,
    /// The bot's `/start`.
    start: String,
    page: String,
}

/// Answers until a signal.
pub(crate) fn run(config: config::Client, say: &dyn Fn(&str)) -> Result<(), RoleError> {
    // Only what was configured is asked: no proxy of the environment, no redirect to somewhere else.
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE);
    let bot = secured(builder, &config.bot_start).build().map_err(StartError::Requests)?;
    let page = PAGE.replace("[api]", &config.api.replace(['"', '<', '>', '&'], ""));
    let router = Router::new()
        .route("/", get(async |State(app): State<App>| Html(app.page)))
        .route("/health", get(async || Answer::ok(json!({ "service": "client" }))))
        .route("/api/start", post(start))
        .route("/api/sessions/{id}", delete(end))
        .with_state(App { bot, start: config.bot_start, page });
    Ok(serve::until_stopped(&config.listening, router, say)?)
}

#[cfg(feature = "tls")]
fn secured(builder: reqwest::ClientBuilder, url: &str) -> reqwest::ClientBuilder {
    // Refused only when this process has one already.
    rustls::crypto::ring::default_provider().install_default().ok();
    // A machine without any certificates can do without them.
    if url.starts_with("https:") { builder } else { builder.tls_certs_only([]) }
}

#[cfg(not(feature = "tls"))]
fn secured(builder: reqwest::ClientBuilder, _url: &str) -> reqwest::ClientBuilder {
    builder
}

async fn start(State(app): State<App>, body: Bytes) -> Response {
    let request = app.bot.post(&app.start).header(header::CONTENT_TYPE, "application/json").body(body);
    forward(request).await
}

async fn end(State(app): State<App>, Path(id): Path<String>) -> Response {
    let Some(id) = id::uuid(&id) else {
        let reason = "the id of a session is a UUID";
        return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_id", reason).into_response();
    };
    let sessions = app.start.trim_end_matches("/start");
    forward(app.bot.delete(format!("{sessions}/sessions/{id}"))).await
}

/// What the bot answers, or 502 when it does not, or is not well itself.
async fn forward(request: reqwest::RequestBuilder) -> Response {
    let bad = |reason: &str| Answer::refused(StatusCode::BAD_GATEWAY, "bot_away", reason).into_response();
    let Ok(answer) = request.send().await else { return bad("the bot does not answer") };
    let status = answer.status();
    if status.is_server_error() {
        return bad(&format!("the bot answers {}", status.as_u16()));
    }
    let Ok(body) = answer.bytes().await else { return bad("the bot stopped in the middle of its answer") };
    if body.is_empty() {
        return status.into_response();
    }
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
