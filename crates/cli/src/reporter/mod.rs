//! The reporters: each event goes to one of them, and both match every event, so that none can be forgotten.

pub(crate) mod checks;
pub(crate) mod diff;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod lint;
mod seeding;
pub(crate) mod table;

use plimsoll_deploy::DeployEvent;

use crate::args::Format;
use crate::terminal::Terminal;

/// Shows the events of a deployment.
pub(crate) enum Reporter {
    Human(human::Human),
    Json,
}

impl Reporter {
    pub(crate) fn new(terminal: &Terminal<'_>) -> Self {
        match terminal.format {
            Format::Text => Self::Human(human::Human::new(terminal.progress)),
            Format::Json => Self::Json,
        }
    }

    pub(crate) fn event(&mut self, terminal: &mut Terminal<'_>, event: &DeployEvent<'_>) {
        match self {
            Self::Human(human) => human.event(terminal, event),
            Self::Json => terminal.json(&json::event(event)),
        }
    }

    /// Takes a progress bar off the screen, and says of what was begun and not committed that it is gone.
    pub(crate) fn end(&mut self, terminal: &mut Terminal<'_>) {
        if let Self::Human(human) = self {
            human.close(terminal);
        }
    }
}
