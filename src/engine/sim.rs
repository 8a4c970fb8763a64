//! The simulation: one thing happens at a time, the earliest first, and is done with before the next.

use std::sync::Arc;

use crate::api::{Involved, Kind, Name, Node, ObjectKey, Pod, PodStatus, SimDuration, SimTime, Uid};
use crate::controllers::{garbage_collector, node_lifecycle, pod_gc};
use crate::kubelet;
use crate::scheduler::{self, Verdict};
use crate::store::{
    ApiError, Delta, FOREGROUND_FINALIZER, ORPHAN_FINALIZER, Object, Patch, Request, Rng, Table, World,
};

use super::command::{Scenario, Settings};
use super::events::{Correlator, Draft};
use super::file::Position;
use super::history::History;
use super::manager::{CONTROLLER_QPS, LoopState, Manager, REQUEST_LATENCY};
use super::pace::Limiter;
use super::record::{Actor, ObjectRef, Reason, Record, Verb};
use super::replay::Replay;
use super::step::{Progress, Step};
use super::take_over;

/// From a write to the moment at which the watches have told everybody.
const WATCH_LATENCY: SimDuration = SimDuration::from_millis(2);
/// One scheduling cycle.
const SCHEDULING_CYCLE: SimDuration = SimDuration::from_millis(1);
/// Requests a second of the scheduler's client, and at once.
const SCHEDULER_QPS: (u64, u64) = (50, 100);
/// A kubelet takes notice of a pod that is bound to it.
const KUBELET_NOTICES: (SimDuration, SimDuration) = (SimDuration::from_millis(20), SimDuration::from_millis(60));
/// The garbage collector's graph takes notice of a change.
const COLLECTOR_NOTICES: (SimDuration, SimDuration) = (SimDuration::from_millis(20), SimDuration::from_millis(80));
/// The node life cycle controller takes notice of a change.
const TAINTS_FOLLOW: (SimDuration, SimDuration) = (SimDuration::from_millis(10), SimDuration::from_millis(40));
/// Steps that one command may lead to before a run is stopped and the reader told; far above any real need.
const QUIET_STEPS_MAX: usize = 50_000_000;

/// Everything that decides how things go on. Cloning it costs a few pointer copies.
#[derive(Clone)]
pub struct State {
    pub(super) now: SimTime,
    /// Steps taken so far.
    pub(super) steps: u64,
    /// Orders steps that are due at the same moment.
    next_order: u64,
    pub world: World,
    pub(super) rng: Rng,
    /// What is due, by time and then by order.
    pub(super) agenda: Table<(SimTime, u64), Step>,
    pub(super) manager: Manager,
    pub(super) correlator: Correlator,
    pub(super) scheduler: SchedulerQueue,
    collector: Option<Limiter>,
    /// Nodes whose kubelet is dead, and since when.
    dead_kubelets: Table<Name, SimTime>,
    /// Missing nodes, and since when the pod garbage collector knows.
    quarantine: Table<Name, SimTime>,
    pod_gc_is_due: bool,
}

/// Pods that wait for the scheduler, and those that it found no node for.
#[derive(Clone)]
pub(super) struct SchedulerQueue {
    /// By falling priority, then in the order of arrival; with the record that brought them here.
    pub waiting: Table<(i64, u64), (ObjectKey, Uid, u64)>,
    queued: Table<Uid, ()>,
    unschedulable: Table<ObjectKey, Uid>,
    is_due: bool,
    limiter: Option<Limiter>,
}

/// What to write into the log about a request.
pub(super) struct Entry {
    pub actor: Actor,
    pub verb: Verb,
    pub object: ObjectRef,
    pub node: Option<Name>,
    pub reason: Reason,
    pub caused_by: Option<u64>,
}

/// Why the simulation will go on at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct WakeReason(pub String);

