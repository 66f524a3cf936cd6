//! Telling how far the writing is, from places that only know how many rows they have just written. What is made of it is the
//! reporter's.

use std::cell::{Cell, RefCell};

use crate::event::SeedEvent;

/// The table that is being written and how many of its rows are.
pub(crate) struct Progress<'e> {
    on_event: RefCell<&'e mut dyn FnMut(&SeedEvent)>,
    table: RefCell<String>,
    done: Cell<usize>,
}

impl<'e> Progress<'e> {
    pub(crate) fn new(on_event: &'e mut dyn FnMut(&SeedEvent)) -> Self {
        Self { on_event: RefCell::new(on_event), table: RefCell::default(), done: Cell::new(0) }
    }

    /// A table's turn has come, with so many rows to write.
    pub(crate) fn begin(&self, table: &str, rows: usize) {
        table.clone_into(&mut self.table.borrow_mut());
        self.done.set(0);
        if rows > 0 {
            self.tell(&SeedEvent::TableStarted { table: table.to_owned(), rows });
        }
    }

    /// So many more rows were written.
    pub(crate) fn add(&self, rows: usize) {
        self.done.set(self.done.get() + rows);
        let table = self.table.borrow().clone();
        self.tell(&SeedEvent::Progress { table, done: self.done.get() });
    }

    /// Everything of the table was written.
    pub(crate) fn end(&self, created: usize, updated: usize) {
        let table = self.table.borrow().clone();
        self.tell(&SeedEvent::TableDone { table, created, updated });
    }

    fn tell(&self, event: &SeedEvent) {
        (self.on_event.borrow_mut())(event);
    }
}
