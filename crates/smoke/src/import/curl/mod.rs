//! Reads one curl line: its flags become a check. What its data become is decided in `data.rs`, how a shell reads it in `words.rs`.

mod data;
mod words;

use std::net::IpAddr;

use data::Data;

use super::address::Base;
use super::draft::{Connection, Draft};
use super::secret::Secrets;
use super::text::unmarked;
use super::{Imported, Remarks, write};
use crate::model::{Auth, HttpVersion, Method, Resolve};

/// Turns a curl line, as it is typed into a shell, into a check.
#[must_use]
pub fn curl(name: &str, line: &str) -> Imported {
    let found = words::split(&unmarked(line));
    let mut remarks = Remarks::default();
    found.left_out.iter().for_each(|(line, text)| remarks.left_out(*line, *text));
    let mut words = found.words.into_iter();
    if !words.next().is_some_and(|(_, word)| word == "curl" || word.ends_with("/curl")) {
        remarks.left_out(1, "a line that does not begin with `curl`");
        return write::file(name, &Connection::default(), Vec::new(), remarks);
    }
    let mut flags = Flags::default();
    flags.draft.line = 1;
    while let Some((line, word)) = words.next() {
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            flags.one(line, long, &mut words, &mut remarks);
        } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
            flags.short(line, short, &mut words, &mut remarks);
        } else {
            flags.urls.push((line, word));
        }
    }
    flags.finish(name, remarks)
}

#[derive(Default)]
struct Flags {
    draft: Draft,
    urls: Vec<(usize, String)>,
    method: Option<String>,
    data: Data,
    connection: Connection,
    location: Option<usize>,
}

type Rest = std::vec::IntoIter<(usize, String)>;

/// Flags that change what curl prints or how it fails, and nothing of the request.
const SILENT: [&str; 18] = [
    "silent",
    "show-error",
    "verbose",
    "include",
    "fail",
    "fail-with-body",
    "output",
    "remote-name",
    "write-out",
    "progress-bar",
    "no-progress-meter",
    "compressed",
    "no-buffer",
    "globoff",
    "remote-header-name",
    "fail-early",
    "basic",
    "dump-header",
];

/// Short flags and their long names.
const SHORT: [(char, &str); 35] = [
    ('X', "request"),
    ('H', "header"),
    ('d', "data"),
    ('G', "get"),
    ('F', "form"),
    ('u', "user"),
    ('b', "cookie"),
    ('A', "user-agent"),
    ('e', "referer"),
    ('I', "head"),
    ('L', "location"),
    ('k', "insecure"),
    ('m', "max-time"),
    ('E', "cert"),
    ('x', "proxy"),
    ('T', "upload-file"),
    ('s', "silent"),
    ('S', "show-error"),
    ('v', "verbose"),
    ('i', "include"),
    ('f', "fail"),
    ('o', "output"),
    ('O', "remote-name"),
    ('w', "write-out"),
    ('#', "progress-bar"),
    ('N', "no-buffer"),
    ('g', "globoff"),
    ('J', "remote-header-name"),
    ('c', "cookie-jar"),
    ('K', "config"),
    ('U', "proxy-user"),
    ('r', "range"),
    ('0', "http1.0"),
    ('4', "ipv4"),
    ('6', "ipv6"),
];

/// Flags with a value.
const VALUED: [&str; 46] = [
    "request",
    "header",
    "data",
    "data-ascii",
    "data-raw",
    "data-binary",
    "data-urlencode",
    "json",
    "form",
    "form-string",
    "user",
    "oauth2-bearer",
    "cookie",
    "user-agent",
    "referer",
    "max-redirs",
    "max-time",
    "connect-timeout",
    "resolve",
    "cacert",
    "cert",
    "key",
    "proxy",
    "retry",
    "retry-max-time",
    "retry-delay",
    "url",
    "upload-file",
    "output",
    "write-out",
    "cookie-jar",
    "config",
    "proxy-user",
    "range",
    "interface",
    "connect-to",
    "limit-rate",
    "ciphers",
    "cert-type",
    "pass",
    "dump-header",
    "unix-socket",
    "url-query",
    "capath",
    "noproxy",
    "aws-sigv4",
];

impl Flags {
    /// Flags of one letter, several in one word, the last perhaps with its value in the same word.
    fn short(&mut self, line: usize, word: &str, rest: &mut Rest, remarks: &mut Remarks) {
        let mut letters = word.chars();
        while let Some(letter) = letters.next() {
            let Some((_, name)) = SHORT.iter().find(|(known, _)| *known == letter) else {
                remarks.left_out(line, format!("the flag `-{letter}`"));
                continue;
            };
            let inside = letters.as_str();
            if VALUED.contains(name) && !inside.is_empty() {
                self.flag(line, name, inside.to_owned(), remarks);
                return;
            }
            self.one(line, name, rest, remarks);
        }
    }

    fn one(&mut self, line: usize, name: &str, rest: &mut Rest, remarks: &mut Remarks) {
        let value = if VALUED.contains(&name) { rest.next().map(|(_, value)| value) } else { Some(String::new()) };
        match value {
            Some(value) => self.flag(line, name, value, remarks),
            None => remarks.left_out(line, format!("the flag `{name}`, which has no value")),
        }
    }

