//! The node life cycle controller in time: NoSchedule taints follow a change at once, everything else waits for the
//! loop that looks every 5 s. The loop runs only while it has something to look for.

use std::sync::Arc;

use crate::api::{ConditionStatus, Involved, Kind, Name, Node, Pod, SimDuration, SimTime, Taint};
use crate::controllers::node_lifecycle::{self, KUBELET_CONDITIONS, MONITOR_PERIOD, TAINT_PERIOD, ZoneState};
use crate::store::{Patch, Request, Table};

use super::events::Draft;
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim, next_multiple};
use super::step::Step;

/// The node life cycle controller takes notice of a change.
const TAINTS_FOLLOW: (SimDuration, SimDuration) = (SimDuration::from_millis(4), SimDuration::from_millis(10));
/// The pods of a node follow when its conditions have been written.
const PODS_FOLLOW: (SimDuration, SimDuration) = (SimDuration::from_millis(14), SimDuration::from_millis(24));

/// What the node life cycle controller remembers.
#[derive(Clone, Default)]
pub(super) struct NodeWatch {
    /// Nodes that the loop is to look at, and the records that made them worth it.
    wanted: Table<Name, u64>,
    /// When the loop looks next, if it does.
    monitor_at: Option<SimTime>,
    /// Zones as they were when the loop last looked; one that is not here has just been seen for the first time.
    zones: Table<Name, Zone>,
    /// Nodes that wait for their NoExecute taint, by zone and in the order in which they came.
    to_taint: Table<(Name, u64), (Name, u64)>,
    /// When the queue is looked at next, if it is.
    taint_pass_at: Option<SimTime>,
}

impl NodeWatch {
    /// Whether the loop will look at a node.
    pub(super) fn looks_at(&self, node: &Name) -> bool {
        self.wanted.contains_key(node)
    }
}

#[derive(Clone)]
struct Zone {
    state: ZoneState,
    /// The time between two taints; `None` stops them.
    interval: Option<SimDuration>,
    /// When the next taint is allowed.
    next: SimTime,
}

impl Sim {
    /// A node has joined or changed.
    pub(super) fn observe_node_health(&mut self, old: Option<&Node>, node: &Node, cause: u64) {
        if node_lifecycle::no_schedule_taints(node).is_some() {
            let step = Step::TaintNode { node: node.name().clone(), cause };
            self.schedule_between(TAINTS_FOLLOW, step);
        }
        let due = node_lifecycle::no_execute_due(node);
        let turned = old.is_some_and(|old| old.ready() != node.ready());
        if turned || node_lifecycle::no_execute_taints(node, due).is_some() {
            self.want_monitor(node.name(), cause, self.state.now);
        } else if old.is_none() {
            self.zones_have_changed(node.name(), cause);
        }
    }

    /// A node has joined or left: that matters where a zone is not well.
    pub(super) fn zones_have_changed(&mut self, name: &Name, cause: u64) {
        let watch = &self.state.nodes;
        if !watch.to_taint.is_empty() || watch.zones.values().any(|zone| zone.state != ZoneState::Normal) {
            self.want_monitor(name, cause, self.state.now);
        }
    }

    /// The loop is to look at a node, at the first of its turns from a moment on.
    pub(super) fn want_monitor(&mut self, name: &Name, cause: u64, from: SimTime) {
        let at = next_multiple(from.max(self.state.now) + SimDuration(1), MONITOR_PERIOD);
        let watch = &mut self.state.nodes;
        if !watch.wanted.contains_key(name) {
            watch.wanted.insert(name.clone(), cause);
        }
        if watch.monitor_at.is_none_or(|planned| at < planned) {
            watch.monitor_at = Some(at);
            self.schedule_at(at, Step::MonitorNodes);
        }
    }

    /// Models `doNoScheduleTaintingPass`.
    pub(super) fn taint_node(&mut self, name: &Name, cause: u64) {
        let Some(node) = self.state.world.nodes.get(name).cloned() else { return };
        let Some(taints) = node_lifecycle::no_schedule_taints(&node) else { return };
        let from_conditions = taints.iter().filter(|taint| taint.key.starts_with("node.kubernetes.io/"));
        let texts: Vec<String> = from_conditions.map(ToString::to_string).collect();
        let reason = Reason::Conditions { taints: texts.join(", ").into() };
        self.write_taints(&node, taints, reason, cause);
    }

    fn write_taints(&mut self, node: &Node, taints: Arc<[Taint]>, reason: Reason, cause: u64) {
        let entry = node_entry(node, Verb::Taint, reason, cause);
        let patch = Patch::Taints(taints);
        let request = Request::Patch { kind: Kind::Node, key: node.meta.key(), uid: Some(node.meta.uid), patch };
        drop(self.send(request, entry));
    }

