//! Checks of a Redis server of the test's own, and of what its users may do. How it is started is `redis_server.rs`'s.

use std::collections::BTreeMap;

use plimsoll_core::{Redactor, Secret};
use plimsoll_smoke::Options;

use crate::redis_server::RedisServer;
use crate::{checks, run, told};

const PASSWORD: &str = "sesame/of-some+length";
const ENCODED: &str = "sesame%2Fof-some%2Blength";

/// The server, with a user who may do little.
struct Redis(RedisServer);

impl Redis {
    fn start() -> Self {
        Self(RedisServer::start(&format!(
            "user default on nopass ~* &* +@all\nuser worker on >{PASSWORD} ~session:* resetchannels -@all +ttl +get +select\n"
        )))
    }

    fn options(&self) -> Options {
        let host = self.0.address();
        let secret = Secret::new(format!("redis://worker:{ENCODED}@{host}/0"));
        let names = BTreeMap::from([
            ("ADMIN".to_owned(), minijinja::Value::from(format!("redis://{host}/0"))),
            ("WORKER".to_owned(), minijinja::Value::from(secret.expose())),
            ("WRONG".to_owned(), minijinja::Value::from(format!("redis://worker:not-this-one@{host}"))),
        ]);
        Options { names, redactor: Redactor::new([&secret]), ..Options::default() }
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
    assert_eq!(found[4], "FAIL error: expected something with \"NOPERM\" in it, found nothing");
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
