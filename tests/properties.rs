//! What must hold in every cluster, whatever is done to it and when: random stories, the same ones in every run.
//!
//! `STORIES=5000 cargo test --test properties` tells more of them, `SEED=7` others. A story that breaks a promise is made
//! as short as possible and printed as one line, with which `RUN='#run=...' cargo test --test properties` finds the same
//! again, and which at the end of the page's address shows it there.

#[path = "properties_support/line.rs"]
mod line;
#[path = "properties_support/story.rs"]
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everynode::api::typed::{from_value, to_value};
use everynode::api::{DaemonSet, DaemonSetStatus, IntOrPercent, Name, Node, Pod, SimTime, Taint, Uid, UpdateStrategy};
use everynode::controllers::daemonset::placement::Placer;
use everynode::controllers::daemonset::{self, Current, history};
use everynode::engine::file::{Position, SavedRun};
use everynode::engine::{Actor, Command, Reason, Record, Scenario, Sim, Verb};
use everynode::store::{Object, World};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use story::{Story, heal, story};

/// Stories that each test tells, unless the environment asks for another number.
const STORIES: u32 = 500;

type Finding = Result<(), String>;
/// A promise about a run, with a number that picks moments of it to look at.
type Promise = fn(&Sim, u64) -> Finding;

/// What holds all the time.
const ALWAYS: [(&str, Promise); 8] = [
    ("a new pod has its node to itself, but for those that surge makes room for", new_pods_are_alone),
    ("pods are made only where they should run", new_pods_are_where_they_should_be),
    ("a rollout takes no more available pods than it may", a_rollout_keeps_its_budget),
    ("no more nodes have a pod too many than surge allows", surge_keeps_its_budget),
    ("with surge the old pod goes when the new one is available", surge_waits),
    ("no revision in use is cleaned up", revisions_in_use_stay),
    ("names are unique, and every chain of causes ends at an act of the reader's", causes_begin_with_the_reader),
    ("the log replays to the same world", the_log_replays),
];
/// What it comes to when faults have healed and changes have stopped.
const IN_THE_END: [(&str, Promise); 3] = [
    ("every eligible node has one ready pod of the current revision, and no other has any", every_node_has_its_pod),
    ("the current revision is the newest, and old ones are few", revisions_are_few),
    ("the status is what a recount gives", the_status_is_a_recount),
];
/// What holds of the past.
const OF_THE_PAST: [(&str, Promise); 3] = [
    ("any moment is what a fresh simulation reaches", any_moment_is_as_it_was),
    ("a branch that goes on the same way comes to the same", a_branch_comes_to_the_same),
    ("changes undone give the world before", undone_is_undone),
];

/// A broken promise: which, how, and where.
struct Broken {
    promise: &'static str,
    message: String,
    run: Box<SavedRun>,
}

