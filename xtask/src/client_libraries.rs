//! Which cargo features speak to a database URL on this machine: the system's client library where it can be linked,
//! a bundled one otherwise. Installing a library is left to `packages`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

/// The features needed for `url`; none for SQLite, which every build has, and for what plimsoll will refuse itself.
pub(crate) fn features_for(url: &str) -> Vec<&'static str> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => vec![postgres_feature()],
        Some("mysql" | "mariadb") => vec![mysql_feature()],
        _ => Vec::new(),
    }
}

/// The features that add PostgreSQL and MySQL to the default SQLite.
pub(crate) fn features_for_all_engines() -> Vec<&'static str> {
    vec![postgres_feature(), mysql_feature()]
}

/// Whether `-lpq` would link.
pub(crate) fn links_libpq() -> bool {
    env::var_os("PQ_LIB_DIR").is_some()
        || pg_config_libdir().is_some_and(|folder| has_libpq(&folder))
        || library_folders().iter().any(|folder| has_libpq(folder))
}

/// Whether the build script of `mysqlclient-sys` would find a client library: it asks the same two programs.
pub(crate) fn links_mysql() -> bool {
    env::var_os("MYSQLCLIENT_LIB_DIR").is_some()
        || ["mysqlclient", "libmariadb"].iter().any(|library| succeeds("pkg-config", &["--exists", library]))
        || succeeds("mysql_config", &["--version"])
}

fn postgres_feature() -> &'static str {
    if links_libpq() { "postgres" } else { "postgres-bundled" }
}

fn mysql_feature() -> &'static str {
    if links_mysql() { "mysql" } else { "mysql-bundled" }
}

fn pg_config_libdir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--libdir").stderr(Stdio::null()).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// Folders a linker searches by itself, with the ones Debian names after the architecture.
fn library_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/homebrew/opt/libpq/lib"].map(PathBuf::from).to_vec();
    folders.extend(fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path()));
    folders
}

/// The name without a version is the one that only a development package brings.
fn has_libpq(folder: &Path) -> bool {
    ["libpq.so", "libpq.dylib"].iter().any(|name| folder.join(name).exists())
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    workspace::find_program(program).is_some_and(|program| {
        Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_needs_no_feature_whatever_form_its_url_has() {
        for url in ["sqlite:dev.db", "data/dev.db", "file:dev.db?mode=ro", ""] {
            assert!(features_for(url).is_empty(), "{url}");
        }
    }

    #[test]
    fn every_scheme_of_a_server_gets_its_feature() {
        for (url, feature) in [
            ("postgres://u@h/d", "postgres"),
            ("postgresql://u@h/d", "postgres"),
            ("mysql://u@h/d", "mysql"),
            ("mariadb://u@h/d", "mysql"),
        ] {
            let features = features_for(url);
            assert!(matches!(features.as_slice(), [one] if one.starts_with(feature)), "{url}: {features:?}");
        }
    }
}
