//! What must hold in every cluster, whatever is done to it and when: random stories, the same ones in every run.
//!
//! A story that breaks a rule is made as short as possible and printed as a scenario in one line.

#![expect(clippy::result_large_err, reason = "a failure carries the whole scenario that replays it")]

#[path = "properties_support/story.rs"]
mod story;

use std::collections::{BTreeMap, BTreeSet};

use everynode::api::typed::{from_value, to_value};
use everynode::api::{DaemonSet, DaemonSetStatus, IntOrPercent, Name, Node, Pod, SimTime, Taint, Uid, UpdateStrategy};
use everynode::controllers::daemonset::placement::Placer;
use everynode::controllers::daemonset::{self, Current, history};
use everynode::engine::{Actor, Command, Reason, Record, Scenario, Sim, Verb};
use everynode::store::{Object, World};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use story::{Story, heal, story};

/// Tries a rule on a number of stories.
fn holds(stories: u32, rule: impl Fn(&Story) -> Result<(), (String, Scenario)>) {
    let config = Config { cases: stories, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let tried = runner.run(&story(), |story| {
        rule(&story).map_err(|(message, scenario)| {
            let json = to_value(&scenario).to_json();
            TestCaseError::fail(format!("{message}\nscenario: {json}"))
        })
    });
    if let Err(failure) = tried {
        panic!("{failure}");
    }
}

type Finding = Result<(), String>;

/// A rule about a story as it was told.
fn always(stories: u32, rule: impl Fn(&Sim, &Story) -> Finding) {
    holds(stories, |story| {
        let sim = story.tell().map_err(|message| (message, story.scenario()))?;
        rule(&sim, story).map_err(|message| (message, sim.scenario().clone()))
    });
}

/// A rule about what a story comes to when all faults have ended.
fn in_the_end(stories: u32, rule: impl Fn(&Sim) -> Finding) {
    holds(stories, |story| {
        let mut sim = story.tell().map_err(|message| (message, story.scenario()))?;
        let healed = heal(&mut sim).and_then(|()| rule(&sim));
        healed.map_err(|message| (message, sim.scenario().clone()))
    });
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

#[test]
fn every_eligible_node_has_one_ready_pod_of_the_current_revision_and_no_other_has_any() {
    in_the_end(150, |sim| {
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
    });
}

fn names(pods: &[&Pod]) -> Vec<String> {
    let name = |pod: &&Pod| {
        let phase = pod.status.phase.as_str();
        format!("{} {phase} ready {} going {}", pod.meta.name, pod.is_ready(), pod.is_terminating())
    };
    pods.iter().map(name).collect()
}

#[test]
fn the_status_is_what_a_recount_gives() {
    in_the_end(90, |sim| {
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
    });
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

#[test]
fn the_current_revision_is_the_newest_and_old_ones_are_few() {
    in_the_end(60, |sim| {
        let world = sim.world();
        for daemonset in world.daemonsets.values() {
            let name = &daemonset.meta.name;
            let Some(current) = history::current(world, daemonset) else {
                return Err(format!("{name} has no current revision"));
            };
            let old: Vec<_> =
                history::revisions(world, daemonset).filter(|it| it.meta.uid != current.meta.uid).collect();
            check(old.iter().all(|it| it.revision < current.revision), || format!("{name}: {old:?}"))?;
            let used: BTreeSet<_> = world.pods_of(daemonset.meta.uid).filter_map(|pod| pod.hash()).collect();
            let unused = old.iter().filter(|it| !it.hash().is_some_and(|hash| used.contains(hash))).count();
            let limit = usize::try_from(daemonset.spec.revision_history_limit).unwrap_or(0);
            check(old.len() <= limit.max(old.len() - unused), || format!("{name} keeps {} old revisions", old.len()))?;
        }
        Ok(())
    });
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

#[test]
fn without_surge_a_rollout_takes_no_more_available_pods_than_it_may() {
    always(120, |sim, _| {
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
    });
}

#[test]
fn without_surge_a_node_never_has_two_pods_that_stay() {
    always(120, |sim, _| {
        // Pods that are adopted, and those of a surge before, may be second ones for a while.
        let mut excused: BTreeSet<Uid> = BTreeSet::new();
        each_record(sim, |record, _, after| {
            for delta in record.deltas.iter() {
                match &delta.after {
                    Some(Object::DaemonSet(set)) if set.spec.update_strategy.allows_surge() => {
                        excused.insert(set.meta.uid);
                    }
                    Some(Object::Pod(pod)) => {
                        let Some(owner) = pod.meta.controller() else { continue };
                        if record.verb == Verb::Adopt {
                            excused.insert(owner.uid);
                        }
                        if delta.before.is_some() || excused.contains(&owner.uid) {
                            continue;
                        }
                        let node = pod.target_node();
                        let staying = after.pods_of(owner.uid).filter(|pod| !pod.is_terminating());
                        let here: Vec<&Pod> =
                            staying.map(|pod| &**pod).filter(|pod| pod.target_node() == node).collect();
                        check(here.len() <= 1, || format!("record {}: {:?}", record.seq, names(&here)))?;
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    });
}

#[test]
fn no_revision_in_use_is_cleaned_up() {
    always(90, |sim, _| {
        each_record(sim, |record, before, _| {
            let Reason::DaemonSet(daemonset::Reason::BeyondHistoryLimit { .. }) = record.reason else { return Ok(()) };
            let Some(Object::ControllerRevision(revision)) = record.deltas.first().and_then(|it| it.before.clone())
            else {
                return Ok(());
            };
            let owner = revision.meta.controller().map(|owner| owner.uid).unwrap_or_default();
            let user = before.pods_of(owner).find(|pod| pod.hash() == revision.hash());
            check(user.is_none(), || format!("record {}: {} is used", record.seq, revision.meta.name))
        })
    });
}

#[test]
fn names_are_unique_and_every_chain_of_causes_ends_at_an_act_of_the_readers() {
    always(60, |sim, _| {
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
                let owner = pod.meta.controller().map(|owner| format!("{}-", owner.name)).unwrap_or_default();
                let suffix = name.strip_prefix(owner.as_str()).unwrap_or_default().to_owned();
                let is_generated =
                    suffix.len() == 5 && suffix.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c));
                check(is_generated, || format!("{name} is no generated name"))?;
                check(names.insert(name.clone()), || format!("{name} has been there before"))?;
            }
            Ok(())
        })
    });
}

// ------------------------------------------------------------ the log

#[test]
fn the_same_scenario_gives_the_same_log() {
    always(60, |sim, _| {
        let mut again = Sim::new(sim.scenario());
        while again.steps() < sim.steps() && again.step() {}
        check(again.history().log_hash() == sim.history().log_hash(), || first_difference(sim, &again))?;
        check(again.history().records() == sim.history().records(), || first_difference(sim, &again))?;
        check(again.world() == sim.world(), || "the worlds differ".to_owned())?;
        let value = to_value(sim.scenario());
        let read: Scenario = from_value(&value).map_err(|error| format!("{error:?}"))?;
        check(read == *sim.scenario(), || "the scenario reads back as another".to_owned())
    });
}

fn first_difference(one: &Sim, other: &Sim) -> String {
    let (one, other) = (one.history().records(), other.history().records());
    let at = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let line = |records: &[Record]| records.get(at).map_or("nothing".to_owned(), Record::to_line);
    format!("record {at}: {} / {}", line(one), line(other))
}

#[test]
fn any_moment_is_what_a_fresh_simulation_reaches() {
    always(48, |sim, story| {
        let commands = &sim.scenario().commands;
        let begin = (story.moment % (commands.len() as u64 + 1)) as usize;
        let scenario = Scenario { commands: commands[..begin].to_vec(), ..sim.scenario().clone() };
        let mut fresh = Sim::new(&scenario);
        let end = commands.get(begin).map_or(sim.steps(), |next| next.after_steps);
        loop {
            let records = fresh.history().records().len();
            let world = sim.history().world_after(records);
            check(world == *fresh.world(), || format!("after {records} records"))?;
            indices_hold(&world)?;
            if fresh.steps() >= end || !fresh.step() {
                return Ok(());
            }
            for _ in 0..story.moment % 40 {
                if fresh.steps() < end {
                    fresh.step();
                }
            }
        }
    });
}

#[test]
fn a_branch_that_goes_on_the_same_way_comes_to_the_same() {
    always(48, |sim, story| {
        let records = sim.history().records().len();
        for wanted in [story.moment as usize % (records + 1), 0, records] {
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
    });
}

#[test]
fn changes_undone_give_the_world_before() {
    always(48, |sim, story| {
        let mut world = sim.world().clone();
        let wanted = story.moment as usize % (sim.history().records().len() + 1);
        for record in sim.history().records().iter().rev() {
            record.deltas.iter().rev().for_each(|delta| world.revert(delta));
            if record.seq as usize == wanted || record.seq == 0 {
                let before = sim.history().world_after(record.seq as usize);
                check(world == before, || format!("undone to before record {}", record.seq))?;
                indices_hold(&world)?;
            }
        }
        Ok(())
    });
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
