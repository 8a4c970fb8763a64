//! What a command would lead to: the same engine, run ahead on a fork, in slices as small as the caller likes.
//!
//! The first run goes on exactly as the cluster would if the command came now and nobody did anything else; the others
//! differ in chance only: how long pods take to start and to stop.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Kind, Name, ObjectKey, SimDuration, SimTime, Uid, UpdateStrategy};
use crate::controllers::daemonset::Reason as DaemonSetReason;
use crate::controllers::daemonset::placement::Placer;
use crate::controllers::daemonset::{Current, history};
use crate::store::{Object, World};

use super::command::Command;
use super::record::{Actor, Record, Verb};
use super::rollout::{Numbers, Tally, concerns};
use super::sim::Sim;

/// Nothing has come any further for so long: then it will not (beyond `minReadySeconds`).
const STUCK_AFTER: SimDuration = SimDuration::from_secs(600);
/// So long after its DaemonSets are settled a run is over, even if something else in the cluster never comes to rest.
const SETTLED_FOR: SimDuration = SimDuration::from_secs(30);

const NOT_REACHED: &str = "its turn does not come: the rollout stops before";
const ON_DELETE: &str = "strategy OnDelete: a pod of an older revision is replaced when you delete it";

/// Figures of several runs: the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    pub least: T,
    pub most: T,
}

impl<T: Copy + Ord> Range<T> {
    fn with(range: &mut Option<Range<T>>, value: T) {
        let (least, most) = range.map_or((value, value), |it| (it.least.min(value), it.most.max(value)));
        *range = Some(Range { least, most });
    }
}

/// What would become of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeFuture {
    Removed,
    Replaced,
    Created,
    /// It stays without a pod.
    Without,
    Kept,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeForecast {
    pub node: Name,
    pub future: NodeFuture,
    /// Whether the pod there is ready in the end.
    pub ready: bool,
    pub why: String,
}

/// What would become of one DaemonSet.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    pub key: ObjectKey,
    /// How many runs the figures come from.
    pub runs: usize,
    /// Of the first run.
    pub before: Numbers,
    pub after: Numbers,
    /// Whether the first run came to its end: every wanted pod is there and available.
    pub settles: bool,
    /// The first run was stopped before its end was known: how far it had come.
    pub stopped_after: Option<SimDuration>,
    pub nodes: Vec<NodeForecast>,
    /// Replacements of which none waited for another of the same wave.
    pub waves: Option<Range<usize>>,
    pub takes: Option<Range<SimDuration>>,
    pub fewest_available: Option<Range<u32>>,
    pub most_pods: Option<Range<u32>>,
}

/// One DaemonSet in one run.
#[derive(Clone)]
struct Watched {
    tally: Tally,
    before: Numbers,
    fewest_available: u32,
    most_pods: u32,
    /// When a number changed last, and when one last came as far as never before.
    last_change: SimTime,
    last_progress: SimTime,
    furthest: u32,
    /// The controller has taken notice of the command.
    observed: bool,
    /// Each node's first act of the controller: when it was decided, and its reason.
    begun: BTreeMap<Name, (SimTime, String)>,
    /// When a pod became ready on a node, after that.
    done: BTreeMap<Name, SimTime>,
}

/// The pods on a node before, and those after.
type PodsOnNode = (Vec<PodThere>, Vec<PodThere>);

#[derive(Clone, Copy)]
struct PodThere {
    uid: Uid,
    ready: bool,
    updated: bool,
}

struct Run {
    sim: Sim,
    sets: Vec<Watched>,
    /// Records that were looked at.
    seen: usize,
    begin: SimTime,
}

/// Runs ahead. Make one, call [`DryRun::step`] as long as there is time, read [`DryRun::forecasts`] whenever wanted.
pub struct DryRun {
    origin: Sim,
    command: Command,
    keys: Vec<ObjectKey>,
    runs_wanted: usize,
    runs_done: usize,
    run: Option<Run>,
    /// Why the command would be refused.
    pub errors: Vec<String>,
    /// The cluster just after the command, before anybody took notice of it.
    applied: World,
    forecasts: Vec<Forecast>,
}

impl DryRun {
    /// Looks ahead from the present of a simulation, to what a command does to some DaemonSets.
    pub fn new(sim: &Sim, command: Command, keys: Vec<ObjectKey>, runs: usize) -> DryRun {
        let origin = sim.ahead(None);
        let mut dry_run = DryRun {
            origin,
            command,
            keys,
            runs_wanted: runs,
            runs_done: 0,
            run: None,
            errors: Vec::new(),
            applied: World::default(),
            forecasts: Vec::new(),
        };
        dry_run.begin_run();
        dry_run
    }

