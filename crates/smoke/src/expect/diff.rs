//! Shows where two long values differ, line by line. Short ones are told by the finding itself.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// The most lines of a difference that are shown.
const MOST_LINES: usize = 40;

/// The lines that differ with those around them, or `None` where both values are short enough to see it. The values are
/// masked already.
pub(super) fn lines(expected: &str, actual: &str) -> Option<String> {
    if expected == actual || (expected.lines().count() < 3 && actual.lines().count() < 3) {
        return None;
    }
    let diff = TextDiff::from_lines(expected, actual);
    let mut out = Vec::new();
    for (number, group) in diff.grouped_ops(2).iter().enumerate() {
        if number > 0 {
            out.push("  ...".to_owned());
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            out.push(format!("{sign} {}", change.value().trim_end_matches('\n')));
        }
    }
    if out.len() > MOST_LINES {
        let more = out.len() - MOST_LINES;
        out.truncate(MOST_LINES);
        out.push(format!("  ... and {more} more lines"));
    }
    Some(out.join("\n"))
}

/// A value as text with a line for each entry.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => format!("{other:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn long_values_are_compared_by_lines_and_short_ones_are_not() {
        let expected = text_of(&json!({"id": 1, "tags": ["a", "b"], "name": "Sea"}));
        let actual = text_of(&json!({"id": 1, "tags": ["a", "c"], "name": "Sea"}));
        let shown = lines(&expected, &actual).expect("they differ");
        assert!(shown.contains("-     \"b\"\n+     \"c\""), "{shown}");
        assert!(!shown.contains("\"id\""), "what is far away is left out: {shown}");
        assert_eq!(lines("a", "b"), None);
        assert_eq!(lines(&expected, &expected), None);
    }

    #[test]
    fn a_difference_has_an_end() {
        let many = (0..500).map(|number| format!("{number}\n")).collect::<String>();
        let shown = lines("none\n", &many).expect("they differ");
        assert_eq!(shown.lines().count(), 41);
        assert!(shown.ends_with("more lines"), "{shown}");
    }
}
