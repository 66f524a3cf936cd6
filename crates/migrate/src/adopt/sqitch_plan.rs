//! The identities of a Sqitch plan's changes: each takes in its own line and the change before it. Scripts are `source`'s.

use std::collections::BTreeMap;

use sha1::{Digest as _, Sha1};

use super::proof::hex;

/// A change of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The migration's version: the name, with `#2` behind it for the second change of that name.
    pub(super) version: String,
    /// Its project.
    pub(super) project: String,
    /// The SHA-1 that Sqitch knows it by.
    pub(super) id: String,
}

/// The changes of a plan in their order. Lines that are none are left out.
pub(super) fn changes(plan: &str) -> Vec<Change> {
    let mut pragmas = BTreeMap::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut changes: Vec<Change> = Vec::new();
    for line in plan.lines().map(|line| line.trim_start_matches('\u{feff}').trim()) {
        let (text, note) = line.split_once('#').map_or((line, ""), |(text, note)| (text.trim_end(), note.trim_start()));
        if let Some((name, value)) = text.strip_prefix('%').and_then(|pragma| pragma.split_once('=')) {
            pragmas.insert(name.trim(), value.trim());
        } else if let Some(entry) = Entry::parse(text).filter(|_| !text.starts_with('%')) {
            let project = pragmas.get("project").copied().unwrap_or_default();
            let parent = changes.last().map(|change| change.id.as_str());
            let info = entry.info(project, pragmas.get("uri").copied(), parent, &unescaped(note));
            let id = hex(&Sha1::digest(format!("change {}\0{info}", info.len()).as_bytes()));
            let times = count.entry(entry.name).or_default();
            *times += 1;
            let version = if *times == 1 { entry.name.to_owned() } else { format!("{}#{times}", entry.name) };
            changes.push(Change { version, project: project.to_owned(), id });
        }
    }
    changes
}

/// `name [dependencies] time planner <email>`
struct Entry<'a> {
    name: &'a str,
    dependencies: Vec<&'a str>,
    time: &'a str,
    planner: &'a str,
}

impl<'a> Entry<'a> {
    /// None for blank lines and tags.
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_start_matches('+').trim_start();
        let (name, rest) = text.split_once([' ', '\t']).filter(|_| !text.starts_with('@'))?;
        let rest = rest.trim_start();
        let (dependencies, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map(|(inner, rest)| (inner, rest.trim_start()))?,
            None => ("", rest),
        };
        let (time, planner) = rest.split_once([' ', '\t'])?;
        Some(Self { name, dependencies: dependencies.split_whitespace().collect(), time, planner: planner.trim() })
    }

    /// The text that is hashed.
    fn info(&self, project: &str, uri: Option<&str>, parent: Option<&str>, note: &str) -> String {
        let own = format!("{project}:");
        let named = |dependency: &&'a str| dependency.trim_start_matches('!').trim_start_matches(own.as_str());
        let list = |conflicts: bool| {
            self.dependencies.iter().filter(move |dependency| dependency.starts_with('!') == conflicts).map(named)
        };
        let mut lines = vec![format!("project {project}")];
        lines.extend(uri.map(|uri| format!("uri {uri}")));
        lines.push(format!("change {}", self.name));
        lines.extend(parent.map(|parent| format!("parent {parent}")));
        lines.push(format!("planner {}", self.planner));
        lines.push(format!("date {}", self.time));
        for (title, sign, conflicts) in [("requires", '+', false), ("conflicts", '-', true)] {
            if list(conflicts).next().is_some() {
                lines.push(title.to_owned());
                lines.extend(list(conflicts).map(|dependency| format!("  {sign} {dependency}")));
            }
        }
        if !note.is_empty() {
            lines.extend([String::new(), note.to_owned()]);
        }
        lines.join("\n")
    }
}

/// Notes of several lines stand on one line of the plan.
fn unescaped(note: &str) -> String {
    let mut out = String::with_capacity(note.len());
    let mut rest = note.chars();
    while let Some(c) = rest.next() {
        match (c, rest.as_str().chars().next()) {
            ('\\', Some(next @ ('n' | 'r' | '\\'))) => {
                out.push(match next {
                    'n' => '\n',
                    'r' => '\r',
                    _ => '\\',
                });
                rest.next();
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_those_that_sqitch_computes() {
        let plan = "%syntax-version=1.0.0\n%project=quay\n%uri=https://harbour.example/quay\n\n\
            berths 2026-11-22T06:11:20Z Ada Quay <ada@harbour.example> # Berths.\n\
            prices [berths !tolls] 2026-11-22T06:11:22Z Ada Quay <ada@harbour.example> # Two lines,\\nand a \\\\ in the second # one.\n\
            @v1.0 2026-11-22T06:11:23Z Ada Quay <ada@harbour.example> # First.\n\n\
            views/all [prices@v1.0 harbour:ships] 2026-11-22T06:11:25Z Ada Quay <ada@harbour.example> # No note at all\r\n\
            prices [prices@v1.0 berths] 2026-11-22T06:11:26Z Ada Quay <ada@harbour.example> # Again.\n";
        let found: Vec<_> = changes(plan).into_iter().map(|change| (change.version, change.id)).collect();
        // Printed by `sqitch plan --format format:'%n %h'`, Sqitch 1.3.1.
        let expected = [
            ("berths", "68a0c6f00fcd9b60c1c7bdb6fcf9418cfebce696"),
            ("prices", "0cabdf9dfb1ab594d3a9ed18afe3d1366a3333b0"),
            ("views/all", "82bbf530f626312ae4016577a425c23f51e3807a"),
            ("prices#2", "3c4363404c5fe8dd665f8261927c700232bd6f0e"),
        ];
        assert_eq!(found, expected.map(|(version, id)| (version.to_owned(), id.to_owned())));
    }
}
