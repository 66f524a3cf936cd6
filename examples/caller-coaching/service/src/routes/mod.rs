//! The routes, one file each, and the answers to requests that none of them takes. Their common form is `answer`'s.

pub(crate) mod health;
pub(crate) mod onboarding;
pub(crate) mod parameters;
pub(crate) mod readiness;
pub(crate) mod ready;

use axum::http::StatusCode;

use crate::answer::Answer;

/// A path nobody knows.
pub(crate) async fn unknown() -> Answer {
    Answer::failed(StatusCode::NOT_FOUND, "there is nothing here")
}

/// A path that is only read.
pub(crate) async fn only_get() -> Answer {
    Answer::failed(StatusCode::METHOD_NOT_ALLOWED, "this can only be read")
}
