//! What is sent is what was declared: bodies, files, credentials, cookies. What comes back is judged in `answers.rs`.

use std::collections::BTreeMap;

use plimsoll_core::Redactor;
use plimsoll_smoke::{Options, Verdict};

use crate::server::{Incoming, Reply, Server};
use crate::{run_at, run_with, wrongs};

/// What arrives when one request is sent, with files in a project of its own.
fn sent(suite: &str, request: &str) -> Incoming {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let project = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(project.path().join("fixtures")).expect("a folder");
    std::fs::write(project.path().join("fixtures/sea.pdf"), b"%PDF-1.7\n\xff").expect("a file");
    let options = Options { root: Some(project.path().to_owned()), ..Options::default() };
    let text = format!("{suite}\n[[check]]\nname = 'a'\neffect = 'read'\nrequest = {{ path = '/', {request} }}\n");
    let report = run_with(&server.url(), &text, &options, &mut |_| {});
    assert!(report.passed(), "{:?}", wrongs(&report));
    server.requests().remove(0)
}

#[test]
fn lists_in_queries_forms_and_headers_are_the_name_several_times() {
    let request = sent(
        "",
        "method = 'POST', query = { page = 1, tag = ['a b', 'c'] }, form = { x = ['1', 'ä&'], y = true }, headers = { x-a = ['1', '2'] }",
    );
    assert_eq!(request.path, "/?page=1&tag=a+b&tag=c");
    assert_eq!(request.body, "x=1&x=%C3%A4%26&y=true");
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let both: Vec<_> =
        request.headers.iter().filter(|(name, _)| name == "x-a").map(|(_, value)| value.as_str()).collect();
    assert_eq!(both, ["1", "2"]);
}

#[test]
fn any_method_can_be_sent() {
    assert_eq!(sent("", "method = 'PURGE'").method, "PURGE");
    assert_eq!(sent("", "method = 'OPTIONS'").method, "OPTIONS");
}

#[test]
fn files_are_sent_as_they_are() {
    let request = sent("", "method = 'PUT', file = 'fixtures/sea.pdf'");
    assert_eq!(request.header("content-type"), Some("application/pdf"));
    assert_eq!(request.header("content-length"), Some("10"));
}

#[test]
fn a_multipart_form_has_fields_and_files() {
    let request = sent(
        "",
        "method = 'POST', multipart = { title = 'Sea', pdf = { file = 'fixtures/sea.pdf', name = 'other.pdf' } }",
    );
    let media_type = request.header("content-type").unwrap_or_default();
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let parts: Vec<_> = request.body.split(&format!("--{boundary}")).collect();
    assert_eq!(parts.len(), 4);
    assert_eq!(parts[1], "\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nSea\r\n");
    assert!(parts[2].contains("filename=\"other.pdf\"\r\ncontent-type: application/pdf\r\n\r\n%PDF-1.7"), "{parts:?}");
    assert_eq!(parts[3], "--\r\n");
}

