//! `cargo xtask db`: servers of this workspace's own that stay, for the environments of the examples. Their addresses and
//! passwords are kept in files only this user can read; how a server is started is left to `servers`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::packages::{self, Need};
use crate::servers::{self, Kind, Purpose};
use crate::workspace;

/// The example that a server with pgvector is for.
const AGENT_PLATFORM: &str = "examples/agent-platform";
/// How a file that may be written again begins.
const WRITTEN_BY: &str = "# Written by `cargo xtask db up vector`";

/// What `db up` offers to a staging deployment.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) url: String,
    /// Made once, so that a token handed out stays valid.
    pub(crate) superadmin_token: String,
    /// Whether the server takes connections now.
    pub(crate) is_running: bool,
}

/// `db up [postgres|mariadb|vector]`, `db down`, `db status`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["up"] | ["up", "postgres"] => up(Kind::Postgres),
        ["up", "mariadb" | "mysql"] => up(Kind::Mariadb),
        ["up", "vector"] => up(Kind::Vector),
        ["down"] => down(),
        ["status"] | [] => status(),
        _ => Err(Failure::usage("usage: cargo xtask db up [postgres|mariadb|vector] | down | status")),
    }
}

/// The server that `db up` started last, if there ever was one.
pub(crate) fn offer() -> Option<Offer> {
    let folder = Some(folder()).filter(|folder| servers::is_ours(folder))?;
    let url = fs::read_to_string(folder.join("staging.url")).ok()?.trim().to_owned();
    let superadmin_token = fs::read_to_string(folder.join("staging.token")).ok()?.trim().to_owned();
    let is_running = port_of(&url).is_some_and(|port| TcpStream::connect(("127.0.0.1", port)).is_ok());
    Some(Offer { url, superadmin_token, is_running })
}

fn up(kind: Kind) -> Result<(), Failure> {
    packages::ensure(&[Need::Server(kind)])?;
    let folder = folder();
    claim(&folder)?;
    let _lock = lock(&folder)?;
    let record = folder.join(format!("{}.url", kind.name()));
    let known = fs::read_to_string(&record).ok().map(|url| url.trim().to_owned());
    if let (Some(url), false) = (&known, kind.find(&folder).is_empty()) {
        println!("{} is already running: {}", kind.title(), masked(url));
        return offer_to_example(kind, &folder, url);
    }
    let password = match known.as_deref().and_then(password_of) {
        Some(password) => password.to_owned(),
        None => random_word()?,
    };
    let port = match known.as_deref().and_then(port_of) {
        Some(port) if TcpStream::connect(("127.0.0.1", port)).is_err() => port,
        Some(port) => {
            println!("port {port} is taken by another program now; using another one");
            servers::free_port()?
        }
        None => servers::free_port()?,
    };
    let purpose = Purpose::Persistent { password };
    let url = kind.url(&purpose, port);
    // Before the server: data made with a password that nobody wrote down would be lost.
    write_secret(&record, &url)?;
    servers::start(kind, &folder, port, &purpose)?;
    println!("{} runs on 127.0.0.1 only: {}", kind.title(), masked(&url));
    offer_to_example(kind, &folder, &url)
}

fn down() -> Result<(), Failure> {
    let folder = folder();
    if !folder.exists() {
        println!("there is no local server; `cargo xtask db up` makes one");
        return Ok(());
    }
    claim(&folder)?;
    let _lock = lock(&folder)?;
    for kind in Kind::ALL {
        if kind.find(&folder).is_empty() {
            continue;
        }
        kind.stop(&folder, &Purpose::Persistent { password: String::new() })?;
        println!("{} is stopped; its data stays in {}", kind.title(), folder.display());
    }
    Ok(())
}

fn status() -> Result<(), Failure> {
    let folder = folder();
    let mut is_any_known = false;
    for kind in Kind::ALL {
        let Ok(url) = fs::read_to_string(folder.join(format!("{}.url", kind.name()))) else {
            continue;
        };
        is_any_known = true;
        let state = if kind.find(&folder).is_empty() { "is stopped" } else { "is running" };
        println!("{:24} {state}: {}", kind.title(), masked(url.trim()));
    }
    if is_any_known {
        println!("{:24} {}", "data", folder.display());
    } else {
        println!("there is no local server; `cargo xtask db up` makes one");
    }
    Ok(())
}

fn offer_to_example(kind: Kind, folder: &Path, url: &str) -> Result<(), Failure> {
    match kind {
        Kind::Postgres | Kind::Mariadb => point_staging_at(folder, url),
        Kind::Vector => point_agent_platform_at(&workspace::root().join(AGENT_PLATFORM), url),
    }
}

