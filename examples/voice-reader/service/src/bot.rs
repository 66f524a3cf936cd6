//! The bot: begins and ends sessions. How a session looks in Redis is `calls`'s; the voice itself is left out.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::calls::{self, Session};
use crate::config::{self, ConfigError, Fault};
use crate::store::Store;
use crate::{RoleError, id, serve};

#[derive(Clone)]
struct App {
    redis: Store,
    config: config::Bot,
}

/// Answers until a signal.
pub(crate) fn run(config: config::Bot, say: &dyn Fn(&str)) -> Result<(), RoleError> {
    let redis = Store::new(&config.redis_url).map_err(|_| ConfigError::Redis("REDIS_URL"))?;
    let listening = config.listening.clone();
    let router = Router::new()
        .route("/health", get(async || Answer::ok(json!({ "service": "bot" }))))
        .route("/start", post(start))
        .route("/sessions/{id}", delete(end))
        .with_state(App { redis, config });
    Ok(serve::until_stopped(&listening, router, say)?)
}

async fn start(State(app): State<App>, body: Bytes) -> Answer {
    let refused = |reason| Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_user_id", reason);
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return Answer::refused(StatusCode::BAD_REQUEST, "not_json", "the body is not JSON");
    };
    let Some(user) = body["user_id"].as_str().filter(|user| id::is_user(user)) else {
        return refused("`user_id` has 1 to 64 letters, digits, `_` and `-`");
    };
    let session_id = match id::new() {
        Ok(id) => id,
        Err(error) => return Answer::unavailable(&format!("no random numbers: {error}")),
    };
    let room = format!("{}/{session_id}", app.config.rooms);
    let session = Session { id: session_id, user: user.to_owned(), room };
    let ends = app.config.fault != Some(Fault::NoTtl);
    let begun = session.clone();
    match app.redis.ask(move |redis| calls::begin(redis, &begun, ends)).await {
        Ok(()) => Answer::ok(json!({
            "session_id": session.id, "user_id": session.user, "room_url": session.room, "status": "started",
        })),
        Err(error) => Answer::unavailable(&error.to_string()),
    }
}

async fn end(State(app): State<App>, Path(id): Path<String>) -> Answer {
    let Some(id) = id::uuid(&id) else {
        return Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_id", "the id of a session is a UUID");
    };
    match app.redis.ask(move |redis| calls::end(redis, &id)).await {
        Ok(true) => Answer::gone(),
        Ok(false) => Answer::refused(StatusCode::NOT_FOUND, "no_such_session", "there is no such session"),
        Err(error) => Answer::unavailable(&error.to_string()),
    }
}
