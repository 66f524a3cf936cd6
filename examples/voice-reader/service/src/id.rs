//! Ids: new ones that cannot be guessed, and the look of those that come from outside. What they stand for is the routes'.

use std::io::Read as _;

use uuid::{Builder, Uuid};

/// A random UUID. A session's id is all that is needed to end it, so it comes from the kernel.
pub(crate) fn new() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(Builder::from_random_bytes(bytes).into_uuid().to_string())
}

/// A UUID in its usual form, in small letters; nothing else is taken for one.
pub(crate) fn uuid(text: &str) -> Option<String> {
    let usual = text.len() == 36;
    Uuid::try_parse(text).ok().filter(|_| usual).map(|id| id.to_string())
}

/// What may stand in a key of Redis without becoming another key.
pub(crate) fn is_user(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_form_is_a_uuid() {
        let id = "11111111-1111-1111-1111-11111111111A";
        assert_eq!(uuid(id), Some(id.to_lowercase()));
        for other in ["", "11111111111111111111111111111111", "{11111111-1111-1111-1111-111111111111}", "../../etc"] {
            assert_eq!(uuid(other), None, "{other}");
        }
        assert_ne!(new().expect("a system with random numbers"), new().expect("the same"));
    }

    #[test]
    fn a_user_is_no_part_of_another_key() {
        assert!(is_user("ann-7_b"));
        for other in ["", "a:active_call", "a b", "ä", &"a".repeat(65)] {
            assert!(!is_user(other), "{other}");
        }
    }
}
