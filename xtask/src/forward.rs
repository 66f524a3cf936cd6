//! Verbs that are plimsoll's own: builds it together with the example's service and becomes it. What the arguments
//! mean is left to plimsoll; only what choosing a database client takes is looked at.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo;
use crate::client_libraries;
use crate::db;
use crate::failure::Failure;
use crate::fresh;
use crate::workspace;

const EXAMPLE: &str = "examples/caller-coaching";
const SERVICE: &str = "caller-coaching";
const DATABASE_URL: &str = "DATABASE_URL";
const TOKEN: &str = "HF_SUPERADMIN_TOKEN";

/// Builds and runs `plimsoll <arguments>` with the caller's streams and current directory. Returns only when that
/// cannot be done.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let bin_dir = workspace::bin_dir()?;
    let own_project = project_argument(arguments);
    let project = own_project.map_or_else(|| workspace::root().join(EXAMPLE), PathBuf::from);
    let environment = environment_argument(arguments, &project);
    let database = database(arguments, &project, environment, own_project.is_none());

    let plimsoll = bin_dir.join("plimsoll");
    let mut features = database.as_ref().map_or_else(Vec::new, |database| database.features.clone());
    // The parser that only PostgreSQL's migrations are judged with, and only here.
    features.extend(judges(arguments).then_some("squawk"));
    build(&bin_dir, &features, own_project.is_none())?;

    let mut command = Command::new(&plimsoll);
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    command.args(&arguments[..end]);
    if own_project.is_none() && names_a_command(arguments) {
        let service = bin_dir.join(SERVICE);
        command
            .arg("--project")
            .arg(&project)
            .arg("--set")
            .arg(format!("service_bin={}", service.display()))
            // So that advice names the command that was typed.
            .args(["--program", "cargo xtask"]);
    }
    command.args(&arguments[end..]);
    command.envs(database.map(|database| database.variables).unwrap_or_default());
    Err(become_it(command))
}

struct Database {
    features: Vec<&'static str>,
    /// What plimsoll gets beside the caller's own environment.
    variables: Vec<(&'static str, String)>,
}

/// Where the environment's database is, as far as it can be told without plimsoll: the same layers, highest first,
/// and below them the server of `db up`.
fn database(arguments: &[String], project: &Path, environment: Option<&str>, is_example: bool) -> Option<Database> {
    let environment = environment?;
    let dotenv = project.join(format!(".env.{environment}"));
    let declared = set_argument(arguments)
        .map(str::to_owned)
        .or_else(|| env::var(DATABASE_URL).ok())
        .or_else(|| assigned(&fs::read_to_string(&dotenv).ok()?))
        .or_else(|| assigned(&fs::read_to_string(environment_file(project, environment)).ok()?));
    if let Some(url) = declared {
        return Some(Database { features: client_libraries::features_for(&url), variables: Vec::new() });
    }
    if !is_example || environment != "staging" || dotenv.exists() {
        return None;
    }
    let Some(offer) = db::offer() else {
        eprintln!("note: staging names no database; `cargo xtask db up` starts one for it");
        return None;
    };
    if !offer.is_running {
        eprintln!("note: the local server does not answer; `cargo xtask db up` starts it again");
    }
    let features = client_libraries::features_for(&offer.url);
    let mut variables = vec![(DATABASE_URL, offer.url)];
    if env::var_os(TOKEN).is_none() {
        variables.push((TOKEN, offer.superadmin_token));
    }
    Some(Database { features, variables })
}

/// One cargo for both packages: the service is released with the database client that plimsoll migrates with.
/// The example is checked on loopback only: without TLS its first build is a good part shorter.
fn build(bin_dir: &Path, features: &[&str], is_example: bool) -> Result<(), Failure> {
    let (plimsoll, service) = (bin_dir.join("plimsoll"), bin_dir.join(SERVICE));
    let mut command = cargo::cargo_in_profile("build");
    command.args(["--quiet", "-p", "plimsoll-cli", "-p", SERVICE]);
    let features = if is_example { [&["sqlite"], features].concat() } else { features.to_vec() };
    if is_example {
        command.arg("--no-default-features");
    }
    let key = format!("default={} {}", !is_example, features.join(","));
    let binaries: [&Path; 2] = [&plimsoll, &service];
    let build = fresh::Build::new(bin_dir, key, &binaries);
    if build.is_fresh() {
        return Ok(());
    }
    if !plimsoll.exists() {
        eprintln!("building plimsoll for the first time: this takes a few minutes, later runs start at once");
    }
    cargo::run(cargo::with_features(command, &features))?;
    build.remember();
    Ok(())
}

/// Nothing stays between the caller and plimsoll: signals, streams and the exit code are its own.
fn become_it(mut command: Command) -> Failure {
    Failure::because("cannot start plimsoll")(command.exec())
}

/// Whether it is `migrate lint`.
fn judges(arguments: &[String]) -> bool {
    arguments.windows(2).any(|pair| pair[0] == "migrate" && pair[1] == "lint")
}

/// `--help` and `--version` alone, and `explain CODE`, speak of no project.
fn names_a_command(arguments: &[String]) -> bool {
    arguments.first().is_some_and(|verb| !verb.starts_with('-') && !["explain", "init"].contains(&verb.as_str()))
}

fn project_argument(arguments: &[String]) -> Option<&str> {
    value_of(arguments, "--project").last()
}

/// The last one counts, as for plimsoll.
fn set_argument(arguments: &[String]) -> Option<&str> {
    value_of(arguments, "--set").filter_map(|pair| pair.strip_prefix(DATABASE_URL)?.strip_prefix('=')).last()
}

fn value_of<'a>(arguments: &'a [String], option: &'a str) -> impl Iterator<Item = &'a str> {
    arguments.iter().enumerate().take_while(|(_, argument)| *argument != "--").filter_map(move |(index, argument)| {
        match argument.strip_prefix(option)? {
            "" => arguments.get(index + 1).map(String::as_str),
            joined => joined.strip_prefix('='),
        }
    })
}

/// The first argument that is an environment of the project; every command takes it at another place.
fn environment_argument<'a>(arguments: &'a [String], project: &Path) -> Option<&'a str> {
    arguments.iter().map(String::as_str).skip(1).find(|argument| {
        let is_name = argument.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        is_name && !argument.starts_with('-') && environment_file(project, argument).is_file()
    })
}

