//! Which packages may know which: core <- {migrate, seed, smoke, ...} <- deploy <- cli, and what a service that
//! imports a library must not have to compile. Inside a package is left to `rules`.

use std::fs;
use std::path::Path;

use crate::cargo;
use crate::failure::Failure;
use crate::tidy::Finding;

const RULE: &str = "dependencies-point-to-core";
const PREFIX: &str = "plimsoll-";

/// Asks cargo for the tree of every library with all its features: a feature is no way around the rule.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>, Failure> {
    let crates = root.join("crates");
    let entries = fs::read_dir(&crates).map_err(Failure::because(format!("cannot list {}", crates.display())))?;
    let mut rooms: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name != "cli")
        .collect();
    rooms.sort();
    let mut findings = Vec::new();
    for room in rooms {
        let manifest = format!("crates/{room}/Cargo.toml");
        let text =
            fs::read_to_string(root.join(&manifest)).map_err(Failure::because(format!("cannot read {manifest}")))?;
        for (package, why) in violations(&room, &tree(&room)?) {
            let line = text.lines().position(|line| line.starts_with(&package)).map_or(1, |index| index + 1);
            findings.push(Finding { rule: RULE, path: manifest.clone(), line, text: format!("`{package}`: {why}") });
        }
    }
    Ok(findings)
}

/// The names of everything compiled for `crates/<room>`.
fn tree(room: &str) -> Result<Vec<String>, Failure> {
    let package = format!("{PREFIX}{room}");
    let output = cargo::cargo("tree")
        .args(["--quiet", "--package", &package, "--edges", "normal", "--all-features", "--prefix", "none"])
        .output()
        .map_err(Failure::because("cannot start cargo tree"))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::new(format!("cargo tree --package {package} failed: {reason}")));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut names: Vec<String> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| *name != package)
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// What `crates/<room>` has in its tree and must not, with the reason.
fn violations(room: &str, tree: &[String]) -> Vec<(String, String)> {
    tree.iter().filter_map(|package| Some((package.clone(), objection(room, package)?))).collect()
}

fn objection(room: &str, package: &str) -> Option<String> {
    if let Some(other) = package.strip_prefix(PREFIX) {
        let is_allowed = match room {
            "core" => false,
            "deploy" => other != "cli",
            _ => other == "core",
        };
        return (!is_allowed).then(|| match room {
            "core" => "core is what the others are built on".to_owned(),
            "deploy" => "the command line is built on deploy".to_owned(),
            _ => format!("{room} stands beside it and knows only core"),
        });
    }
    match (package, room) {
        ("clap", _) => Some("parsing arguments is the command line's".to_owned()),
        ("reqwest", "smoke" | "deploy") => None,
        ("reqwest", _) => Some(format!("a service that imports {room} must not compile an HTTP client")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(room: &str, package: &str) -> bool {
        objection(room, package).is_some()
    }

    #[test]
    fn packages_know_only_those_nearer_to_core() {
        assert!(objects("core", "plimsoll-seed"));
        assert!(!objects("seed", "plimsoll-core"));
        assert!(!objects("deploy", "plimsoll-seed"));
        assert!(objects("deploy", "plimsoll-cli"));
    }

    #[test]
    fn packages_side_by_side_do_not_know_each_other() {
        for (room, other) in [("migrate", "plimsoll-seed"), ("seed", "plimsoll-smoke"), ("smoke", "plimsoll-migrate")] {
            assert!(objects(room, other), "{room} {other}");
        }
        assert!(objects("snapshot", "plimsoll-deploy"));
    }

    #[test]
    fn a_service_that_imports_a_library_compiles_no_http_client_and_no_argument_parser() {
        for room in ["core", "migrate", "seed"] {
            assert!(objects(room, "reqwest") && objects(room, "clap"), "{room}");
        }
        assert!(!objects("smoke", "reqwest"));
        assert!(!objects("seed", "serde"));
    }
}