/// The first of these promises that a run does not keep.
fn kept(promises: &[(&'static str, Promise)], sim: &Sim, moment: u64) -> Result<(), Broken> {
    promises.iter().try_for_each(|(promise, keeps)| keeps(sim, moment).map_err(|message| broken(promise, message, sim)))
}

fn broken(promise: &'static str, message: String, sim: &Sim) -> Broken {
    let position = Position { steps: sim.steps(), at: sim.now() };
    let log = Some(sim.history().log_hash());
    // The page stands still where the promise was broken.
    let view = BTreeMap::from([("paused".to_owned(), String::new())]);
    let run = SavedRun { scenario: sim.scenario().clone(), position, log, view, ..SavedRun::default() };
    Broken { promise, message, run: Box::new(run) }
}

/// Tries promises on stories, a third of the number for those that cost much.
fn stories(share: u32, rule: impl Fn(&Story) -> Result<(), Broken>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let cases = number("STORIES").unwrap_or(STORIES).div_ceil(share);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let rng = match number("SEED") {
        Some(seed) => TestRng::from_seed(RngAlgorithm::ChaCha, &[seed.to_le_bytes(); 8].concat()),
        None => TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    };
    let tried = TestRunner::new_with_rng(config, rng).run(&story(), |story| {
        rule(&story).map_err(|Broken { promise, message, run }| {
            TestCaseError::fail(format!("{promise}\n{message}\nRUN='{}'", line::link(&run)))
        })
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}

fn tell(story: &Story) -> Result<Sim, Broken> {
    story.tell().map_err(|message| broken("the story can be told", message, &Sim::new(&story.scenario())))
}

#[test]
fn promises_that_hold_all_the_time() {
    stories(1, |story| kept(&ALWAYS, &tell(story)?, story.moment));
}

#[test]
fn promises_for_the_end() {
    stories(1, |story| {
        let mut sim = tell(story)?;
        heal(&mut sim).map_err(|message| broken("it comes to rest", message, &sim))?;
        kept(&IN_THE_END, &sim, story.moment)
    });
}

#[test]
fn promises_about_the_past() {
    stories(3, |story| kept(&OF_THE_PAST, &tell(story)?, story.moment));
}

/// With debug assertions the engine makes every plan of a sync twice, once looking at every node; here in clusters that
/// are large enough for nodes to be passed over, and with rollouts that find pods of all kinds.
#[test]
#[cfg(debug_assertions)]
fn nodes_that_a_sync_passes_over_change_no_plan() {
    stories(2, |story| {
        let mut sim = tell(&Story { workers: story.workers + 10, ..story.clone() })?;
        heal(&mut sim).map_err(|message| broken("it comes to rest", message, &sim))
    });
}

/// A pod that is its own but has no node to go to is seen too, right after all nodes were sorted anew.
#[test]
fn a_pod_without_a_node_is_released() {
    let mut sim = Sim::new(&Scenario::with_workers(0));
    let set = |image: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: one}}, spec: {{selector: {{matchLabels: {{app: a}}}}, \
             template: {{metadata: {{labels: {{app: a}}}}, spec: {{containers: [{{name: app, image: '{image}'}}]}}}}}}}}"
        )
    };
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: bare, labels: {app: a}}, spec: {containers: [{name: app, image: 'a:1'}]}}";
    for text in [set("a:1").as_str(), pod] {
        assert!(sim.submit(Command::Apply { text: text.to_owned() }).errors.is_empty());
        sim.run_until_quiet();
    }
    let owner = |sim: &Sim| sim.world().pods.values().next().and_then(|pod| pod.meta.controller().cloned());
    assert!(owner(&sim).is_some());
    let (namespace, name) = ("default".to_owned(), "bare".to_owned());
    let labels = vec![("app".to_owned(), Some("elsewhere".to_owned()))];
    sim.submit(Command::Apply { text: set("a:2") });
    sim.submit(Command::LabelPod { namespace, name, labels });
    sim.run_until_quiet();
    assert_eq!(owner(&sim), None);
}

