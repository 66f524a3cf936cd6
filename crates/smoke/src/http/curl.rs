//! A shell line that sends the same request, for people who want to see for themselves. Nothing secret is in it.

use plimsoll_core::secret::MASK;
use reqwest::Url;

use super::body::Encoded;
use crate::masking::Masking;
use crate::model::{Auth, Body, HttpVersion, MultipartValue, Request, Resolve};

/// Headers whose values are never shown, whoever made them.
const PRIVATE_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

/// Whether the value of a header is a credential, whoever made it.
pub(super) fn is_private(name: &str) -> bool {
    PRIVATE_HEADERS.iter().any(|private| name.eq_ignore_ascii_case(private))
}

/// The line for a request with its templates filled in.
pub(super) fn line(
    request: &Request,
    url: &str,
    base: &Url,
    headers: &[(String, String)],
    body: Option<&Encoded>,
    masking: &Masking,
) -> String {
    let mut words = vec!["curl -sS".to_owned()];
    words.push(match request.method.as_str() {
        "HEAD" => "-I".to_owned(),
        "GET" if body.is_none() => "-i".to_owned(),
        // Fields of a form make it POST.
        "POST" if matches!(request.body, Some(Body::Multipart(_))) => "-i".to_owned(),
        other => format!("-i -X {other}"),
    });
    if request.redirects > 0 {
        words.push(format!("-L --max-redirs {}", request.redirects));
    }
    words.extend(request.http.map(|version| match version {
        HttpVersion::One => "--http1.1".to_owned(),
        HttpVersion::Two if base.scheme() == "http" => "--http2-prior-knowledge".to_owned(),
        HttpVersion::Two => "--http2".to_owned(),
    }));
    if let (Some(Resolve::Address(address)), Some(host)) = (&request.resolve, base.host_str()) {
        let port = base.port_or_known_default().unwrap_or_default();
        words.push(format!("--resolve {}", quote(&format!("{host}:{port}:{address}"))));
    }
    words.extend(request.auth.as_ref().map(|auth| match auth {
        Auth::Basic { user, .. } => format!("-u {}", quote(&format!("{}:{MASK}", masking.apply(user)))),
        Auth::Bearer(_) => format!("-H {}", quote(&format!("authorization: Bearer {MASK}"))),
    }));
    for (name, value) in headers {
        // curl makes the boundary itself.
        if matches!(request.body, Some(Body::Multipart(_))) && value.starts_with("multipart/form-data; boundary=") {
            continue;
        }
        let value = if is_private(name) {
            value.split_once(' ').map_or_else(|| MASK.to_owned(), |(scheme, _)| format!("{scheme} {MASK}"))
        } else {
            masking.apply(value)
        };
        words.push(format!("-H {}", quote(&format!("{name}: {value}"))));
    }
    if !request.cookies.is_empty() {
        let cookies: Vec<_> = request.cookies.iter().map(|(name, _)| format!("{name}={MASK}")).collect();
        words.push(format!("-b {}", quote(&cookies.join("; "))));
    }
    words.extend(data(request, body, masking));
    words.push(quote(url));
    words.join(" ")
}

fn data(request: &Request, encoded: Option<&Encoded>, masking: &Masking) -> Vec<String> {
    match &request.body {
        Some(Body::File(path)) => vec![format!("--data-binary {}", quote(&format!("@{}", masking.apply(path))))],
        Some(Body::Multipart(parts)) => {
            let field = |name: &str, value: &MultipartValue| match value {
                MultipartValue::Text(text) => {
                    format!("--form-string {}", quote(&format!("{name}={}", masking.apply(text))))
                }
                MultipartValue::File { path, media_type, name: sent_as } => {
                    let mut text = format!("{name}=@{}", masking.apply(path));
                    text.extend(media_type.iter().map(|media_type| format!(";type={media_type}")));
                    text.extend(sent_as.iter().map(|name| format!(";filename={}", masking.apply(name))));
                    format!("-F {}", quote(&text))
                }
            };
            parts.iter().map(|part| field(&part.name, &part.value)).collect()
        }
        Some(Body::Text(_) | Body::Json(_) | Body::Form(_)) => {
            let text = encoded.map(|encoded| String::from_utf8_lossy(&encoded.bytes).into_owned()).unwrap_or_default();
            vec![format!("--data-raw {}", quote(&masking.apply(&text)))]
        }
        None => Vec::new(),
    }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
