//! What is wrong with files is told, all at once and with its place. Whole runs are tested in `tests/loopback`.

use std::path::Path;

use super::*;
use crate::model::Effect;

fn problems_of(text: &str) -> Vec<String> {
    let found = parse(Path::new("smoke/a.toml"), text).expect_err("the text is wrong");
    found.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn all_problems_of_a_file_are_reported_at_once() {
    let text = r#"
[[check]]
name = "one"
needs = ["tow"]
request = { path = "api" }
expect = { status = 20, json = { "$.[" = 1, "$.n" = { at_least = "many" } }, within = "fast" }

[[check]]
name = "two"
request = { method = "HEAD", path = "/{{ x", headers = { "a b" = "c" }, body = "x", json = 1 }
expect = { json = { "$.a" = { matches = "(" } } }
capture = { "1a" = "$.a" }
secret_captures = ["b"]
retry = { for = "1x" }
"#;
    insta::assert_snapshot!(problems_of(text).join("\n"));
}

#[test]
fn a_misspelt_key_is_answered_with_the_right_one() {
    let problems = problems_of("[[check]]\nname = 'a'\nrequest = { path = '/' }\nexpct = { status = 200 }\n");
    assert_eq!(problems, ["smoke/a.toml:4:1: unknown key `expct`, did you mean `expect`?"]);
}

#[test]
fn following_redirects_without_naming_the_final_url_is_refused() {
    let problems = problems_of("[[check]]\nname = 'a'\nrequest = { path = '/', redirects = 3 }\n");
    assert_eq!(problems, ["smoke/a.toml:3:11: `redirects` needs `expect.url`, or a login page would pass"]);
}

#[test]
fn the_same_name_or_capture_twice_is_refused_and_the_first_one_named() {
    let one = "[[check]]\nname = 'a'\nrequest = { path = '/' }\ncapture = { id = '$.id' }\n";
    let problems = problems_of(&format!("{one}{one}"));
    assert_eq!(
        problems,
        [
            "smoke/a.toml:6:8: the check `a` exists already, at smoke/a.toml:2:8",
            "smoke/a.toml:6:8: `id` is captured already, at smoke/a.toml:2:8",
        ]
    );
}

#[test]
fn files_are_read_in_the_order_of_their_names_and_others_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, name) in [("b.toml", "second"), ("a.toml", "first"), ("notes.md", "never")] {
        let text = format!("[[check]]\nname = '{name}'\nrequest = {{ path = '/' }}\n");
        std::fs::write(folder.path().join(file), text).expect("the file is written");
    }
    let found = load(folder.path(), folder.path()).expect("the files are right");
    assert_eq!(found.checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["first", "second"]);
}

#[test]
fn a_missing_folder_is_named() {
    let found = load(Path::new("no/such/folder"), Path::new(".")).expect_err("there is no such folder");
    assert!(found.to_string().starts_with("cannot list the folder `no/such/folder`: "), "{found}");
}

/// Every key of the format, once.
const EVERYTHING: &str = r#"
[suite]
tags = ["all"]
cookies = true
ca = "certs/ca.pem"
client_certificate = { certificate = "certs/me.pem", key = "certs/me.key" }
proxy = "{{ PROXY }}"
headers = { accept = "application/json", x-run = "{{ run_id }}" }
auth = { bearer = "{{ API_TOKEN }}" }

[[setup]]
name = "somebody is logged in"
request = { method = "POST", path = "/login", form = { user = "ann", roles = ["a", "b"] } }
capture = { token = { cookie = "t", secret = true } }
effect = "read"

[[check]]
name = "a book is accepted"
tags = ["write"]
needs = ["the port is open"]
level = "warn"
effect = "mutate"
leaves = "one book"
group = "books"
any_revision = true
capture = { id = "$.id", etag = { header = "etag" }, n = { json = "$.n", type = "integer" }, x = { regex = "id=(\\d+)" } }
retry = { for = "30s", until = { "$.state" = "done" }, abort_if = { "$.state" = "failed" } }
cleanup = { request = { method = "DELETE", path = "/books/{{ id }}" }, expect = { status = [204, 404] } }

