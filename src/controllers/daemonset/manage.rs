//! One pod on each node that should have one (`manage`, `podsShouldBeOnNode`), and whose pods are whose (`ClaimPods`).

use std::sync::Arc;

use crate::api::{DaemonSet, Name, Pod, PodPhase, SimDuration};

use super::memory::{Backoff, BackoffKey};
use super::placement::{Obstacle, Placer};
use super::pods::{Current, NodePods, is_available, sort_for_keeping};
use super::reason::Reason;
use super::saw::{LeftAlone, NAMED_MAX, Nodes, Saw};
use super::sync::{Act, Decision, Plan, View};
use super::tally::{visit_nodes, visit_pods};
use super::{BURST_REPLICAS, history};

/// Models `ClaimPods`: pods whose labels no longer match are released, matching pods that nobody controls are adopted.
pub(super) fn claim(view: &View, daemonset: &DaemonSet) -> Plan {
    let selector = &daemonset.spec.selector;
    let decision = |pod: &Pod, act, reason| Decision { node: pod.target_node().cloned(), act, reason };
    let mut decisions = Vec::new();
    let mut last_labels = None;
    visit_pods(view, daemonset, &mut |pod| {
        if last_labels.as_ref().is_some_and(|labels| Arc::ptr_eq(labels, &pod.meta.labels)) {
            return;
        }
        if selector.matches(&pod.meta.labels) {
            last_labels = Some(pod.meta.labels.clone());
        } else {
            let act = Act::ReleasePod { pod: pod.meta.key(), uid: pod.meta.uid };
            decisions.push(decision(pod, act, Reason::SelectorNoLongerMatches));
        }
    });
    for pod in view.world.orphans_in(&daemonset.meta.namespace) {
        if !pod.is_terminating() && selector.matches(&pod.meta.labels) {
            let act = Act::AdoptPod { pod: pod.meta.key(), uid: pod.meta.uid };
            decisions.push(decision(pod, act, Reason::SelectorMatches));
        }
    }
    Plan { decisions, ..Plan::default() }
}

/// Models `manage`: what each node lacks or has too much of.
pub(super) fn manage(view: &View, daemonset: &DaemonSet) -> Plan {
    let mut work = NodeWork::new(view, daemonset);
    let passed = visit_nodes(view, daemonset, &mut |here| work.look_at(&here)).all() as i64;
    work.saw.desired += passed;
    work.saw.with_pod += passed;
    work.saw.all = view.world.nodes.len() as i64;
    work.into_plan()
}

/// The same for one node alone.
pub(super) fn on_node(view: &View, daemonset: &DaemonSet, here: &NodePods) -> Plan {
    let mut work = NodeWork::new(view, daemonset);
    work.look_at(here);
    work.into_plan()
}

struct NodeWork<'a> {
    view: &'a View<'a>,
    daemonset: &'a DaemonSet,
    placer: Placer<'a>,
    current: Current,
    allows_surge: bool,
    creates: Vec<Decision>,
    deletes: Vec<Decision>,
    advance_backoff: Vec<BackoffKey>,
    requeue_after: Option<SimDuration>,
    saw: Nodes,
}

impl<'a> NodeWork<'a> {
    fn new(view: &'a View<'a>, daemonset: &'a DaemonSet) -> Self {
        NodeWork {
            view,
            daemonset,
            placer: Placer::new(&daemonset.spec),
            current: Current::new(daemonset, &history::current_hash(view.world, daemonset)),
            allows_surge: daemonset.spec.update_strategy.allows_surge(),
            creates: Vec::new(),
            deletes: Vec::new(),
            advance_backoff: Vec::new(),
            requeue_after: None,
            saw: Nodes::default(),
        }
    }

    fn look_at(&mut self, here: &NodePods) {
        match here.node {
            Some(_) => self.pods_should_be_on_node(here),
            None => self.unscheduled_pods_without_node(here),
        }
    }

    fn into_plan(self) -> Plan {
        let NodeWork { mut creates, mut deletes, advance_backoff, requeue_after, saw, .. } = self;
        creates.truncate(BURST_REPLICAS);
        deletes.truncate(BURST_REPLICAS);
        creates.extend(deletes);
        let saw = Some(Saw::Nodes(saw));
        Plan { decisions: creates, expects: true, advance_backoff, requeue_after, saw, ..Plan::default() }
    }

