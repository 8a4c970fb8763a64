//! A pod: why it is there, why it is not ready, has no node or is going, and whose it is.

use super::super::inspect::{Block, Mark, Moment, Row};
use super::super::{ObjectRef, words};
use super::{Explained, acts_on, chain, fact, labels, line, what_next};
use crate::api::{DaemonSet, Kind, Name, ObjectKey, Pod};
use crate::controllers::daemonset::{Current, Foreseen, history};
use crate::engine::{Reason, Record, Verb};
use crate::scheduler;
use crate::store::{Object, World};

pub fn explain(moment: &Moment, pod: &Pod, explained: &mut Explained) {
    let object = ObjectRef { kind: Kind::Pod, key: pod.meta.key() };
    let last = |verbs: &[Verb]| acts_on(moment, &object).find(|record| verbs.contains(&record.verb));
    if pod.is_terminating()
        && let Some(deleted) = last(&[Verb::Delete])
    {
        let title = "Why is it being deleted?".to_owned();
        explained.push(Block::Chain { title, links: chain::causes(moment, deleted) });
    }
    if pod.spec.node_name.is_none() && !pod.is_terminating() {
        explained.rows("Why has it no node yet?", why_no_node(pod, last(&[Verb::Unschedulable])));
    } else if (!pod.is_ready() || pod.is_terminal()) && !pod.is_terminating() {
        let verbs = [Verb::Start, Verb::Ready, Verb::NotReady, Verb::Fail, Verb::Update];
        let title = if pod.is_terminal() { "Why does it not run?" } else { "Why is it not ready?" };
        explained.rows(title, why_not_ready(moment.world, pod, last(&verbs)));
    }
    match creation(moment, pod) {
        Some(created) => {
            let title = "Why was it created?".to_owned();
            explained.push(Block::Chain { title, links: chain::causes(moment, created) });
        }
        None => {
            let text = "it was there when the cluster was brought here";
            explained.rows("Why was it created?", vec![Row::new(Mark::Note, "Before the log begins", text)]);
        }
    }
    if pod.spec.node_name.is_some() {
        explained.rows("Why is it on this node?", vec![why_here(pod, last(&[Verb::Bind]))]);
    }
    let foreseen = match (moment.sim, pod.target_node()) {
        (Some(sim), Some(node)) => sim.outlook(node).into_iter().map(|(_, foreseen)| foreseen).collect(),
        _ => Vec::new(),
    };
    let about_it = foreseen.into_iter().filter(|it: &Foreseen| it.title.ends_with(&*pod.meta.name)).collect();
    what_next(moment, "What happens next to it", &object, about_it, explained);
    facts(moment, pod, explained);
}

/// The record that made a pod, found by the time of its creation.
fn creation<'a>(moment: &Moment<'a>, pod: &Pod) -> Option<&'a Record> {
    let at = pod.meta.created_at?;
    let happened = moment.history.records().get(..moment.records)?;
    let from = happened.partition_point(|record| record.at < at);
    let makes = |record: &&Record| {
        let made = |object: &Object| object.meta().uid == pod.meta.uid;
        record.deltas.iter().any(|delta| delta.before.is_none() && delta.after.as_ref().is_some_and(made))
    };
    happened.get(from..)?.iter().map(|it| &**it).take_while(|record| record.at == at).find(makes)
}

/// The scheduler's reasons, node by node, with the values compared.
fn why_no_node(pod: &Pod, failed: Option<&Record>) -> Vec<Row> {
    let Some(Reason::Scheduler(scheduler::Reason::Unschedulable { message, nodes })) = failed.map(|it| &it.reason)
    else {
        let text = match &pod.spec.pinned_node {
            Some(node) => ["the scheduler has not looked at it yet; its node affinity names `", node, "`"].concat(),
            None => "the scheduler has not looked at it yet".to_owned(),
        };
        return vec![Row::new(Mark::Next, "Its turn has not come", text).by("ScheduleOne")];
    };
    let row = |(node, obstacles): &(Name, Vec<scheduler::Obstacle>)| {
        let lines = obstacles.iter().map(|obstacle| line(obstacle.to_string())).collect();
        let function = obstacles.first().map_or("", scheduler::Obstacle::function);
        let row = Row::new(Mark::No, "", "").by(function);
        Row { title: node.to_string(), lines, ..row }.to(ObjectRef::node(node))
    };
    let mut rows: Vec<Row> = nodes.iter().map(row).collect();
    rows.push(Row::new(Mark::Note, "In the scheduler's words", &**message).by("FitError.Error"));
    rows
}