/// The run that the environment names keeps every promise; for the end it is healed.
#[test]
fn the_given_run_keeps_every_promise() {
    let Ok(given) = std::env::var("RUN") else { return };
    let run = line::run(&given).expect("RUN holds a run");
    let mut sim = line::replay(&run);
    let mut found = Vec::new();
    let mut look = |promises: &[(&'static str, Promise)], sim: &Sim| {
        found.extend(kept(promises, sim, run.position.steps).err().map(|it| format!("{}\n{}", it.promise, it.message)));
    };
    look(&ALWAYS, &sim);
    look(&OF_THE_PAST, &sim);
    if sim.is_quiet() {
        look(&IN_THE_END, &sim);
    }
    heal(&mut sim).expect("it comes to rest");
    look(&IN_THE_END, &sim);
    let log: Vec<String> = sim.history().records().iter().map(|it| format!("{} {}", it.seq, it.to_line())).collect();
    assert!(found.is_empty(), "\n{}\n{}", log.join("\n"), found.join("\n"));
}

#[test]
fn a_printed_line_is_the_run_again() {
    let sim = Sim::new(&Scenario { seed: 3, ..Scenario::with_workers(2) });
    let run = broken("", String::new(), &sim).run;
    let link = line::link(&run);
    assert!(link.strip_prefix("#run=").unwrap().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    assert_eq!(line::run(&link).unwrap(), *run);
}

/// The lines that random stories would be printed as, each with the number of its log: tests/e2e/links.test.mjs opens them
/// in the page, which must come to the same log.
#[test]
fn the_page_is_given_the_lines_that_are_printed() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let told = std::iter::from_fn(|| story().new_tree(&mut runner).ok()).map(|tree| tree.current());
    let ends = told.map(|story| tell(&story).unwrap_or_else(|broken| panic!("{}", broken.message)));
    // Those in which much happens.
    let ends = ends.filter(|sim| sim.scenario().commands.len() > 8 && sim.history().records().len() > 200).take(3);
    let line =
        |sim: Sim| format!("{:016x} {}\n", sim.history().log_hash(), line::link(&broken("", String::new(), &sim).run));
    let lines: String = ends.map(line).collect();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/properties_support/lines.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(file, lines).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(file).unwrap();
    assert!(lines == kept, "if the log was meant to change: UPDATE_EXPECT=1 cargo test");
}

fn check(holds: bool, message: impl FnOnce() -> String) -> Finding {
    if holds { Ok(()) } else { Err(message()) }
}

fn hash(world: &World, daemonset: &DaemonSet) -> String {
    history::current(world, daemonset).and_then(|revision| revision.hash()).unwrap_or_default().to_owned()
}

fn pods_on<'a>(world: &'a World, daemonset: &DaemonSet, node: &Name) -> Vec<&'a Pod> {
    let uid = daemonset.meta.uid;
    let own =
        |pod: &&Pod| pod.meta.controller().is_some_and(|owner| owner.uid == uid) && pod.target_node() == Some(node);
    world.pods.values().map(|pod| &**pod).filter(own).collect()
}

// ------------------------------------------------------------ what it comes to

fn every_node_has_its_pod(sim: &Sim, _: u64) -> Finding {
    let world = sim.world();
    for daemonset in world.daemonsets.values() {
        let placer = Placer::new(&daemonset.spec);
        let current = Current::new(daemonset, &hash(world, daemonset));
        for node in world.nodes.values() {
            let pods = pods_on(world, daemonset, node.name());
            let placement = placer.place(node);
            let here = format!("{} on {}: {placement:?} {:?}", daemonset.meta.name, node.name(), names(&pods));
            if placement.should_run {
                let well = |pod: &&Pod| pod.is_ready() && !pod.is_terminating() && current.is_updated(pod);
                check(pods.len() == 1 && pods.iter().all(well), || here)?;
            } else if placement.should_continue {
                // A pod that was here before the taint may stay.
                check(pods.len() <= 1, || here)?;
            } else {
                check(pods.is_empty(), || here)?;
            }
        }
    }
    for pod in world.pods.values() {
        let node = pod.target_node().and_then(|node| world.nodes.get(node));
        check(node.is_some(), || format!("{} is on a node that does not exist", pod.meta.name))?;
        check(!pod.is_terminating(), || format!("{} goes for ever", pod.meta.name))?;
        let owner = pod.meta.controller().map(|owner| owner.uid);
        let lives = |uid: Uid| world.daemonsets.values().any(|daemonset| daemonset.meta.uid == uid);
        check(owner.is_none_or(lives), || format!("{} has outlived its owner", pod.meta.name))?;
    }
    Ok(())
}

fn names(pods: &[&Pod]) -> Vec<String> {
    let name = |pod: &&Pod| {
        let phase = pod.status.phase.as_str();
        format!("{} {phase} ready {} going {}", pod.meta.name, pod.is_ready(), pod.is_terminating())
    };
    pods.iter().map(name).collect()
}

