//! Processes of this machine by their arguments, and signals to them. Numbers kept in files are not trusted: a number
//! may belong to somebody else after a crash. Which arguments mean what is left to the callers.

use std::fs;
use std::process::{Command, Stdio};

/// The processes whose arguments satisfy `matches`.
pub(crate) fn find(matches: impl Fn(&[&str]) -> bool) -> Vec<u32> {
    all().into_iter().filter(|(_, arguments)| matches(&words(arguments))).map(|(pid, _)| pid).collect()
}

/// The arguments of one process, none of them when it is dead and not yet collected; `None` when there is no process.
pub(crate) fn arguments(pid: u32) -> Option<Vec<String>> {
    let all = all();
    let (_, arguments) = all.iter().find(|(other, _)| *other == pid)?;
    Some(words(arguments).into_iter().map(str::to_owned).collect())
}

/// The file name of a program, without the folders.
pub(crate) fn program_name<'a>(arguments: &[&'a str]) -> &'a str {
    arguments.first().map_or("", |program| program.rsplit('/').next().unwrap_or(program))
}

/// Sends a signal by its name. A process that is gone needs none.
pub(crate) fn signal(pid: u32, name: &str) {
    // The shell's own `kill`: the program of that name is a package that small systems leave out.
    let sent = Command::new("sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if let Err(cause) = sent {
        eprintln!("warning: cannot send {name} to process {pid}: {cause}");
    }
}

/// Number and arguments, these separated by NUL as Linux has them.
fn all() -> Vec<(u32, String)> {
    match fs::read_dir("/proc") {
        Ok(entries) => entries
            .flatten()
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let arguments = fs::read(entry.path().join("cmdline")).ok()?;
                Some((pid, String::from_utf8_lossy(&arguments).into_owned()))
            })
            .collect(),
        Err(_) => listed_by_ps(),
    }
}

fn listed_by_ps() -> Vec<(u32, String)> {
    let output = Command::new("ps").args(["-axww", "-o", "pid=,command="]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (pid, arguments) = line.trim_start().split_once(' ')?;
            Some((pid.parse().ok()?, arguments.split_whitespace().collect::<Vec<_>>().join("\0")))
        })
        .collect()
}

fn words(arguments: &str) -> Vec<&str> {
    arguments.split('\0').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_by_its_arguments() {
        let own: Vec<String> = std::env::args().collect();
        let found = find(|arguments| arguments.starts_with(&own.iter().map(String::as_str).collect::<Vec<_>>()));
        assert!(found.contains(&std::process::id()));
    }

    #[test]
    fn a_process_that_does_not_exist_has_no_arguments() {
        assert_eq!(arguments(u32::MAX), None);
    }

    #[test]
    fn a_program_is_known_without_its_folders() {
        assert_eq!(program_name(&["/usr/lib/postgresql/15/bin/postgres", "-D", "x"]), "postgres");
        assert_eq!(program_name(&["mariadbd"]), "mariadbd");
        assert_eq!(program_name(&[]), "");
    }
}
