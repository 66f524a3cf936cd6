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
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn an_unexpected_end_tells_its_place_and_nothing_of_what_it_was_about() {
        let told = Arc::new(Mutex::new(String::new()));
        let (heard, before) = (Arc::clone(&told), panic::take_hook());
        panic::set_hook(Box::new(move |info| heard.lock().expect("nobody else").push_str(&text(info.location()))));
        let ended = panic::catch_unwind(|| "s3cret-é"[..8].len());
        panic::set_hook(before);
        assert!(ended.is_err(), "it is cut inside of a letter");
        let told = told.lock().expect("nobody else").clone();
        assert!(told.contains("crash.rs:") && !told.contains("s3cret"), "{told}");
    }
}