fn the_status_is_a_recount(sim: &Sim, _: u64) -> Finding {
    // A pod on a node that it may stay on but should not be on is the hardest to count; nothing but a look at the
    // DaemonSet for another reason tells the controller of it.
    let mut sim = sim.clone();
    let taint = Taint::new("late", "", "NoSchedule");
    if let Some(name) = sim.world().nodes.keys().last().map(ToString::to_string) {
        sim.submit(Command::Taint { name, add: vec![taint], remove: Vec::new() });
        sim.run_until_quiet();
    }
    let pods: Vec<_> = sim.world().pods.keys().cloned().collect();
    for key in pods {
        let (namespace, name) = (key.namespace.to_string(), key.name.to_string());
        let labels = vec![("seen".to_owned(), Some("yes".to_owned()))];
        sim.submit(Command::LabelPod { namespace, name, labels });
    }
    sim.run_until_quiet();
    let world = sim.world();
    for daemonset in world.daemonsets.values() {
        let recounted = DaemonSetStatus {
            observed_generation: daemonset.meta.generation,
            collision_count: None,
            ..recount(world, daemonset, sim.now())
        };
        check(daemonset.status == recounted, || {
            format!("{}: {:?} instead of {recounted:?}", daemonset.meta.name, daemonset.status)
        })?;
    }
    Ok(())
}

/// The table of the specification's section 12, counted without the engine's walk over nodes and pods.
fn recount(world: &World, daemonset: &DaemonSet, now: SimTime) -> DaemonSetStatus {
    let placer = Placer::new(&daemonset.spec);
    let current = Current::new(daemonset, &hash(world, daemonset));
    let mut status = DaemonSetStatus::default();
    for node in world.nodes.values() {
        let mut pods = pods_on(world, daemonset, node.name());
        pods.retain(|pod| !(pod.is_terminal() && pod.is_terminating()));
        pods.sort_by_key(|pod| {
            let created = pod.meta.created_at.map(SimTime::truncated_to_second);
            (pod.spec.node_name.is_none(), created, pod.meta.name.clone())
        });
        let should_run = placer.place(node).should_run;
        status.desired_number_scheduled += i64::from(should_run);
        match (should_run, pods.first()) {
            (true, Some(first)) => {
                let available = first.is_available(daemonset.spec.min_ready_seconds, now);
                status.current_number_scheduled += 1;
                status.number_ready += i64::from(first.is_ready());
                status.number_available += i64::from(available);
                status.updated_number_scheduled += i64::from(current.is_updated(first));
            }
            (false, Some(_)) => status.number_misscheduled += 1,
            (_, None) => {}
        }
    }
    status.number_unavailable = status.desired_number_scheduled - status.number_available;
    status
}

fn revisions_are_few(sim: &Sim, _: u64) -> Finding {
    let world = sim.world();
    for daemonset in world.daemonsets.values() {
        let name = &daemonset.meta.name;
        let Some(current) = history::current(world, daemonset) else {
            return Err(format!("{name} has no current revision"));
        };
        let old: Vec<_> = history::revisions(world, daemonset).filter(|it| it.meta.uid != current.meta.uid).collect();
        check(old.iter().all(|it| it.revision < current.revision), || format!("{name}: {old:?}"))?;
        let used: BTreeSet<_> = world.pods_of(daemonset.meta.uid).filter_map(|pod| pod.hash()).collect();
        let unused = old.iter().filter(|it| !it.hash().is_some_and(|hash| used.contains(hash))).count();
        let limit = usize::try_from(daemonset.spec.revision_history_limit).unwrap_or(0);
        check(old.len() <= limit.max(old.len() - unused), || format!("{name} keeps {} old revisions", old.len()))?;
    }
    Ok(())
}

// ------------------------------------------------------------ what holds all the time

