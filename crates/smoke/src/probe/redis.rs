//! Asks Redis, and gives its answer as JSON. What it found is judged by `expect/probe.rs`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use plimsoll_core::Secret;
use redis::{
    Client, Cmd, Connection, ConnectionInfo, ErrorKind, IntoConnectionInfo as _, ProtocolVersion, RedisError,
    RedisResult, ServerErrorKind, Value as Reply,
};
#[cfg(feature = "tls")]
use redis::{ClientTlsConfig, ConnectionAddr, TlsCertificates};
use serde_json::{Map, Number, Value};

use super::{Context, Observation, in_time, unmeasured};
use crate::http::failure;
use crate::http::tls::Trust;
use crate::model::{RedisAction, RedisProbe};
use crate::report::{Unmeasured, UnmeasuredKind};

/// Most keys that are listed.
const MOST_KEYS: usize = 10_000;

/// How many keys the server looks at for one answer, so that others are served in between.
const AT_ONCE: usize = 500;

/// Commands whose answer is a time, or one of two numbers below zero that mean that there is none.
const TIMES: [&str; 4] = ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"];

/// What one look finds. What Redis refuses is an error that may be expected.
pub(super) fn measure(probe: &RedisProbe, context: &Context<'_>) -> Result<Observation, Unmeasured> {
    let began = Instant::now();
    let limit = context.limit(probe.timeout_ms).max(Duration::from_millis(1));
    let asked =
        connect(probe, context, limit)?.and_then(|mut connection| ask(&mut connection, &probe.action, began, limit));
    let elapsed = began.elapsed();
    let found = match asked {
        Ok(Some(found)) => found,
        Ok(None) => {
            let detail = format!("more than {MOST_KEYS} keys: a longer prefix finds fewer");
            return Err(unmeasured(UnmeasuredKind::TooLarge, detail));
        }
        Err(error) => refused(&error, limit)?,
    };
    Ok(Observation { elapsed, ..found })
}

/// Why a URL cannot be used, when it cannot; the text never repeats it, since it may hold a password.
pub(crate) fn wrong_with(url: &str) -> Option<&'static str> {
    let Some(parsed) = redis::parse_redis_url(url) else {
        return Some("is none: write `redis://user:password@host:6379/0` or `unix:///path/to/socket`");
    };
    match parsed.scheme() {
        "rediss" | "valkeys" if cfg!(not(feature = "tls")) => {
            Some("asks for TLS, and this program was built without the feature `tls`")
        }
        "rediss" | "valkeys" if parsed.fragment().is_some() => {
            Some("has a `#`: who is trusted is said by `ca` of `[suite]`, and nobody trusts everybody")
        }
        _ => url.into_connection_info().err().map(|_| "has a host, port or database that cannot be used"),
    }
}

/// The inner error is Redis's own, or that of the connection.
fn connect(probe: &RedisProbe, context: &Context<'_>, limit: Duration) -> Result<RedisResult<Connection>, Unmeasured> {
    let url = probe.url.as_str();
    let wrong = |why: &str| unmeasured(UnmeasuredKind::NotPrepared, format!("the URL of Redis {why}"));
    if let Some(why) = wrong_with(url) {
        return Err(wrong(why));
    }
    let info = url.into_connection_info().map_err(|_| wrong("cannot be used"))?;
    let trust = context.trust.clone()?;
    let open = |protocol| {
        let settings = info.redis_settings().clone().set_protocol(protocol);
        let client = client(info.clone().set_redis_settings(settings), trust)?;
        let connection = client.get_connection_with_timeout(limit)?;
        connection.set_read_timeout(Some(limit))?;
        connection.set_write_timeout(Some(limit))?;
        Ok(connection)
    };
    // Only the newer protocol tells lists from tables. Servers before 6 do not know it.
    Ok(open(ProtocolVersion::RESP3).or_else(|error: RedisError| match error.kind() {
        ErrorKind::RESP3NotSupported => open(ProtocolVersion::RESP2),
        _ => Err(error),
    }))
}

/// TLS trusts the authorities of the suite, or those of the machine, as requests do.
#[cfg(feature = "tls")]
fn client(info: ConnectionInfo, trust: Option<&Trust>) -> RedisResult<Client> {
    if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
        return Client::open(info);
    }
    let pem = trust.map(|trust| &trust.pem);
    let identity = pem.and_then(|pem| pem.identity.clone());
    let client_tls = identity.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
    let root_cert = pem.and_then(|pem| pem.authorities.clone());
    Client::build_with_tls(info, TlsCertificates { client_tls, root_cert })
}

#[cfg(not(feature = "tls"))]
fn client(info: ConnectionInfo, _trust: Option<&Trust>) -> RedisResult<Client> {
    Client::open(info)
}

/// `None` when there is more than is taken.
fn ask(
    connection: &mut Connection,
    action: &RedisAction,
    began: Instant,
    limit: Duration,
) -> RedisResult<Option<Observation>> {
    let words = match action {
        RedisAction::Keys(pattern) => return Ok(keys(connection, pattern, began, limit)?.map(listed)),
        RedisAction::Command(words) => words,
    };
    let mut command = Cmd::new();
    words.iter().for_each(|word| {
        command.arg(word);
    });
    let json = json(command.query::<Reply>(connection)?);
    let name = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let secrets = secrets(&name, &json);
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let error = no_time(&name, &json);
    // What is no time must not look like a short one.
    let json = error.is_none().then_some(json);
    Ok(Some(Observation { json, text, error, secrets, ..Observation::default() }))
}

