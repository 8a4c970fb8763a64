//! The scheduler in time: pods wait their turn, and those that find no node wait for something to change.

use std::sync::Arc;

use crate::api::{Involved, Kind, Name, ObjectKey, Pod, SimDuration, Uid};
use crate::scheduler::{self, RefusedBy, Verdict};
use crate::store::{Delta, Request, Table};

use super::events::Draft;
use super::pace::Limiter;
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim, State};
use super::step::Step;

/// One scheduling cycle.
const SCHEDULING_CYCLE: SimDuration = SimDuration::from_millis(1);
/// Requests a second of the scheduler's client, and at once.
const SCHEDULER_QPS: (u64, u64) = (50, 100);

/// Pods that wait for the scheduler, and those that it found no node for.
#[derive(Clone)]
pub(super) struct SchedulerQueue {
    /// By falling priority, then in the order of arrival; with the record that brought them here.
    pub waiting: Table<(i64, u64), (ObjectKey, Uid, u64)>,
    queued: Table<Uid, ()>,
    /// Pods that no node took, and what refused them.
    pub unschedulable: Table<ObjectKey, (Uid, RefusedBy)>,
    /// Pods that have been promised a node.
    nominated: Table<ObjectKey, Uid>,
    is_due: bool,
    limiter: Option<Limiter>,
}

impl SchedulerQueue {
    pub(super) fn new(original_pace: bool) -> Self {
        SchedulerQueue {
            waiting: Table::new(),
            queued: Table::new(),
            unschedulable: Table::new(),
            nominated: Table::new(),
            is_due: false,
            limiter: original_pace.then(|| Limiter::new(SCHEDULER_QPS.0, SCHEDULER_QPS.1)),
        }
    }
}

impl Sim {
    pub(super) fn wait_for_scheduler(&mut self, pod: &Pod, cause: u64) {
        let waits = is_for_the_scheduler(pod);
        if waits
            && !pod.is_terminating()
            && !pod.is_terminal()
            && !self.state.scheduler.queued.contains_key(&pod.meta.uid)
        {
            self.state.scheduler.queued.insert(pod.meta.uid, ());
            let order = self.next_order();
            let place = (-i64::from(pod.spec.priority), order);
            self.state.scheduler.waiting.insert(place, (pod.meta.key(), pod.meta.uid, cause));
            self.wake_scheduler();
        }
    }

    fn wake_scheduler(&mut self) {
        let scheduler = &mut self.state.scheduler;
        if scheduler.is_due || scheduler.waiting.is_empty() {
            return;
        }
        scheduler.is_due = true;
        let ready = self.state.now + SCHEDULING_CYCLE;
        let at = scheduler.limiter.as_mut().map_or(ready, |limiter| limiter.take(ready));
        self.schedule_at(at, Step::Schedule);
    }

    pub(super) fn schedule_next_pod(&mut self) {
        self.state.scheduler.is_due = false;
        let Some((_, (key, uid, cause))) = self.state.scheduler.waiting.pop_first() else { return };
        self.state.scheduler.queued.remove(&uid);
        let pod =
            self.state.world.pods.get(&key).filter(|pod| pod.meta.uid == uid && pod.spec.node_name.is_none()).cloned();
        if let Some(pod) = pod.filter(|pod| !pod.is_terminating()) {
            let nominated = self.nominated_pods();
            let (verdict, reason) = scheduler::schedule(&self.state.world, &pod, &nominated);
            let reason = Reason::Scheduler(reason);
            match verdict {
                Verdict::Bind { node } => {
                    let request = Request::Bind { pod: key.clone(), uid, node: node.clone() };
                    self.state.scheduler.nominated.remove(&key);
                    let entry = scheduler_entry(&pod, Verb::Bind, Some(node.clone()), reason, cause);
                    if self.send(request, entry).is_ok() {
                        let message = format!("Successfully assigned {key} to {node}");
                        self.tell_about_pod(&pod, "Normal", "Scheduled", message);
                    }
                }
                Verdict::Unschedulable { message, refused_by } => {
                    self.state.scheduler.unschedulable.insert(key.clone(), (uid, refused_by));
                    self.put_back(&pod, message, pod.status.nominated_node.clone(), reason, cause);
                }
                Verdict::Preempt { message, refused_by, node, victims } => {
                    self.state.scheduler.unschedulable.insert(key.clone(), (uid, refused_by));
                    self.state.scheduler.nominated.insert(key.clone(), uid);
                    let cause = self.put_back(&pod, message, Some(node.clone()), reason, cause);
                    for victim in victims {
                        self.preempt(&victim, &pod, &node, cause);
                    }
                }
            }
        }
        self.wake_scheduler();
    }

    fn tell_about_pod(&mut self, pod: &Pod, kind: &'static str, reason: &'static str, message: String) {
        let involved = Involved::new(Kind::Pod, &pod.meta);
        self.tell(Draft { component: "default-scheduler", involved, kind, reason, message });
    }

