//! `GET /api/health`: the process answers. It asks nothing of the database; that is `ready`'s.

use serde_json::json;

use crate::answer::Answer;

pub(crate) async fn health() -> Answer {
    Answer::ok(json!({}))
}
