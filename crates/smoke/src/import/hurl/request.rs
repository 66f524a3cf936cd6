//! The part of an entry that is sent: headers, sections, body. Options are in `options.rs`, bodies in `body.rs`.

use super::lines::{Kind, Lines, pair};
use super::options::Options;
use super::token::plain;
use super::variables::Variables;
use super::{body, options};
use crate::import::Remarks;
use crate::import::draft::Draft;
use crate::model::{Body, MultipartPart, MultipartValue};

/// Reads up to the response or the next entry.
pub(super) fn read(
    lines: &mut Lines<'_>,
    draft: &mut Draft,
    settings: &mut Options,
    variables: &mut Variables,
    remarks: &mut Remarks,
) {
    let mut section = None;
    while let Some((number, line)) = lines.peek() {
        match Kind::of(line) {
            Kind::Empty | Kind::Comment(_) => {
                lines.next();
            }
            // A comment above the next entry is its name, so blank lines and comments are no end.
            Kind::Method(..) | Kind::Response(_) => return,
            Kind::Section(name) => {
                lines.next();
                section = Some(name.to_owned());
                if !KNOWN.contains(&name) {
                    remarks.left_out(number, format!("the section `[{name}]`, which is not known"));
                }
            }
            Kind::Other if body::begins(line) => {
                section = None;
                body::read(lines, draft, variables, remarks);
            }
            Kind::Other => {
                lines.next();
                let Some((name, value)) = pair(line) else {
                    remarks.left_out(number, "this line, which is not understood");
                    continue;
                };
                match section.as_deref() {
                    None => {
                        let value = plain(value, variables);
                        draft.request.headers.push((plain(name, variables), value));
                    }
                    Some("Options") => options::read(number, name, value, draft, settings, variables, remarks),
                    Some(section) => field(number, section, name, value, draft, variables, remarks),
                }
            }
        }
    }
}

const KNOWN: [&str; 10] = [
    "Options",
    "Query",
    "QueryStringParams",
    "Form",
    "FormParams",
    "Multipart",
    "MultipartFormData",
    "Cookies",
    "BasicAuth",
    "Asserts",
];

fn field(
    number: usize,
    section: &str,
    name: &str,
    value: &str,
    draft: &mut Draft,
    variables: &mut Variables,
    remarks: &mut Remarks,
) {
    let name = plain(name, variables);
    match section {
        "Query" | "QueryStringParams" => draft.request.query.push((name, plain(value, variables))),
        "Cookies" => draft.request.cookies.push((name, plain(value, variables))),
        "BasicAuth" => {
            let password = plain(value, variables);
            draft.request.auth = Some(crate::model::Auth::Basic { user: name, password });
        }
        "Form" | "FormParams" => {
            let value = plain(value, variables);
            match &mut draft.request.body {
                Some(Body::Form(fields)) => fields.push((name, value)),
                body @ None => *body = Some(Body::Form(vec![(name, value)])),
                Some(_) => remarks.left_out(number, "this field of a form, because there is another body"),
            }
        }
        "Multipart" | "MultipartFormData" => {
            let part = MultipartPart { name, value: part(value, variables) };
            match &mut draft.request.body {
                Some(Body::Multipart(parts)) => parts.push(part),
                body @ None => *body = Some(Body::Multipart(vec![part])),
                Some(_) => remarks.left_out(number, "this part, because there is another body"),
            }
        }
        // The section was told.
        _ => {}
    }
}

/// A text, or `file,name; type`.
fn part(value: &str, variables: &mut Variables) -> MultipartValue {
    let Some(file) = value.strip_prefix("file,") else { return MultipartValue::Text(plain(value, variables)) };
    let (path, media_type) = file.split_once(';').unwrap_or((file, ""));
    let media_type = plain(media_type.trim(), variables);
    MultipartValue::File {
        path: plain(path.trim(), variables),
        media_type: Some(media_type).filter(|media_type| !media_type.is_empty()),
        name: None,
    }
}
