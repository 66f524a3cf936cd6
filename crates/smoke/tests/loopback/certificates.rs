//! Certificates, made for each test: trusted, expired, of another host, of nobody known, and asked of the client.

use std::path::Path;
use std::sync::Arc;

use plimsoll_smoke::{Options, SmokeReport};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;

use crate::server::{Reply, Server};
use crate::{run_with, wrongs};

/// Somebody who signs certificates.
pub(crate) struct Authority(pub(crate) CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("Harbour Test Authority")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// A certificate for a name, with what a test changes about it.
    pub(crate) fn sign(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2090, 1, 1);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.0).expect("a certificate");
        (signed, key)
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("a certificate");
        Arc::new(roots)
    }
}

/// What a server with this certificate needs, and whether it asks its clients for one.
pub(crate) fn tls_config(
    certificate: &(rcgen::Certificate, KeyPair),
    clients: Option<&Authority>,
) -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(authority.roots(), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.1.serialize_der()));
    builder.with_single_cert(vec![certificate.0.der().clone()], key).expect("a configuration")
}

fn server(certificate: &(rcgen::Certificate, KeyPair), clients: Option<&Authority>) -> Server {
    Server::with_tls(tls_config(certificate, clients), |_| Reply::json(200, r#"{"ok": true}"#))
}

/// Runs one check with a project in which `ca.pem` trusts an authority.
fn run(server: &Server, authority: &Authority, suite: &str, expect: &str, prepare: impl FnOnce(&Path)) -> SmokeReport {
    let project = tempfile::tempdir().expect("a folder");
    std::fs::write(project.path().join("ca.pem"), authority.0.pem()).expect("a file");
    prepare(project.path());
    let text = format!(
        "[suite]\nca = 'ca.pem'\n{suite}\n[[check]]\nname = 'a'\nrequest = {{ path = '/' }}\nexpect = {{ {expect} }}\n"
    );
    let options = Options { root: Some(project.path().to_owned()), ..Options::default() };
    run_with(&format!("https://localhost:{}", server.port()), &text, &options, &mut |_| {})
}

#[test]
fn a_certificate_of_the_suites_own_authority_is_trusted_and_can_be_judged() {
    let authority = Authority::new();
    let server = server(&authority.sign("localhost", |_| {}), None);
    let right = "tls = { days_left = { at_least = 14 }, subject = { contains = 'CN=localhost' }, \
                 issuer = { contains = 'Harbour Test Authority' } }";
    let report = run(&server, &authority, "", right, |_| {});
    assert!(report.passed(), "{:?}", wrongs(&report));
    let found = wrongs(&run(&server, &authority, "", "tls = { subject = { contains = 'CN=other' } }", |_| {}));
    assert!(found[0].starts_with("FAIL certificate subject: expected something with \"CN=other\" in it"), "{found:?}");
    let found = wrongs(&run(&server, &authority, "", "tls = { days_left = { at_most = 5 } }", |_| {}));
    assert!(found[0].starts_with("FAIL certificate days left: expected at most 5, found "), "{found:?}");
}

#[test]
fn a_certificate_that_is_about_to_expire_fails_before_it_does() {
    let authority = Authority::new();
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(3 * 24 * 60 * 60 + 60);
    let server = server(&authority.sign("localhost", |params| params.not_after = soon.into()), None);
    let found = wrongs(&run(&server, &authority, "", "tls = { days_left = { at_least = 14 } }", |_| {}));
    assert_eq!(found, ["FAIL certificate days left: expected at least 14, found 3"]);
}

#[test]
fn bad_certificates_are_never_a_pass_and_never_worth_waiting_for() {
    let (authority, stranger) = (Authority::new(), Authority::named("A Stranger"));
    let expired = authority.sign("localhost", |params| params.not_after = date_time_ymd(2021, 1, 1));
    let early = authority.sign("localhost", |params| params.not_before = date_time_ymd(2080, 1, 1));
    let elsewhere = authority.sign("other.example", |_| {});
    let unknown = stranger.sign("localhost", |_| {});
    for (certificate, reason) in
        [(expired, "expired"), (early, "not valid yet"), (elsewhere, "not valid for name"), (unknown, "UnknownIssuer")]
    {
        let server = server(&certificate, None);
        let report = run(&server, &authority, "", "status = 200", |_| {});
        let found = wrongs(&report);
        assert!(found[0].starts_with("ERROR no trusted connection ("), "{found:?}");
        assert!(found[0].contains(reason), "{reason}: {found:?}");
        assert!(server.requests().is_empty());
    }
}

#[test]
fn a_client_certificate_is_shown_when_the_suite_has_one() {
    let authority = Authority::new();
    let server = server(&authority.sign("localhost", |_| {}), Some(&authority));
    let client = authority.sign("a-client", |_| {});
    let suite = "client_certificate = { certificate = 'me.pem', key = 'me.key' }";
    let report = run(&server, &authority, suite, "status = 200", |root| {
        std::fs::write(root.join("me.pem"), client.0.pem()).expect("a file");
        std::fs::write(root.join("me.key"), client.1.serialize_pem()).expect("a file");
    });
    assert!(report.passed(), "{:?}", wrongs(&report));
    let found = wrongs(&run(&server, &authority, "", "status = 200", |_| {}));
    assert!(found[0].starts_with("ERROR "), "{found:?}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_suite_whose_files_are_not_there_cannot_be_measured() {
    let authority = Authority::new();
    let server = server(&authority.sign("localhost", |_| {}), None);
    let suite = "client_certificate = { certificate = 'me.pem', key = '../me.key' }";
    let found =
        wrongs(&run(&server, &authority, suite, "", |root| std::fs::write(root.join("me.pem"), "x").expect("a file")));
    assert_eq!(
        found,
        ["ERROR request cannot be made (the file `../me.key` cannot be used: it is outside of the project)"]
    );
    let found = wrongs(&run(&server, &authority, suite, "", |_| {}));
    assert!(found[0].starts_with("ERROR request cannot be made (the file `me.pem` cannot be used: "), "{found:?}");
}
