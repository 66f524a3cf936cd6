//! Colours for differences of files. Making them is the libraries'.

/// A unified difference, each line in the colour that tools give it.
pub(crate) fn text(diff: &str, colour: bool) -> String {
    if !colour {
        return diff.to_owned();
    }
    let painted = diff.split_inclusive('\n').map(|line| {
        let code = match line {
            line if line.starts_with("--- ") || line.starts_with("+++ ") => "1",
            line if line.starts_with("@@") => "36",
            line if line.starts_with('+') => "32",
            line if line.starts_with('-') => "31",
            _ => return line.to_owned(),
        };
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        format!("\u{1b}[{code}m{body}\u{1b}[0m{end}")
    });
    painted.collect()
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn only_what_changes_is_coloured_and_only_when_asked() {
        let diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n a\n-b\n+c\n";
        assert_eq!(text(diff, false), diff);
        let lines = ["\u{1b}[1m--- a/x\u{1b}[0m", "\u{1b}[1m+++ b/x\u{1b}[0m", "\u{1b}[36m@@ -1 +1 @@\u{1b}[0m", " a"];
        assert!(text(diff, true).starts_with(&lines.join("\n")), "{}", text(diff, true));
        assert!(text(diff, true).ends_with("\u{1b}[31m-b\u{1b}[0m\n\u{1b}[32m+c\u{1b}[0m\n"));
    }
}
