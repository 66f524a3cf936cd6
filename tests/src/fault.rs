//! Waiting for facts, and processes to be killed. What is made to fail, and what must survive it, is the tests'.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that anything a test waits for may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Tells a child process that it is one, and what it is to work on.
const ROLE: &str = "PLIMSOLL_TEST_ROLE";

/// Looks at `done` until it is true. Panics with `what` when that takes longer than [`PATIENCE`].
#[track_caller]
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// A process that runs the named test again, as the other role of it. Ends with its parent, and is killed when dropped.
#[derive(Debug)]
pub struct Actor {
    child: Child,
}

impl Actor {
    /// Starts this test binary for one test, which finds `role` in [`role`].
    #[must_use]
    pub fn start(test: &str, role: &str) -> Self {
        let test = test.strip_prefix("suite::").unwrap_or(test);
        let child = Command::new(std::env::current_exe().expect("this binary has a path"))
            .args([test, "--exact", "--test-threads=1"])
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("this binary starts");
        Self { child }
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends. Whether that was by a signal, such as one that it sent itself.
    #[must_use]
    pub fn wait(mut self) -> bool {
        self.child.wait().expect("it ends").code().is_none()
    }

    /// As [`Self::wait`], without the sign to end that closing its stdin would be.
    #[cfg(test)]
    pub(crate) fn ends_by_itself_with_a_signal(mut self) -> bool {
        let mut status = None;
        wait_until("it to end by itself", || {
            status = self.child.try_wait().expect("it can be asked");
            status.is_some()
        });
        status.is_some_and(|status| status.code().is_none())
    }

    /// Kills it without any chance to tidy up.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.end();
    }
}

/// What an [`Actor`] was started with; nothing in the test's own process.
#[must_use]
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Stays until the parent is gone or has killed this process.
pub fn stay() {
    let mut nothing = String::new();
    drop(std::io::stdin().read_line(&mut nothing));
}
