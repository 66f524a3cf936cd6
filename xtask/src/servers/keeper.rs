//! Throw-away servers for a test run, kept by a second process. It lives in a process group of its own and reads a
//! pipe that only the test run holds: when that closes, because the run is over, was interrupted or was killed, the
//! keeper stops the servers and removes their folder. What the servers are used for is left to `test`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::failure::Failure;
use crate::servers::{self, Kind, Purpose, account, process};

/// The verb of xtask that is the keeper; not in the usage text, for people have no use for it.
pub(crate) const VERB: &str = "servers-until-end-of-input";

const KEEP: &str = "--keep";
const FOLDER_PREFIX: &str = "plimsoll-test-";

/// The test run's end of the pipe.
pub(crate) struct Keeper {
    process: Child,
}

impl Keeper {
    /// Starts the keeper, which starts the servers while the caller goes on. With `keep` the servers stay until the
    /// next run sweeps them away.
    pub(crate) fn spawn(keep: bool) -> Result<Self, Failure> {
        let own = std::env::current_exe().map_err(Failure::because("cannot find xtask itself"))?;
        let process = Command::new(own)
            .arg(VERB)
            .args(keep.then_some(KEEP))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Failure::because("cannot start the keeper of the test servers"))?;
        Ok(Self { process })
    }

    /// Waits until the servers answer; their URLs in the order of [`Kind::ALL`].
    pub(crate) fn urls(&mut self) -> Result<Vec<String>, Failure> {
        let stdout = self.process.stdout.take().ok_or_else(|| Failure::new("the servers were asked for twice"))?;
        let urls: Vec<String> = BufReader::new(stdout).lines().take(Kind::ALL.len()).flatten().collect();
        if urls.len() == Kind::ALL.len() { Ok(urls) } else { Err(Failure::new("the tests have no servers, see above")) }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        if let Err(cause) = self.process.wait() {
            eprintln!("warning: cannot wait for the keeper of the test servers: {cause}");
        }
    }
}

/// The keeper process itself.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let temporary = if account::is_root() { PathBuf::from("/tmp") } else { std::env::temp_dir() };
    sweep(&temporary);
    let folder = temporary.join(format!("{FOLDER_PREFIX}{}", std::process::id()));
    let mut servers =
        ThrowAway { keep: arguments.iter().any(|argument| argument == KEEP), folder, children: Vec::new() };
    servers::make_folder(&servers.folder)?;
    let urls = servers.start()?;
    let mut stdout = std::io::stdout();
    // A run that is gone already does not read this; the end of the input says so below.
    if urls.iter().try_for_each(|url| writeln!(stdout, "{url}")).and_then(|()| stdout.flush()).is_ok() {
        let mut rest = Vec::new();
        std::io::stdin().read_to_end(&mut rest).map_err(Failure::because("cannot wait for the test run"))?;
    }
    if servers.keep {
        eprintln!("the servers in {} go on until the next `cargo xtask test`:", servers.folder.display());
        for url in urls {
            eprintln!("  {url}");
        }
    }
    Ok(())
}

struct ThrowAway {
    keep: bool,
    folder: PathBuf,
    children: Vec<(Kind, Child)>,
}

impl ThrowAway {
    fn start(&mut self) -> Result<Vec<String>, Failure> {
        let folder = &self.folder;
        let started: Vec<_> = thread::scope(|scope| {
            let threads = Kind::ALL.map(|kind| scope.spawn(move || start_one(kind, folder)));
            threads.map(|thread| thread.join().expect("a panic in a thread is one of this program")).into()
        });
        let mut urls = Vec::new();
        let mut failure = None;
        for (kind, outcome) in Kind::ALL.into_iter().zip(started) {
            match outcome {
                Ok((child, url)) => {
                    self.children.push((kind, child));
                    urls.push(url);
                }
                Err(cause) => failure = Some(cause),
            }
        }
        // Those that did start are in `children` by now and end with this value.
        failure.map_or(Ok(urls), |failure| {
            self.keep = false;
            Err(failure)
        })
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for (kind, child) in &self.children {
            process::signal(child.id(), kind.stop_signal(&Purpose::ThrowAway));
        }
        for (kind, child) in &mut self.children {
            if !servers::wait_for(servers::STOP_WITHIN, || !matches!(child.try_wait(), Ok(None))) {
                eprintln!("warning: {} does not stop and is killed", kind.title());
                drop(child.kill());
                drop(child.wait());
            }
        }
        remove(&self.folder);
    }
}

/// Another process can take a free port before the server does: then the next port is tried.
fn start_one(kind: Kind, folder: &Path) -> Result<(Child, String), Failure> {
    let mut attempts = 3;
    loop {
        attempts -= 1;
        let port = servers::free_port()?;
        match servers::start(kind, folder, port, &Purpose::ThrowAway) {
            Ok(child) => return Ok((child, kind.url(&Purpose::ThrowAway, port))),
            Err(failure) if attempts == 0 => return Err(failure),
            Err(failure) => eprintln!("trying again: {}", failure.message().unwrap_or("no reason given")),
        }
    }
}

/// Removes what keepers left that were killed themselves, or told to keep their servers.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(FOLDER_PREFIX)?.parse().ok()) else {
            continue;
        };
        let is_own = entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == account::own_uid());
        let arguments = process::arguments(pid).unwrap_or_default();
        let is_kept = arguments.get(1).is_some_and(|verb| verb == VERB);
        if !is_own || is_kept {
            continue;
        }
        for kind in Kind::ALL {
            if let Err(failure) = kind.stop(&entry.path(), &Purpose::ThrowAway) {
                eprintln!("warning: {}", failure.message().unwrap_or("a server does not stop"));
            }
        }
        remove(&entry.path());
    }
}

fn remove(folder: &Path) {
    if let Err(cause) = fs::remove_dir_all(folder) {
        eprintln!("warning: cannot remove {}: {cause}", folder.display());
    }
}
