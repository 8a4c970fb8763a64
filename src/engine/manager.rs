//! The DaemonSet controller in time: its work queue, its workers, and how a plan becomes requests.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::api::{DaemonSet, Involved, Kind, Name, ObjectKey, OwnerReference, SimDuration, Uid};
use crate::controllers::daemonset::{
    self, Act, CONCURRENT_SYNCS, Decision, Memory, Plan, PodMaker, SLOW_START_INITIAL_BATCH_SIZE, Stage, View, history,
};
use crate::store::{ApiError, ErrorReason, Object, Patch, Request, Table};

use super::command::RefusedRequests;
use super::events::Draft;
use super::pace::Limiter;
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};
use super::step::{Step, Timer};

/// CPU time that the original spends on a sync: measured in Go, 62 ms for 5,000 nodes.
const SYNC_BASE: SimDuration = SimDuration::from_micros(400);
const SYNC_PER_NODE: SimDuration = SimDuration::from_micros(12);
/// How long the API server takes to answer.
pub(super) const REQUEST_LATENCY: (SimDuration, SimDuration) =
    (SimDuration::from_millis(2), SimDuration::from_millis(7));
/// Waits before a failed sync is tried again, doubled up to the maximum (`DefaultTypedControllerRateLimiter`).
const RETRY_FIRST: SimDuration = SimDuration::from_millis(5);
const RETRY_MAX: SimDuration = SimDuration::from_secs(1000);
/// Requests a second of kube-controller-manager's clients, and at once (`kube-api-qps`, `kube-api-burst`).
pub(super) const CONTROLLER_QPS: (u64, u64) = (20, 30);

/// The queue, the workers and the memory of the DaemonSet controller.
#[derive(Clone)]
pub struct Manager {
    pub memory: Memory,
    /// Keys in the order in which workers take them.
    queue: VecDeque<ObjectKey>,
    /// Keys that are in the queue, or are to go there once their sync is done, and the record that put them there.
    dirty: Table<ObjectKey, u64>,
    /// What the workers are busy with.
    active: Vec<ActiveSync>,
    /// Failed tries in a row.
    failures: Table<ObjectKey, u32>,
    /// What the pods of each DaemonSet have in common.
    makers: Table<ObjectKey, Arc<PodMaker>>,
    pub(super) limiter: Option<Limiter>,
    /// How many of its next requests the API server refuses.
    refused: [u32; 4],
    stage: LoopStage,
}

/// A sync that a worker is busy with.
#[derive(Clone)]
struct ActiveSync {
    key: ObjectKey,
    /// The stage to plan next; `None` when the sync is done.
    next: Option<Stage>,
    /// The DaemonSet that it began with, and the generation of that: one sync sees no other.
    of: Option<(Uid, i64)>,
    /// The record that woke it.
    cause: u64,
    /// Creates that wait for the batch before them.
    waiting: VecDeque<Decision>,
    /// What is sent when the creates are done.
    rest: VecDeque<Decision>,
    batch: usize,
    in_flight: usize,
    failed_in_batch: bool,
    errors: Vec<String>,
    /// The status has been refused once.
    status_again: bool,
    /// What the pods made in this sync have in common.
    maker: Option<Arc<PodMaker>>,
}

/// Where the control loop is, for the reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LoopStage {
    #[default]
    Watch,
    Queue,
    Compare,
    Act(String),
    Status,
}

/// The control loop as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopState {
    pub stage: LoopStage,
    pub queue_len: usize,
    /// The DaemonSet that is worked on.
    pub key: Option<ObjectKey>,
}

impl Manager {
    pub(super) fn new(original_pace: bool) -> Self {
        Manager {
            memory: Memory::default(),
            queue: VecDeque::new(),
            dirty: Table::new(),
            active: Vec::new(),
            failures: Table::new(),
            makers: Table::new(),
            limiter: original_pace.then(|| Limiter::new(CONTROLLER_QPS.0, CONTROLLER_QPS.1)),
            refused: [0; 4],
            stage: LoopStage::Watch,
        }
    }

    pub(super) fn refuse(&mut self, of: RefusedRequests, count: u32) {
        self.refused[of as usize] = count;
    }

