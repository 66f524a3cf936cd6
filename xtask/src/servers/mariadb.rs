//! The command lines of MariaDB: making data, serving it, asking whether it answers. Running them is left to
//! `servers`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::servers::start::hand_over;
use crate::servers::{Kind, Place, Purpose, USER, data_of, process};
use crate::workspace;

/// The three programs of a server.
pub(super) struct Programs {
    install: PathBuf,
    server: PathBuf,
    admin: PathBuf,
}

/// Where the programs are, when all of them are there.
pub(super) fn programs() -> Option<Programs> {
    Some(Programs {
        install: workspace::find_program("mariadb-install-db")?,
        server: workspace::find_program("mariadbd")?,
        admin: workspace::find_program("mariadb-admin")?,
    })
}

/// Commands that make a data folder `draft`, with what each reads from stdin. Root has no password here; a persistent
/// server closes that door before it opens its port, see [`server`].
pub(super) fn preparation(_place: &Place, draft: &Path) -> Result<Vec<(Command, Option<String>)>, Failure> {
    let mut install = Command::new(installed()?.install);
    install
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(["--skip-log-bin", "--innodb-log-file-size=16M"])
        .arg(with_path("--datadir=", draft));
    Ok(vec![(install, None)])
}

/// The server in the foreground.
pub(super) fn server(place: &Place, purpose: &Purpose) -> Result<Command, Failure> {
    let mut command = Command::new(installed()?.server);
    command
        .arg("--no-defaults")
        .arg(with_path("--datadir=", &data_of(&place.home)))
        .arg(with_path("--socket=", &socket(place)))
        .arg(with_path("--pid-file=", &place.home.join("mariadb.pid")))
        .arg(with_path("--tmpdir=", &place.home))
        .args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--character-set-server=utf8mb4"])
        .args(["--skip-log-bin", "--innodb-log-file-size=16M", "--performance-schema=OFF", "--max-connections=200"])
        .arg(format!("--port={}", place.port));
    match purpose {
        Purpose::ThrowAway => {
            command.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF"]);
            command.args(["--innodb-buffer-pool-size=64M", "--key-buffer-size=1M"]);
            // What waits longer than any test would wait in vain: an error tells where. The default is a day.
            command.arg("--lock-wait-timeout=120");
        }
        Purpose::Persistent { password } => {
            command.arg(with_path("--init-file=", &write_init_file(place, password)?));
        }
    }
    Ok(command)
}

/// Asks through the socket, which is this server's alone. A refused password is an answer as well.
pub(super) fn probe(place: &Place) -> Option<Command> {
    let mut command = Command::new(programs()?.admin);
    command.arg("--no-defaults").arg(with_path("--socket=", &socket(place))).arg("ping");
    Some(command)
}

/// Whether these are the arguments of a server on `data`.
pub(super) fn is_server_of(arguments: &[&str], data: &Path) -> bool {
    let wanted = with_path("--datadir=", data);
    process::program_name(arguments) == "mariadbd" && arguments.iter().any(|argument| **argument == *wanted)
}

/// What the server runs before it listens: the one user, the one database, no way in without a password.
fn write_init_file(place: &Place, password: &str) -> Result<PathBuf, Failure> {
    let database = Kind::Mariadb.database();
    let text = format!(
        "ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n\
         DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';\n\
         CREATE DATABASE IF NOT EXISTS {database};\n\
         CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         GRANT ALL ON *.* TO '{USER}'@'127.0.0.1';\n"
    );
    hand_over(Kind::Mariadb, &place.home.join("init.sql"), &text)
}

fn installed() -> Result<Programs, Failure> {
    programs().ok_or_else(|| Failure::new("MariaDB is not installed; Debian's package is mariadb-server"))
}

fn socket(place: &Place) -> PathBuf {
    place.home.join("socket")
}

fn with_path(option: &str, path: &Path) -> String {
    format!("{option}{}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_the_data_it_serves() {
        let data = Path::new("/tmp/x/mariadb/data");
        assert!(is_server_of(&["/usr/sbin/mariadbd", "--no-defaults", "--datadir=/tmp/x/mariadb/data"], data));
        assert!(!is_server_of(&["/usr/sbin/mariadbd", "--datadir=/tmp/x/mariadb/data2"], data));
        assert!(!is_server_of(&["grep", "--datadir=/tmp/x/mariadb/data"], data));
    }
}