/// Writes `url` where plimsoll itself looks for it, however it is started. A file that a person wrote stays.
fn point_agent_platform_at(example: &Path, url: &str) -> Result<(), Failure> {
    let file = example.join(".env.dev");
    let known = fs::read_to_string(&file).ok();
    if known.as_ref().is_some_and(|text| !text.starts_with(WRITTEN_BY)) {
        println!("{} is not ours and stays as it is: DATABASE_URL is up to you", file.display());
        return Ok(());
    }
    let text = format!("{WRITTEN_BY}: the address of this workspace's own server.\nDATABASE_URL={url}");
    if known.is_none_or(|known| known.trim_end() != text) {
        write_secret(&file, &text)?;
    }
    println!("next: cargo xtask deploy dev --project {AGENT_PLATFORM}    (the address is in its .env.dev)");
    Ok(())
}

/// Remembers `url` for `cargo xtask deploy staging`, with a token made once, and says so.
fn point_staging_at(folder: &Path, url: &str) -> Result<(), Failure> {
    write_secret(&folder.join("staging.url"), url)?;
    let token = folder.join("staging.token");
    if !token.exists() {
        write_secret(&token, &random_word()?)?;
    }
    println!("next: cargo xtask deploy staging    (it gets this address by itself)");
    Ok(())
}

fn folder() -> PathBuf {
    servers::folder_in_var_tmp("db")
}

/// Makes the folder, or makes sure that the one there is ours.
fn claim(folder: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(folder).is_err() {
        return servers::make_folder(folder);
    }
    if servers::is_ours(folder) {
        return Ok(());
    }
    Err(Failure::new(format!("{} belongs to another user or is open to others: remove it", folder.display())))
}

/// Two `db up` at the same time would make data twice. The lock ends with the process.
fn lock(folder: &Path) -> Result<File, Failure> {
    let cannot = || format!("cannot lock {}", folder.display());
    let file = File::options().create(true).append(true).mode(0o600).open(folder.join("lock"));
    let file = file.map_err(Failure::because(cannot()))?;
    file.lock().map_err(Failure::because(cannot()))?;
    Ok(file)
}

/// Replaces the file as a whole, so that a crash leaves the old one or the new one.
fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    let draft = path.with_extension("new");
    let cannot = || format!("cannot write {}", path.display());
    File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| writeln!(file, "{text}"))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(Failure::because(cannot()))
}

/// 192 random bits in hexadecimal digits, which need no escaping in a URL, in SQL or in a shell.
fn random_word() -> Result<String, Failure> {
    let mut bytes = [0; 24];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(Failure::because("cannot read /dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn password_of(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split_once('@')?.0.split_once(':').map(|(_, password)| password)
}

fn port_of(url: &str) -> Option<u16> {
    url.split_once('@')?.1.split_once(':')?.1.split_once('/')?.0.parse().ok()
}

fn masked(url: &str) -> String {
    password_of(url).map_or_else(|| url.to_owned(), |password| url.replacen(&format!(":{password}@"), ":****@", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "postgresql://plimsoll:0123abcd@127.0.0.1:40001/caller_coaching_staging";

    #[test]
    fn a_recorded_url_gives_back_its_parts() {
        assert_eq!(password_of(URL), Some("0123abcd"));
        assert_eq!(port_of(URL), Some(40001));
    }

    #[test]
    fn a_printed_url_does_not_show_the_password() {
        assert_eq!(masked(URL), "postgresql://plimsoll:****@127.0.0.1:40001/caller_coaching_staging");
    }

    #[test]
    fn an_environment_file_is_written_again_unless_a_person_wrote_it() {
        let example = std::env::temp_dir().join(format!("plimsoll-db-example-{}", std::process::id()));
        fs::create_dir_all(&example).expect("a temporary folder");
        let read = || fs::read_to_string(example.join(".env.dev")).expect("it is there");
        for url in ["postgresql://a@h/d", "postgresql://b@h/d"] {
            point_agent_platform_at(&example, url).expect("writes");
            assert!(read().ends_with(&format!("\nDATABASE_URL={url}\n")), "{}", read());
        }
        fs::write(example.join(".env.dev"), "DATABASE_URL=mine\n").expect("a file");
        point_agent_platform_at(&example, "postgresql://a@h/d").expect("leaves it");
        assert_eq!(read(), "DATABASE_URL=mine\n");
        fs::remove_dir_all(example).expect("it is ours");
    }

    #[test]
    fn two_random_words_differ() {
        let words = [random_word(), random_word()].map(|word| word.expect("this system has /dev/urandom"));
        assert_ne!(words[0], words[1]);
        assert_eq!(words[0].len(), 48);
    }
}
