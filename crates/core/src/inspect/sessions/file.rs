//! Who has a SQLite file open and what it does with it, from the kernel's list of locks. What SQLite means by each byte it locks
//! is in its documentation of the file formats.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Session, Sessions, one_line};

/// What the locked bytes of the file with the suffix `-shm` mean, in WAL mode.
const WRITE: u64 = 120;
const READ: std::ops::RangeInclusive<u64> = 123..=127;

/// What those of the database itself mean, otherwise.
const PENDING: u64 = 0x4000_0000;
const RESERVED: u64 = PENDING + 1;

/// A file that can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Database,
    SharedMemory,
    DeploymentLock,
}

/// A line of the kernel's list.
#[derive(Debug, PartialEq, Eq)]
struct Lock {
    pid: i64,
    writes: bool,
    file: (u64, u64, u64),
    start: u64,
    end: u64,
}

pub(super) fn read(database: &Path) -> Sessions {
    let Ok(text) = std::fs::read_to_string("/proc/locks") else {
        return Sessions {
            sessions: Vec::new(),
            notes: vec!["this system does not tell who has a file open".to_owned()],
        };
    };
    let parts: Vec<(Part, (u64, u64, u64))> =
        [(Part::Database, ""), (Part::SharedMemory, "-shm"), (Part::DeploymentLock, ".plimsoll-lock")]
            .into_iter()
            .filter_map(|(part, suffix)| Some((part, identity(&beside(database, suffix))?)))
            .collect();
    let wal = parts.iter().any(|(part, _)| *part == Part::SharedMemory);
    let mut sessions: Vec<Session> = Vec::new();
    for lock in text.lines().filter_map(parse) {
        let Some((part, _)) = parts.iter().find(|(_, file)| *file == lock.file) else { continue };
        if lock.pid == i64::from(std::process::id()) {
            continue;
        }
        let index = sessions.iter().position(|session| session.id == lock.pid).unwrap_or_else(|| {
            sessions.push(process(lock.pid));
            sessions.len() - 1
        });
        let session = &mut sessions[index];
        session.deploys |= *part == Part::DeploymentLock;
        let state = match meaning(*part, &lock) {
            // In WAL mode the file itself is locked for as long as it is open.
            "reads" if *part == Part::Database && wal => "has it open",
            state => state,
        };
        if rank(state) > rank(&session.state) {
            state.clone_into(&mut session.state);
        }
    }
    Sessions { sessions, notes: Vec::new() }
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Device and file as the kernel names them.
fn identity(path: &Path) -> Option<(u64, u64, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    let device = metadata.dev();
    let major = ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff);
    let minor = (device & 0xff) | ((device >> 12) & !0xff);
    Some((major, minor, metadata.ino()))
}

/// `1: POSIX  ADVISORY  WRITE 4711 fd:01:131083 120 120`; an arrow before the kind marks who waits.
fn parse(line: &str) -> Option<Lock> {
    let mut words = line.split_whitespace().skip(1);
    let kind = words.next().filter(|kind| *kind != "->")?;
    if !matches!(kind, "POSIX" | "FLOCK" | "OFDLCK") {
        return None;
    }
    let mut words = words.skip(1);
    let writes = words.next()? == "WRITE";
    let pid = words.next()?.parse().ok()?;
    let mut file = words.next()?.split(':');
    let mut hexadecimal = || u64::from_str_radix(file.next()?, 16).ok();
    let (major, minor) = (hexadecimal()?, hexadecimal()?);
    let inode = file.next()?.parse().ok()?;
    let start = words.next()?.parse().ok()?;
    let end = words.next()?.parse().unwrap_or(u64::MAX);
    Some(Lock { pid, writes, file: (major, minor, inode), start, end })
}

fn meaning(part: Part, lock: &Lock) -> &'static str {
    let touches = |byte: u64| lock.start <= byte && byte <= lock.end;
    match part {
        Part::SharedMemory if lock.writes && touches(WRITE) => "writes",
        Part::SharedMemory if READ.clone().any(touches) => "reads",
        Part::Database if lock.writes && (touches(RESERVED) || touches(PENDING)) => "writes",
        Part::Database if lock.start > RESERVED => "reads",
        Part::Database | Part::SharedMemory | Part::DeploymentLock => "has it open",
    }
}

fn rank(state: &str) -> u8 {
    match state {
        "writes" => 3,
        "reads" => 2,
        "has it open" => 1,
        _ => 0,
    }
}

/// What the system tells about a process.
fn process(pid: i64) -> Session {
    let text = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    Session {
        id: pid,
        application: one_line(&text("comm")),
        statement: one_line(&text("cmdline").replace('\0', " ")),
        client: "this machine".to_owned(),
        ..Session::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lines_are_understood() {
        let lock = parse("3: POSIX  ADVISORY  WRITE 4711 fe:01:131083 120 120").expect("a lock");
        assert_eq!(lock, Lock { pid: 4711, writes: true, file: (0xfe, 1, 131_083), start: 120, end: 120 });
        assert_eq!(meaning(Part::SharedMemory, &lock), "writes");
        let whole = parse("4: FLOCK  ADVISORY  WRITE 9 00:2f:77 0 EOF").expect("a lock");
        assert_eq!((whole.file, whole.end), ((0, 0x2f, 77), u64::MAX));
        assert_eq!(parse("4: -> POSIX  ADVISORY  WRITE 12 fe:01:131083 120 120"), None);
        assert_eq!(parse("5: LEASE  ACTIVE    READ  12 fe:01:131083 0 EOF"), None);
    }

    #[test]
    fn bytes_mean_what_sqlite_means_by_them() {
        let lock = |writes, start, end| Lock { pid: 1, writes, file: (0, 0, 0), start, end };
        assert_eq!(meaning(Part::SharedMemory, &lock(false, 124, 124)), "reads");
        assert_eq!(meaning(Part::SharedMemory, &lock(false, 128, 128)), "has it open");
        assert_eq!(meaning(Part::Database, &lock(false, RESERVED + 1, RESERVED + 510)), "reads");
        assert_eq!(meaning(Part::Database, &lock(true, RESERVED, RESERVED)), "writes");
        assert_eq!(meaning(Part::DeploymentLock, &lock(true, 0, u64::MAX)), "has it open");
    }
}
