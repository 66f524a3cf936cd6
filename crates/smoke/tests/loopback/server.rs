//! A small HTTP server on a free port whose answers a test decides, right or broken. What is asserted is the tests'.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// Which connection it came on, from 1.
    pub(crate) connection: usize,
    /// Which request it is to this path, from 1.
    pub(crate) nth: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Incoming {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Bytes as they are, then the end of the connection.
    Raw(String),
    /// The same for bytes that are no text.
    Bytes(Vec<u8>),
    /// Bytes as they are, then a reset of the connection.
    RawThenReset(String),
    /// Bytes as they are, then nothing until the client goes away.
    RawThenSilence(String),
    /// Ends the connection without an answer.
    Die,
    /// Answers after a while.
    Late(Duration, Box<Reply>),
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer { status, headers: vec![("content-type", "application/json".to_owned())], body: body.to_owned() }
    }

    pub(crate) fn html(title: &str) -> Self {
        let body = format!("<!doctype html><html><head><title>{title}</title></head></html>");
        Self::Answer { status: 200, headers: vec![("content-type", "text/html; charset=utf-8".to_owned())], body }
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::Answer { status: 302, headers: vec![("location", to.to_owned())], body: String::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// A running server; it ends when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Incoming>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(decide: impl Fn(&Incoming) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), None, decide)
    }

    /// Serves at an address that was free a moment ago.
    pub(crate) fn at(address: SocketAddr, decide: impl Fn(&Incoming) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind(address).expect("the port is still free"), None, decide)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Incoming> {
        self.log.lock().expect("no test panicked with the log").clone()
    }

    /// Serves over TLS, with a name in its URL.
    pub(crate) fn with_tls(
        config: rustls::ServerConfig,
        decide: impl Fn(&Incoming) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").expect("a free port"), Some(Arc::new(config)), decide)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    fn on(
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        decide: impl Fn(&Incoming) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("an address");
        let (log, stop, decide) =
            (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)), Arc::new(decide));
        let server = Self { address, log: Arc::clone(&log), stop: Arc::clone(&stop) };
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let (Ok(stream), log, decide) = (stream, Arc::clone(&log), Arc::clone(&decide)) else { break };
                let tls = tls.clone();
                thread::spawn(move || match tls {
                    None => serve(stream, index + 1, &log, decide.as_ref()),
                    Some(config) => {
                        let session = rustls::ServerConnection::new(config).expect("a usable configuration");
                        serve(rustls::StreamOwned::new(session, stream), index + 1, &log, decide.as_ref());
                    }
                });
            }
        });
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then sees the flag.
        TcpStream::connect(self.address).ok();
    }
}

/// A connection in clear or with TLS.
trait Connection: Read + Write {
    /// Ends it with a reset, and not in an orderly way.
    fn reset_at_end(&mut self);
}

impl Connection for TcpStream {
    fn reset_at_end(&mut self) {
        rustix::net::sockopt::set_socket_linger(&*self, Some(Duration::ZERO)).expect("an option of the socket");
    }
}

impl Connection for rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
    fn reset_at_end(&mut self) {
        self.sock.reset_at_end();
    }
}

/// An address at which nothing listens.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

fn serve<S: Connection>(stream: S, connection: usize, log: &Mutex<Vec<Incoming>>, decide: &dyn Fn(&Incoming) -> Reply) {
    let mut reader = BufReader::new(stream);
    // The connection is kept for as long as the client wants, so that a client that reuses it is found out.
    while let Some(mut incoming) = read(&mut reader, connection) {
        {
            let mut log = log.lock().expect("no test panicked with the log");
            incoming.nth = 1 + log.iter().filter(|earlier| earlier.path == incoming.path).count();
            log.push(incoming.clone());
        }
        if !reply(reader.get_mut(), decide(&incoming)) {
            break;
        }
    }
}

fn read(reader: &mut impl BufRead, connection: usize) -> Option<Incoming> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut incoming = Incoming { connection, nth: 0, method, path, headers, body: String::new() };
    let length = incoming.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    incoming.body = String::from_utf8_lossy(&body).into_owned();
    Some(incoming)
}

/// Whether the connection goes on.
fn reply<S: Connection>(stream: &mut S, reply: Reply) -> bool {
    match reply {
        Reply::Answer { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(format!("{head}\r\n{body}").as_bytes()).is_ok()
        }
        Reply::Raw(bytes) => {
            stream.write_all(bytes.as_bytes()).ok();
            false
        }
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).ok();
            false
        }
        Reply::RawThenReset(bytes) => {
            stream.write_all(bytes.as_bytes()).ok();
            // What was sent is lost with the connection unless the client has read it before.
            stream.reset_at_end();
            false
        }
        Reply::RawThenSilence(bytes) => {
            stream.write_all(bytes.as_bytes()).ok();
            stream.read_exact(&mut [0]).ok();
            false
        }
        Reply::Die => false,
        Reply::Late(delay, then) => {
            let (_keep, never) = mpsc::channel::<()>();
            never.recv_timeout(delay).ok();
            self::reply(stream, *then)
        }
    }
}
