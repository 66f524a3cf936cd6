//! The text of a list of sessions: whoever is in the way, and below it those who wait for it. Which sessions there are is read
//! elsewhere.

use std::collections::BTreeSet;
use std::fmt;

use super::{Session, Sessions};

/// How much of a statement is shown.
const STATEMENT: usize = 100;

/// A tree for every session that keeps others waiting; the others are counted.
impl fmt::Display for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = BTreeSet::new();
        let culprits = self.culprits();
        for id in &culprits {
            self.branch(f, *id, "", "", &mut shown)?;
        }
        // Who waits in a circle has no culprit; the server ends one of them soon.
        for session in self.sessions.iter().filter(|session| !session.blocked_by.is_empty()) {
            if !shown.contains(&session.id) {
                self.branch(f, session.id, "", "", &mut shown)?;
            }
        }
        for session in self.sessions.iter().filter(|session| session.waits_for.is_some()) {
            if shown.insert(session.id) {
                writeln!(f, "{session}")?;
            }
        }
        if shown.is_empty() {
            writeln!(f, "nobody waits for a lock")?;
        }
        match self.sessions.iter().filter(|session| !shown.contains(&session.id)).count() {
            0 => {}
            1 => writeln!(f, "1 other session")?,
            others => writeln!(f, "{others} other sessions")?,
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

impl Sessions {
    fn branch(
        &self,
        f: &mut fmt::Formatter<'_>,
        id: i64,
        first: &str,
        rest: &str,
        shown: &mut BTreeSet<i64>,
    ) -> fmt::Result {
        let again = !shown.insert(id);
        match self.get(id) {
            Some(session) => writeln!(f, "{first}{session}")?,
            None if id == 0 => writeln!(f, "{first}a prepared transaction")?,
            None => writeln!(f, "{first}{id}  of another database, or gone by now")?,
        }
        // A session can wait for several, and is then below each of them, its own followers once.
        if again {
            return Ok(());
        }
        let mut waiting = self.waiting_for(id).peekable();
        while let Some(session) = waiting.next() {
            let (corner, below) = if waiting.peek().is_some() { ("├─ ", "│  ") } else { ("└─ ", "   ") };
            self.branch(f, session.id, &format!("{rest}{corner}"), &format!("{rest}{below}"), shown)?;
        }
        Ok(())
    }
}

/// One session in a line: `4711  app@10.0.0.7:5123 (psql)  idle in transaction for 2m 13s  UPDATE ..`.
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.id)?;
        match (self.user.is_empty(), self.client.is_empty()) {
            (true, true) => {}
            (false, true) => write!(f, "{}", self.user)?,
            (true, false) => write!(f, "{}", self.client)?,
            (false, false) => write!(f, "{}@{}", self.user, self.client)?,
        }
        if !self.application.is_empty() {
            write!(f, " ({})", self.application)?;
        }
        if self.deploys {
            f.write_str("  the deployment")?;
        }
        match &self.waits_for {
            Some(what) => write!(f, "  waits for {what}")?,
            None if !self.blocked_by.is_empty() => f.write_str("  waits")?,
            None => write!(f, "  {}", self.state)?,
        }
        if let Some(seconds) = self.seconds {
            write!(f, " for {}", time(seconds))?;
        }
        if self.guessed {
            f.write_str(", perhaps for the one above")?;
        }
        if !self.statement.is_empty() {
            let mut statement: String = self.statement.chars().take(STATEMENT).collect();
            if statement.len() < self.statement.len() {
                statement.push_str(" ..");
            }
            write!(f, "  {statement}")?;
        }
        Ok(())
    }
}

fn time(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: i64, blocked_by: &[i64], statement: &str) -> Session {
        Session {
            id,
            user: "app".to_owned(),
            client: "10.0.0.7:5123".to_owned(),
            state: "idle in transaction".to_owned(),
            seconds: Some(id),
            statement: statement.to_owned(),
            waits_for: (!blocked_by.is_empty()).then(|| "a row of domain".to_owned()),
            blocked_by: blocked_by.to_vec(),
            ..Session::default()
        }
    }

    #[test]
    fn those_who_wait_are_below_whom_they_wait_for() {
        let sessions = vec![
            session(7, &[], "UPDATE domain SET name = 'x'"),
            session(71, &[7], "ALTER TABLE domain ADD note TEXT"),
            session(4000, &[71], "SELECT * FROM domain"),
            session(72, &[7], &"x".repeat(200)),
            session(73, &[], "SELECT 1"),
        ];
        let sessions = Sessions { sessions, notes: vec!["something is not known".to_owned()] };
        assert_eq!(sessions.culprits(), [7]);
        insta::assert_snapshot!(sessions);
    }

    #[test]
    fn a_circle_is_shown_once_and_ends() {
        let sessions = Sessions { sessions: vec![session(1, &[2], "a"), session(2, &[1], "b")], notes: Vec::new() };
        assert!(sessions.culprits().is_empty());
        assert_eq!(sessions.to_string().lines().count(), 3, "{sessions}");
        assert_eq!(Sessions::default().to_string(), "nobody waits for a lock\n");
    }
}
