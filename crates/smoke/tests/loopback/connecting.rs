//! A machine that does not answer a connection at all, unlike one that refuses it. What comes after connecting is in `answers.rs`.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use plimsoll_smoke::Options;

use crate::{run_at, run_with, wrongs};

/// A listener that accepts nobody, with as many waiting already as it lets wait: the system drops what else arrives.
fn full() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    // Again, with the shortest queue there is.
    rustix::net::listen(&listener, 0).expect("a shorter queue");
    let address = listener.local_addr().expect("an address");
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the queue has an end");
    }
    (address, listener, waiting)
}

#[test]
fn a_connection_that_nobody_answers_is_given_up_after_its_own_time() {
    let (address, _listener, _waiting) = full();
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/', timeouts = { connect = '300ms' } }\n";
    let began = Instant::now();
    let found = wrongs(&run_at(&format!("http://{address}"), text));
    let took = began.elapsed();
    assert_eq!(found, ["ERROR no complete answer in time (no connection within 300ms)"]);
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn the_time_to_connect_of_the_run_holds_where_a_check_has_none() {
    let (address, _listener, _waiting) = full();
    let text = "[[check]]\nname = 'a'\nrequest = { path = '/' }\n[[check]]\nname = 'b'\nrequest = { path = '/', timeouts = { connect = '100ms' } }\n\
                [[check]]\nname = 'c'\ntcp = { address = '{{ address }}', timeout = '100ms' }\n";
    let text = text.replace("{{ address }}", &address.to_string());
    let options = Options { connect_timeout: Duration::from_millis(200), ..Options::default() };
    let found = wrongs(&run_with(&format!("http://{address}"), &text, &options, &mut |_| {}));
    let silent = format!("FAIL error: expected nothing, found \"{address}: not within 100ms\"");
    assert_eq!(found[0], "ERROR no complete answer in time (no connection within 200ms)");
    assert_eq!(found[1], "ERROR no complete answer in time (no connection within 100ms)");
    assert_eq!(found[2], silent);
}

#[test]
fn what_changes_something_may_be_tried_again_when_nobody_took_the_connection() {
    let (address, listener, waiting) = full();
    let began = Instant::now();
    // Whoever takes what waits makes room; the request itself is answered by nobody, and not sent a second time.
    let helper = std::thread::spawn(move || {
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        never.recv_timeout(Duration::from_millis(700)).ok();
        let mut taken: Vec<_> = (0..waiting.len()).filter_map(|_| listener.accept().ok()).collect();
        drop(waiting);
        let (mut stream, _) = listener.accept().expect("the request comes");
        let mut head = [0; 5];
        std::io::Read::read_exact(&mut stream, &mut head).expect("a request");
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("an answer");
        taken.clear();
        String::from_utf8_lossy(&head).into_owned()
    });
    let text = "[[check]]\nname = 'a'\neffect = 'mutate'\nleaves = 'a row'\nretry = { for = '30s' }\n\
                request = { method = 'POST', path = '/', timeouts = { connect = '300ms' } }\nexpect = { bytes = 0 }\n";
    let report = run_at(&format!("http://{address}"), text);
    assert_eq!(helper.join().expect("no panic"), "POST ");
    let check = &report.checks[0];
    assert_eq!((check.verdict.as_str(), check.attempts > 1), ("FLAKY", true), "{check:?}");
    assert!(began.elapsed() < Duration::from_secs(20));
}
