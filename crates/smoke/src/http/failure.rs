//! Why a request has no complete answer, told from what the layers below report. What follows from it is `run`'s.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::SendError;
use crate::duration::show_millis;
use crate::report::{Unmeasured, UnmeasuredKind};

/// Nothing of an answer came.
pub(super) fn of_sending(error: &reqwest::Error, connect: Duration) -> SendError {
    let mut what = explain(error);
    if error.is_connect() && what.kind == UnmeasuredKind::TimedOut {
        what.detail = format!("no connection within {}", shown(connect));
    }
    SendError { what, bytes_sent: !(error.is_connect() || error.is_builder()) }
}

/// The head of an answer came, and not all of its body.
pub(super) fn of_reading(error: &reqwest::Error) -> SendError {
    let mut what = explain(error);
    // After the headers, a lost connection means that the answer is not whole.
    if matches!(what.kind, UnmeasuredKind::Other | UnmeasuredKind::Reset) {
        what.kind = UnmeasuredKind::CutShort;
    }
    SendError { what, bytes_sent: true }
}

/// The time was up.
pub(super) fn out_of_time(what: &str, after: Duration) -> SendError {
    let detail = format!("{what} within {}", shown(after));
    SendError { what: Unmeasured { kind: UnmeasuredKind::TimedOut, detail }, bytes_sent: true }
}

/// Whether a chain of errors is about certificates or what else TLS needs.
pub(crate) fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    explain(error).kind == UnmeasuredKind::Tls
}

/// The reason at the end of a chain of errors.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    explain(error).detail
}

/// There is nothing to send with.
pub(super) fn not_prepared(error: &reqwest::Error) -> Unmeasured {
    Unmeasured { kind: UnmeasuredKind::NotPrepared, ..explain(error) }
}

fn shown(duration: Duration) -> String {
    show_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Finds the reason in a chain of errors; the text is that of the innermost one, which names no URL.
fn explain(error: &(dyn StdError + 'static)) -> Unmeasured {
    let mut kind = UnmeasuredKind::Other;
    let mut detail = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = kind_of(error) {
            kind = found;
        }
        detail = match error.downcast_ref::<reqwest::Error>() {
            Some(outer) if outer.source().is_none() => outer_text(outer),
            _ => error.to_string(),
        };
        next = inner(error);
    }
    Unmeasured { kind, detail }
}

fn kind_of(error: &(dyn StdError + 'static)) -> Option<UnmeasuredKind> {
    #[cfg(feature = "tls")]
    if error.downcast_ref::<rustls::Error>().is_some() {
        return Some(UnmeasuredKind::Tls);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(UnmeasuredKind::Refused),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                Some(UnmeasuredKind::Reset)
            }
            io::ErrorKind::UnexpectedEof => Some(UnmeasuredKind::CutShort),
            io::ErrorKind::TimedOut => Some(UnmeasuredKind::TimedOut),
            _ => None,
        };
    }
    let error = error.downcast_ref::<reqwest::Error>()?;
    if error.is_timeout() {
        Some(UnmeasuredKind::TimedOut)
    } else if error.is_redirect() {
        Some(UnmeasuredKind::Redirects)
    } else if error.is_dns() {
        Some(UnmeasuredKind::NameNotFound)
    } else if error.is_request() && !error.is_connect() {
        // Connected, then nothing: the server closed before it answered.
        Some(UnmeasuredKind::Reset)
    } else {
        None
    }
}

/// `io::Error` and shared errors hide the error they wrap from `source`, so that is unpacked here.
fn inner<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    if let Some(shared) = error.downcast_ref::<Arc<dyn StdError + Send + Sync>>() {
        return Some(&**shared);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The URL is shown by the report, masked; reqwest's text has it in clear.
fn outer_text(error: &reqwest::Error) -> String {
    let text = error.to_string();
    text.split(" for url (").next().unwrap_or_default().to_owned()
}