    /// Models `monitorNodeHealth`.
    pub(super) fn monitor_nodes(&mut self) {
        if self.state.nodes.monitor_at != Some(self.state.now) {
            return;
        }
        self.state.nodes.monitor_at = None;
        let wanted = std::mem::take(&mut self.state.nodes.wanted);
        let mut cause = 0;
        for (name, reason) in wanted.iter() {
            cause = *reason;
            if let Some(node) = self.state.world.nodes.get(name).cloned() {
                self.update_node_health(&node, *reason);
                self.process_taint_base_eviction(name, *reason);
            }
        }
        self.handle_disruption(cause);
        self.want_taint_pass();
    }

    /// Models `tryUpdateNodeHealth`: what a kubelet that is silent last said is no longer believed.
    fn update_node_health(&mut self, node: &Node, cause: u64) {
        let name = node.name();
        let Some(silent_since) = self.state.dead_kubelets.get(name).copied() else { return };
        let (now, grace) = (self.state.now, self.scenario.settings.node_monitor_grace_period);
        if now < silent_since + grace {
            return self.want_monitor(name, cause, silent_since + grace - SimDuration(1));
        }
        let mut changed = node.clone();
        for kind in KUBELET_CONDITIONS {
            match node.condition(kind).map(|condition| condition.status) {
                Some(ConditionStatus::Unknown) => {}
                Some(_) => changed.set_condition(kind, ConditionStatus::Unknown, now),
                None => {
                    let (reason, message) = ("NodeStatusNeverUpdated", "Kubelet never posted node status.");
                    changed.set_condition_because(kind, ConditionStatus::Unknown, reason, message, now);
                }
            }
        }
        if changed.conditions == node.conditions {
            return;
        }
        let reason = Reason::KubeletSilent { node: name.clone(), silent_for: now.since(silent_since) };
        let entry = node_entry(node, Verb::NotReady, reason, cause);
        let patch = Patch::NodeConditions(changed.conditions);
        drop(self.send(Request::Patch { kind: Kind::Node, key: node.meta.key(), uid: None, patch }, entry));
        // Only a node that the controller itself takes out of service takes its pods along: one that says of itself that
        // it is not ready may still run them.
        if node.ready() == ConditionStatus::True {
            let cause = self.history.next_seq().saturating_sub(1);
            self.schedule_between(PODS_FOLLOW, Step::MarkPodsNotReady { node: name.clone(), cause });
        }
    }

    /// Models `processTaintBaseEviction`.
    fn process_taint_base_eviction(&mut self, name: &Name, cause: u64) {
        let Some(node) = self.state.world.nodes.get(name).cloned() else { return };
        match node_lifecycle::no_execute_due(&node) {
            None => {
                self.leave_taint_queue(name);
                if let Some(taints) = node_lifecycle::no_execute_taints(&node, None) {
                    self.write_taints(&node, taints, Reason::ReadyAgain { node: name.clone() }, cause);
                }
            }
            // The other of the two is there: swapped at once.
            Some(due) if node_lifecycle::has_no_execute(&node) => {
                if let Some(taints) = node_lifecycle::no_execute_taints(&node, Some(due)) {
                    self.write_taints(&node, taints, Reason::StillNotReady { node: name.clone() }, cause);
                }
            }
            Some(_) => {
                let waits = self.state.nodes.to_taint.values().any(|(waiting, _)| waiting == name);
                if !waits {
                    let order = self.next_order();
                    let zone = node_lifecycle::zone_of(&node);
                    self.state.nodes.to_taint.insert((zone, order), (name.clone(), cause));
                }
            }
        }
    }

    fn leave_taint_queue(&mut self, name: &Name) {
        let queue = &mut self.state.nodes.to_taint;
        let places: Vec<(Name, u64)> =
            queue.iter().filter(|(_, (waiting, _))| waiting == name).map(|(place, _)| place.clone()).collect();
        for place in places {
            queue.remove(&place);
        }
    }

    /// Models `handleDisruption`: where every node of every zone seems to be broken, no pod is driven away.
    fn handle_disruption(&mut self, cause: u64) {
        use ZoneState::FullDisruption;
        let states = node_lifecycle::zone_states(&self.state.world);
        let now = self.state.now;
        let all_are = !states.is_empty() && states.values().all(|(state, _)| *state == FullDisruption);
        let known = &self.state.nodes.zones;
        let all_were = !known.is_empty() && known.values().all(|zone| zone.state == FullDisruption);
        if all_are && all_were {
            return;
        }
        if all_are {
            let nodes: Vec<Arc<Node>> = self.state.world.nodes.values().cloned().collect();
            for node in nodes {
                self.leave_taint_queue(node.name());
                if let Some(taints) = node_lifecycle::no_execute_taints(&node, None) {
                    self.write_taints(&node, taints, Reason::AllDisrupted, cause);
                }
            }
        } else if all_were {
            // Nodes that are not ready were left out of the queue meanwhile.
            let nodes: Vec<Name> = self.state.world.nodes.keys().cloned().collect();
            for node in nodes {
                self.process_taint_base_eviction(&node, cause);
            }
        }
        let mut zones = Table::new();
        for (name, (state, size)) in states {
            let old = self.state.nodes.zones.get(&name);
            let interval = if all_are { None } else { node_lifecycle::tainting_interval(state, size) };
            let next = old.map_or(now, |old| old.next);
            zones.insert(name, Zone { state, interval, next });
        }
        self.state.nodes.zones = zones;
    }