[check.request]
method = "POST"
base_url = "{{ BOOKS }}"
path = "/books"
query = { page = 1, tag = ["a", "b"] }
headers = { X-Run = "own" }
multipart = { title = "Sea", pdf = { file = "fixtures/sea.pdf", type = "application/pdf", name = "sea.pdf" } }
auth = { basic = { user = "ann", password = "{{ PASSWORD }}" } }
cookies = { a = "b" }
redirects = 3
http = "2"
timeouts = { connect = "3s", first_byte = "5s", total = "10s" }
body_limit = "10MB"
resolve = "all"
idempotency_key = "{{ uuid }}"

[check.expect]
status = [200, "3xx"]
url = "/final"
redirects = 1
headers = { etag = { exists = true } }
cookies = { session = { matches = "^[0-9a-f]+$" } }
content_type = "application/json"
json = { "$.items[*].id" = { each = { type = "integer", at_least = 1 } }, "$.kind" = { not = { one_of = ["a", "b"] } } }
schema = { type = "object" }
body = { contains = "ready" }
bytes = { at_most = 20000 }
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
within = "800ms"
tls = { days_left = { at_least = 14 }, subject = { contains = "CN=example.org" }, issuer = { contains = "R3" } }

[[check]]
name = "the line appears"
log = { file = "logs/worker.log", contains = "job {{ id }}", from_start = true, matches = "done in \\d+" }
expect = { within = "1s", body = { contains = "ok" } }

[[check]]
name = "the line appears elsewhere"
log = { command = ["journalctl", "-u", "worker"], contains = "job {{ id }}" }

[[check]]
name = "the row is there"
sql = { query = "SELECT count(*) AS n FROM book WHERE id = :id", binds = { id = "{{ id }}" } }
expect = { rows = 1, json = { "$[0].n" = 1 } }

[[check]]
name = "sessions end"
redis = { url = "{{ REDIS_URL }}", timeout = "1s", command = ["TTL", "session:{{ id }}"] }
expect = { json = { "$" = { at_most = 3600 } } }

[[check]]
name = "keys have prefixes"
redis = { url = "{{ REDIS_URL }}", keys = "session:*" }
expect = { error = { contains = "NOPERM" } }

[[check]]
name = "the port is open"
tcp = { address = "127.0.0.1:6379", resolve = "all", timeout = "2s" }

[[check]]
name = "the name is known"
dns = { name = "example.org", type = "AAAA" }

[[check]]
name = "the tool runs"
effect = "read"
command = { run = ["tool", "{{ id }}"], env = { LEVEL = "1" } }
expect = { exit = { one_of = [0, 3] }, stdout = { contains = "ok" }, stderr = "" }

[[cleanup]]
name = "the books are gone"
sql = { query = "DELETE FROM book" }
"#;

#[test]
fn every_key_of_the_format_is_read_planned_and_shown() {
    let suites = parse(Path::new("smoke/all.toml"), EVERYTHING).expect("the file is right");
    let names = ["PROXY", "API_TOKEN", "PASSWORD", "REDIS_URL", "BOOKS"].map(str::to_owned).into();
    let selection = crate::Selection { names, ..crate::Selection::default() };
    let plan = crate::plan(&suites, &selection).expect("a plan");
    insta::assert_snapshot!(plan);
    let text = serde_json::to_string(&plan).expect("a plan serializes");
    assert_eq!(serde_json::from_str::<crate::SmokePlan>(&text).expect("and comes back"), plan);
}

#[test]
fn a_name_that_has_no_value_is_found_in_every_place_that_may_have_a_template() {
    let suites = parse(Path::new("smoke/all.toml"), EVERYTHING).expect("the file is right");
    let problems = crate::plan(&suites, &crate::Selection::default()).expect_err("nobody gives these values");
    let found: std::collections::BTreeSet<_> =
        problems.problems.iter().map(|problem| problem.message.clone()).collect();
    let named = |name: &str| format!("`{name}` is neither a variable nor captured by a check");
    assert_eq!(found, ["API_TOKEN", "BOOKS", "PASSWORD", "PROXY", "REDIS_URL"].map(named).into());
}

