//! The activity log: one row for each record of the History.

use std::rc::Rc;

use super::ObjectRef;

/// What an act does to its object: its colour in the log and on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The reader's own act.
    You,
    Create,
    Delete,
    /// The controller changed something that stays.
    Update,
    /// A step on the way: bound, started, ready.
    Plain,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Tone::You => "you",
            Tone::Create => "create",
            Tone::Delete => "delete",
            Tone::Update => "update",
            Tone::Plain => "plain",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    pub seq: u64,
    pub clock: String,
    pub actor: String,
    pub verb: &'static str,
    pub tone: Tone,
    /// `nginx-daemon-set-x7k2p on worker-1`
    pub object: String,
    pub reason: String,
    pub target: Option<ObjectRef>,
}

/// The part of the log that is on the screen.
#[derive(Clone, Debug, Default)]
pub struct LogWindow {
    pub total: usize,
    pub first: usize,
    pub rows: Rc<Vec<Rc<LogRow>>>,
}

impl PartialEq for LogWindow {
    fn eq(&self, other: &LogWindow) -> bool {
        self.total == other.total && self.first == other.first && Rc::ptr_eq(&self.rows, &other.rows)
    }
}
