//! The kubelets in time: when each gets on with its pods.

use std::sync::Arc;

use crate::api::{Kind, Name, ObjectKey, Pod, PodPhase, PodStatus, SimDuration, Uid};
use crate::kubelet;
use crate::store::{Patch, Request};

use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};
use super::step::{Progress, Step};

/// A kubelet takes notice of a pod that is bound to it.
const KUBELET_NOTICES: (SimDuration, SimDuration) = (SimDuration::from_millis(20), SimDuration::from_millis(60));

impl Sim {
    pub(super) fn kubelet_is_alive(&self, node: &Name) -> bool {
        self.state.world.nodes.contains_key(node) && !self.state.dead_kubelets.contains_key(node)
    }

    pub(super) fn kubelet_begins(&mut self, pod: &Pod, node: &Name, cause: u64) {
        if !self.kubelet_is_alive(node) || pod.is_terminating() || pod.status.phase != PodPhase::Pending {
            return;
        }
        let timing = self.scenario.settings.kubelet;
        let step = |progress| Step::Kubelet { pod: pod.meta.key(), uid: pod.meta.uid, progress, cause };
        if timing.shows_creating {
            self.schedule_between(KUBELET_NOTICES, step(Progress::Creating));
        }
        let takes = self.state.rng.duration(timing.start);
        self.schedule_after(
            takes + if timing.shows_creating { KUBELET_NOTICES.1 } else { SimDuration::ZERO },
            step(Progress::Started),
        );
    }

    pub(super) fn kubelet_ends(&mut self, pod: &Pod, cause: u64) {
        let Some(node) = &pod.spec.node_name else { return };
        if self.kubelet_is_alive(node) {
            // Never longer than the grace period: then the containers are killed.
            let takes = self.state.rng.duration(self.scenario.settings.kubelet.stop);
            let grace = pod.meta.deletion_grace_period_seconds.unwrap_or(30).max(0) as u64;
            let step = Step::Kubelet { pod: pod.meta.key(), uid: pod.meta.uid, progress: Progress::Stopped, cause };
            self.schedule_after(takes.min(SimDuration::from_secs(grace)), step);
        }
    }

    pub(super) fn kubelet_progress(&mut self, key: &ObjectKey, uid: Uid, progress: Progress, cause: u64) {
        let Some(pod) = self.state.world.pods.get(key).filter(|pod| pod.meta.uid == uid).cloned() else { return };
        let Some(name) = pod.spec.node_name.clone().filter(|name| self.kubelet_is_alive(name)) else { return };
        let Some(node) = self.state.world.nodes.get(&name).cloned() else { return };
        let now = self.state.now;
        let entry = |verb, reason| Entry {
            actor: Actor::Kubelet,
            verb,
            object: ObjectRef { kind: Kind::Pod, key: key.clone() },
            node: Some(name.clone()),
            reason: Reason::Kubelet(reason),
            caused_by: Some(cause),
        };
        if progress == Progress::Stopped {
            let request = Request::Delete {
                kind: Kind::Pod,
                key: key.clone(),
                uid: Some(uid),
                propagation: None,
                grace_period_seconds: Some(0),
            };
            let reason = kubelet::Reason::Stopped { node: name.clone() };
            drop(self.send(request, entry(Verb::Remove, reason)));
            return;
        }
        if pod.is_terminating() || pod.is_terminal() {
            return;
        }
        match progress {
            Progress::Creating if pod.status.started_at.is_none() => {
                let (status, reason) = kubelet::creating(&pod, &node, now);
                self.patch_pod(&pod, status, entry(Verb::Start, reason));
            }
            Progress::Started if pod.status.phase == PodPhase::Pending => {
                let (status, reason) = kubelet::started(&self.state.world, &pod, &node, now);
                let verb = match kubelet::behaviour(pod.spec.template.image()) {
                    kubelet::Behaviour::Runs => Verb::Ready,
                    kubelet::Behaviour::SlowToReady => Verb::Start,
                    kubelet::Behaviour::CannotPull | kubelet::Behaviour::Crashes => Verb::NotReady,
                    kubelet::Behaviour::Fails | kubelet::Behaviour::Ends => Verb::Fail,
                };
                self.patch_pod(&pod, status, entry(verb, reason));
                if kubelet::behaviour(pod.spec.template.image()) == kubelet::Behaviour::SlowToReady {
                    let step = Step::Kubelet { pod: key.clone(), uid, progress: Progress::Ready, cause };
                    self.schedule_after(self.scenario.settings.kubelet.slow_ready, step);
                }
            }
            Progress::Ready if !pod.is_ready() => {
                let (status, reason) = kubelet::ready(&pod, &self.scenario.settings.kubelet, now);
                self.patch_pod(&pod, status, entry(Verb::Ready, reason));
            }
            _ => {}
        }
    }

    /// The node is ready again: its kubelet posts the readiness of its pods, and finishes what it has missed.
    pub(super) fn kubelet_reports_again(&mut self, node: &Name, cause: u64) {
        let pods: Vec<Arc<Pod>> = self.state.world.pods_on(node).cloned().collect();
        for pod in pods {
            if pod.is_terminating() {
                self.kubelet_ends(&pod, cause);
            } else if pod.status.phase == PodPhase::Pending {
                self.kubelet_begins(&pod, node, cause);
            } else if !pod.is_ready()
                && matches!(
                    kubelet::behaviour(pod.spec.template.image()),
                    kubelet::Behaviour::Runs | kubelet::Behaviour::SlowToReady
                )
            {
                let step = Step::Kubelet { pod: pod.meta.key(), uid: pod.meta.uid, progress: Progress::Ready, cause };
                self.schedule_between(KUBELET_NOTICES, step);
            }
        }
    }

    pub(super) fn set_kubelet(&mut self, node: &Name, running: bool, cause: u64) {
        if running {
            self.state.dead_kubelets.remove(node);
        } else {
            self.state.dead_kubelets.insert(node.clone(), self.state.now);
            let grace = self.scenario.settings.node_monitor_grace_period;
            self.want_monitor(node, cause, self.state.now + grace - SimDuration(1));
        }
    }

    /// A kubelet that has been silent since a moment, and is known to be.
    pub(super) fn silence_kubelet(&mut self, node: &Name, since: crate::api::SimTime) {
        self.state.dead_kubelets.insert(node.clone(), since);
    }

    /// A status is posted in the name of a kubelet that is dead: the node counts as heard from once more.
    pub(super) fn heard_from(&mut self, node: &Name, cause: u64) {
        if self.state.dead_kubelets.contains_key(node) {
            self.set_kubelet(node, false, cause);
        }
    }

    /// Whether a node's kubelet has been stopped by hand.
    pub fn kubelet_is_dead(&self, node: &Name) -> bool {
        self.state.dead_kubelets.contains_key(node)
    }

    pub(super) fn patch_pod(&mut self, pod: &Pod, status: PodStatus, entry: Entry) {
        let patch = Patch::PodStatus(status);
        let request = Request::Patch { kind: Kind::Pod, key: pod.meta.key(), uid: Some(pod.meta.uid), patch };
        drop(self.send(request, entry));
    }
}
