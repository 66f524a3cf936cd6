//! Reads one check, and what its file says about all of them. Its request, probe and expectations are read beside it.

use toml::Spanned;

use super::effect;
use super::reader::{Pairs, Reader};
use crate::file::{FileCheck, FileCleanup, FileProbes, FileRetry, FileSuite};
use crate::model::{Auth, Check, Cleanup, ClientCertificate, Effect, Phase, Probe, Request, Retry, Suite};
use crate::problem::Invalid;

/// What a file adds to each of its checks.
#[derive(Default)]
pub(super) struct Common {
    tags: Vec<String>,
    base_url: Option<String>,
    headers: Vec<(String, String)>,
    auth: Option<Auth>,
    /// Whether its `[[cleanup]]` takes back what they do.
    cleans_up: bool,
}

impl Common {
    /// Adds the service, headers and auth to a request that does not say otherwise.
    fn add_to(&self, probe: &mut Probe) {
        let Probe::Http(request) = probe else { return };
        let Request { base_url, headers, auth, .. } = request.as_mut();
        if base_url.is_none() {
            base_url.clone_from(&self.base_url);
        }
        let has = |name: &str| headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let mut all: Vec<_> = self.headers.iter().filter(|(name, _)| !has(name)).cloned().collect();
        if auth.is_none() && !has("authorization") {
            auth.clone_from(&self.auth);
        }
        all.append(headers);
        *headers = all;
    }
}

impl Reader<'_> {
    pub(super) fn suite(&mut self, raw: FileSuite, cleans_up: bool) -> (Suite, Common) {
        let name = self.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if cfg!(not(feature = "tls"))
            && let Some(at) = raw.ca.iter().chain(raw.client_certificate.iter().map(|pair| &pair.certificate)).next()
        {
            self.wrong(at.span().start, Invalid::NoTls);
        }
        let suite = Suite {
            name,
            file: self.file.to_owned(),
            cookies: raw.cookies,
            ca: raw.ca.map(|ca| self.project_file(ca)),
            client_certificate: raw.client_certificate.map(|pair| ClientCertificate {
                certificate: self.project_file(pair.certificate),
                key: self.project_file(pair.key),
            }),
            proxy: raw.proxy.map(|proxy| self.placed_text(proxy)),
            deadline_ms: raw.deadline.and_then(|deadline| self.duration(&deadline)),
        };
        let headers = self.pairs(raw.headers, Pairs::Header);
        let auth = raw.auth.and_then(|auth| self.auth(auth));
        let base_url = raw.base_url.map(|base| self.placed_text(base));
        (suite, Common { tags: raw.tags, base_url, headers, auth, cleans_up })
    }

    pub(super) fn check(&mut self, raw: FileCheck, phase: Phase, suite: &str, common: &Common) -> Check {
        let at = raw.name.span().start;
        if raw.name.get_ref().trim().is_empty() {
            self.wrong(at, Invalid::EmptyName);
        }
        let capture = self.captures(raw.capture, &raw.secret_captures);
        let FileCheck { request, log, sql, redis, tcp, dns, command, .. } = raw;
        let (mut probe, probe_at) = self.probe(at, FileProbes { request, log, sql, redis, tcp, dns, command });
        common.add_to(&mut probe);
        let expect = self.expect(raw.expect, &probe);
        self.fits_together(probe_at, &probe, &expect, &capture);
        let retry = raw.retry.map(|retry| self.retry(retry));
        let went = probe.request().and_then(|request| request.base_url.as_ref());
        let cleanup = raw.cleanup.map(|cleanup| self.cleanup(cleanup, went, common));
        let declared = raw.effect.as_ref().map(|effect| *effect.get_ref());
        let takes_back = cleanup.is_some() || phase == Phase::Cleanup;
        let may_change = effect::may_change(&probe);
        if raw.leaves.is_none() && !takes_back && !common.cleans_up {
            match (&raw.effect, declared, &may_change) {
                (Some(effect), Some(Effect::Mutate), _) => {
                    self.wrong(effect.span().start, Invalid::NothingTakesBack);
                }
                (None, _, Some(what)) => self.wrong(probe_at, Invalid::MayChange { what: what.clone() }),
                _ => {}
            }
        }
        if let (Some(Effect::Read), Some(leaves)) = (declared, &raw.leaves) {
            self.wrong(leaves.span().start, Invalid::ReadLeaves);
        }
        let changes = takes_back || raw.leaves.is_some() || may_change.is_some();
        let mut tags = common.tags.clone();
        tags.extend(raw.tags.into_iter().filter(|tag| !common.tags.contains(tag)));
        Check {
            location: self.place(at),
            name: raw.name.into_inner(),
            suite: suite.to_owned(),
            phase,
            tags,
            needs: raw.needs.into_iter().map(Spanned::into_inner).collect(),
            level: raw.level,
            effect: declared.unwrap_or(if changes { Effect::Mutate } else { Effect::Read }),
            leaves: raw.leaves.map(Spanned::into_inner),
            group: raw.group,
            probe,
            expect,
            capture,
            retry,
            cleanup,
            any_revision: raw.any_revision,
        }
    }

    fn retry(&mut self, raw: FileRetry) -> Retry {
        Retry {
            for_ms: self.duration(&raw.duration).unwrap_or_default(),
            until: self.json_expectations(raw.until),
            abort_if: self.json_expectations(raw.abort_if),
        }
    }

    /// What a service has made is taken back there, unless the cleanup names another one.
    fn cleanup(&mut self, raw: Spanned<FileCleanup>, went: Option<&String>, common: &Common) -> Cleanup {
        let at = raw.span().start;
        let FileCleanup { request, redis, command, expect } = raw.into_inner();
        let (mut probe, probe_at) =
            self.probe(at, FileProbes { request, redis, command, log: None, sql: None, tcp: None, dns: None });
        if let Probe::Http(request) = &mut probe
            && request.base_url.is_none()
        {
            request.base_url = went.cloned();
        }
        common.add_to(&mut probe);
        let expect = self.expect(expect, &probe);
        self.fits_together(probe_at, &probe, &expect, &[]);
        Cleanup { probe, expect }
    }
}
