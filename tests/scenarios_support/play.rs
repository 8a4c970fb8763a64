//! Plays a scenario's file and writes the answers into it.

use std::fmt::Write as _;
use std::sync::Arc;

use everynode::api::{ConditionStatus, Kind, ObjectKey, PodPhase, SimDuration, SimTime, Taint};
use everynode::engine::{Command, IMPORT_COMMAND, NodeTemplate, Record, Scenario, Sim, SubmittedCommand, Verb};
use everynode::store::Propagation;

use super::asking;
use super::printing::{self, Ids};

/// Far more steps than any scenario needs.
const STEPS_MAX: usize = 400_000;

/// Plays a file and answers with the same file and the answers that came out.
pub fn play(text: &str) -> Result<String, String> {
    let mut player = Player::default();
    let mut output = String::new();
    let mut lines = text.lines().peekable();
    let mut number = 0;
    while let Some(line) = lines.next() {
        number += 1;
        let step_number = number;
        output.push_str(line);
        output.push('\n');
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut manifest = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            number += 1;
            manifest.push_str(&line[2..]);
            manifest.push('\n');
            output.push_str(line);
            output.push('\n');
        }
        while lines.next_if(|line| line.starts_with('|')).is_some() {
            number += 1;
        }
        let answer =
            player.step(line, &manifest).map_err(|message| format!("line {step_number}: {line}: {message}"))?;
        for line in answer.lines() {
            writeln!(output, "{}", format!("| {line}").trim_end()).unwrap();
        }
    }
    Ok(output)
}

#[derive(Default)]
struct Player {
    scenario: Scenario,
    sim: Option<Sim>,
    manifest: String,
    ids: Ids,
    /// How late it is. The simulation's own clock stands still where nothing is left to happen.
    now: SimTime,
    acts_from: usize,
    observed_from: usize,
}

type Answer = Result<String, String>;

impl Player {
    fn step(&mut self, line: &str, manifest: &str) -> Answer {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (verb, rest) = words.split_first().ok_or("an empty step")?;
        if self.sim.is_none() && self.set_up(verb, rest)? {
            return Ok(String::new());
        }
        if self.sim.is_none() {
            self.sim = Some(Sim::new(&self.scenario));
        }
        let text = self.manifest.clone();
        let answer = match (*verb, rest) {
            ("apply", []) => {
                self.manifest = manifest.to_owned();
                self.submit(Command::Apply { text: self.manifest.clone() })
            }
            ("change", _) => self.change(line),
            ("kubectl", _) => {
                let sim = self.sim.as_mut().expect("the cluster has begun");
                let answer = everynode::kubectl::run(sim, line, &mut |_| Some(manifest.to_owned()));
                self.now = self.now.max(sim.now());
                Ok(format!("{}{}", answer.stdout(), answer.stderr()))
            }
            ("run", [length]) => self.run(length),
            ("settle", []) => self.settle(SimDuration::from_millis(1600)),
            ("settle", [length]) => self.settle(duration(length)?),
            ("quiet", []) => self.quiet(),
            ("print", sections) => Ok(self.print(sections)),
            ("acts", actors) => Ok(self.acts(actors, false)),
            ("timed", actors) => Ok(self.acts(actors, true)),
            ("syncs", []) => Ok(self.syncs()),
            ("observed", [daemonset]) => Ok(self.observed(daemonset)),
            ("until", [actor, rest @ ..]) => self.until(actor, &rest.join(" ")),
            ("import", []) => self.import(manifest),
            ("ahead", steps @ ([] | [_])) => {
                let steps = steps.first().and_then(|steps| steps.parse().ok());
                Ok(asking::ahead(self.sim(), if manifest.is_empty() { &text } else { manifest }, steps))
            }
            ("why", [what, rest @ ..]) => self.ask(what, rest, false),
            ("facts", [what, rest @ ..]) => self.ask(what, rest, true),
            ("clock", []) => Ok(self.now.to_string()),
            (verb, rest) => {
                let command = self.command(verb, rest)?;
                self.submit(command)
            }
        };
        if let Some(sim) = &self.sim {
            self.ids.learn(sim);
        }
        Ok(self.ids.replace_names(&answer?))
    }