/// All keys of a pattern, step by step: `KEYS` would keep everybody else waiting.
fn keys(
    connection: &mut Connection,
    pattern: &str,
    began: Instant,
    limit: Duration,
) -> RedisResult<Option<BTreeSet<String>>> {
    let (mut found, mut cursor) = (BTreeSet::new(), 0_u64);
    loop {
        let mut command = Cmd::new();
        command.arg("SCAN").arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(AT_ONCE);
        let (next, some): (u64, Vec<Vec<u8>>) = command.query(connection)?;
        found.extend(some.into_iter().map(text_of));
        if found.len() > MOST_KEYS {
            return Ok(None);
        }
        if next == 0 {
            return Ok(Some(found));
        }
        if began.elapsed() >= limit {
            return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
        }
        cursor = next;
    }
}

fn listed(keys: BTreeSet<String>) -> Observation {
    let text = keys.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    Observation { json: Some(keys.into_iter().map(Value::from).collect()), text, ..Observation::default() }
}

fn no_time(command: &str, answer: &Value) -> Option<String> {
    if !TIMES.contains(&command) {
        return None;
    }
    match answer.as_i64() {
        Some(-1) => Some("the key never ends (-1)".to_owned()),
        Some(-2) => Some("there is no such key (-2)".to_owned()),
        _ => None,
    }
}

/// What was answered when it was an error: Redis said something, or nothing is known.
fn refused(error: &RedisError, limit: Duration) -> Result<Observation, Unmeasured> {
    let text = match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    };
    Err(match error.kind() {
        _ if failure::is_tls(error) => unmeasured(UnmeasuredKind::Tls, failure::innermost(error)),
        _ if error.is_timeout() => unmeasured(UnmeasuredKind::TimedOut, in_time(limit)),
        _ if error.is_connection_refusal() => unmeasured(UnmeasuredKind::Refused, text),
        _ if error.is_connection_dropped() => unmeasured(UnmeasuredKind::Reset, text),
        // It is there and cannot say anything yet.
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown,
        ) => unmeasured(UnmeasuredKind::Refused, text),
        ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::AuthenticationFailed => {
            return Ok(Observation { error: Some(text), ..Observation::default() });
        }
        ErrorKind::Io if text.contains("failed to lookup") => unmeasured(UnmeasuredKind::NameNotFound, text),
        _ => unmeasured(UnmeasuredKind::Unusable, text),
    })
}

/// Digests of passwords in what `ACL` answers, and passwords in what `CONFIG GET` answers.
fn secrets(command: &str, answer: &Value) -> Vec<Secret> {
    let mut found = Vec::new();
    match (command, answer) {
        ("ACL", answer) => digests(answer, &mut found),
        ("CONFIG", Value::Object(entries)) => {
            found.extend(entries.iter().filter_map(|(name, value)| setting(name, value)));
        }
        // The older protocol has no tables: names and values come in turn.
        ("CONFIG", Value::Array(items)) => {
            let (pairs, _) = items.as_chunks::<2>();
            found.extend(pairs.iter().filter_map(|[name, value]| setting(name.as_str()?, value)));
        }
        _ => {}
    }
    found
}

/// The value of a setting, when it is a password.
fn setting(name: &str, value: &Value) -> Option<Secret> {
    let name = name.to_ascii_lowercase();
    let value = value.as_str().filter(|text| !text.is_empty())?;
    (name.contains("pass") || name.contains("auth")).then(|| Secret::new(value))
}

fn digests(answer: &Value, found: &mut Vec<Secret>) {
    match answer {
        Value::String(text) => {
            let words = text.split(|letter: char| !letter.is_ascii_hexdigit());
            found.extend(words.filter(|word| word.len() == 64).map(Secret::new));
        }
        Value::Array(items) => items.iter().for_each(|item| digests(item, found)),
        Value::Object(entries) => entries.values().for_each(|entry| digests(entry, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn json(reply: Reply) -> Value {
    match reply {
        Reply::Int(number) => Value::from(number),
        Reply::BulkString(bytes) => Value::String(text_of(bytes)),
        Reply::Array(items) | Reply::Set(items) => items.into_iter().map(json).collect(),
        Reply::SimpleString(text) | Reply::VerbatimString { text, .. } => Value::String(text),
        Reply::Okay => Value::from("OK"),
        Reply::Map(entries) => Value::Object(entries.into_iter().map(entry).collect::<Map<_, _>>()),
        Reply::Attribute { data, .. } => json(*data),
        Reply::Double(number) => {
            Number::from_f64(number).map_or_else(|| Value::from(number.to_string()), Value::Number)
        }
        Reply::Boolean(flag) => Value::Bool(flag),
        Reply::BigNumber(digits) => Value::String(text_of(digits)),
        Reply::Push { data, .. } => data.into_iter().map(json).collect(),
        Reply::ServerError(error) => Value::String(error.to_string()),
        // The crate may learn of more.
        _ => Value::Null,
    }
}

fn entry((name, value): (Reply, Reply)) -> (String, Value) {
    let name = match json(name) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    (name, json(value))
}

/// Bytes that are no text are hexadecimal digits after `\x`, as rows of databases have them.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        error.into_bytes().iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_password_of_a_server_is_a_secret_in_whichever_protocol_it_comes() {
        let secret = [Secret::new("sesame-1")];
        for answer in [
            json!({"requirepass": "sesame-1", "maxmemory": "0", "masterauth": ""}),
            json!(["maxmemory", "0", "requirepass", "sesame-1", "masterauth", ""]),
        ] {
            assert_eq!(secrets("CONFIG", &answer), secret, "{answer}");
        }
        assert_eq!(secrets("GET", &json!(["requirepass", "sesame-1"])), []);
    }
}
