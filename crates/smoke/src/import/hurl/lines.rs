//! The lines of a Hurl file, and what kind of line each is by its beginning. What it means there is its reader's.

/// Goes through lines, numbered from 1.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

/// What a line begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Empty,
    Comment(&'a str),
    Method(&'a str, &'a str),
    /// The rest of the line after `HTTP`.
    Response(&'a str),
    Section(&'a str),
    Other,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { lines: text.lines().collect(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<(usize, &'a str)> {
        self.lines.get(self.at).map(|line| (self.at + 1, *line))
    }

    pub(super) fn next(&mut self) -> Option<(usize, &'a str)> {
        let line = self.peek();
        self.at += 1;
        line
    }

    /// All lines that are left.
    pub(super) fn rest(&self) -> impl Iterator<Item = &'a str> {
        self.lines.iter().skip(self.at).copied()
    }

    /// The next line, with those after it as far as a text in ``` goes on.
    pub(super) fn next_whole(&mut self) -> Option<(usize, String)> {
        let (number, line) = self.next()?;
        let mut whole = line.to_owned();
        while whole.matches("```").count() % 2 == 1 {
            let Some((_, more)) = self.next() else { break };
            whole.push('\n');
            whole.push_str(more);
        }
        Some((number, whole))
    }
}

impl<'a> Kind<'a> {
    pub(super) fn of(line: &'a str) -> Self {
        let line = line.trim();
        if line.is_empty() {
            return Self::Empty;
        }
        if let Some(comment) = line.strip_prefix('#') {
            return Self::Comment(comment.trim());
        }
        let (first, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let version = first.strip_prefix("HTTP").filter(|version| version.is_empty() || version.starts_with('/'));
        if version.is_some() {
            return Self::Response(&line["HTTP".len()..]);
        }
        if !rest.is_empty() && first.chars().all(|character| character.is_ascii_uppercase()) {
            return Self::Method(first, rest.split(" #").next().unwrap_or_default());
        }
        let section = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        if let Some((name, rest)) = section
            && name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|character| character.is_ascii_alphabetic())
            && (rest.trim().is_empty() || rest.trim().starts_with('#'))
        {
            return Self::Section(name);
        }
        Self::Other
    }
}

/// A line of the form `name: value`.
pub(super) fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    // The name may hold escaped colons.
    let at = line
        .char_indices()
        .find(|(at, character)| *character == ':' && !line[..*at].ends_with('\\'))
        .map(|(at, _)| at)?;
    Some((line[..at].trim(), line[at + 1..].trim()))
}
