//! The form of every answer: a JSON object that says whether it is a good one. What else it says is each route's.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A status and the fields of a JSON object.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    fields: Map<String, Value>,
}

impl Answer {
    /// A good answer with these fields, after `ok`.
    pub(crate) fn ok(fields: Value) -> Self {
        Self::new(StatusCode::OK, true, fields)
    }

    /// What was taken back: nothing is left to say.
    pub(crate) fn gone() -> Self {
        Self { status: StatusCode::NO_CONTENT, fields: Map::new() }
    }

    /// A refusal: a code for programs, a sentence for people.
    pub(crate) fn refused(status: StatusCode, code: &str, reason: &str) -> Self {
        Self::new(status, false, json!({ "code": code, "error": reason }))
    }

    /// Something that this service needs is away.
    pub(crate) fn unavailable(reason: &str) -> Self {
        Self::refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable", reason)
    }

    /// An answer that says of itself that it is none, whatever its status.
    pub(crate) fn not_ok(fields: Value) -> Self {
        Self::new(StatusCode::OK, false, fields)
    }

    fn new(status: StatusCode, ok: bool, fields: Value) -> Self {
        let mut all = Map::from_iter([("ok".to_owned(), Value::Bool(ok))]);
        if let Value::Object(fields) = fields {
            all.extend(fields);
        }
        Self { status, fields: all }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self.status {
            StatusCode::NO_CONTENT => self.status.into_response(),
            status => (status, Json(Value::Object(self.fields))).into_response(),
        }
    }
}
