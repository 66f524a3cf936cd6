//! Thousands of spec documents made of the example's few. What is done with them is a case's.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// How many documents the product promises to plan in two seconds.
pub(super) const DOCUMENTS: usize = 10_000;

/// Fills a folder of specs up to [`DOCUMENTS`], each with an id of its own and otherwise as its original.
pub(super) fn multiply(specs: &Path) -> Result<(), Failure> {
    let unread = || Failure::because("cannot read the specs of the example");
    let originals: Vec<PathBuf> = fs::read_dir(specs)
        .map_err(unread())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".spec.json"))
        .collect();
    let texts = originals.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>().map_err(unread())?;
    for number in originals.len()..DOCUMENTS {
        let text = &texts[number % texts.len()];
        // The first id and the first slug are the document's own; what it repeats of others is settled by the mapping.
        let text = numbered(&numbered(text, "\"id\": \"", number), "\n  \"slug\": \"", number);
        let file = specs.join(format!("N{number:05}.spec.json"));
        fs::write(&file, text).map_err(Failure::because(format!("cannot write {}", file.display())))?;
    }
    Ok(())
}

fn numbered(text: &str, name: &str, number: usize) -> String {
    let Some(at) = text.find(name).map(|at| at + name.len()) else { return text.to_owned() };
    let end = text[at..].find('"').map_or(at, |length| at + length);
    format!("{}-{number}{}", &text[..end], &text[end..])
}