fn environment_file(project: &Path, environment: &str) -> PathBuf {
    project.join("environments").join(format!("{environment}.toml"))
}

/// The value of a line that assigns the URL, in a dotenv file or in TOML.
fn assigned(text: &str) -> Option<String> {
    text.lines().rev().find_map(|line| {
        let line = line.trim_start();
        let value = line.strip_prefix("export ").unwrap_or(line).strip_prefix(DATABASE_URL)?.trim_start();
        Some(value.strip_prefix('=')?.trim().trim_matches(['"', '\'']).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_project_is_found_in_both_spellings() {
        assert_eq!(project_argument(&words("deploy dev --project a/b")), Some("a/b"));
        assert_eq!(project_argument(&words("deploy --project=a/b dev")), Some("a/b"));
        assert_eq!(project_argument(&words("deploy dev --projection x")), None);
        assert_eq!(project_argument(&words("deploy dev -- --project x")), None);
    }

    #[test]
    fn the_last_url_set_on_the_command_line_counts() {
        let arguments = words("deploy dev --set DATABASE_URL=a.db --set PORT=1 --set=DATABASE_URL=postgres://h/d");
        assert_eq!(set_argument(&arguments), Some("postgres://h/d"));
    }

    #[test]
    fn a_url_is_read_from_dotenv_and_toml_lines() {
        assert_eq!(assigned("# no\nDATABASE_URL=mysql://h/d\n").as_deref(), Some("mysql://h/d"));
        assert_eq!(assigned("export DATABASE_URL='mysql://h/d'").as_deref(), Some("mysql://h/d"));
        assert_eq!(assigned("[variables]\nDATABASE_URL = \"x.db\"\n").as_deref(), Some("x.db"));
        assert_eq!(assigned("DATABASE_URL_2 = \"x.db\"\n# DATABASE_URL = \"y\"\n"), None);
    }

    #[test]
    fn an_explanation_needs_no_project() {
        assert!(names_a_command(&words("deploy dev")));
        assert!(!names_a_command(&words("explain migrate::checksum_mismatch")));
        assert!(!names_a_command(&words("--version")));
    }
}
