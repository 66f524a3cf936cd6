//! The bytes of a request's body, with files from inside of the project only. Which body it is was decided by the file.

use std::path::Path;

use plimsoll_core::secret::base64_digits;
use plimsoll_core::template::sha256_hex;

use crate::load::{ConfineError, confined};
use crate::model::{Body, MultipartPart, MultipartValue};

/// A body as it is sent.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    /// What it is, when that is not left to the check.
    pub(crate) media_type: Option<String>,
}

/// Why a body cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the file `{path}` cannot be sent: {source}")]
    File { path: String, source: ConfineError },
    #[error("the file `{path}` is looked for in the project, and none was given")]
    NoProject { path: String },
    #[error("the media type of `{path}` has a line break")]
    MediaType { path: String },
}

/// Encodes a body whose templates are filled in.
pub(super) fn encode(body: &Body, root: Option<&Path>) -> Result<Encoded, BodyError> {
    let of = |bytes: Vec<u8>, media_type: &str| Encoded { bytes, media_type: Some(media_type.to_owned()) };
    Ok(match body {
        Body::Text(text) => Encoded { bytes: text.clone().into_bytes(), media_type: None },
        Body::Json(value) => of(value.to_string().into_bytes(), "application/json"),
        Body::Form(fields) => {
            let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            of(encoded.into_bytes(), "application/x-www-form-urlencoded")
        }
        Body::File(path) => of(read(path, root)?, media_type_of(path)),
        Body::Multipart(parts) => multipart(parts, root)?,
    })
}

/// Base64 with padding, as basic authentication wants it.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut out = base64_digits(bytes);
    out.extend(std::iter::repeat_n('=', (4 - out.len() % 4) % 4));
    out
}

fn read(path: &str, root: Option<&Path>) -> Result<Vec<u8>, BodyError> {
    let root = root.ok_or_else(|| BodyError::NoProject { path: path.to_owned() })?;
    let read = confined(root, path).and_then(|found| Ok(std::fs::read(found)?));
    read.map_err(|source| BodyError::File { path: path.to_owned(), source })
}

fn multipart(parts: &[MultipartPart], root: Option<&Path>) -> Result<Encoded, BodyError> {
    let mut read_parts = Vec::new();
    for MultipartPart { name, value } in parts {
        let (head, bytes) = match value {
            MultipartValue::Text(text) => (String::new(), text.clone().into_bytes()),
            MultipartValue::File { path, media_type, name } => {
                let own = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
                let name = name.clone().or(own).unwrap_or_default();
                let media_type = media_type.as_deref().unwrap_or_else(|| media_type_of(path));
                if media_type.contains(['\r', '\n']) {
                    return Err(BodyError::MediaType { path: path.clone() });
                }
                (format!("; filename=\"{}\"\r\ncontent-type: {media_type}", escaped(&name)), read(path, root)?)
            }
        };
        read_parts.push((format!("content-disposition: form-data; name=\"{}\"{head}", escaped(name)), bytes));
    }
    // The same parts always have the same boundary, and the digest of them is in none of them.
    let digests: String = read_parts.iter().map(|(head, bytes)| format!("{head}{}", sha256_hex(bytes))).collect();
    let boundary = format!("plimsoll-{}", &sha256_hex(digests.as_bytes())[..32]);
    let mut body = Vec::new();
    for (head, bytes) in &read_parts {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Encoded { bytes: body, media_type: Some(format!("multipart/form-data; boundary={boundary}")) })
}

/// As browsers escape names of fields and files.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn media_type_of(path: &str) -> &'static str {
    let extension = Path::new(path).extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("json") => "application/json",
        Some("txt" | "log") => "text/plain",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("xml") => "application/xml",
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("svg") => "image/svg+xml",
        Some("webp") => "image/webp",
        Some("mp3") => "audio/mpeg",
        Some("wav") => "audio/wav",
        Some("mp4") => "video/mp4",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        let all = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(all, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn parts_of_a_form_are_fields_and_files() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("sea.pdf"), "%PDF").expect("a file");
        let part = |name: &str, value| MultipartPart { name: name.to_owned(), value };
        let file = MultipartValue::File { path: "sea.pdf".to_owned(), media_type: None, name: Some("a\"b".to_owned()) };
        let parts = [part("title", MultipartValue::Text("Sea".to_owned())), part("pdf", file)];
        let encoded = encode(&Body::Multipart(parts.to_vec()), Some(folder.path())).expect("a body");
        let media_type = encoded.media_type.expect("a media type");
        let boundary = media_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
        let text = String::from_utf8(encoded.bytes).expect("text").replace(boundary, "B");
        assert_eq!(
            text,
            "--B\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nSea\r\n\
             --B\r\ncontent-disposition: form-data; name=\"pdf\"; filename=\"a%22b\"\r\ncontent-type: application/pdf\r\n\
             \r\n%PDF\r\n--B--\r\n"
        );
    }

    #[test]
    fn a_file_outside_of_the_project_is_not_sent() {
        let folder = tempfile::tempdir().expect("a folder");
        let why = encode(&Body::File("../x".to_owned()), Some(folder.path())).err().expect("it is outside");
        assert_eq!(why.to_string(), "the file `../x` cannot be sent: it is outside of the project");
        assert!(encode(&Body::File("x".to_owned()), None).is_err());
    }
}
