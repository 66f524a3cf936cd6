//! The command lines of PostgreSQL: making data, serving it, asking whether it answers. Running them is left to
//! `servers`.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::servers::start::{PASSWORD_FILE, hand_over};
use crate::servers::{Kind, Place, Purpose, USER, data_of, process, vector};
use crate::workspace;

/// The folder with the programs of the newest version there is.
pub(super) fn programs() -> Option<PathBuf> {
    all_programs().next()
}

/// The folders with `postgres`, `initdb` and `pg_isready` of one version, the newest first.
pub(super) fn all_programs() -> impl Iterator<Item = PathBuf> {
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort_by_key(|(version, _)| Reverse(*version));
    let of_path = || workspace::find_program("initdb").and_then(|file| file.parent().map(Path::to_owned));
    debian
        .into_iter()
        .map(|(_, folder)| folder)
        .chain(bindir_of_pg_config())
        .chain(of_path())
        .filter(|folder| ["postgres", "initdb", "pg_isready"].iter().all(|program| folder.join(program).is_file()))
}

/// Commands that make a data folder `draft`, with what each reads from stdin.
pub(super) fn preparation(
    kind: Kind,
    place: &Place,
    draft: &Path,
    purpose: &Purpose,
) -> Result<Vec<(Command, Option<String>)>, Failure> {
    let mut initdb = program(kind, "initdb")?;
    initdb.arg("-D").arg(draft).args(["-E", "UTF8", "--locale=C"]);
    let Purpose::Persistent { password } = purpose else {
        initdb.args(["-U", "postgres", "-A", "trust", "--no-sync"]);
        return Ok(vec![(initdb, None)]);
    };
    // In a file and never an argument, which every user of the machine could read.
    let word = hand_over(kind, &place.home.join(PASSWORD_FILE), &format!("{password}\n"))?;
    initdb.args(["-U", USER, "-A", "scram-sha-256"]).arg(format!("--pwfile={}", word.display()));
    let mut single = program(kind, "postgres")?;
    single.args(["--single", "-D"]).arg(draft).arg("postgres").current_dir(&place.home);
    Ok(vec![(initdb, None), (single, Some(format!("CREATE DATABASE {};\n", kind.database())))])
}

/// The server in the foreground.
pub(super) fn server(kind: Kind, place: &Place, purpose: &Purpose) -> Result<Command, Failure> {
    let mut command = program(kind, "postgres")?;
    command.arg("-D").arg(data_of(&place.home)).arg("-k").arg(&place.home);
    let mut settings = vec!["listen_addresses=127.0.0.1".to_owned(), format!("port={}", place.port)];
    if matches!(purpose, Purpose::ThrowAway) {
        settings.extend(
            [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "autovacuum=off",
                "max_connections=200",
                // What waits longer than any test would wait in vain: an error tells where.
                "lock_timeout=120s",
            ]
            .map(str::to_owned),
        );
    }
    for setting in settings {
        command.arg("-c").arg(setting);
    }
    Ok(command)
}

/// Asks through the socket, which is this server's alone; on the port somebody else might answer.
pub(super) fn probe(kind: Kind, place: &Place) -> Option<Command> {
    let mut command = Command::new(programs_of(kind)?.join("pg_isready"));
    command.arg("--quiet").arg("-h").arg(&place.home).arg("-p").arg(place.port.to_string());
    Some(command)
}

/// Whether these are the arguments of the first process of a server on `data`; its children have others.
pub(super) fn is_server_of(arguments: &[&str], data: &Path) -> bool {
    process::program_name(arguments) == "postgres"
        && arguments.windows(2).any(|pair| pair[0] == "-D" && Path::new(pair[1]) == data)
}

/// Removes the lock files of a crashed server when its number belongs to another program by now, or to a process that
/// is dead and not yet collected: PostgreSQL cannot tell these from a running server. In every other case it knows best.
pub(super) fn forget_a_crash(place: &Place) {
    let of_data = data_of(&place.home).join("postmaster.pid");
    let of_socket = place.home.join(format!(".s.PGSQL.{}.lock", place.port));
    for lock in [of_data, of_socket] {
        let Some(pid) = first_line(&lock) else {
            continue;
        };
        let Some(owner) = process::arguments(pid) else {
            continue;
        };
        let owner: Vec<&str> = owner.iter().map(String::as_str).collect();
        let is_server = process::program_name(&owner).starts_with("postgres");
        if !is_server && let Err(cause) = fs::remove_file(&lock) {
            eprintln!("warning: cannot remove {}: {cause}", lock.display());
        }
    }
}

fn first_line(lock: &Path) -> Option<u32> {
    fs::read_to_string(lock).ok()?.lines().next()?.trim().parse().ok()
}

fn program(kind: Kind, name: &str) -> Result<Command, Failure> {
    programs_of(kind)
        .map(|folder| Command::new(folder.join(name)))
        .ok_or_else(|| Failure::new(format!("{} is not installed; Debian's package is postgresql", kind.title())))
}

fn programs_of(kind: Kind) -> Option<PathBuf> {
    if kind == Kind::Vector { vector::programs() } else { programs() }
}

fn bindir_of_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_the_data_it_serves() {
        let data = Path::new("/tmp/x/postgres/data");
        assert!(is_server_of(&["/usr/bin/postgres", "-D", "/tmp/x/postgres/data", "-k", "/tmp/x"], data));
        assert!(!is_server_of(&["/usr/bin/postgres", "-D", "/tmp/y/postgres/data"], data));
        assert!(!is_server_of(&["tail", "-f", "/tmp/x/postgres/data"], data));
        assert!(!is_server_of(&["postgres: checkpointer ", ""], data));
    }
}
