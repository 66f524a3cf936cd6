//! Bringing a server up: its data, its process, waiting until it answers. The command lines are left to `postgres` and
//! `mariadb`.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown, fchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::failure::Failure;
use crate::servers::account::{self, Account};
use crate::servers::{Kind, Place, Purpose, data_of, mariadb, postgres, process, wait_for};

/// How a password reaches a preparation: in `home`, for as long as that takes.
pub(super) const PASSWORD_FILE: &str = "password";

const READY_WITHIN: Duration = Duration::from_secs(60);

/// Starts a server under `folder`, making its data there first when there is none, and waits until it answers.
///
/// # Errors
/// Names the program that failed and ends with the last lines it said.
pub(crate) fn start(kind: Kind, folder: &Path, port: u16, purpose: &Purpose) -> Result<Child, Failure> {
    let account = account::for_server(kind)?;
    let place = Place { home: folder.join(kind.name()), log: folder.join(format!("{}.log", kind.name())), port };
    if !data_of(&place.home).exists() {
        prepare(kind, &place, account.as_ref(), purpose)?;
    }
    if kind != Kind::Mariadb {
        postgres::forget_a_crash(&place);
    }
    let mut command = match kind {
        Kind::Postgres | Kind::Vector => postgres::server(kind, &place, purpose)?,
        Kind::Mariadb => mariadb::server(&place, purpose)?,
    };
    // A group of its own: Ctrl-C in the terminal is for the task in front, which decides about the servers.
    command.process_group(0);
    let mut child = in_background(&mut command, &place, account.as_ref())?
        .spawn()
        .map_err(Failure::because(format!("cannot start {}", kind.title())))?;
    let mut ended = None;
    let answered = wait_for(READY_WITHIN, || {
        ended = child.try_wait().ok().flatten();
        ended.is_some() || is_answering(kind, &place)
    });
    match (answered, ended) {
        (true, None) => Ok(child),
        (_, Some(status)) => Err(with_log(&place, format!("{} ended with {status}", kind.title()))),
        (false, None) => {
            process::signal(child.id(), "KILL");
            child.wait().map_err(Failure::because("cannot wait for a killed server"))?;
            Err(with_log(&place, format!("{} did not answer in {} s", kind.title(), READY_WITHIN.as_secs())))
        }
    }
}

/// Writes a file with a secret in it that only the server's account can read.
pub(super) fn hand_over(kind: Kind, file: &Path, text: &str) -> Result<PathBuf, Failure> {
    let cannot = || format!("cannot write {}", file.display());
    if file.exists() {
        fs::remove_file(file).map_err(Failure::because(cannot()))?;
    }
    let mut open =
        File::options().write(true).create_new(true).mode(0o600).open(file).map_err(Failure::because(cannot()))?;
    open.write_all(text.as_bytes()).map_err(Failure::because(cannot()))?;
    if let Some(account) = account::for_server(kind)? {
        fchown(&open, Some(account.uid), Some(account.gid)).map_err(Failure::because(cannot()))?;
    }
    Ok(file.to_owned())
}

/// Data appears under its final name only when it is complete, so that an interrupted preparation starts over.
fn prepare(kind: Kind, place: &Place, account: Option<&Account>, purpose: &Purpose) -> Result<(), Failure> {
    let cannot = || format!("cannot prepare {} in {}", kind.title(), place.home.display());
    let draft = place.home.join("data.new");
    if !place.home.exists() {
        DirBuilder::new().mode(0o700).create(&place.home).map_err(Failure::because(cannot()))?;
        if let Some(account) = account {
            chown(&place.home, Some(account.uid), Some(account.gid)).map_err(Failure::because(cannot()))?;
        }
    }
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(Failure::because(cannot()))?;
    }
    let mut steps = match kind {
        Kind::Postgres | Kind::Vector => postgres::preparation(kind, place, &draft, purpose)?,
        Kind::Mariadb => mariadb::preparation(place, &draft)?,
    };
    for (step, input) in &mut steps {
        run_step(step, input.as_deref(), place, account)?;
    }
    let word = place.home.join(PASSWORD_FILE);
    if word.exists() {
        fs::remove_file(&word).map_err(Failure::because(cannot()))?;
    }
    fs::rename(&draft, data_of(&place.home)).map_err(Failure::because(cannot()))
}

fn run_step(step: &mut Command, input: Option<&str>, place: &Place, account: Option<&Account>) -> Result<(), Failure> {
    let program = step.get_program().to_string_lossy().into_owned();
    in_background(step, place, account)?;
    if input.is_some() {
        step.stdin(Stdio::piped());
    }
    let mut child = step.spawn().map_err(Failure::because(format!("cannot start {program}")))?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        stdin.write_all(input.as_bytes()).map_err(Failure::because(format!("{program} does not read")))?;
    }
    let status = child.wait().map_err(Failure::because(format!("cannot wait for {program}")))?;
    if status.success() { Ok(()) } else { Err(with_log(place, format!("{program} ended with {status}"))) }
}

/// Output to the log, another user where root is not wanted, and none of the settings a person has for clients.
fn in_background<'c>(
    command: &'c mut Command,
    place: &Place,
    account: Option<&Account>,
) -> Result<&'c mut Command, Failure> {
    let open = || File::options().create(true).append(true).mode(0o600).open(&place.log);
    let cannot = || format!("cannot write {}", place.log.display());
    let output = open().map_err(Failure::because(cannot()))?;
    let errors = open().map_err(Failure::because(cannot()))?;
    command.current_dir(&place.home).stdin(Stdio::null()).stdout(output).stderr(errors).env("LC_ALL", "C");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG") || name.starts_with("MYSQL")) {
            command.env_remove(name);
        }
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    Ok(command)
}

fn is_answering(kind: Kind, place: &Place) -> bool {
    let probe = match kind {
        Kind::Postgres | Kind::Vector => postgres::probe(kind, place),
        Kind::Mariadb => mariadb::probe(place),
    };
    probe.is_some_and(|mut probe| {
        probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    })
}

fn with_log(place: &Place, what: String) -> Failure {
    let log = fs::read_to_string(&place.log).unwrap_or_default();
    let mut lines: Vec<&str> = log.lines().rev().take(12).collect();
    lines.reverse();
    Failure::new(format!("{what}; the last lines of its log:\n    {}", lines.join("\n    ")))
}
