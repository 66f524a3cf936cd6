//! What is told when the program itself is wrong: the place, and nothing of its data. Errors that were foreseen are `terminal`'s.

use std::io::Write as _;
use std::panic::{self, Location};

/// From now on a panic tells where it was. Its own text may quote what was being worked on, secrets included, and nobody
/// knows by then which of it is secret.
pub(crate) fn tell_only_the_place() {
    panic::set_hook(Box::new(|info| {
        // Nobody is left to tell when the stream is closed.
        drop(writeln!(std::io::stderr(), "{}", text(info.location())));
    }));
}

fn text(place: Option<&Location<'_>>) -> String {
    let place = place.map(|at| format!(" at {}:{}:{}", at.file(), at.line(), at.column())).unwrap_or_default();
    format!("plimsoll ended unexpectedly{place}, which is a mistake of its own: please report this line")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const CHILD: &str = "PLIMSOLL_TEST_ENDS_UNEXPECTEDLY";
    const SECRET: &str = "s3cret-\u{e9}";

    /// Run by itself, it starts itself as a process that ends so.
    #[test]
    fn an_unexpected_end_tells_its_place_and_nothing_of_what_it_was_about() {
        if std::env::var_os(CHILD).is_some() {
            tell_only_the_place();
            // It is cut inside of a letter, and the program's own words would quote it.
            assert_ne!(SECRET[..8].len(), 0);
            return;
        }
        let ended = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "crash::tests::an_unexpected_end_tells_its_place_and_nothing_of_what_it_was_about"])
            .arg("--nocapture")
            .env(CHILD, "1")
            .output()
            .expect("this program starts");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{told}");
        let said: Vec<_> = told.lines().filter(|line| line.contains("crash.rs:")).collect();
        assert!(said.len() == 1 && said[0].starts_with("plimsoll ended unexpectedly at "), "{told}");
        let all = format!("{told}{}", String::from_utf8_lossy(&ended.stdout));
        assert!(!all.contains("s3cret"), "{all}");
    }
}