    /// Models `handleSchedulingFailure`. The answer is the record that says so.
    fn put_back(&mut self, pod: &Pod, message: String, nominated: Option<Name>, reason: Reason, cause: u64) -> u64 {
        let mut status = pod.status.clone();
        status.set_condition("PodScheduled", false, "Unschedulable", &message, self.state.now);
        status.nominated_node = nominated;
        let seq = self.history.next_seq();
        let entry = scheduler_entry(pod, Verb::Unschedulable, pod.target_node().cloned(), reason, cause);
        if status == pod.status {
            // The same as before: nothing is written, but it is told again.
            self.record(entry, Vec::new());
        } else {
            self.patch_pod(pod, status, entry);
        }
        self.tell_about_pod(pod, "Warning", "FailedScheduling", truncated(message));
        seq
    }

    /// Models `prepareCandidate` for one victim.
    fn preempt(&mut self, victim: &Pod, by: &Pod, node: &Name, cause: u64) {
        let reason = Reason::Scheduler(scheduler::Reason::Preempted {
            by: by.meta.name.clone(),
            priority: by.spec.priority,
            own: victim.spec.priority,
        });
        let mut status = victim.status.clone();
        let message = "default-scheduler: preempting to accommodate a higher priority pod";
        status.set_condition("DisruptionTarget", true, "PreemptionByScheduler", message, self.state.now);
        let entry = |verb| scheduler_entry(victim, verb, Some(node.clone()), reason.clone(), cause);
        self.patch_pod(victim, status, entry(Verb::Update));
        let request = Request::Delete {
            kind: Kind::Pod,
            key: victim.meta.key(),
            uid: Some(victim.meta.uid),
            propagation: None,
            grace_period_seconds: None,
        };
        if self.send(request, entry(Verb::Delete)).is_ok() {
            let message = format!("Preempted by pod {} on node {node}", by.meta.uid);
            self.tell_about_pod(victim, "Normal", "Preempted", message);
        }
    }

    /// Pods that have been promised a node and still wait for it.
    fn nominated_pods(&mut self) -> Vec<Arc<Pod>> {
        let State { scheduler, world, .. } = &mut self.state;
        let promised = |(key, uid): (&ObjectKey, &Uid)| {
            let pod = world.pods.get(key).filter(|pod| pod.meta.uid == *uid && pod.spec.node_name.is_none());
            pod.filter(|pod| pod.status.nominated_node.is_some()).cloned().ok_or_else(|| key.clone())
        };
        let looked_up: Vec<Result<Arc<Pod>, ObjectKey>> = scheduler.nominated.iter().map(promised).collect();
        for key in looked_up.iter().filter_map(|pod| pod.as_ref().err()) {
            scheduler.nominated.remove(key);
        }
        looked_up.into_iter().flatten().collect()
    }

    /// Something changed: pods that found no place may find one now.
    pub(super) fn retry_unschedulable(&mut self, delta: &Delta, cause: u64) {
        if self.state.scheduler.unschedulable.is_empty() {
            return;
        }
        let State { scheduler, world, .. } = &self.state;
        let worth_a_try = |(key, (uid, refused_by)): (&ObjectKey, &(Uid, RefusedBy))| {
            let pod = world.pods.get(key).filter(|pod| pod.meta.uid == *uid && pod.spec.node_name.is_none());
            let is = pod.is_none_or(|pod| scheduler::is_worth_a_try(world, pod, *refused_by, delta));
            is.then(|| (key.clone(), pod.cloned()))
        };
        let found: Vec<(ObjectKey, Option<Arc<Pod>>)> =
            scheduler.unschedulable.iter().filter_map(worth_a_try).collect();
        for (key, pod) in found {
            self.state.scheduler.unschedulable.remove(&key);
            if let Some(pod) = pod {
                self.wait_for_scheduler(&pod, cause);
            }
        }
    }
}

/// Pods of another scheduler, and those that a gate holds back, do not wait for this one.
fn is_for_the_scheduler(pod: &Pod) -> bool {
    let spec = &pod.spec.template.value;
    let name = spec.text("schedulerName");
    (name.is_empty() || name == "default-scheduler") && spec.list("schedulingGates").is_empty()
}

/// Events hold no longer texts.
fn truncated(message: String) -> String {
    const MAX: usize = 1024;
    if message.len() <= MAX {
        return message;
    }
    let end = (0..=MAX - 4).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
    format!("{} ...", &message[..end])
}

fn scheduler_entry(pod: &Pod, verb: Verb, node: Option<Name>, reason: Reason, cause: u64) -> Entry {
    Entry {
        actor: Actor::Scheduler,
        verb,
        object: ObjectRef { kind: Kind::Pod, key: pod.meta.key() },
        node,
        reason,
        caused_by: Some(cause),
    }
}
