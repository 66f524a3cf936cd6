//! The voice reader as it runs: a Redis with its users, worker, bot and client as processes, the API deployed. What is made of
//! it is the tests'.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use plimsoll_core::db::DatabaseUrl;
use plimsoll_tests::command::Finished;
use plimsoll_tests::fault::wait_until;
use plimsoll_tests::{Deployment, TestDatabase, binary, dump, http};
use rustix::process::{Pid, Signal, kill_process};

#[path = "../../crates/smoke/tests/probes/redis_server.rs"]
mod redis_server;

use redis_server::RedisServer;

/// Somebody who may do everything, for the tests alone.
const ADMIN: &str = "user admin on >for-the-test-alone ~* &* +@all\n";
const ADMIN_NAME: &str = "admin:for-the-test-alone";

/// One of the services, ended with the test.
pub(crate) struct Role {
    child: Child,
}

impl Drop for Role {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait().map(drop)).expect("the role ends");
    }
}

impl Role {
    /// Starts a service in the project's folder; what it says is added to a file.
    pub(crate) fn start(root: &Path, role: &str, variables: &[(&str, String)]) -> Self {
        let logs = root.join(".plimsoll/dev/logs");
        fs::create_dir_all(&logs).expect("the folder is made");
        let log = File::options().create(true).append(true).open(logs.join(format!("{role}.log"))).expect("a log");
        let child = Command::new(binary::voice_reader())
            .arg(role)
            .current_dir(root)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("voice-reader starts");
        Self { child }
    }

    /// Asks it to end as a supervisor does; its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
        self.child.wait().expect("it ends").code()
    }
}

/// All of it. The services are dropped before Redis.
pub(crate) struct System {
    pub(crate) worker: Option<Role>,
    pub(crate) bot: Option<Role>,
    pub(crate) client: Option<Role>,
    pub(crate) project: Deployment,
    bot_port: u16,
    client_port: u16,
    database: Option<TestDatabase>,
    redis: RedisServer,
}

/// What checks could leave behind.
#[derive(Debug, PartialEq)]
pub(crate) struct Left {
    keys: BTreeSet<String>,
    rows: dump::Dump,
    files: BTreeSet<String>,
}

impl System {
    /// Redis, worker, bot and client run, and nothing is deployed yet. On SQLite without a database.
    pub(crate) fn start(database: Option<TestDatabase>) -> Self {
        let acl = fs::read_to_string(plimsoll_tests::project::example("voice-reader").join("redis/dev.acl"));
        let redis = RedisServer::start(&format!("{}{ADMIN}", acl.expect("the example has users")));
        let (bot_port, client_port) = (http::stable_port(), http::stable_port());
        let mut project = Deployment::of_example("voice-reader")
            .set("service_bin", &binary::voice_reader().display().to_string())
            .set("REDIS_ADDRESS", &redis.address())
            .set("CLIENT_URL", &format!("http://127.0.0.1:{client_port}"));
        if let Some(database) = &database {
            project = project.set("DATABASE_URL", database.url_text());
        }
        let mut system =
            Self { worker: None, bot: None, client: None, project, bot_port, client_port, database, redis };
        system.start_worker();
        system.start_bot(&[]);
        let start = ("BOT_START_URL", format!("http://127.0.0.1:{bot_port}/start"));
        system.client = Some(system.role("client", client_port, &[start]));
        system
    }

    /// The same with the API deployed, and proven by that.
    pub(crate) fn deployed() -> Self {
        let system = Self::start(None);
        system.project.run(&["deploy", "dev"]).exits(0);
        system
    }

    pub(crate) fn start_worker(&mut self) {
        let variables = [("DRAMATIQ_BROKER_URL", self.url("broker:dev-only-broker"))];
        self.worker = Some(Role::start(self.project.root(), "worker", &variables));
    }

    pub(crate) fn start_bot(&mut self, beside: &[(&str, String)]) {
        let own = [("REDIS_URL", self.url("app:dev-only-app"))];
        self.bot = Some(self.role("bot", self.bot_port, &[&own, beside].concat()));
    }

    fn role(&self, role: &str, port: u16, variables: &[(&str, String)]) -> Role {
        let own = [("PORT", port.to_string()), ("REVISION", "of-its-own".to_owned())];
        let role = Role::start(self.project.root(), role, &[&own, variables].concat());
        wait_until("a service that answers", || http::get(port, "/health").is_some());
        role
    }

    /// Asks Redis as somebody who may do everything.
    pub(crate) fn redis<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url(ADMIN_NAME)).expect("a good URL");
        let mut connection = client.get_connection().expect("Redis answers");
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(word);
        }
        command.query(&mut connection).expect("Redis does it")
    }

    /// Ends Redis, and starts it again where it was, with nothing in it.
    pub(crate) fn restart_redis(mut self) -> Self {
        let acl = fs::read_to_string(self.project.root().join("redis/dev.acl")).expect("users");
        let address = self.redis.address();
        let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
        // Its place is taken for a moment by one that nobody asks.
        drop(std::mem::replace(&mut self.redis, RedisServer::start("user default off\n")));
        let mut again = None;
        // Somebody may have the port for a moment.
        wait_until("Redis where it was", || {
            again = RedisServer::start_at(port, &format!("{acl}{ADMIN}"));
            again.is_some()
        });
        self.redis = again.expect("it was waited for");
        self
    }

    pub(crate) fn smoke(&self) -> Finished {
        self.project.run(&["smoke", "run", "dev"])
    }

    pub(crate) fn worker_log(&self) -> String {
        fs::read_to_string(self.project.root().join(".plimsoll/dev/logs/worker.log")).expect("the worker's log")
    }

    pub(crate) fn bot_port(&self) -> u16 {
        self.bot_port
    }

    pub(crate) fn client_port(&self) -> u16 {
        self.client_port
    }

    /// How many messages of the queue are not done.
    pub(crate) fn left_messages(&self) -> i64 {
        self.redis(&["HLEN", "dramatiq:default.msgs"])
    }

    /// What is there of keys, rows and files.
    pub(crate) fn left(&self) -> Left {
        let mut files = BTreeSet::new();
        list(&self.project.root().join(".plimsoll/storage"), &mut files);
        Left { keys: self.redis(&["KEYS", "*"]), rows: dump::data(&self.database_url()), files }
    }

    fn database_url(&self) -> DatabaseUrl {
        let file = self.project.root().join(".plimsoll/dev/voice-reader.db");
        let sqlite = || DatabaseUrl::parse(&format!("sqlite:{}", file.display()), Path::new("/")).expect("a good URL");
        self.database.as_ref().map_or_else(sqlite, |database| database.url().clone())
    }

    /// Redis as somebody, with a password.
    pub(crate) fn url(&self, who: &str) -> String {
        format!("redis://{who}@{}/0", self.redis.address())
    }
}

impl Left {
    /// Nothing but the table that the migration made.
    #[track_caller]
    pub(crate) fn is_nothing(&self) {
        let rows: Vec<_> = self.rows.values().flatten().collect();
        assert!(self.keys.is_empty() && rows.is_empty() && self.files.is_empty(), "{self:?}");
        assert_eq!(self.rows.keys().filter(|table| table.contains("books")).count(), 1, "{self:?}");
    }

    /// A book in every place, and a call.
    pub(crate) fn is_something(&self) -> bool {
        let rows = self.rows.values().flatten().count();
        rows == 1 && self.files.len() == 1 && self.keys.iter().any(|key| key.starts_with("call:"))
    }
}

/// All files of a folder and below; none when it is not there.
fn list(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.insert(path.display().to_string());
        }
    }
}
