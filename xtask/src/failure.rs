//! Why a task stopped: one message for a person and the exit code. What to try next is left to the message's author,
//! who knows the situation.

use std::fmt::Display;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

/// A task that could not go on.
#[derive(Debug)]
pub(crate) struct Failure {
    message: Option<String>,
    code: u8,
}

impl Failure {
    /// Something on this machine or in this repository is not as it should be.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), code: 1 }
    }

    /// The caller typed something that has no meaning here.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), code: 2 }
    }

    /// A child ended badly and said why itself: only its exit code is passed on, 128+n for signal n.
    pub(crate) fn of_child(status: ExitStatus) -> Self {
        Self { message: None, code: exit_code(status) }
    }

    /// `what` could not be done because of `cause`: made for `map_err`.
    pub(crate) fn because<E: Display>(what: impl Display) -> impl FnOnce(E) -> Self {
        move |cause| Self::new(format!("{what}: {cause}"))
    }

    /// Says it on stderr and gives the exit code for `main`.
    pub(crate) fn report(self) -> ExitCode {
        if let Some(message) = &self.message {
            eprintln!("error: {message}");
        }
        ExitCode::from(self.code)
    }

    /// The text, for a caller that prints it among other lines.
    pub(crate) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_childs_exit_code_is_passed_on() {
        assert_eq!(exit_code(ExitStatus::from_raw(9 << 8)), 9);
    }

    #[test]
    fn a_child_killed_by_a_signal_answers_as_a_shell_would() {
        assert_eq!(exit_code(ExitStatus::from_raw(2)), 130);
    }
}
