//! A Redis server of a test's own, with users of the test's own. It ends with the test; who asks it what is the tests'.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// A running server on a port of loopback.
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl RedisServer {
    /// Starts one on a free port, with the users of an ACL file.
    pub(crate) fn start(acl: &str) -> Self {
        Self::on_a_free_port(|port| Self::start_at(port, acl))
    }

    /// Starts one on a free port: somebody else may take it before the server does.
    pub(crate) fn on_a_free_port(start: impl Fn(u16) -> Option<Self>) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        (0..5).find_map(|_| start(free())).expect("redis-server starts on a free port")
    }

    /// Starts one on this port; `None` when it ends instead.
    pub(crate) fn start_at(port: u16, acl: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("users.acl"), acl).expect("users");
        Self::with(folder, port, &["--port", &port.to_string(), "--aclfile", "users.acl"])
    }

    /// Starts a server in its folder.
    pub(crate) fn with(folder: tempfile::TempDir, port: u16, arguments: &[&str]) -> Option<Self> {
        let mut child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "."])
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian's package redis-server is installed: `cargo xtask test` does so");
        let output = child.stdout.take().expect("its output");
        let ready = BufReader::new(output).lines().map_while(Result::ok).any(|line| line.contains("Ready to accept"));
        let server = Self { child, port, _folder: folder };
        ready.then_some(server)
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait().map(drop)).expect("the server ends");
    }
}
