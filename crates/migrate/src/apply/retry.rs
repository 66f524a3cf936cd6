//! Tries again what did not get its lock, with pauses that grow and differ. What a lock problem is, `plimsoll_core` says.

use std::time::Duration;

use plimsoll_core::db::DbErrorKind;

use super::fault::Fault;
use crate::event::MigrateEvent;

/// How often and with which pauses a statement, or a whole transactional migration, is tried that did not get its lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often at most, the first time counted: 1 never tries again.
    pub tries: u32,
    /// About how long to wait before the second try; each pause after it is twice as long.
    pub first_pause: Duration,
    /// No pause is longer than this.
    pub longest_pause: Duration,
}

impl Default for Retry {
    /// Five tries in about five seconds, besides the time for which each waits itself.
    fn default() -> Self {
        Self { tries: 5, first_pause: Duration::from_millis(300), longest_pause: Duration::from_secs(10) }
    }
}

impl Retry {
    /// The default, tried again at most this often if that is said.
    #[must_use]
    pub fn times(retries: Option<u32>) -> Self {
        let default = Self::default();
        Self { tries: retries.map_or(default.tries, |retries| retries.saturating_add(1)), ..default }
    }

    /// A pause before try `next`: between half of the full length and all of it, so that two runners do not meet again and
    /// again. `chance` is between 0 and 1.
    fn pause(&self, next: u32, chance: f64) -> Duration {
        let doubled = next.saturating_sub(2).min(20);
        let full = self.first_pause.saturating_mul(1 << doubled).min(self.longest_pause);
        full.mul_f64(0.5 + chance / 2.0)
    }
}

/// The tries of one thing.
pub(super) struct Tries<'a> {
    retry: &'a Retry,
    version: &'a str,
    made: u32,
}

impl<'a> Tries<'a> {
    pub(super) fn new(retry: &'a Retry, version: &'a str) -> Self {
        Self { retry, version, made: 1 }
    }

    /// Waits before another try, or gives the fault back that must not or need not be tried again.
    pub(super) fn again(&mut self, fault: Fault, on_event: &mut dyn FnMut(&MigrateEvent)) -> Result<(), Fault> {
        if fault.cause.kind != DbErrorKind::Busy || fault.undecided || self.made >= self.retry.tries {
            return Err(fault);
        }
        self.made += 1;
        let wait = self.retry.pause(self.made, fastrand::f64());
        on_event(&MigrateEvent::Retrying {
            version: self.version.to_owned(),
            number: fault.statement.map(|index| index + 1),
            attempt: self.made,
            of: self.retry.tries,
            wait,
            message: fault.cause.message,
        });
        std::thread::sleep(wait);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_differ_by_half() {
        let retry =
            Retry { tries: 9, first_pause: Duration::from_millis(100), longest_pause: Duration::from_millis(500) };
        let pauses = |chance| (2..=6).map(|next| retry.pause(next, chance).as_millis()).collect::<Vec<_>>();
        assert_eq!(pauses(1.0), [100, 200, 400, 500, 500]);
        assert_eq!(pauses(0.0), [50, 100, 200, 250, 250]);
        assert_eq!(retry.pause(u32::MAX, 1.0), Duration::from_millis(500));
    }
}
