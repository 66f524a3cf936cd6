//! What becomes of whole sources. Every text that comes out is read again by the crate's own loader.

use std::path::Path;

use super::*;
use crate::model::Suites;

/// Imports and reads again.
fn read_again(imported: &Imported) -> Suites {
    let suites = crate::load::parse(Path::new("smoke/imported.toml"), &imported.toml)
        .unwrap_or_else(|problems| panic!("{problems:?}\n{}", imported.toml));
    assert_eq!(suites.checks.len(), imported.checks);
    suites
}

/// Everything that came of a source.
fn told(imported: &Imported) -> String {
    read_again(imported);
    let lines = |remarks: &[Remark]| remarks.iter().map(|remark| format!("{remark}\n")).collect::<String>();
    format!("{}\nleft out:\n{}\nnotes:\n{}", imported.toml, lines(&imported.left_out), lines(&imported.notes))
}

const HURL: &str = r##"
# somebody logs in
POST https://api.example.org/login?lang=en
Content-Type: application/x-www-form-urlencoded
X-Api-Key: k3y-k3y-k3y
[Form]
user: ann
password: s3cret-word
HTTP 200
[Captures]
csrf-token: header "x-csrf"
id: jsonpath "$.user.id"
name: regex "name=(\\w+)"
first: jsonpath "$.items" nth 0
[Asserts]
cookie "session" exists
jsonpath "$.user.name" == "Ann # not a comment"   # a comment
jsonpath "$.items" count > 2
jsonpath "$.price" > 1.5
jsonpath "$.price" < 9
jsonpath "$.error" not exists
jsonpath "$.id" != null
jsonpath "$.tags" includes "a"
jsonpath "$.kind" isString
header "content-type" contains "json"
header "content-type" startsWith "application/"
body contains "Ann"
body contains "Sea"
duration < 1000
bytes count <= 2000
sha256 == hex,9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08;
xpath "string(//title)" == "x"

POST https://api.example.org/books/{{id}}
Authorization: Bearer {{csrf-token}}
[Options]
retry: 3
insecure: true
max-time: 5s
{
  "title": "Sea",
  "owner": {{id}},
  "text": "{{id}}",
  "tags": ["a", "b"]
}
HTTP/1.1 *
[Asserts]
status >= 200
status < 300
redirects count == 0

# the page opens
GET https://api.example.org/old
Authorization: Bearer eyJhbGciOi.J9
Cookie: theme=dark-dark; sid=abcabcabc
[BasicAuth]
bob: hunter2hunter2
[Options]
location: true
HTTP 200
[Asserts]
url == "https://api.example.org/new"
certificate "Expire-Date" daysAfterNow > 15

PUT https://api.example.org/upload
[Multipart]
title: Sea
pdf: file,fixtures/sea.pdf; application/pdf
HTTP 201
{"id": 1, "none": null}

GET https://other.example.org/elsewhere
HTTP 200

POST https://api.example.org/text
```xml
<a>{{id}} {% x %}</a>
```
HTTP 204
"##;

#[test]
fn a_hurl_file_becomes_checks_and_tells_what_does_not() {
    let imported = hurl("books.hurl", HURL);
    let told = told(&imported);
    for secret in ["k3y-k3y", "s3cret", "eyJhbGci", "hunter2", "dark-dark", "abcabc"] {
        assert!(!told.contains(secret), "{secret} in\n{told}");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn curl_lines_become_checks() {
    let lines = [
        "curl -sS -X POST 'http://localhost:8080/books?page=1' -H 'Content-Type: application/json' \\\n  -d '{\"title\": \"Sea\", \"password\": \"s3cret-word\"}' -u ann:hunter2hunter2 -m 5",
        "curl http://localhost/login -d user=ann -d 'note=a%20b' --compressed -H \"Authorization: Bearer $TOKEN\"",
        "curl -fsSLk https://example.org -o /dev/null | jq .",
        "curl -F title=Sea -F 'pdf=@fixtures/sea.pdf;type=application/pdf' example.org/up -b 'sid=abcabcabc'",
        "curl -G --data-urlencode 'q=a b&c' https://example.org/search",
        "curl -T a.json -I --http2 --retry 3 https://example.org/x --resolve example.org:443:127.0.0.1",
        "curl -d 'not a form' -H 'X-Token: eyJhbGciOi.J9' http://h/{{x}}",
        "wget http://h/",
        "curl",
    ];
    let all: Vec<_> = lines.iter().map(|line| told(&curl("curl", line))).collect();
    let all = all.join("\n----\n");
    for secret in ["s3cret", "hunter2", "abcabc", "eyJhbGci"] {
        assert!(!all.contains(secret), "{secret} in\n{all}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn whatever_comes_in_what_comes_out_loads() {
    // Beginnings of a file, and the file with one line less: broken in many places.
    let lines: Vec<&str> = HURL.lines().collect();
    for number in (0..lines.len()).step_by(5) {
        read_again(&hurl("a", &lines[..number].join("\n")));
        let without: Vec<_> = lines.iter().enumerate().filter(|(at, _)| *at != number).map(|(_, line)| *line).collect();
        read_again(&hurl("a", &without.join("\n")));
    }
    for hostile in [
        "",
        "GET",
        "GET \"",
        "GET http://h\nHTTP 999\n",
        "GET http://h\n[Asserts]\n```",
        "POST h\n{\"a\": {{",
        "\u{feff}GET /\r\nHTTP 200\r\n",
    ] {
        read_again(&hurl("a\n[[check]]", hostile));
        read_again(&curl("a", hostile));
    }
}

#[test]
fn secrets_are_taken_out_of_what_is_no_list_of_pairs_too() {
    let hurl_source = "POST https://h/x?flag&token=s3cret-1\n```\nuser=a&password=s3cret-2&flag\n```\nHTTP 302\n[Asserts]\n\
                       url == \"https://h/y?flag&token=s3cret-1\"\n";
    let all = [
        curl("curl", "curl 'https://h/x?flag&token=s3cret-1'"),
        curl("curl", "curl -d 'user=a&password=s3cret-2&flag' https://h/x"),
        curl("curl", "curl -G -d 'flag&api_key=s3cret-3' https://h/x"),
        curl("curl", r#"curl --json '{"a": null, "token": "s3cret\"-4", "n": 1}' https://h/x"#),
        hurl("a.hurl", hurl_source),
    ];
    let texts: Vec<_> = all.iter().map(told).collect();
    for text in &texts {
        assert!(!text.contains("s3cret") && text.contains("a secret was taken out"), "{text}");
    }
    assert!(texts[0].contains(r#"path = "/x?flag&token={{ TOKEN }}""#), "{}", texts[0]);
    assert!(texts[1].contains(r#"body = "user=a&password={{ PASSWORD }}&flag""#), "{}", texts[1]);
    assert!(texts[3].contains(r#"{"a": null, "token": "{{ TOKEN }}", "n": 1}"#), "{}", texts[3]);
}
