//! The pod garbage collector in time: it looks every 20 s, while there is anything that it could find.

use std::sync::Arc;

use crate::api::{Kind, Node, ObjectKey, Pod, PodPhase, SimDuration};
use crate::controllers::pod_gc;
use crate::store::Request;

use super::record::{Actor, ObjectRef, Reason, Record, Verb};
use super::sim::{Entry, Sim, next_multiple};
use super::step::Step;

impl Sim {
    /// A node is gone, or a pod is bound to one that never was: without missing nodes there is nothing to look for.
    pub(super) fn watch_for_missing_nodes(&mut self) {
        if !self.state.pod_gc_is_due && !pod_gc::missing_nodes(&self.state.world).is_empty() {
            self.want_pod_gc();
        }
    }

    /// A pod has begun to terminate where nobody will finish it.
    pub(super) fn watch_terminating_pod(&mut self, pod: &Pod) {
        let is_lost = match &pod.spec.node_name {
            Some(name) => self.state.world.nodes.get(name).is_some_and(|node| pod_gc::is_out_of_service(node)),
            None => pod_gc::is_unscheduled_terminating(pod),
        };
        if is_lost {
            self.want_pod_gc();
        }
    }

    /// A node has been given up: whatever terminates there is lost.
    pub(super) fn watch_out_of_service(&mut self, node: &Node) {
        if pod_gc::is_out_of_service(node) && self.state.world.pods_on(node.name()).any(|pod| pod.is_terminating()) {
            self.want_pod_gc();
        }
    }

    fn want_pod_gc(&mut self) {
        if !self.state.pod_gc_is_due {
            self.state.pod_gc_is_due = true;
            let at = next_multiple(self.state.now + SimDuration(1), pod_gc::PERIOD);
            self.schedule_at(at, Step::PodGc);
        }
    }

    /// Models `gc`: each kind of lost pod in its turn.
    pub(super) fn collect_lost_pods(&mut self) {
        self.state.pod_gc_is_due = false;
        for pod in pod_gc::lost_pods(&self.state.world) {
            let node = pod.spec.node_name.clone().unwrap_or_else(|| "".into());
            let cause = self.last_act_on(&pod);
            self.collect_lost_pod(&pod, Reason::OutOfService { node }, cause);
        }
        self.collect_pods_of_missing_nodes();
        let unscheduled = |pod: &&Arc<Pod>| pod_gc::is_unscheduled_terminating(pod);
        let unscheduled: Vec<Arc<Pod>> = self.state.world.pods.values().filter(unscheduled).cloned().collect();
        for pod in unscheduled {
            let cause = self.last_act_on(&pod);
            self.collect_lost_pod(&pod, Reason::NeverBound, cause);
        }
        self.watch_for_missing_nodes();
    }

    /// Models `gcOrphaned`.
    fn collect_pods_of_missing_nodes(&mut self) {
        let now = self.state.now;
        let missing = pod_gc::missing_nodes(&self.state.world);
        let known = std::mem::take(&mut self.state.quarantine);
        for node in missing {
            let since = known.get(&node).copied().unwrap_or(now);
            self.state.quarantine.insert(node.clone(), since);
            if now.since(since) < pod_gc::QUARANTINE {
                continue;
            }
            let deletion = self.last_deletion(Kind::Node, &ObjectKey::cluster(node.clone()));
            for pod in pod_gc::orphaned_pods(&self.state.world, &node) {
                // One that was being deleted already goes because of that; the missing node only has it wait until now.
                let deleted = pod.is_terminating().then(|| self.last_deletion(Kind::Pod, &pod.meta.key())).flatten();
                let cause = deleted.or(deletion).or_else(|| self.last_act_on(&pod));
                self.collect_lost_pod(&pod, Reason::NodeMissing { node: node.clone() }, cause);
            }
        }
    }

    /// Models `markFailedAndDeletePodWithCondition`.
    fn collect_lost_pod(&mut self, pod: &Pod, reason: Reason, cause: Option<u64>) {
        let entry = |verb| Entry {
            actor: Actor::PodGc,
            verb,
            object: ObjectRef { kind: Kind::Pod, key: pod.meta.key() },
            node: pod.target_node().cloned(),
            reason: reason.clone(),
            caused_by: cause,
        };
        if !pod.is_terminal() {
            let mut status = pod.status.clone();
            status.phase = PodPhase::Failed;
            if matches!(reason, Reason::NodeMissing { .. }) {
                let message = "PodGC: node no longer exists";
                status.set_condition("DisruptionTarget", true, "DeletionByPodGC", message, self.state.now);
            }
            self.patch_pod(pod, status, entry(Verb::Fail));
        }
        let request = Request::Delete {
            kind: Kind::Pod,
            key: pod.meta.key(),
            uid: Some(pod.meta.uid),
            propagation: None,
            grace_period_seconds: Some(0),
        };
        drop(self.send(request, entry(Verb::Remove)));
    }

    /// A pod that was made for a node which never was: the act that made or bound it.
    fn last_act_on(&self, pod: &Pod) -> Option<u64> {
        let key = pod.meta.key();
        let on_it = |record: &&Arc<Record>| record.object.kind == Kind::Pod && record.object.key == key;
        self.history.records().iter().rev().find(on_it).map(|record| record.seq)
    }

    fn last_deletion(&self, kind: Kind, key: &ObjectKey) -> Option<u64> {
        let deleted = |record: &&Arc<Record>| {
            record.verb == Verb::Delete && record.object.kind == kind && record.object.key == *key
        };
        self.history.records().iter().rev().find(deleted).map(|record| record.seq)
    }
}
