//! The `process` release: supervised local processes. Which revision to start, and when to switch, is decided by the pipeline.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use plimsoll_core::Redactor;
use plimsoll_smoke::{Await, AwaitError, Revision, await_revision};
use rustix::process::Signal;

use super::record::{self, Record, Role};
use super::resolve::Launch;
use super::{Release, ReleaseError, artifact, port};

/// How long a process may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// How often a process that should end is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// The variable that marks our processes: it finds those that no record knows.
const MARK: &str = "PLIMSOLL_RELEASE";

/// How much of a log is shown.
const LOG_LINES: usize = 12;

/// A started process that is being tried.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// Where it answers.
    pub(crate) address: String,
    record: Record,
}

/// Starts a revision on a port of its own and waits until it answers as that revision.
pub(crate) fn start_candidate(
    release: &Release,
    revision: &Revision,
    redactor: &Redactor,
) -> Result<Candidate, ReleaseError> {
    let kept = artifact::keep(release)?;
    let port = port::free().map_err(|source| ReleaseError::Spawn {
        release: release.name.clone(),
        program: "a free port".to_owned(),
        source,
    })?;
    let launch = release.launch(&release.revision, &kept, port)?;
    let record = start(release, launch, &release.revision, port, Role::Candidate, revision, redactor)?;
    Ok(Candidate { address: format!("http://127.0.0.1:{port}"), record })
}

/// Makes the proven revision the one that serves on the stable port, and ends the candidate.
///
/// When it does not answer there, the previous revision is started again; the error says whether that worked.
pub(crate) fn promote(
    release: &Release,
    candidate: Candidate,
    revision: &Revision,
    redactor: &Redactor,
) -> Result<Promoted, (ReleaseError, Restored)> {
    let untouched = |error| (error, Restored::Untouched);
    let previous = record::read(release, Role::Serving).map_err(untouched)?.map(Previous::of);
    let kept = artifact::keep(release).map_err(untouched)?;
    let launch = release.launch(&release.revision, &kept, release.port).map_err(untouched)?;
    if let Some(previous) = previous.as_ref().filter(|previous| previous.record.is_alive()) {
        terminate(&previous.record);
    }
    let started = start(release, launch, &release.revision, release.port, Role::Serving, revision, redactor);
    candidate.stop(release);
    match started {
        Ok(_) => {
            artifact::prune(release);
            Ok(Promoted { previous })
        }
        Err(error) => {
            let restored =
                previous.map_or(Restored::NothingBefore, |previous| restore(release, &previous, revision, redactor));
            Err((error, restored))
        }
    }
}

/// Switches back to the revision that served before a promotion.
pub(crate) fn demote(release: &Release, promoted: Promoted, revision: &Revision, redactor: &Redactor) -> Restored {
    if let Ok(Some(serving)) = record::read(release, Role::Serving) {
        terminate(&serving);
        drop(record::remove(release, Role::Serving));
    }
    promoted.previous.map_or(Restored::NothingBefore, |previous| restore(release, &previous, revision, redactor))
}

/// A revision that was made the serving one.
pub(crate) struct Promoted {
    previous: Option<Previous>,
}

/// What served before a switch, with the environment it ran in: the one declared now may be the very thing that is
/// wrong. Read from the process, because it holds secrets that are never written to a file. Not `Debug` for the same
/// reason.
struct Previous {
    record: Record,
    env: BTreeMap<String, String>,
}

impl Previous {
    fn of(record: Record) -> Self {
        let pid = u32::try_from(record.pid).unwrap_or_default();
        let variables = if record.is_alive() { environment(pid) } else { Vec::new() };
        let pair = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).ok()?;
            text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        Self { record, env: variables.into_iter().filter_map(pair).collect() }
    }

    /// What it was started with, as far as that is known; what is declared now stands in for the rest.
    fn launch(&self, release: &Release, kept: &Path) -> Result<Launch, ReleaseError> {
        let declared = release.launch(&self.record.revision, kept, self.record.port)?;
        let argv = if self.record.argv.is_empty() { declared.argv } else { self.record.argv.clone() };
        let env = if self.env.is_empty() { declared.env } else { self.env.clone() };
        Ok(Launch { argv, env })
    }
}

/// What became of the previous revision when a switch failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Restored {
    /// It was never stopped.
    Untouched,
    /// There was none.
    NothingBefore,
    /// It serves again.
    Again(String),
    /// It could not be started again.
    Failed { revision: String, why: String },
}

impl Candidate {
    /// Ends the process of a candidate.
    pub(crate) fn stop(self, release: &Release) {
        terminate(&self.record);
        // A record that stays behind is recovered by the next run.
        drop(record::remove(release, Role::Candidate));
    }
}

