//! Holds the certificate of the server that answered against what a check expects. Whether it is trusted is settled before.

use std::time::SystemTime;

use serde_json::Value;

use super::finding;
use super::matcher::{self, Mismatch};
use crate::http::tls;
use crate::masking::Masking;
use crate::model::TlsExpect;
use crate::report::{Finding, Part};

/// Everything in a certificate that is not as expected.
pub(super) fn findings(
    expect: &TlsExpect,
    certificate: Option<&[u8]>,
    now: SystemTime,
    masking: &Masking,
) -> Vec<Finding> {
    let Some(certificate) = certificate else {
        return vec![finding(Part::Tls, "", "a certificate", "a connection without TLS", masking)];
    };
    let names = tls::names(certificate);
    let days = tls::days_left(certificate, now).map(Value::from);
    let subject = names.as_ref().map(|names| Value::from(names.subject.as_str()));
    let issuer = names.as_ref().map(|names| Value::from(names.issuer.as_str()));
    let parts = [
        ("days left", &expect.days_left, days),
        ("subject", &expect.subject, subject),
        ("issuer", &expect.issuer, issuer),
    ];
    let held = parts.iter().filter_map(|(of, matcher, found)| {
        let Mismatch { expected, actual } = matcher::hold(matcher.as_ref()?, found.as_ref()).err()?;
        Some(finding(Part::Tls, of, &expected, &actual, masking))
    });
    held.collect()
}
