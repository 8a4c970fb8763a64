//! What is going to happen to one object, read from the agenda and the queues: what is certain unless something comes
//! between.

use crate::api::{Kind, Name, ObjectKey, Pod, SimTime};
use crate::controllers::daemonset::{Act, Decision, Foreseen, View, outlook};
use crate::controllers::pod_gc;
use crate::store::{Delta, Object};

use super::sim::Sim;
use super::step::{Progress, Step, Timer};

/// The most that is told.
const TOLD_MAX: usize = 12;

/// The object in question.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub kind: Kind,
    pub key: &'a ObjectKey,
}

/// One thing to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Upcoming {
    /// `None` where it waits for its turn.
    pub at: Option<SimTime>,
    pub title: String,
    pub why: String,
    /// The function of the original that does it, where there is one.
    pub function: &'static str,
}

/// The name of an object that something is about: the thing itself, or a pod of the DaemonSet, whose change wakes it.
fn is_of<'a>(object: &'a Object, about: About) -> Option<&'a Name> {
    let is_it = object.kind() == about.kind && object.key() == *about.key;
    let is_its_pod = about.kind == Kind::DaemonSet && object.as_pod().is_some_and(|pod| is_pod_of(pod, about.key));
    (is_it || is_its_pod).then_some(&object.meta().name)
}

fn is_pod_of(pod: &Pod, daemonset: &ObjectKey) -> bool {
    let owner = pod.meta.controller().map(|owner| &owner.name);
    owner == Some(&daemonset.name) && pod.meta.namespace == daemonset.namespace
}

impl Sim {
    /// What comes next for a node, a pod or a DaemonSet, the earliest first; what has no time yet comes last.
    pub fn upcoming(&self, about: About) -> Vec<Upcoming> {
        let mut all: Vec<Upcoming> = Vec::new();
        for ((at, _), step) in self.state.agenda.iter() {
            if all.len() == TOLD_MAX {
                break;
            }
            if let Some((title, why, function)) = self.tell_step(step, about) {
                all.push(Upcoming { at: Some(*at), title, why, function });
            }
        }
        let waiting = self.state.manager.waiting();
        for (key, decision) in waiting.filter(|(key, decision)| self.is_decision_about(key, decision, about)) {
            let (title, why, function) = tell_decision(key, decision, about);
            all.push(Upcoming { at: None, title, why, function });
        }
        for (place, (key, _, _)) in self.state.scheduler.waiting.values().enumerate() {
            if self.is_about_pod(key, about) {
                let title = format!("Find a node for {}", key.name);
                let why = match place {
                    0 => "the scheduler takes it next".to_owned(),
                    before => format!("the scheduler takes one pod at a time, and {before} come before it"),
                };
                all.push(Upcoming { at: None, title, why, function: "ScheduleOne" });
            }
        }
        for key in self.state.scheduler.unschedulable.keys().filter(|key| self.is_about_pod(key, about)) {
            let promised = self.state.world.pods.get(key).and_then(|pod| pod.status.nominated_node.as_ref());
            let why = match promised {
                Some(node) => {
                    format!("{node} is promised to it, and it is tried when those that make room there are gone")
                }
                None => {
                    "it found no place, and is tried when something changes on a node that it could go to".to_owned()
                }
            };
            let title = format!("Find a node for {}", key.name);
            all.push(Upcoming { at: None, title, why, function: "MoveAllToActiveOrBackoffQueue" });
        }
        let queued = self.state.manager.queue().enumerate();
        for (place, key) in queued.filter(|(_, key)| about.kind == Kind::DaemonSet && **key == *about.key) {
            let why = format!("it is number {} in the controller's queue", place + 1);
            all.push(Upcoming {
                at: None,
                title: format!("Compare {}", key.name),
                why,
                function: "processNextWorkItem",
            });
        }
        all.truncate(TOLD_MAX);
        all
    }

    /// What the DaemonSet controller would do on a node, for each DaemonSet of the cluster that has something to come.
    pub fn outlook(&self, node: &Name) -> Vec<(ObjectKey, Foreseen)> {
        let (world, memory) = (&self.state.world, &self.state.manager.memory);
        let view = View { world, memory, tally: None, now: self.state.now, seed: 0 };
        let of_one = |daemonset: &std::sync::Arc<crate::api::DaemonSet>| {
            let key = daemonset.meta.key();
            outlook(&view, daemonset, node).into_iter().map(move |foreseen| (key.clone(), foreseen))
        };
        self.state.world.daemonsets.values().flat_map(of_one).collect()
    }

    fn is_about_pod(&self, key: &ObjectKey, about: About) -> bool {
        let is = |wanted: &dyn Fn(&Pod) -> bool| self.state.world.pods.get(key).is_some_and(|pod| wanted(pod));
        match about.kind {
            Kind::Pod => *key == *about.key,
            Kind::Node => is(&|pod| pod.target_node() == Some(&about.key.name)),
            Kind::DaemonSet => is(&|pod| is_pod_of(pod, about.key)),
            _ => false,
        }
    }

    fn is_decision_about(&self, daemonset: &ObjectKey, decision: &Decision, about: About) -> bool {
        match &decision.act {
            _ if about.kind == Kind::DaemonSet => *daemonset == *about.key,
            Act::DeletePod { pod, .. } => self.is_about_pod(pod, about),
            Act::CreatePod { node } => about.kind == Kind::Node && *node == about.key.name,
            _ => false,
        }
    }

