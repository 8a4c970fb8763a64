//! A cluster as text, with names and numbers that do not depend on chance.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use everynode::api::{ConditionStatus, DaemonSet, Name, ObjectKey, Pod, Uid};
use everynode::engine::{Record, Sim};
use everynode::store::{Object, World};

/// Pods get an id by the order of their creation, `daemonset@node#1`, and keep it; so do the numbers of revisions that
/// have been cleaned up since.
#[derive(Default)]
pub struct Ids {
    pub seen: usize,
    pods: BTreeMap<Uid, String>,
    names: Vec<(Name, String)>,
    counts: BTreeMap<String, usize>,
    revisions: BTreeMap<(Name, String), i64>,
}

impl Ids {
    /// Takes in what has happened since the last time.
    pub fn learn(&mut self, sim: &Sim) {
        let records = sim.history().records();
        for delta in records[self.seen..].iter().flat_map(|record| record.deltas.iter()) {
            match (&delta.before, &delta.after) {
                (None, Some(Object::Pod(pod))) => self.learn_pod(pod),
                (_, Some(Object::ControllerRevision(revision))) => {
                    let hash = revision.hash().unwrap_or_default().to_owned();
                    self.revisions.insert((revision.meta.namespace.clone(), hash), revision.revision);
                }
                _ => {}
            }
        }
        self.seen = records.len();
    }

    fn learn_pod(&mut self, pod: &Pod) {
        let id = match pod.meta.controller() {
            Some(owner) => {
                let place = format!("{}@{}", owner.name, pod.target_node().map_or("nowhere", |node| node));
                let count = self.counts.entry(format!("{}/{place}", pod.meta.namespace)).or_default();
                *count += 1;
                format!("{place}#{count}")
            }
            None => pod.meta.name.to_string(),
        };
        if *id != *pod.meta.name {
            self.names.push((pod.meta.name.clone(), id.clone()));
        }
        self.pods.insert(pod.meta.uid, id);
    }

    /// The namespace and the name that an id, or a name that is none, stands for.
    pub fn name_of(&self, key: &str) -> (String, String) {
        let (namespace, id) = key.split_once('/').unwrap_or(("default", key));
        let name = self.names.iter().find(|(_, it)| it == id).map_or(id, |(name, _)| name);
        (namespace.to_owned(), name.to_owned())
    }

    fn of(&self, pod: &Pod) -> &str {
        self.pods.get(&pod.meta.uid).map_or("?", String::as_str)
    }

    /// A text with every generated name replaced by its id.
    pub fn replace_names(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, id) in &self.names {
            if text.contains(&**name) {
                text = text.replace(&**name, id);
            }
        }
        text
    }

    fn revision_of(&self, pod: &Pod) -> String {
        let known = pod.hash().and_then(|hash| self.revisions.get(&(pod.meta.namespace.clone(), hash.to_owned())));
        known.map_or("-".to_owned(), ToString::to_string)
    }
}

/// `name`, with its namespace unless that is `default`.
pub fn short_key(key: &ObjectKey) -> String {
    match &*key.namespace {
        "default" => key.name.to_string(),
        _ => key.to_string(),
    }
}

pub fn nodes(world: &World, text: &mut String) {
    for node in world.nodes.values() {
        let ready = match node.ready() {
            ConditionStatus::True => "Ready",
            ConditionStatus::False => "NotReady",
            ConditionStatus::Unknown => "Unknown",
        };
        write!(text, "node {} {ready}", node.name()).unwrap();
        if node.unschedulable {
            text.push_str(" unschedulable");
        }
        let mut taints: Vec<_> = node.taints.iter().collect();
        taints.sort_by_key(|taint| (taint.key.clone(), taint.effect.clone()));
        for taint in taints {
            write!(text, " {taint}").unwrap();
        }
        text.push('\n');
    }
}

pub fn daemonsets(world: &World, text: &mut String) {
    for set in world.daemonsets.values() {
        let status = &set.status;
        write!(
            text,
            "daemonset {} generation {} template {} observed {}: desired {} current {} ready {} updated {} available {} \
             unavailable {} misscheduled {}",
            short_key(&set.meta.key()),
            set.meta.generation,
            set.template_generation().unwrap_or_default(),
            status.observed_generation,
            status.desired_number_scheduled,
            status.current_number_scheduled,
            status.number_ready,
            status.updated_number_scheduled,
            status.number_available,
            status.number_unavailable,
            status.number_misscheduled,
        )
        .unwrap();
        if let Some(count) = status.collision_count {
            write!(text, " collisions {count}").unwrap();
        }
        if set.meta.is_terminating() {
            write!(text, " deleting {}", set.meta.finalizers.join(",")).unwrap();
        }
        text.push('\n');
    }
}

