//! A plan for people: what is looked at, what is expected and why a check is there. Choosing the checks is beside it.

use std::fmt;

use super::{PlannedCheck, SmokePlan};
use crate::duration::show_millis;
use crate::expect::matcher::describe;
use crate::model::{
    Auth, Body, Check, CommandProbe, Effect, Expect, Level, LogProbe, LogSource, Phase, Probe, RedisProbe, Request,
    Resolve, Retry, Schema, SqlProbe, Suite, TcpProbe,
};
use crate::report::SkipReason;

impl fmt::Display for SmokePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.checks.len(), if self.checks.len() == 1 { "check" } else { "checks" })?;
        if self.left_out > 0 {
            write!(f, ", {} left out", self.left_out)?;
        }
        writeln!(f)?;
        for (number, planned) in self.checks.iter().enumerate() {
            write_check(f, number + 1, planned, self.read_only)?;
        }
        if !self.cleanup.is_empty() {
            writeln!(f, "afterwards, whatever happened")?;
        }
        for (number, planned) in self.cleanup.iter().enumerate() {
            write_check(f, self.checks.len() + number + 1, planned, self.read_only)?;
        }
        self.suites.iter().try_for_each(|suite| write_suite(f, suite))
    }
}

fn write_check(f: &mut fmt::Formatter<'_>, number: usize, planned: &PlannedCheck, read_only: bool) -> fmt::Result {
    let Check { name, probe, expect, retry, level, phase, leaves, group, cleanup, .. } = &planned.check;
    writeln!(f, "{number:>3}. {name}")?;
    writeln!(f, "     {}", probe.describe())?;
    let how = match probe {
        Probe::Http(request) => how(request),
        other => how_else(other),
    };
    if !how.is_empty() {
        writeln!(f, "     with {}", how.join(", "))?;
    }
    writeln!(f, "     expects {}", wanted(probe, expect).join(", "))?;
    if read_only && planned.check.effect == Effect::Mutate {
        writeln!(f, "     skipped: {}", SkipReason::ReadOnly)?;
    }
    if *phase == Phase::Setup {
        writeln!(f, "     before the others of {}", planned.check.suite)?;
    }
    if *level == Level::Warn {
        writeln!(f, "     only warns")?;
    }
    if let Some(retry) = retry {
        let once = probe.request().is_some_and(Request::repeats_its_effect);
        writeln!(f, "     {}", again(retry, once))?;
    }
    if let Some(group) = group {
        writeln!(f, "     never beside others of {group}")?;
    }
    if let Some(leaves) = leaves {
        writeln!(f, "     leaves {leaves}")?;
    }
    if let Some(cleanup) = cleanup {
        writeln!(f, "     taken back by {}", cleanup.probe.describe())?;
    }
    if !planned.after.is_empty() {
        writeln!(f, "     after {}", planned.after.join(", "))?;
    }
    if let Some(by) = &planned.pulled_in_by {
        writeln!(f, "     needed by {by}")?;
    }
    Ok(())
}

fn write_suite(f: &mut fmt::Formatter<'_>, suite: &Suite) -> fmt::Result {
    let mut parts = Vec::new();
    if suite.cookies {
        parts.push("keeps cookies".to_owned());
    }
    parts.extend(suite.ca.iter().map(|ca| format!("trusts {ca} only")));
    parts.extend(suite.client_certificate.iter().map(|pair| format!("shows {}", pair.certificate)));
    // A proxy's URL may hold a password.
    parts.extend(suite.deadline_ms.map(|millis| format!("ends after {}", show_millis(millis))));
    parts.extend(suite.proxy.iter().map(|_| "goes through a proxy".to_owned()));
    if parts.is_empty() { Ok(()) } else { writeln!(f, "{} {}", suite.name, parts.join(", ")) }
}

/// How everything else than a request is looked at.
fn how_else(probe: &Probe) -> Vec<String> {
    let mut parts = Vec::new();
    let timeout = match probe {
        Probe::Log(LogProbe { source, from_start, contains: _, matches: _ }) => {
            parts.extend(match (source, from_start) {
                (LogSource::Command(_), _) => None,
                (LogSource::File(_), true) => Some("all of its lines".to_owned()),
                (LogSource::File(_), false) => Some("the lines since the run began".to_owned()),
            });
            &None
        }
        Probe::Tcp(TcpProbe { address: _, resolve, timeout_ms }) => {
            parts.extend(resolve.as_ref().map(address));
            timeout_ms
        }
        Probe::Sql(SqlProbe { timeout_ms, .. })
        | Probe::Redis(RedisProbe { timeout_ms, .. })
        | Probe::Command(CommandProbe { timeout_ms, .. }) => timeout_ms,
        Probe::Dns(_) | Probe::Http(_) => &None,
    };
    parts.extend(timeout.map(|millis| format!("{} until it is done", show_millis(millis))));
    parts
}

