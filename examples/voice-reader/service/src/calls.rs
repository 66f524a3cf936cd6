//! The state of calls in Redis: which keys a session has, and when each of them ends. Who begins and ends sessions is `bot`'s.

use redis::{Connection, RedisResult, cmd, pipe};

/// How long a session is kept, in seconds: between half an hour and two.
const SESSION: u32 = 60 * 60;
/// How long somebody counts as being in a call, unless it ends before.
const ACTIVE: u32 = 10 * 60;

/// A session that begins.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) room: String,
}

/// Writes a session down, all of it or nothing. `ends` is false only where that is rehearsed.
pub(crate) fn begin(redis: &mut Connection, session: &Session, ends: bool) -> RedisResult<()> {
    let Session { id, user, room } = session;
    let (state, events) = (state(id), events(id));
    let mut all = pipe();
    all.atomic();
    all.cmd("HSET")
        .arg(&state)
        .arg("status")
        .arg("started")
        .arg("user_id")
        .arg(user)
        .arg("room_url")
        .arg(room)
        .ignore();
    if ends {
        all.cmd("EXPIRE").arg(&state).arg(SESSION).ignore();
    }
    all.cmd("XADD").arg(&events).arg("*").arg("event").arg("started").ignore();
    all.cmd("EXPIRE").arg(&events).arg(SESSION).ignore();
    all.cmd("SET").arg(key(id)).arg(user).arg("EX").arg(SESSION).ignore();
    all.cmd("SET").arg(active(user)).arg(id).arg("EX").arg(ACTIVE).ignore();
    all.query(redis)
}

/// Ends a session. Whether there was one.
pub(crate) fn end(redis: &mut Connection, id: &str) -> RedisResult<bool> {
    let user: Option<String> = cmd("GET").arg(key(id)).query(redis)?;
    if let Some(user) = user {
        let current: Option<String> = cmd("GET").arg(active(&user)).query(redis)?;
        // A later call of the same user is another session's.
        if current.as_deref() == Some(id) {
            cmd("DEL").arg(active(&user)).query::<()>(redis)?;
        }
    }
    let gone: u32 = cmd("DEL").arg(state(id)).arg(events(id)).arg(key(id)).query(redis)?;
    Ok(gone > 0)
}

fn state(id: &str) -> String {
    format!("call:{id}:state")
}

fn events(id: &str) -> String {
    format!("call:{id}:events")
}

fn key(id: &str) -> String {
    format!("session:{id}")
}

fn active(user: &str) -> String {
    format!("user:{user}:active_call")
}