    fn pods_should_be_on_node(&mut self, here: &NodePods) {
        let Some(node) = here.node else { return };
        let placement = self.placer.place(node);
        self.saw.desired += i64::from(placement.should_run);
        self.saw.with_pod += i64::from(placement.should_run && !here.pods.is_empty());
        if placement.should_run && here.pods.is_empty() {
            self.creates.push(Decision::create(self.daemonset, here.name));
        } else if placement.should_continue {
            if !here.pods.is_empty() {
                self.keep_one(here, placement.should_run);
            }
        } else if !here.pods.is_empty() {
            self.saw.must_go += 1;
            let obstacle = self.placer.obstacle(node).unwrap_or(Obstacle::Affinity { failing: Vec::new() });
            for pod in here.pods.iter().filter(|pod| !pod.is_terminating()) {
                let reason = Reason::MayNotContinue {
                    node: here.name.clone(),
                    daemonset: self.daemonset.meta.name.clone(),
                    obstacle: obstacle.clone(),
                };
                self.deletes.push(Decision::delete(pod, here.name, reason));
            }
        }
    }

    /// The node may keep pods: broken and surplus ones go.
    fn keep_one(&mut self, here: &NodePods, should_run: bool) {
        // The usual case, without a copy: one pod that is well.
        if let [pod] = here.pods
            && !pod.is_terminating()
            && !pod.is_terminal()
        {
            return;
        }
        let mut running: Vec<&Arc<Pod>> = Vec::new();
        for pod in here.pods.iter().filter(|pod| !pod.is_terminating()) {
            match pod.status.phase {
                PodPhase::Failed => self.remove_failed(pod, here.name),
                PodPhase::Succeeded => {
                    let reason = Reason::Succeeded { node: here.name.clone() };
                    self.deletes.push(Decision::delete(pod, here.name, reason));
                }
                PodPhase::Pending | PodPhase::Running => running.push(pod),
            }
        }
        sort_for_keeping(&mut running);
        if self.allows_surge {
            self.keep_one_of_each_revision(here.name, &running, should_run);
        } else if let Some((kept, surplus)) = running.split_first() {
            for pod in surplus {
                let reason = Reason::Duplicate { node: here.name.clone(), kept: kept.meta.name.clone() };
                self.deletes.push(Decision::delete(pod, here.name, reason));
            }
        }
    }

    /// With surge a node may have a pod of the current revision beside an old one, until the new one is available.
    fn keep_one_of_each_revision(&mut self, node: &Name, running: &[&Arc<Pod>], should_run: bool) {
        if running.is_empty() && should_run {
            let reason = Reason::SurgeForTerminating { node: node.clone() };
            self.creates.push(Decision { reason, ..Decision::create(self.daemonset, node) });
        }
        if running.len() < 2 {
            return;
        }
        let new = running.iter().find(|pod| self.current.has_current_hash(pod));
        let old = running.iter().find(|pod| !self.current.has_current_hash(pod));
        for pod in running {
            let twin = if self.current.has_current_hash(pod) { new } else { old };
            if let Some(kept) = twin.filter(|kept| kept.meta.uid != pod.meta.uid) {
                let reason = Reason::Duplicate { node: node.clone(), kept: kept.meta.name.clone() };
                self.deletes.push(Decision::delete(pod, node, reason));
            }
        }
        if let (Some(new), Some(old)) = (new, old) {
            if !old.is_ready() {
                self.deletes.push(Decision::delete(old, node, Reason::OldNotReady));
            } else if is_available(self.daemonset, new, self.view.now) {
                let reason = Reason::SuccessorAvailable { successor: new.meta.name.clone() };
                self.deletes.push(Decision::delete(old, node, reason));
            }
        }
    }

    fn remove_failed(&mut self, pod: &Pod, node: &Name) {
        let key = (self.daemonset.meta.uid, self.daemonset.status.observed_generation, node.clone());
        match self.view.memory.in_backoff(&key, self.view.now) {
            Some(Backoff { delay, last_update }) => {
                let earlier = self.requeue_after.unwrap_or(*delay);
                self.requeue_after = Some(earlier.min(*delay));
                if self.saw.left_alone.len() < NAMED_MAX {
                    let (node, pod, until) = (node.clone(), pod.meta.name.clone(), *last_update + *delay);
                    self.saw.left_alone.push(LeftAlone { node, pod, delay: *delay, until });
                }
            }
            None => {
                let next_wait = self.view.memory.next_backoff(&key, self.view.now);
                self.advance_backoff.push(key);
                self.deletes.push(Decision::delete(pod, node, Reason::Failed { node: node.clone(), next_wait }));
            }
        }
    }

    /// Models `getUnscheduledPodsWithoutNode`. Pods that are bound to a missing node are left to the pod garbage collector.
    fn unscheduled_pods_without_node(&mut self, here: &NodePods) {
        for pod in here.pods.iter().filter(|pod| pod.spec.node_name.is_none()) {
            let reason = Reason::NodeGone { node: here.name.clone() };
            self.deletes.push(Decision::delete(pod, here.name, reason));
        }
    }
}
