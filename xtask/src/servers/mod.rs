//! Database servers of this workspace's own: prepared, started until they answer, found again and stopped. How long
//! one lives is left to the callers, `db` (until told) and `keeper` (as long as a test run).

pub(crate) mod account;
pub(crate) mod keeper;
mod mariadb;
mod postgres;
pub(crate) mod process;
mod start;
pub(crate) mod vector;

use std::fs::{self, DirBuilder, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::workspace;

pub(crate) use start::start;

/// A server program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    Mariadb,
    /// PostgreSQL with pgvector and uuid-ossp.
    Vector,
}

/// What a server is started for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// Fast, forgetful, open to everyone on this machine.
    ThrowAway,
    /// Durable, one user with this password and one database.
    Persistent { password: String },
}

/// The user of a persistent server.
pub(crate) const USER: &str = "plimsoll";

/// Where one server keeps its things.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Belongs to the server's account: data, sockets.
    home: PathBuf,
    /// What the server says. Outside of `home`, so that nothing its account does there can redirect our writes.
    log: PathBuf,
    port: u16,
}

pub(crate) const STOP_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

impl Kind {
    /// Every kind there is.
    pub(crate) const ALL: [Self; 3] = [Self::Postgres, Self::Mariadb, Self::Vector];

    /// The name in commands and file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
            Self::Vector => "vector",
        }
    }

    /// The name in sentences.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
            Self::Vector => "PostgreSQL with pgvector",
        }
    }

    /// Whether its programs are on this machine.
    pub(crate) fn is_installed(self) -> bool {
        match self {
            Self::Postgres => postgres::programs().is_some(),
            Self::Mariadb => mariadb::programs().is_some(),
            Self::Vector => vector::programs().is_some(),
        }
    }

    /// The database of a persistent server.
    pub(crate) fn database(self) -> &'static str {
        match self {
            Self::Postgres | Self::Mariadb => "caller_coaching_staging",
            Self::Vector => "agent_platform",
        }
    }

    /// The URL of what a server for `purpose` offers on `port`.
    pub(crate) fn url(self, purpose: &Purpose, port: u16) -> String {
        let database = self.database();
        match (self, purpose) {
            (Self::Postgres | Self::Vector, Purpose::ThrowAway) => {
                format!("postgresql://postgres@127.0.0.1:{port}/postgres")
            }
            (Self::Mariadb, Purpose::ThrowAway) => format!("mysql://root@127.0.0.1:{port}/mysql"),
            (Self::Postgres | Self::Vector, Purpose::Persistent { password }) => {
                format!("postgresql://{USER}:{password}@127.0.0.1:{port}/{database}")
            }
            (Self::Mariadb, Purpose::Persistent { password }) => {
                format!("mysql://{USER}:{password}@127.0.0.1:{port}/{database}")
            }
        }
    }

    /// The processes of a server of this kind whose things are under `folder`.
    pub(crate) fn find(self, folder: &Path) -> Vec<u32> {
        let data = data_of(&folder.join(self.name()));
        process::find(|arguments| match self {
            Self::Postgres | Self::Vector => postgres::is_server_of(arguments, &data),
            Self::Mariadb => mariadb::is_server_of(arguments, &data),
        })
    }

    /// Asks every process of [`Kind::find`] to end and waits until they have.
    pub(crate) fn stop(self, folder: &Path, purpose: &Purpose) -> Result<(), Failure> {
        for pid in self.find(folder) {
            process::signal(pid, self.stop_signal(purpose));
        }
        wait_for(STOP_WITHIN, || self.find(folder).is_empty())
            .then_some(())
            .ok_or_else(|| Failure::new(format!("{} in {} does not stop", self.title(), folder.display())))
    }

    fn stop_signal(self, purpose: &Purpose) -> &'static str {
        match (self, purpose) {
            // "Immediate shutdown": no checkpoint for data nobody will read.
            (Self::Postgres | Self::Vector, Purpose::ThrowAway) => "QUIT",
            // "Fast shutdown": open sessions are ended, data is safe.
            (Self::Postgres | Self::Vector, Purpose::Persistent { .. }) => "INT",
            (Self::Mariadb, _) => "TERM",
        }
    }
}

/// A folder for servers, which their accounts may pass through and only this user may list.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    let what = || format!("cannot make {}", folder.display());
    DirBuilder::new().mode(0o700).create(folder).map_err(Failure::because(what()))?;
    if account::is_root() {
        fs::set_permissions(folder, Permissions::from_mode(0o711)).map_err(Failure::because(what()))?;
    }
    Ok(())
}

/// The folder for `what`, one per user and workspace, in a place that survives a restart of the machine.
pub(crate) fn folder_in_var_tmp(what: &str) -> PathBuf {
    let workspace = workspace::root().canonicalize().unwrap_or_else(|_| workspace::root().to_owned());
    let hash = fnv1a(workspace.as_os_str().as_encoded_bytes());
    PathBuf::from(format!("/var/tmp/plimsoll-{what}-{}-{hash:016x}", account::own_uid()))
}

/// `/var/tmp` is open to everybody: what somebody else put there under our name is not believed.
pub(crate) fn is_ours(folder: &Path) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|meta| meta.is_dir() && meta.uid() == account::own_uid() && meta.mode() & 0o022 == 0)
}

/// A loopback port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16, Failure> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Failure::because("there is no free port on 127.0.0.1"))
}

/// Looks at `done` until it is true or the time is over.
pub(crate) fn wait_for(within: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + within;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL);
    }
}

fn data_of(home: &Path) -> PathBuf {
    home.join("data")
}

/// The same number in every build, unlike the standard library's hash.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_keeps_its_folder_in_every_build() {
        assert_eq!(fnv1a(b"/home/me/plimsoll"), fnv1a(b"/home/me/plimsoll"));
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_ne!(fnv1a(b"/a"), fnv1a(b"/b"));
    }
}
