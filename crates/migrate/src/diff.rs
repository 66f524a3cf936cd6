//! Shows how a file differs from the text that was applied. Whether the difference matters is `status`'s to say.

use serde::{Deserialize, Serialize};
use similar::TextDiff;

/// How a file differs from what was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The first line of the file that is not as it was applied, from 1.
    pub line: u32,
    /// All of it in unified form: `-` before lines as they were applied, `+` before lines of the file, numbers of lines after `@@`.
    pub diff: String,
}

/// Compares the text that was applied with the file's. Ends of lines do not count.
pub(crate) fn edit(applied: &str, file: &str) -> Option<Edit> {
    let file = file.replace("\r\n", "\n");
    let diff = TextDiff::from_lines(applied, &file);
    let first = diff.ops().iter().find(|op| op.tag() != similar::DiffTag::Equal)?;
    let line = u32::try_from(first.new_range().start + 1).unwrap_or(u32::MAX);
    let mut text = diff.unified_diff();
    let text = text.context_radius(2).missing_newline_hint(false).header("as applied", "the file");
    Some(Edit { line, diff: text.to_string().trim_end().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_with_its_number_and_the_lines_around() {
        let edit = edit("a\nb\nc\nd\ne\n", "a\r\nb\r\nc\r\nx\r\ne").expect("differs");
        assert_eq!(edit.line, 4);
        insta::assert_snapshot!(edit.diff, @r"
        --- as applied
        +++ the file
        @@ -2,4 +2,4 @@
         b
         c
        -d
        -e
        +x
        +e
        ");
    }

    #[test]
    fn ends_of_lines_are_no_difference() {
        assert_eq!(edit("a\nb\n", "a\r\nb\r\n"), None);
    }
}