/// A cluster in simulated time, with its log.
#[derive(Clone)]
pub struct Sim {
    pub(super) state: State,
    pub(super) history: History,
    pub(super) scenario: Scenario,
}

impl Sim {
    /// The cluster as a scenario begins, and then everything that it says was done.
    pub fn new(scenario: &Scenario) -> Self {
        let mut replay = Replay::new(scenario, Position::default());
        while !replay.run(usize::MAX) {}
        replay.into_sim()
    }

    /// The cluster as a scenario begins: its nodes have joined and are ready.
    pub(super) fn begin(scenario: &Scenario) -> Self {
        let Settings { original_pace, .. } = scenario.settings;
        let mut rng = Rng::new(scenario.seed);
        let mut world = World::new(&mut rng);
        let mut ignored = Vec::new();
        if let Some(cluster) = &scenario.cluster {
            take_over::fill(&mut world, cluster);
        }
        for (template, count) in &scenario.nodes {
            for index in 1..=*count {
                let node = template.to_node(&format!("{}-{index}", template.name));
                // A node that is named twice is there once.
                let Ok(answer) =
                    world.handle(Request::Create(Object::Node(Arc::new(node))), SimTime::ZERO, &mut rng, &mut ignored)
                else {
                    continue;
                };
                if let Object::Node(node) = answer
                    && let Some(taints) = node_lifecycle::taints(&node)
                {
                    let patch = Request::Patch {
                        kind: Kind::Node,
                        key: node.meta.key(),
                        uid: None,
                        patch: Patch::Taints(taints),
                    };
                    drop(world.handle(patch, SimTime::ZERO, &mut rng, &mut ignored));
                }
            }
        }
        let limiter = |(per_second, burst)| original_pace.then(|| Limiter::new(per_second, burst));
        let state = State {
            now: SimTime::ZERO,
            steps: 0,
            next_order: 0,
            world,
            rng,
            agenda: Table::new(),
            manager: Manager::new(original_pace),
            correlator: Correlator::default(),
            scheduler: SchedulerQueue {
                waiting: Table::new(),
                queued: Table::new(),
                unschedulable: Table::new(),
                is_due: false,
                limiter: limiter(SCHEDULER_QPS),
            },
            collector: limiter(CONTROLLER_QPS),
            dead_kubelets: Table::new(),
            quarantine: Table::new(),
            pod_gc_is_due: false,
        };
        let scenario = Scenario { commands: Vec::new(), ..scenario.clone() };
        let mut history = History::default();
        history.push_keyframe(state.clone());
        let mut sim = Sim { state, history, scenario };
        if sim.scenario.cluster.is_some() {
            sim.take_over();
        }
        sim
    }

    pub fn now(&self) -> SimTime {
        self.state.now
    }

    pub fn world(&self) -> &World {
        &self.state.world
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// The scenario that leads to this moment when it is run anew.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    pub fn loop_state(&self) -> LoopState {
        self.state.manager.loop_state()
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.state.steps
    }

    /// Whether nothing is left to happen until the reader does something.
    pub fn is_quiet(&self) -> bool {
        self.state.agenda.is_empty()
    }

    /// When something happens next, and what.
    pub fn next_wake(&self) -> Option<(SimTime, WakeReason)> {
        let ((at, _), step) = self.state.agenda.first()?;
        Some((*at, WakeReason(describe(step))))
    }

