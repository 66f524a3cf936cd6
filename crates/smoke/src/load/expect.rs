//! Reads what must be found, and refuses what the probe cannot find. Judging answers is `expect`'s.

use serde_json::Value;
use toml::Spanned;

use super::reader::Reader;
use crate::expect::schema;
use crate::file::{FileExpect, Placed, in_file_order};
use crate::model::{Capture, Expect, Expectation, Method, Probe, Schema, Source, StatusPattern, TlsExpect};
use crate::problem::Invalid;

const HTTP: u8 = 1;
const LOG: u8 = 2;
const SQL: u8 = 4;
const REDIS: u8 = 8;
const DNS: u8 = 16;
const COMMAND: u8 = 32;
const TCP: u8 = 64;

impl Reader<'_> {
    pub(super) fn expect(&mut self, raw: FileExpect, probe: &Probe) -> Expect {
        self.only_what_fits(&raw, probe);
        Expect {
            status: raw.status.map(|status| self.status(status)).unwrap_or_default(),
            url: raw.url.map(|url| self.placed_text(url)),
            redirects: raw.redirects.map(|raw| self.placed_matcher(raw)),
            headers: self.named_expectations(raw.headers, true),
            cookies: self.named_expectations(raw.cookies, false),
            content_type: raw.content_type.map(|text| self.placed_text(text)),
            json: self.json_expectations(raw.json),
            schema: raw.schema.and_then(|schema| self.schema(schema)),
            body: raw.body.map(|raw| self.placed_matcher(raw)),
            bytes: raw.bytes.map(|raw| self.placed_matcher(raw)),
            sha256: raw.sha256.map(|digest| self.sha256(digest)),
            within_ms: raw.within.and_then(|within| self.duration(&within)),
            tls: raw.tls.map(|tls| {
                if cfg!(not(feature = "tls")) {
                    self.wrong(tls.span().start, Invalid::NoTls);
                }
                let tls = tls.into_inner();
                let mut matcher = |raw: Option<Spanned<Value>>| raw.map(|raw| self.placed_matcher(raw));
                TlsExpect {
                    days_left: matcher(tls.days_left),
                    subject: matcher(tls.subject),
                    issuer: matcher(tls.issuer),
                }
            }),
            rows: raw.rows.map(|raw| self.placed_matcher(raw)),
            error: raw.error.map(|raw| self.placed_matcher(raw)),
            exit: raw.exit.map(|raw| self.placed_matcher(raw)),
            stdout: raw.stdout.map(|raw| self.placed_matcher(raw)),
            stderr: raw.stderr.map(|raw| self.placed_matcher(raw)),
        }
    }

    /// What two parts of a check together cannot mean.
    pub(super) fn fits_together(&mut self, at: usize, probe: &Probe, expect: &Expect, capture: &[Capture]) {
        let header = |source: &Source| matches!(source, Source::Header(_) | Source::Cookie(_));
        let Some(request) = probe.request() else {
            if let Some(wrong) = capture.iter().find(|capture| header(&capture.from)) {
                self.wrong(at, Invalid::NoHeaders { name: wrong.name.clone() });
            }
            return;
        };
        if request.redirects > 0 && expect.url.is_none() {
            self.wrong(at, Invalid::RedirectWithoutUrl);
        }
        let Expect { json, schema, body, bytes, sha256, .. } = expect;
        let looks = !json.is_empty() || schema.is_some() || body.is_some() || bytes.is_some() || sha256.is_some();
        if request.method == Method::HEAD && (looks || capture.iter().any(|capture| !header(&capture.from))) {
            self.wrong(at, Invalid::HeadHasNoBody);
        }
    }

    fn only_what_fits(&mut self, raw: &FileExpect, probe: &Probe) {
        let (kind, name) = match probe {
            Probe::Http(_) => (HTTP, "request"),
            Probe::Log(_) => (LOG, "log"),
            Probe::Sql(_) => (SQL, "sql"),
            Probe::Redis(_) => (REDIS, "redis"),
            Probe::Tcp(_) => (TCP, "tcp"),
            Probe::Dns(_) => (DNS, "dns"),
            Probe::Command(_) => (COMMAND, "command"),
        };
        let place = |raw: &Option<Spanned<Value>>| raw.as_ref().map(|raw| raw.span().start);
        let text = |raw: &Option<Spanned<String>>| raw.as_ref().map(|raw| raw.span().start);
        let first = |raw: &Placed<Value>| raw.keys().map(|key| key.span().start).min();
        for (part, at, fits) in [
            ("status", place(&raw.status), HTTP),
            ("url", text(&raw.url), HTTP),
            ("redirects", place(&raw.redirects), HTTP),
            ("headers", first(&raw.headers), HTTP),
            ("cookies", first(&raw.cookies), HTTP),
            ("content_type", text(&raw.content_type), HTTP),
            ("json", first(&raw.json), HTTP | LOG | SQL | REDIS | DNS | COMMAND),
            ("schema", place(&raw.schema), HTTP | LOG | SQL | REDIS | COMMAND),
            ("body", place(&raw.body), HTTP | LOG),
            ("bytes", place(&raw.bytes), HTTP),
            ("sha256", text(&raw.sha256), HTTP),
            ("tls", raw.tls.as_ref().map(|tls| tls.span().start), HTTP),
            ("rows", place(&raw.rows), SQL),
            ("error", place(&raw.error), SQL | REDIS | DNS | TCP),
            ("exit", place(&raw.exit), COMMAND),
            ("stdout", place(&raw.stdout), COMMAND),
            ("stderr", place(&raw.stderr), COMMAND),
        ] {
            if let Some(at) = at.filter(|_| fits & kind == 0) {
                self.wrong(at, Invalid::NotOfThisProbe { part, probe: name });
            }
        }
    }

    fn status(&mut self, raw: Spanned<Value>) -> Vec<StatusPattern> {
        let at = raw.span().start;
        let values = match raw.into_inner() {
            Value::Array(values) => values,
            one => vec![one],
        };
        let mut patterns = Vec::new();
        for value in values {
            match status_pattern(&value) {
                Some(pattern) => patterns.push(pattern),
                None => self.wrong(at, Invalid::Status { text: value.to_string() }),
            }
        }
        patterns
    }

    fn named_expectations(&mut self, raw: Placed<Value>, headers: bool) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for (name, value) in in_file_order(raw) {
            let at = name.span().start;
            if headers {
                self.header_name(at, name.get_ref());
            }
            expectations.push(Expectation { of: name.into_inner(), is: self.matcher(at, value) });
        }
        expectations
    }

    fn schema(&mut self, raw: Spanned<Value>) -> Option<Schema> {
        let at = raw.span().start;
        match raw.into_inner() {
            Value::String(path) => {
                let path = self.project_file(Spanned::new(at..at, path));
                let schema = Schema::File(path);
                if let Some(root) = self.root
                    && let Err(error) = schema::compile(&schema, Some(root))
                    && !matches!(error, schema::SchemaError::Place { .. })
                {
                    self.wrong(at, Invalid::Schema(error));
                }
                Some(schema)
            }
            value @ Value::Object(_) => {
                let schema = Schema::Inline(value);
                if let Err(error) = schema::compile(&schema, None) {
                    self.wrong(at, Invalid::Schema(error));
                }
                Some(schema)
            }
            _ => {
                self.wrong(at, Invalid::SchemaShape);
                None
            }
        }
    }

    fn sha256(&mut self, digest: Spanned<String>) -> String {
        let at = digest.span().start;
        let digest = self.placed_text(digest).to_ascii_lowercase();
        let right = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !right && !plimsoll_core::template::is_template(&digest) {
            self.wrong(at, Invalid::Sha256);
        }
        digest
    }
}

fn status_pattern(value: &Value) -> Option<StatusPattern> {
    if let Some(status) = value.as_u64() {
        return u16::try_from(status).ok().filter(|status| (100..600).contains(status)).map(StatusPattern::Exact);
    }
    let class = value.as_str()?;
    let right = class.len() == 3 && class.ends_with("xx") && class.starts_with(|digit| ('1'..='5').contains(&digit));
    right.then(|| StatusPattern::Class(class.to_owned()))
}
