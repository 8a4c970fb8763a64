//! The simulation: one thing happens at a time, the earliest first, and is done with before the next.

use std::sync::Arc;

use crate::api::{ConditionStatus, Kind, Name, Node, Pod, SimDuration, SimTime};
use crate::controllers::daemonset::Tallies;
use crate::controllers::node_lifecycle;
use crate::store::{
    ApiError, Delta, FOREGROUND_FINALIZER, ORPHAN_FINALIZER, Object, Patch, Request, Rng, Table, World,
};

use super::command::{Scenario, Settings};
use super::events::Correlator;
use super::evictions::Evictions;
use super::file::Position;
use super::history::{History, Limits};
use super::manager::{CONTROLLER_QPS, LoopState, Manager};
use super::namespaces::NamespaceWatch;
use super::nodes::NodeWatch;
use super::pace::Limiter;
use super::record::{Actor, ObjectRef, Reason, Record, Verb};
use super::replay::Replay;
use super::scheduling::SchedulerQueue;
use super::step::{Progress, Step};
use super::take_over;

/// From a write to the moment at which the watches have told everybody.
const WATCH_LATENCY: SimDuration = SimDuration::from_millis(2);
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
    pub(super) collector: Option<Limiter>,
    pub(super) nodes: NodeWatch,
    pub(super) evictions: Evictions,
    pub(super) namespaces: NamespaceWatch,
    /// Nodes whose kubelet is dead, and since when nothing has been heard from it.
    pub(super) dead_kubelets: Table<Name, SimTime>,
    /// Missing nodes, and since when the pod garbage collector knows.
    pub(super) quarantine: Table<Name, SimTime>,
    pub(super) pod_gc_is_due: bool,
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
    /// Follow from the world, so no keyframe holds them.
    pub(super) tallies: Tallies,
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
                    && let Some(taints) = node_lifecycle::no_schedule_taints(&node)
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
        let state = State {
            now: SimTime::ZERO,
            steps: 0,
            next_order: 0,
            world,
            rng,
            agenda: Table::new(),
            manager: Manager::new(original_pace),
            correlator: Correlator::default(),
            scheduler: SchedulerQueue::new(original_pace),
            collector: original_pace.then(|| Limiter::new(CONTROLLER_QPS.0, CONTROLLER_QPS.1)),
            nodes: NodeWatch::default(),
            evictions: Evictions::new(original_pace),
            namespaces: NamespaceWatch::default(),
            dead_kubelets: Table::new(),
            quarantine: Table::new(),
            pod_gc_is_due: false,
        };
        let scenario = Scenario { commands: Vec::new(), ..scenario.clone() };
        let mut history = History::default();
        history.push_keyframe(state.clone());
        let mut sim = Sim { state, history, scenario, tallies: Tallies::default() };
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

    /// Keeps more or less of the run from now on.
    pub fn limit(&mut self, limits: Limits) {
        self.history.limit(limits);
    }

    /// The scenario that leads to this moment when it is run anew.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Changes how the machinery behaves from now on. Such a run is none that its scenario alone leads to: for replays of
    /// recordings.
    pub fn set_settings(&mut self, settings: Settings) {
        self.scenario.settings = settings;
    }

    pub fn loop_state(&self) -> LoopState {
        self.state.manager.loop_state()
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.state.steps
    }

    /// Whether nothing is left to happen until the reader does something; a log that is full lets nothing happen either.
    pub fn is_quiet(&self) -> bool {
        self.due().is_none()
    }

    /// What is due next.
    fn due(&self) -> Option<(SimTime, &Step)> {
        let ((at, _), step) = self.state.agenda.first().filter(|_| !self.history.is_full())?;
        Some((*at, step))
    }

    /// When something happens next, and what.
    pub fn next_wake(&self) -> Option<(SimTime, WakeReason)> {
        let (at, step) = self.due()?;
        Some((at, WakeReason(describe(step))))
    }

    /// Takes the next step, however far away. False if nothing is left to happen.
    pub fn step(&mut self) -> bool {
        if self.due().is_none() {
            return false;
        }
        let Some(((at, _), step)) = self.state.agenda.pop_first() else { return false };
        self.state.now = self.state.now.max(at);
        self.state.steps += 1;
        self.history.begin();
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
            match self.due() {
                Some((at, _)) if at <= until => drop(self.step()),
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
        while self.due().is_some_and(|(at, _)| at <= until) {
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
            if records[seen..].iter().any(|record| record.is_act()) {
                return true;
            }
            seen = records.len();
        }
        false
    }

    /// When the next step is due.
    pub(super) fn next_at(&self) -> Option<SimTime> {
        self.due().map(|(at, _)| at)
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
            tallies: Tallies::default(),
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
        let Scenario { seed, settings, nodes, cluster, .. } = &self.scenario;
        let (settings, nodes, cluster) = (settings.clone(), nodes.clone(), cluster.clone());
        let scenario = Scenario { seed: *seed, settings, nodes, cluster, commands: Vec::new() };
        Sim { state, history: History::default(), scenario, tallies: Tallies::default() }
    }

    // ------------------------------------------------------------ the agenda

    pub(super) fn schedule_at(&mut self, at: SimTime, step: Step) {
        let order = self.next_order();
        self.state.agenda.insert((at, order), step);
    }

    /// A number that orders what comes at the same moment.
    pub(super) fn next_order(&mut self) -> u64 {
        self.state.next_order += 1;
        self.state.next_order - 1
    }

    pub(super) fn schedule_after(&mut self, after: SimDuration, step: Step) {
        self.schedule_at(self.state.now + after, step);
    }

    pub(super) fn schedule_between(&mut self, bounds: (SimDuration, SimDuration), step: Step) {
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
            Step::TaintNode { node, cause } => self.taint_node(&node, cause),
            Step::MonitorNodes => self.monitor_nodes(),
            Step::MarkPodsNotReady { node, cause } => self.mark_pods_not_ready(&node, cause),
            Step::TaintPass => self.taint_pass(),
            Step::Evict { pod, uid, marked, cause } => self.evict(pod, uid, marked, cause),
            Step::EmptyNamespace { namespace, cause } => self.empty_namespace(&namespace, cause),
            Step::CountQuotas { namespace, cause } => self.count_quotas(&namespace, cause),
            Step::PodGc => self.collect_lost_pods(),
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
        deltas.iter().for_each(|delta| self.tallies.note(delta));
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
        self.retry_unschedulable(delta, cause);
        self.observe_for_namespaces(delta, cause);
        match (&delta.before, &delta.after) {
            (before, Some(Object::Pod(pod))) => {
                let old = before.as_ref().and_then(Object::as_pod);
                self.observe_pod(old.map(|pod| &**pod), pod, cause);
            }
            (Some(Object::Pod(pod)), None) => {
                self.collect_terminating_owner(&pod.meta, cause);
                self.cancel_eviction(pod, cause);
            }
            (before, Some(Object::Node(node))) => {
                let old = match before {
                    Some(Object::Node(old)) => Some(&**old),
                    _ => None,
                };
                self.observe_node(old, node, cause);
            }
            (Some(Object::Node(node)), None) => {
                self.watch_for_missing_nodes();
                self.zones_have_changed(node.name(), cause);
            }
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
            (before, Some(Object::ControllerRevision(revision))) => {
                if before.is_some() {
                    self.collect_orphaning_owners(cause, &revision.meta.namespace);
                }
                self.collect_if_left_alone(&Object::ControllerRevision(revision.clone()), cause);
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
                    self.watch_for_missing_nodes();
                }
                self.observe_pod_on_tainted_node(pod, cause);
            }
            _ => {}
        }
        let was_terminating = old.is_some_and(Pod::is_terminating);
        if pod.is_terminating() && !was_terminating {
            self.kubelet_ends(pod, cause);
            self.watch_terminating_pod(pod);
        }
        // An owner that was deleted while its pod was being created, or that waits for the pod to let go.
        let owner_changed = old.is_none_or(|old| old.meta.owner_references != pod.meta.owner_references);
        if owner_changed {
            if old.is_some() {
                self.collect_orphaning_owners(cause, &pod.meta.namespace);
            }
            self.collect_if_left_alone(&Object::Pod(Arc::new(pod.clone())), cause);
        }
    }

    fn observe_node(&mut self, old: Option<&Node>, node: &Node, cause: u64) {
        self.observe_node_health(old, node, cause);
        self.observe_no_execute_taints(old, node, cause);
        self.watch_out_of_service(node);
        let ready = ConditionStatus::True;
        if old.is_some_and(|old| old.ready() != ready) && node.ready() == ready {
            self.kubelet_reports_again(node.name(), cause);
        }
        if old.is_none() {
            // A node that joins has a kubelet, whatever became of one of the same name before.
            self.state.dead_kubelets.remove(node.name());
            // Pods that waited for this node, or outlived its predecessor.
            let pods: Vec<Arc<Pod>> = self.state.world.pods_on(node.name()).cloned().collect();
            for pod in pods {
                self.kubelet_begins(&pod, node.name(), cause);
                if pod.is_terminating() && self.scenario.settings.kubelet.shows_creating {
                    self.kubelet_ends(&pod, cause);
                }
            }
        }
    }
}

/// The first multiple of a period at or after a moment.
pub(super) fn next_multiple(at: SimTime, period: SimDuration) -> SimTime {
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
        Step::TaintNode { node, .. } => format!("the conditions of {node} are looked at"),
        Step::MonitorNodes => "the conditions of the nodes are looked at".to_owned(),
        Step::MarkPodsNotReady { node, .. } => format!("the pods of {node} are taken for not ready"),
        Step::TaintPass => "a node that is not ready is tainted".to_owned(),
        Step::Evict { pod, .. } => format!("{} leaves its node", pod.name),
        Step::EmptyNamespace { namespace, .. } => format!("what is in {namespace} is deleted"),
        Step::CountQuotas { namespace, .. } => format!("what is in {namespace} is counted"),
        Step::PodGc => "pods of missing nodes are looked for".to_owned(),
    }
}