    fn tell_step(&self, step: &Step, about: About) -> Option<(String, String, &'static str)> {
        let is_node = |name: &Name| about.kind == Kind::Node && *name == about.key.name;
        let is_daemonset = |key: &ObjectKey| about.kind == Kind::DaemonSet && *key == *about.key;
        if let Step::Deliver { deltas, .. } = step {
            let name = deltas.iter().filter_map(Delta::object).find_map(|object| is_of(object, about))?;
            let title = format!("All who watch see the change of {name}");
            return Some((title, "the API server sends it to them".to_owned(), "processLoop"));
        }
        match step {
            Step::Kubelet { pod, progress, .. } if self.is_about_pod(pod, about) => {
                let name = &pod.name;
                let (title, why, function) = match progress {
                    Progress::Creating => {
                        (format!("Create the container of {name}"), "its kubelet takes notice of it", "SyncPod")
                    }
                    Progress::Started => {
                        (format!("{name} starts"), "its image is pulled and its container created", "SyncPod")
                    }
                    Progress::Ready => (format!("{name} becomes ready"), "its container runs", "syncPodStatus"),
                    Progress::Stopped => {
                        (format!("{name} has stopped"), "its containers get their time to end", "SyncTerminatedPod")
                    }
                };
                Some((title, why.to_owned(), function))
            }
            Step::SyncRequest { key, decision } if self.is_decision_about(key, decision, about) => {
                Some(tell_decision(key, decision, about))
            }
            Step::SyncStage { key } if is_daemonset(key) => Some((
                format!("Compare {}", key.name),
                "a worker of the controller has taken it".to_owned(),
                "syncDaemonSet",
            )),
            Step::Enqueue { key, timer, .. } if is_daemonset(key) => {
                let why = match timer {
                    Timer::MinReady => "a pod will then have been ready for minReadySeconds",
                    Timer::LeftAlone => "a failed pod is left alone until then",
                    Timer::Retry => "the last sync failed and is tried again",
                    Timer::Start => "the controller has just started and lists what is there",
                };
                Some((format!("Look at {} again", key.name), why.to_owned(), "enqueueDaemonSetAfter"))
            }
            Step::Collect { kind: Kind::Pod, key, .. } if self.is_about_pod(key, about) => {
                let title = format!("Look whether an owner of {} is left", key.name);
                Some((title, "the garbage collector has taken notice".to_owned(), "attemptToDeleteItem"))
            }
            Step::TaintNode { node, .. } if is_node(node) => {
                let why = "its conditions have changed".to_owned();
                Some((format!("Set the taints of {node}"), why, "doNoScheduleTaintingPass"))
            }
            Step::MarkPodsNotReady { node, .. } if is_node(node) => {
                let why = "its kubelet is silent, so nobody knows whether they still run".to_owned();
                Some((format!("Set the pods on {node} not ready"), why, "MarkPodsNotReady"))
            }
            Step::MonitorNodes if about.kind == Kind::Node && self.state.nodes.looks_at(&about.key.name) => {
                let why = match self.kubelet_is_dead(&about.key.name) {
                    true => "its kubelet is silent, and after the grace period it counts as unknown",
                    false => "whether its pods may stay follows from whether it is ready",
                };
                Some((format!("Look at the health of {}", about.key.name), why.to_owned(), "monitorNodeHealth"))
            }
            Step::Evict { pod, .. } if self.is_about_pod(pod, about) => {
                let why = self.state.evictions.reason(pod).map(ToString::to_string).unwrap_or_default();
                Some((format!("{} has to leave its node", pod.name), why, "processPodOnNode"))
            }
            Step::PodGc if self.is_on_missing_node(about) => {
                let why =
                    format!("its node has no object any more; {} after that was seen its pods go", pod_gc::QUARANTINE);
                Some(("Look for pods of missing nodes".to_owned(), why, "gcOrphaned"))
            }
            _ => None,
        }
    }

    fn is_on_missing_node(&self, about: About) -> bool {
        let node = match about.kind {
            Kind::Node => Some(&about.key.name),
            Kind::Pod => self.state.world.pods.get(about.key).and_then(|pod| pod.spec.node_name.as_ref()),
            _ => None,
        };
        node.is_some_and(|node| !self.state.world.nodes.contains_key(node))
    }
}

fn tell_decision(daemonset: &ObjectKey, decision: &Decision, about: About) -> (String, String, &'static str) {
    let title = match &decision.act {
        Act::CreatePod { .. } if about.kind == Kind::Node => format!("Create a pod of {}", daemonset.name),
        Act::CreatePod { node } => format!("Create a pod on {node}"),
        Act::CreateRevision(revision) => format!("Create {}", revision.meta.name),
        Act::DeletePod { pod: it, .. } | Act::DeleteRevision { revision: it, .. } => format!("Delete {}", it.name),
        Act::AdoptPod { pod: it, .. } | Act::AdoptRevision { revision: it, .. } => format!("Adopt {}", it.name),
        Act::ReleasePod { pod: it, .. } | Act::ReleaseRevision { revision: it, .. } => format!("Release {}", it.name),
        Act::RelabelPod { pod: it, .. }
        | Act::LabelRevision { revision: it, .. }
        | Act::RenumberRevision { revision: it, .. } => format!("Change {}", it.name),
        Act::WriteStatus(_) => format!("Write the status of {}", daemonset.name),
    };
    (title, decision.reason.to_string(), decision.reason.function())
}