    /// Whether the API server's storage fails just for this request.
    fn is_refused(&mut self, act: &Act) -> bool {
        let of = match act {
            Act::CreatePod { .. } => RefusedRequests::CreatePods,
            Act::DeletePod { .. } => RefusedRequests::DeletePods,
            Act::WriteStatus(_) => RefusedRequests::WriteStatus,
            _ => return false,
        };
        self.is_next_refused(of)
    }

    fn is_next_refused(&mut self, of: RefusedRequests) -> bool {
        let left = &mut self.refused[of as usize];
        let is_refused = *left > 0;
        *left = left.saturating_sub(1);
        is_refused
    }

    pub(super) fn loop_state(&self) -> LoopState {
        let stage =
            if self.active.is_empty() && !self.queue.is_empty() { LoopStage::Queue } else { self.stage.clone() };
        LoopState { stage, queue_len: self.queue.len(), key: self.active.first().map(|sync| sync.key.clone()) }
    }

    /// Decisions that wait for the batch before them, each with its DaemonSet.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&ObjectKey, &Decision)> {
        self.active.iter().flat_map(|sync| {
            let decisions = sync.waiting.iter().chain(&sync.rest);
            decisions.map(|decision| (&sync.key, decision))
        })
    }

    pub(super) fn queue(&self) -> impl Iterator<Item = &ObjectKey> {
        self.queue.iter()
    }

    fn active(&self, key: &ObjectKey) -> Option<&ActiveSync> {
        self.active.iter().find(|sync| sync.key == *key)
    }

    fn active_mut(&mut self, key: &ObjectKey) -> Option<&mut ActiveSync> {
        self.active.iter_mut().find(|sync| sync.key == *key)
    }

    /// A key that is in the queue already stays where it is; one that is being worked on comes back afterwards.
    fn enqueue(&mut self, key: ObjectKey, cause: u64) {
        if self.dirty.contains_key(&key) {
            return;
        }
        if self.active(&key).is_none() {
            self.queue.push_back(key.clone());
        }
        self.dirty.insert(key, cause);
    }
}

impl Sim {
    /// The watches of the controller deliver a change.
    pub(super) fn observe_for_daemonsets(&mut self, delta: &crate::store::Delta, cause: u64) {
        let mut wake = Vec::new();
        daemonset::watch::observe(&self.state.world, &mut self.state.manager.memory, delta, &mut wake);
        for wake in wake {
            match wake {
                daemonset::watch::Wake::Enqueue(key) => self.state.manager.enqueue(key, cause),
                daemonset::watch::Wake::EnqueueAfter(key, after) => {
                    self.schedule_after(after, Step::Enqueue { key, timer: Timer::MinReady, cause });
                }
                // The node workers look at once: what they do takes no requests.
                daemonset::watch::Wake::Node(name) => self.sync_node_update(&name, cause),
            }
        }
        self.start_syncs();
    }

    fn sync_node_update(&mut self, name: &Name, cause: u64) {
        let Some(node) = self.state.world.nodes.get(name) else { return };
        for key in daemonset::watch::sync_node_update(&self.state.world, node) {
            self.state.manager.enqueue(key, cause);
        }
    }

    pub(super) fn enqueue_daemonset(&mut self, key: ObjectKey, cause: u64) {
        self.state.manager.enqueue(key, cause);
        self.start_syncs();
    }

    /// Free workers take keys from the queue.
    fn start_syncs(&mut self) {
        while self.state.manager.active.len() < CONCURRENT_SYNCS {
            let Some(key) = self.state.manager.queue.pop_front() else { return };
            let cause = self.state.manager.dirty.remove(&key).unwrap_or_default();
            let sync = ActiveSync {
                key: key.clone(),
                next: Some(Stage::History),
                of: None,
                cause,
                waiting: VecDeque::new(),
                rest: VecDeque::new(),
                batch: 0,
                in_flight: 0,
                failed_in_batch: false,
                errors: Vec::new(),
                status_again: false,
                maker: None,
            };
            self.state.manager.active.push(sync);
            self.state.manager.stage = LoopStage::Compare;
            let nodes = self.state.world.nodes.len() as u64;
            let takes = SYNC_BASE + SimDuration(SYNC_PER_NODE.0 * nodes);
            self.schedule_after(takes, Step::SyncStage { key });
        }
    }

