//! Whether and when a request is sent again: pure rules over what happened. Waiting and sending is `run.rs`'s.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

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
    Unexpected {
        status: u16,
        /// When the server wants to be asked again.
        retry_after: Option<Duration>,
    },
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
/// happen twice; `luck`, from 0 to 1, keeps runs that began together from asking together.
///
/// A server that names a time is not asked before it, and a last time at the deadline when that comes first.
pub(crate) fn next_delay(
    failure: Failure,
    once: bool,
    patience: Patience,
    attempt: u32,
    elapsed: Duration,
    luck: f64,
) -> Option<Duration> {
    let left = patience.duration.checked_sub(elapsed).filter(|left| !left.is_zero())?;
    may_repeat(failure, once, patience.for_answers).then(|| {
        let asked = match failure {
            Failure::Unexpected { retry_after, .. } => retry_after.unwrap_or_default(),
            Failure::Unmeasured { .. } | Failure::NotAsExpected => Duration::ZERO,
        };
        jittered(delay(attempt), luck).max(asked).min(left)
    })
}

/// The delay after an attempt, from 1: doubled each time, up to a limit.
pub(crate) fn delay(attempt: u32) -> Duration {
    let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
    FIRST_DELAY.saturating_mul(factor).min(LONGEST_DELAY)
}

/// The moment that a `Retry-After` names: seconds, or a date. Only of the statuses that it is meant for.
pub(crate) fn retry_after(status: u16, value: &str, now: DateTime<Utc>) -> Option<Duration> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = NaiveDateTime::parse_from_str(value, "%a, %d %b %Y %H:%M:%S GMT").ok()?.and_utc();
    // A moment that has passed is now.
    Some((at - now).to_std().unwrap_or_default())
}

/// Between half of a delay and all of it.
fn jittered(delay: Duration, luck: f64) -> Duration {
    delay.mul_f64(0.5 + 0.5 * luck.clamp(0.0, 1.0))
}

fn may_repeat(failure: Failure, once: bool, for_answers: bool) -> bool {
    match failure {
        Failure::Unmeasured { bytes_sent: true, .. } | Failure::Unexpected { .. } if once => false,
        Failure::Unmeasured { kind, .. } => is_transient(kind),
        Failure::Unexpected { status, .. } => for_answers || matches!(status, 429 | 502..=504),
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
        next_delay(failure, method.repeats_its_effect(), patience, 1, Duration::ZERO, 1.0).is_some()
    }

    fn unmeasured(kind: UnmeasuredKind, bytes_sent: bool) -> Failure {
        Failure::Unmeasured { kind, bytes_sent }
    }

    fn answered(status: u16) -> Failure {
        Failure::Unexpected { status, retry_after: None }
    }

    #[test]
    fn a_post_is_repeated_only_when_nothing_was_sent() {
        for method in ["POST", "PATCH", "PURGE"] {
            let method = || Method::parse(method).expect("a method");
            assert!(repeats(unmeasured(UnmeasuredKind::Refused, false), method(), DECLARED));
            assert!(!repeats(unmeasured(UnmeasuredKind::Reset, true), method(), DECLARED));
            assert!(!repeats(unmeasured(UnmeasuredKind::TimedOut, true), method(), DECLARED));
            assert!(!repeats(answered(503), method(), DECLARED));
        }
        assert!(repeats(unmeasured(UnmeasuredKind::Reset, true), Method::PUT, DECLARED));
    }

    #[test]
    fn answers_are_repeated_when_declared_and_gateway_errors_while_a_service_starts() {
        for status in [200, 404, 500] {
            assert!(repeats(answered(status), Method::GET, DECLARED));
            assert!(!repeats(answered(status), Method::GET, STARTING));
        }
        for status in [429, 502, 503, 504] {
            assert!(repeats(answered(status), Method::GET, STARTING));
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
        let at = |millis| next_delay(refused, false, DECLARED, 9, Duration::from_millis(millis), 1.0);
        assert_eq!(at(29_950), Some(Duration::from_millis(50)));
        assert_eq!(at(30_000), None);
    }

    #[test]
    fn delays_are_spread_over_their_second_half() {
        let whole = Duration::from_secs(2);
        assert_eq!([0.0, 0.5, 1.0].map(|luck| jittered(whole, luck).as_millis()), [1_000, 1_500, 2_000]);
    }

    #[test]
    fn a_server_that_names_a_time_is_not_asked_before_it_nor_after_the_deadline() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T08:00:00Z").expect("a moment").to_utc();
        let after = |status, value| retry_after(status, value, now).map(|after| after.as_secs());
        assert_eq!(
            [after(429, "7"), after(503, " 7 "), after(200, "7"), after(503, "soon")],
            [Some(7), Some(7), None, None]
        );
        assert_eq!(after(503, "Sun, 22 Nov 2026 08:01:00 GMT"), Some(60));
        assert_eq!(after(503, "Sun, 22 Nov 2026 07:00:00 GMT"), Some(0));
        let busy = |seconds| Failure::Unexpected { status: 503, retry_after: Some(Duration::from_secs(seconds)) };
        let next = |seconds, elapsed| next_delay(busy(seconds), false, DECLARED, 1, Duration::from_secs(elapsed), 1.0);
        assert_eq!(next(7, 0), Some(Duration::from_secs(7)));
        assert_eq!(next(0, 0), Some(Duration::from_millis(100)));
        assert_eq!(next(60, 10), Some(Duration::from_secs(20)));
    }
}