/// Calls a rule for each record, with the worlds before and after it.
fn each_record(sim: &Sim, mut rule: impl FnMut(&Record, &World, &World) -> Finding) -> Finding {
    let mut world = sim.history().world_after(0);
    for record in sim.history().records() {
        let before = world.clone();
        record.deltas.iter().for_each(|delta| world.apply(delta));
        rule(record, &before, &world)?;
    }
    Ok(())
}

fn a_rollout_keeps_its_budget(sim: &Sim, _: u64) -> Finding {
    // What each comparison of the controller led it to delete for being old.
    let mut taken: BTreeMap<u64, usize> = BTreeMap::new();
    for record in sim.history().records() {
        let old = matches!(record.reason, Reason::DaemonSet(daemonset::Reason::OldRevision { .. }));
        if let (true, Verb::Delete, Some(cause)) = (old, record.verb, record.caused_by) {
            *taken.entry(cause).or_default() += 1;
        }
    }
    for (sync, taken) in taken {
        let Some(record) = sim.history().get(sync) else { return Err(format!("no record {sync}")) };
        let world = sim.history().world_after(sync as usize);
        let Some(daemonset) = world.daemonsets.get(&record.object.key) else {
            return Err("no DaemonSet".to_owned());
        };
        let UpdateStrategy::RollingUpdate { max_unavailable, .. } = daemonset.spec.update_strategy else {
            return Err(format!("{sync}: nothing is replaced with OnDelete"));
        };
        let placer = Placer::new(&daemonset.spec);
        let eligible: Vec<&Node> =
            world.nodes.values().map(|node| &**node).filter(|node| placer.place(node).should_run).collect();
        let desired = eligible.len() as i64;
        let may = match max_unavailable {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(percent) => (percent * desired + 99) / 100,
        };
        let available = |node: &&&Node| {
            let pods = pods_on(&world, daemonset, node.name());
            let min_ready_seconds = daemonset.spec.min_ready_seconds;
            pods.iter().any(|pod| !pod.is_terminating() && pod.is_available(min_ready_seconds, record.at))
        };
        let unavailable = desired - eligible.iter().filter(available).count() as i64;
        check(unavailable + taken as i64 <= may.max(1), || {
            format!("record {sync}: {unavailable} of {desired} unavailable, {taken} taken, at most {may}")
        })?;
    }
    Ok(())
}

fn surge_keeps_its_budget(sim: &Sim, _: u64) -> Finding {
    let mut made: BTreeMap<u64, i64> = BTreeMap::new();
    for record in sim.history().records() {
        let first = matches!(record.reason, Reason::DaemonSet(daemonset::Reason::SurgeFirst { .. }));
        if let (true, Verb::Create, Some(cause)) = (first, record.verb, record.caused_by) {
            *made.entry(cause).or_default() += 1;
        }
    }
    for (sync, made) in made {
        let Some(record) = sim.history().get(sync) else { return Err(format!("no record {sync}")) };
        let world = sim.history().world_after(sync as usize);
        let Some(set) = world.daemonsets.get(&record.object.key) else { return Err("no DaemonSet".to_owned()) };
        let UpdateStrategy::RollingUpdate { max_surge, .. } = set.spec.update_strategy else {
            return Err(format!("{sync}: nothing is replaced with OnDelete"));
        };
        let placer = Placer::new(&set.spec);
        let desired = world.nodes.values().filter(|node| placer.place(node).should_run).count() as i64;
        let may = match max_surge {
            IntOrPercent::Int(number) => number,
            IntOrPercent::Percent(percent) => (percent * desired + 99) / 100,
        };
        let current = Current::new(set, &hash(&world, set));
        let surging = |node: &&Node| {
            let live = pods_on(&world, set, node.name()).into_iter().filter(|pod| !pod.is_terminating());
            let (new, old): (Vec<&Pod>, Vec<&Pod>) = live.partition(|pod| current.is_updated(pod));
            let waits = new.iter().any(|pod| !pod.is_available(set.spec.min_ready_seconds, record.at));
            new.len() > 1 || old.len() > 1 || (waits && !old.is_empty())
        };
        let surging = world.nodes.values().map(|node| &**node).filter(surging).count() as i64;
        check(surging + made <= may, || format!("record {sync}: {surging} surging, {made} more, at most {may}"))?;
    }
    Ok(())
}

