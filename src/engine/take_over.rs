//! The controllers of an imported cluster start: each lists what is there and takes up its work, as after a restart.

use std::sync::Arc;

use crate::api::{ConditionStatus, Kind, ObjectKey, Pod, SimDuration, SimTime};
use crate::store::{Delta, Object, World};

use super::import::Cluster;
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};
use super::step::{Step, Timer};

/// What the reader did to bring the cluster here.
pub const IMPORT_COMMAND: &str = "kubectl get nodes,ds,pods,controllerrevisions -A -o yaml";

/// Puts the objects into an empty world.
pub(super) fn fill(world: &mut World, cluster: &Cluster) {
    for object in &cluster.objects {
        world.apply(&Delta { before: None, after: Some(object.clone()) });
    }
    // So that a node that joins later gets an address range of its own.
    world.nodes_registered = world.nodes_registered.max(world.nodes.len() as u64);
}

/// A container that its kubelet can't start goes on waiting.
fn is_stuck(pod: &Pod) -> bool {
    pod.status.waiting.is_some_and(|reason| !["ContainerCreating", "PodInitializing"].contains(&reason))
}

impl Sim {
    /// Every controller sees the world for the first time.
    pub(super) fn take_over(&mut self) {
        // It is about all of them; the namespace is what every cluster has.
        let object = ObjectRef { kind: Kind::Namespace, key: ObjectKey::cluster("default") };
        let reason = Reason::Command(IMPORT_COMMAND.into());
        let entry = Entry { actor: Actor::You, verb: Verb::Import, object, node: None, reason, caused_by: None };
        let cause = self.record(entry, Vec::new());
        let world = self.state.world.clone();
        for node in world.nodes.values() {
            if node.ready() == ConditionStatus::Unknown {
                let since = SimTime::ZERO - self.scenario.settings.node_monitor_grace_period;
                self.silence_kubelet(node.name(), since);
            }
            self.observe_node_health(None, node, cause);
        }
        for daemonset in world.daemonsets.values() {
            self.schedule_after(
                SimDuration::from_millis(5),
                Step::Enqueue { key: daemonset.meta.key(), cause, timer: Timer::Start },
            );
            if daemonset.meta.is_terminating() {
                self.collect_later(&Object::DaemonSet(daemonset.clone()), cause);
            }
        }
        for pod in world.pods.values() {
            self.take_over_pod(pod, cause);
        }
        self.watch_for_missing_nodes();
    }

    fn take_over_pod(&mut self, pod: &Arc<Pod>, cause: u64) {
        match &pod.spec.node_name {
            None => self.wait_for_scheduler(pod, cause),
            Some(_) if pod.is_terminating() => self.kubelet_ends(pod, cause),
            Some(node) if !is_stuck(pod) => self.kubelet_begins(pod, node, cause),
            Some(_) => {}
        }
    }
}
