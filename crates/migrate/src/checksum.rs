//! Two checksums of a migration: of its bytes, and of what they mean. Comparing them with the ledger is `status`'s.

use plimsoll_core::db::Engine;
use plimsoll_core::template::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::error::Problem;
use crate::source::Migration;
use crate::split::{Statement, split};

/// The checksums of a migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    /// SHA-256 of the bytes of the file.
    pub raw: String,
    /// SHA-256 of the tokens: byte order marks, line ends, comments and white space outside of literals don't count.
    pub lexical: String,
}

/// The checksums of a migration as the engine reads it.
///
/// # Errors
/// As [`split`].
pub fn checksums(engine: Engine, migration: &Migration) -> Result<Checksums, Problem> {
    let statements = split(engine, &migration.file, &migration.sql)?;
    Ok(Checksums { raw: migration.checksum.clone(), lexical: lexical(&statements) })
}

/// The checksum of what statements mean.
pub(crate) fn lexical(statements: &[Statement]) -> String {
    statements.iter().fold(nothing(), |before, statement| followed_by(&before, statement))
}

/// The checksum of none of the statements, the first one, the first two, and so on: that of the first ones proves that what
/// was applied is still what the file says.
pub(crate) fn running(statements: &[Statement]) -> Vec<String> {
    let mut sums = vec![nothing()];
    for statement in statements {
        sums.push(followed_by(&sums[sums.len() - 1], statement));
    }
    sums
}

fn nothing() -> String {
    sha256_hex(b"")
}

/// Each checksum takes in the one before, so that a long script costs no more than reading it once.
fn followed_by(before: &str, statement: &Statement) -> String {
    let mut tokens = before.to_owned();
    for token in &statement.tokens {
        // Also inside of literals: a checkout on Windows changes line ends everywhere.
        let text = statement.text_of(token).replace("\r\n", "\n");
        // Lengths keep `ab c` and `a bc` apart.
        tokens.push_str(&text.len().to_string());
        tokens.push(':');
        tokens.push_str(&text);
    }
    sha256_hex(tokens.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash(text: &str) -> String {
        lexical(&split(Engine::Postgres, "m.sql".as_ref(), text).expect("splits"))
    }

    #[test]
    fn comments_line_ends_and_indentation_do_not_count() {
        assert_eq!(hash("CREATE TABLE a (b text);\n"), hash("-- why\r\nCREATE TABLE a (\r\n  b text\r\n)"));
        assert_eq!(hash("SELECT $$a\nb$$"), hash("SELECT $$a\r\nb$$"));
    }

    #[test]
    fn words_and_the_inside_of_literals_do_count() {
        assert_ne!(hash("SELECT 'a b'"), hash("SELECT 'a  b'"));
        assert_ne!(hash("SELECT ab"), hash("SELECT a b"));
        assert_ne!(hash("SELECT 1; SELECT 2"), hash("SELECT 1 SELECT 2"));
    }

    fn tokens() -> impl Strategy<Value = Vec<String>> {
        let token = prop_oneof![
            "[a-d]{2,6}",
            "[0-9]{1,4}",
            "'[a-z -]{0,6}'",
            Just("(".to_owned()),
            Just(",".to_owned()),
            Just(";".to_owned())
        ];
        proptest::collection::vec(token, 1..30)
    }

    proptest! {
        #[test]
        fn re_wrapping_never_changes_the_checksum(tokens in tokens(), blanks in proptest::collection::vec(0..5_usize, 30)) {
            let blank = [" ", "\n", "\r\n\t", " -- x'\n", " /* ; */ "];
            let plain = tokens.join(" ");
            let wrapped: String = tokens.iter().zip(&blanks).flat_map(|(token, at)| [token.as_str(), blank[*at]]).collect();
            prop_assert_eq!(hash(&plain), hash(&wrapped));
        }

        #[test]
        fn an_edited_token_always_changes_the_checksum(tokens in tokens(), at in any::<prop::sample::Index>()) {
            let mut edited = tokens.clone();
            edited.insert(at.index(tokens.len()), "zz".to_owned());
            prop_assert_ne!(hash(&tokens.join(" ")), hash(&edited.join(" ")));
        }
    }
}