    /// Plans stages until one has requests to send, or the sync is done.
    pub(super) fn sync_stage(&mut self, key: &ObjectKey) {
        loop {
            let of = self.state.world.daemonsets.get(key).map(|set| (set.meta.uid, set.meta.generation));
            let Some(sync) = self.state.manager.active_mut(key) else { return };
            let began = *sync.of.get_or_insert(of.unwrap_or_default());
            // The original goes on with what it read when it began, so its stages agree. Here what was read is gone: the sync
            // ends, and the change has put the key into the queue again.
            if of.is_some_and(|of| of != began) {
                return self.finish_sync(key);
            }
            let cause = sync.cause;
            let stage = match (sync.next, sync.errors.is_empty()) {
                (None, _) | (Some(Stage::Claim), false) => return self.finish_sync(key),
                // An error skips the middle of a sync, but the status is written all the same.
                (Some(_), false) => Stage::Status,
                (Some(stage), true) => stage,
            };
            let seed = self.state.rng.next_u64();
            let mut plan = self.plan(key, stage, seed);
            self.remember(key, &mut plan, cause);
            let Some(sync) = self.state.manager.active_mut(key) else { return };
            sync.next = plan.next;
            sync.errors.extend(plan.error.take());
            if !plan.decisions.is_empty() {
                return self.begin_requests(key, stage, plan);
            }
        }
    }

    /// What a sync does at a stage, as things are.
    pub fn plan(&mut self, key: &ObjectKey, stage: Stage, seed: u64) -> Plan {
        let (world, memory, now) = (&self.state.world, &self.state.manager.memory, self.state.now);
        let tally = self.tallies.of(world, key, now);
        let view = View { world, memory, tally, now, seed };
        let plan = daemonset::sync(&view, key, stage);
        #[cfg(debug_assertions)]
        if world.nodes.len() < 500 {
            assert_eq!(plan, daemonset::sync(&View { tally: None, ..view }, key, stage), "a tally changes no plan");
        }
        plan
    }

    /// Takes over what a plan wants remembered.
    fn remember(&mut self, key: &ObjectKey, plan: &mut Plan, cause: u64) {
        let now = self.state.now;
        let memory = &mut self.state.manager.memory;
        if plan.expects {
            let creates = plan.decisions.iter().filter(|it| matches!(it.act, Act::CreatePod { .. })).count();
            memory.expect(key, creates, plan.decisions.len() - creates, now);
        }
        for backoff in plan.advance_backoff.drain(..) {
            memory.advance_backoff(&backoff, now);
        }
        if let Some(after) = plan.requeue_after {
            // Only `manage` leaves failed pods alone; the status waits for pods that are ready.
            let timer = if plan.expects { Timer::LeftAlone } else { Timer::MinReady };
            self.schedule_after(after, Step::Enqueue { key: key.clone(), timer, cause });
        }
    }

    /// Sends the first requests of a plan; the others follow as these are answered.
    fn begin_requests(&mut self, key: &ObjectKey, stage: Stage, mut plan: Plan) {
        let is_create = |decision: &Decision| matches!(decision.act, Act::CreatePod { .. });
        let (creates, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut plan.decisions).into_iter().partition(is_create);
        let deletes = rest.iter().filter(|decision| matches!(decision.act, Act::DeletePod { .. })).count();
        let others = rest.len() - deletes;
        let does = summary(&creates, &rest);
        self.state.manager.stage = match stage {
            Stage::Status => LoopStage::Status,
            _ => LoopStage::Act(does.clone()),
        };
        let maker = if creates.is_empty() { None } else { self.pod_maker(key) };
        let cause = self.state.manager.active(key).map(|sync| sync.cause);
        let mut woken_by = None;
        if stage != Stage::Status {
            let saw = plan.saw.map(Arc::new);
            let work = Reason::Work { creates: creates.len(), deletes, others, does: does.into(), saw };
            let entry = Entry {
                actor: Actor::DaemonSetController,
                verb: Verb::Sync,
                object: ObjectRef { kind: Kind::DaemonSet, key: key.clone() },
                node: None,
                reason: work,
                caused_by: cause,
            };
            woken_by = Some(self.record(entry, Vec::new()));
        }
        if let Some(sync) = self.state.manager.active_mut(key) {
            sync.cause = woken_by.unwrap_or(sync.cause);
            sync.waiting = creates.into();
            sync.rest = rest.into();
            sync.maker = maker.or(sync.maker.take());
            sync.batch = SLOW_START_INITIAL_BATCH_SIZE;
            sync.failed_in_batch = false;
        }
        self.send_next(key);
    }

