//! The progress of seeding for people: a bar for the table that is being written, a line for those that took long, and the total.
//! The bar itself, and everything else that is shown, is `human`'s.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressState, ProgressStyle};
use plimsoll_seed::SeedEvent;

use super::human::{Human, seconds};
use crate::terminal::Terminal;

/// How often a line tells how far a long table is, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A table that took longer leaves a line, wherever it is shown.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

/// How far the writing of rows is.
pub(super) struct Seeding {
    pub(super) began: Instant,
    /// Rows of the tables that are done.
    rows: usize,
    pub(super) table: Option<TableProgress>,
}

/// The table that is being written.
pub(super) struct TableProgress {
    pub(super) name: String,
    rows: usize,
    began: Instant,
    /// When a line was written last, where there is no bar.
    told: Instant,
}

impl Human {
    pub(super) fn seed(&mut self, terminal: &mut Terminal<'_>, event: &SeedEvent) {
        match event {
            SeedEvent::Started { .. } => {
                self.need_a_bar("seed");
                self.seeding = Some(Seeding { began: Instant::now(), rows: 0, table: None });
            }
            SeedEvent::TableStarted { table, rows } => self.table_started(table, *rows),
            SeedEvent::Progress { done, .. } => self.table_progress(terminal, *done),
            SeedEvent::TableDone { created, updated, .. } => self.table_done(terminal, created + updated),
            SeedEvent::ReadBack { .. } => self.without_rows("checks what is expected"),
            SeedEvent::Committed => {
                let Some(seeding) = self.seeding.take().filter(|_| !self.in_step) else { return };
                let took = seconds(seeding.began.elapsed());
                self.end();
                terminal.say(&format!("seeded {} in {took}, 0 errors", counted(seeding.rows)));
            }
            SeedEvent::Expected(_) | SeedEvent::NothingToDo => {}
        }
    }

    fn table_started(&mut self, name: &str, rows: usize) {
        let now = Instant::now();
        if let Some(seeding) = &mut self.seeding {
            seeding.table = Some(TableProgress { name: name.to_owned(), rows, began: now, told: now });
        }
        let Some(bar) = &self.bar else { return };
        let style = "  {spinner} {prefix:12} {msg:24} [{bar:24}] {human_pos}/{human_len} rows  {rate}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            let rate = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                text.write_str(&per_second(state.per_sec())).expect("a line takes every text");
            };
            bar.set_style(style.progress_chars("=> ").with_key("rate", rate));
        }
        bar.reset();
        bar.set_length(rows as u64);
        bar.set_message(name.to_owned());
    }

    fn table_progress(&mut self, terminal: &mut Terminal<'_>, done: usize) {
        let Some(table) = self.seeding.as_mut().and_then(|seeding| seeding.table.as_mut()) else { return };
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            if done >= table.rows {
                // A bar that is full for seconds would look like one that hangs.
                let message = format!("{:<24} {} written, records them", table.name, counted(done));
                self.without_rows(&message);
            }
            return;
        }
        if table.told.elapsed() >= LINE_EVERY && done < table.rows {
            table.told = Instant::now();
            let rate = done as f64 / table.began.elapsed().as_secs_f64().max(0.001);
            let left = Duration::from_secs_f64((table.rows - done) as f64 / rate.max(0.001));
            let (done, rows) = (HumanCount(done as u64), HumanCount(table.rows as u64));
            let (rate, left) = (per_second(rate), seconds(left));
            terminal.say(&format!("          {:<24} {done} of {rows} rows, {rate}, {left} left", table.name));
        }
    }

    fn table_done(&mut self, terminal: &mut Terminal<'_>, rows: usize) {
        let Some(seeding) = &mut self.seeding else { return };
        seeding.rows += rows;
        let Some(table) = seeding.table.take() else { return };
        let took = table.began.elapsed();
        // What comes next, unless it is another table.
        self.without_rows("reads back what was written");
        // A deployment is told step by step, and a table of a moment is not worth a line in it.
        if took >= WORTH_A_LINE || (self.progress && !self.in_step) {
            let rate = per_second(rows as f64 / took.as_secs_f64().max(0.001));
            let line = format!("          {:<24} {:>16} in {}, {rate}", table.name, counted(rows), seconds(took));
            self.line(terminal, &line);
        }
    }

    fn without_rows(&self, message: &str) {
        let Some(bar) = &self.bar else { return };
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:12} {msg}") {
            bar.set_style(style);
        }
        bar.set_message(message.to_owned());
    }
}

fn counted(rows: usize) -> String {
    format!("{} {}", HumanCount(rows as u64), if rows == 1 { "row" } else { "rows" })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nobody reads fractions of a rate")]
fn per_second(rate: f64) -> String {
    format!("{}/s", HumanCount(rate.round() as u64))
}
