//! `cargo xtask tidy`: the rules of this repository that a program can see and no lint of the compiler covers. What
//! each rule looks for is left to `rules` (in one file) and `direction` (between packages).

mod direction;
mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::workspace;

/// Folders with code; everything else is generated or not ours.
const ROOMS: [&str; 4] = ["crates", "examples", "tests", "xtask"];

/// A rule that is broken at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// Prints every finding as `path:line: [rule] text`.
///
/// # Errors
/// When there is a finding, or a file cannot be read.
pub(crate) fn run() -> Result<(), Failure> {
    let root = workspace::root();
    let mut files = Vec::new();
    for room in ROOMS {
        collect(&root.join(room), &mut files)?;
    }
    files.sort();
    let mut findings = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).map_err(Failure::because(format!("cannot read {}", file.display())))?;
        let path = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        findings.extend(rules::check(&source::Source::new(path, &text)));
    }
    findings.extend(direction::check(root)?);
    for Finding { rule, path, line, text } in &findings {
        println!("{path}:{line}: [{rule}] {text}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files, nothing to complain about", files.len());
            Ok(())
        }
        1 => Err(Failure::new("tidy: 1 rule is broken")),
        many => Err(Failure::new(format!("tidy: rules are broken in {many} places"))),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let cannot = || format!("cannot list {}", folder.display());
    for entry in fs::read_dir(folder).map_err(Failure::because(cannot()))? {
        let entry = entry.map_err(Failure::because(cannot()))?;
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().map_err(Failure::because(cannot()))?.is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