/// The pods that the controller made: each with the record of its creation, the DaemonSet as it was when the sync that
/// wanted the pod began, and the world before.
fn each_new_pod(sim: &Sim, mut rule: impl FnMut(&Record, &Pod, &DaemonSet, &World, &World) -> Finding) -> Finding {
    let mut plans: BTreeMap<u64, World> = BTreeMap::new();
    each_record(sim, |record, before, _| {
        if record.verb == Verb::Sync {
            plans.insert(record.seq, before.clone());
        }
        let (Verb::Create, Some(Object::Pod(pod))) =
            (record.verb, record.deltas.first().and_then(|it| it.after.clone()))
        else {
            return Ok(());
        };
        let plan = record.caused_by.and_then(|cause| plans.get(&cause));
        let owner = pod.meta.controller().map(|owner| owner.uid);
        let set = plan.and_then(|plan| plan.daemonsets.values().find(|set| Some(set.meta.uid) == owner));
        match (record.actor, plan, set) {
            (Actor::DaemonSetController, Some(plan), Some(set)) => rule(record, &pod, set, plan, before),
            (Actor::DaemonSetController, ..) => Err(format!("record {} has no plan: {}", record.seq, record.to_line())),
            _ => Ok(()),
        }
    })
}

fn new_pods_are_alone(sim: &Sim, _: u64) -> Finding {
    // Pods that were made by others may be second ones until the next sync.
    let adopted: BTreeSet<Uid> = {
        let adopted = sim.history().records().iter().filter(|record| record.verb == Verb::Adopt);
        adopted
            .flat_map(|record| record.deltas.iter())
            .filter_map(|it| it.after.as_ref())
            .map(|it| it.meta().uid)
            .collect()
    };
    each_new_pod(sim, |record, pod, set, _, before| {
        let Some(node) = pod.target_node() else { return Err(format!("record {}: a pod for no node", record.seq)) };
        let mut others = pods_on(before, set, node);
        others.retain(|other| !other.is_terminating() && !adopted.contains(&other.meta.uid));
        let surges = set.spec.update_strategy.allows_surge();
        // With surge a pod that has ended does not count, so the next comes beside it.
        let fits = |other: &&Pod| surges && (other.hash() != pod.hash() || other.is_terminal());
        check(others.iter().all(fits), || format!("record {}: beside {:?}", record.seq, names(&others)))
    })
}

fn new_pods_are_where_they_should_be(sim: &Sim, _: u64) -> Finding {
    each_new_pod(sim, |record, pod, set, plan, _| {
        let node = pod.target_node().and_then(|node| plan.nodes.get(node));
        let should_run = node.is_some_and(|node| Placer::new(&set.spec).place(node).should_run);
        check(should_run, || format!("record {}: {}", record.seq, record.to_line()))
    })
}

fn surge_waits(sim: &Sim, _: u64) -> Finding {
    let mut plans: BTreeMap<u64, World> = BTreeMap::new();
    each_record(sim, |record, before, _| {
        if record.verb == Verb::Sync {
            plans.insert(record.seq, before.clone());
        }
        let (true, Verb::Delete, Some(Object::Pod(pod)), Some(plan)) = (
            matches!(record.reason, Reason::DaemonSet(daemonset::Reason::SuccessorAvailable { .. })),
            record.verb,
            record.deltas.first().and_then(|it| it.before.clone()),
            record.caused_by.and_then(|cause| plans.get(&cause)),
        ) else {
            return Ok(());
        };
        let owner = pod.meta.controller().map(|owner| owner.uid);
        let Some(set) = plan.daemonsets.values().find(|set| Some(set.meta.uid) == owner) else { return Ok(()) };
        let here = pods_on(plan, set, pod.target_node().unwrap_or(&pod.meta.name));
        let successor = here.iter().any(|other| {
            other.meta.uid != pod.meta.uid
                && other.hash() != pod.hash()
                && other.is_available(set.spec.min_ready_seconds, record.at)
        });
        check(successor, || format!("record {}: beside {:?}", record.seq, names(&here)))
    })
}

