//! Runs of the program: ended ones with what they said, and ones that are watched or killed on their way. What they run on
//! is `deployment`'s.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

use crate::deployment::Deployment;

/// How a run ended and what it said.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; 128 and more for a signal.
    pub code: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Finished {
    pub(crate) fn new(output: Output, deployment: &Deployment) -> Self {
        let own = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("the program writes UTF-8");
            text.replace(&deployment.root().display().to_string(), "[project]")
                .replace(&deployment.beside("").display().to_string(), "[beside]/")
                .replace(&format!("127.0.0.1:{}", deployment.port()), "127.0.0.1:[port]")
                .replace(&format!("port {}", deployment.port()), "port [port]")
        };
        Self { code: output.status.code().unwrap_or(128), stdout: own(output.stdout), stderr: own(output.stderr) }
    }

    /// Makes sure of the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text());
        self
    }

    /// Makes sure that stderr has every one of these texts.
    #[track_caller]
    pub fn says(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.stderr.contains(text), "nothing says `{text}`:\n{}", self.text());
        }
    }

    /// Everything, for a snapshot or a failed assertion.
    #[must_use]
    pub fn text(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }

    /// The lines of JSON on stdout.
    #[must_use]
    pub fn json(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// The only line of JSON on stdout.
    #[track_caller]
    #[must_use]
    pub fn one_json(&self) -> Value {
        let mut lines = self.json();
        assert_eq!(lines.len(), 1, "{}", self.text());
        lines.remove(0)
    }
}

/// A run on its way. Killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("plimsoll starts");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, lines }
    }

    /// The next line of stdout, `None` when there is no more.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line).expect("stdout is readable");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// Reads until a line has this text.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        loop {
            match self.line() {
                Some(line) if line.contains(text) => return,
                Some(_) => {}
                None => panic!("it ended before it said `{text}`: {}", self.rest_of_stderr()),
            }
        }
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it without any chance to tidy up.
    pub fn kill(mut self) {
        self.end();
    }

    /// Waits for its end; the exit code, the rest of stdout, and stderr.
    pub fn end_of(mut self) -> Finished {
        let mut stdout = String::new();
        self.lines.read_to_string(&mut stdout).expect("stdout is readable");
        let stderr = self.rest_of_stderr();
        let status = self.child.wait().expect("it ends");
        Finished { code: status.code().unwrap_or(128), stdout, stderr }
    }

    fn rest_of_stderr(&mut self) -> String {
        let mut text = String::new();
        let stderr = self.child.stderr.as_mut().expect("it is piped");
        stderr.read_to_string(&mut text).expect("stderr is readable");
        text
    }

    fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
