//! A DaemonSet: its rollout in one sentence, what each number counts, and its revisions.

use std::sync::Arc;

use super::super::inspect::{Block, Mark, Moment, Offer, Revision, Row};
use super::super::{ObjectRef, words};
use super::{Explained, SEARCH_MAX, fact, labels, what_next};
use crate::api::{ControllerRevision, DaemonSet, Kind, UpdateStrategy, Value};
use crate::controllers::daemonset::placement::Placer;
use crate::controllers::daemonset::status::{Counted, each_node};
use crate::controllers::daemonset::{history, rollout};
use crate::engine::{Command, Record, Verb};
use crate::manifest;
use crate::manifest::diff::{diff, hunks};
use crate::store::World;

/// The most nodes that are named one by one.
const NODES_MAX: usize = 40;
/// The same for nodes that it does not run on, each with its reason.
const WITHOUT_MAX: usize = 8;
/// Unchanged lines around changed ones.
const CONTEXT: usize = 1;
/// What kubectl records of why a revision was made.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

pub fn explain(moment: &Moment, daemonset: &DaemonSet, explained: &mut Explained) {
    let world = moment.world;
    let (text, function) = sentence(moment, daemonset);
    explained.push(Block::Lead { title: "Rollout".to_owned(), text, function });
    if let Some(refused) = refusal(moment, daemonset) {
        explained.rows("What stands in the way", vec![refused]);
    }
    explained.push(Block::Counts { title: "What its numbers count".to_owned(), rows: counts(moment, daemonset) });
    let object = ObjectRef { kind: Kind::DaemonSet, key: daemonset.meta.key() };
    what_next(moment, "What happens next", &object, Vec::new(), explained);
    explained.push(Block::Revisions { title: "Revisions".to_owned(), rows: revisions(world, daemonset) });
    explained.rows("Nodes it does not run on", without(world, daemonset));

    let strategy = match daemonset.spec.update_strategy {
        UpdateStrategy::OnDelete => "OnDelete: a pod gets the new template when you delete it".to_owned(),
        UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => {
            let (unavailable, surge) = (max_unavailable.to_string(), max_surge.to_string());
            ["RollingUpdate, maxUnavailable ", &unavailable, ", maxSurge ", &surge].concat()
        }
    };
    let image = daemonset.spec.template.spec.containers.first().map_or("", |container| &*container.image);
    explained.facts(
        Kind::DaemonSet.as_str(),
        vec![
            fact("namespace", &*daemonset.meta.namespace),
            fact("image", image),
            fact("strategy", strategy),
            fact("min ready", words::count(daemonset.spec.min_ready_seconds.max(0) as usize, "second")),
            fact("labels", labels(&daemonset.meta.labels)),
        ],
    );
}

/// The rollout in one sentence, and the function that decides it.
pub fn sentence(moment: &Moment, daemonset: &DaemonSet) -> (String, &'static str) {
    let (meta, observed) = (&daemonset.meta, daemonset.status.observed_generation);
    if meta.is_terminating() {
        let finalizers: Vec<&str> = meta.finalizers.iter().map(|it| &**it).collect();
        let text = [
            "It is being deleted, and the controller does nothing for it any more. It waits for: ",
            &finalizers.join(", "),
        ];
        return (text.concat() + ".", "syncDaemonSet");
    }
    let unseen = match observed < meta.generation {
        true => {
            let (old, new) = (observed.to_string(), meta.generation.to_string());
            ["The controller has finished no sync of generation ", &new, " yet, only of ", &old, ". "].concat()
        }
        false => String::new(),
    };
    match rollout(moment.world, daemonset, moment.now) {
        Some(rollout) => (unseen + &rollout.sentence(), "rollingUpdate"),
        None => {
            let (mut updated, mut desired) = (0, 0);
            each_node(moment.world, daemonset, moment.now, &mut |node| {
                updated += usize::from(node.updated);
                desired += usize::from(node.desired);
            });
            let text = [&unseen, &*updated.to_string(), " of ", &desired.to_string(), " updated"].concat();
            let rest = if updated == desired {
                "."
            } else {
                "; with OnDelete an old pod gets the new template when you delete it."
            };
            (text + rest, "updateDaemonSet")
        }
    }
}

/// What the API server refused, if that is the last that came of a comparison.
fn refusal(moment: &Moment, daemonset: &DaemonSet) -> Option<Row> {
    let key = daemonset.meta.key();
    let compared = |record: &Record| record.verb == Verb::Sync && record.object.key == key;
    let records = moment.history.records().get(..moment.records)?;
    let last = records.iter().rev().take(SEARCH_MAX).find(|record| {
        let cause = record.caused_by.and_then(|seq| moment.history.get(seq));
        record.verb != Verb::Status && record.verb != Verb::Sync && cause.is_some_and(compared)
    })?;
    let place = last.node.as_ref().map(|node| [" on ", node].concat()).unwrap_or_default();
    let title = ["The API server refused a request", &place].concat();
    (last.verb == Verb::Error).then(|| Row::new(Mark::No, title, last.reason.to_string()).by("syncNodes"))
}