    pub fn is_done(&self) -> bool {
        self.run.is_none()
    }

    pub fn runs_done(&self) -> usize {
        self.runs_done
    }

    /// The cluster before the command, and just after it.
    pub fn worlds(&self) -> (&World, &World) {
        (self.origin.world(), &self.applied)
    }

    /// What is known so far: before the first run is over, what the controller's placement says of each node.
    pub fn forecasts(&self) -> &[Forecast] {
        &self.forecasts
    }

    /// How far the run that is going on has come, in its slowest DaemonSet: the pods that are updated and available.
    pub fn progress(&self) -> Option<Numbers> {
        let run = self.run.as_ref()?;
        // Until the controller has seen the new template, its numbers are about the old one.
        let numbers = |set: &Watched| match set.observed {
            true => set.tally.numbers,
            false => Numbers { updated: 0, ..set.tally.numbers },
        };
        run.sets.iter().map(numbers).min_by_key(|numbers| numbers.updated.min(numbers.available))
    }

    /// No more runs: what is known is enough. A first run that is still going on counts as it stands.
    pub fn stop(&mut self) {
        self.runs_wanted = self.runs_done;
        match self.run.take() {
            Some(run) if self.runs_done == 0 => {
                self.finish(&run);
                let after = run.sim.now().since(run.begin);
                for forecast in &mut self.forecasts {
                    forecast.stopped_after = Some(after);
                    let reached = forecast.nodes.iter_mut().filter(|it| it.why == NOT_REACHED);
                    reached.for_each(|it| it.why = "its turn has not come by then".to_owned());
                }
            }
            _ => {}
        }
    }

    /// Goes on for so many steps at most. False when nothing is left to find out.
    pub fn step(&mut self, max_steps: usize) -> bool {
        for _ in 0..max_steps {
            let Some(run) = &mut self.run else { return false };
            if run.step() {
                continue;
            }
            if let Some(run) = self.run.take() {
                self.finish(&run);
            }
            if self.runs_done < self.runs_wanted {
                self.begin_run();
            }
        }
        self.run.is_some()
    }

