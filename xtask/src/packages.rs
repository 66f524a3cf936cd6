//! What has to be installed on the machine before servers and client libraries can be used, and installing it on
//! Debian-like systems. Starting anything is left to `servers`: a service that a package starts is never used.

use std::process::{Command, Stdio};

use crate::client_libraries;
use crate::failure::Failure;
use crate::servers::{Kind, account, vector};
use crate::workspace;

/// Something a task cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A C compiler with the C library's headers.
    CCompiler,
    /// The server's programs.
    Server(Kind),
    /// Redis's server, which its tests start by themselves.
    Redis,
    /// What linking against PostgreSQL takes. A bundled library can stand in.
    LibPq,
    /// What linking against MySQL takes. A bundled library can stand in.
    LibMysql,
}

/// What compiling with all engines takes.
pub(crate) const TO_COMPILE: [Need; 3] = [Need::CCompiler, Need::LibPq, Need::LibMysql];

/// What the live tests take beyond that.
pub(crate) const TO_TEST: [Need; 4] =
    [Need::Server(Kind::Postgres), Need::Server(Kind::Mariadb), Need::Server(Kind::Vector), Need::Redis];

/// Makes sure of every need, installing packages where something is missing.
///
/// # Errors
/// Names the packages that are missing when they cannot be installed, except for client libraries, which cargo can
/// build from bundled sources.
pub(crate) fn ensure(needs: &[Need]) -> Result<(), Failure> {
    install_missing(needs)?;
    if needs.contains(&Need::Server(Kind::Vector)) { vector::install() } else { Ok(()) }
}

fn install_missing(needs: &[Need]) -> Result<(), Failure> {
    let missing = || needs.iter().copied().filter(|need| !need.is_met()).collect::<Vec<_>>();
    let before = missing();
    if before.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = before.iter().flat_map(|need| need.packages()).copied().collect();
    let installed = install(&packages);
    let still: Vec<&str> =
        missing().iter().filter(|need| !need.can_be_bundled()).flat_map(|need| need.packages()).copied().collect();
    match (still.is_empty(), installed) {
        (true, Ok(())) => Ok(()),
        (true, Err(reason)) => {
            eprintln!("note: {reason}; the client libraries are built from bundled sources instead");
            Ok(())
        }
        (false, Ok(())) => Err(Failure::new(format!("apt-get ended well, yet {} cannot be found", still.join(" ")))),
        (false, Err(reason)) => {
            Err(Failure::new(format!("{reason}\n  install these packages and try again: {}", still.join(" "))))
        }
    }
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::CCompiler => workspace::find_program("cc").is_some(),
            Self::Server(Kind::Vector) => vector::can_be_had(),
            Self::Server(kind) => kind.is_installed(),
            Self::Redis => workspace::find_program("redis-server").is_some(),
            Self::LibPq => client_libraries::links_libpq(),
            Self::LibMysql => client_libraries::links_mysql(),
        }
    }

    fn can_be_bundled(self) -> bool {
        matches!(self, Self::LibPq | Self::LibMysql)
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::CCompiler => &["gcc", "libc6-dev"],
            Self::Server(Kind::Postgres) => &["postgresql"],
            Self::Server(Kind::Mariadb) => &["mariadb-server"],
            // What downloads it.
            Self::Server(Kind::Vector) => &["python3-pip", "npm"],
            Self::Redis => &["redis-server"],
            Self::LibPq => &["libpq-dev"],
            Self::LibMysql => &["libmariadb-dev", "pkg-config"],
        }
    }
}

/// The error says why nothing could be installed.
fn install(packages: &[&str]) -> Result<(), String> {
    let list = packages.join(" ");
    let Some(apt_get) = workspace::find_program("apt-get") else {
        return Err(format!("{list} cannot be installed: this system has no apt-get"));
    };
    let root = account::is_root();
    if !root && !quiet_success(Command::new("sudo").args(["-n", "true"])) {
        return Err(format!("{list} cannot be installed: that takes root, or sudo without a password"));
    }
    eprintln!("installing {list}");
    let apt = |arguments: &[&str]| {
        let mut command = if root { Command::new("env") } else { Command::new("sudo") };
        if !root {
            command.args(["-n", "env"]);
        }
        command.arg("DEBIAN_FRONTEND=noninteractive").arg(&apt_get).args(["-qq", "-o", "Dpkg::Use-Pty=0"]);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    // Old package lists name versions the mirrors no longer have, so they are always read anew.
    if !apt(&["update"]) {
        return Err(format!("{list} cannot be installed: apt-get update failed"));
    }
    let install = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    if apt(&install) { Ok(()) } else { Err(format!("apt-get install {list} failed")) }
}

fn quiet_success(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
