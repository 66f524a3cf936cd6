//! Bodies as they come in the wild: compressed, announced wrongly, cut, slow. What is expected of good ones is in `answers.rs`.

use std::io::Write;
use std::time::Duration;

use plimsoll_smoke::Options;

use crate::server::{Reply, Server};
use crate::{run_at, run_with, wrongs};

const CHECK: &str = "[[check]]\nname = 'a'\nrequest = { path = '/' }\nexpect = { json = { '$.ok' = true } }\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn answer(encoding: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

fn wrongs_of(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Vec<String> {
    let server = Server::start(move |_| reply());
    wrongs(&run_at(&server.url(), CHECK))
}

#[test]
fn compressed_bodies_are_read_as_what_they_are() {
    assert!(wrongs_of(|| answer("gzip", &gzip(br#"{"ok": true}"#))).is_empty());
    // The same text, made by another program.
    let brotli = [0x8b, 0x05, 0x80, 0x7b, 0x22, 0x6f, 0x6b, 0x22, 0x3a, 0x20, 0x74, 0x72, 0x75, 0x65, 0x7d, 0x03];
    assert!(wrongs_of(move || answer("br", &brotli)).is_empty());
}

#[test]
fn what_we_can_read_is_announced_and_a_check_may_say_otherwise() {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/a' }\n\
                [[check]]\nname = 'b'\nrequest = { path = '/b', headers = { accept-encoding = 'identity' } }\n";
    assert!(run_at(&server.url(), text).passed());
    let accepted: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("accept-encoding").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(accepted, ["gzip, br", "identity"]);
}

#[test]
fn a_small_body_that_holds_a_very_large_one_is_not_unpacked() {
    let bomb = gzip(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < 100_000);
    assert_eq!(wrongs_of(move || answer("gzip", &bomb)), ["ERROR answer too large (more than 10485760 bytes)"]);
}

#[test]
fn a_compressed_body_that_breaks_off_is_not_whole() {
    let whole = gzip(br#"{"ok": true, "text": "long enough to be cut somewhere in the middle"}"#);
    let found = wrongs_of(move || answer("gzip", &whole[..whole.len() - 12]));
    assert!(found[0].starts_with("ERROR answer cut short (it cannot be decompressed: "), "{found:?}");
}

#[test]
fn an_encoding_that_nobody_asked_for_is_told() {
    assert_eq!(
        wrongs_of(|| answer("zstd", b"(\xb5/\xfd")),
        ["FAIL json: expected a JSON body, found a body that is not JSON, encoded as zstd"]
    );
}

#[test]
fn a_body_announced_too_long_or_too_short_is_not_as_expected() {
    let of = |length: u32| format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{{\"ok\": true}}");
    let found = wrongs_of(move || Reply::Raw(of(100)));
    assert!(found[0].starts_with("ERROR answer cut short"), "{found:?}");
    let found = wrongs_of(move || Reply::Raw(of(5)));
    assert!(found[0].starts_with("FAIL json: expected a JSON body, found a body that is not JSON"), "{found:?}");
}

#[test]
fn chunks_that_break_off_or_lie_are_not_a_whole_answer() {
    let chunked =
        |rest: &'static str| move || Reply::Raw(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{rest}"));
    for broken in ["c\r\n{\"ok\": true}\r\n", "c\r\n{\"ok\"", "xyz\r\n{\"ok\": true}\r\n0\r\n\r\n"] {
        let found = wrongs_of(chunked(broken));
        assert!(found[0].starts_with("ERROR answer cut short"), "{broken:?}: {found:?}");
    }
    assert!(wrongs_of(chunked("5\r\n{\"ok\"\r\n7\r\n: true}\r\n0\r\n\r\n")).is_empty());
}

#[test]
fn a_connection_that_is_reset_inside_of_a_body_is_no_answer() {
    let found = wrongs_of(|| Reply::RawThenReset("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ok\"".to_owned()));
    // The reset may overtake the head.
    assert!(
        found[0].starts_with("ERROR answer cut short") || found[0].starts_with("ERROR connection lost"),
        "{found:?}"
    );
}

#[test]
fn each_part_of_an_exchange_has_a_time_of_its_own() {
    let silent = Server::start(|_| Reply::RawThenSilence(String::new()));
    let half = Server::start(|_| Reply::RawThenSilence("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_owned()));
    let check =
        |timeouts: &str| format!("[[check]]\nname = 'a'\nrequest = {{ path = '/', timeouts = {{ {timeouts} }} }}\n");
    let found = |server: &Server, timeouts: &str| {
        let options = Options { timeout: Duration::from_secs(60), ..Options::default() };
        wrongs(&run_with(&server.url(), &check(timeouts), &options, &mut |_| {}))
    };
    assert_eq!(
        found(&silent, "first_byte = '80ms'"),
        ["ERROR no complete answer in time (no byte of an answer within 80ms)"]
    );
    assert_eq!(
        found(&half, "first_byte = '20s', total = '80ms'"),
        ["ERROR no complete answer in time (not complete within 80ms)"]
    );
}

#[test]
fn a_check_may_allow_less_than_the_run() {
    let server = Server::start(|_| Reply::json(200, &format!("\"{}\"", "x".repeat(2_000))));
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/', body_limit = '1KB' }\n";
    assert_eq!(wrongs(&run_at(&server.url(), text)), ["ERROR answer too large (more than 1000 bytes)"]);
}

#[test]
fn an_answer_to_head_has_no_body_whatever_it_announces() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\ncontent-encoding: gzip\r\n\r\n";
    let server = Server::start(move |_| Reply::Raw(head.to_owned()));
    let text = "[[check]]\nname = 'a'\nrequest = { method = 'HEAD', path = '/' }\nexpect = { status = '2xx' }\n";
    assert!(run_at(&server.url(), text).passed());
}

#[test]
fn a_two_hundred_that_says_it_failed_fails() {
    let server = Server::start(|_| Reply::json(200, r#"{"ok": false, "reason": "no database"}"#));
    let report = run_at(&server.url(), "[[check]]\nname = 'a'\nrequest = { path = '/' }\n");
    assert_eq!(
        wrongs(&report),
        ["FAIL json $.ok: expected anything but false, unless the check expects it, found false"]
    );
}