    fn pod_maker(&mut self, key: &ObjectKey) -> Option<Arc<PodMaker>> {
        let daemonset = self.state.world.daemonsets.get(key)?;
        let revision = history::current(&self.state.world, daemonset);
        let hash = revision.and_then(|revision| revision.hash()).unwrap_or_default();
        let kept = self.state.manager.makers.get(key).filter(|maker| maker.is_for(daemonset, hash)).cloned();
        let maker = kept.unwrap_or_else(|| Arc::new(PodMaker::new(daemonset, hash)));
        self.state.manager.makers.insert(key.clone(), maker.clone());
        Some(maker)
    }

    /// Models `slowStartBatch`: creates in batches of 1, 2, 4, ..., then everything else at once.
    fn send_next(&mut self, key: &ObjectKey) {
        let Some(sync) = self.state.manager.active_mut(key) else { return };
        let batch = if sync.waiting.is_empty() {
            std::mem::take(&mut sync.rest)
        } else {
            let size = sync.batch.min(sync.waiting.len());
            let later = sync.waiting.split_off(size);
            std::mem::replace(&mut sync.waiting, later)
        };
        sync.batch = sync.batch.saturating_mul(2);
        sync.in_flight = batch.len();
        sync.failed_in_batch = false;
        for decision in batch {
            let at = self.request_time();
            self.schedule_at(at, Step::SyncRequest { key: key.clone(), decision });
        }
    }

    /// When a request of the controller is answered that is sent now: the client's rate limit and the server's latency.
    fn request_time(&mut self) -> crate::api::SimTime {
        let now = self.state.now;
        let sent = self.state.manager.limiter.as_mut().map_or(now, |limiter| limiter.take(now));
        sent + self.state.rng.duration(REQUEST_LATENCY)
    }

    /// A request of a sync is answered.
    pub(super) fn sync_request(&mut self, key: &ObjectKey, decision: Decision) {
        let Some(sync) = self.state.manager.active(key) else { return };
        let (cause, maker) = (sync.cause, sync.maker.clone());
        let is_create = matches!(decision.act, Act::CreatePod { .. });
        let status = matches!(decision.act, Act::WriteStatus(_)).then(|| decision.clone());
        let revision = matches!(decision.act, Act::CreateRevision(_) | Act::RenumberRevision { .. });
        let mut outcome = self.perform(key, decision, maker.as_deref(), cause);
        let is_again = self.state.manager.active(key).is_none_or(|sync| sync.status_again);
        let mut again = status.filter(|_| outcome.is_err() && !is_again);
        if again.is_some()
            && let Err(failure) = self.read_again(key, cause)
        {
            (outcome, again) = (Err(failure), None);
        }
        let last = self.history.next_seq().saturating_sub(1);
        let Manager { memory, active, .. } = &mut self.state.manager;
        let Some(sync) = active.iter_mut().find(|sync| sync.key == *key) else { return };
        sync.in_flight = sync.in_flight.saturating_sub(1);
        if revision && outcome.is_ok() {
            // What this sync goes on to do, it does because the template has become this revision.
            sync.cause = last;
        }
        if let Some(again) = again {
            // `storeDaemonSetStatus` tries once more with the object as it is now.
            sync.status_again = true;
            sync.rest.push_back(again);
        } else if let Err(failure) = outcome {
            match failure.lowers {
                Lowers::Creates => memory.lower_creates(key, 1),
                Lowers::Deletes => memory.lower_deletes(key, 1),
                Lowers::Nothing => {}
            }
            if let Some(message) = failure.error {
                sync.errors.push(message);
                sync.failed_in_batch = true;
            }
        }
        if sync.in_flight > 0 {
            return;
        }
        if is_create && sync.failed_in_batch {
            // The creates that have not been started are given up for now.
            let skipped = std::mem::take(&mut sync.waiting).len() as i64;
            memory.lower_creates(key, skipped);
        }
        if !sync.waiting.is_empty() || !sync.rest.is_empty() {
            self.send_next(key);
        } else {
            self.sync_stage(key);
        }
    }

