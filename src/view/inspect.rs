//! The inspector: why something is as it is, and the object as YAML.

use std::rc::Rc;
use std::sync::Arc;

use super::log::{actor, target};
use super::{ObjectRef, Tone, words};
use crate::api::{ControllerRevision, DaemonSet, Kind, Labels, Node, ObjectKey, Pod, SimTime, UpdateStrategy};
use crate::controllers::daemonset::placement::{Placer, explain};
use crate::controllers::daemonset::{history, rollout_numbers};
use crate::engine::{History, Record};
use crate::manifest;
use crate::store::World;

/// The longest chain of causes that is shown.
const CHAIN_MAX: usize = 6;
/// How far back, or forth, the log is searched for acts on an object.
const SEARCH_MAX: usize = 4000;
/// The most nodes that are listed one by one.
const NODES_MAX: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Yes,
    No,
    /// What comes next.
    Next,
    Note,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CheckRow {
    pub mark: Mark,
    pub title: String,
    pub detail: String,
}

/// One act in a chain of causes.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub seq: u64,
    pub clock: String,
    pub tone: Tone,
    pub title: String,
    pub detail: String,
    /// The function of the original that decides this, where there is one.
    pub function: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Checks { title: String, verdict: String, rows: Vec<CheckRow> },
    Facts { title: String, rows: Vec<(String, String)> },
    Chain { title: String, links: Vec<Link> },
    Note(String),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    pub title: String,
    pub kind: &'static str,
    pub object: Option<ObjectRef>,
    pub blocks: Vec<Block>,
    /// Empty while its tab is not shown, or when the object is gone.
    pub yaml: Rc<str>,
}

/// What there is to know at one moment.
pub struct Moment<'a> {
    pub world: &'a World,
    pub history: &'a History,
    /// The records that have happened by then.
    pub records: usize,
    pub now: SimTime,
}

/// Explains an object and, if one is given, a record of the log.
pub fn inspect(moment: &Moment, object: Option<&ObjectRef>, record: Option<u64>, with_yaml: bool) -> Inspection {
    let Some(object) = object else { return Inspection::default() };
    let mut blocks = Vec::new();
    let chosen = record.and_then(|seq| moment.history.get(seq)).filter(|record| target(record) == *object);
    match chosen {
        Some(record) => {
            blocks.push(Block::Chain { title: "Why this happened".to_owned(), links: causes(moment, record) });
            let effects = effects(moment, record);
            if !effects.is_empty() {
                blocks.push(Block::Chain { title: "What it led to".to_owned(), links: effects });
            }
        }
        None => {
            if let Some(last) = acts_on(moment, object).next() {
                let title = match object.kind {
                    Kind::Pod => "How it came to this",
                    _ => "The last act on it",
                };
                blocks.push(Block::Chain { title: title.to_owned(), links: causes(moment, last) });
            }
        }
    }
    let world = moment.world;
    let stored = world.get(object.kind, &object.key);
    let yaml = match &stored {
        Some(stored) if with_yaml => manifest::print(&stored.to_value()),
        _ => String::new(),
    };
    let at = blocks.len();
    match object.kind {
        Kind::Node => match world.nodes.get(&object.key.name) {
            Some(node) => about_node(world, node, &mut blocks),
            None => blocks.push(gone("node")),
        },
        Kind::Pod => match world.pods.get(&object.key) {
            Some(pod) => about_pod(world, pod, moment.now, &mut blocks),
            None => blocks.push(gone("pod")),
        },
        Kind::DaemonSet => match world.daemonsets.get(&object.key) {
            Some(daemonset) => about_daemonset(world, daemonset, &mut blocks),
            None => blocks.push(gone("DaemonSet")),
        },
        Kind::ControllerRevision => match world.revisions.get(&object.key) {
            Some(revision) => blocks.push(Block::Facts {
                title: "Revision".to_owned(),
                rows: vec![
                    fact("number", revision.revision.to_string()),
                    fact("hash", revision.hash().unwrap_or_default()),
                    fact("owner", revision.meta.controller().map_or("nobody", |owner| &*owner.name)),
                ],
            }),
            None => blocks.push(gone("revision")),
        },
        Kind::Namespace | Kind::PriorityClass | Kind::Event => {}
    }
    // What holds now comes before how it came, unless the reader asked for that.
    if chosen.is_none() && object.kind != Kind::Pod {
        blocks.rotate_left(at);
    }
    Inspection {
        title: object.key.name.to_string(),
        kind: object.kind.as_str(),
        object: Some(object.clone()),
        blocks,
        yaml: yaml.into(),
    }
}

fn gone(what: &str) -> Block {
    Block::Note(["This ", what, " is gone."].concat())
}

fn fact(key: &str, value: impl Into<String>) -> (String, String) {
    (key.to_owned(), value.into())
}

