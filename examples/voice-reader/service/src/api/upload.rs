//! `POST /admin/books/upload`: a PDF and whose it is, looked at, stored, written down and enqueued. Taking back is `api`'s.

use axum::extract::State;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::http::StatusCode;
use serde_json::json;

use super::books::{self, Book};
use super::{App, Away};
use crate::answer::Answer;
use crate::config::Fault;
use crate::{id, queue};

/// The largest PDF that is taken.
const LARGEST: usize = 20 << 20;
/// What a request may have around it.
pub(super) const LARGEST_REQUEST: usize = LARGEST + (64 << 10);
/// The longest text of a field.
const LONGEST_TEXT: usize = 256;
/// How every PDF begins.
const MAGIC: &[u8] = b"%PDF-";

/// What was uploaded, once it is known to be good.
struct Upload {
    household: String,
    file_name: String,
    bytes: Vec<u8>,
}

pub(super) async fn upload(State(app): State<App>, form: Result<Multipart, MultipartRejection>) -> Answer {
    let upload = match form {
        Ok(form) => read(form).await,
        Err(_) => {
            let reason = "an upload is multipart/form-data with `household_id` and `file`";
            Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_multipart", reason))
        }
    };
    match upload {
        Ok(upload) => accept(&app, upload).await.unwrap_or_else(Answer::from),
        Err(refused) => refused,
    }
}

async fn read(mut form: Multipart) -> Result<Upload, Answer> {
    let (mut household, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name() {
            Some("household_id") => {
                let text = String::from_utf8(bytes(field, LONGEST_TEXT).await?).ok();
                household = Some(
                    text.and_then(|text| id::uuid(&text))
                        .ok_or_else(|| wrong("invalid_household_id", "`household_id` is not a UUID"))?,
                );
            }
            Some("file") => file = Some(pdf(field).await?),
            // What nobody asked for is passed over, within the limit of the request.
            _ => drop(bytes(field, LARGEST).await?),
        }
    }
    let household = household.ok_or_else(|| wrong("no_household_id", "`household_id` is missing"))?;
    let (file_name, bytes) = file.ok_or_else(|| wrong("no_file", "`file` is missing"))?;
    Ok(Upload { household, file_name, bytes })
}

async fn pdf(field: Field<'_>) -> Result<(String, Vec<u8>), Answer> {
    let media_type = field.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/pdf") {
        let reason = "`file` is sent with the type application/pdf";
        return Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type", reason));
    }
    let name: String = field.file_name().unwrap_or("book.pdf").chars().take(LONGEST_TEXT).collect();
    let bytes = bytes(field, LARGEST).await?;
    match bytes.starts_with(MAGIC) {
        true => Ok((name, bytes)),
        false => Err(wrong("not_a_pdf", "`file` does not begin as a PDF does")),
    }
}

/// All of a field, in memory up to the limit.
async fn bytes(mut field: Field<'_>, most: usize) -> Result<Vec<u8>, Answer> {
    let mut all = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| broken(&error))? {
        if all.len() + chunk.len() > most {
            let reason = format!("a part is larger than {most} bytes");
            return Err(Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &reason));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

fn wrong(code: &str, reason: &str) -> Answer {
    Answer::refused(StatusCode::UNPROCESSABLE_ENTITY, code, reason)
}

/// A form that ends in the middle, or is larger than any may be.
fn broken(error: &MultipartError) -> Answer {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the request is too large")
        }
        _ => Answer::refused(StatusCode::BAD_REQUEST, "broken_form", "the form cannot be read to its end"),
    }
}

/// File, row, message. What one of them leaves when a later one fails is taken back.
async fn accept(app: &App, upload: Upload) -> Result<Answer, Away> {
    let Upload { household, file_name, bytes } = upload;
    let book_id = id::new().map_err(Away::Storage)?;
    let storage_path = app.storage.path(&household, &book_id);
    let book = Book {
        id: book_id.clone(),
        household,
        file_name,
        storage_path: storage_path.clone(),
        bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
    };
    app.storage.write(&storage_path, &bytes).map_err(Away::Storage)?;
    if let Err(away) = write_down(app, book).await {
        app.storage.remove(&storage_path).map_err(Away::Storage)?;
        return Err(away);
    }
    Ok(Answer::ok(json!({ "book_id": book_id, "status": "processing", "storage_path": storage_path })))
}

async fn write_down(app: &App, book: Book) -> Result<(), Away> {
    let id = book.id.clone();
    app.ask(move |db| books::insert(db, &book)).await?;
    if app.config.fault == Some(Fault::NotEnqueued) {
        return Ok(());
    }
    let enqueued = app.broker.ask({
        let id = id.clone();
        move |redis| queue::enqueue(redis, &id)
    });
    if let Err(away) = enqueued.await {
        app.ask(move |db| books::remove(db, &id)).await?;
        return Err(away.into());
    }
    Ok(())
}