    /// A failed sync comes back after a while, a successful one is forgotten; a key that was woken meanwhile goes back
    /// into the queue.
    fn finish_sync(&mut self, key: &ObjectKey) {
        let manager = &mut self.state.manager;
        let Some(index) = manager.active.iter().position(|sync| sync.key == *key) else { return };
        let sync = manager.active.remove(index);
        if manager.dirty.contains_key(key) {
            manager.queue.push_back(key.clone());
        }
        if manager.active.is_empty() {
            manager.stage = LoopStage::Watch;
        }
        if sync.errors.is_empty() {
            manager.failures.remove(key);
        } else {
            let failures = manager.failures.get(key).copied().unwrap_or(0);
            let wait = SimDuration(RETRY_FIRST.0 << failures.min(24)).min(RETRY_MAX);
            manager.failures.insert(key.clone(), failures + 1);
            let (key, cause) = (key.clone(), sync.cause);
            self.schedule_after(wait, Step::Enqueue { key, timer: Timer::Retry, cause });
        }
        self.start_syncs();
    }

    /// The read of the object as it is now, before its status is written once more. Only a failure is worth a record.
    fn read_again(&mut self, key: &ObjectKey, cause: u64) -> Result<(), Failure> {
        if !self.state.manager.is_next_refused(RefusedRequests::ReadDaemonSet) {
            return Ok(());
        }
        let refusal = ApiError::no_storage();
        let entry = Entry {
            actor: Actor::DaemonSetController,
            verb: Verb::Error,
            object: ObjectRef { kind: Kind::DaemonSet, key: key.clone() },
            node: None,
            reason: Reason::Refused { message: refusal.message.as_str().into() },
            caused_by: Some(cause),
        };
        Err(Failure { lowers: Lowers::Nothing, error: Some(self.refuse(refusal, entry).message) })
    }

    /// Turns a decision into a request and records what came of it.
    fn perform(
        &mut self,
        key: &ObjectKey,
        decision: Decision,
        maker: Option<&PodMaker>,
        cause: u64,
    ) -> Result<(), Failure> {
        let Some(daemonset) = self.state.world.daemonsets.get(key).cloned() else {
            // Deleted meanwhile: its pods are the garbage collector's now.
            return Err(Failure { lowers: lowers(&decision.act), error: None });
        };
        let lowers = lowers(&decision.act);
        if let Some((kind, reason, message)) = found_broken(&decision) {
            self.tell_about(&daemonset, kind, reason, message);
        }
        let act = decision.act;
        let (verb, kind, request) = self.request_for(&daemonset, &act, maker);
        let entry = Entry {
            actor: Actor::DaemonSetController,
            verb,
            object: ObjectRef { kind, key: request_key(&request) },
            node: decision.node,
            reason: Reason::DaemonSet(decision.reason),
            caused_by: Some(cause),
        };
        let answer = match self.state.manager.is_refused(&act) {
            true => Err(self.refuse(ApiError::no_storage(), entry)),
            false => self.send(request, entry),
        };
        match answer {
            Ok(object) => {
                let name = &object.meta().name;
                match act {
                    Act::CreatePod { .. } => {
                        self.tell_about(&daemonset, "Normal", "SuccessfulCreate", format!("Created pod: {name}"));
                    }
                    Act::DeletePod { .. } => {
                        self.tell_about(&daemonset, "Normal", "SuccessfulDelete", format!("Deleted pod: {name}"));
                    }
                    _ => {}
                }
                Ok(())
            }
            Err(refusal) => Err(self.refused(&daemonset, &act, refusal, lowers, cause)),
        }
    }

    fn tell_about(&mut self, daemonset: &DaemonSet, kind: &'static str, reason: &'static str, message: String) {
        let involved = Involved::new(Kind::DaemonSet, &daemonset.meta);
        self.tell(Draft { component: Actor::DaemonSetController.as_str(), involved, kind, reason, message });
    }