fn about_node(world: &World, node: &Node, blocks: &mut Vec<Block>) {
    for daemonset in world.daemonsets.values() {
        let explained = explain(&daemonset.spec, node);
        let checks = explained.checks.into_iter().map(|check| CheckRow {
            mark: if check.passed { Mark::Yes } else { Mark::No },
            title: check.subject.to_owned(),
            detail: check.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("; "),
        });
        let name = &daemonset.meta.name;
        blocks.push(Block::Checks {
            title: ["Should ", name, " run here?"].concat(),
            verdict: [explained.verdict, " ", &explained.stays].concat(),
            rows: checks.collect(),
        });
    }
    if world.daemonsets.is_empty() {
        blocks.push(Block::Note("There is no DaemonSet that could run here.".to_owned()));
    }
    let ready = node.condition("Ready");
    let roles = node.roles();
    let taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
    let mut rows = vec![
        fact("ready", node.ready().as_str()),
        fact("roles", if roles.is_empty() { "none".to_owned() } else { roles.join(", ") }),
        fact("taints", if taints.is_empty() { "none".to_owned() } else { taints.join(", ") }),
        fact("schedulable", if node.unschedulable { "no, it is cordoned" } else { "yes" }),
        fact("pod network", node.pod_cidr.as_deref().unwrap_or("none")),
        fact("labels", labels(&node.meta.labels)),
    ];
    if let Some(ready) = ready.filter(|ready| !ready.message.is_empty()) {
        rows.insert(1, fact("because", &*ready.message));
    }
    blocks.push(Block::Facts { title: "Node".to_owned(), rows });
}

fn labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| if value.is_empty() { key.clone() } else { [key, "=", value].concat() })
        .collect();
    if pairs.is_empty() { "none".to_owned() } else { pairs.join(", ") }
}

fn about_pod(world: &World, pod: &Pod, now: SimTime, blocks: &mut Vec<Block>) {
    let owner = pod.meta.controller();
    let daemonset = owner.and_then(|owner| {
        let key = ObjectKey { namespace: pod.meta.namespace.clone(), name: owner.name.clone() };
        world.daemonsets.get(&key).filter(|daemonset| daemonset.meta.uid == owner.uid)
    });
    let mut rows = vec![
        fact("phase", pod.status.phase.as_str()),
        fact("ready", if pod.is_ready() { "yes" } else { "no" }),
        fact("node", pod.target_node().map_or("none yet", |node| &**node)),
    ];
    if let Some(waiting) = pod.status.waiting {
        rows.push(fact("waiting", waiting));
    }
    for text in [&pod.status.reason, &pod.status.message].into_iter().flatten() {
        rows.push(fact("because", &**text));
    }
    if let Some(at) = pod.meta.deletion_at {
        let left = at.since(now).as_secs_f64().ceil() as u64;
        rows.push(fact("deleted", ["has ", &words::count(left as usize, "second"), " left to stop"].concat()));
    }
    if let Some(container) = pod.spec.template.containers.first() {
        rows.push(fact("image", &*container.image));
    }
    if let Some(daemonset) = daemonset {
        let number = history::revision_number(world, daemonset, pod.hash());
        let current = history::current(world, daemonset).and_then(|revision| revision.hash());
        let word = if current.is_some() && current == pod.hash() { ", the current one" } else { ", an old one" };
        rows.push(fact(
            "revision",
            number.map_or_else(|| "unknown".to_owned(), |number| [&number.to_string(), word].concat()),
        ));
    }
    rows.push(fact("owner", owner.map_or("nobody", |owner| &*owner.name)));
    if let Some(ip) = &pod.status.pod_ip {
        rows.push(fact("address", &**ip));
    }
    if pod.status.restarts > 0 {
        rows.push(fact("restarts", pod.status.restarts.to_string()));
    }
    rows.push(fact("labels", labels(&pod.meta.labels)));
    blocks.push(Block::Facts { title: "Pod".to_owned(), rows });
}

