//! Who may use the admin API: whoever has the superadmin token. What can be done with it is `routes::seeding`'s.

use axum::http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;

use crate::answer::Answer;
use crate::config::Hidden;

/// Lets requests in that carry the token, as `authorization: Bearer TOKEN`.
pub(crate) fn admit(headers: &HeaderMap, token: Option<&Hidden>) -> Result<(), Answer> {
    let refused = |status, reason| Err(Answer::failed(status, reason));
    let Some(token) = token else {
        return refused(StatusCode::FORBIDDEN, "the admin API is off: HF_SUPERADMIN_TOKEN is not set");
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let Some(given) = given else {
        return refused(StatusCode::UNAUTHORIZED, "this needs the header `authorization: Bearer TOKEN`");
    };
    // How long a comparison takes must not tell how much of a guess was right.
    if bool::from(given.ct_eq(token.expose().as_bytes())) {
        Ok(())
    } else {
        refused(StatusCode::FORBIDDEN, "the token is not the superadmin's")
    }
}

/// The token of a header of the scheme `Bearer`, whose case does not matter.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"Bearer ";
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::response::IntoResponse;

    use super::*;

    fn status(header: Option<&str>, token: Option<&str>) -> u16 {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(header).expect("a header"));
        }
        match admit(&headers, token.map(Hidden::new).as_ref()) {
            Ok(()) => 200,
            Err(answer) => answer.into_response().status().as_u16(),
        }
    }

    #[test]
    fn only_the_whole_token_opens_the_door() {
        let token = Some("s3cret-of-32-bytes");
        assert_eq!(status(Some("Bearer s3cret-of-32-bytes"), token), 200);
        assert_eq!(status(Some("bearer s3cret-of-32-bytes"), token), 200);
        for wrong in ["Bearer s3cret-of-32-byte", "Bearer s3cret-of-32-bytess", "Bearer ", "Bearer S3CRET-OF-32-BYTES"]
        {
            assert_eq!(status(Some(wrong), token), 403, "{wrong}");
        }
        for none in [None, Some(""), Some("Bearer"), Some("Basic czpz"), Some("s3cret-of-32-bytes")] {
            assert_eq!(status(none, token), 401, "{none:?}");
        }
    }

    #[test]
    fn without_a_token_nobody_gets_in() {
        assert_eq!(status(Some("Bearer "), None), 403);
        assert_eq!(status(None, None), 403);
    }
}
