//! Looks for a line in a file of the project or in the output of a command. Where a file is read from is `marks.rs`'s, what it
//! found is judged by `expect/probe.rs`.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use regex::Regex;

use super::marks::{self, Mark};
use super::{Context, Observation, process, unmeasured};
use crate::load::ConfineError;
use crate::model::{LogProbe, LogSource};
use crate::report::{Unmeasured, UnmeasuredKind};

/// How many lines are shown when the wanted one is not among them.
const SHOWN: usize = 5;

/// What one look finds: the first line that has all that is wanted, or the last lines there are.
pub(super) fn measure(probe: &LogProbe, context: &Context<'_>) -> Result<Observation, Unmeasured> {
    let began = Instant::now();
    let mut search = Search::new(probe)?;
    match &probe.source {
        LogSource::File(name) => in_file(name, probe.from_start, context, &mut search)?,
        LogSource::Command(words) => in_output(words, context, &mut search)?,
    }
    let elapsed = began.elapsed();
    Ok(match search.found {
        Some(line) => {
            Observation { json: serde_json::from_str(&line).ok(), text: line, elapsed, ..Observation::default() }
        }
        None => {
            let instead = match search.seen {
                0 => "no line".to_owned(),
                1 => "one other line".to_owned(),
                several => format!("{several} other lines"),
            };
            let text = search.last.into_iter().collect::<Vec<_>>().join("\n");
            Observation { missing: Some((search.wanted, instead)), text, elapsed, ..Observation::default() }
        }
    })
}

/// What is looked for and what was seen meanwhile.
struct Search {
    contains: Option<String>,
    matches: Option<Regex>,
    wanted: String,
    found: Option<String>,
    seen: usize,
    last: VecDeque<String>,
}

impl Search {
    fn new(probe: &LogProbe) -> Result<Self, Unmeasured> {
        let matches = probe.matches.as_deref().map(Regex::new).transpose().map_err(|error| {
            let text = error.to_string();
            unmeasured(UnmeasuredKind::NotPrepared, text.lines().last().unwrap_or_default())
        })?;
        let texts = [
            probe.contains.as_ref().map(|text| format!("{text:?}")),
            probe.matches.as_ref().map(|pattern| format!("/{pattern}/")),
        ];
        let wanted = format!("a line with {}", texts.into_iter().flatten().collect::<Vec<_>>().join(" and "));
        let contains = probe.contains.clone();
        Ok(Self { contains, matches, wanted, found: None, seen: 0, last: VecDeque::new() })
    }

    /// Whether this is the line.
    fn look_at(&mut self, line: &str) -> bool {
        let has = self.contains.as_ref().is_none_or(|text| line.contains(text))
            && self.matches.as_ref().is_none_or(|pattern| pattern.is_match(line));
        if has {
            self.found = Some(line.to_owned());
        } else if !line.trim().is_empty() {
            self.seen += 1;
            if self.last.len() == SHOWN {
                self.last.pop_front();
            }
            self.last.push_back(line.to_owned());
        }
        has
    }
}

fn in_file(name: &str, from_start: bool, context: &Context<'_>, search: &mut Search) -> Result<(), Unmeasured> {
    let root = context.root()?;
    let beginning = Mark::default();
    let mark = if from_start { Some(&beginning) } else { context.marks.get(name) };
    let Some(mark) = mark else {
        let detail = format!(
            "where `{name}` ended when the run began is not known: it could not be read then, or its name was not known; \
             `from_start = true` looks at all of it"
        );
        return Err(unmeasured(UnmeasuredKind::Unusable, detail));
    };
    match marks::lines_since(root, name, mark, &mut |line| search.look_at(line)) {
        Ok(there) if there || search.found.is_some() => Ok(()),
        Ok(_) => Err(unmeasured(UnmeasuredKind::NotThere, format!("the file `{name}`"))),
        Err(ConfineError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            Err(unmeasured(UnmeasuredKind::NotThere, format!("the file `{name}`")))
        }
        Err(error) => Err(unmeasured(UnmeasuredKind::Unusable, format!("the file `{name}`: {error}"))),
    }
}

/// A command says itself from when its lines are. One that fails has shown nothing that could be relied on.
fn in_output(words: &[String], context: &Context<'_>, search: &mut Search) -> Result<(), Unmeasured> {
    let ended = process::run(words, &[], context.limit(None), context)?;
    if !ended.status.success() {
        let how = ended.by_signal().or_else(|| ended.status.code().map(|code| format!("exit code {code}")));
        let why = ended.stderr.trim().lines().last().unwrap_or_default();
        let detail = format!("`{}`: {} {why}", words.join(" "), how.unwrap_or_default());
        return Err(unmeasured(UnmeasuredKind::Unusable, detail.trim_end()));
    }
    // Some programs, such as those that show logs of containers, give each line where it was written to.
    for line in ended.stdout.lines().chain(ended.stderr.lines()) {
        if search.look_at(line) {
            break;
        }
    }
    Ok(())
}