    /// What a refusal means for the sync.
    fn refused(&mut self, daemonset: &DaemonSet, act: &Act, refusal: ApiError, lowers: Lowers, cause: u64) -> Failure {
        let gone = refusal.reason == ErrorReason::NotFound || refusal.reason == ErrorReason::Conflict;
        let ignorable = match act {
            Act::DeletePod { .. }
            | Act::ReleasePod { .. }
            | Act::ReleaseRevision { .. }
            | Act::DeleteRevision { .. } => gone,
            Act::CreatePod { .. } => refusal.message.contains("because it is being terminated"),
            _ => false,
        };
        if let (Act::CreateRevision(_), ErrorReason::AlreadyExists) = (act, refusal.reason) {
            self.raise_collision_count(daemonset, cause);
        }
        // A pod that a terminating namespace refuses stays expected, as in the original.
        let lowers = if ignorable && matches!(act, Act::CreatePod { .. }) { Lowers::Nothing } else { lowers };
        let told = match act {
            Act::CreatePod { .. } => Some(("FailedCreate", "creating")),
            Act::DeletePod { .. } => Some(("FailedDelete", "deleting")),
            _ => None,
        };
        if let Some((reason, doing)) = told.filter(|_| !ignorable) {
            self.tell_about(daemonset, "Warning", reason, format!("Error {doing}: {}", refusal.message));
        }
        Failure { lowers, error: (!ignorable).then_some(refusal.message) }
    }

    /// Models the end of `snapshot`: another template has the same hash, so the next try hashes differently.
    fn raise_collision_count(&mut self, daemonset: &DaemonSet, cause: u64) {
        let collision_count = daemonset.status.collision_count.unwrap_or(0) + 1;
        let status = crate::api::DaemonSetStatus { collision_count: Some(collision_count), ..daemonset.status };
        let key = daemonset.meta.key();
        let request = Request::Patch {
            kind: Kind::DaemonSet,
            key: key.clone(),
            uid: Some(daemonset.meta.uid),
            patch: Patch::DaemonSetStatus(status),
        };
        let entry = Entry {
            actor: Actor::DaemonSetController,
            verb: Verb::Update,
            object: ObjectRef { kind: Kind::DaemonSet, key },
            node: None,
            reason: Reason::DaemonSet(daemonset::Reason::NameCollision { collision_count }),
            caused_by: Some(cause),
        };
        drop(self.send(request, entry));
    }

    fn request_for(&self, daemonset: &DaemonSet, act: &Act, maker: Option<&PodMaker>) -> (Verb, Kind, Request) {
        let patch = |kind, key: &ObjectKey, uid, patch| Request::Patch { kind, key: key.clone(), uid, patch };
        let delete = |kind, key: &ObjectKey, uid| Request::Delete {
            kind,
            key: key.clone(),
            uid: Some(uid),
            propagation: None,
            grace_period_seconds: None,
        };
        let own = daemonset.meta.uid;
        let owner = || OwnerReference::controller(Kind::DaemonSet, &daemonset.meta.name, own);
        let hash_label =
            |hash: &str| Patch::Labels(vec![(crate::api::pod::HASH_LABEL.to_owned(), Some(hash.to_owned()))]);
        match act {
            Act::CreatePod { node } => {
                let pod = match maker {
                    Some(maker) => maker.for_node(node),
                    None => daemonset::new_pod(daemonset, "", node),
                };
                (Verb::Create, Kind::Pod, Request::Create(Object::Pod(Arc::new(pod))))
            }
            Act::DeletePod { pod, uid } => (Verb::Delete, Kind::Pod, delete(Kind::Pod, pod, *uid)),
            Act::AdoptPod { pod, uid } => {
                (Verb::Adopt, Kind::Pod, patch(Kind::Pod, pod, Some(*uid), Patch::AddOwner(owner())))
            }
            Act::ReleasePod { pod, uid } => {
                (Verb::Release, Kind::Pod, patch(Kind::Pod, pod, Some(*uid), Patch::RemoveOwner(own)))
            }
            Act::RelabelPod { pod, uid, hash } => {
                (Verb::Update, Kind::Pod, patch(Kind::Pod, pod, Some(*uid), hash_label(hash)))
            }
            Act::AdoptRevision { revision, uid } => {
                let kind = Kind::ControllerRevision;
                (Verb::Adopt, kind, patch(kind, revision, Some(*uid), Patch::AddOwner(owner())))
            }
            Act::ReleaseRevision { revision, uid } => {
                let kind = Kind::ControllerRevision;
                (Verb::Release, kind, patch(kind, revision, Some(*uid), Patch::RemoveOwner(own)))
            }
            Act::LabelRevision { revision, uid, hash } => {
                let kind = Kind::ControllerRevision;
                (Verb::Update, kind, patch(kind, revision, Some(*uid), hash_label(hash)))
            }
            Act::CreateRevision(revision) => {
                let request = Request::Create(Object::ControllerRevision(revision.clone()));
                (Verb::Create, Kind::ControllerRevision, request)
            }
            Act::RenumberRevision { revision, uid, number } => {
                let kind = Kind::ControllerRevision;
                (Verb::Update, kind, patch(kind, revision, Some(*uid), Patch::Revision(*number)))
            }
            Act::DeleteRevision { revision, uid } => {
                let kind = Kind::ControllerRevision;
                (Verb::Delete, kind, delete(kind, revision, *uid))
            }
            Act::WriteStatus(status) => {
                let key = daemonset.meta.key();
                let patch = patch(Kind::DaemonSet, &key, Some(own), Patch::DaemonSetStatus(*status));
                (Verb::Status, Kind::DaemonSet, patch)
            }
        }
    }
}

