//! Versions of HTTP, against a server that speaks HTTP/2. All other tests speak HTTP/1.1.

use std::net::SocketAddr;
use std::thread;

use crate::server::{Reply, Server};
use crate::{run_at, wrongs};

/// A server that speaks HTTP/2 from the first byte, until the test ends.
fn http2() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("an option of the socket");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async {
                    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        let answer = http::Response::builder().status(200).body(()).expect("an answer");
                        let mut body = respond.send_response(answer, false).expect("the client listens");
                        body.send_data(r#"{"version": 2}"#.into(), true).expect("the client listens");
                    }
                });
            }
        });
    });
    address
}

fn check(version: &str) -> String {
    format!("[[check]]\nname = 'a'\nrequest = {{ path = '/', http = '{version}' }}\n")
}

#[test]
fn http2_is_spoken_when_a_check_says_so() {
    let text = format!("{}expect = {{ json = {{ '$.version' = 2 }} }}\n", check("2"));
    let report = run_at(&format!("http://{}", http2()), &text);
    assert!(report.passed(), "{:?}", wrongs(&report));
}

#[test]
fn a_server_that_does_not_speak_the_version_cannot_be_measured() {
    let old = Server::start(|_| Reply::json(200, "{}"));
    assert!(run_at(&old.url(), &check("1.1")).passed());
    let found = wrongs(&run_at(&old.url(), &check("2")));
    assert!(found[0].starts_with("ERROR "), "{found:?}");
    let found = wrongs(&run_at(&format!("http://{}", http2()), &check("1.1")));
    assert!(found[0].starts_with("ERROR "), "{found:?}");
}
