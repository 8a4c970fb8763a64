//! The scheduler in time: pods wait their turn, and those that find no node wait for something to change.

use crate::api::{Involved, Kind, Name, ObjectKey, Pod, SimDuration, Uid};
use crate::scheduler::{self, Verdict};
use crate::store::{Request, Table};

use super::events::Draft;
use super::pace::Limiter;
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};
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
    pub unschedulable: Table<ObjectKey, Uid>,
    is_due: bool,
    limiter: Option<Limiter>,
}

impl SchedulerQueue {
    pub(super) fn new(original_pace: bool) -> Self {
        SchedulerQueue {
            waiting: Table::new(),
            queued: Table::new(),
            unschedulable: Table::new(),
            is_due: false,
            limiter: original_pace.then(|| Limiter::new(SCHEDULER_QPS.0, SCHEDULER_QPS.1)),
        }
    }
}

impl Sim {
    pub(super) fn wait_for_scheduler(&mut self, pod: &Pod, cause: u64) {
        if !pod.is_terminating() && !pod.is_terminal() && !self.state.scheduler.queued.contains_key(&pod.meta.uid) {
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
            let (verdict, reason) = scheduler::schedule(&self.state.world, &pod);
            let entry = |verb, node| Entry {
                actor: Actor::Scheduler,
                verb,
                object: ObjectRef { kind: Kind::Pod, key: key.clone() },
                node,
                reason: Reason::Scheduler(reason),
                caused_by: Some(cause),
            };
            match verdict {
                Verdict::Bind { node } => {
                    let request = Request::Bind { pod: key.clone(), uid, node: node.clone() };
                    if self.send(request, entry(Verb::Bind, Some(node.clone()))).is_ok() {
                        let message = format!("Successfully assigned {key} to {node}");
                        self.tell_about_pod(&pod, "Normal", "Scheduled", message);
                    }
                }
                Verdict::Unschedulable { message } => {
                    let mut status = pod.status.clone();
                    status.set_condition("PodScheduled", false, "Unschedulable", &message, self.state.now);
                    let node = pod.target_node().cloned();
                    self.state.scheduler.unschedulable.insert(key.clone(), uid);
                    self.patch_pod(&pod, status, entry(Verb::Unschedulable, node));
                    self.tell_about_pod(&pod, "Warning", "FailedScheduling", message);
                }
            }
        }
        self.wake_scheduler();
    }

    fn tell_about_pod(&mut self, pod: &Pod, kind: &'static str, reason: &'static str, message: String) {
        let involved = Involved::new(Kind::Pod, &pod.meta);
        self.tell(Draft { component: "default-scheduler", involved, kind, reason, message });
    }

    /// Something changed on a node: pods that found no place may find one now.
    pub(super) fn retry_unschedulable(&mut self, node: Option<&Name>, cause: u64) {
        if self.state.scheduler.unschedulable.is_empty() {
            return;
        }
        let waiting: Vec<ObjectKey> = self.state.scheduler.unschedulable.keys().cloned().collect();
        for key in waiting {
            let pod = self.state.world.pods.get(&key).cloned();
            let concerned = |pod: &Pod| pod.spec.pinned_node.is_none() || pod.spec.pinned_node.as_ref() == node;
            match pod {
                Some(pod) if pod.spec.node_name.is_none() && !concerned(&pod) => {}
                Some(pod) if pod.spec.node_name.is_none() => {
                    self.state.scheduler.unschedulable.remove(&key);
                    self.wait_for_scheduler(&pod, cause);
                }
                _ => drop(self.state.scheduler.unschedulable.remove(&key)),
            }
        }
    }
}