pub fn revisions(world: &World, text: &mut String) {
    for revision in world.revisions.values() {
        let owner = revision.meta.controller().map_or("nobody", |owner| &owner.name);
        let key = short_key(&revision.meta.key());
        writeln!(text, "revision {key} number {} of {owner}", revision.revision).unwrap();
    }
}

pub fn pods(world: &World, ids: &Ids, text: &mut String) {
    let owner = |pod: &Pod| pod.meta.controller().map_or("".into(), |owner| owner.name.clone());
    let mut pods: Vec<_> = world.pods.values().collect();
    pods.sort_by_key(|pod| {
        (
            pod.meta.namespace.clone(),
            owner(pod),
            pod.target_node().cloned(),
            pod.meta.created_at,
            ids.of(pod).to_owned(),
        )
    });
    for pod in pods {
        let key = ObjectKey { namespace: pod.meta.namespace.clone(), name: ids.of(pod).into() };
        let generation = pod.meta.label(everynode::api::pod::GENERATION_LABEL).unwrap_or("-");
        write!(
            text,
            "pod {} revision {} generation {generation} {} {} {}",
            short_key(&key),
            ids.revision_of(pod),
            pod.spec.template.image(),
            pod.status.phase.as_str(),
            if pod.is_ready() { "ready" } else { "unready" },
        )
        .unwrap();
        if let Some(waiting) = pod.status.waiting {
            write!(text, " {waiting}").unwrap();
        }
        if pod.spec.node_name.is_none() {
            text.push_str(" unscheduled");
        }
        if pod.is_terminating() {
            text.push_str(" deleting");
        }
        if owner(pod).is_empty() {
            text.push_str(" uncontrolled");
        }
        text.push('\n');
    }
}

/// The worst moments of a DaemonSet since a record, over the nodes that had a pod of it then.
pub fn observed(sim: &Sim, since: usize, key: &ObjectKey, text: &mut String) {
    let mut world = sim.history().world_after(since);
    let uid = world.daemonsets.get(key).or(sim.world().daemonsets.get(key)).map(|set| set.meta.uid).unwrap_or_default();
    let nodes: BTreeSet<Name> = world.pods_of(uid).filter_map(|pod| pod.target_node().cloned()).collect();
    let (mut unavailable, mut not_serving, mut surge, mut status) = (0, 0, 0, 0);
    for record in &sim.history().records()[since..] {
        for delta in record.deltas.iter() {
            world.apply(delta);
            if let Some(Object::DaemonSet(set)) = &delta.after
                && set.meta.uid == uid
                && is_status_write(record)
            {
                status = status.max(set.status.number_unavailable);
            }
        }
        let count = |holds: &dyn Fn(&[&Pod]) -> bool| {
            let here = |node: &&Name| holds(&world.pods_of_on(uid, node).map(|pod| &**pod).collect::<Vec<_>>());
            nodes.iter().filter(here).count()
        };
        unavailable = unavailable.max(count(&|pods| !pods.iter().any(|pod| pod.is_ready() && !pod.is_terminating())));
        not_serving = not_serving.max(count(&|pods| !pods.iter().any(|pod| pod.is_ready())));
        let live = |pod: &&&Pod| !pod.is_terminating() && !pod.is_terminal();
        surge = surge.max(count(&|pods| pods.iter().filter(live).count() >= 2));
    }
    writeln!(
        text,
        "at most {unavailable} without a ready pod that stays, {not_serving} without any ready pod, {surge} with two pods; \
         unavailable by its status {status}"
    )
    .unwrap();
}

fn is_status_write(record: &Record) -> bool {
    record.verb == everynode::engine::Verb::Status
}

/// The pod that a step means: the oldest on the node that is not going already, of one DaemonSet or of any.
pub fn pod_on<'a>(world: &'a World, node: &str, of: Option<&DaemonSet>) -> Option<&'a Pod> {
    let on_node = |pod: &&std::sync::Arc<Pod>| pod.target_node().is_some_and(|it| **it == *node);
    let wanted = |pod: &&std::sync::Arc<Pod>| {
        !pod.is_terminating()
            && of.is_none_or(|set| pod.meta.controller().is_some_and(|owner| owner.uid == set.meta.uid))
    };
    let pods = world.pods.values().filter(on_node).filter(wanted);
    pods.min_by_key(|pod| (pod.meta.created_at, pod.meta.resource_version)).map(|pod| &**pod)
}