    fn sim(&mut self) -> &mut Sim {
        self.sim.as_mut().expect("the cluster has begun")
    }

    /// Whether the step was one that comes before the cluster begins.
    fn set_up(&mut self, verb: &str, rest: &[&str]) -> Result<bool, String> {
        match (verb, rest) {
            ("seed", [number]) => self.scenario.seed = number.parse().map_err(|_| "not a number")?,
            ("pace", [pace]) => self.scenario.settings.original_pace = *pace == "original",
            ("kubelet", ["recorded"]) => {
                let takes = SimDuration::from_millis(150);
                let kubelet = &mut self.scenario.settings.kubelet;
                (kubelet.start, kubelet.stop, kubelet.shows_creating) = ((takes, takes), (takes, takes), false);
            }
            ("kubelet", [start, stop]) => {
                let (start, stop) = (duration(start)?, duration(stop)?);
                let kubelet = &mut self.scenario.settings.kubelet;
                (kubelet.start, kubelet.stop) = ((start, start), (stop, stop));
            }
            ("nodes", [prefix, count, rest @ ..]) => {
                let template = template(prefix, rest)?;
                self.scenario.nodes.push((template, count.parse().map_err(|_| "not a number")?));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn submit(&mut self, command: Command) -> Answer {
        let now = self.now;
        let sim = self.sim();
        self.observed_from = sim.history().records().len();
        let sim = self.sim();
        let outcome = if now > sim.now() {
            // Only a scenario can say that a command comes after a time in which nothing happened.
            let outcome = sim.clone().submit(command.clone());
            let mut scenario = sim.scenario().clone();
            scenario.commands.push(SubmittedCommand { after_steps: sim.steps(), at: now, command });
            *sim = Sim::new(&scenario);
            outcome
        } else {
            sim.submit(command)
        };
        Ok(outcome.messages.iter().chain(&outcome.errors).fold(String::new(), |text, line| text + line + "\n"))
    }

    fn change(&mut self, line: &str) -> Answer {
        let (from, to) = line["change".len()..].split_once("=>").ok_or("change FROM => TO")?;
        let unescaped = |text: &str| text.trim().replace("\\n", "\n");
        let (from, to) = (unescaped(from), unescaped(to));
        if !self.manifest.contains(&from) {
            return Err("the last manifest has no such text".to_owned());
        }
        self.manifest = self.manifest.replace(&from, &to);
        self.submit(Command::Apply { text: self.manifest.clone() })
    }

    fn command(&mut self, verb: &str, rest: &[&str]) -> Result<Command, String> {
        Ok(match (verb, rest) {
            ("add-node", [name, rest @ ..]) => {
                let count = rest.iter().find_map(|word| word.strip_prefix("count="));
                let count = count.map_or(Ok(1), str::parse).map_err(|_| "not a number")?;
                let others: Vec<&str> = rest.iter().filter(|word| !word.starts_with("count=")).copied().collect();
                Command::AddNodes { template: template(name, &others)?, count }
            }
            ("remove-node", [name]) => Command::RemoveNode { name: (*name).to_owned() },
            ("cordon" | "uncordon", [name]) => Command::Cordon { name: (*name).to_owned(), on: verb == "cordon" },
            ("taint", [name, taints @ ..]) => {
                let (mut add, mut remove) = (Vec::new(), Vec::new());
                for text in taints {
                    let taint = |text| Taint::parse(text).ok_or(format!("{text} is no taint"));
                    match text.strip_suffix('-') {
                        Some(text) => remove.push(taint(text)?),
                        None => add.push(taint(text)?),
                    }
                }
                Command::Taint { name: (*name).to_owned(), add, remove }
            }
            ("label", [name, changes @ ..]) => {
                Command::LabelNode { name: (*name).to_owned(), labels: label_changes(changes)? }
            }
            ("condition", [name, condition]) => {
                let (condition, status) = condition.split_once('=').ok_or("condition NODE Type=Status")?;
                let status = match status {
                    "True" => ConditionStatus::True,
                    "False" => ConditionStatus::False,
                    _ => ConditionStatus::Unknown,
                };
                Command::SetCondition { name: (*name).to_owned(), condition: condition.to_owned(), status }
            }
            ("capacity", [name, amounts @ ..]) => {
                let amount = |text: &&str| {
                    let (resource, milli) = text.split_once('=')?;
                    Some((resource.to_owned(), milli.parse().ok()?))
                };
                let allocatable = amounts.iter().map(amount).collect::<Option<_>>().ok_or("capacity NODE cpu=MILLI")?;
                Command::SetCapacity { name: (*name).to_owned(), allocatable }
            }
            ("kubelet-stop" | "kubelet-start", [name]) => {
                Command::Kubelet { name: (*name).to_owned(), running: verb == "kubelet-start" }
            }
            ("delete", [key, rest @ ..]) => {
                let propagation = match rest {
                    ["foreground"] => Propagation::Foreground,
                    ["orphan"] => Propagation::Orphan,
                    _ => Propagation::Background,
                };
                let (namespace, name) = namespaced(key);
                Command::DeleteDaemonSet { namespace, name, propagation }
            }
            ("restart", [key]) => {
                let (namespace, name) = namespaced(key);
                Command::RolloutRestart { namespace, name }
            }
            ("undo", [key, rest @ ..]) => {
                let (namespace, name) = namespaced(key);
                let to_revision = rest.first().map(|it| it.parse()).transpose().map_err(|_| "not a number")?;
                Command::RolloutUndo { namespace, name, to_revision }
            }
            ("delete-pod" | "pod-ready" | "pod-phase" | "label-pod", [node, "of", key, rest @ ..]) => {
                self.pod_command(verb, node, Some(key), rest)?
            }
            ("delete-pod" | "pod-ready" | "pod-phase" | "label-pod", [node, rest @ ..]) => {
                self.pod_command(verb, node, None, rest)?
            }
            _ => return Err("no such step".to_owned()),
        })
    }

    fn pod_command(&mut self, verb: &str, node: &str, of: Option<&str>, rest: &[&str]) -> Result<Command, String> {
        let world = self.sim().world();
        let of = match of.map(namespaced) {
            Some((namespace, name)) => {
                Some(world.daemonsets.get(&ObjectKey::new(namespace, name)).ok_or("no such DaemonSet")?)
            }
            None => None,
        };
        let pod = printing::pod_on(world, node, of.map(|set| &**set)).ok_or("no such pod")?;
        let (namespace, name) = (pod.meta.namespace.to_string(), pod.meta.name.to_string());
        Ok(match (verb, rest) {
            ("delete-pod", []) => Command::DeletePod { namespace, name, grace_period_seconds: None },
            ("delete-pod", [grace]) => {
                let seconds = grace.strip_prefix("grace=").and_then(|it| it.parse().ok()).ok_or("grace=SECONDS")?;
                Command::DeletePod { namespace, name, grace_period_seconds: Some(seconds) }
            }
            ("pod-ready", [ready]) => Command::SetPodReady { namespace, name, ready: *ready == "true" },
            ("pod-phase", [phase]) => {
                let phases = [PodPhase::Pending, PodPhase::Running, PodPhase::Succeeded, PodPhase::Failed];
                let phase = phases.into_iter().find(|it| it.as_str() == *phase).ok_or("no such phase")?;
                Command::SetPodPhase { namespace, name, phase }
            }
            ("label-pod", changes) => Command::LabelPod { namespace, name, labels: label_changes(changes)? },
            _ => return Err("no such step".to_owned()),
        })
    }

    // ------------------------------------------------------------ time

    fn run(&mut self, length: &str) -> Answer {
        let until = self.now + duration(length)?;
        self.now = until;
        match self.sim().run_until(until, STEPS_MAX) {
            STEPS_MAX => Err("it goes on and on".to_owned()),
            _ => Ok(String::new()),
        }
    }

    /// Until the next such act, and not a step further.
    fn until(&mut self, actor: &str, verb: &str) -> Answer {
        let sim = self.sim();
        let mut seen = sim.history().records().len();
        for _ in 0..STEPS_MAX {
            if !sim.step() {
                return Err("that does not happen".to_owned());
            }
            let records = sim.history().records();
            let wanted = |record: &Arc<Record>| record.actor.as_str() == actor && record.verb.as_str() == verb;
            if records[seen..].iter().any(wanted) {
                break;
            }
            seen = records.len();
        }
        self.now = self.now.max(self.sim().now());
        Ok(String::new())
    }

    /// A cluster as kubectl prints it, or this one, brought to a new simulation.
    fn import(&mut self, dump: &str) -> Answer {
        let this = || everynode::kubectl::run(self.sim.as_mut()?, IMPORT_COMMAND, &mut |_| None).stdout().into();
        let text = Some(dump.to_owned()).filter(|dump| !dump.is_empty()).or_else(this).unwrap_or_default();
        let import = everynode::engine::import::import(&text)?;
        let scenario = Scenario { cluster: Some(std::sync::Arc::new(import.cluster)), ..Scenario::default() };
        let sim = Sim::new(&scenario);
        self.now = sim.now();
        (self.scenario, self.sim, self.ids.seen, self.acts_from) = (scenario, Some(sim), 0, 0);
        Ok(String::new())
    }

    fn quiet(&mut self) -> Answer {
        self.sim().run_until(SimTime::MAX, STEPS_MAX);
        self.now = self.now.max(self.sim().now());
        match self.sim().is_quiet() {
            true => Ok(String::new()),
            false => Err("it does not become quiet".to_owned()),
        }
    }

    /// Until no object has changed for a while.
    fn settle(&mut self, length: SimDuration) -> Answer {
        let mut changed_at = self.now;
        for _ in 0..STEPS_MAX {
            let sim = self.sim();
            let end = changed_at + length;
            match sim.next_wake() {
                Some((at, _)) if at <= end => {
                    let before = sim.history().records().len();
                    sim.step();
                    if sim.history().records()[before..].iter().any(|record| !record.deltas.is_empty()) {
                        changed_at = sim.now();
                    }
                }
                _ => {
                    sim.run_until(end, 1);
                    self.now = end;
                    return Ok(String::new());
                }
            }
        }
        Err("it goes on and on".to_owned())
    }

    // ------------------------------------------------------------ questions

    fn print(&mut self, sections: &[&str]) -> String {
        let wants = |section| sections.is_empty() || sections.contains(&section);
        let mut text = String::new();
        let Some(sim) = &self.sim else { return text };
        self.ids.learn(sim);
        if wants("nodes") {
            printing::nodes(sim.world(), &mut text);
        }
        if wants("daemonsets") {
            printing::daemonsets(sim.world(), &mut text);
        }
        if wants("revisions") {
            printing::revisions(sim.world(), &mut text);
        }
        if wants("pods") {
            printing::pods(sim.world(), &self.ids, &mut text);
        }
        text
    }

    fn acts(&mut self, actors: &[&str], timed: bool) -> String {
        let from = self.acts_from;
        let records = self.sim().history().records();
        let wanted =
            |record: &&Arc<Record>| record.is_act() && (actors.is_empty() || actors.contains(&record.actor.as_str()));
        let mut text = String::new();
        for record in records[from..].iter().filter(wanted) {
            let line = record.to_line();
            let line = if timed { &line } else { line.split_once(' ').map_or(&*line, |(_, rest)| rest) };
            text.push_str(line);
            text.push('\n');
        }
        self.acts_from = records.len();
        text
    }

    fn ask(&mut self, what: &str, rest: &[&str], facts: bool) -> Answer {
        let now = self.now;
        let name = rest.first().map(|key| self.ids.name_of(key)).unwrap_or_default();
        let sim = self.sim.as_ref().expect("the cluster has begun");
        let now = now.max(sim.now());
        let (object, record) = match (what, rest) {
            ("node", [name]) => (asking::object(Kind::Node, "", name), None),
            ("daemonset", [key]) => {
                let (namespace, name) = namespaced(key);
                (asking::object(Kind::DaemonSet, &namespace, &name), None)
            }
            ("pod", [node, rest @ ..]) => {
                let of = match rest {
                    ["of", key] => {
                        let (namespace, name) = namespaced(key);
                        sim.world().daemonsets.get(&ObjectKey::new(namespace, name)).map(|set| &**set)
                    }
                    _ => None,
                };
                let on_node = printing::pod_on(sim.world(), node, of);
                let going = || sim.world().pods.values().find(|pod| pod.target_node().is_some_and(|it| **it == **node));
                let pod = on_node.or_else(|| going().map(|pod| &**pod)).ok_or("no such pod")?;
                (asking::object(Kind::Pod, &pod.meta.namespace, &pod.meta.name), None)
            }
            ("named-pod", [_]) => (asking::object(Kind::Pod, &name.0, &name.1), None),
            ("revision", [_]) => (asking::object(Kind::ControllerRevision, &name.0, &name.1), None),
            ("act", [actor, verb @ ..]) if !verb.is_empty() => {
                let record = asking::last_act(sim, actor, &verb.join(" ")).ok_or("no such act")?;
                let key = &record.object.key;
                (asking::object(record.object.kind, &key.namespace, &key.name), Some(record.seq))
            }
            _ => return Err("why node | daemonset | pod | named-pod | revision | act".to_owned()),
        };
        Ok(asking::why(sim, now, &object, record, facts))
    }

    fn syncs(&mut self) -> String {
        let from = self.acts_from;
        let records = self.sim().history().records();
        let syncs = records[from..].iter().filter(|record| record.verb == Verb::Sync);
        let text = syncs.fold(String::new(), |text, it| format!("{text}{}: {}\n", it.object.key.name, it.reason));
        self.acts_from = records.len();
        text
    }

    fn observed(&mut self, daemonset: &str) -> String {
        let mut text = String::new();
        let (namespace, name) = namespaced(daemonset);
        let from = self.observed_from;
        let sim = self.sim();
        printing::observed(sim, from, &ObjectKey::new(namespace, name), &mut text);
        text
    }
}

fn namespaced(text: &str) -> (String, String) {
    let (namespace, name) = text.split_once('/').unwrap_or(("default", text));
    (namespace.to_owned(), name.to_owned())
}

/// `5s`, `1.6s`, `10m`.
fn duration(text: &str) -> Result<SimDuration, String> {
    let number = |text: &str, micros: f64| Some((text.parse::<f64>().ok()? * micros).round() as u64);
    let minutes = text.strip_suffix('m').and_then(|it| number(it, 60e6));
    let length = minutes.or_else(|| text.strip_suffix('s').and_then(|it| number(it, 1e6)));
    length.map(SimDuration).ok_or_else(|| format!("{text} is no length of time"))
}

fn template(name: &str, words: &[&str]) -> Result<NodeTemplate, String> {
    let mut template = NodeTemplate::worker(name);
    for word in words {
        if let Some(taint) = word.strip_prefix("taint=") {
            template.taints.push(Taint::parse(taint).ok_or(format!("{taint} is no taint"))?);
        } else if let Some((key, value)) = word.strip_prefix("label=").and_then(|it| it.split_once('=')) {
            template.labels.insert(key.to_owned(), value.to_owned());
        } else {
            return Err(format!("{word}?"));
        }
    }
    Ok(template)
}

fn label_changes(words: &[&str]) -> Result<Vec<(String, Option<String>)>, String> {
    let change = |word: &&str| match (word.split_once('='), word.strip_suffix('-')) {
        (Some((key, value)), _) => Ok((key.to_owned(), Some(value.to_owned()))),
        (None, Some(key)) => Ok((key.to_owned(), None)),
        (None, None) => Err(format!("{word}: k=v or k-")),
    };
    words.iter().map(change).collect()
}
