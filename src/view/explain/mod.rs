//! Explanations of whatever can be selected. Each says why, in the words of the room that decided it.

pub mod act;
pub mod chain;
pub mod daemonset;
pub mod node;
pub mod pod;

use super::inspect::{Block, Line, Mark, Moment, Row, is_about};
use super::{ObjectRef, words};
use crate::api::{Kind, Labels};
use crate::controllers::daemonset::Foreseen;
use crate::engine::{About, Record, Upcoming};
use crate::store::{Delta, Object};

/// How far back, or forth, the log is searched.
pub(super) const SEARCH_MAX: usize = 4000;
/// What comes next is told this far.
const NEXT_MAX: usize = 6;

/// The blocks of an explanation, as they come together.
#[derive(Default)]
pub struct Explained {
    pub blocks: Vec<Block>,
}

impl Explained {
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    fn rows(&mut self, title: impl Into<String>, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.push(Block::Rows { title: title.into(), rows, verdict: None, offer: None });
        }
    }

    fn facts(&mut self, title: &str, rows: Vec<(String, String)>) {
        self.push(Block::Facts { title: title.to_owned(), rows });
    }
}

fn fact(key: &str, value: impl Into<String>) -> (String, String) {
    (key.to_owned(), value.into())
}

fn line(text: impl Into<String>) -> Line {
    Line { text: text.into(), remark: "" }
}

fn labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| if value.is_empty() { key.clone() } else { [key, "=", value].concat() })
        .collect();
    if pairs.is_empty() { "none".to_owned() } else { pairs.join(", ") }
}

/// The acts on an object that have happened by now, the newest first.
fn acts_on<'a>(moment: &Moment<'a>, object: &'a ObjectRef) -> impl Iterator<Item = &'a Record> {
    let records = moment.history.records().get(..moment.records).unwrap_or_default();
    records.iter().map(|it| &**it).rev().take(SEARCH_MAX).filter(move |record| is_about(record, object))
}

/// The chain to the last act on an object.
pub fn last_act(moment: &Moment, object: &ObjectRef, explained: &mut Explained) {
    if let Some(last) = acts_on(moment, object).next() {
        explained.push(Block::Chain { title: "The last act on it".to_owned(), links: chain::causes(moment, last) });
    }
}

/// How an object that is not there came to an end.
pub fn gone(moment: &Moment, object: &ObjectRef, explained: &mut Explained) {
    if let Some(last) = acts_on(moment, object).next() {
        explained.push(Block::Chain { title: "How it came to this".to_owned(), links: chain::causes(moment, last) });
    }
}

/// What comes next: at present from the simulation's agenda, in the past from the log, which knows.
fn what_next(moment: &Moment, title: &str, about: &ObjectRef, foreseen: Vec<Foreseen>, explained: &mut Explained) {
    let mut rows: Vec<Row> = match moment.sim {
        Some(sim) => sim.upcoming(About { kind: about.kind, key: &about.key }).into_iter().map(upcoming).collect(),
        None => Vec::new(),
    };
    if moment.sim.is_none() {
        let later = moment.history.records().get(moment.records..).unwrap_or_default().iter().take(SEARCH_MAX);
        let here = later.filter(|record| record.is_act() && concerns(record, about)).take(NEXT_MAX);
        rows.extend(here.map(|record| {
            let text = ["at ", &words::clock(record.at.micros()), ": ", &record.reason.to_string()].concat();
            Row::new(Mark::Next, chain::title(record), text).by(record.reason.function().unwrap_or(""))
        }));
    }
    for next in foreseen.into_iter().filter(|next| !rows.iter().any(|row| row.title == next.title)).collect::<Vec<_>>()
    {
        let mark = if next.next_sync { Mark::Next } else { Mark::Note };
        rows.push(Row::new(mark, next.title, next.why).by(next.function));
    }
    // A timer for each pod says the same several times: the first one counts.
    let mut told: Vec<String> = Vec::new();
    rows.retain(|row| {
        let new = !told.contains(&row.title);
        told.push(row.title.clone());
        new
    });
    rows.truncate(NEXT_MAX);
    if rows.is_empty() {
        rows.push(Row::new(Mark::Note, "Nothing", "until something changes"));
    }
    explained.rows(title, rows);
}

/// Whether a record is about an object, happens on it if it is a node, or changes what it controls.
fn concerns(record: &Record, about: &ObjectRef) -> bool {
    let is_it = record.object.kind == about.kind && record.object.key == about.key;
    let controls = |delta: &Delta| {
        let meta = delta.object().map(Object::meta);
        let owner = meta.and_then(|meta| Some((meta.controller()?, &meta.namespace)));
        owner.is_some_and(|(owner, namespace)| owner.name == about.key.name && *namespace == about.key.namespace)
    };
    is_it
        || match about.kind {
            Kind::Node => record.node.as_ref() == Some(&about.key.name),
            Kind::DaemonSet => record.deltas.iter().any(controls),
            _ => false,
        }
}

fn upcoming(next: Upcoming) -> Row {
    let text = match next.at {
        Some(at) => ["at ", &words::clock(at.micros()), ": ", &next.why].concat(),
        None => next.why,
    };
    Row::new(Mark::Next, next.title, text).by(next.function)
}
