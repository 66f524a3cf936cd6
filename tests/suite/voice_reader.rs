//! The voice reader deployed and proven by its own checks, with everything real. What its checks find out is `voice_reader_faults`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};

use plimsoll_core::db::Engine;
use plimsoll_tests::fault::wait_until;
use plimsoll_tests::{TestDatabase, binary, http};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::voice_system::{Role, System};

fn proves_all_of_it(database: Option<TestDatabase>) {
    let system = System::start(database);
    let deployed = system.project.run(&["deploy", "dev"]).exits(0);
    assert!(deployed.stdout.contains("proof     smoke checks: 35 passed"), "{}", deployed.text());
    system.left().is_nothing();

    let before = system.left();
    let lines = system.worker_log().matches("processing your book | book_id=").count();
    let proven = system.smoke().exits(0);
    assert!(proven.stdout.starts_with("smoke checks: 35 passed"), "{}", proven.text());
    assert_eq!(system.left(), before);
    assert_eq!(system.worker_log().matches("processing your book | book_id=").count(), lines + 1);

    // A second deployment has nothing to do but to prove it again.
    system.project.run(&["deploy", "dev"]).exits(0);
    assert_eq!(system.left(), before);
    system.project.run(&["stop", "dev"]).exits(0);
}

#[cfg(feature = "sqlite")]
#[test]
fn its_checks_prove_the_whole_system_and_leave_nothing_on_sqlite() {
    proves_all_of_it(None);
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn its_checks_prove_the_whole_system_and_leave_nothing_on_postgres() {
    proves_all_of_it(Some(TestDatabase::new(Engine::Postgres)));
}

#[test]
fn production_has_nothing_of_development() {
    let project = plimsoll_tests::Deployment::of_example("voice-reader");
    let checked = project.run(&["env", "check", "prod"]);
    assert_ne!(checked.code, 0, "{}", checked.text());
    let urls = ["DATABASE_URL", "DRAMATIQ_BROKER_URL", "REDIS_URL", "BROWSER_REDIS_URL", "SMOKE_REDIS_URL"];
    for name in [&urls[..], &["REDIS_ADDRESS", "CLIENT_URL"]].concat() {
        assert!(checked.text().contains(&format!("`{name}`")), "{name}: {}", checked.text());
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn in_production_nothing_is_uploaded_and_no_call_begins_unless_that_is_allowed() {
    let system = System::start(Some(TestDatabase::new(Engine::Postgres)));
    let users = ["DRAMATIQ_BROKER_URL=broker", "REDIS_URL=app", "BROWSER_REDIS_URL=browser", "SMOKE_REDIS_URL=smoke"];
    let urls = users.map(|pair| {
        let (name, user) = pair.split_once('=').expect("a pair");
        format!("{name}={}", system.url(&format!("{user}:dev-only-{user}")))
    });
    let run = |words: &[&str]| {
        let set = urls.iter().flat_map(|url| ["--set", url.as_str()]);
        let words: Vec<&str> = words.iter().copied().chain(set).collect();
        system.project.run(&words).exits(0)
    };
    let deployed = run(&["deploy", "prod", "--yes"]);
    assert!(deployed.stdout.contains(" skipped"), "{}", deployed.text());
    assert!(!system.worker_log().contains("processing"), "{}", system.worker_log());
    let allowed = run(&["smoke", "run", "prod", "--allow-mutate"]);
    assert_eq!(allowed.stdout, "smoke checks: 35 passed\n");
    system.left().is_nothing();
}

#[test]
fn the_worker_goes_on_after_redis_was_away() {
    let mut system = System::deployed().restart_redis();
    system.smoke().exits(0);
    system.left().is_nothing();
    let worker = system.worker.take().expect("it runs");
    assert_eq!(worker.stop(), Some(0));
    assert!(system.worker_log().ends_with("worker: stopped\n"), "{}", system.worker_log());
}

#[test]
fn what_a_killed_worker_had_taken_is_taken_up_again() {
    let mut system = System::deployed();
    drop(system.worker.take());
    let id = "00000000-0000-4000-8000-000000000007";
    let message = format!(r#"{{"args": ["{id}"]}}"#);
    // Taken out of the list, and never done.
    let _: i64 = system.redis(&["HSET", "dramatiq:default.msgs", id, &message]);
    let _: i64 = system.redis(&["HSET", "dramatiq:default.msgs", "odd", "no JSON"]);
    system.start_worker();
    wait_until("both messages to be done", || system.left_messages() == 0);
    let log = system.worker_log();
    assert!(
        log.contains("taken up again=2") && log.contains(&format!("processing your book | book_id={id}\n")),
        "{log}"
    );
    assert!(log.contains("left out what is no book, or is none any more | message_id=\"odd\""), "{log}");
}

#[test]
fn services_end_well_when_they_are_asked_to() {
    let mut system = System::start(None);
    let roles = [system.worker.take(), system.bot.take(), system.client.take()];
    assert_eq!(roles.map(|role| role.and_then(Role::stop)), [Some(0); 3]);
}

#[test]
fn without_its_migration_the_api_does_not_start() {
    let folder = TempDir::with_prefix("voice-reader-").expect("a temporary folder");
    let output = Command::new(binary::voice_reader())
        .arg("api")
        .env_clear()
        .envs([("DATABASE_URL", "sqlite:none.db"), ("DRAMATIQ_BROKER_URL", "redis://broker@127.0.0.1:1/0")])
        .envs([("STORAGE_DIR", "storage"), ("STORAGE_BUCKET", "readme_dev")])
        .current_dir(folder.path())
        .output()
        .expect("it starts and ends");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("run the migrations first: the service needs migration 0001"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).expect("lists").count(), 0, "no database was made by it");
}

/// A whole request as bytes, and the status of its answer.
#[track_caller]
fn status(port: u16, request: &[u8]) -> u16 {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    stream.write_all(request).expect("it listens on");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers in UTF-8");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer to {}", String::from_utf8_lossy(&request[..request.len().min(300)])))
}

fn request(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nhost: quay\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn bad_input_is_answered_and_ends_no_service() {
    let system = System::deployed();
    let (api, bot, client) = (system.project.port(), system.bot_port(), system.client_port());
    for (body, expected) in
        [("", 400), ("[", 400), ("[]", 422), ("{\"user_id\": 7}", 422), ("{\"user_id\": \"a b\"}", 422)]
    {
        assert_eq!(status(bot, &request("POST /start", "", body.as_bytes())), expected, "{body}");
        assert_eq!(status(client, &request("POST /api/start", "", body.as_bytes())), expected, "{body}");
    }
    for (port, line, expected) in [
        (bot, "DELETE /sessions/x", 422),
        (bot, "DELETE /sessions/00000000-0000-4000-8000-000000000007", 404),
        (client, "DELETE /api/sessions/..%2f..%2fstart", 422),
        (client, "GET /api/start", 405),
        (api, "DELETE /admin/books/x", 422),
        (api, "DELETE /admin/books/00000000-0000-4000-8000-000000000007", 404),
        (api, "GET /admin/books/upload", 405),
        (api, "GET /nothing", 404),
    ] {
        assert_eq!(status(port, &request(line, "", b"")), expected, "{line}");
    }
    let form = "content-type: multipart/form-data; boundary=b\r\n";
    let household =
        "--b\r\ncontent-disposition: form-data; name=\"household_id\"\r\n\r\n11111111-1111-1111-1111-111111111111\r\n";
    let file = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../../a\"\r\ncontent-type: application/pdf\r\n\r\n";
    let large = [file.as_bytes(), b"%PDF-", &vec![b' '; 20 << 20], b"\r\n--b--\r\n"].concat();
    for (headers, body, expected) in [
        (form, b"".to_vec(), 400),
        (form, b"--b\r\nnonsense".to_vec(), 400),
        (form, format!("{household}{file}%PDF-1.4").into_bytes(), 400),
        (form, format!("{household}{file}\r\n--b--\r\n").into_bytes(), 422),
        (form, large, 413),
        ("content-type: multipart/form-data\r\n", b"--b--".to_vec(), 415),
        ("", b"%PDF-".to_vec(), 415),
    ] {
        assert_eq!(status(api, &request("POST /admin/books/upload", headers, &body)), expected, "{headers}");
    }
    assert!([api, bot, client].iter().all(|port| http::get(*port, "/health").is_some()), "all of them answer on");
    system.left().is_nothing();
}

/// What a person types: one command for all that the API needs, one for the API.
#[test]
fn the_stack_is_all_that_the_api_needs_and_stops_on_a_signal() {
    let (redis, bot, client) = (http::stable_port(), http::stable_port(), http::stable_port());
    let project = plimsoll_tests::Deployment::of_example("voice-reader")
        .set("service_bin", &binary::voice_reader().display().to_string())
        .set("REDIS_ADDRESS", &format!("127.0.0.1:{redis}"))
        .set("CLIENT_URL", &format!("http://127.0.0.1:{client}"));
    project.edit("redis/dev.conf", "port 4340", &format!("port {redis}"));
    let mut stack = Command::new(binary::voice_reader())
        .arg("stack")
        .current_dir(project.root())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("REDIS_ADDRESS", format!("127.0.0.1:{redis}"))
        .envs([("BOT_PORT", bot.to_string()), ("CLIENT_PORT", client.to_string())])
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    wait_until("the client", || http::get(client, "/health").is_some());
    wait_until("the bot", || http::get(bot, "/health").is_some());
    project.run(&["deploy", "dev"]).exits(0);
    kill_process(Pid::from_child(&stack), Signal::TERM).expect("it runs");
    assert_eq!(stack.wait().expect("it ends").code(), Some(0));
    let all = [redis, bot, client].map(|port| http::occupy(port).is_some());
    assert_eq!(all, [true; 3], "nothing listens any more");
}