fn about_daemonset(world: &World, daemonset: &DaemonSet, blocks: &mut Vec<Block>) {
    let status = &daemonset.status;
    let desired = status.desired_number_scheduled;
    let row = |done: bool, title: &str, detail: String| CheckRow {
        mark: if done { Mark::Yes } else { Mark::Next },
        title: title.to_owned(),
        detail,
    };
    let of = |number: i64| [&number.to_string(), " of ", &desired.to_string()].concat();
    let seen = status.observed_generation >= daemonset.meta.generation;
    let mut rows = vec![
        row(seen, "The controller has seen the latest spec", {
            let (observed, wanted) = (status.observed_generation.to_string(), daemonset.meta.generation.to_string());
            ["observed generation ", &observed, " of ", &wanted].concat()
        }),
        row(
            status.updated_number_scheduled >= desired,
            "Pods are of the current revision",
            of(status.updated_number_scheduled),
        ),
        row(status.number_available >= desired, "Pods are available", of(status.number_available)),
    ];
    if status.number_misscheduled > 0 {
        rows.push(CheckRow {
            mark: Mark::No,
            title: "Pods run where they should not".to_owned(),
            detail: words::count(status.number_misscheduled as usize, "pod"),
        });
    }
    let strategy = match daemonset.spec.update_strategy {
        UpdateStrategy::OnDelete => "OnDelete: a pod gets the new template when you delete it".to_owned(),
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => {
            let numbers = rollout_numbers(world, daemonset, max_unavailable, max_surge);
            let surge = if numbers.max_surge > 0 {
                [", ", &numbers.max_surge.to_string(), " may surge"].concat()
            } else {
                String::new()
            };
            [
                "RollingUpdate: at most ",
                &numbers.max_unavailable.to_string(),
                " of ",
                &numbers.desired.to_string(),
                " unavailable",
                &surge,
            ]
            .concat()
        }
    };
    blocks.push(Block::Checks { title: "Rollout".to_owned(), verdict: String::new(), rows });

    let placer = Placer::new(&daemonset.spec);
    let mut without: Vec<CheckRow> = Vec::new();
    let mut more = 0;
    for node in world.nodes.values() {
        if let Some(obstacle) = placer.obstacle(node) {
            if without.len() < NODES_MAX {
                without.push(CheckRow {
                    mark: Mark::No,
                    title: node.meta.name.to_string(),
                    detail: obstacle.to_string(),
                });
            } else {
                more += 1;
            }
        }
    }
    if !without.is_empty() {
        let verdict = if more > 0 { ["and ", &words::count(more, "node"), " more"].concat() } else { String::new() };
        blocks.push(Block::Checks { title: "Nodes it does not run on".to_owned(), verdict, rows: without });
    }

    let mut revisions = Vec::new();
    for revision in history::revisions(world, daemonset) {
        let newest_first = |other: &&Arc<ControllerRevision>| other.revision < revision.revision;
        let at = revisions.iter().position(newest_first).unwrap_or(revisions.len());
        revisions.insert(at, revision);
    }
    let current = history::current(world, daemonset).map(|revision| revision.revision);
    let rows = revisions.into_iter().map(|revision| {
        let mark = if Some(revision.revision) == current { ", current" } else { "" };
        fact(
            &["revision ", &revision.revision.to_string()].concat(),
            [revision.hash().unwrap_or("no hash"), mark].concat(),
        )
    });
    blocks.push(Block::Facts { title: "Revisions".to_owned(), rows: rows.collect() });

    let image = daemonset.spec.template.spec.containers.first().map_or("", |container| &*container.image);
    blocks.push(Block::Facts {
        title: "DaemonSet".to_owned(),
        rows: vec![
            fact("namespace", &*daemonset.meta.namespace),
            fact("image", image),
            fact("strategy", strategy),
            fact("min ready", words::count(daemonset.spec.min_ready_seconds.max(0) as usize, "second")),
            fact("labels", labels(&daemonset.meta.labels)),
        ],
    });
}

/// The acts on an object, the newest first.
fn acts_on<'a>(moment: &Moment<'a>, object: &'a ObjectRef) -> impl Iterator<Item = &'a Record> {
    let records = moment.history.records().get(..moment.records).unwrap_or_default();
    records
        .iter()
        .rev()
        .take(SEARCH_MAX)
        .filter(|record| record.is_act() && record.object.kind == object.kind && record.object.key == object.key)
}

/// From the first cause to the record itself. Comparisons on the way are left out, and so is the middle of a long
/// chain: a rollout's last pod has the whole rollout as its cause.
fn causes(moment: &Moment, record: &Record) -> Vec<Link> {
    let mut links = vec![link(record)];
    let mut at = record;
    let mut left_out = 0;
    while let Some(cause) = at.caused_by.and_then(|seq| moment.history.get(seq)) {
        // A cause is older: this ends, whatever the log says.
        if cause.seq >= at.seq {
            break;
        }
        if cause.caused_by.is_none() {
            if left_out > 0 {
                let title = [&words::count(left_out, "act"), " in between"].concat();
                let empty = (String::new(), String::new());
                links.push(Link {
                    seq: at.seq,
                    clock: empty.0,
                    tone: Tone::Plain,
                    title,
                    detail: empty.1,
                    function: "",
                });
            }
            links.push(link(cause));
        } else if cause.is_act() {
            if links.len() < CHAIN_MAX { links.push(link(cause)) } else { left_out += 1 }
        }
        at = cause;
    }
    links.reverse();
    links
}

fn effects(moment: &Moment, record: &Record) -> Vec<Link> {
    let after = moment.history.records().get(record.seq as usize + 1..moment.records).unwrap_or_default();
    let caused = after.iter().take(SEARCH_MAX).filter(|later| later.caused_by == Some(record.seq));
    caused.take(CHAIN_MAX).map(link).collect()
}

fn link(record: &Record) -> Link {
    Link {
        seq: record.seq,
        clock: words::clock(record.at.micros()),
        tone: Tone::of(record),
        title: [&actor(record), ": ", record.verb.as_str(), " ", &record.object.key.name].concat(),
        detail: record.reason.to_string(),
        function: record.reason.function().unwrap_or(""),
    }
}
