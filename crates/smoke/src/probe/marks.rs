//! Where logs ended when a run began, and what came since: through rotation by renaming, by copying and truncating, or both.
//! Which line is wanted is `log.rs`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::load::{ConfineError, confined_or_new};
use crate::model::{LogProbe, LogSource};

/// How much of the text before a mark tells that the file is still the same one.
const KNOWN_BY: u64 = 256;

/// The ends of logs, by their names.
#[derive(Debug, Default)]
pub(crate) struct Marks(BTreeMap<String, Mark>);

/// One log as it was.
#[derive(Debug, Default)]
pub(super) struct Mark {
    /// The file of that name, unless there was none.
    file: Option<Place>,
    /// The files beside it whose names begin with its own, which are what earlier rotations left.
    rotated: BTreeSet<Look>,
}

#[derive(Debug)]
struct Place {
    device: u64,
    inode: u64,
    length: u64,
    /// The last bytes before that length.
    tail: Vec<u8>,
}

/// What a file looks like that nobody has touched since. Numbers of files are given out again, so it takes more than that.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Marks {
    /// Remembers where a log ends. What cannot be read now is told when it is looked at.
    pub(crate) fn set(&mut self, root: &Path, log: &LogProbe) {
        if let LogSource::File(name) = &log.source
            && !self.0.contains_key(name)
            && let Ok(mark) = mark(root, name)
        {
            self.0.insert(name.clone(), mark);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Mark> {
        self.0.get(name)
    }
}

/// Shows every line that came since the mark, oldest first, until one is what was wanted. False when there is no file at all.
pub(super) fn lines_since(
    root: &Path,
    name: &str,
    mark: &Mark,
    wanted: &mut dyn FnMut(&str) -> bool,
) -> Result<bool, ConfineError> {
    let mut files = Vec::new();
    for (path, about) in beside(root, name)? {
        match &mark.file {
            // Renamed since: what came before that is in here.
            Some(place) if place.is(&about) => {
                files.push((about.mtime(), about.mtime_nsec(), path, place.start(&about)))
            }
            _ if mark.rotated.contains(&Look::of(&about)) => {}
            _ => files.push((about.mtime(), about.mtime_nsec(), path, Start::Beginning)),
        }
    }
    files.sort();
    let current = confined_or_new(root, name)?;
    let there = current.is_some();
    if let Some(path) = current {
        let about = fs::metadata(&path)?;
        let start = match &mark.file {
            Some(place) if place.is(&about) => place.start(&about),
            _ => Start::Beginning,
        };
        files.push((i64::MAX, i64::MAX, path, start));
    }
    for (_, _, path, start) in files {
        match read(&path, &start, wanted) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            // Rotated away at this very moment; it is found under its new name at the next look.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(there)
}

/// Where reading begins.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Start {
    Beginning,
    /// At this length, as long as this is what comes before it; a file that was emptied and written anew has something else.
    After(u64, Vec<u8>),
}

impl Place {
    fn is(&self, about: &Metadata) -> bool {
        (self.device, self.inode) == (about.dev(), about.ino())
    }

    fn start(&self, about: &Metadata) -> Start {
        if about.len() < self.length { Start::Beginning } else { Start::After(self.length, self.tail.clone()) }
    }
}

impl Look {
    fn of(about: &Metadata) -> Self {
        Self { inode: about.ino(), length: about.len(), modified: (about.mtime(), about.mtime_nsec()) }
    }
}

fn mark(root: &Path, name: &str) -> Result<Mark, ConfineError> {
    let rotated = beside(root, name)?.iter().map(|(_, about)| Look::of(about)).collect();
    let Some(path) = confined_or_new(root, name)? else { return Ok(Mark { file: None, rotated }) };
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    let tail = before(&mut file, about.len())?;
    let place = Place { device: about.dev(), inode: about.ino(), length: about.len(), tail };
    Ok(Mark { file: Some(place), rotated })
}

/// The last bytes before a length.
fn before(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let size = length.min(KNOWN_BY);
    file.seek(SeekFrom::Start(length - size))?;
    let mut tail = Vec::new();
    file.take(size).read_to_end(&mut tail)?;
    Ok(tail)
}

/// The files beside a log whose names begin with its own, such as `worker.log.1`. Compressed ones are not read.
fn beside(root: &Path, name: &str) -> Result<Vec<(PathBuf, Metadata)>, ConfineError> {
    // Links that lead out were refused with the name itself, which has the same folder; missing ones have nothing beside them.
    let Some(folder) = root.join(name).parent().map(Path::to_owned) else { return Ok(Vec::new()) };
    let Some(own) = Path::new(name).file_name() else { return Ok(Vec::new()) };
    let (folder, root) = match (folder.canonicalize(), root.canonicalize()) {
        (Ok(folder), Ok(root)) => (folder, root),
        (Err(error), _) | (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        (Err(error), _) | (_, Err(error)) => return Err(error.into()),
    };
    if !folder.starts_with(root) {
        return Err(ConfineError::Outside);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name();
        let (file, own) = (file.to_string_lossy(), own.to_string_lossy());
        let rotated = file.len() > own.len() && file.starts_with(&*own);
        let compressed = [".gz", ".xz", ".zst", ".bz2"].iter().any(|ending| file.ends_with(ending));
        // Not through links: what they lead to may be anywhere.
        if rotated
            && !compressed
            && let Ok(about) = entry.metadata()
            && about.is_file()
        {
            found.push((entry.path(), about));
        }
    }
    Ok(found)
}

fn read(path: &Path, start: &Start, wanted: &mut dyn FnMut(&str) -> bool) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let from = match start {
        Start::After(length, tail) if before(&mut file, *length)? == *tail => *length,
        _ => 0,
    };
    file.seek(SeekFrom::Start(from))?;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
        let text = String::from_utf8_lossy(&line);
        if wanted(text.trim_end_matches(['\n', '\r'])) {
            return Ok(true);
        }
    }
}
