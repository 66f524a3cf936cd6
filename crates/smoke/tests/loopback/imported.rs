//! Imported checks against a real server: they find what the source would find. How they are written is tested beside the import.

use plimsoll_smoke::{Verdict, import};

use crate::run_at;
use crate::server::{Reply, Server};

fn service() -> Server {
    Server::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/login") if request.body == "user=ann&lang=en" => {
            Reply::json(200, r#"{"id": 7, "tags": ["a", "b"]}"#).with("set-cookie", "sid=abc; Path=/")
        }
        ("POST", "/books/7") if request.header("cookie") == Some("sid=abc") => {
            let same = request.body == r#"{"title":"Sea","owner":7,"text":"7"}"#;
            Reply::json(if same { 201 } else { 400 }, &request.body)
        }
        ("GET", "/search?q=a+b%26c") => Reply::json(200, r#"{"found": 3}"#),
        _ => Reply::json(404, r#"{"error": "nothing here"}"#),
    })
}

fn source(base: &str, tags: usize) -> String {
    format!(
        r#"
POST {base}/login
[Form]
user: ann
lang: en
HTTP 200
[Captures]
id: jsonpath "$.id"
[Asserts]
jsonpath "$.tags" count == {tags}
cookie "sid" == "abc"
jsonpath "$.id" > 6
jsonpath "$.id" < 8

POST {base}/books/{{{{id}}}}
{{"title": "Sea", "owner": {{{{id}}}}, "text": "{{{{id}}}}"}}
HTTP 201
[Asserts]
body contains "Sea"
body contains "title"
body not contains "error"

GET {base}/missing
HTTP 404
[Asserts]
jsonpath "$.error" startsWith "nothing"
"#
    )
}

#[test]
fn an_imported_hurl_file_finds_what_the_source_finds() {
    let server = service();
    let base = server.url();
    let base = base.trim_end_matches('/');
    let right = import::hurl("right.hurl", &source(base, 2));
    assert_eq!(right.left_out, []);
    let report = run_at(base, &right.toml);
    assert_eq!(report.counts.pass, 3, "{report:#?}\n{}", right.toml);
    let wrong = import::hurl("wrong.hurl", &source(base, 3));
    let verdicts: Vec<_> = run_at(base, &wrong.toml).checks.iter().map(|check| check.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fail, Verdict::Skip, Verdict::Skip], "Hurl stops at the first entry that fails");
}

#[test]
fn an_imported_curl_line_sends_what_curl_would_send() {
    let server = service();
    let base = server.url();
    let base = base.trim_end_matches('/');
    let lines = [
        format!("curl -s {base}/login -d user=ann --data-raw 'lang=en'"),
        format!("curl -G --data-urlencode 'q=a b&c' {base}/search"),
    ];
    for line in lines {
        let imported = import::curl("curl", &line);
        assert_eq!(imported.left_out, []);
        let report = run_at(base, &imported.toml);
        assert!(report.passed(), "{report:#?}\n{}", imported.toml);
    }
}
