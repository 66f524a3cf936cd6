//! `-- plimsoll:allow rule reason`: comments that accept a finding. Finding things is left to `check`.

use plimsoll_core::db::Engine;

use super::file::File;
use super::rule::Rule;
use super::scene::Hit;
use crate::lexer::{Lexer, TokenKind};

const MARK: &str = "plimsoll:allow";

/// What a comment allows that is about a statement nobody understands.
const UNKNOWN: &str = "unclassified";

/// The comments of a file.
pub(super) struct Allows {
    found: Vec<Allow>,
}

struct Allow {
    rule: Option<Rule>,
    written: String,
    reason: String,
    /// In bytes of the file.
    offset: usize,
    /// The statement that it stands before, in or behind; none for the file as a whole.
    statement: Option<usize>,
    used: bool,
}

impl Allows {
    /// Reads the comments. One at the head of a file counts for the first statement, and for the file as a whole.
    pub(super) fn read(engine: Engine, file: &File<'_>) -> Self {
        let text = &file.migration.sql;
        let mut found = Vec::new();
        let mut lexer = Lexer::new(engine, text);
        while let Ok(Some(token)) = lexer.next() {
            let piece = &text[token.start..token.end];
            let Some(mark) = piece.find(MARK).filter(|_| token.kind == TokenKind::Blank) else { continue };
            let words = piece[mark + MARK.len()..].lines().next().unwrap_or_default();
            let words = words.trim().trim_end_matches("*/").trim();
            let (rule, reason) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
            found.push(Allow {
                rule: Rule::named(rule.trim_end_matches([':', ','])),
                written: rule.to_owned(),
                reason: reason.trim_start_matches([':', '-', ' ']).trim().to_owned(),
                offset: token.start + mark,
                statement: owner(file, text, token.start),
                used: false,
            });
        }
        Self { found }
    }

    /// The reason why a finding is accepted, if one is given.
    pub(super) fn accept(&mut self, hit: &Hit) -> Option<String> {
        let fits = |allow: &&mut Allow| {
            allow.rule == Some(hit.rule) && (allow.statement == hit.statement || hit.statement.is_none())
        };
        let allow = self.found.iter_mut().find(fits)?;
        allow.used = true;
        // Without a reason the comment is what is found.
        Some(allow.reason.clone())
    }

    /// The reason why a statement that is not understood is accepted, if one is given.
    pub(super) fn accept_unknown(&mut self, statement: usize) -> Option<String> {
        let fits = |allow: &&mut Allow| allow.written == UNKNOWN && allow.statement == Some(statement);
        let allow = self.found.iter_mut().find(fits)?;
        allow.used = true;
        Some(allow.reason.clone())
    }

    /// What is wrong with the comments themselves: the rule, the byte of the file, the words.
    pub(super) fn left_over(&self) -> Vec<(Rule, usize, String)> {
        let mut found = Vec::new();
        for allow in &self.found {
            let name = &allow.written;
            if allow.rule.is_none() && name != UNKNOWN {
                let near = plimsoll_core::toml_file::nearest(name, Rule::ALL.iter().map(|rule| rule.as_str()));
                let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
                found.push((Rule::UnusedAllow, allow.offset, format!("there is no rule `{name}`{hint}")));
            } else if !allow.used {
                found.push((Rule::UnusedAllow, allow.offset, format!("`{name}` finds nothing here")));
            }
            if allow.reason.is_empty() {
                found.push((Rule::AllowWithoutReason, allow.offset, format!("`{name}` is allowed without a reason")));
            }
        }
        found
    }
}

/// The statement a comment belongs to: the one it stands in or behind on the same line, or the next one.
fn owner(file: &File<'_>, text: &str, offset: usize) -> Option<usize> {
    let ends = |at: usize| file.statements[at].offset + file.statements[at].text.len();
    let inside = (0..file.statements.len()).find(|at| file.statements[*at].offset < offset && offset < ends(*at));
    let behind = || {
        let last = (0..file.statements.len()).rev().find(|at| ends(*at) <= offset)?;
        (!text[ends(last)..offset].contains('\n')).then_some(last)
    };
    let next = || (0..file.statements.len()).find(|at| file.statements[*at].offset > offset);
    inside.or_else(behind).or_else(next)
}