/// Each number of the status, what it counts by which rule, and the nodes.
fn counts(moment: &Moment, daemonset: &DaemonSet) -> Vec<Row> {
    type Rule = (&'static str, &'static str, fn(&Counted) -> bool);
    const RULES: [Rule; 7] = [
        ("desired", "nodes that should run it", |node| node.desired),
        ("current", "of those, with at least one pod of it", |node| node.current()),
        ("ready", "of those, whose first pod is ready", |node| node.ready),
        ("up-to-date", "of those, whose first pod is of the current revision", |node| node.updated),
        ("available", "of those, whose first pod has been ready for minReadySeconds", |node| node.available),
        ("unavailable", "desired without an available first pod", |node| node.desired && !node.available),
        ("misscheduled", "nodes that should not run it, but have a pod of it", |node| node.misscheduled()),
    ];
    let status = &daemonset.status;
    let stored = [
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_ready,
        status.updated_number_scheduled,
        status.number_available,
        status.number_unavailable,
        status.number_misscheduled,
    ];
    let mut rows: Vec<Row> =
        RULES.iter().map(|(name, rule, _)| Row::new(Mark::Note, *name, *rule).by("updateDaemonSetStatus")).collect();
    each_node(moment.world, daemonset, moment.now, &mut |node| {
        for ((_, _, counts), row) in RULES.iter().zip(&mut rows) {
            if counts(node) {
                row.linked += 1;
                if row.links.len() < NODES_MAX {
                    row.links.push(ObjectRef::node(node.node));
                }
            }
        }
    });
    for (row, stored) in rows.iter_mut().zip(stored) {
        if row.linked as i64 != stored {
            let stored = stored.to_string();
            row.lines.push(super::line(
                ["the status still says ", &stored, ": it is written at the end of a sync"].concat(),
            ));
        }
    }
    rows
}

fn without(world: &World, daemonset: &DaemonSet) -> Vec<Row> {
    let placer = Placer::new(&daemonset.spec);
    let mut rows: Vec<Row> = Vec::new();
    let mut more = 0;
    for node in world.nodes.values() {
        let Some(obstacle) = placer.obstacle(node) else { continue };
        if rows.len() < WITHOUT_MAX {
            let row = Row::new(Mark::No, &**node.name(), obstacle.to_string()).by("NodeShouldRunDaemonPod");
            rows.push(row.to(ObjectRef::node(node.name())));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        rows.push(Row::new(Mark::No, ["and ", &words::count(more, "node"), " more"].concat(), ""));
    }
    rows
}

/// The revisions, the newest first.
fn revisions(world: &World, daemonset: &DaemonSet) -> Vec<Revision> {
    let mut all: Vec<&Arc<ControllerRevision>> = history::revisions(world, daemonset).collect();
    all.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
    let current = history::current(world, daemonset);
    let template = |revision: &ControllerRevision| history::template_of(revision).map(printed).unwrap_or_default();
    let now = printed(&daemonset.spec.template.value);
    let row = |revision: &Arc<ControllerRevision>| {
        let is_current = current.is_some_and(|current| current.meta.uid == revision.meta.uid);
        let number = revision.revision;
        let pods = world.pods_of(daemonset.meta.uid).filter(|pod| pod.hash() == revision.hash()).count();
        let mut detail = [revision.hash().unwrap_or("no hash"), ", ", &words::count(pods, "pod")].concat();
        if let Some(cause) = revision.meta.annotations.get(CHANGE_CAUSE) {
            detail.extend([", ", cause]);
        }
        let undo = !is_current && !daemonset.meta.is_terminating();
        Revision {
            title: ["Revision ", &number.to_string(), if is_current { ", the current one" } else { "" }].concat(),
            detail,
            diff: if is_current { Vec::new() } else { changed_lines(&now, &template(revision)) },
            undo: undo.then(|| {
                let (namespace, name) = (daemonset.meta.namespace.to_string(), daemonset.meta.name.to_string());
                Offer::Run(Command::RolloutUndo { namespace, name, to_revision: Some(number) }, "Undo to this")
            }),
        }
    };
    all.into_iter().map(row).collect()
}

/// A template as YAML, without the directive that revisions keep beside it.
fn printed(template: &Value) -> String {
    let mut template = template.clone();
    template.make_map().remove("$patch");
    manifest::print(&template)
}

/// The lines that going from one text to the other takes away and adds, with a little around them.
pub(super) fn changed_lines(from: &str, to: &str) -> Vec<(char, String)> {
    let lines = diff(from, to);
    let mut told = Vec::new();
    for (_, hunk) in hunks(&lines, CONTEXT) {
        if !told.is_empty() {
            told.push(('…', String::new()));
        }
        told.extend(hunk.iter().map(|(change, line)| (change.sign(), (*line).to_owned())));
    }
    told
}

pub fn revision(world: &World, revision: &ControllerRevision, explained: &mut Explained) {
    let owner = revision.meta.controller();
    let key = owner
        .map(|owner| crate::api::ObjectKey { namespace: revision.meta.namespace.clone(), name: owner.name.clone() });
    let daemonset = key.as_ref().and_then(|key| world.daemonsets.get(key));
    explained.facts(
        "Revision",
        vec![
            fact("number", revision.revision.to_string()),
            fact("hash", revision.hash().unwrap_or_default()),
            fact("owner", owner.map_or("nobody", |owner| &*owner.name)),
        ],
    );
    if let Some(daemonset) = daemonset {
        explained.push(Block::Revisions {
            title: ["Revisions of ", &daemonset.meta.name].concat(),
            rows: revisions(world, daemonset),
        });
    }
}
