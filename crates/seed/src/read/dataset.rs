//! Dataset files: found, parsed, and ordered by what they say of each other. What is in their blocks is checked by `check`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_core::ErrorCode;
use plimsoll_core::toml_file::{self, nearest};

use crate::error::Problem;
use crate::lifecycle::{Lifecycle, declare};
use crate::read::SeedOptions;
use crate::read::files::Files;
use crate::read::model::DatasetFile;
use crate::read::parse;
use crate::read::provided::SeedSource;
use crate::read::source::SourceFile;
use crate::staged::order;

/// A dataset that was read and whose references to other datasets are known.
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) parsed: DatasetFile,
}

/// The datasets of a project.
pub(crate) struct Datasets {
    /// Those that are asked for, in their order.
    pub(crate) seeded: Vec<Dataset>,
    /// The others that would take part.
    pub(crate) others: Vec<Dataset>,
}

/// All datasets that take part, each after those it waits for: those named in `only`, or all when it names none.
pub(crate) fn read(
    options: &SeedOptions,
    sources: &[&dyn SeedSource],
    only: &[String],
    files: &Files<'_>,
    lifecycles: &mut Vec<Lifecycle>,
    problems: &mut Vec<Problem>,
) -> Datasets {
    let texts = texts(options, sources, files, problems);
    let names: Vec<String> = texts.iter().map(|(name, ..)| name.clone()).collect();
    for wanted in options.with.iter().chain(only).filter(|wanted| !names.contains(wanted)) {
        problems.push(Problem::new(ErrorCode::InvalidValue, None, unknown_dataset(wanted, &names)));
    }
    let (mut seeded, mut others) = (Vec::new(), Vec::new());
    for (name, shown, text) in texts {
        let mut parsed = match toml_file::parse::<DatasetFile>(&shown, &text) {
            Ok(parsed) => parsed,
            Err(error) => {
                problems.push(error.into());
                continue;
            }
        };
        let file = Arc::new(SourceFile::new(&shown, text));
        let faults = parse::inexact(&file.text).into_iter();
        problems.extend(
            faults.map(|fault| Problem::new(ErrorCode::Syntax, Some(file.location(fault.offset)), fault.message)),
        );
        let blocks = std::mem::take(&mut parsed.lifecycle);
        declare::declare(blocks, &file, &options.user_data, lifecycles, problems);
        for after in parsed.dataset.after.iter().filter(|after| !names.contains(after.get_ref())) {
            let at = file.location(after.span().start);
            problems.push(Problem::new(ErrorCode::InvalidValue, Some(at), unknown_dataset(after.get_ref(), &names)));
        }
        let takes_part = !parsed.dataset.optional || options.with.contains(&name);
        let is_asked_for = if only.is_empty() { takes_part } else { only.contains(&name) };
        let dataset = Dataset { name, file, parsed };
        if is_asked_for {
            seeded.push(dataset);
        } else if takes_part {
            others.push(dataset);
        }
    }
    Datasets { seeded: order(seeded, problems), others }
}

/// Name, path as shown and text of every dataset, sorted by name.
fn texts(
    options: &SeedOptions,
    sources: &[&dyn SeedSource],
    files: &Files<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<(String, PathBuf, String)> {
    let mut texts = Vec::new();
    let mut unread = Vec::new();
    for file in &list(options, sources, problems) {
        let Some(name) = file.file_stem().and_then(|stem| stem.to_str()) else { continue };
        match files.text(file) {
            Ok(text) => texts.push((name.to_owned(), files.shown(file).to_owned(), text)),
            Err(problem) => {
                unread.push(name.to_owned());
                problems.push(problem);
            }
        }
    }
    for source in sources {
        if let Some(text) = source.dataset()
            && !unread.iter().chain(texts.iter().map(|(name, ..)| name)).any(|name| name == source.name())
        {
            let shown = PathBuf::from(format!("dataset `{}` in code", source.name()));
            texts.push((source.name().to_owned(), shown, text.into_owned()));
        }
    }
    texts.sort();
    texts
}

fn list(options: &SeedOptions, sources: &[&dyn SeedSource], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let shown = options.path.display();
    let mut report = |message| problems.push(Problem::new(ErrorCode::FileUnreadable, None, message));
    let has_own = sources.iter().any(|source| source.dataset().is_some());
    let folder = options.root.join(&options.path);
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        // A service that brings its datasets needs no folder.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && has_own => return Vec::new(),
        Err(error) => {
            report(format!("cannot read `{shown}`: {error}"));
            return Vec::new();
        }
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    if files.is_empty() && !has_own {
        report(format!("`{shown}` holds no dataset, a file `*.toml`"));
    }
    files
}

fn unknown_dataset(name: &str, names: &[String]) -> String {
    let near = nearest(name, names.iter().map(String::as_str));
    let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    format!("there is no dataset `{name}`{hint}")
}

/// Datasets named in `after` go first; otherwise the order of the names stands.
fn order(datasets: Vec<Dataset>, problems: &mut Vec<Problem>) -> Vec<Dataset> {
    let positions: HashMap<&str, usize> =
        datasets.iter().enumerate().map(|(position, dataset)| (dataset.name.as_str(), position)).collect();
    let after = |dataset: &Dataset| -> Vec<usize> {
        let after = dataset.parsed.dataset.after.iter();
        after.filter_map(|after| positions.get(after.get_ref().as_str()).copied()).collect()
    };
    let edges: Vec<Vec<usize>> = datasets.iter().map(after).collect();
    match order::topological(&edges) {
        Ok(sorted) => {
            let mut slots: Vec<Option<Dataset>> = datasets.into_iter().map(Some).collect();
            sorted.into_iter().filter_map(|position| slots[position].take()).collect()
        }
        Err(circle) => {
            let names: Vec<&str> = circle.iter().map(|position| datasets[*position].name.as_str()).collect();
            let first = &datasets[circle[0]];
            let at = first.parsed.dataset.after.first().map(|after| first.file.location(after.span().start));
            problems.push(Problem::new(
                ErrorCode::SeedCycle,
                at,
                format!("datasets wait for each other in a circle: {} -> {}", names.join(" -> "), names[0]),
            ));
            datasets
        }
    }
}
