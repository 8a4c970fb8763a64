//! The taint eviction controller in time: pods leave nodes whose NoExecute taints they do not tolerate, at once or when
//! their toleration ends.

use std::sync::Arc;

use crate::api::{Involved, Kind, Node, ObjectKey, Pod, SimDuration, Uid};
use crate::controllers::taint_eviction::{self, Verdict};
use crate::store::{Request, Table};

use super::events::Draft;
use super::manager::{CONTROLLER_QPS, REQUEST_LATENCY};
use super::pace::Limiter;
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};
use super::step::Step;

/// What the taint eviction controller remembers (`TimedWorkerQueue`).
#[derive(Clone)]
pub(super) struct Evictions {
    /// Pods whose eviction waits for its moment, and those that it has begun for. A pod that has an eviction gets no second
    /// one, not even an earlier one, until the first is cancelled.
    known: Table<ObjectKey, Eviction>,
    limiter: Option<Limiter>,
}

#[derive(Clone)]
struct Eviction {
    pod: Uid,
    reason: Reason,
    waits: bool,
}

impl Evictions {
    pub(super) fn new(original_pace: bool) -> Self {
        let limiter = original_pace.then(|| Limiter::new(CONTROLLER_QPS.0, CONTROLLER_QPS.1));
        Evictions { known: Table::new(), limiter }
    }

    /// Why a pod has to leave its node.
    pub(super) fn reason(&self, pod: &ObjectKey) -> Option<&Reason> {
        self.known.get(pod).map(|eviction| &eviction.reason)
    }
}

impl Sim {
    /// Models `handleNodeUpdate`.
    pub(super) fn observe_no_execute_taints(&mut self, old: Option<&Node>, node: &Node, cause: u64) {
        let before = old.into_iter().flat_map(taint_eviction::no_execute);
        if before.eq(taint_eviction::no_execute(node)) {
            return;
        }
        let pods: Vec<Arc<Pod>> = self.state.world.pods_on(node.name()).cloned().collect();
        for pod in pods {
            self.process_pod_on_node(&pod, node, cause);
        }
    }

    /// Models `handlePodUpdate`: a pod has come to its node.
    pub(super) fn observe_pod_on_tainted_node(&mut self, pod: &Pod, cause: u64) {
        let node = pod.spec.node_name.as_ref().and_then(|name| self.state.world.nodes.get(name)).cloned();
        if let Some(node) = node.filter(|node| taint_eviction::no_execute(node).next().is_some()) {
            self.process_pod_on_node(pod, &node, cause);
        }
    }

    /// Models `processPodOnNode`.
    fn process_pod_on_node(&mut self, pod: &Pod, node: &Node, cause: u64) {
        let name = node.name().clone();
        match taint_eviction::judge(node, &pod.spec.tolerations) {
            Verdict::Stays => self.cancel_eviction(pod, cause),
            Verdict::LeavesNow(taint) => {
                self.cancel_eviction(pod, cause);
                let reason = Reason::NotTolerated { node: name, taint: taint.to_string().into() };
                self.add_eviction(pod, SimDuration::ZERO, reason, cause);
            }
            Verdict::LeavesAfter(after) => {
                self.add_eviction(pod, after, Reason::TolerationOver { node: name, after }, cause);
            }
        }
    }

    fn add_eviction(&mut self, pod: &Pod, after: SimDuration, reason: Reason, cause: u64) {
        let (key, uid) = (pod.meta.key(), pod.meta.uid);
        if self.state.evictions.known.get(&key).is_some_and(|known| known.pod == uid) {
            return;
        }
        let waits = after > SimDuration::ZERO;
        self.state.evictions.known.insert(key.clone(), Eviction { pod: uid, reason, waits });
        self.evict_later(after, key, uid, false, cause);
    }

    fn evict_later(&mut self, after: SimDuration, pod: ObjectKey, uid: Uid, marked: bool, cause: u64) {
        let now = self.state.now;
        let sent = match &mut self.state.evictions.limiter {
            // What waits takes its turn when it is due.
            Some(limiter) if after == SimDuration::ZERO => limiter.take(now),
            _ => now + after,
        };
        let at = sent + self.state.rng.duration(REQUEST_LATENCY);
        self.schedule_at(at, Step::Evict { pod, uid, marked, cause });
    }

    /// Models `cancelWorkWithEvent`. Only an eviction that still waits is worth telling.
    pub(super) fn cancel_eviction(&mut self, pod: &Pod, cause: u64) {
        let key = pod.meta.key();
        let Some(eviction) = self.state.evictions.known.remove(&key) else { return };
        if eviction.waits {
            let entry = self.eviction_entry(pod, Verb::Update, Reason::EvictionCancelled, cause);
            self.record(entry, Vec::new());
            self.tell_of_eviction(pod, format!("Cancelling deletion of Pod {key}"));
        }
    }

    /// Models `deletePodHandler` and `addConditionAndDeletePod`.
    pub(super) fn evict(&mut self, key: ObjectKey, uid: Uid, marked: bool, cause: u64) {
        let Some(eviction) = self.state.evictions.known.get(&key).filter(|known| known.pod == uid).cloned() else {
            return;
        };
        let Some(pod) = self.state.world.pods.get(&key).filter(|pod| pod.meta.uid == uid).cloned() else { return };
        if marked {
            let request =
                Request::Delete { kind: Kind::Pod, key, uid: Some(uid), propagation: None, grace_period_seconds: None };
            let entry = self.eviction_entry(&pod, Verb::Delete, eviction.reason, cause);
            drop(self.send(request, entry));
            return;
        }
        self.state.evictions.known.insert(key.clone(), Eviction { waits: false, ..eviction.clone() });
        let mut status = pod.status.clone();
        let message = "Taint manager: deleting due to NoExecute taint";
        status.set_condition("DisruptionTarget", true, "DeletionByTaintManager", message, self.state.now);
        let entry = self.eviction_entry(&pod, Verb::Update, eviction.reason, cause);
        let caused_by = self.history.next_seq();
        self.patch_pod(&pod, status, entry);
        self.tell_of_eviction(&pod, format!("Marking for deletion Pod {key}"));
        self.evict_later(SimDuration::ZERO, key, uid, true, caused_by);
    }

    fn eviction_entry(&self, pod: &Pod, verb: Verb, reason: Reason, cause: u64) -> Entry {
        Entry {
            actor: Actor::TaintEviction,
            verb,
            object: ObjectRef { kind: Kind::Pod, key: pod.meta.key() },
            node: pod.spec.node_name.clone(),
            reason,
            caused_by: Some(cause),
        }
    }

    fn tell_of_eviction(&mut self, pod: &Pod, message: String) {
        let involved = Involved::new(Kind::Pod, &pod.meta);
        let component = Actor::TaintEviction.as_str();
        self.tell(Draft { component, involved, kind: "Normal", reason: "TaintManagerEviction", message });
    }
}