/// Asks a process to end, and ends it when it does not.
pub(super) fn terminate(record: &Record) {
    let Some(pid) = record.pid() else { return };
    for (signal, patience) in [(Signal::TERM, GRACE), (Signal::KILL, GRACE)] {
        // The process leads a group of its own, so children of a wrapping shell end with it.
        if rustix::process::kill_process_group(pid, signal).is_err() {
            // Gone already is what is wanted.
            rustix::process::kill_process(pid, signal).ok();
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            // Reaps it when it is our own child; others are reaped by init.
            rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG).ok();
            if !record.is_alive() {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Ends processes that carry our mark for this release and are not the one to spare.
pub(super) fn stop_strays(release: &Release, spare: Option<i32>) -> Vec<String> {
    let strays = strays(release, spare);
    strays.iter().for_each(terminate);
    strays.iter().map(|stray| format!("process {}", stray.pid)).collect()
}

/// Whether processes carry our mark for this release besides the one to spare.
pub(super) fn has_strays(release: &Release, spare: Option<i32>) -> bool {
    !strays(release, spare).is_empty()
}

fn strays(release: &Release, spare: Option<i32>) -> Vec<Record> {
    let mark = format!("{MARK}={}", mark(release));
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let marked = pids.filter(|pid| environment(*pid).iter().any(|variable| *variable == mark.as_bytes()));
    let records = marked.map(|pid| Record::new(pid, "", 0));
    records.filter(|record| spare != Some(record.pid) && record.is_alive()).collect()
}

/// The environment a process was started with, as the kernel tells it; empty where it doesn't.
fn environment(pid: u32) -> Vec<Vec<u8>> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    bytes.split(|byte| *byte == 0).filter(|variable| !variable.is_empty()).map(<[u8]>::to_vec).collect()
}

fn restore(release: &Release, previous: &Previous, revision: &Revision, redactor: &Redactor) -> Restored {
    let named = previous.record.revision.clone();
    let Some(kept) = artifact::kept(release, &named) else {
        return Restored::Failed { revision: named, why: "its kept artifact is gone".to_owned() };
    };
    let expected = Revision { expected: named.clone(), source: revision.source.clone() };
    let again = previous
        .launch(release, &kept)
        .and_then(|launch| start(release, launch, &named, previous.record.port, Role::Serving, &expected, redactor));
    match again {
        Ok(_) => Restored::Again(named),
        Err(error) => Restored::Failed { revision: named, why: error.to_string() },
    }
}

fn start(
    release: &Release,
    launch: Launch,
    revision: &str,
    port: u16,
    role: Role,
    expected: &Revision,
    redactor: &Redactor,
) -> Result<Record, ReleaseError> {
    let log_file = log_file(release, revision)?;
    let log_start = fs::metadata(&log_file).map_or(0, |meta| meta.len());
    let mut child = spawn(release, &launch, &log_file)?;
    let mut record = Record::new(child.id(), revision, port);
    if launch.argv.iter().all(|argument| redactor.redact(argument) == *argument) {
        record.argv = launch.argv;
    }
    if let Err(error) = record::write(release, role, &record) {
        terminate(&record);
        return Err(error);
    }
    let log = || last_lines(&log_file, log_start, redactor);
    match await_answer(release, &mut child, port, expected, redactor) {
        Ok(()) => Ok(record),
        Err(failure) => {
            terminate(&record);
            record::remove(release, role)?;
            Err(match failure {
                Failure::Died(status) => ReleaseError::Died {
                    release: release.name.clone(),
                    status: describe(status),
                    log: log(),
                    log_file: log_file.clone(),
                },
                Failure::Silent(error) => ReleaseError::Silent {
                    release: release.name.clone(),
                    revision: revision.to_owned(),
                    address: format!("http://127.0.0.1:{port}{}", release.health),
                    waited: release.start_timeout,
                    instead: instead(error),
                    log: log(),
                    log_file: log_file.clone(),
                },
            })
        }
    }
}

enum Failure {
    Died(ExitStatus),
    Silent(AwaitError),
}

fn await_answer(
    release: &Release,
    child: &mut Child,
    port: u16,
    expected: &Revision,
    redactor: &Redactor,
) -> Result<(), Failure> {
    let address = format!("http://127.0.0.1:{port}");
    let child = Mutex::new(child);
    // `try_wait` remembers the status, so asking again after the wait gives the same answer.
    let ended = || child.lock().ok().and_then(|mut child| child.try_wait().ok().flatten());
    let go_on = || ended().is_none();
    let how = Await { go_on: &go_on, ..Await::new(&release.health, release.start_timeout, redactor) };
    match await_revision(&address, expected, &how, &mut |_| {}) {
        // Something else may answer on the port while ours has died.
        Ok(_) => ended().map_or(Ok(()), |status| Err(Failure::Died(status))),
        Err(error) => Err(ended().map_or(Failure::Silent(error), Failure::Died)),
    }
}

fn spawn(release: &Release, launch: &Launch, log_file: &Path) -> Result<Child, ReleaseError> {
    let program = launch.argv.first().cloned().unwrap_or_default();
    let failed = |source| ReleaseError::Spawn { release: release.name.clone(), program: program.clone(), source };
    let log = File::options().append(true).create(true).open(log_file).map_err(failed)?;
    let mut command = Command::new(&program);
    command
        .args(launch.argv.iter().skip(1))
        .env_clear()
        .envs(&launch.env)
        .env(MARK, mark(release))
        .current_dir(&release.root)
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        // Its own group: Ctrl-C at the deployment must not end what serves.
        .process_group(0);
    command.spawn().map_err(failed)
}

fn mark(release: &Release) -> String {
    format!("{}#{}", release.state_dir.display(), release.name)
}

fn log_file(release: &Release, revision: &str) -> Result<PathBuf, ReleaseError> {
    let folder = artifact::folder(release, revision);
    fs::create_dir_all(&folder).map_err(|source| ReleaseError::File { path: folder.clone(), source })?;
    Ok(folder.join("output.log"))
}

/// The last lines that this start wrote, without secrets.
fn last_lines(log_file: &Path, from: u64, redactor: &Redactor) -> Vec<String> {
    let mut bytes = Vec::new();
    let Ok(mut file) = File::open(log_file) else { return Vec::new() };
    if file.seek(SeekFrom::Start(from)).is_err() || file.read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(|line| redactor.redact(line).into_owned()).collect()
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

fn instead(error: AwaitError) -> String {
    match error {
        AwaitError::Mismatch { instead, .. } => instead,
        AwaitError::Silent { reason, .. } => reason.to_string(),
        other => other.to_string(),
    }
}
