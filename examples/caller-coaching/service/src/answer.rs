//! The form of every answer: a JSON object that names the revision, as does a header. What it says is each route's.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::state::App;

/// The header that names the revision which answered.
pub(crate) const REVISION_HEADER: &str = "x-revision";

/// A status and the fields of a JSON object; [`name_revision`] turns them into bytes.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    fields: Map<String, Value>,
}

impl Answer {
    /// A good answer with these fields, after `ok`.
    pub(crate) fn ok(fields: Value) -> Self {
        Self::new(StatusCode::OK, true, fields)
    }

    /// An answer of the readiness kind: 503 unless everything is there.
    pub(crate) fn ready(ok: bool, fields: Value) -> Self {
        Self::new(if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, ok, fields)
    }

    pub(crate) fn unavailable(reason: &str) -> Self {
        Self::failed(StatusCode::SERVICE_UNAVAILABLE, reason)
    }

    pub(crate) fn failed(status: StatusCode, reason: &str) -> Self {
        Self::new(status, false, json!({ "error": reason }))
    }

    /// A refusal that says more than its reason.
    pub(crate) fn refused(status: StatusCode, fields: Value) -> Self {
        Self::new(status, false, fields)
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
        let mut response = self.status.into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the revision into every answer, whichever route or fallback gave it.
pub(crate) async fn name_revision(State(app): State<App>, mut response: Response) -> Response {
    if let Some(Answer { mut fields, .. }) = response.extensions_mut().remove::<Answer>() {
        fields.insert("revision".to_owned(), app.revision().into());
        let body = Value::Object(fields).to_string();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = Body::from(body);
    }
    if let Ok(revision) = HeaderValue::from_str(app.revision()) {
        response.headers_mut().insert(REVISION_HEADER, revision);
    }
    response
}
