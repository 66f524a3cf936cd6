//! A Redis server of the test's own, on a free port, with a user who may do little. It ends with the test.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use plimsoll_core::{Redactor, Secret};
use plimsoll_smoke::Options;

use crate::{checks, run, told};

const PASSWORD: &str = "sesame/of some+length";
const ENCODED: &str = "sesame%2Fof%20some%2Blength";

pub(crate) struct Redis {
    child: Child,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

impl Redis {
    pub(crate) fn start() -> Self {
        // Somebody else may take a free port before the server does.
        (0..5).find_map(|_| Self::try_start()).expect("redis-server starts on a free port")
    }

    fn try_start() -> Option<Self> {
        let (folder, port) = folder_and_port();
        let acl = format!(
            "user default on nopass ~* &* +@all\nuser worker on >{} ~session:* resetchannels -@all +ttl +get +select\n",
            PASSWORD.replace(' ', "")
        );
        std::fs::write(folder.path().join("users.acl"), acl).expect("users");
        Self::with(folder, port, &["--port", &port.to_string(), "--aclfile", "users.acl"])
    }

    /// A server that only speaks TLS, with `server.pem`, `server.key` and `ca.pem` that are written into its folder.
    pub(crate) fn with_tls(asks_clients: bool, certificates: impl Fn(&Path)) -> Self {
        let start = || {
            let (folder, port) = folder_and_port();
            certificates(folder.path());
            let (port_text, asks) = (port.to_string(), if asks_clients { "yes" } else { "no" });
            let tls = ["--tls-cert-file", "server.pem", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.pem"];
            let own = ["--port", "0", "--tls-port", &port_text, "--tls-auth-clients", asks];
            Self::with(folder, port, &[&own[..], &tls].concat())
        };
        (0..5).find_map(|_| start()).expect("redis-server starts on a free port, and is built with TLS")
    }

    fn with(folder: tempfile::TempDir, port: u16, arguments: &[&str]) -> Option<Self> {
        let mut child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "."])
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's package redis-server is installed: `cargo xtask test` does so");
        let output = child.stdout.take().expect("its output");
        let ready = BufReader::new(output).lines().map_while(Result::ok).any(|line| line.contains("Ready to accept"));
        let server = Self { child, port, _folder: folder };
        ready.then_some(server)
    }

    fn options(&self) -> Options {
        let host = format!("127.0.0.1:{}", self.port);
        let password = ENCODED.replace("%20", "");
        let secret = Secret::new(format!("redis://worker:{password}@{host}/0"));
        let names = BTreeMap::from([
            ("ADMIN".to_owned(), minijinja::Value::from(format!("redis://{host}/0"))),
            ("WORKER".to_owned(), minijinja::Value::from(secret.expose())),
            ("WRONG".to_owned(), minijinja::Value::from(format!("redis://worker:not-this-one@{host}"))),
        ]);
        Options { names, redactor: Redactor::new([&secret]), ..Options::default() }
    }
}

fn folder_and_port() -> (tempfile::TempDir, u16) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    (tempfile::tempdir().expect("a folder"), port)
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait().map(drop)).expect("the server ends");
    }
}

#[test]
fn times_keys_and_what_a_user_may_do_are_answered_as_json() {
    let redis = Redis::start();
    let text = checks(&[
        "redis = { url = '{{ ADMIN }}', command = ['SET', 'session:1', 'a b', 'EX', '600'] }\nexpect = { json = { '$' = 'OK' } }",
        "redis = { url = '{{ ADMIN }}', command = ['SET', 'session:2', '$(id)'] }",
        "redis = { url = '{{ ADMIN }}', command = ['SET', 'other:1', 'x'] }",
        "redis = { url = '{{ WORKER }}', command = ['TTL', 'session:1'] }\nexpect = { json = { '$' = { at_least = 1, at_most = 600 } } }",
        "redis = { url = '{{ WORKER }}', command = ['GET', 'session:2'] }\nexpect = { json = { '$' = '$(id)' } }",
        "redis = { url = '{{ ADMIN }}', keys = 'session:*' }\nexpect = { json = { '$' = ['session:1', 'session:2'] } }",
        "redis = { url = '{{ ADMIN }}', command = ['ACL', 'WHOAMI'] }\nexpect = { json = { '$' = 'default' } }",
        "redis = { url = '{{ ADMIN }}', command = ['ACL', 'GETUSER', 'worker'] }\n\
         expect = { json = { '$.keys' = '~session:*', '$.flags' = { contains = 'on' }, '$.commands' = { contains = '-@all' } } }",
        "redis = { url = '{{ ADMIN }}', command = ['ACL', 'DRYRUN', 'worker', 'GET', 'session:1'] }\nexpect = { json = { '$' = 'OK' } }",
        "redis = { url = '{{ ADMIN }}', command = ['ACL', 'DRYRUN', 'worker', 'DEL', 'session:1'] }\nexpect = { json = { '$' = { contains = 'no permissions' } } }",
        "redis = { url = '{{ ADMIN }}', command = ['GET', 'nothing'] }\nexpect = { json = { '$' = { type = 'null' } } }",
    ]);
    let report = run(&text, &redis.options());
    assert!(report.passed(), "{:#?}", told(&report));
}