    /// The queue is looked at as soon as one of its nodes may get its taint.
    fn want_taint_pass(&mut self) {
        let soonest = next_multiple(self.state.now + SimDuration(1), TAINT_PERIOD);
        let watch = &mut self.state.nodes;
        let allowed = watch.to_taint.keys().filter_map(|(zone, _)| match watch.zones.get(zone) {
            Some(Zone { interval: None, .. }) => None,
            Some(zone) => Some(next_multiple(zone.next, TAINT_PERIOD).max(soonest)),
            None => Some(soonest),
        });
        let Some(at) = allowed.min() else { return };
        if watch.taint_pass_at.is_none_or(|planned| at < planned) {
            watch.taint_pass_at = Some(at);
            self.schedule_at(at, Step::TaintPass);
        }
    }

    /// Models `doNoExecuteTaintingPass`.
    pub(super) fn taint_pass(&mut self) {
        let now = self.state.now;
        if self.state.nodes.taint_pass_at != Some(now) {
            return;
        }
        self.state.nodes.taint_pass_at = None;
        let queue: Vec<_> = self.state.nodes.to_taint.iter().map(|(place, it)| (place.clone(), it.clone())).collect();
        for (place, (name, cause)) in queue {
            let node = self.state.world.nodes.get(&name).cloned();
            let due = node.as_ref().and_then(|node| node_lifecycle::no_execute_due(node));
            let (Some(node), Some(due)) = (node, due) else {
                self.state.nodes.to_taint.remove(&place);
                continue;
            };
            let zone = self.state.nodes.zones.get(&place.0).cloned();
            let Some(zone) = zone else { continue };
            let Some(interval) = zone.interval.filter(|_| zone.next <= now) else { continue };
            self.state.nodes.zones.insert(place.0.clone(), Zone { next: now + interval, ..zone });
            self.state.nodes.to_taint.remove(&place);
            if let Some(taints) = node_lifecycle::no_execute_taints(&node, Some(due)) {
                self.write_taints(&node, taints, Reason::StillNotReady { node: name }, cause);
            }
        }
        self.want_taint_pass();
    }

    /// Models `MarkPodsNotReady`.
    pub(super) fn mark_pods_not_ready(&mut self, name: &Name, cause: u64) {
        let Some(node) = self.state.world.nodes.get(name).cloned() else { return };
        let tell = |involved, kind, message: String| Draft {
            component: "node-controller",
            involved,
            kind,
            reason: "NodeNotReady",
            message,
        };
        let message = format!("Node {name} status is now: NodeNotReady");
        let entry = node_entry(&node, Verb::Update, Reason::NodeNotReady { node: name.clone() }, cause);
        self.record(entry, Vec::new());
        self.tell(tell(Involved::new(Kind::Node, &node.meta), "Normal", message));
        let pods: Vec<Arc<Pod>> = self.state.world.pods_on(node.name()).filter(|pod| pod.is_ready()).cloned().collect();
        for pod in pods {
            let mut status = pod.status.clone();
            // Only the status is set: a reason that stands there stays.
            let reason = status.condition("Ready").map(|ready| ready.reason.clone()).unwrap_or_else(|| "".into());
            status.set_condition("Ready", false, &reason, "", self.state.now);
            let entry = Entry {
                actor: Actor::NodeLifecycle,
                verb: Verb::NotReady,
                object: ObjectRef { kind: Kind::Pod, key: pod.meta.key() },
                node: Some(node.name().clone()),
                reason: Reason::NodeNotReady { node: node.name().clone() },
                caused_by: Some(cause),
            };
            self.patch_pod(&pod, status, entry);
            self.tell(tell(Involved::new(Kind::Pod, &pod.meta), "Warning", "Node is not ready".to_owned()));
        }
    }
}

fn node_entry(node: &Node, verb: Verb, reason: Reason, cause: u64) -> Entry {
    Entry {
        actor: Actor::NodeLifecycle,
        verb,
        object: ObjectRef { kind: Kind::Node, key: node.meta.key() },
        node: Some(node.name().clone()),
        reason,
        caused_by: Some(cause),
    }
}
