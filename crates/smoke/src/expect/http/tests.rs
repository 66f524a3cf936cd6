//! What is told of answers, made by hand. Whole exchanges are tested in `tests/loopback`.

use std::time::Duration;

use plimsoll_core::Redactor;
use serde_json::json;

use super::*;
use crate::expect::parse_json;
use crate::model::{Matcher, Schema};

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    Answer {
        status,
        version: reqwest::Version::HTTP_11,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        url: Url::parse("http://host/a").expect("a URL"),
        redirects: 0,
        body: body.as_bytes().to_vec(),
        certificate: None,
        elapsed: Duration::from_millis(5),
    }
}

fn found(expect: &Expect, answer: &Answer, wants: Option<WantsJson>) -> Vec<Finding> {
    let redactor = Redactor::default();
    let base = Url::parse("http://host").expect("a URL");
    let parsed = parse_json(&answer.body);
    let schema = expect.schema.as_ref().map(|schema| crate::expect::schema::compile(schema, None).expect("a schema"));
    let needs = if expect.json.is_empty() && schema.is_none() { WantsJson::No } else { WantsJson::Needs };
    let wanted = Wanted {
        expect,
        schema: schema.as_ref(),
        version: None,
        until: &[],
        json: wants.unwrap_or(needs),
        base: &base,
        now: SystemTime::now(),
    };
    judge(&wanted, answer, parsed.as_ref(), &Masking::new(&redactor))
}

fn findings(expect: &Expect, answer: &Answer) -> Vec<String> {
    found(expect, answer, None).iter().map(ToString::to_string).collect()
}

fn of(of: &str, is: Matcher) -> Vec<Expectation> {
    vec![Expectation { of: of.to_owned(), is }]
}

fn is(value: Value) -> Matcher {
    matcher::from_value(value).expect("a matcher")
}

#[test]
fn a_page_in_place_of_json_is_shown_by_its_title() {
    let page = answer(200, &[("content-type", "text/html")], "<html><TITLE>Sign\n in</TITLE></html>");
    let expect = Expect { json: of("$.ok", is(json!(true))), ..Expect::default() };
    let told = ["json: expected a JSON body, found an HTML page with the title \"Sign in\""];
    assert_eq!(findings(&expect, &page), told);
    let asked_for = found(&Expect::default(), &page, Some(WantsJson::Accepts));
    assert_eq!(asked_for.iter().map(ToString::to_string).collect::<Vec<_>>(), told);
    assert!(found(&Expect::default(), &answer(204, &[], ""), Some(WantsJson::Accepts)).is_empty());
}

#[test]
fn a_redirect_that_was_not_followed_shows_where_it_leads() {
    let redirect = answer(302, &[("location", "/login")], "");
    assert_eq!(findings(&Expect::default(), &redirect), ["status: expected a status of success, found 302 to /login"]);
    let expect = Expect { status: vec![StatusPattern::Class("3xx".to_owned())], ..Expect::default() };
    assert!(findings(&expect, &redirect).is_empty());
    let expect = Expect { status: vec![StatusPattern::Exact(200), StatusPattern::Exact(204)], ..Expect::default() };
    assert_eq!(findings(&expect, &redirect), ["status: expected 200 or 204, found 302 to /login"]);
}

