//! Redis over TLS: a server that speaks nothing else, with certificates made for each test. What it answers is in `redis.rs`.

use std::path::Path;

use plimsoll_smoke::Options;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::redis_server::RedisServer;
use crate::{checks, run, told};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

fn write(folder: &Path, name: &str, authority: &Authority, host: &str) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![host.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).expect("a file");
    std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).expect("a file");
}

/// A server that speaks nothing but TLS.
fn server(authority: &Authority, host: &str, asks_clients: bool) -> RedisServer {
    RedisServer::on_a_free_port(|port| {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "server", authority, host);
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("a file");
        let (port_text, asks) = (port.to_string(), if asks_clients { "yes" } else { "no" });
        let tls = ["--tls-cert-file", "server.pem", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.pem"];
        let own = ["--port", "0", "--tls-port", &port_text, "--tls-auth-clients", asks];
        RedisServer::with(folder, port, &[&own[..], &tls].concat())
    })
}

/// The address of a server by the name in its certificate.
fn named(server: &RedisServer) -> String {
    server.address().replace("127.0.0.1", "localhost")
}

/// Asks a server in a project that trusts an authority, and has a certificate of it.
fn ask(authority: &Authority, suite: &str, url: &str) -> String {
    let project = tempfile::tempdir().expect("a folder");
    std::fs::write(project.path().join("ca.pem"), authority.pem()).expect("a file");
    write(project.path(), "me", authority, "a-client");
    let checks = checks(&[&format!(
        "redis = {{ url = '{url}', command = ['ECHO', 'a b'], timeout = '2s' }}\nexpect = {{ json = {{ '$' = 'a b' }} }}"
    )]);
    let options = Options { root: Some(project.path().to_owned()), ..Options::default() };
    told(&run(&format!("[suite]\n{suite}\n{checks}"), &options)).remove(0)
}

#[test]
fn a_certificate_of_the_suites_own_authority_is_trusted_and_no_other() {
    let (ours, stranger) = (authority("Harbour Test Authority"), authority("A Stranger"));
    let redis = server(&ours, "localhost", false);
    let url = format!("rediss://{}", named(&redis));
    assert_eq!(ask(&ours, "ca = 'ca.pem'", &url), "PASS ");
    for (authority, suite) in [(&stranger, "ca = 'ca.pem'"), (&ours, "")] {
        let found = ask(authority, suite, &url);
        assert!(found.starts_with("ERROR no trusted connection (") && found.contains("UnknownIssuer"), "{found}");
    }
    let found = ask(&ours, "ca = 'ca.pem'", &format!("rediss://{}", redis.address()));
    assert!(found.starts_with("ERROR no trusted connection (") && found.contains("not valid for name"), "{found}");
}

#[test]
fn what_is_not_tls_on_either_side_is_no_answer() {
    let ours = authority("Harbour Test Authority");
    let redis = server(&ours, "localhost", false);
    let found = ask(&ours, "ca = 'ca.pem'", &format!("redis://{}", redis.address()));
    assert!(found.starts_with("ERROR "), "{found}");
    let plain = RedisServer::start("user default on nopass ~* &* +@all\n");
    let found = ask(&ours, "ca = 'ca.pem'", &format!("rediss://{}", named(&plain)));
    assert!(found.starts_with("ERROR "), "{found}");
}

#[test]
fn a_client_certificate_is_shown_when_the_suite_has_one() {
    let ours = authority("Harbour Test Authority");
    let redis = server(&ours, "localhost", true);
    let url = format!("rediss://{}", named(&redis));
    let mine = "ca = 'ca.pem'\nclient_certificate = { certificate = 'me.pem', key = 'me.key' }";
    assert_eq!(ask(&ours, mine, &url), "PASS ");
    let found = ask(&ours, "ca = 'ca.pem'", &url);
    assert!(found.starts_with("ERROR "), "{found}");
    let found = ask(&ours, "ca = 'nowhere.pem'", &url);
    assert!(found.starts_with("ERROR request cannot be made (the file `nowhere.pem` cannot be used"), "{found}");
}

#[test]
fn nobody_trusts_everybody() {
    let text = checks(&["redis = { url = 'rediss://localhost:6380/0#insecure', command = ['PING'] }"]);
    let problems = plimsoll_smoke::parse(Path::new("smoke/test.toml"), &text).expect_err("refused");
    assert!(problems.to_string().contains("has a `#`: who is trusted is said by `ca`"), "{problems}");
}
