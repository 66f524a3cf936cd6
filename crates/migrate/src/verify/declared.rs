//! What the author of a way back says about it, in the comments at its head. Whether that is so is found out by the proof.

use serde::{Deserialize, Serialize};

/// What an author declares about a way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "declared", rename_all = "snake_case")]
pub enum Declared {
    /// `-- plimsoll: irreversible reason`: the migration is not meant to be taken back.
    Irreversible {
        /// Why; empty when nothing is said.
        reason: String,
    },
    /// `-- plimsoll: lossy reason`: taking it back loses something that was there before it, and that is accepted.
    Lossy {
        /// Why; empty when nothing is said.
        reason: String,
    },
}

/// What the comments before the first statement declare.
pub(crate) fn declared(sql: &str) -> Option<Declared> {
    sql.lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with("--") || line.starts_with('#'))
        .find_map(|line| {
            let said = line.trim_start_matches(['-', '#']).trim().strip_prefix("plimsoll:")?.trim_start();
            let (word, reason) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
            let reason = reason.trim().to_owned();
            match word {
                "irreversible" => Some(Declared::Irreversible { reason }),
                "lossy" => Some(Declared::Lossy { reason }),
                _ => None,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_stands_before_the_first_statement() {
        let reason = "the old values are gone".to_owned();
        let sql = "\n-- what it does\n-- plimsoll: no-transaction\n--plimsoll: irreversible the old values are gone\nSELECT 1;";
        assert_eq!(declared(sql), Some(Declared::Irreversible { reason }));
        assert_eq!(declared("# plimsoll: lossy"), Some(Declared::Lossy { reason: String::new() }));
        assert_eq!(declared("SELECT 1;\n-- plimsoll: lossy late"), None);
        assert_eq!(declared("-- plimsoll: irreversibly"), None);
    }
}
