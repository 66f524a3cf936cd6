//! Versions of HTTP, against servers that speak HTTP/2, in clear and agreed on by TLS. All other tests speak HTTP/1.1.

use std::net::SocketAddr;
use std::thread;

use plimsoll_smoke::Options;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::certificates::{Authority, tls_config};
use crate::server::{Reply, Server};
use crate::{run_at, run_with, wrongs};

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
                tokio::spawn(answer_http2(stream));
            }
        });
    });
    address
}

async fn answer_http2(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let answer = http::Response::builder().status(200).body(()).expect("an answer");
        let mut body = respond.send_response(answer, false).expect("the client listens");
        body.send_data(r#"{"version": 2}"#.into(), true).expect("the client listens");
    }
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

/// A server with TLS that offers these protocols, and answers with the version that was agreed on.
fn with_alpn(authority: &Authority, protocols: &[&str]) -> u16 {
    let mut config = tls_config(&authority.sign("localhost", |_| {}), None);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("an option of the socket");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that agrees to nothing goes away by itself.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                        answer_http2(stream).await;
                    } else {
                        answer_http1(stream).await;
                    }
                });
            }
        });
    });
    port
}

async fn answer_http1(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read_exact(&mut byte).await.is_err() {
            return;
        }
        request.push(byte[0]);
    }
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\nconnection: close\r\n\r\n{\"version\": 1}";
    if request.starts_with(b"GET ") && stream.write_all(answer).await.is_ok() {
        stream.shutdown().await.ok();
    }
}

#[test]
fn the_version_is_agreed_on_by_tls() {
    let authority = Authority::new();
    let project = tempfile::tempdir().expect("a folder");
    std::fs::write(project.path().join("ca.pem"), authority.0.pem()).expect("a file");
    let options = Options { root: Some(project.path().to_owned()), ..Options::default() };
    let ask = |port: u16, http: &str, version: u8| {
        let text = format!(
            "[suite]\nca = 'ca.pem'\n[[check]]\nname = 'a'\nrequest = {{ path = '/' {http} }}\n\
             expect = {{ json = {{ '$.version' = {version} }} }}\n"
        );
        wrongs(&run_with(&format!("https://localhost:{port}"), &text, &options, &mut |_| {}))
    };
    let nothing: Vec<String> = Vec::new();
    let both = with_alpn(&authority, &["h2", "http/1.1"]);
    assert_eq!(ask(both, "", 2), nothing, "the newer one, when both sides can");
    assert_eq!(ask(both, ", http = '2'", 2), nothing);
    assert_eq!(ask(both, ", http = '1.1'", 1), nothing);
    for old in [with_alpn(&authority, &["http/1.1"]), with_alpn(&authority, &[])] {
        assert_eq!(ask(old, "", 1), nothing);
        let found = ask(old, ", http = '2'", 2);
        assert!(found.len() == 1 && found[0].starts_with("ERROR "), "{found:?}");
    }
    let new = with_alpn(&authority, &["h2"]);
    assert_eq!(ask(new, "", 2), nothing);
    let found = ask(new, ", http = '1.1'", 1);
    assert!(found.len() == 1 && found[0].starts_with("ERROR no trusted connection ("), "{found:?}");
}
