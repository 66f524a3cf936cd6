//! Reads the checks of a folder and reports everything that is wrong with them at once. Choosing among them is `plan`'s.

mod capture;
mod check;
mod confine;
mod effect;
mod expect;
mod probe;
mod reader;
mod request;
#[cfg(test)]
mod tests;
mod whole;

use std::path::{Path, PathBuf};

use plimsoll_core::Problem;
use plimsoll_core::toml_file;

use crate::file::SmokeFile;
use crate::model::{Phase, Suites};
use crate::problem::{Invalid, Problems};
use reader::Reader;

pub(crate) use confine::{ConfineError, confined, confined_or_new};

/// Reads every `*.toml` of a folder, in the order of the file names. Files that checks name are looked for in `root`,
/// the folder of the project, and may not be outside of it.
///
/// # Errors
/// All problems of all files, each with its place.
pub fn load(folder: &Path, root: &Path) -> Result<Suites, Problems> {
    let files = list(folder).map_err(|source| Problems {
        problems: vec![Invalid::Folder { folder: folder.to_owned(), source }.problem()],
    })?;
    let mut problems = Vec::new();
    let mut suites = Suites::default();
    for file in files {
        match toml_file::read_text(&file) {
            Ok(text) => read(&file, &text, Some(root), &mut suites, &mut problems),
            Err(error) => problems.push(Problem::of(&error)),
        }
    }
    whole::finish(suites, problems)
}

/// Reads checks from text. `file` is only named in places, and files that checks name are not looked for.
///
/// # Errors
/// All problems, each with its place.
pub fn parse(file: &Path, text: &str) -> Result<Suites, Problems> {
    let (mut suites, mut problems) = (Suites::default(), Vec::new());
    read(file, text, None, &mut suites, &mut problems);
    whole::finish(suites, problems)
}

fn list(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(file: &Path, text: &str, root: Option<&Path>, suites: &mut Suites, problems: &mut Vec<Problem>) {
    match toml_file::parse::<SmokeFile>(file, text) {
        Ok(parsed) => {
            let mut reader = Reader::new(file, text, root, problems);
            let (suite, common) = reader.suite(parsed.suite, !parsed.cleanup.is_empty());
            for (phase, raw) in
                [(Phase::Setup, parsed.setup), (Phase::Main, parsed.check), (Phase::Cleanup, parsed.cleanup)]
            {
                suites.checks.extend(raw.into_iter().map(|raw| reader.check(raw, phase, &suite.name, &common)));
            }
            suites.suites.push(suite);
        }
        Err(error) => problems.push(Problem::of(&error)),
    }
}