#[test]
fn what_a_check_cannot_mean_is_told_with_what_to_write() {
    for (text, problem) in [
        (
            "request = { path = '/' }\ntcp = { address = 'a:1' }",
            "4:7: a check looks at one thing, and this is the second one: make it a check of its own",
        ),
        ("", "2:8: a check looks at something: add `request`, `log`, `sql`, `redis`, `tcp`, `dns` or `command`"),
        ("tcp = { address = 'a' }", "3:19: `a` is not an address like `localhost:6379`"),
        ("tcp = { address = 'a:1' }\nexpect = { status = 200 }", "4:21: `status` cannot be expected of `tcp`"),
        (
            "request = { path = '/', method = 'post' }",
            "3:34: `post` is not an HTTP method, methods are written in capitals",
        ),
        ("request = { path = '/', http = '3' }", "3:32: `3` is not a version of HTTP, there are `1.1` and `2`"),
        (
            "request = { path = '/', body_limit = '10MiB' }",
            "3:38: a size is a number of bytes above zero, such as 500000 or \"10MB\"",
        ),
        ("request = { path = '/', resolve = 'al' }", "3:35: `al` is not an IP address, nor `all`"),
        (
            "request = { path = '/', auth = {} }",
            "3:32: `auth` is either `basic`, with `user` and `password`, or `bearer`",
        ),
        (
            "request = { path = '/', query = { a = { b = 1 } } }",
            "3:35: `a` takes a text, a number, true or false, or a list of these",
        ),
        (
            "request = { path = '/', multipart = { a = { fiel = 'x' } } }",
            "3:39: the part `a` takes a text, or a table of `file` and, if need be, `type` and `name`",
        ),
        (
            "request = { path = '/' }\neffect = 'mutate'",
            "4:10: a check that changes something needs `cleanup`, or `leaves` to say what it leaves behind",
        ),
        (
            "request = { path = '/' }\neffect = 'read'\nleaves = 'x'",
            "5:10: a check that only looks leaves nothing: remove `leaves`, or the effect `read`",
        ),
        (
            "request = { path = '/' }\nexpect = { json = { '$.a' = { at_least = 1, most = 2 } } }",
            "4:21: `most` is not a matcher, write an object to compare with as { equals = .. }",
        ),
        (
            "request = { path = '/' }\nexpect = { json = { '$.a' = { type = 'int' } } }",
            "4:21: `int` is not a type, there are null, boolean, integer, number, string, array and object",
        ),
        ("request = { path = '/' }\nexpect = { sha256 = 'abc' }", "4:21: a SHA-256 has 64 hexadecimal digits"),
        (
            "request = { path = '/' }\ncapture = { a = { path = '$.a' } }",
            "4:13: a capture has no `path` like this: there are `json`, `header`, `cookie`, `regex`, `type` and `secret`",
        ),
        (
            "sql = { query = 'SELECT {{ id }}' }",
            "3:17: a query is no template: write `:name` in it, and name = \"{{ .. }}\" into `binds`",
        ),
        ("log = { file = 'a' }", "3:16: a log is searched for a line: add `contains` or `matches`"),
        ("redis = { url = 'redis://a' }", "3:17: Redis is asked either `command` or `keys`"),
        ("command = { run = [] }\neffect = 'read'", "3:19: a command is a list that begins with a program"),
        (
            "sql = { query = 'SELECT 1' }\ncapture = { a = { header = 'x' } }",
            "3:7: `a` is captured from an answer's header, which only `request` has",
        ),
    ] {
        assert_eq!(problems_of(&format!("[[check]]\nname = 'a'\n{text}\n")), [format!("smoke/a.toml:{problem}")]);
    }
}

#[test]
fn files_that_checks_name_are_looked_for_in_the_project_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let smoke = folder.path().join("smoke");
    std::fs::create_dir(&smoke).expect("a folder");
    std::fs::write(folder.path().join("book.json"), "{\"type\": \"integr\"}").expect("a file");
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/', method = 'PUT', file = '../x' }\nleaves = 'x'\n\
                expect = { schema = 'book.json' }\n";
    std::fs::write(smoke.join("a.toml"), text).expect("a file");
    let found = load(&smoke, folder.path()).expect_err("neither can be used");
    let told: Vec<_> = found.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told[0], "the file `../x` cannot be used: it is outside of the project");
    assert!(told[1].starts_with("the JSON Schema cannot be used: "), "{told:?}");
}

