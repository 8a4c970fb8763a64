//! The activity log: one row for each record of the History, and what is said aloud about them.

use std::rc::Rc;
use std::sync::Arc;

use super::{ObjectRef, words};
use crate::api::Kind;
use crate::engine::{Actor, Record, Verb};

/// What an act does to its object: its colour in the log and on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The reader's own act.
    You,
    Create,
    Delete,
    /// A controller changed something that stays.
    Update,
    /// A step on the way: bound, started, ready.
    Plain,
}

impl Tone {
    pub const ALL: [Tone; 5] = [Tone::Plain, Tone::Update, Tone::Create, Tone::Delete, Tone::You];

    pub fn of(record: &Record) -> Tone {
        match (record.actor, record.verb) {
            (Actor::You, _) => Tone::You,
            (_, Verb::Create) => Tone::Create,
            (_, Verb::Delete | Verb::Remove | Verb::Fail | Verb::Error) => Tone::Delete,
            (_, Verb::Update | Verb::Taint | Verb::Adopt | Verb::Release) => Tone::Update,
            _ => Tone::Plain,
        }
    }

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
}

impl LogRow {
    pub fn of(record: &Record) -> LogRow {
        LogRow {
            seq: record.seq,
            clock: words::clock(record.at.micros()),
            actor: actor(record),
            verb: record.verb.as_str(),
            tone: Tone::of(record),
            object: object_and_place(record),
            reason: record.reason.to_string(),
        }
    }
}

/// `kubelet worker-1`: there are many kubelets, and one of each other actor.
pub fn actor(record: &Record) -> String {
    match (record.actor, &record.node) {
        (Actor::Kubelet, Some(node)) => ["kubelet ", node].concat(),
        _ => record.actor.as_str().to_owned(),
    }
}

fn object_and_place(record: &Record) -> String {
    if record.verb == Verb::Import {
        return "a cluster".to_owned();
    }
    let name = &*record.object.key.name;
    let object = match record.object.kind {
        Kind::Pod | Kind::DaemonSet => name.to_owned(),
        Kind::ControllerRevision => ["revision ", name].concat(),
        Kind::Node => ["node ", name].concat(),
        other => [other.as_str(), " ", name].concat(),
    };
    match &record.node {
        Some(node) if record.object.kind != Kind::Node && record.actor != Actor::Kubelet => {
            let word = if record.verb == Verb::Bind { " to " } else { " on " };
            [&object, word, node].concat()
        }
        _ => object,
    }
}

/// What the row of a record selects.
pub fn target(record: &Record) -> ObjectRef {
    ObjectRef { kind: record.object.kind, key: record.object.key.clone() }
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

/// What others than the reader did, in one sentence for a screen reader: single acts by name, many by their number.
pub fn announcement<'a>(records: impl Iterator<Item = &'a Arc<Record>>) -> String {
    let said = [
        (Verb::Create, "created"),
        (Verb::Ready, "ready"),
        (Verb::NotReady, "not ready"),
        (Verb::Delete, "deleted"),
        (Verb::Remove, "gone"),
        (Verb::Fail, "failed"),
        (Verb::Unschedulable, "without a node"),
        (Verb::Error, "refused"),
    ];
    let mut found: [(usize, Option<&Record>); 8] = [(0, None); 8];
    for record in records.filter(|record| record.actor != Actor::You && record.object.kind == Kind::Pod) {
        if let Some(index) = said.iter().position(|(verb, _)| *verb == record.verb) {
            found[index].0 += 1;
            found[index].1 = Some(record);
        }
    }
    let mut text = String::new();
    for ((_, word), (count, last)) in said.iter().zip(found) {
        let Some(record) = last else { continue };
        if !text.is_empty() {
            text.push_str(", ");
        }
        match (count, &record.node) {
            (1, Some(node)) => text.extend([&*record.object.key.name, " ", word, " on ", node]),
            (1, None) => text.extend([&*record.object.key.name, " ", word]),
            _ => text.extend([&*words::count(count, "pod"), " ", word]),
        }
    }
    text
}
