//! Shows findings in migrations to people: the line, the place in it, what happens, what to write instead. Finding them is
//! `plimsoll_migrate`'s.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use plimsoll_core::Location;
use plimsoll_migrate::{Finding, LintReport};

/// All findings with their source lines, and the counts.
pub(crate) fn text(report: &LintReport, root: &Path, colour: bool) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&shown(finding, root, colour));
        text.push_str(&format!("  instead: {}\n\n", finding.alternative));
    }
    for unknown in report.unclassified.iter().filter(|unknown| unknown.accepted.is_none()) {
        let title = format!("not understood: {}", unknown.what);
        text.push_str(&snippet(Level::WARNING, &title, "unclassified", &unknown.location, 1, root, colour));
        text.push_str("\n\n");
    }
    for accepted in &report.accepted {
        let finding = &accepted.finding;
        text.push_str(&format!("accepted: {}: {}: {}\n", near(&finding.location, root), finding.rule, accepted.reason));
    }
    text.push_str(&format!("{}\n", report.summary()));
    text
}

fn shown(finding: &Finding, root: &Path, colour: bool) -> String {
    let level = if finding.is_error { Level::ERROR } else { Level::WARNING };
    let title = format!("{}: {}", finding.grade, finding.message);
    let length = finding.token.chars().count();
    let mut text = snippet(level, &title, finding.rule.as_str(), &finding.location, length, root, colour);
    text.push('\n');
    text
}

/// A title above the line it is about; without a place in it for a file as a whole.
fn snippet(level: Level<'_>, title: &str, id: &str, at: &Location, length: usize, root: &Path, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let path = near(at, root);
    let source = std::fs::read_to_string(root.join(&at.file)).unwrap_or_default();
    let title = level.primary_title(title).id(id);
    let file = path.rsplitn(3, ':').last().unwrap_or_default().to_owned();
    let Some(span) = span(&source, at, length.max(1)) else {
        return format!("{}\n  at {path}", renderer.render(&[annotate_snippets::Group::with_title(title)]));
    };
    let shown = Snippet::source(source.as_str()).path(file).annotation(AnnotationKind::Primary.span(span));
    renderer.render(&[title.element(shown)])
}

/// A place as the user would type it from the project's folder.
fn near(at: &Location, root: &Path) -> String {
    let text = at.to_string();
    let root = format!("{}/", root.display());
    text.strip_prefix(&root).map_or(text.clone(), str::to_owned)
}

/// The bytes of a place, which stays in its line.
fn span(text: &str, at: &Location, length: usize) -> Option<std::ops::Range<usize>> {
    let start: usize = text.split_inclusive('\n').take(at.line.saturating_sub(1) as usize).map(str::len).sum();
    let line = text.get(start..)?.lines().next()?;
    let mut bytes = line.char_indices().map(|(index, _)| index).chain([line.len()]);
    let first = bytes.nth(at.column.saturating_sub(1) as usize)?;
    let last = bytes.nth(length - 1).unwrap_or(line.len());
    Some(start + first..start + last.max(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_becomes_the_bytes_of_its_line() {
        let at = Location { file: "m.sql".into(), line: 2, column: 3 };
        assert_eq!(span("SELECT 1;\nä drop table t;\n", &at, 4), Some(13..17));
        assert_eq!(span("SELECT 1;\nä drop\n", &at, 40), Some(13..17));
        assert_eq!(span("", &at, 1), None);
    }
}