#[test]
fn what_may_change_something_says_how_that_ends() {
    let with = |method: &str, rest: &str| {
        format!("[[check]]\nname = 'a'\nrequest = {{ method = '{method}', path = '/' }}\n{rest}")
    };
    for method in ["POST", "PUT", "PATCH", "DELETE", "PURGE"] {
        let told = "may change something: take it back with `cleanup = { request = { .. } }`, or say what stays with \
                    `leaves = \"..\"`, or that nothing is changed with `effect = \"read\"`";
        assert_eq!(problems_of(&with(method, "")), [format!("smoke/a.toml:3:11: {method} {told}")]);
        for (rest, effect) in [
            ("leaves = 'a row'", Effect::Mutate),
            ("effect = 'read'", Effect::Read),
            ("cleanup = { request = { method = 'DELETE', path = '/' } }", Effect::Mutate),
            ("[[cleanup]]\nname = 'swept'\nrequest = { method = 'DELETE', path = '/' }", Effect::Mutate),
        ] {
            let found = parse(Path::new("smoke/a.toml"), &with(method, rest)).expect("it says how that ends");
            assert_eq!(found.checks[0].effect, effect, "{method}, {rest}");
        }
    }
    for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
        let found = parse(Path::new("smoke/a.toml"), &with(method, "")).expect("it only looks");
        assert_eq!(found.checks[0].effect, Effect::Read, "{method}");
    }
}

#[test]
fn places_count_characters_and_lines_as_editors_do() {
    let text = "# ä\n[[check]]\nname = 'ö'\nrequest = { path = '/ü', method = 'get' }\n";
    assert_eq!(problems_of(text), ["smoke/a.toml:4:35: `get` is not an HTTP method, methods are written in capitals"]);
    let found = parse(Path::new("smoke/a.toml"), &text.replace("get", "GET")).expect("the text is right");
    assert_eq!(found.checks[0].location.to_string(), "smoke/a.toml:3:8");
}

#[test]
fn what_a_probe_cannot_do_is_told_at_its_place() {
    for (probe, problem) in [
        ("sql = { query = 'SELECT :a', binds = { b = 1 } }", "2:40: the query has no `:b`"),
        ("sql = { query = 'SELECT :a' }", "2:17: the query has `:a`, add it to `binds`"),
        (
            "sql = { query = 'SELECT :a', binds = { a = [1] } }",
            "2:40: `a` takes a text, a number, true, false or nothing",
        ),
        (
            "redis = { url = 'redis://h', command = ['keys', '*'] }",
            "2:40: `KEYS` keeps everybody else waiting: write keys = \"prefix:*\" in place of the command",
        ),
        (
            "redis = { url = 'http://u:sesame@h', keys = 'a:*' }",
            "2:17: the URL of Redis is none: write `redis://user:password@host:6379/0` or `unix:///path/to/socket`",
        ),
        ("command = { run = ['env'], env = { 'A=B' = '1' } }", "2:36: `A=B` cannot be a name in the environment"),
        (
            "log = { command = ['a'], contains = 'x', from_start = true }",
            "2:55: a command's output is searched from its beginning: remove `from_start`, and let the command say from when",
        ),
        (
            "tcp = { address = 'h:1', resolve = 'some', timeout = 'soon' }",
            "2:36: `some` is not an IP address, nor `all`",
        ),
    ] {
        let found = problems_of(&format!("[[check]]\n{probe}\nname = 'a'\n"));
        assert!(found.contains(&format!("smoke/a.toml:{problem}")), "{probe}: {found:?}");
        assert!(!found.join(" ").contains("sesame"), "{found:?}");
    }
    let found = problems_of("[[check]]\nname = 'a'\ndns = { name = 'a', type = 'MX' }\n");
    assert!(found[0].contains("`MX`") && found[0].contains("AAAA"), "{found:?}");
}

#[test]
fn what_is_not_known_to_read_says_what_it_changes() {
    let wrong = |probe: &str, rest: &str| {
        let text = format!("[[check]]\nname = 'a'\n{rest}\n{probe}\n");
        parse(Path::new("a.toml"), &text).map(|suites| suites.checks[0].effect).map_err(|error| error.to_string())
    };
    let flush = "redis = { url = 'redis://h', command = ['FLUSHALL'] }";
    let run = "command = { run = ['rm', '-r', 'x'] }";
    for (probe, what) in [(flush, "`FLUSHALL` may change something"), (run, "a command may change something")] {
        assert!(wrong(probe, "").expect_err("it says nothing").starts_with(what), "{what}");
        assert_eq!(wrong(probe, "effect = 'read'"), Ok(Effect::Read));
        assert_eq!(wrong(probe, "leaves = 'nothing at all'"), Ok(Effect::Mutate));
    }
    assert_eq!(wrong("redis = { url = 'redis://h', command = ['ttl', 'a'] }", ""), Ok(Effect::Read));
    assert_eq!(wrong("redis = { url = 'redis://h', keys = 'a:*' }", ""), Ok(Effect::Read));
}
