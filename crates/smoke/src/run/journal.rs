//! What has to be taken back, written down before it is made, so that a later run can when this one is killed. Taking it back is `flow.rs`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use plimsoll_core::Location;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::JournalProblem;
use crate::masking::Masking;
use crate::model::{Capture, Check};

/// How often a journal that another run has is tried.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The open journal of a run. Locked, so that no other run takes back what this one is at.
pub(super) struct Journal {
    run: String,
    /// Where it is made, for people who read the file.
    target: String,
    /// The names that what cleans up uses: nothing else that was captured is written.
    wanted: BTreeSet<String>,
    state: Mutex<State>,
}

struct State {
    file: File,
    begun: bool,
    open: BTreeSet<(String, String)>,
}

/// Something that an earlier run did not take back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leftover {
    pub(super) run: String,
    pub(super) name: String,
    pub(super) location: Location,
    pub(super) uuid: String,
    /// What takes it back, when it could be written.
    pub(super) check: Option<Check>,
    pub(super) values: BTreeMap<String, Value>,
    /// Names whose values must not be written.
    pub(super) secrets: BTreeSet<String>,
}

/// One line of the file. A run may have been killed at any of them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// A run began, against this target.
    Run { run: String, target: String },
    /// What this takes back is about to be made. `check` is as in the file, its templates not filled in.
    Made { run: String, name: String, location: Location, uuid: String, check: Option<Box<Check>> },
    /// A value was captured.
    Value { run: String, name: String, value: Value },
    /// A value was captured that must not be written.
    Secret { run: String, name: String },
    /// It was taken back, or nothing can.
    Over { run: String, name: String },
}

/// Opens the journal, and gives what earlier runs have left in their order. A run that needs it waits for another one
/// that has it. For one that does not, there is none when there is no file, or when another run has it.
pub(super) fn open(
    path: &Path,
    wait: Option<Duration>,
    (run, target): (&str, &str),
    wanted: BTreeSet<String>,
) -> Result<Option<(Journal, Vec<Leftover>)>, JournalProblem> {
    if wait.is_none() && !path.exists() {
        return Ok(None);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = private(path)?;
    let began = Instant::now();
    loop {
        match (file.try_lock(), wait) {
            (Ok(()), _) => break,
            (Err(TryLockError::WouldBlock), None) => return Ok(None),
            (Err(TryLockError::WouldBlock), Some(wait)) if began.elapsed() >= wait => return Err(JournalProblem::Busy),
            (Err(TryLockError::WouldBlock), Some(_)) => thread::sleep(LOOK_AGAIN),
            (Err(TryLockError::Error(source)), _) => return Err(source.into()),
        }
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // The last line may be half of one.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    file.set_len(whole as u64)?;
    let leftovers = read(&bytes[..whole])?;
    let open = leftovers.iter().map(|left| (left.run.clone(), left.name.clone())).collect();
    let state = Mutex::new(State { file, begun: false, open });
    Ok(Some((Journal { run: run.to_owned(), target: target.to_owned(), wanted, state }, leftovers)))
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read(bytes: &[u8]) -> Result<Vec<Leftover>, JournalProblem> {
    let mut values: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    let mut secrets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut leftovers: Vec<Leftover> = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let line = serde_json::from_slice(line).map_err(|source| JournalProblem::Line { number: index + 1, source })?;
        match line {
            Line::Run { .. } => {}
            Line::Made { run, name, location, uuid, check } => {
                let check = check.map(|check| *check);
                let (values, secrets) = (BTreeMap::new(), BTreeSet::new());
                leftovers.push(Leftover { run, name, location, uuid, check, values, secrets });
            }
            Line::Value { run, name, value } => {
                values.entry(run).or_default().insert(name, value);
            }
            Line::Secret { run, name } => {
                secrets.entry(run).or_default().insert(name);
            }
            Line::Over { run, name } => leftovers.retain(|left| (&left.run, &left.name) != (&run, &name)),
        }
    }
    for left in &mut leftovers {
        left.values = values.get(&left.run).cloned().unwrap_or_default();
        left.secrets = secrets.get(&left.run).cloned().unwrap_or_default();
    }
    Ok(leftovers)
}

impl Journal {
    /// Says that what this check takes back is about to be made. On the disk when this returns.
    pub(super) fn made(&self, check: &Check, uuid: &str, masking: &Masking) -> io::Result<()> {
        let mut state = self.state();
        let key = (self.run.clone(), check.name.clone());
        if state.open.contains(&key) {
            return Ok(());
        }
        let line = |whole: bool| Line::Made {
            run: self.run.clone(),
            name: check.name.clone(),
            location: check.location.clone(),
            uuid: uuid.to_owned(),
            check: whole.then(|| Box::new(check.clone())),
        };
        let text = serde_json::to_string(&line(true))?;
        // A secret that a file holds in clear is not copied: its cleanup needs the file then.
        self.write(&mut state, &if masking.apply(&text) == text { line(true) } else { line(false) })?;
        state.file.sync_data()?;
        state.open.insert(key);
        Ok(())
    }

    /// Keeps a captured value for what cleans up, or that it is a secret.
    pub(super) fn value(&self, capture: &Capture, value: &Value, masking: &Masking) -> io::Result<()> {
        if !self.wanted.contains(&capture.name) {
            return Ok(());
        }
        let (run, name, text) = (self.run.clone(), capture.name.clone(), value.to_string());
        let line = if capture.secret || masking.apply(&text) != text {
            Line::Secret { run, name }
        } else {
            Line::Value { run, name, value: value.clone() }
        };
        self.write(&mut self.state(), &line)
    }

    /// Says that something was taken back, by this run or for an earlier one, or that nothing can.
    pub(super) fn over(&self, run: Option<&str>, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let key = (run.unwrap_or(&self.run).to_owned(), name.to_owned());
        if state.open.remove(&key) {
            self.write(&mut state, &Line::Over { run: key.0, name: key.1 })?;
        }
        Ok(())
    }

    /// Empties the file when nothing is left. It is not removed: another run may have it open already.
    pub(super) fn finish(&self) -> io::Result<()> {
        let state = self.state();
        if state.open.is_empty() { state.file.set_len(0) } else { state.file.sync_data() }
    }

    fn write(&self, state: &mut State, line: &Line) -> io::Result<()> {
        let mut text = String::new();
        if !state.begun {
            text = serde_json::to_string(&Line::Run { run: self.run.clone(), target: self.target.clone() })? + "\n";
        }
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
        state.file.write_all(text.as_bytes())?;
        state.begun = true;
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