fn revisions_in_use_stay(sim: &Sim, _: u64) -> Finding {
    each_record(sim, |record, before, _| {
        let Reason::DaemonSet(daemonset::Reason::BeyondHistoryLimit { .. }) = record.reason else { return Ok(()) };
        let Some(Object::ControllerRevision(revision)) = record.deltas.first().and_then(|it| it.before.clone()) else {
            return Ok(());
        };
        let owner = revision.meta.controller().map(|owner| owner.uid).unwrap_or_default();
        let user = before.pods_of(owner).find(|pod| pod.hash() == revision.hash());
        check(user.is_none(), || format!("record {}: {} is used", record.seq, revision.meta.name))
    })
}

fn causes_begin_with_the_reader(sim: &Sim, _: u64) -> Finding {
    let mut names = BTreeSet::new();
    each_record(sim, |record, _, _| {
        let number = record.seq;
        let has_cause = record.caused_by.is_some_and(|cause| cause < number);
        // Each cause is older, so a chain ends; and only the reader's own acts have none.
        let begins = record.actor == Actor::You && record.caused_by.is_none();
        check(has_cause != begins, || format!("record {number} has no cause: {}", record.to_line()))?;
        for delta in record.deltas.iter() {
            let (None, Some(Object::Pod(pod))) = (&delta.before, &delta.after) else { continue };
            let name = pod.meta.name.clone();
            if pod.meta.controller().is_none() {
                continue;
            }
            let owner = pod.meta.controller().map(|owner| format!("{}-", owner.name)).unwrap_or_default();
            let suffix = name.strip_prefix(owner.as_str()).unwrap_or_default().to_owned();
            let is_generated = suffix.len() == 5 && suffix.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c));
            check(is_generated, || format!("{name} is no generated name"))?;
            check(names.insert(name.clone()), || format!("{name} has been there before"))?;
        }
        Ok(())
    })
}

// ------------------------------------------------------------ the log

fn the_log_replays(sim: &Sim, _: u64) -> Finding {
    let mut again = Sim::new(sim.scenario());
    while again.steps() < sim.steps() && again.step() {}
    check(again.history().log_hash() == sim.history().log_hash(), || first_difference(sim, &again))?;
    check(again.history().records() == sim.history().records(), || first_difference(sim, &again))?;
    check(again.world() == sim.world(), || "the worlds differ".to_owned())?;
    let value = to_value(sim.scenario());
    let read: Scenario = from_value(&value).map_err(|error| format!("{error:?}"))?;
    check(read == *sim.scenario(), || "the scenario reads back as another".to_owned())
}

fn first_difference(one: &Sim, other: &Sim) -> String {
    let (one, other) = (one.history().records(), other.history().records());
    let at = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let line = |records: &[Arc<Record>]| records.get(at).map_or("nothing".to_owned(), |record| record.to_line());
    format!("record {at}: {} / {}", line(one), line(other))
}

