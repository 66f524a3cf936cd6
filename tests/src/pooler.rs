//! A transaction pooler for PostgreSQL on loopback: it speaks the protocol and lends a session of the server to a client for one
//! transaction at a time. What survives that is the tests' to find out.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_core::db::DatabaseUrl;

/// How many sessions of the server are kept at most.
const SESSIONS: usize = 4;

/// As poolers do (`query_wait_timeout`): who waits longer for a session is sent away, and need not wait for ever for one who
/// holds a session and waits for another.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Requests for encryption, which come before the first message.
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// A pooler in front of one database. Its threads end with the test's process.
#[derive(Debug)]
pub struct Pooler {
    url: DatabaseUrl,
}

#[derive(Default)]
struct Sessions {
    /// The last one given back is the first one lent, as poolers do.
    idle: Mutex<(Vec<TcpStream>, usize)>,
    returned: Condvar,
}

impl Pooler {
    /// Starts one in front of the database of a URL, `postgresql://user@host:port/database`.
    #[must_use]
    pub fn start(url: &str) -> Self {
        Self::start_late(url, Duration::ZERO)
    }

    /// As [`Self::start`], one that takes a session back some time after its client has the answer.
    #[must_use]
    pub fn start_late(url: &str, delay: Duration) -> Self {
        let authority = url.split_once("://").and_then(|(_, rest)| rest.split('/').next()).expect("a host");
        let server = authority.rsplit('@').next().expect("a host").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has one").to_string();
        let sessions = Arc::new(Sessions::default());
        let pooled = url.replacen(&server, &address, 1);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (sessions, server) = (Arc::clone(&sessions), server.clone());
                // A client that goes away in the middle is no error of the pooler's.
                std::thread::spawn(move || drop(serve(client, &server, &sessions, delay)));
            }
        });
        Self { url: DatabaseUrl::parse(&pooled, "/".as_ref()).expect("a good URL") }
    }

    /// The URL of the database by way of the pooler.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }
}

impl Sessions {
    fn lend(&self) -> std::io::Result<TcpStream> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.returned.wait_timeout_while(idle, LONGEST_WAIT, |idle| idle.0.is_empty());
        let (mut idle, _) = waited.unwrap_or_else(PoisonError::into_inner);
        idle.0.pop().ok_or_else(|| std::io::ErrorKind::TimedOut.into())
    }

    fn give_back(&self, session: TcpStream) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).0.push(session);
        self.returned.notify_one();
    }

    /// Takes a new session in, unless there are enough: then it is closed.
    fn add(&self, session: TcpStream) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.1 < SESSIONS {
            idle.1 += 1;
            idle.0.push(session);
            self.returned.notify_one();
        }
    }

    fn forget(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).1 -= 1;
    }
}

/// A pooler's own slowness, for nobody wakes its thread.
fn be_late(delay: Duration) {
    let begun = std::time::Instant::now();
    while begun.elapsed() < delay {
        std::thread::park_timeout(delay - begun.elapsed().min(delay));
    }
}

fn serve(mut client: TcpStream, server: &str, sessions: &Sessions, delay: Duration) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let Some(startup) = startup(&mut client)? else { return Ok(()) };
    let session = log_in(&mut client, server, &startup)?;
    be_late(delay);
    sessions.add(session);
    loop {
        let (kind, mut message) = read_message(&mut client)?;
        if kind == b'X' {
            return Ok(());
        }
        let mut session = sessions.lend()?;
        let outcome = transaction(&mut client, &mut session, kind, &mut message);
        match outcome {
            Ok(()) => {
                be_late(delay);
                sessions.give_back(session);
            }
            Err(error) => {
                // A transaction is open that nobody will end: the session is closed with it.
                sessions.forget();
                return Err(error);
            }
        }
    }
}

/// The client's first packet, `None` when there is nothing to serve.
fn startup(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    loop {
        let packet = read_packet(client, Vec::new())?;
        match u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]) {
            SSL | GSS => client.write_all(b"N")?,
            _ if packet.windows(9).any(|window| window == b"\0options\0") => {
                client.write_all(&refusal("unsupported startup parameter: options"))?;
                return Ok(None);
            }
            _ => return Ok(Some(packet)),
        }
    }
}

/// Logs a client in at the server itself, with whatever the two have to say to each other.
fn log_in(client: &mut TcpStream, server: &str, startup: &[u8]) -> std::io::Result<TcpStream> {
    let mut session = TcpStream::connect(server)?;
    session.set_nodelay(true)?;
    session.write_all(startup)?;
    loop {
        let (kind, message) = read_message(&mut session)?;
        client.write_all(&message)?;
        match kind {
            b'Z' => return Ok(session),
            b'R' if message[8] != 0 && message[8] != 12 => {
                let (_, answer) = read_message(client)?;
                session.write_all(&answer)?;
            }
            _ => {}
        }
    }
}

/// Passes on one transaction, which begins with a message that was read already.
fn transaction(
    client: &mut TcpStream,
    session: &mut TcpStream,
    mut kind: u8,
    message: &mut Vec<u8>,
) -> std::io::Result<()> {
    loop {
        session.write_all(message)?;
        // A query, or the end of an extended one: now the server speaks until it is ready again.
        if kind == b'Q' || kind == b'S' {
            loop {
                let (kind, message) = read_message(session)?;
                client.write_all(&message)?;
                match (kind, message.last()) {
                    (b'Z', Some(b'I')) => return Ok(()),
                    (b'Z', _) => break,
                    _ => {}
                }
            }
        }
        (kind, *message) = read_message(client)?;
    }
}

/// A message with its kind, which is its first byte as well.
fn read_message(from: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut kind = [0];
    from.read_exact(&mut kind)?;
    Ok((kind[0], read_packet(from, kind.to_vec())?))
}

/// What begins with its length, after what was read already.
fn read_packet(from: &mut TcpStream, mut packet: Vec<u8>) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    packet.extend(length);
    let begun = packet.len();
    packet.resize(begun + u32::from_be_bytes(length) as usize - 4, 0);
    from.read_exact(&mut packet[begun..])?;
    Ok(packet)
}

fn refusal(text: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C08P01\0M{text}\0\0");
    let mut message = vec![b'E'];
    message.extend(u32::try_from(fields.len() + 4).expect("it is short").to_be_bytes());
    message.extend(fields.as_bytes());
    message
}
