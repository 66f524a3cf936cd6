//! What the API needs around it, for one machine: Redis, worker, bot and client as children. The API is released by a deployment.

use std::fs::{self, File};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::RoleError;
use crate::config::Stack;
use crate::serve::{self, StartError};

/// How long Redis may take to answer, and how often it and the children are looked at.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(100);

struct Running {
    name: String,
    log: String,
    child: Child,
}

/// It is asked to end, and waited for.
impl Drop for Running {
    fn drop(&mut self) {
        // One that ended by itself is as good.
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        self.child.wait().ok();
    }
}

/// Starts everything and waits for a signal, or for one of the children to end. They end in the opposite order.
pub(crate) fn run(config: Stack, say: &dyn Fn(&str)) -> Result<(), RoleError> {
    let runtime = serve::runtime()?;
    let stop = runtime.block_on(async { serve::stop_signal() })?;
    fs::create_dir_all(&config.logs).map_err(StartError::Runtime)?;
    let mut running = Vec::new();
    if answers(&config.redis_address) {
        say(&format!("voice-reader stack: Redis answers already at {}", config.redis_address));
    } else {
        let mut redis = Command::new("redis-server");
        redis.arg(&config.redis_config);
        running.push(start("redis-server", redis, &config.logs, say)?);
        let until = Instant::now() + PATIENCE;
        while !answers(&config.redis_address) {
            ended(&mut running)?;
            if Instant::now() > until {
                let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                return Err(StartError::Child("redis-server".to_owned(), late).into());
            }
            thread::park_timeout(LOOK);
        }
    }
    let program = std::env::current_exe().map_err(StartError::Runtime)?;
    for (role, variables) in config.roles {
        let mut command = Command::new(&program);
        command.arg(role).envs(variables);
        running.push(start(role, command, &config.logs, say)?);
    }
    say("voice-reader stack: started; a signal stops all of it");
    let (stopped, told) = mpsc::channel();
    thread::spawn(move || {
        runtime.block_on(stop);
        // Nobody listens any more only when a child ended meanwhile.
        stopped.send(()).ok();
    });
    let outcome = loop {
        if let Err(error) = ended(&mut running) {
            break Err(error);
        }
        if told.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
            break Ok(());
        }
    };
    while let Some(last) = running.pop() {
        drop(last);
    }
    say("voice-reader stack: stopped");
    Ok(outcome?)
}

fn answers(address: &str) -> bool {
    let found = address.to_socket_addrs().ok().and_then(|mut found| found.next());
    found.is_some_and(|address| TcpStream::connect_timeout(&address, LOOK).is_ok())
}

fn start(name: &str, mut command: Command, logs: &Path, say: &dyn Fn(&str)) -> Result<Running, StartError> {
    let path = logs.join(format!("{name}.log"));
    let wrong = |error| StartError::Child(name.to_owned(), error);
    let log = File::options().create(true).append(true).open(&path).map_err(wrong)?;
    let both = log.try_clone().map_err(wrong)?;
    let child = command.stdin(Stdio::null()).stdout(log).stderr(both).spawn().map_err(wrong)?;
    say(&format!("voice-reader stack: {name} has pid {}, log {}", child.id(), path.display()));
    Ok(Running { name: name.to_owned(), log: path.display().to_string(), child })
}

/// The first child that ended by itself, as an error.
fn ended(running: &mut [Running]) -> Result<(), StartError> {
    for one in running {
        if let Ok(Some(status)) = one.child.try_wait() {
            return Err(StartError::Ended(one.name.clone(), status.to_string(), one.log.clone()));
        }
    }
    Ok(())
}
