//! An act of the log: what was seen, what was decided and why, what came of it.

use super::super::inspect::{Block, Mark, Moment, Row};
use super::super::{ObjectRef, words};
use super::daemonset::changed_lines;
use super::{Explained, chain, line};
use crate::api::{Kind, Name};
use crate::controllers::daemonset::Saw;
use crate::controllers::daemonset::saw::{Nodes, Rollout};
use crate::engine::{Actor, Reason, Record, Verb};
use crate::manifest;
use crate::scheduler;
use crate::store::{Delta, Object};

/// Changed lines that are shown.
const LINES_MAX: usize = 60;
/// Lines that say nothing: fields that change with every write, and the manifest that kubectl keeps in an annotation.
const NOISE: [&str; 2] = ["resourceVersion:", "{\"apiVersion\""];

pub fn explain(moment: &Moment, record: &Record, explained: &mut Explained) {
    let cause = record.caused_by.and_then(|seq| moment.history.get(seq));
    // The comparison that this act came out of, or that it is.
    let compared = [Some(record), cause].into_iter().flatten().find(|it| it.verb == Verb::Sync);
    if let Some(Reason::Work { saw: Some(saw), .. }) = compared.map(|record| &record.reason) {
        explained.rows("What the controller saw", saw_rows(saw));
    }
    if let Reason::Scheduler(scheduler::Reason::Unschedulable { nodes, .. }) = &record.reason {
        let row = |(node, obstacles): &(Name, Vec<scheduler::Obstacle>)| Row {
            lines: obstacles.iter().map(|obstacle| line(obstacle.to_string())).collect(),
            ..Row::new(Mark::No, &**node, "").by(obstacles.first().map_or("", scheduler::Obstacle::function))
        };
        explained.rows("What the scheduler saw", nodes.iter().map(row).collect());
    }
    let facts = record.saw();
    if !facts.is_empty() {
        let rows = facts.into_iter().map(|it| Row::new(Mark::Note, it.what, it.text).by(it.function)).collect();
        let who = chain::who(record.actor).trim_start_matches("The ");
        explained.rows(["What the ", who, " saw"].concat(), rows);
    }
    let decided = match record.actor {
        Actor::You => Row::new(Mark::Note, decision(record), record.reason.to_string()),
        _ => Row::new(Mark::Next, decision(record), said(record)),
    };
    let decided = decided.by(record.reason.function().unwrap_or(""));
    let decided = match record.object.kind {
        Kind::Event => decided,
        _ if record.object.key.name.is_empty() => decided,
        kind => decided.to(ObjectRef { kind, key: record.object.key.clone() }),
    };
    let title = if record.actor == Actor::You { "What you did" } else { "What was decided, and why" };
    explained.rows(title, vec![decided]);
    if record.caused_by.is_some() {
        let links = chain::causes(moment, record);
        explained.push(Block::Chain { title: "On whose behalf".to_owned(), links });
    }
    let effects = chain::effects(moment, record);
    if effects.is_empty() {
        explained.rows("What came of it", vec![Row::new(Mark::Note, "Nothing yet", "at this moment")]);
    } else {
        explained.push(Block::Chain { title: "What came of it".to_owned(), links: effects });
    }
    explained.rows("What it told in events", events(record));
    changes(record, explained);
}

/// The events that came with the act.
fn events(record: &Record) -> Vec<Row> {
    let event = |delta: &Delta| match &delta.after {
        Some(Object::Event(event)) => {
            let title = [event.kind, " ", event.reason].concat();
            let text = match event.count {
                1 => event.message.to_string(),
                count => [&*event.message, " (told ", &count.to_string(), " times)"].concat(),
            };
            Some(Row::new(Mark::Note, title, text))
        }
        _ => None,
    };
    record.deltas.iter().filter_map(event).collect()
}

fn said(record: &Record) -> String {
    match &record.reason {
        Reason::Work { does, .. } => does.to_string(),
        reason => reason.to_string(),
    }
}

