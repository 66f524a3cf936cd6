//! The routes, one file each, and the answers to requests that none of them takes. Their common form is `answer`'s.

pub(crate) mod health;
pub(crate) mod onboarding;
pub(crate) mod parameters;
pub(crate) mod readiness;
pub(crate) mod ready;
pub(crate) mod seeding;

use axum::http::{StatusCode, Uri};

use crate::answer::Answer;

/// A path nobody knows.
pub(crate) async fn unknown() -> Answer {
    Answer::failed(StatusCode::NOT_FOUND, "there is nothing here")
}

/// A path that is asked in another way than it answers.
pub(crate) async fn other_method(path: Uri) -> Answer {
    let writes = [seeding::SPEC_SYNC, seeding::SEED_SYSTEM, seeding::SEED_DOMAINS].contains(&path.path());
    let reason = if writes { "this is done with POST" } else { "this can only be read" };
    Answer::failed(StatusCode::METHOD_NOT_ALLOWED, reason)
}
