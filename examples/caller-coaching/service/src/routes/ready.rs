//! `GET /api/ready`: whether traffic may come. The whole list of requirements is `readiness`'s.

use axum::extract::State;
use plimsoll_core::db::{Stmt, scalar};
use serde_json::json;

use crate::answer::Answer;
use crate::state::App;

pub(crate) async fn ready(State(app): State<App>) -> Result<Answer, Answer> {
    let specs = app.ask(|db| scalar(db, &Stmt::new("SELECT count(*) FROM analysis_spec"))).await?;
    match specs.as_int() {
        Some(specs) if specs > 0 => Ok(Answer::ok(json!({ "database": "connected", "specs": specs }))),
        _ => Err(Answer::unavailable("the database has no specs: seed the specs")),
    }
}