fn any_moment_is_as_it_was(sim: &Sim, moment: u64) -> Finding {
    let commands = &sim.scenario().commands;
    let begin = (moment % (commands.len() as u64 + 1)) as usize;
    let scenario = Scenario { commands: commands[..begin].to_vec(), ..sim.scenario().clone() };
    let mut fresh = Sim::new(&scenario);
    let end = commands.get(begin).map_or(sim.steps(), |next| next.after_steps);
    loop {
        let records = fresh.history().records().len();
        let world = sim.history().world_after(records);
        check(world == *fresh.world(), || {
            let differs = |kind: &str, differ: bool| if differ { kind.to_owned() } else { String::new() };
            let parts = [
                differs(" nodes", world.nodes != fresh.world().nodes),
                differs(" pods", world.pods != fresh.world().pods),
                differs(" daemonsets", world.daemonsets != fresh.world().daemonsets),
                differs(" revisions", world.revisions != fresh.world().revisions),
                differs(" events", world.events != fresh.world().events),
            ];
            format!("after {records} records another world:{}", parts.concat())
        })?;
        indices_hold(&world)?;
        if fresh.steps() >= end || !fresh.step() {
            return Ok(());
        }
        for _ in 0..moment % 40 {
            if fresh.steps() < end {
                fresh.step();
            }
        }
    }
}

fn a_branch_comes_to_the_same(sim: &Sim, moment: u64) -> Finding {
    let records = sim.history().records().len();
    for wanted in [moment as usize % (records + 1), 0, records] {
        let mut fork = sim.fork_at(wanted);
        let reached = fork.history().records().len();
        check(reached >= wanted, || format!("{reached} records instead of {wanted}"))?;
        check(*fork.world() == sim.history().world_after(reached), || format!("another world after {reached}"))?;
        let done = fork.scenario().commands.len();
        check(fork.scenario().commands == sim.scenario().commands[..done], || "other commands".to_owned())?;
        for later in &sim.scenario().commands[done..] {
            while fork.steps() < later.after_steps && fork.step() {}
            fork.run_until(later.at, usize::MAX);
            fork.submit(later.command.clone());
        }
        while fork.steps() < sim.steps() && fork.step() {}
        check(fork.history().records() == sim.history().records(), || {
            format!("forked at {wanted}: {}", first_difference(sim, &fork))
        })?;
        check(fork.scenario() == sim.scenario(), || "another scenario".to_owned())?;
    }
    Ok(())
}

fn undone_is_undone(sim: &Sim, moment: u64) -> Finding {
    let mut world = sim.world().clone();
    let wanted = moment as usize % (sim.history().records().len() + 1);
    for record in sim.history().records().iter().rev() {
        record.deltas.iter().rev().for_each(|delta| world.revert(delta));
        if record.seq as usize == wanted || record.seq == 0 {
            let before = sim.history().world_after(record.seq as usize);
            check(world == before, || format!("undone to before record {}", record.seq))?;
            indices_hold(&world)?;
        }
    }
    Ok(())
}

/// The indices say the same as the pods.
fn indices_hold(world: &World) -> Finding {
    let names = |pods: Vec<&std::sync::Arc<Pod>>| pods.iter().map(|pod| pod.meta.name.clone()).collect::<BTreeSet<_>>();
    let all = || world.pods.values();
    let owner = |pod: &Pod| pod.meta.controller().map(|owner| owner.uid);
    let owners: BTreeSet<Uid> = all().filter_map(|pod| owner(pod)).collect();
    for uid in owners.iter().chain(&world.daemonsets.values().map(|set| set.meta.uid).collect::<Vec<_>>()) {
        let expected = names(all().filter(|pod| owner(pod) == Some(*uid)).collect());
        check(names(world.pods_of(*uid).collect()) == expected, || format!("the pods of {uid}"))?;
    }
    let orphans = names(all().filter(|pod| owner(pod).is_none()).collect());
    check(names(world.orphans_in(&"default".into()).collect()) == orphans, || "the pods of nobody".to_owned())?;
    let bound: BTreeSet<&Name> = all().filter_map(|pod| pod.spec.node_name.as_ref()).collect();
    check(world.nodes_with_pods().collect::<BTreeSet<_>>() == bound, || "the nodes with pods".to_owned())?;
    for node in world.nodes.keys().chain(bound) {
        let expected = names(all().filter(|pod| pod.spec.node_name.as_ref() == Some(node)).collect());
        check(names(world.pods_on(node).collect()) == expected, || format!("the pods on {node}"))?;
    }
    Ok(())
}