fn why_not_ready(world: &World, pod: &Pod, last: Option<&Record>) -> Vec<Row> {
    let mut rows = Vec::new();
    if pod.is_terminal() {
        let text = ["its phase is `", pod.status.phase.as_str(), "`, which is an end"].concat();
        rows.push(Row::new(Mark::No, "It has ended", text).by("IsPodTerminal"));
    }
    if let Some(node) = &pod.spec.node_name {
        match world.nodes.get(node) {
            None => {
                let text = ["`", node, "` does not exist any more"].concat();
                rows.push(Row::new(Mark::No, "Its node", text).by("gcOrphaned"));
            }
            Some(it) if it.ready() != crate::api::ConditionStatus::True => {
                let text = ["`", node, "` is not ready itself: ", it.ready().as_str()].concat();
                rows.push(Row::new(Mark::No, "Its node", text).by("MarkPodsNotReady").to(ObjectRef::node(node)));
            }
            Some(_) => {}
        }
    }
    if let Some(waiting) = pod.status.waiting {
        rows.push(Row::new(Mark::No, "Its container", ["waits: `", waiting, "`"].concat()).by("syncPodStatus"));
    }
    match last {
        Some(record) => {
            let who = record.actor.as_str();
            let row = Row::new(Mark::Note, who, record.reason.to_string());
            rows.push(row.by(record.reason.function().unwrap_or("")));
        }
        // What was brought here has its status from elsewhere.
        None if pod.status.started_at.is_some() || pod.status.waiting.is_some() => {}
        None => rows.push(Row::new(Mark::Next, "Its kubelet", "has not taken notice of it yet").by("SyncPod")),
    }
    rows
}

fn why_here(pod: &Pod, bound: Option<&Record>) -> Row {
    let node = pod.spec.node_name.as_deref().unwrap_or_default();
    let (title, text, function) = match bound {
        Some(record) => {
            let function = record.reason.function().unwrap_or("");
            ("The scheduler chose", [node, ": ", &record.reason.to_string()].concat(), function)
        }
        None if pod.spec.template.node_name.is_some() => {
            ("Pinned", ["its template names `", node, "`, so the scheduler was not asked"].concat(), "NewPod")
        }
        None => ("Bound", ["to `", node, "`, before the log begins"].concat(), ""),
    };
    Row::new(Mark::Yes, title, text).by(function).to(ObjectRef::node(&node.into()))
}

fn facts(moment: &Moment, pod: &Pod, explained: &mut Explained) {
    let world = moment.world;
    let owner = pod.meta.controller();
    let daemonset = owner.and_then(|owner| {
        let key = ObjectKey { namespace: pod.meta.namespace.clone(), name: owner.name.clone() };
        world.daemonsets.get(&key).filter(|daemonset| daemonset.meta.uid == owner.uid)
    });
    let mut whose = Vec::new();
    match (owner, daemonset) {
        (Some(_), Some(daemonset)) => {
            let text = "its owner reference says so, and the selector matches its labels";
            let object = ObjectRef { kind: Kind::DaemonSet, key: daemonset.meta.key() };
            whose.push(Row::new(Mark::Yes, &*daemonset.meta.name, text).by("ClaimPods").to(object));
            whose.push(revision(world, daemonset, pod));
        }
        (Some(owner), None) => {
            let text = ["`", &owner.name, "` is gone; the garbage collector deletes what it owned"].concat();
            whose.push(Row::new(Mark::No, &*owner.name, text).by("attemptToDeleteItem"));
        }
        (None, _) => {
            let text = "a DaemonSet whose selector matches its labels would adopt it";
            whose.push(Row::new(Mark::Note, "Nobody", text).by("ClaimPods"));
        }
    }
    explained.rows("Who controls it?", whose);

    let mut rows = vec![
        fact("phase", pod.status.phase.as_str()),
        fact("ready", if pod.is_ready() { "yes" } else { "no" }),
        fact("node", pod.target_node().map_or("none yet", |node| &**node)),
    ];
    if let Some(set) = daemonset.filter(|set| set.spec.min_ready_seconds > 0)
        && let Some(at) = pod.available_at(set.spec.min_ready_seconds)
    {
        let word = if at <= moment.now { "since " } else { "from " };
        rows.push(fact("available", [word, &words::clock(at.micros()), ", by minReadySeconds"].concat()));
    }
    for text in [&pod.status.reason, &pod.status.message].into_iter().flatten() {
        rows.push(fact("because", &**text));
    }
    if let Some(at) = pod.meta.deletion_at {
        let left = at.since(moment.now).as_secs_f64().ceil() as u64;
        rows.push(fact("deleted", ["has ", &words::count(left as usize, "second"), " left to stop"].concat()));
    }
    if let Some(container) = pod.spec.template.containers.first() {
        rows.push(fact("image", &*container.image));
    }
    if let Some(ip) = &pod.status.pod_ip {
        rows.push(fact("address", &**ip));
    }
    if pod.status.restarts > 0 {
        rows.push(fact("restarts", pod.status.restarts.to_string()));
    }
    rows.push(fact("labels", labels(&pod.meta.labels)));
    explained.facts(Kind::Pod.as_str(), rows);
}

/// By what a pod counts as updated, or does not (`IsPodUpdated`).
fn revision(world: &World, daemonset: &DaemonSet, pod: &Pod) -> Row {
    let hash = history::current(world, daemonset).and_then(|revision| revision.hash()).unwrap_or_default();
    let (updated, text) = Current::new(daemonset, hash).compare(pod);
    let title = match history::revision_number(world, daemonset, pod.hash()) {
        Some(number) => ["Revision ", &number.to_string()].concat(),
        None => "No known revision".to_owned(),
    };
    Row::new(if updated { Mark::Yes } else { Mark::No }, title, text).by("IsPodUpdated")
}
