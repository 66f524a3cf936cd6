//! Hurl's variables: their names in checks, and texts in which they are marked. Giving them values is the project's.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::secret::is_private;
use crate::import::text::mark;

/// What each name means where the reader is.
#[derive(Default)]
pub(super) struct Variables {
    meanings: BTreeMap<String, Meaning>,
    captured: BTreeSet<String>,
    used: BTreeSet<String>,
}

enum Meaning {
    Name(String),
    Text(String),
}

impl Variables {
    /// A text in which `{{name}}` is marked, and nothing is an escape.
    pub(super) fn marked(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let Some(length) = rest[start + 2..].find("}}") else { break };
            let name = rest[start + 2..start + 2 + length].trim();
            out.push_str(&rest[..start]);
            if is_name(name) {
                out.push_str(&self.variable(name));
                rest = &rest[start + 2 + length + 2..];
            } else {
                // Braces that are none of Hurl's.
                out.push('{');
                rest = &rest[start + 1..];
            }
        }
        out.push_str(rest);
        out
    }

    /// What stands for a variable: a mark, or the text that the file gave it.
    pub(super) fn variable(&mut self, name: &str) -> String {
        match self.meanings.get(name) {
            Some(Meaning::Text(text)) => text.clone(),
            Some(Meaning::Name(ours)) => mark(ours),
            None if name == "newUuid" => mark("uuid"),
            None => {
                let ours = spelled(name);
                self.used.insert(ours.clone());
                mark(&ours)
            }
        }
    }

    /// From here on the name means what was captured. It gets another name where it was captured before.
    pub(super) fn capture(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{}_{number}", spelled(name)));
        let ours = std::iter::once(spelled(name))
            .chain(numbered)
            .find(|ours| !self.captured.contains(ours))
            .unwrap_or_default();
        self.captured.insert(ours.clone());
        self.meanings.insert(name.to_owned(), Meaning::Name(ours.clone()));
        ours
    }

    /// From here on the name means this text, unless it says that it is secret.
    pub(super) fn define(&mut self, name: &str, text: &str) {
        if !is_private(name) {
            let text = self.marked(text.trim_matches('"'));
            self.meanings.insert(name.to_owned(), Meaning::Text(text));
        }
    }

    /// The names that the project has to give, in words.
    pub(super) fn wanted(&self) -> String {
        let names: Vec<_> = self.used.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
}

fn spelled(name: &str) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character } else { '_' };
    name.chars().map(word).collect()
}
