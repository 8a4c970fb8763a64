//! The inspector: what is selected, explained. What happened and what holds is told by the rooms that decided it; here it
//! is put in order.

use std::rc::Rc;

use super::explain::{self, Explained};
use super::log::target;
use super::{ObjectRef, Tone, words};
use crate::api::{Kind, ObjectKey, SimTime, Taint};
use crate::engine::{Command, History, Record, Sim};
use crate::manifest;
use crate::store::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Yes,
    No,
    /// What comes next.
    Next,
    Note,
}

/// A line of text, with what is taken literally between backticks, and a remark beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub text: String,
    pub remark: &'static str,
}

/// Something that is named or counted, and said about.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub mark: Mark,
    pub title: String,
    pub lines: Vec<Line>,
    /// The function of the original that decides this, where there is one.
    pub function: &'static str,
    /// What it is about, for a reader who wants to know more: the first few, and how many there are.
    pub links: Vec<ObjectRef>,
    pub linked: usize,
}

/// Something that the reader can do about what is explained.
#[derive(Clone, Debug, PartialEq)]
pub enum Offer {
    /// Write a toleration for a taint into the manifest of a DaemonSet.
    Tolerate(ObjectKey, Taint),
    /// A command, and what its button says.
    Run(Command, &'static str),
}

/// One act in a chain of causes.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// `None` for acts that are left out, which can be unfolded.
    pub seq: Option<u64>,
    pub clock: String,
    pub tone: Tone,
    pub title: String,
    pub detail: String,
    /// The function of the original that decides this, where there is one.
    pub function: &'static str,
    /// The act that the chain is about.
    pub here: bool,
}

/// A revision and how its template differs from the current one: lines of a unified diff.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    pub title: String,
    pub detail: String,
    pub diff: Vec<(char, String)>,
    pub undo: Option<Offer>,
}

/// What follows from some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What matters most of it.
    pub text: String,
    pub rest: String,
    pub function: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// One sentence, and the function of the original that it models.
    Lead {
        title: String,
        text: String,
        function: &'static str,
    },
    Rows {
        title: String,
        rows: Vec<Row>,
        verdict: Option<Verdict>,
        offer: Option<Offer>,
    },
    /// Rows that count: each can be opened to see what it counts.
    Counts {
        title: String,
        rows: Vec<Row>,
    },
    Facts {
        title: String,
        rows: Vec<(String, String)>,
    },
    Chain {
        title: String,
        links: Vec<Link>,
    },
    Revisions {
        title: String,
        rows: Vec<Revision>,
    },
    /// What an act changed, as a unified diff.
    Changes {
        title: String,
        lines: Vec<(char, String)>,
    },
    Note(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// With what is taken literally between backticks.
    pub title: String,
    pub kind: String,
    pub object: Option<ObjectRef>,
    pub blocks: Vec<Block>,
    /// What the tab beside the explanation shows: YAML, or what kubectl describes. Empty when the object is not there.
    pub text: Rc<str>,
}

/// What there is to know at one moment.
pub struct Moment<'a> {
    pub world: &'a World,
    pub history: &'a History,
    /// The records that have happened by then.
    pub records: usize,
    pub now: SimTime,
    /// The simulation, if this is the present.
    pub sim: Option<&'a Sim>,
    /// Whether a manifest is at hand in which a taint can be tolerated for certain.
    pub can_tolerate: &'a dyn Fn(&ObjectKey, &Taint) -> bool,
    /// Whether long chains are shown in full.
    pub unfolded: bool,
}

/// Explains a record of the log or, without one, an object.
pub fn inspect(moment: &Moment, object: Option<&ObjectRef>, record: Option<u64>, with_yaml: bool) -> Inspection {
    let Some(object) = object else { return Inspection::default() };
    let stored = moment.world.get(object.kind, &object.key);
    let yaml = match &stored {
        Some(stored) if with_yaml => manifest::print(&stored.to_value()),
        _ => String::new(),
    };
    let chosen = record.and_then(|seq| moment.history.get(seq)).filter(|record| target(record) == *object);
    let mut explained = Explained::default();
    let (title, kind) = match chosen {
        Some(record) => {
            explain::act::explain(moment, record, &mut explained);
            (explain::chain::title(record), ["act at ", &words::clock(record.at.micros())].concat())
        }
        None => {
            explain_object(moment, object, &mut explained);
            (["`", &object.key.name, "`"].concat(), object.kind.as_str().to_owned())
        }
    };
    Inspection { title, kind, object: Some(object.clone()), blocks: explained.blocks, text: yaml.into() }
}

fn explain_object(moment: &Moment, object: &ObjectRef, explained: &mut Explained) {
    let world = moment.world;
    let key = &object.key;
    let found = match object.kind {
        Kind::Node => world.nodes.get(&key.name).map(|node| explain::node::explain(moment, node, explained)),
        Kind::Pod => world.pods.get(key).map(|pod| explain::pod::explain(moment, pod, explained)),
        Kind::DaemonSet => world.daemonsets.get(key).map(|set| explain::daemonset::explain(moment, set, explained)),
        Kind::ControllerRevision => {
            world.revisions.get(key).map(|it| explain::daemonset::revision(world, it, explained))
        }
        Kind::Namespace | Kind::PriorityClass | Kind::ResourceQuota | Kind::LimitRange | Kind::Event => Some(()),
    };
    if found.is_none() {
        explained.push(Block::Note(["This ", object.kind.as_str(), " does not exist at this moment."].concat()));
        explain::gone(moment, object, explained);
    } else if !matches!(object.kind, Kind::Pod) {
        explain::last_act(moment, object, explained);
    }
}

/// The command that describes an object.
pub fn describe_command(object: &ObjectRef) -> String {
    let kind = match object.kind {
        Kind::DaemonSet => "daemonset",
        Kind::Pod => "pod",
        Kind::Node => "node",
        other => &other.as_str().to_ascii_lowercase(),
    };
    let namespace = match &*object.key.namespace {
        "" | "default" => String::new(),
        other => [" -n ", other].concat(),
    };
    ["kubectl describe ", kind, " ", &object.key.name, &namespace].concat()
}

impl Row {
    pub fn new(mark: Mark, title: impl Into<String>, text: impl Into<String>) -> Row {
        let lines = vec![Line { text: text.into(), remark: "" }];
        Row { mark, title: title.into(), lines, function: "", links: Vec::new(), linked: 0 }
    }

    pub fn by(self, function: &'static str) -> Row {
        Row { function, ..self }
    }

    /// Leads to one thing.
    pub fn to(self, object: ObjectRef) -> Row {
        Row { links: vec![object], linked: 1, ..self }
    }
}

/// Whether a record is of interest as the last thing that happened to an object.
pub(super) fn is_about(record: &Record, object: &ObjectRef) -> bool {
    record.is_act() && record.object.kind == object.kind && record.object.key == object.key
}