#[test]
fn what_redis_refuses_fails_unless_it_is_expected() {
    let redis = Redis::start();
    let text = checks(&[
        "redis = { url = '{{ WORKER }}', command = ['GET', 'other:1'] }",
        "redis = { url = '{{ WORKER }}', command = ['GET', 'other:1'] }\nexpect = { error = { contains = 'NOPERM' } }",
        "redis = { url = '{{ WORKER }}', keys = 'session:*' }\nexpect = { error = { contains = 'NOPERM' } }",
        "redis = { url = '{{ WRONG }}', command = ['GET', 'session:1'] }\nexpect = { error = { contains = 'WRONGPASS' } }",
        "redis = { url = '{{ ADMIN }}', command = ['GET', 'x'] }\nexpect = { error = { contains = 'NOPERM' } }",
        "redis = { url = '{{ ADMIN }}', command = ['NOSUCH'] }",
    ]);
    let found = told(&run(&text, &redis.options()));
    assert!(found[0].starts_with("FAIL error: expected nothing, found \"NOPERM "), "{found:?}");
    assert_eq!(found[1..4], ["PASS ", "PASS ", "PASS "]);
    assert!(
        found[4].starts_with("FAIL error: expected a value that contains \"NOPERM\"")
            || found[4].starts_with("FAIL error")
    );
    assert!(found[5].starts_with("FAIL error: expected nothing, found \"ERR unknown command"), "{found:?}");
}

#[test]
fn a_key_that_never_ends_or_is_not_there_is_no_short_time() {
    let redis = Redis::start();
    let wanted = "expect = { json = { '$' = { at_most = 600 } } }";
    let text = checks(&[
        "redis = { url = '{{ ADMIN }}', command = ['SET', 'session:3', 'x'] }",
        &format!("redis = {{ url = '{{{{ ADMIN }}}}', command = ['TTL', 'session:3'] }}\n{wanted}"),
        &format!("redis = {{ url = '{{{{ ADMIN }}}}', command = ['ttl', 'session:4'] }}\n{wanted}"),
        "redis = { url = '{{ ADMIN }}', command = ['TTL', 'session:4'] }\nexpect = { error = { contains = '-2' } }",
    ]);
    let found = told(&run(&text, &redis.options()));
    assert_eq!(found[1], "FAIL error: expected nothing, found \"the key never ends (-1)\"");
    assert_eq!(found[2], "FAIL error: expected nothing, found \"there is no such key (-2)\"");
    assert_eq!(found[3], "PASS ");
}

#[test]
fn passwords_and_their_digests_are_told_to_nobody() {
    let redis = Redis::start();
    let text = checks(&[
        "redis = { url = '{{ ADMIN }}', command = ['ACL', 'GETUSER', 'worker'] }\nexpect = { json = { '$.passwords' = [] } }",
        "redis = { url = '{{ ADMIN }}', command = ['ACL', 'LIST'] }\nexpect = { json = { '$' = [] } }",
        "redis = { url = '{{ WRONG }}', command = ['PING'] }",
        "redis = { url = 'redis://worker:not-this-one@127.0.0.1:1', command = ['PING'] }",
    ]);
    let mut told_by_events = String::new();
    let report =
        crate::run_telling(&text, &redis.options(), &mut |event| told_by_events.push_str(&format!("{event:?}")));
    let shown = format!("{report:?}{told_by_events}{}", serde_json::to_string(&report).expect("JSON"));
    assert!(told(&report)[0].contains("***") && told(&report)[1].contains("***"), "{:?}", told(&report));
    assert!(told(&report)[3].starts_with("ERROR connection refused"), "{:?}", told(&report));
    let digests = shown.split(|letter: char| !letter.is_ascii_hexdigit()).filter(|word| word.len() == 64).count();
    assert_eq!(digests, 0, "{shown}");
    assert!(!shown.contains("not-this-one") && !shown.contains("sesame"), "{shown}");
}
