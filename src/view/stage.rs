//! The stage of the control loop, held long enough to be seen: in real clusters it lasts milliseconds.

use super::words;
use crate::api::Kind;
use crate::engine::{Actor, Record, Verb};

/// What the DaemonSet controller did in a stretch of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Busy {
    pub compared: usize,
    pub creates: usize,
    pub deletes: usize,
    pub others: usize,
    pub statuses: usize,
}

impl Busy {
    pub fn note(&mut self, record: &Record) {
        if record.actor != Actor::DaemonSetController {
            return;
        }
        match (record.verb, record.object.kind) {
            (Verb::Sync, _) => self.compared += 1,
            (Verb::Status, _) => self.statuses += 1,
            (Verb::Create, Kind::Pod) => self.creates += 1,
            (Verb::Delete, Kind::Pod) => self.deletes += 1,
            _ => self.others += 1,
        }
    }

    /// The stage that is worth showing, counted from 0 for `watch`, and what is done in it.
    pub fn stage(&self) -> Option<(usize, String)> {
        let mut acts = Vec::new();
        for (number, verb) in [(self.creates, "create "), (self.deletes, "delete ")] {
            if number > 0 {
                acts.push([verb, &words::count(number, "pod")].concat());
            }
        }
        if acts.is_empty() && self.others > 0 {
            acts.push("keep the revisions".to_owned());
        }
        if !acts.is_empty() {
            Some((3, acts.join(", ")))
        } else if self.statuses > 0 {
            Some((4, String::new()))
        } else if self.compared > 0 {
            Some((2, String::new()))
        } else {
            None
        }
    }
}