    /// Takes the next step, however far away. False if nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some(((at, _), step)) = self.state.agenda.pop_first() else { return false };
        self.state.now = self.state.now.max(at);
        self.state.steps += 1;
        self.take(step);
        if self.history.wants_keyframe() {
            self.history.push_keyframe(self.state.clone());
        }
        true
    }

    /// Lets time pass until a moment, but takes no more than `max_steps` steps. The clock stands still where nothing is
    /// left to happen. Answers how many steps it took; fewer than `max_steps` means that the moment was reached.
    pub fn run_until(&mut self, until: SimTime, max_steps: usize) -> usize {
        for taken in 0..max_steps {
            match self.state.agenda.first() {
                Some(((at, _), _)) if *at <= until => drop(self.step()),
                Some(_) => {
                    self.state.now = self.state.now.max(until);
                    return taken;
                }
                None => return taken,
            }
        }
        max_steps
    }

    /// Lets time pass until a moment, whether or not anything happens.
    pub fn wait_until(&mut self, until: SimTime) {
        while self.state.agenda.first().is_some_and(|((at, _), _)| *at <= until) {
            self.step();
        }
        self.state.now = self.state.now.max(until);
    }

    /// Runs until nothing is left to happen.
    pub fn run_until_quiet(&mut self) {
        for _ in 0..QUIET_STEPS_MAX {
            if !self.step() {
                return;
            }
        }
    }

    /// Runs until the next act that a reader follows has happened. False if there is none left.
    pub fn step_act(&mut self) -> bool {
        let mut seen = self.history.records().len();
        while self.step() {
            let records = self.history.records();
            if records[seen..].iter().any(Record::is_act) {
                return true;
            }
            seen = records.len();
        }
        false
    }

    /// When the next step is due.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.state.agenda.first().map(|((at, _), _)| *at)
    }

    /// The clock goes on to a moment; nothing happens on the way.
    pub(super) fn wait_at(&mut self, at: SimTime) {
        self.state.now = self.state.now.max(at);
    }

    /// The run as it was after a number of records, ready to go on differently: the keyframe before, and a short
    /// simulation that must arrive at the same world.
    pub fn fork_at(&self, records: usize) -> Sim {
        let records = records.min(self.history.records().len());
        let Some(keyframe) = self.history.keyframe_before(records) else { return self.clone() };
        let state = keyframe.state.clone();
        let commands = self.scenario.commands.iter().filter(|it| it.after_steps < state.steps).cloned().collect();
        let mut fork = Sim {
            history: self.history.truncated(keyframe.records),
            scenario: Scenario { commands, ..self.scenario.clone() },
            state,
        };
        let mut later = self
            .scenario
            .commands
            .iter()
            .filter(|it| it.after_steps >= fork.state.steps)
            .cloned()
            .collect::<Vec<_>>()
            .into_iter()
            .peekable();
        while fork.history.records().len() < records {
            match later.next_if(|it| it.after_steps <= fork.state.steps) {
                Some(submitted) => {
                    fork.state.now = fork.state.now.max(submitted.at);
                    fork.submit(submitted.command);
                }
                None if fork.step() => {}
                None => break,
            }
        }
        fork
    }

    /// The present without its past, to look ahead from; with a seed, chance goes another way from here on.
    pub(super) fn ahead(&self, seed: Option<u64>) -> Sim {
        let mut state = self.state.clone();
        if let Some(seed) = seed {
            state.rng = Rng::new(seed);
        }
        let scenario = Scenario { commands: Vec::new(), ..self.scenario.clone() };
        Sim { state, history: History::default(), scenario }
    }

    // ------------------------------------------------------------ the agenda

    pub(super) fn schedule_at(&mut self, at: SimTime, step: Step) {
        let order = self.state.next_order;
        self.state.next_order += 1;
        self.state.agenda.insert((at, order), step);
    }

    pub(super) fn schedule_after(&mut self, after: SimDuration, step: Step) {
        self.schedule_at(self.state.now + after, step);
    }

    fn schedule_between(&mut self, bounds: (SimDuration, SimDuration), step: Step) {
        let after = self.state.rng.duration(bounds);
        self.schedule_after(after, step);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Deliver { deltas, cause } => {
                for delta in deltas.iter() {
                    self.deliver(delta, cause);
                }
            }
            Step::Enqueue { key, cause, .. } => self.enqueue_daemonset(key, cause),
            Step::SyncStage { key } => self.sync_stage(&key),
            Step::SyncRequest { key, decision } => self.sync_request(&key, decision),
            Step::Schedule => self.schedule_next_pod(),
            Step::Kubelet { pod, uid, progress, cause } => self.kubelet_progress(&pod, uid, progress, cause),
            Step::Collect { kind, key, uid, cause } => self.collect(kind, &key, uid, cause),
            Step::TaintNode { node, went_down, cause } => {
                self.taint_node(&node, cause);
                if went_down {
                    self.mark_pods_not_ready(&node, cause);
                }
            }
            Step::MonitorNode { node, cause } => self.monitor_node(&node, cause),
            Step::PodGc => self.collect_pods_of_missing_nodes(),
        }
    }

    // ------------------------------------------------------------ requests and records

    /// Sends a request to the API server and records what came of it. A refusal is recorded too.
    pub(super) fn send(&mut self, request: Request, entry: Entry) -> Result<Object, ApiError> {
        let mut deltas = Vec::new();
        let now = self.state.now;
        let answer = self.state.world.handle(request, now, &mut self.state.rng, &mut deltas);
        match &answer {
            Ok(object) => {
                // A generated name is known only now.
                let object = ObjectRef { kind: object.kind(), key: object.key() };
                if !deltas.is_empty() {
                    self.record(Entry { object, ..entry }, deltas);
                }
            }
            Err(refusal) => return Err(self.refuse(refusal.clone(), entry)),
        }
        answer
    }

    /// Records that a request was refused.
    pub(super) fn refuse(&mut self, refusal: ApiError, entry: Entry) -> ApiError {
        let reason = Reason::Refused { message: refusal.message.as_str().into() };
        self.record(Entry { verb: Verb::Error, reason, ..entry }, Vec::new());
        refusal
    }

    /// Writes a record; what changed is delivered to everybody shortly after.
    pub(super) fn record(&mut self, entry: Entry, deltas: Vec<Delta>) -> u64 {
        let seq = self.history.next_seq();
        let deltas: Arc<[Delta]> = deltas.into();
        if !deltas.is_empty() {
            self.schedule_after(WATCH_LATENCY, Step::Deliver { deltas: deltas.clone(), cause: seq });
        }
        let Entry { actor, verb, object, node, reason, caused_by } = entry;
        self.history.push(Record { seq, at: self.state.now, actor, verb, object, node, reason, deltas, caused_by });
        seq
    }

    /// Everybody who watches takes notice of a change.
    fn deliver(&mut self, delta: &Delta, cause: u64) {
        self.observe_for_daemonsets(delta, cause);
        match (&delta.before, &delta.after) {
            (before, Some(Object::Pod(pod))) => {
                let old = before.as_ref().and_then(Object::as_pod);
                self.observe_pod(old.map(|pod| &**pod), pod, cause);
            }
            (Some(Object::Pod(pod)), None) => {
                self.retry_unschedulable(pod.spec.node_name.as_ref(), cause);
                self.collect_terminating_owner(&pod.meta, cause);
            }
            (before, Some(Object::Node(node))) => {
                let old = match before {
                    Some(Object::Node(old)) => Some(&**old),
                    _ => None,
                };
                self.observe_node(old, node, cause);
            }
            (Some(Object::Node(node)), None) => self.watch_for_missing_nodes(node.name()),
            (Some(Object::DaemonSet(daemonset)), None) => self.collect_dependents(daemonset.meta.uid, cause),
            (_, Some(Object::DaemonSet(daemonset))) => {
                let waits = |finalizer| daemonset.meta.has_finalizer(finalizer);
                if daemonset.meta.is_terminating() && (waits(FOREGROUND_FINALIZER) || waits(ORPHAN_FINALIZER)) {
                    let object = Object::DaemonSet(daemonset.clone());
                    self.collect_later(&object, cause);
                    if waits(FOREGROUND_FINALIZER) {
                        self.collect_dependents(daemonset.meta.uid, cause);
                    }
                }
            }
            (Some(Object::ControllerRevision(revision)), None) => self.collect_terminating_owner(&revision.meta, cause),
            (Some(_), Some(Object::ControllerRevision(revision))) => {
                self.collect_orphaning_owners(cause, &revision.meta.namespace);
            }
            _ => {}
        }
    }

    fn observe_pod(&mut self, old: Option<&Pod>, pod: &Pod, cause: u64) {
        let was_bound = old.is_some_and(|old| old.spec.node_name.is_some());
        match &pod.spec.node_name {
            None if old.is_none() => self.wait_for_scheduler(pod, cause),
            Some(node) if !was_bound => {
                self.kubelet_begins(pod, node, cause);
                if !self.state.world.nodes.contains_key(node) {
                    self.watch_for_missing_nodes(node);
                }
            }
            _ => {}
        }
        let was_terminating = old.is_some_and(Pod::is_terminating);
        if pod.is_terminating() && !was_terminating {
            self.kubelet_ends(pod, cause);
        }
        // An owner that was deleted while its pod was being created, or that waits for the pod to let go.
        let owner_changed = old.is_none_or(|old| old.meta.owner_references != pod.meta.owner_references);
        if owner_changed {
            if old.is_some() {
                self.collect_orphaning_owners(cause, &pod.meta.namespace);
            }
            let owner_is_gone = pod.meta.owner_references.iter().any(|owner| {
                let key = ObjectKey { namespace: pod.meta.namespace.clone(), name: owner.name.clone() };
                &*owner.kind == "DaemonSet"
                    && self.state.world.daemonsets.get(&key).is_none_or(|set| set.meta.uid != owner.uid)
            });
            if owner_is_gone {
                self.collect_later(&Object::Pod(Arc::new(pod.clone())), cause);
            }
        }
    }

    fn observe_node(&mut self, old: Option<&Node>, node: &Node, cause: u64) {
        use crate::api::ConditionStatus::True;
        let went_down = old.is_some_and(|old| old.ready() == True) && node.ready() != True;
        if went_down || node_lifecycle::taints(node).is_some() {
            let step = Step::TaintNode { node: node.name().clone(), went_down, cause };
            self.schedule_between(TAINTS_FOLLOW, step);
        }
        if old.is_some_and(|old| old.ready() != True) && node.ready() == True {
            self.kubelet_reports_again(node.name(), cause);
        }
        if old.is_none() {
            // Pods that waited for this node, or outlived its predecessor.
            let pods: Vec<Arc<Pod>> = self.state.world.pods_on(node.name()).cloned().collect();
            for pod in pods {
                self.kubelet_begins(&pod, node.name(), cause);
                if pod.is_terminating() {
                    self.kubelet_ends(&pod, cause);
                }
            }
        }
        self.retry_unschedulable(Some(node.name()), cause);
    }

    // ------------------------------------------------------------ scheduler

    pub(super) fn wait_for_scheduler(&mut self, pod: &Pod, cause: u64) {
        if !pod.is_terminating() && !pod.is_terminal() && !self.state.scheduler.queued.contains_key(&pod.meta.uid) {
            self.state.scheduler.queued.insert(pod.meta.uid, ());
            let order = self.state.next_order;
            self.state.next_order += 1;
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

    fn schedule_next_pod(&mut self) {
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
    fn retry_unschedulable(&mut self, node: Option<&Name>, cause: u64) {
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

    // ------------------------------------------------------------ kubelets

    fn kubelet_is_alive(&self, node: &Name) -> bool {
        self.state.world.nodes.contains_key(node) && !self.state.dead_kubelets.contains_key(node)
    }

    pub(super) fn kubelet_begins(&mut self, pod: &Pod, node: &Name, cause: u64) {
        if !self.kubelet_is_alive(node) || pod.is_terminating() || pod.status.phase != crate::api::PodPhase::Pending {
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

    fn kubelet_progress(&mut self, key: &ObjectKey, uid: Uid, progress: Progress, cause: u64) {
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
            Progress::Started if pod.status.phase == crate::api::PodPhase::Pending => {
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
            } else if pod.status.phase == crate::api::PodPhase::Pending {
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
            let noticed = self.state.now + self.scenario.settings.node_monitor_grace_period;
            let at = next_multiple(noticed, node_lifecycle::MONITOR_PERIOD);
            self.schedule_at(at, Step::MonitorNode { node: node.clone(), cause });
        }
    }

    /// A kubelet that has been silent since a moment, and is known to be.
    pub(super) fn silence_kubelet(&mut self, node: &Name, since: SimTime) {
        self.state.dead_kubelets.insert(node.clone(), since);
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

    // ------------------------------------------------------------ node life cycle

    fn taint_node(&mut self, name: &Name, cause: u64) {
        let Some(node) = self.state.world.nodes.get(name) else { return };
        let Some(taints) = node_lifecycle::taints(node) else { return };
        let from_conditions = taints.iter().filter(|taint| taint.key.starts_with("node.kubernetes.io/"));
        let texts: Vec<String> = from_conditions.map(ToString::to_string).collect();
        let entry = Entry {
            actor: Actor::NodeLifecycle,
            verb: Verb::Taint,
            object: ObjectRef { kind: Kind::Node, key: node.meta.key() },
            node: Some(name.clone()),
            reason: Reason::Conditions { taints: texts.join(", ").into() },
            caused_by: Some(cause),
        };
        let request = Request::Patch {
            kind: Kind::Node,
            key: node.meta.key(),
            uid: Some(node.meta.uid),
            patch: Patch::Taints(taints),
        };
        drop(self.send(request, entry));
    }

    /// Models `tryUpdateNodeHealth` for a node whose kubelet is silent.
    fn monitor_node(&mut self, name: &Name, cause: u64) {
        let silent_since = self.state.dead_kubelets.get(name).copied();
        let Some(node) = self.state.world.nodes.get(name).cloned() else { return };
        let now = self.state.now;
        if silent_since.is_none_or(|since| now.since(since) < self.scenario.settings.node_monitor_grace_period) {
            return;
        }
        let mut changed = (*node).clone();
        for kind in ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] {
            changed.set_condition(kind, crate::api::ConditionStatus::Unknown, now);
        }
        let entry = Entry {
            actor: Actor::NodeLifecycle,
            verb: Verb::NotReady,
            object: ObjectRef { kind: Kind::Node, key: node.meta.key() },
            node: Some(name.clone()),
            reason: Reason::KubeletSilent { node: name.clone(), silent_for: now.since(silent_since.unwrap_or(now)) },
            caused_by: Some(cause),
        };
        let patch = Patch::NodeConditions(changed.conditions);
        drop(self.send(Request::Patch { kind: Kind::Node, key: node.meta.key(), uid: None, patch }, entry));
    }

    /// Models `MarkPodsNotReady`, which comes at about the time of the taint: a sync that is woken by it sees both.
    fn mark_pods_not_ready(&mut self, name: &Name, cause: u64) {
        let Some(node) = self.state.world.nodes.get(name).cloned() else { return };
        if node.ready() == crate::api::ConditionStatus::True {
            return;
        }
        let tell = |involved, kind, message: String| Draft {
            component: "node-controller",
            involved,
            kind,
            reason: "NodeNotReady",
            message,
        };
        let message = format!("Node {} status is now: NodeNotReady", node.name());
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

    // ------------------------------------------------------------ garbage collectors

    pub(super) fn collect_later(&mut self, object: &Object, cause: u64) {
        let noticed = self.state.now + self.state.rng.duration(COLLECTOR_NOTICES);
        let sent = self.state.collector.as_mut().map_or(noticed, |limiter| limiter.take(noticed));
        let at = sent + self.state.rng.duration(REQUEST_LATENCY);
        let step = Step::Collect { kind: object.kind(), key: object.key(), uid: object.meta().uid, cause };
        self.schedule_at(at, step);
    }

    fn collect_dependents(&mut self, owner: Uid, cause: u64) {
        for object in garbage_collector::dependents(&self.state.world, owner) {
            self.collect_later(&object, cause);
        }
    }

    /// A dependent is gone: its owner may have waited for that.
    fn collect_terminating_owner(&mut self, meta: &crate::api::ObjectMeta, cause: u64) {
        let Some(owner) = meta.controller() else { return };
        let key = ObjectKey { namespace: meta.namespace.clone(), name: owner.name.clone() };
        let waits = self.state.world.daemonsets.get(&key).filter(|set| set.meta.is_terminating()).cloned();
        if let Some(daemonset) = waits {
            self.collect_later(&Object::DaemonSet(daemonset), cause);
        }
    }

    /// A dependent has let go: owners that leave their dependents behind may have waited for that.
    fn collect_orphaning_owners(&mut self, cause: u64, namespace: &Name) {
        let waiting: Vec<Object> = self
            .state
            .world
            .daemonsets_in(namespace)
            .filter(|set| set.meta.is_terminating() && set.meta.has_finalizer(ORPHAN_FINALIZER))
            .filter(|set| garbage_collector::dependents(&self.state.world, set.meta.uid).is_empty())
            .cloned()
            .map(Object::DaemonSet)
            .collect();
        for object in waiting {
            self.collect_later(&object, cause);
        }
    }

    fn collect(&mut self, kind: Kind, key: &ObjectKey, uid: Uid, cause: u64) {
        let Some(object) = self.state.world.get(kind, key).filter(|object| object.meta().uid == uid) else { return };
        let is_owner = object.meta().is_terminating() && object.kind() == Kind::DaemonSet;
        for act in garbage_collector::collect(&self.state.world, &object) {
            use garbage_collector::Act;
            let (verb, target_kind, target, request, reason) = match act {
                Act::Delete { kind, key, uid, propagation, owner } => {
                    let propagation = Some(propagation);
                    let request = Request::Delete {
                        kind,
                        key: key.clone(),
                        uid: Some(uid),
                        propagation,
                        grace_period_seconds: None,
                    };
                    (Verb::Delete, kind, key, request, Reason::OwnerGone { owner })
                }
                Act::RemoveOwner { kind, key, uid, owner } => {
                    let patch = Patch::RemoveOwner(owner);
                    let request = Request::Patch { kind, key: key.clone(), uid: Some(uid), patch };
                    let owner = if is_owner { object.meta().name.clone() } else { key.name.clone() };
                    (Verb::Release, kind, key, request, Reason::Orphaned { owner })
                }
                Act::RemoveFinalizer { kind, key, uid, finalizer } => {
                    let patch = Patch::RemoveFinalizer(finalizer.into());
                    let request = Request::Patch { kind, key: key.clone(), uid: Some(uid), patch };
                    (Verb::Remove, kind, key, request, Reason::DependentsDone)
                }
            };
            let node = match self.state.world.get(target_kind, &target) {
                Some(Object::Pod(pod)) => pod.target_node().cloned(),
                _ => None,
            };
            let entry = Entry {
                actor: Actor::GarbageCollector,
                verb,
                object: ObjectRef { kind: target_kind, key: target },
                node,
                reason,
                caused_by: Some(cause),
            };
            drop(self.send(request, entry));
        }
    }

    /// The pod garbage collector looks every 20 s; without a missing node it has nothing to look for.
    pub(super) fn watch_for_missing_nodes(&mut self, _node: &Name) {
        if !self.state.pod_gc_is_due && !pod_gc::missing_nodes(&self.state.world).is_empty() {
            self.state.pod_gc_is_due = true;
            let at = next_multiple(self.state.now + SimDuration(1), pod_gc::PERIOD);
            self.schedule_at(at, Step::PodGc);
        }
    }

    /// Models `gcOrphaned`.
    fn collect_pods_of_missing_nodes(&mut self) {
        self.state.pod_gc_is_due = false;
        let now = self.state.now;
        let missing = pod_gc::missing_nodes(&self.state.world);
        let known = std::mem::take(&mut self.state.quarantine);
        for node in missing {
            let since = known.get(&node).copied().unwrap_or(now);
            self.state.quarantine.insert(node.clone(), since);
            if now.since(since) < pod_gc::QUARANTINE {
                continue;
            }
            for pod in pod_gc::orphaned_pods(&self.state.world, &node) {
                self.collect_orphaned_pod(&pod, &node);
            }
        }
        self.watch_for_missing_nodes(&"".into());
    }

    fn collect_orphaned_pod(&mut self, pod: &Pod, node: &Name) {
        let entry = |verb, caused_by| Entry {
            actor: Actor::PodGc,
            verb,
            object: ObjectRef { kind: Kind::Pod, key: pod.meta.key() },
            node: Some(node.clone()),
            reason: Reason::NodeMissing { node: node.clone() },
            caused_by,
        };
        let cause = self.last_deletion_of_node(node).or_else(|| self.last_act_on(pod));
        if !pod.is_terminal() {
            let mut status = pod.status.clone();
            status.phase = crate::api::PodPhase::Failed;
            status.set_condition(
                "DisruptionTarget",
                true,
                "DeletionByPodGC",
                "PodGC: node no longer exists",
                self.state.now,
            );
            self.patch_pod(pod, status, entry(Verb::Fail, cause));
        }
        let request = Request::Delete {
            kind: Kind::Pod,
            key: pod.meta.key(),
            uid: Some(pod.meta.uid),
            propagation: None,
            grace_period_seconds: Some(0),
        };
        drop(self.send(request, entry(Verb::Remove, cause)));
    }

    /// A pod that was made for a node which never was: the act that made or bound it.
    fn last_act_on(&self, pod: &Pod) -> Option<u64> {
        let key = pod.meta.key();
        let on_it = |record: &&Record| record.object.kind == Kind::Pod && record.object.key == key;
        self.history.records().iter().rev().find(on_it).map(|record| record.seq)
    }

    fn last_deletion_of_node(&self, node: &Name) -> Option<u64> {
        let deleted = |record: &&Record| {
            record.object.kind == Kind::Node && record.object.key.name == *node && record.verb == Verb::Delete
        };
        self.history.records().iter().rev().find(deleted).map(|record| record.seq)
    }
}

/// The first multiple of a period at or after a moment.
fn next_multiple(at: SimTime, period: SimDuration) -> SimTime {
    SimTime::from_micros(at.micros().div_ceil(period.0) * period.0)
}

/// What a step will be, in words.
fn describe(step: &Step) -> String {
    match step {
        Step::Deliver { .. } => "a change is seen".to_owned(),
        Step::Enqueue { key, .. } => format!("{} is looked at again", key.name),
        Step::SyncStage { key } | Step::SyncRequest { key, .. } => format!("the sync of {} goes on", key.name),
        Step::Schedule => "the scheduler takes the next pod".to_owned(),
        Step::Kubelet { pod, progress, .. } => {
            let what = match progress {
                Progress::Creating => "is created",
                Progress::Started => "starts",
                Progress::Ready => "becomes ready",
                Progress::Stopped => "has stopped",
            };
            format!("{} {what}", pod.name)
        }
        Step::Collect { key, .. } => format!("the garbage collector looks at {}", key.name),
        Step::TaintNode { node, .. } | Step::MonitorNode { node, .. } => {
            format!("the conditions of {node} are looked at")
        }
        Step::PodGc => "pods of missing nodes are looked for".to_owned(),
    }
}