#[test]
fn a_success_that_says_it_failed_is_none() {
    for (body, told) in [
        (r#"{"ok": false}"#, "json $.ok: expected anything but false, unless the check expects it, found false"),
        (
            r#"{"success": false}"#,
            "json $.success: expected anything but false, unless the check expects it, found false",
        ),
        (
            r#"{"status": "error"}"#,
            "json $.status: expected anything but \"error\", unless the check expects it, found \"error\"",
        ),
    ] {
        assert_eq!(findings(&Expect::default(), &answer(200, &[], body)), [told]);
        let expected = Expect { status: vec![StatusPattern::Exact(401)], ..Expect::default() };
        assert!(findings(&expected, &answer(401, &[], body)).is_empty());
    }
    for fine in [r#"{"ok": true}"#, r#"{"data": {"ok": false}}"#, r#"[{"ok": false}]"#, "false", "ok: false"] {
        assert!(findings(&Expect::default(), &answer(200, &[], fine)).is_empty(), "{fine}");
    }
    let expect = Expect { json: of("$.ok", is(json!(false))), ..Expect::default() };
    assert!(findings(&expect, &answer(200, &[], r#"{"ok": false}"#)).is_empty());
}

#[test]
fn an_empty_body_is_not_what_was_expected() {
    let empty = answer(200, &[], "");
    let body = |value| Expect { body: Some(is(value)), ..Expect::default() };
    assert_eq!(
        findings(&body(json!({"not": {"contains": "error"}})), &empty),
        ["body: expected not something with \"error\" in it, found an empty body"]
    );
    assert_eq!(findings(&body(json!({"matches": ".*"})), &empty).len(), 1);
    for fine in [json!(""), json!({"exists": false}), json!({"length": 0})] {
        assert!(findings(&body(fine.clone()), &empty).is_empty(), "{fine}");
    }
    let expect = Expect { json: of("$.n", is(json!({"exists": false}))), ..Expect::default() };
    assert_eq!(findings(&expect, &empty), ["json: expected a JSON body, found an empty body"]);
}

#[test]
fn a_media_type_is_met_with_any_parameters_unless_they_are_written() {
    let typed = answer(200, &[("content-type", "application/json; charset=utf-8")], "{}");
    let header = |wanted: &str| Expect { headers: of("Content-Type", is(json!(wanted))), ..Expect::default() };
    assert!(findings(&header("application/json"), &typed).is_empty());
    assert_eq!(findings(&header("application/json; charset=latin1"), &typed).len(), 1);
    let of_type = |wanted: &str| Expect { content_type: Some(wanted.to_owned()), ..Expect::default() };
    assert!(findings(&of_type("Application/JSON"), &typed).is_empty());
    assert_eq!(
        findings(&of_type("text/csv"), &typed),
        ["content type: expected \"text/csv\", found \"application/json\""]
    );
    assert_eq!(
        findings(&of_type("text/csv"), &answer(200, &[], "")),
        ["content type: expected \"text/csv\", found nothing"]
    );
}

#[test]
fn one_value_of_a_repeated_header_is_enough_but_a_denial_is_for_all() {
    let twice = answer(200, &[("x-a", "1"), ("x-a", "2")], "");
    let header = |value| Expect { headers: of("x-a", is(value)), ..Expect::default() };
    assert!(findings(&header(json!("2")), &twice).is_empty());
    assert!(findings(&header(json!({"at_least": 2})), &twice).is_empty());
    assert!(findings(&header(json!({"at_least": 1, "not": 3})), &twice).is_empty());
    assert_eq!(findings(&header(json!({"not": "2"})), &twice).len(), 1);
    assert_eq!(findings(&header(json!({"exists": false})), &twice).len(), 1);
    assert!(findings(&header(json!({"one_of": [2, 3]})), &twice).is_empty());
}

#[test]
fn cookies_length_and_digest_are_judged() {
    let answer = answer(200, &[("set-cookie", "t=1; HttpOnly"), ("set-cookie", "t=2")], "abc");
    let expect = Expect { cookies: of("t", is(json!("2"))), ..Expect::default() };
    assert!(findings(&expect, &answer).is_empty());
    let expect = Expect { cookies: of("u", is(json!({"exists": true}))), ..Expect::default() };
    assert_eq!(findings(&expect, &answer), ["cookie u: expected something, found nothing"]);
    let expect = Expect { bytes: Some(is(json!({"at_most": 2}))), ..Expect::default() };
    assert_eq!(findings(&expect, &answer), ["bytes: expected at most 2, found 3"]);
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(findings(&Expect { sha256: Some(digest.to_uppercase()), ..Expect::default() }, &answer).is_empty());
    assert_eq!(findings(&Expect { sha256: Some(digest.replace('a', "b")), ..Expect::default() }, &answer).len(), 1);
}

#[test]
fn a_body_that_does_not_fit_its_schema_is_told_by_place() {
    let schema = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    let expect = Expect { schema: Some(Schema::Inline(schema)), ..Expect::default() };
    assert_eq!(
        findings(&expect, &answer(200, &[], r#"{"id": "x"}"#)),
        ["schema /id: expected what the schema says, found \"x\" is not of type \"integer\""]
    );
    assert!(findings(&expect, &answer(200, &[], r#"{"id": 1}"#)).is_empty());
    assert_eq!(findings(&expect, &answer(200, &[], "")), ["json: expected a JSON body, found an empty body"]);
}

#[test]
fn a_long_value_is_compared_line_by_line() {
    let expect = Expect { json: of("$", is(json!({"a": [1, 2, 3], "b": 2}))), ..Expect::default() };
    let told = found(&expect, &answer(200, &[], r#"{"a": [1, 5, 3], "b": 2}"#), None);
    let diff = told[0].diff.as_deref().unwrap_or_default();
    assert!(diff.contains("-     2,\n+     5,"), "{diff}");
}

#[test]
fn without_tls_there_is_no_certificate_to_expect_anything_of() {
    let tls = crate::model::TlsExpect { days_left: Some(is(json!({"at_least": 14}))), ..Default::default() };
    let expect = Expect { tls: Some(tls), ..Expect::default() };
    assert_eq!(
        findings(&expect, &answer(200, &[], "")),
        ["certificate: expected a certificate, found a connection without TLS"]
    );
}

#[test]
fn the_final_url_is_a_path_of_the_target_or_a_whole_url() {
    let base = Url::parse("http://host/app").expect("a URL");
    let at = |wanted: &str, actual: &str| is_at(wanted, &Url::parse(actual).expect("a URL"), &base);
    assert!(at("/home", "http://host/app/home"));
    assert!(!at("/home", "http://other/app/home"));
    assert!(!at("/home", "http://host/app/home?next=1"));
    assert!(at("https://other/x", "https://other/x"));
}