    fn begin_run(&mut self) {
        // Any numbers will do, as long as they are other ones each time and the same ones always.
        let seed = (self.runs_done > 0).then(|| (self.runs_done as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut sim = self.origin.ahead(seed);
        let begin = sim.now();
        let sets = self.keys.iter().map(|key| Watched::new(Tally::of(sim.world(), key), begin)).collect();
        let outcome = sim.submit(self.command.clone());
        self.applied = sim.world().clone();
        if outcome.errors.is_empty() {
            let run = Run { sim, sets, seen: 0, begin };
            if self.runs_done == 0 {
                let before = self.origin.world();
                self.forecasts = run.sets.iter().map(|set| set.at_once(before, &self.applied)).collect();
            }
            self.run = Some(run);
        } else {
            self.errors = outcome.errors;
        }
    }

    fn finish(&mut self, run: &Run) {
        if self.runs_done == 0 {
            let (before, after) = (self.origin.world(), run.sim.world());
            self.forecasts = run.sets.iter().map(|set| set.forecast(before, after)).collect();
        }
        self.runs_done += 1;
        for (forecast, set) in self.forecasts.iter_mut().zip(&run.sets) {
            forecast.runs = self.runs_done;
            Range::with(&mut forecast.waves, set.waves(&forecast.nodes));
            Range::with(&mut forecast.takes, set.last_change.since(run.begin));
            Range::with(&mut forecast.fewest_available, set.fewest_available);
            Range::with(&mut forecast.most_pods, set.most_pods);
        }
    }
}

impl Run {
    /// One step. False when the run is over.
    fn step(&mut self) -> bool {
        let goes_on = self.sim.step();
        let now = self.sim.now();
        let records = self.sim.history.records();
        for record in &records[self.seen..] {
            for set in &mut self.sets {
                set.note(record, records);
            }
        }
        self.seen = records.len();
        let over = |set: &Watched| {
            let daemonset = self.sim.world().daemonsets.get(&set.tally.key);
            let observed = daemonset.is_none_or(|it| it.status.observed_generation >= it.meta.generation);
            let waits = SimDuration::from_secs(daemonset.map_or(0, |it| it.spec.min_ready_seconds.max(0) as u64));
            let settled = observed && set.tally.numbers.is_settled();
            settled && now > set.last_change + SETTLED_FOR || now > set.last_progress + STUCK_AFTER + waits
        };
        goes_on && !self.sets.iter().all(over)
    }
}

impl Watched {
    fn new(tally: Tally, now: SimTime) -> Watched {
        let before = tally.numbers;
        Watched {
            before,
            fewest_available: before.available,
            most_pods: before.pods,
            last_change: now,
            last_progress: now,
            furthest: 0,
            observed: false,
            begun: BTreeMap::new(),
            done: BTreeMap::new(),
            tally,
        }
    }

    fn note(&mut self, record: &Record, records: &[Arc<Record>]) {
        for delta in record.deltas.iter() {
            if let Some(Object::DaemonSet(daemonset)) = &delta.after
                && daemonset.meta.key() == self.tally.key
                && daemonset.status.observed_generation >= daemonset.meta.generation
                && !std::mem::replace(&mut self.observed, true)
            {
                // What was updated before counts for the template before.
                self.furthest = 0;
            }
            if self.tally.note(delta) {
                let numbers = self.tally.numbers;
                self.last_change = record.at;
                self.most_pods = self.most_pods.max(numbers.pods);
                // A DaemonSet that is new has none available to begin with.
                if self.before.desired > 0 {
                    self.fewest_available = self.fewest_available.min(numbers.available);
                }
                let far = numbers.updated + numbers.available;
                if far > self.furthest {
                    (self.furthest, self.last_progress) = (far, record.at);
                }
            }
        }
        let (Some(node), Kind::Pod) = (&record.node, record.object.kind) else { return };
        if record.deltas.first().and_then(concerns).as_ref() != Some(&self.tally.key) {
            return;
        }
        match (record.actor, record.verb) {
            (Actor::DaemonSetController, Verb::Create | Verb::Delete) if !self.begun.contains_key(node) => {
                // What one comparison decides belongs together, however long the requests take.
                let cause = record.caused_by.and_then(|seq| records.get(seq as usize));
                let decided = cause.filter(|it| it.verb == Verb::Sync).map_or(record.at, |it| it.at);
                self.begun.insert(node.clone(), (decided, record.reason.to_string()));
            }
            (_, Verb::Ready) if self.begun.contains_key(node) => {
                self.done.entry(node.clone()).or_insert(record.at);
            }
            _ => {}
        }
    }

    /// How often one replacement had to wait for another.
    fn waves(&self, nodes: &[NodeForecast]) -> usize {
        let replaced = nodes.iter().filter(|it| it.future == NodeFuture::Replaced);
        let mut begun: Vec<(SimTime, Option<SimTime>)> =
            replaced.filter_map(|it| Some((self.begun.get(&it.node)?.0, self.done.get(&it.node).copied()))).collect();
        begun.sort_unstable();
        let mut waves = 0;
        // When the first of the wave was done.
        let mut first_done: Option<SimTime> = None;
        for (at, done) in begun {
            if waves == 0 || first_done.is_some_and(|first| first <= at) {
                waves += 1;
                first_done = done;
            } else if let Some(done) = done {
                first_done = Some(first_done.map_or(done, |first| first.min(done)));
            }
        }
        waves
    }

    fn forecast(&self, before: &World, after: &World) -> Forecast {
        let key = &self.tally.key;
        Forecast {
            key: key.clone(),
            runs: 0,
            before: self.before,
            after: self.tally.numbers,
            settles: self.tally.numbers.is_settled(),
            stopped_after: None,
            nodes: self.nodes(before, after),
            waves: None,
            takes: None,
            fewest_available: None,
            most_pods: None,
        }
    }

    /// What can be told of each node at once: whether it should run the DaemonSet as it is written now, and whether the
    /// pod there may stay. Nothing has been run yet, so there are no figures.
    fn at_once(&self, before: &World, applied: &World) -> Forecast {
        let key = &self.tally.key;
        let mut forecast = Forecast { settles: true, ..self.forecast(before, applied) };
        let Some(daemonset) = applied.daemonsets.get(key) else { return forecast };
        let old = before.daemonsets.get(key);
        let new_template = old.is_some_and(|old| old.spec.template.value != daemonset.spec.template.value);
        let replaces = new_template && daemonset.spec.update_strategy != UpdateStrategy::OnDelete;
        let placer = Placer::new(&daemonset.spec);
        forecast.after.desired = 0;
        for it in &mut forecast.nodes {
            let Some(node) = applied.nodes.get(&it.node) else { continue };
            let placement = placer.place(node);
            forecast.after.desired += u32::from(placement.should_run);
            it.ready = true;
            let (has_pod, obstacle) = (it.future != NodeFuture::Without, placer.obstacle(node));
            let (node, daemonset) = (it.node.clone(), key.name.clone());
            (it.future, it.why) = match (has_pod, obstacle) {
                (false, _) if placement.should_run => {
                    (NodeFuture::Created, DaemonSetReason::NoPodHere { node, daemonset }.to_string())
                }
                (true, Some(obstacle)) if !placement.should_continue => {
                    (NodeFuture::Removed, DaemonSetReason::MayNotContinue { node, daemonset, obstacle }.to_string())
                }
                (true, Some(obstacle)) if replaces && !placement.should_run => {
                    (NodeFuture::Removed, format!("its revision is old, and no other may follow it here: {obstacle}"))
                }
                (true, _) if replaces => (NodeFuture::Replaced, "its revision is old".to_owned()),
                (true, _) if new_template => (NodeFuture::Kept, ON_DELETE.to_owned()),
                (true, None) if it.why == ON_DELETE => continue,
                (true, None) if it.why == NOT_REACHED => (NodeFuture::Replaced, "its revision is old".to_owned()),
                (true, None) => (NodeFuture::Kept, "it is as the template says".to_owned()),
                _ => continue,
            };
        }
        forecast.nodes.sort_by_key(|it| it.future);
        forecast
    }

    fn nodes(&self, before: &World, after: &World) -> Vec<NodeForecast> {
        let mut nodes: BTreeMap<Name, PodsOnNode> = BTreeMap::new();
        let pods = |world: &World| -> Vec<(Name, PodThere)> {
            let Some(daemonset) = world.daemonsets.get(&self.tally.key) else { return Vec::new() };
            let current = Current::new(daemonset, &history::current_hash(world, daemonset));
            let there = world.pods_of(daemonset.meta.uid).filter(|pod| !pod.is_terminating());
            there
                .filter_map(|pod| {
                    let (uid, ready, updated) = (pod.meta.uid, pod.is_ready(), current.is_updated(pod));
                    Some((pod.target_node()?.clone(), PodThere { uid, ready, updated }))
                })
                .collect()
        };
        for name in before.nodes.keys().chain(after.nodes.keys()) {
            nodes.entry(name.clone()).or_default();
        }
        for (node, pod) in pods(before) {
            nodes.entry(node).or_default().0.push(pod);
        }
        for (node, pod) in pods(after) {
            nodes.entry(node).or_default().1.push(pod);
        }
        let daemonset = after.daemonsets.get(&self.tally.key);
        let placer = daemonset.map(|daemonset| Placer::new(&daemonset.spec));
        let on_delete = daemonset.is_some_and(|it| it.spec.update_strategy == UpdateStrategy::OnDelete);
        let mut forecasts: Vec<NodeForecast> = Vec::with_capacity(nodes.len());
        for (node, (old, new)) in nodes {
            let kept = new.iter().any(|it| old.iter().any(|before| before.uid == it.uid));
            let updated = new.iter().all(|it| it.updated);
            let future = match (old.is_empty(), new.is_empty()) {
                (true, true) => NodeFuture::Without,
                (true, false) => NodeFuture::Created,
                (false, true) => NodeFuture::Removed,
                (false, false) if kept => NodeFuture::Kept,
                (false, false) => NodeFuture::Replaced,
            };
            let reason = self.begun.get(&node).map(|(_, reason)| reason.clone());
            let here = after.nodes.get(&node);
            let obstacle = here.zip(placer.as_ref()).and_then(|(node, placer)| placer.obstacle(node));
            let why = match (future, reason, obstacle) {
                (NodeFuture::Without, _, Some(obstacle)) => obstacle.to_string(),
                (NodeFuture::Kept, None, _) if on_delete && !updated => ON_DELETE.to_owned(),
                (NodeFuture::Kept, None, Some(obstacle)) => format!("a pod that is here may stay, although {obstacle}"),
                (NodeFuture::Kept, None, None) if updated => "it is as the template says".to_owned(),
                (NodeFuture::Kept, None, None) => NOT_REACHED.to_owned(),
                (NodeFuture::Removed, Some(reason), Some(obstacle)) if !reason.contains(&obstacle.to_string()) => {
                    format!("{reason}; no other may follow it here: {obstacle}")
                }
                (_, Some(reason), _) => reason,
                (_, None, Some(obstacle)) => obstacle.to_string(),
                (_, None, None) => String::new(),
            };
            forecasts.push(NodeForecast { node, future, ready: new.iter().any(|it| it.ready), why });
        }
        forecasts.sort_by_key(|it| it.future);
        forecasts
    }
}