fn address(resolve: &Resolve) -> String {
    match resolve {
        Resolve::All => "every address of the name".to_owned(),
        Resolve::Address(address) => format!("the address {address}"),
    }
}

fn how(request: &Request) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(request.body.iter().map(|body| match body {
        Body::Text(_) => "a text".to_owned(),
        Body::Json(_) => "JSON".to_owned(),
        Body::Form(_) => "a form".to_owned(),
        Body::File(path) => format!("the file {path}"),
        Body::Multipart(parts) => format!("a form of {} parts", parts.len()),
    }));
    parts.extend(request.auth.iter().map(|auth| match auth {
        Auth::Basic { user, .. } => format!("the password of {user}"),
        Auth::Bearer(_) => "a token".to_owned(),
    }));
    if request.redirects > 0 {
        parts.push(format!("up to {} redirects", request.redirects));
    }
    parts.extend(request.http.map(|version| format!("HTTP/{}", version.as_str())));
    parts.extend(request.resolve.as_ref().map(address));
    parts.extend(request.idempotency_key.as_ref().map(|_| "an idempotency key".to_owned()));
    for (part, millis) in [
        ("connects", request.timeouts.connect_ms),
        ("begins to answer", request.timeouts.first_byte_ms),
        ("is done", request.timeouts.total_ms),
    ] {
        parts.extend(millis.map(|millis| format!("{} until it {part}", show_millis(millis))));
    }
    parts
}

fn wanted(probe: &Probe, expect: &Expect) -> Vec<String> {
    let mut parts = vec![match probe {
        Probe::Http(_) if expect.status.is_empty() => "a status of success".to_owned(),
        Probe::Http(_) => {
            let list: Vec<_> = expect.status.iter().map(ToString::to_string).collect();
            format!("status {}", list.join(" or "))
        }
        Probe::Log(log) => {
            let texts = [log.contains.as_ref().map(|text| format!("{text:?}")), log.matches.clone()];
            format!("a line with {}", texts.into_iter().flatten().collect::<Vec<_>>().join(" and "))
        }
        Probe::Sql(_) | Probe::Redis(_) | Probe::Dns(_) | Probe::Tcp(_) if expect.error.is_some() => {
            "an error".to_owned()
        }
        Probe::Sql(_) | Probe::Redis(_) | Probe::Dns(_) => "an answer".to_owned(),
        Probe::Tcp(_) => "something that listens".to_owned(),
        Probe::Command(_) => match &expect.exit {
            Some(exit) => format!("exit code {}", describe(exit)),
            None => "exit code 0".to_owned(),
        },
    }];
    parts.extend(expect.url.iter().map(|url| format!("final URL {url}")));
    parts.extend(expect.redirects.iter().map(|number| format!("redirects: {}", describe(number))));
    parts.extend(expect.content_type.iter().map(|wanted| format!("content type {wanted}")));
    parts.extend(expect.headers.iter().map(|one| format!("{}: {}", one.of, describe(&one.is))));
    parts.extend(expect.cookies.iter().map(|one| format!("cookie {}: {}", one.of, describe(&one.is))));
    parts.extend(expect.schema.iter().map(|schema| match schema {
        Schema::File(path) => format!("the schema {path}"),
        Schema::Inline(_) => "its schema".to_owned(),
    }));
    for (name, matcher) in [
        ("body", &expect.body),
        ("bytes", &expect.bytes),
        ("rows", &expect.rows),
        ("error", &expect.error),
        ("stdout", &expect.stdout),
        ("stderr", &expect.stderr),
    ] {
        parts.extend(matcher.iter().map(|matcher| format!("{name}: {}", describe(matcher))));
    }
    parts.extend(expect.sha256.iter().map(|digest| format!("SHA-256 {digest}")));
    parts.extend(expect.json.iter().map(|one| format!("{}: {}", one.of, describe(&one.is))));
    if let Some(tls) = &expect.tls {
        for (name, matcher) in [("days left", &tls.days_left), ("subject", &tls.subject), ("issuer", &tls.issuer)] {
            parts.extend(matcher.iter().map(|matcher| format!("certificate's {name}: {}", describe(matcher))));
        }
    }
    parts.extend(expect.within_ms.map(|millis| format!("within {}", show_millis(millis))));
    parts
}

fn again(retry: &Retry, once: bool) -> String {
    let list = |list: &[crate::model::Expectation]| {
        list.iter().map(|one| format!("{} is {}", one.of, describe(&one.is))).collect::<Vec<_>>().join(" and ")
    };
    let mut text = format!("tries again for {}", show_millis(retry.for_ms));
    if !retry.until.is_empty() {
        text.push_str(&format!(" until {}", list(&retry.until)));
    }
    if once {
        text.push_str(" while nothing was sent");
    }
    if !retry.abort_if.is_empty() {
        text.push_str(&format!(", gives up when {}", list(&retry.abort_if).replace(" and ", " or ")));
    }
    text
}