/// Which expectation is lowered when a request fails.
#[derive(Clone, Copy)]
enum Lowers {
    Creates,
    Deletes,
    Nothing,
}

struct Failure {
    lowers: Lowers,
    /// `None` if the failure is of no importance.
    error: Option<String>,
}

/// The event about a pod that has ended and is to be deleted for that.
fn found_broken(decision: &Decision) -> Option<(&'static str, &'static str, String)> {
    let Act::DeletePod { pod, .. } = &decision.act else { return None };
    match &decision.reason {
        daemonset::Reason::Failed { node, .. } => {
            let message = format!("Found failed daemon pod {pod} on node {node}, will try to kill it");
            Some(("Warning", "FailedDaemonPod", message))
        }
        daemonset::Reason::Succeeded { node } => {
            let message = format!("Found succeeded daemon pod {pod} on node {node}, will try to delete it");
            Some(("Normal", "SucceededDaemonPod", message))
        }
        _ => None,
    }
}

fn lowers(act: &Act) -> Lowers {
    match act {
        Act::CreatePod { .. } => Lowers::Creates,
        Act::DeletePod { .. } => Lowers::Deletes,
        _ => Lowers::Nothing,
    }
}

fn request_key(request: &Request) -> ObjectKey {
    match request {
        Request::Create(object) | Request::Update(object) => object.key(),
        Request::Patch { key, .. } | Request::Delete { key, .. } => key.clone(),
        Request::Bind { pod, .. } => pod.clone(),
    }
}

/// What the loop strip shows: `create 3 pods`, `delete 1 old pod`.
fn summary(creates: &[Decision], rest: &[Decision]) -> String {
    let deletes: Vec<&Decision> = rest.iter().filter(|it| matches!(it.act, Act::DeletePod { .. })).collect();
    let old = deletes
        .iter()
        .any(|it| matches!(it.reason, daemonset::Reason::OldRevision { .. } | daemonset::Reason::OldAndUnavailable));
    let pods = |count: usize| if count == 1 { "pod" } else { "pods" };
    match (creates.len(), deletes.len()) {
        (0, 0) => match rest.first().map(|decision| &decision.act) {
            Some(Act::CreateRevision(revision)) => format!("create revision {}", revision.revision),
            Some(Act::RenumberRevision { number, .. }) => format!("make revision {number} the newest"),
            Some(Act::DeleteRevision { .. }) => "delete an old revision".to_owned(),
            Some(Act::AdoptPod { .. } | Act::AdoptRevision { .. }) => "adopt what matches".to_owned(),
            Some(Act::LabelRevision { .. }) => "label a revision that has no hash".to_owned(),
            Some(Act::RelabelPod { .. }) => "label pods with the revision that is kept".to_owned(),
            _ => "release what no longer matches".to_owned(),
        },
        (0, count) => format!("delete {count}{} {}", if old { " old" } else { "" }, pods(count)),
        (count, 0) => format!("create {count} {}", pods(count)),
        (created, deleted) => format!("create {created}, delete {deleted} pods"),
    }
}
