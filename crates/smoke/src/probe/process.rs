//! Runs a program to its end or to the limit of its time, and nothing that it started outlives it. What its output means is its
//! caller's.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::{Context, in_time, unmeasured};
use crate::report::{Unmeasured, UnmeasuredKind};

/// How long the rest of the output is waited for once everything was ended: what left the group may hold it open for ever.
const GRACE: Duration = Duration::from_secs(1);

/// How a program ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) elapsed: Duration,
}

enum News {
    /// The program ended; it is a zombie until it is waited for, so that nobody else gets its number.
    Ended,
    Stdout(Output),
    Stderr(Output),
    TooMuch,
}

struct Output {
    text: String,
    complete: bool,
}

impl Ended {
    /// How it ended, when not by itself.
    pub(super) fn by_signal(&self) -> Option<String> {
        self.status.signal().map(|signal| format!("ended by signal {signal}"))
    }
}

/// Runs a program in the project's folder, without a shell, with the declared environment and the search path alone.
pub(super) fn run(
    words: &[String],
    env: &[(String, String)],
    limit: Duration,
    context: &Context<'_>,
) -> Result<Ended, Unmeasured> {
    let [program, arguments @ ..] = words else {
        return Err(unmeasured(UnmeasuredKind::NotPrepared, "a command begins with a program"));
    };
    let began = Instant::now();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(context.root()?).env_clear();
    command.envs(context.search_path.map(|path| (OsStr::new("PATH"), path)));
    command.envs(env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| not_started(program, &error))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let group = group.ok_or_else(|| unmeasured(UnmeasuredKind::Unusable, "the process has no number"))?;
    let (sender, news) = channel();
    read(child.stdout.take(), context.output_limit, News::Stdout, &sender);
    read(child.stderr.take(), context.output_limit, News::Stderr, &sender);
    thread::spawn(move || {
        // Without an answer there is nobody to wait for.
        let _status = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        drop(sender.send(News::Ended));
    });
    let mut outputs = (None, None);
    let stopped = until_end(&news, began, limit, &mut outputs);
    // Also after a good end: a check leaves nothing running behind.
    let _nobody_left = kill_process_group(group, Signal::KILL);
    let status = child.wait().map_err(|error| unmeasured(UnmeasuredKind::Unusable, error.to_string()))?;
    let elapsed = began.elapsed();
    if let Some(why) = stopped {
        return Err(why);
    }
    collect(&news, &mut outputs)?;
    let (Some(stdout), Some(stderr)) = outputs else {
        return Err(unmeasured(UnmeasuredKind::CutShort, "something that it started still holds its output"));
    };
    if !stdout.complete || !stderr.complete {
        return Err(unmeasured(UnmeasuredKind::CutShort, "its output could not be read to the end"));
    }
    Ok(Ended { status, stdout: stdout.text, stderr: stderr.text, elapsed })
}

fn not_started(program: &str, error: &io::Error) -> Unmeasured {
    let kind = match error.kind() {
        ErrorKind::NotFound => UnmeasuredKind::NotThere,
        _ => UnmeasuredKind::Unusable,
    };
    unmeasured(kind, format!("`{program}`: {error}"))
}

/// Waits for the end of the program. What came of its output meanwhile is kept.
fn until_end(
    news: &Receiver<News>,
    began: Instant,
    limit: Duration,
    outputs: &mut (Option<Output>, Option<Output>),
) -> Option<Unmeasured> {
    loop {
        match news.recv_timeout(limit.saturating_sub(began.elapsed())) {
            Ok(News::Ended) => return None,
            Ok(News::TooMuch) => return Some(too_much()),
            Ok(News::Stdout(output)) => outputs.0 = Some(output),
            Ok(News::Stderr(output)) => outputs.1 = Some(output),
            Err(RecvTimeoutError::Timeout) => {
                let detail = format!("{}, it was ended with all that it had started", in_time(limit));
                return Some(unmeasured(UnmeasuredKind::TimedOut, detail));
            }
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

fn collect(news: &Receiver<News>, outputs: &mut (Option<Output>, Option<Output>)) -> Result<(), Unmeasured> {
    while outputs.0.is_none() || outputs.1.is_none() {
        match news.recv_timeout(GRACE) {
            Ok(News::Stdout(output)) => outputs.0 = Some(output),
            Ok(News::Stderr(output)) => outputs.1 = Some(output),
            Ok(News::TooMuch) => return Err(too_much()),
            Ok(News::Ended) => {}
            Err(_) => break,
        }
    }
    Ok(())
}

fn too_much() -> Unmeasured {
    unmeasured(UnmeasuredKind::TooLarge, "the command writes more than is read of it")
}

/// Reads to the end in a thread of its own, or up to the limit.
fn read(from: Option<impl Read + Send + 'static>, limit: usize, told_as: fn(Output) -> News, sender: &Sender<News>) {
    let sender = sender.clone();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let complete = from.is_some_and(|from| from.take(most).read_to_end(&mut bytes).is_ok());
        let news = match bytes.len() > limit {
            true => News::TooMuch,
            false => told_as(Output { text: String::from_utf8_lossy(&bytes).into_owned(), complete }),
        };
        // Nobody listens any more once the check is over.
        drop(sender.send(news));
    });
}