#[test]
fn files_outside_of_the_project_are_never_sent() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("project");
    std::fs::create_dir(&root).expect("a folder");
    std::fs::write(folder.path().join("private"), "s").expect("a file");
    std::os::unix::fs::symlink(folder.path().join("private"), root.join("link")).expect("a link");
    for path in ["../private", "link", "{{ '/etc' }}/passwd"] {
        let options = Options { root: Some(root.clone()), ..Options::default() };
        let text = format!(
            "[[check]]\nname = 'a'\neffect = 'read'\nrequest = {{ method = 'POST', path = '/', file = \"{path}\" }}\n"
        );
        let found = wrongs(&run_with(&server.url(), &text, &options, &mut |_| {}));
        assert!(found[0].starts_with("ERROR request cannot be made (the file `"), "{found:?}");
        assert!(found[0].ends_with("it is outside of the project)"), "{found:?}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn credentials_are_sent_and_told_to_nobody() {
    for (auth, header, secrets) in [
        (
            "{ basic = { user = 'ann', password = 'open sesame' } }",
            "Basic YW5uOm9wZW4gc2VzYW1l",
            ["open sesame", "YW5uOm9wZW4gc2VzYW1l"],
        ),
        ("{ bearer = 'tokentoken' }", "Bearer tokentoken", ["tokentoken", "dG9rZW50b2tlbg"]),
    ] {
        // The service tells what it got.
        let server = Server::start(|request| {
            Reply::json(500, &format!(r#"{{"got": "{}"}}"#, request.header("authorization").unwrap_or_default()))
        });
        let text = format!("[[check]]\nname = 'a'\nrequest = {{ path = '/', auth = {auth} }}\n");
        let report = run_at(&server.url(), &text);
        assert_eq!(server.requests()[0].header("authorization"), Some(header));
        let told = format!("{report:?} {}", serde_json::to_string(&report).expect("a report serializes"));
        assert!(told.contains("***"), "{told}");
        assert!(secrets.iter().all(|secret| !told.contains(secret)), "{told}");
    }
}

#[test]
fn a_suite_adds_headers_and_credentials_unless_a_request_has_its_own() {
    let suite = "[suite]\nheaders = { x-a = 'suite', x-b = 'suite' }\nauth = { bearer = 'suite-token' }";
    let request = sent(suite, "headers = { X-A = 'own' }");
    assert_eq!((request.header("x-a"), request.header("x-b")), (Some("own"), Some("suite")));
    assert_eq!(request.header("authorization"), Some("Bearer suite-token"));
    assert_eq!(sent(suite, "auth = { bearer = 'own-token' }").header("authorization"), Some("Bearer own-token"));
}

#[test]
fn a_suite_keeps_cookies_when_asked_to_and_others_do_not() {
    for (suite, expected) in [("[suite]\ncookies = true\n", Some("own=1; session=s1")), ("", Some("own=1"))] {
        let server = Server::start(|_| Reply::json(200, "{}").with("set-cookie", "session=s1; HttpOnly"));
        let text = format!(
            "{suite}[[check]]\nname = 'a'\nrequest = {{ path = '/' }}\n\
             [[check]]\nname = 'b'\nrequest = {{ path = '/', cookies = {{ own = '1' }} }}\n"
        );
        assert!(run_at(&server.url(), &text).passed());
        assert_eq!(server.requests()[0].header("cookie"), None);
        assert_eq!(server.requests()[1].header("cookie"), expected);
    }
}

#[test]
fn an_idempotency_key_is_the_same_for_all_attempts_and_allows_them() {
    let server = Server::start(|request| if request.nth < 3 { Reply::Die } else { Reply::json(200, "{}") });
    let text = "[[check]]\nname = 'a'\nleaves = 'a row'\nrequest = { method = 'POST', path = '/', idempotency_key = '{{ uuid }}' }\nretry = { for = '20s' }\n";
    let report = run_at(&server.url(), text);
    assert_eq!((report.checks[0].verdict, server.requests().len()), (Verdict::Flaky, 3));
    let keys: Vec<_> =
        server.requests().iter().map(|request| request.header("idempotency-key").map(str::to_owned)).collect();
    assert_eq!(keys[0].as_deref().map(str::len), Some(36));
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[test]
fn a_proxy_is_used_only_when_the_suite_names_one() {
    let proxy = Server::start(|_| Reply::json(200, r#"{"proxied": true}"#));
    let names = BTreeMap::from([("PROXY".to_owned(), minijinja::Value::from(proxy.url()))]);
    let options = Options { names, redactor: Redactor::default(), ..Options::default() };
    let text = "[suite]\nproxy = '{{ PROXY }}'\n[[check]]\nname = 'a'\nrequest = { path = '/x' }\nexpect = { json = { '$.proxied' = true } }\n";
    let report = run_with("http://service.invalid", text, &options, &mut |_| {});
    assert!(report.passed(), "{:?}", wrongs(&report));
    assert_eq!(proxy.requests()[0].path, "http://service.invalid/x");
}