/// The act in the imperative, as it was decided: `Delete nginx-x7k2p on worker-2`.
fn decision(record: &Record) -> String {
    let place = match &record.node {
        Some(node) if record.object.kind == Kind::Pod => [" on ", node].concat(),
        _ => String::new(),
    };
    if record.object.key.name.is_empty() {
        return ["Refused: a new ", record.object.kind.as_str(), &place].concat();
    }
    [record.verb.as_str(), " ", &record.object.key.name, &place].concat()
}

/// What a stage of a sync compared, as rows.
fn saw_rows(saw: &Saw) -> Vec<Row> {
    match saw {
        Saw::Nodes(nodes) => {
            let Nodes { all, desired, with_pod, must_go, left_alone } = nodes;
            let (all, without) = (all.to_string(), (desired - with_pod).to_string());
            let (desired, with_pod) = (desired.to_string(), with_pod.to_string());
            let mut rows = vec![
                Row::new(Mark::Note, "Desired", [&*desired, " of ", &all, " nodes should run it"].concat())
                    .by("NodeShouldRunDaemonPod"),
                Row::new(Mark::Note, "Actual", ["with a pod of it: ", &*with_pod, ", without: ", &without].concat())
                    .by("getNodesToDaemonPods"),
            ];
            if *must_go > 0 {
                let text = [&*must_go.to_string(), " with a pod that may not stay"].concat();
                rows.push(Row::new(Mark::Note, "Other nodes", text).by("podsShouldBeOnNode"));
            }
            rows.extend(left_alone.iter().map(|it| {
                let until = ["it failed, and is left alone until ", &words::clock(it.until.micros())].concat();
                Row::new(Mark::Note, &*it.pod, until).by("podsShouldBeOnNode")
            }));
            rows
        }
        Saw::Rollout(rollout) => {
            let Rollout { desired, max_unavailable, max_surge, updated, holding, waiting, .. } = rollout;
            let number = |number: &i64| number.to_string();
            let (limit, held) = match max_surge {
                0 => (["maxUnavailable is ", &number(max_unavailable)].concat(), " nodes count as unavailable"),
                _ => (["maxSurge is ", &number(max_surge)].concat(), " nodes have a second pod"),
            };
            let progress =
                [&*number(updated), " of ", &number(desired), " updated, ", &number(waiting), " old and available"]
                    .concat();
            let budget =
                [&*limit, ", ", &number(holding), held, ", so ", &number(&rollout.left()), " may go on"].concat();
            let mut rows = vec![
                Row::new(Mark::Note, "Pods", progress).by("findUpdatedPodsOnNode"),
                Row::new(Mark::Note, "Budget", budget).by("updatedDesiredNodeCounts"),
            ];
            rows.extend(rollout.holders.iter().map(|holder| {
                let text = ["waiting for ", &holder.to_string()].concat();
                Row::new(Mark::Note, &*holder.node, text).by("rollingUpdate").to(ObjectRef::node(&holder.node))
            }));
            rows
        }
        saw => vec![Row::new(Mark::Note, "Revisions", saw.to_string()).by(saw.function())],
    }
}

/// What the act changed, object by object, as a diff.
fn changes(record: &Record, explained: &mut Explained) {
    for delta in record.deltas.iter() {
        let (Some(before), Some(after)) = (&delta.before, &delta.after) else { continue };
        if after.kind() == Kind::Event {
            continue;
        }
        let (old, new) = (manifest::print(&before.to_value()), manifest::print(&after.to_value()));
        let mut lines = changed_lines(&old, &new);
        lines.retain(|(_, line)| !NOISE.iter().any(|noise| line.trim_start().starts_with(noise)));
        if lines.len() > LINES_MAX {
            lines.truncate(LINES_MAX);
            lines.push(('…', String::new()));
        }
        if !lines.is_empty() {
            let title = ["What it changed in ", after.kind().as_str(), " ", &after.meta().name].concat();
            explained.push(Block::Changes { title, lines });
        }
    }
}
