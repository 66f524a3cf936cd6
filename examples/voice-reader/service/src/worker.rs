//! The worker: takes books from the queue and says so in its log. How the queue is kept is `queue`'s.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use redis::{Connection, RedisResult};

use crate::config::{ConfigError, Worker};
use crate::store::Store;
use crate::{RoleError, queue, serve};

/// How long Redis is left alone after it was away.
const PAUSE: Duration = Duration::from_millis(250);

/// Works until a signal. Redis may go away and come back meanwhile.
pub(crate) fn run(config: &Worker, say: &(dyn Fn(&str) + Sync)) -> Result<(), RoleError> {
    let store = Store::new(&config.broker_url).map_err(|_| ConfigError::Redis("DRAMATIQ_BROKER_URL"))?;
    let runtime = serve::runtime()?;
    // Registered before anything is taken.
    let stop = runtime.block_on(async { serve::stop_signal() })?;
    let stopping = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        let told = Arc::clone(&stopping);
        let worker = scope.spawn(move || work(&store, &told, say));
        runtime.block_on(stop);
        stopping.store(true, Ordering::Relaxed);
        worker.thread().unpark();
    });
    say("worker: stopped");
    Ok(())
}

fn work(store: &Store, stopping: &AtomicBool, say: &dyn Fn(&str)) {
    let mut was_away = false;
    while !stopping.load(Ordering::Relaxed) {
        let Err(error) = connected(store, stopping, say) else { continue };
        // Once for each time that it is away.
        if !was_away {
            say(&format!("worker: Redis is away, trying again | {error}"));
        }
        was_away = store.connect().is_err();
        thread::park_timeout(PAUSE);
    }
}

/// Takes messages until the connection fails or the worker stops.
fn connected(store: &Store, stopping: &AtomicBool, say: &dyn Fn(&str)) -> RedisResult<()> {
    let mut redis = store.connect()?;
    let lost = queue::recover(&mut redis)?;
    say(&format!("worker: waiting for books | taken up again={lost}"));
    while !stopping.load(Ordering::Relaxed) {
        one(&mut redis, say)?;
    }
    Ok(())
}

fn one(redis: &mut Connection, say: &dyn Fn(&str)) -> RedisResult<()> {
    let Some(message) = queue::take(redis)? else { return Ok(()) };
    match message.book {
        Some(book) => say(&format!("worker: processing your book | book_id={book}")),
        None => say(&format!("worker: left out what is no book, or is none any more | message_id={:?}", message.id)),
    }
    queue::done(redis, &message.id)
}
