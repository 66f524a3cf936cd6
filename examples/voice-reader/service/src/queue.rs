//! The queue as Dramatiq keeps it: a list of message ids and a hash of messages. Who puts and takes is `api`'s and `worker`'s.

use redis::{Connection, RedisResult, cmd, pipe};
use serde_json::{Value, json};

/// The ids of messages that wait.
const QUEUE: &str = "dramatiq:default";
/// All messages that are not done, by id.
const MESSAGES: &str = "dramatiq:default.msgs";
/// How long one look for a message waits, in seconds.
const WAIT: u32 = 1;

/// Puts a book in the queue, under its own id: there is one message of a book.
pub(crate) fn enqueue(redis: &mut Connection, book: &str) -> RedisResult<()> {
    let message = json!({
        "queue_name": "default", "actor_name": "process_book", "message_id": book,
        "args": [book], "kwargs": {}, "options": {},
    });
    let mut both = pipe();
    both.atomic().cmd("HSET").arg(MESSAGES).arg(book).arg(message.to_string()).ignore();
    both.cmd("RPUSH").arg(QUEUE).arg(book).ignore();
    both.query(redis)
}

/// Takes a book out of the queue, wherever it is in it.
pub(crate) fn take_back(redis: &mut Connection, book: &str) -> RedisResult<()> {
    let mut both = pipe();
    both.atomic().cmd("LREM").arg(QUEUE).arg(0).arg(book).ignore().cmd("HDEL").arg(MESSAGES).arg(book).ignore();
    both.query(redis)
}

/// A message that was taken.
pub(crate) struct Message {
    pub(crate) id: String,
    /// Nothing when it was taken back meanwhile, or cannot be understood.
    pub(crate) book: Option<String>,
}

/// The next message, when one comes while this waits. It stays among the messages until it is done.
pub(crate) fn take(redis: &mut Connection) -> RedisResult<Option<Message>> {
    let taken: Option<(String, String)> = cmd("BLPOP").arg(QUEUE).arg(WAIT).query(redis)?;
    let Some((_, id)) = taken else { return Ok(None) };
    let text: Option<String> = cmd("HGET").arg(MESSAGES).arg(&id).query(redis)?;
    let message = text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let book = message.and_then(|message| message["args"][0].as_str().map(str::to_owned));
    Ok(Some(Message { id, book }))
}

/// A message was worked on, or never can be.
pub(crate) fn done(redis: &mut Connection, id: &str) -> RedisResult<()> {
    cmd("HDEL").arg(MESSAGES).arg(id).query(redis)
}

/// Puts back what was taken and never done, because a worker or a connection ended. There is one worker: a second one
/// would find what the first is at.
pub(crate) fn recover(redis: &mut Connection) -> RedisResult<usize> {
    let mut both = pipe();
    both.atomic().cmd("HKEYS").arg(MESSAGES).cmd("LRANGE").arg(QUEUE).arg(0).arg(-1);
    let (all, waiting): (Vec<String>, Vec<String>) = both.query(redis)?;
    let lost: Vec<&String> = all.iter().filter(|id| !waiting.contains(id)).collect();
    for id in &lost {
        cmd("LPUSH").arg(QUEUE).arg(id).query::<()>(redis)?;
    }
    Ok(lost.len())
}