    fn flag(&mut self, line: usize, name: &str, value: String, remarks: &mut Remarks) {
        if SILENT.contains(&name) {
            return;
        }
        let request = &mut self.draft.request;
        let seconds = |text: &str| {
            let millis = std::time::Duration::try_from_secs_f64(text.parse().ok()?).ok()?.as_millis();
            u64::try_from(millis).ok().filter(|millis| *millis > 0)
        };
        let understood = match name {
            "url" => {
                self.urls.push((line, value));
                true
            }
            "request" => {
                self.method = Some(value);
                true
            }
            "head" => {
                self.method.get_or_insert_with(|| "HEAD".to_owned());
                true
            }
            "get" => {
                self.data.in_query = true;
                true
            }
            "header" => match value.split_once(':') {
                Some((name, value)) if !value.trim().is_empty() => {
                    request.headers.push((name.trim().to_owned(), value.trim().to_owned()));
                    true
                }
                _ => false,
            },
            "user-agent" | "referer" => {
                request.headers.push((name.to_owned(), value));
                true
            }
            "user" => {
                self.draft.basic(&value);
                true
            }
            "oauth2-bearer" => {
                request.auth = Some(Auth::Bearer(value));
                true
            }
            "cookie" if value.contains('=') => {
                request.headers.push(("cookie".to_owned(), value));
                true
            }
            "location" => {
                self.location = Some(line);
                true
            }
            // It means something with `location` only, which is told.
            "max-redirs" => true,
            "http1.1" | "http2" | "http2-prior-knowledge" => {
                request.http = Some(if name == "http1.1" { HttpVersion::One } else { HttpVersion::Two });
                true
            }
            "max-time" => {
                request.timeouts.total_ms = seconds(&value);
                request.timeouts.total_ms.is_some()
            }
            "connect-timeout" => {
                request.timeouts.connect_ms = seconds(&value);
                request.timeouts.connect_ms.is_some()
            }
            "retry-max-time" => {
                self.draft.retry_ms = seconds(&value);
                self.draft.retry_ms.is_some()
            }
            // How long is said by another flag; curl tries after one second first.
            "retry" => {
                let times = value.parse::<u64>().ok().filter(|times| *times > 0);
                self.draft.retry_ms = self.draft.retry_ms.or(times.map(|times| times.saturating_mul(1000)));
                times.is_some()
            }
            "resolve" => {
                let address = value.splitn(3, ':').nth(2).unwrap_or_default().trim_matches(['[', ']']).to_owned();
                let right = address.parse::<IpAddr>().is_ok();
                if right {
                    request.resolve = Some(Resolve::Address(address));
                }
                right
            }
            "cacert" => {
                self.connection.ca = Some(value);
                true
            }
            "cert" if !value.contains(':') => {
                self.connection.certificate = Some(value);
                true
            }
            "key" => {
                self.connection.key = Some(value);
                true
            }
            "proxy" if !value.contains('@') => {
                let proxy = if value.contains("://") { value } else { format!("http://{value}") };
                self.connection.proxy = Some(proxy);
                true
            }
            "upload-file" if value != "-" => {
                self.data.upload(value);
                true
            }
            _ => self.data.add(name, &value),
        };
        if !understood {
            remarks.left_out(line, format!("the flag `--{name}`{}", instead(name)));
        }
    }

    fn finish(mut self, name: &str, mut remarks: Remarks) -> Imported {
        let mut urls = self.urls.into_iter();
        let first = urls.next();
        for (line, _) in urls {
            remarks.left_out(line, "a second URL: give each request by itself");
        }
        let draft = &mut self.draft;
        let Some((line, url)) = first else {
            remarks.left_out(1, "the whole request: it has no URL");
            return write::file(name, &self.connection, Vec::new(), remarks);
        };
        let mut base = Base::default();
        // The first URL is the first host.
        base.take(&url, draft);
        if let Some(host) = base.shown() {
            remarks
                .note(line, format!("the request goes to the environment's base URL, in the source it was `{host}`"));
        }
        let implied = self.data.apply(draft, &mut remarks);
        let method = self.method.as_deref().unwrap_or(implied);
        match Method::parse(method) {
            Some(method) => draft.request.method = method,
            None => {
                remarks.left_out(line, "the whole request: its method cannot be sent");
                return write::file(name, &self.connection, Vec::new(), remarks);
            }
        }
        if let Some(line) = self.location {
            remarks.left_out(
                line,
                "the flag `--location`: a check follows redirects when it names the final URL, \
                 add `redirects` to its request and `url` to what it expects",
            );
        }
        if draft.retry_ms.is_some() && draft.request.repeats_its_effect() {
            let method = draft.request.method.as_str();
            let text = format!("sending {method} again: add an `idempotency_key` when the service knows such");
            remarks.left_out(line, text);
        }
        let Connection { certificate, key, .. } = &mut self.connection;
        if certificate.is_some() && key.is_none() {
            key.clone_from(certificate);
        }
        let path = draft.request.path.split('?').next().unwrap_or_default();
        draft.name = format!("{} {path}", draft.request.method.as_str());
        Secrets::default().hide(draft, &mut remarks);
        write::file(name, &self.connection, vec![self.draft], remarks)
    }
}

/// What may be done by hand.
fn instead(name: &str) -> &'static str {
    match name {
        "insecure" => ": certificates are always checked, name the one to trust in `[suite] ca`",
        "cert" | "pass" => ": put certificate and key, without a password, into `[suite] client_certificate`",
        "proxy" | "proxy-user" => ": write the proxy into `[suite] proxy`, its password as a variable",
        "cookie" | "cookie-jar" => ": `[suite] cookies` keeps the cookies that answers set",
        "data-binary" | "data" => ": a check sends a file, or text",
        _ => "",
    }
}
