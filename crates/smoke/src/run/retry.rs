//! Whether and when a request is sent again: pure rules over what happened. Waiting and sending is `run.rs`'s.

use std::time::Duration;

use crate::report::UnmeasuredKind;

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// What was wrong with an attempt, as far as repeating it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No complete answer.
    Unmeasured {
        kind: UnmeasuredKind,
        /// False only when it is certain that the server saw nothing.
        bytes_sent: bool,
    },
    /// An answer of this status that was not as expected.
    Unexpected { status: u16 },
    /// Something other than an answer over HTTP that was not as expected.
    NotAsExpected,
}

/// How long a check may be repeated, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) duration: Duration,
    /// Also after answers that are not as expected, not only while a service starts.
    pub(crate) for_answers: bool,
}

/// How long to wait before the next attempt, or `None` when this one was the last. `once` is said of what may not
/// happen twice.
pub(crate) fn next_delay(
    failure: Failure,
    once: bool,
    patience: Patience,
    attempt: u32,
    elapsed: Duration,
) -> Option<Duration> {
    let left = patience.duration.checked_sub(elapsed).filter(|left| !left.is_zero())?;
    may_repeat(failure, once, patience.for_answers).then(|| delay(attempt).min(left))
}

/// The delay after an attempt, from 1: doubled each time, up to a limit.
pub(crate) fn delay(attempt: u32) -> Duration {
    let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
    FIRST_DELAY.saturating_mul(factor).min(LONGEST_DELAY)
}

fn may_repeat(failure: Failure, once: bool, for_answers: bool) -> bool {
    match failure {
        Failure::Unmeasured { bytes_sent: true, .. } | Failure::Unexpected { .. } if once => false,
        Failure::Unmeasured { kind, .. } => is_transient(kind),
        Failure::Unexpected { status } => for_answers || matches!(status, 502..=504),
        Failure::NotAsExpected => for_answers,
    }
}

fn is_transient(kind: UnmeasuredKind) -> bool {
    match kind {
        UnmeasuredKind::Refused
        | UnmeasuredKind::Reset
        | UnmeasuredKind::TimedOut
        | UnmeasuredKind::NameNotFound
        | UnmeasuredKind::CutShort
        | UnmeasuredKind::NotThere => true,
        UnmeasuredKind::Tls
        | UnmeasuredKind::TooLarge
        | UnmeasuredKind::Redirects
        | UnmeasuredKind::NotPrepared
        | UnmeasuredKind::OutOfTime
        | UnmeasuredKind::Unusable
        | UnmeasuredKind::NotYet
        | UnmeasuredKind::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Method;

    const DECLARED: Patience = Patience { duration: Duration::from_secs(30), for_answers: true };
    const STARTING: Patience = Patience { duration: Duration::from_secs(30), for_answers: false };

    fn repeats(failure: Failure, method: Method, patience: Patience) -> bool {
        next_delay(failure, method.repeats_its_effect(), patience, 1, Duration::ZERO).is_some()
    }

    fn unmeasured(kind: UnmeasuredKind, bytes_sent: bool) -> Failure {
        Failure::Unmeasured { kind, bytes_sent }
    }

    #[test]
    fn a_post_is_repeated_only_when_nothing_was_sent() {
        for method in ["POST", "PATCH", "PURGE"] {
            let method = || Method::parse(method).expect("a method");
            assert!(repeats(unmeasured(UnmeasuredKind::Refused, false), method(), DECLARED));
            assert!(!repeats(unmeasured(UnmeasuredKind::Reset, true), method(), DECLARED));
            assert!(!repeats(unmeasured(UnmeasuredKind::TimedOut, true), method(), DECLARED));
            assert!(!repeats(Failure::Unexpected { status: 503 }, method(), DECLARED));
        }
        assert!(repeats(unmeasured(UnmeasuredKind::Reset, true), Method::PUT, DECLARED));
    }

    #[test]
    fn answers_are_repeated_when_declared_and_gateway_errors_while_a_service_starts() {
        for status in [200, 404, 500] {
            assert!(repeats(Failure::Unexpected { status }, Method::GET, DECLARED));
            assert!(!repeats(Failure::Unexpected { status }, Method::GET, STARTING));
        }
        for status in [502, 503, 504] {
            assert!(repeats(Failure::Unexpected { status }, Method::GET, STARTING));
        }
    }

    #[test]
    fn what_waiting_cannot_cure_is_not_repeated() {
        for kind in
            [UnmeasuredKind::Tls, UnmeasuredKind::TooLarge, UnmeasuredKind::NotPrepared, UnmeasuredKind::Redirects]
        {
            assert!(!repeats(unmeasured(kind, false), Method::GET, DECLARED));
        }
    }

    #[test]
    fn delays_double_up_to_a_limit_and_never_pass_the_deadline() {
        assert_eq!([1, 2, 3, 5, 6, 99].map(|attempt| delay(attempt).as_millis()), [100, 200, 400, 1_600, 2_000, 2_000]);
        let refused = unmeasured(UnmeasuredKind::Refused, false);
        let at = |millis| next_delay(refused, false, DECLARED, 9, Duration::from_millis(millis));
        assert_eq!(at(29_950), Some(Duration::from_millis(50)));
        assert_eq!(at(30_000), None);
    }
}
