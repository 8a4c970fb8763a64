//! The behaviour cases of the original's own unit tests, by their numbers (`TestSimpleDaemonSetLaunchesPods` and so on),
//! against the pure functions of the controller.
//!
//! As in the original's tests, what a stage of a sync decides happens at once, and expectations are met at once; so one
//! sync can include `manage` and `rollingUpdate`. A deleted pod is gone. Cases about faults of the API server are played in
//! time, by the engine. What cannot be modelled is in `NOT_MODELLED`; of the others these parts are not:
//! 17: the event SelectingAll, since the API server takes no such selector; 58: a missed deletion, since no watch is ever
//! broken, so the key is enqueued by the deletion itself; 61: a cache that is behind the API server, instead of which the
//! DaemonSet is deleted between two stages of a sync; 78 to 80: the reads between two writes, which take no request here;
//! 102 to 109: the entries of a map that is not kept.

#[path = "cases_support/bench.rs"]
mod bench;

use std::collections::BTreeSet;
use std::sync::Arc;

use bench::{Bench, Counts, Hash, L1, L2, N1, Plain, Shape};
use everynode::api::{
    ConditionStatus, DaemonSet, Kind, Name, ObjectKey, Pod, PodPhase, SimDuration, SimTime, UpdateStrategy,
};
use everynode::controllers::daemonset::placement::{Placement, Placer};
use everynode::controllers::daemonset::watch::{Wake, sync_node_update};
use everynode::controllers::daemonset::{Current, PodMaker, pods_by_node, rollout_numbers};
use everynode::engine::{Actor, Command, NodeTemplate, Record, RefusedRequests, Scenario, Sim, Verb};
use everynode::store::{Delta, Patch, World};

/// A test for each number of a table of cases.
macro_rules! cases {
    ($rule:ident: $($name:ident = $number:literal),*) => {
        $(#[test] fn $name() { $rule($number); })*
    };
}

#[test]
fn every_case_of_the_original_has_its_test() {
    let text = include_str!("cases.rs");
    for number in 1..=132 {
        let tests = text.matches(&format!("case_{number:03}")).count();
        assert_eq!(tests, 1, "case {number}");
    }
}

const NOTHING: Counts = Counts { creates: 0, deletes: 0, events: 0 };

fn counts(creates: usize, deletes: usize, events: usize) -> Counts {
    Counts { creates, deletes, events }
}

/// Runs a case for both update strategies.
fn both(case: impl Fn(Plain)) {
    case(Plain::default());
    case(Plain { strategy: "{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}".into(), ..Plain::default() });
}

fn seconds(seconds: u64) -> SimTime {
    SimTime::from_micros(seconds * 1_000_000)
}

fn toleration(text: &str) -> Plain {
    Plain { pod: format!("tolerations: [{{{text}}}]"), ..Plain::default() }
}

fn labelled(bench: &mut Bench) {
    bench.nodes(0..5, &[]);
    bench.nodes(5..10, N1);
}

// ------------------------------------------------------------ 1. basic placement

#[test]
fn case_001_one_pod_on_each_node() {
    both(|set| {
        let mut bench = Bench::new(&set);
        bench.nodes(0..5, &[]);
        assert_eq!(bench.sync(), counts(5, 0, 0));
        for pod in bench.world.pods.values() {
            let owner = pod.meta.controller().unwrap();
            assert_eq!((&*owner.api_version, &*owner.kind, owner.controller), ("apps/v1", "DaemonSet", true));
        }
    });
}

#[test]
fn case_002_each_pod_is_meant_for_one_node() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..5, &[]);
    bench.sync();
    let mut targets = BTreeSet::new();
    for pod in bench.world.pods.values() {
        assert_eq!(pod.spec.node_name, None);
        let value = pod.to_value();
        let required =
            value.at(&["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]).unwrap();
        let target = pod.target_node().unwrap();
        let expected = format!(
            r#"{{"nodeSelectorTerms":[{{"matchFields":[{{"key":"metadata.name","operator":"In","values":["{target}"]}}]}}]}}"#
        );
        assert_eq!(required.to_json(), expected);
        targets.insert(target.to_string());
    }
    assert_eq!(targets.len(), 5);
}

/// A cluster in time, with a DaemonSet that cannot yet have a pod anywhere: all is quiet.
fn in_time(nodes: u32) -> Sim {
    let mut sim = Sim::new(&Scenario { nodes: vec![(NodeTemplate::worker("node"), nodes)], ..Scenario::default() });
    let text = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: foo}, spec: {selector: {matchLabels: {a: b}}, \
                template: {metadata: {labels: {a: b}}, spec: {containers: [{name: app, image: a}]}}}}";
    assert_eq!(sim.submit(Command::Apply { text: text.to_owned() }).errors, Vec::<String>::new());
    sim
}

fn refuse(sim: &mut Sim, of: RefusedRequests, count: u32) {
    sim.submit(Command::RefuseRequests { of, count });
}

fn foo(world: &World) -> &DaemonSet {
    world.daemonsets.get(&ObjectKey::new("default", "foo")).unwrap()
}

/// All that the controller sent in the sync in which it first tried to create a pod.
fn first_sync(sim: &mut Sim) -> Vec<Arc<Record>> {
    sim.run_until(sim.now() + SimDuration::from_secs(5), usize::MAX);
    let of_controller = |record: &&Arc<Record>| record.actor == Actor::DaemonSetController;
    let records = || sim.history().records().iter().filter(of_controller);
    let first = records().find(|it| it.object.kind == Kind::Pod && [Verb::Create, Verb::Error].contains(&it.verb));
    let first = first.expect("a pod was tried");
    let later = records().skip_while(|record| record.seq < first.seq);
    // The next sync that finds work begins with a record of that.
    later.take_while(|record| record.verb != Verb::Sync).filter(|it| it.caused_by == first.caused_by).cloned().collect()
}

/// Which requests about objects of a kind were granted.
fn granted(records: &[Arc<Record>], kind: Kind) -> Vec<bool> {
    records.iter().filter(|it| it.object.kind == kind).map(|record| record.verb != Verb::Error).collect()
}

/// The API server takes ten pods and then refuses.
fn ten_pods_of_a_hundred() -> Sim {
    let mut sim = in_time(100);
    while sim.world().pods.len() < 10 {
        assert!(sim.step());
    }
    refuse(&mut sim, RefusedRequests::CreatePods, 1000);
    sim
}

#[test]
fn case_003_a_slow_start_ends_with_the_first_bad_batch() {
    let mut sim = ten_pods_of_a_hundred();
    let sync = first_sync(&mut sim);
    let creates = granted(&sync, Kind::Pod);
    assert_eq!((creates.len(), creates.iter().filter(|granted| **granted).count()), (15, 10));
    let written = sync.iter().find(|record| record.verb == Verb::Status).expect("a status");
    let world = sim.history().world_after(written.seq as usize + 1);
    let status = &foo(&world).status;
    assert_eq!((status.desired_number_scheduled, status.current_number_scheduled), (100, 10));
    assert_eq!(status.updated_number_scheduled, 10);
}

#[test]
fn case_004_what_was_refused_or_left_out_is_not_expected() {
    let mut sim = ten_pods_of_a_hundred();
    // Were anything still expected, nothing would be tried again before five minutes have passed.
    let first = first_sync(&mut sim).last().unwrap().at;
    let tried =
        |record: &&Arc<Record>| record.object.kind == Kind::Pod && record.verb == Verb::Error && record.at > first;
    assert!(sim.history().records().iter().any(|record| tried(&record)));
    refuse(&mut sim, RefusedRequests::CreatePods, 0);
    sim.run_until_quiet();
    assert_eq!(sim.world().pods.len(), 100);
}

#[test]
fn case_005_the_status_counts_the_new_pods() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..5, &[]);
    bench.sync();
    assert_eq!(bench.daemonset().status.current_number_scheduled, 5);
}

/// One node, and the first requests are refused: what the sync sent, and whether it is tried again.
fn refused_once(of: &[RefusedRequests]) -> (Vec<bool>, Vec<bool>, bool) {
    let mut sim = in_time(1);
    // A status is written once more when it is refused, so an error takes two refusals.
    of.iter().for_each(|of| refuse(&mut sim, *of, 2));
    let sync = first_sync(&mut sim);
    let ended = sync.last().unwrap().at;
    sim.run_until_quiet();
    let status = &foo(sim.world()).status;
    assert_eq!((status.number_ready, sim.world().pods.len()), (1, 1), "it comes right in the end");
    let later = |record: &&Arc<Record>| record.actor == Actor::DaemonSetController && record.at > ended;
    let again = sim.history().records().iter().find(later);
    let again = again.is_some_and(|again| again.at.since(ended) < SimDuration::from_millis(30));
    (granted(&sync, Kind::Pod), granted(&sync, Kind::DaemonSet), again)
}

#[test]
fn case_006_a_pod_that_is_refused_fails_the_sync() {
    let (creates, statuses, again) = refused_once(&[RefusedRequests::CreatePods]);
    assert_eq!((creates, statuses, again), (vec![false], vec![true], true));
}

#[test]
fn case_007_a_status_that_is_refused_fails_the_sync() {
    let (creates, statuses, again) = refused_once(&[RefusedRequests::WriteStatus]);
    assert_eq!((creates, statuses, again), (vec![true], vec![false, false], true));
}

#[test]
fn case_008_both_are_refused() {
    let (creates, statuses, again) = refused_once(&[RefusedRequests::CreatePods, RefusedRequests::WriteStatus]);
    assert_eq!((creates, statuses, again), (vec![false], vec![false, false], true));
}

#[test]
fn case_009_no_node() {
    assert_eq!(Bench::new(&Plain::default()).sync(), NOTHING);
}

#[test]
fn case_010_one_node() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    assert_eq!(bench.sync(), counts(1, 0, 0));
}

fn condition_is_not_looked_at(condition: &str, status: ConditionStatus) {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.condition("node-0", condition, status);
    assert_eq!(bench.sync(), counts(1, 0, 0));
}

#[test]
fn case_011_a_node_that_is_not_ready() {
    condition_is_not_looked_at("Ready", ConditionStatus::False);
}

/// The DaemonSet asks for 75M and 75m.
fn asks_for_much(pod: &str) -> Bench {
    let container = "resources: {requests: {memory: 75M, cpu: 75m}}".to_owned();
    Bench::new(&Plain { pod: pod.into(), container, ..Plain::default() })
}

fn amounts(bench: &mut Bench, node: &str, memory: i64, cpu: i64) {
    let amounts = [("cpu".to_owned(), cpu), ("memory".to_owned(), memory * 1000), ("pods".to_owned(), 110_000)];
    bench.patch_node(node, Patch::Allocatable(Arc::new(amounts.into())));
}

/// A pod of nobody's, which asks for as much and for the same ports.
fn foreign(bench: &mut Bench, node: &str) {
    bench.pod(node, Shape { owned: false, labels: &[], ..Shape::default() });
}

#[test]
fn case_012_amounts_are_not_looked_at() {
    let mut bench = asks_for_much("nodeName: node-0");
    bench.nodes(0..1, &[]);
    amounts(&mut bench, "node-0", 100_000_000, 200);
    foreign(&mut bench, "node-0");
    assert_eq!(bench.sync(), counts(1, 0, 0));
}

#[test]
fn case_013_amounts_elsewhere_are_not_looked_at() {
    let mut bench = asks_for_much("nodeSelector: {color: blue, speed: fast}");
    bench.nodes(0..1, &[]);
    bench.nodes(1..2, N1);
    amounts(&mut bench, "node-0", 50_000_000, 50);
    amounts(&mut bench, "node-1", 200_000_000, 200);
    assert_eq!(bench.sync(), counts(1, 0, 0));
    assert_eq!(bench.created_on, ["node-1"]);
}

#[test]
fn case_014_a_node_without_network() {
    condition_is_not_looked_at("NetworkUnavailable", ConditionStatus::True);
}

fn wants_port() -> Plain {
    Plain { container: "ports: [{hostPort: 666, containerPort: 666}]".into(), ..Plain::default() }
}

#[test]
fn case_015_ports_of_others_are_not_looked_at() {
    let mut bench = Bench::new(&wants_port());
    bench.nodes(0..1, &[]);
    foreign(&mut bench, "node-0");
    assert_eq!(bench.sync(), counts(1, 0, 0));
}

#[test]
fn case_016_the_own_pod_with_the_port_stays() {
    let mut bench = Bench::new(&wants_port());
    bench.nodes(0..1, &[]);
    bench.pod("node-0", Shape::default());
    assert_eq!(bench.sync(), NOTHING);
}

#[test]
fn case_017_an_empty_selector_does_nothing() {
    let mut bench = Bench::new(&Plain { selector: "{}".into(), ..Plain::default() });
    bench.nodes(0..1, &[]);
    bench.pod("node-0", Shape { owned: false, ..Shape::default() });
    assert_eq!(bench.sync(), NOTHING);
    assert_eq!(bench.world.pods.len(), 1);
}

// ------------------------------------------------------------ 2. selectors, nodeName, affinity

#[test]
fn case_018_a_node_selector() {
    let mut bench = Bench::new(&Plain::on(N1));
    bench.nodes(0..4, &[]);
    bench.nodes(4..7, N1);
    assert_eq!(bench.sync(), counts(3, 0, 0));
}

#[test]
fn case_019_pods_on_unselected_nodes_go_and_others_are_released() {
    let mut bench = Bench::new(&Plain::on(N1));
    labelled(&mut bench);
    bench.pods("node-0", 2, L2);
    bench.pods("node-1", 3, L1);
    bench.pods("node-1", 1, L2);
    bench.pods("node-4", 1, L1);
    assert_eq!(bench.sync(), counts(5, 4, 0));
    assert_eq!(bench.world.orphans_in(&"default".into()).count(), 3);
}

#[test]
fn case_020_existing_pods_are_made_one_on_each_node() {
    let mut bench = Bench::new(&Plain::on(N1));
    labelled(&mut bench);
    for (node, ones, twos) in
        [("node-0", 1, 0), ("node-1", 3, 2), ("node-2", 4, 0), ("node-6", 13, 0), ("node-7", 0, 4), ("node-9", 1, 1)]
    {
        bench.pods(node, ones, L1);
        bench.pods(node, twos, L2);
    }
    assert_eq!(bench.sync(), counts(3, 20, 0));
    assert_eq!(bench.created_on, ["node-5", "node-7", "node-8"]);
}

cases!(selectors_and_names_together: case_021 = 21, case_022 = 22, case_023 = 23, case_024 = 24, case_025 = 25);

fn selectors_and_names_together(number: usize) {
    let (pod, expected) = match number {
        21 => ("nodeSelector: {color: red, speed: fast}", 0),
        22 => ("nodeName: node-0", 1),
        23 => ("nodeName: node-10", 0),
        24 => ("nodeSelector: {color: blue, speed: fast}, nodeName: node-6", 1),
        _ => ("nodeSelector: {color: blue, speed: fast}, nodeName: node-0", 0),
    };
    let mut bench = Bench::new(&Plain { pod: pod.into(), ..Plain::default() });
    labelled(&mut bench);
    assert_eq!(bench.sync(), counts(expected, 0, 0));
}

#[test]
fn case_026_a_required_affinity() {
    let mut bench = Bench::new(&Plain { pod: affinity("color", "blue"), ..Plain::default() });
    bench.nodes(0..4, &[]);
    bench.nodes(4..7, N1);
    assert_eq!(bench.sync(), counts(3, 0, 0));
}

fn affinity(key: &str, value: &str) -> String {
    format!(
        "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{{\
         matchExpressions: [{{key: {key}, operator: In, values: [{value}]}}]}}]}}}}}}"
    )
}

// ------------------------------------------------------------ 3. existing pods

fn existing_pods(set: Plain) {
    let mut bench = Bench::new(&set);
    bench.nodes(0..5, &[]);
    bench.pods("node-1", 1, L1);
    bench.pods("node-2", 2, L1);
    bench.pods("node-3", 5, L1);
    bench.pods("node-4", 2, L2);
    assert_eq!(bench.sync(), counts(2, 5, 0));
    assert_eq!(bench.created_on, ["node-0", "node-4"]);
}

#[test]
fn case_027_existing_pods() {
    both(existing_pods);
}

#[test]
fn case_028_existing_pods_with_surge() {
    existing_pods(surge(1, "foo/bar"));
}

#[test]
fn case_029_no_replacement_while_a_pod_terminates() {
    both(|set| {
        let mut bench = Bench::new(&set);
        bench.nodes(0..1, &[]);
        bench.pod("node-0", Shape { terminating: true, ..Shape::default() });
        assert_eq!(bench.sync(), NOTHING);
    });
}

#[test]
fn case_030_only_unbound_pods_of_missing_nodes_go() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.pod("node-0", Shape::default());
    let bound = bench.pod("node-1", Shape::default());
    let unbound = bench.pod("node-2", Shape { bound: false, ..Shape::default() });
    assert_eq!(bench.sync(), counts(0, 1, 0));
    assert!(bench.world.pods.contains_key(&bound) && !bench.world.pods.contains_key(&unbound));
}

/// Pods of all sorts on two nodes, after the controller has claimed what it can.
fn all_sorts() -> Bench {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..2, &[]);
    for node in ["node-0", "node-1"] {
        for shape in [
            Shape::default(),
            Shape { owned: false, ..Shape::default() },
            Shape { phase: PodPhase::Succeeded, ..Shape::default() },
            Shape { phase: PodPhase::Failed, ..Shape::default() },
        ] {
            bench.pod(node, shape);
        }
        for ignored in [
            Shape { labels: L2, ..Shape::default() },
            Shape { owned: false, labels: L2, ..Shape::default() },
            Shape { phase: PodPhase::Succeeded, terminating: true, ..Shape::default() },
            Shape { phase: PodPhase::Failed, terminating: true, ..Shape::default() },
        ] {
            bench.pod(node, ignored);
        }
    }
    bench.claim();
    bench
}

#[test]
fn case_031_grouping_by_node() {
    let bench = all_sorts();
    let mut groups = Vec::new();
    let daemonset = bench.daemonset();
    pods_by_node(&bench.world, &daemonset, &mut |here| groups.push((here.name.to_string(), here.pods.len())));
    assert_eq!(groups, [("node-0".to_owned(), 4), ("node-1".to_owned(), 4)]);
}

#[test]
fn case_032_ended_pods_that_are_being_deleted_still_belong_to_it() {
    let bench = all_sorts();
    let own = bench.world.pods_of(bench.daemonset().meta.uid);
    let ended = own.filter(|pod| pod.status.phase == PodPhase::Failed && pod.is_terminating());
    let nodes: Vec<String> = ended.filter_map(|pod| pod.target_node().map(ToString::to_string)).collect();
    assert_eq!(nodes, ["node-0", "node-1"]);
}

// ------------------------------------------------------------ 4. failed pods

cases!(failed_pods: case_033 = 33, case_034 = 34, case_035 = 35, case_036 = 36);

fn failed_pods(number: usize) {
    let (failed, normal, expected) = match number {
        33 => (0, 1, NOTHING),
        34 => (0, 0, counts(1, 0, 0)),
        35 => (1, 0, counts(0, 1, 1)),
        _ => (1, 3, counts(0, 3, 1)),
    };
    both(|set| {
        let mut bench = Bench::new(&set);
        bench.nodes(0..1, &[]);
        for _ in 0..failed {
            bench.pod("node-0", Shape { phase: PodPhase::Failed, ..Shape::default() });
        }
        bench.pods("node-0", normal, L1);
        assert_eq!(bench.sync(), expected);
        if number == 35 {
            // The replacement comes with the next sync.
            assert_eq!(bench.sync(), counts(1, 0, 0));
        }
    });
}

cases!(failed_pods_back_off: case_037 = 37, case_038 = 38, case_039 = 39);

fn failed_pods_back_off(number: usize) {
    both(|set| {
        let mut bench = Bench::new(&set);
        bench.nodes(0..1, &[]);
        let failed = || Shape { phase: PodPhase::Failed, ..Shape::default() };
        bench.sync_status();
        bench.pod("node-0", failed());
        assert_eq!(bench.sync(), counts(0, 1, 1));
        let key = bench.backoff_key("node-0");
        let delay = bench.memory.in_backoff(&key, bench.now).cloned().expect("back-off");
        bench.pod("node-0", failed());
        match number {
            37 => {
                assert_eq!(bench.sync(), NOTHING);
                assert_eq!(bench.memory.in_backoff(&key, bench.now), Some(&delay));
            }
            38 => {
                let just_before = bench.now + SimDuration(delay.delay.0 - 1);
                assert!(bench.memory.in_backoff(&key, just_before).is_some());
                assert_eq!(bench.memory.in_backoff(&key, bench.now + delay.delay), None);
            }
            _ => {
                bench.now = bench.now + delay.delay;
                assert_eq!(bench.sync(), counts(0, 1, 1));
            }
        }
    });
}

// ------------------------------------------------------------ 5. taints

cases!(taints: case_040 = 40, case_041 = 41, case_042 = 42, case_043 = 43, case_044 = 44);

fn taints(number: usize) {
    let tolerating = || toleration("key: dedicated, value: user1, effect: NoSchedule");
    let (set, taint, pods, expected) = match number {
        40 => (Plain::default(), "dedicated=user1:NoSchedule", 1, NOTHING),
        41 => (Plain::default(), "dedicated=user1:NoExecute", 1, counts(0, 1, 0)),
        42 => (Plain::default(), "dedicated=user1:NoSchedule", 0, NOTHING),
        43 => (tolerating(), "dedicated=user1:NoSchedule", 0, counts(1, 0, 0)),
        _ => (tolerating(), "", 0, counts(1, 0, 0)),
    };
    let mut bench = Bench::new(&set);
    bench.nodes(0..1, &[]);
    bench.taint("node-0", taint);
    bench.pods("node-0", pods, L1);
    assert_eq!(bench.sync(), expected);
}

cases!(taints_that_daemon_pods_tolerate: case_045 = 45, case_046 = 46, case_047 = 47);

fn taints_that_daemon_pods_tolerate(number: usize) {
    let taints = match number {
        45 => "node.kubernetes.io/not-ready:NoExecute",
        46 => "node.kubernetes.io/unreachable:NoExecute",
        _ => {
            "node.kubernetes.io/disk-pressure:NoSchedule node.kubernetes.io/memory-pressure:NoSchedule \
             node.kubernetes.io/pid-pressure:NoSchedule"
        }
    };
    let creates = |taints: &str| {
        let mut bench = Bench::new(&Plain::default());
        bench.nodes(0..1, &[]);
        bench.taint("node-0", taints);
        bench.sync()
    };
    assert_eq!(creates(taints), counts(1, 0, 0));
    if number != 47 {
        // With the twin that a real cluster sets as well.
        let twin = taints.replace("NoExecute", "NoSchedule");
        assert_eq!(creates(&format!("{taints} {twin}")), NOTHING);
    }
}

// ------------------------------------------------------------ 6. eligibility

cases!(eligibility: case_048 = 48, case_049 = 49, case_050 = 50, case_051 = 51, case_052 = 52, case_053 = 53, case_054 = 54, case_055 = 55, case_056 = 56, case_057 = 57);

fn eligibility(number: usize) {
    let runs = Placement { should_run: true, should_continue: true };
    let not = Placement { should_run: false, should_continue: false };
    let request = |memory: &str| format!("resources: {{requests: {{memory: {memory}}}}}");
    let ports = "ports: [{hostPort: 666, containerPort: 666}]".to_owned();
    let selector = |labels: &str| format!("nodeSelector: {{{labels}}}");
    let none = String::new;
    let (pod, container, expected) = match number {
        48 => (none(), request("50M"), runs),
        49 => (none(), request("200M"), runs),
        50 => ("nodeName: other-node".to_owned(), none(), not),
        51 => (none(), ports, runs),
        52 => (none(), request("100M"), runs),
        53 => (selector("name: simple-daemon, type: test"), none(), not),
        54 => (selector("name: simple-daemon, type: production"), none(), runs),
        55 => (affinity("type", "test"), none(), not),
        56 => (affinity("type", "production"), none(), runs),
        _ => (none(), none(), runs),
    };
    let mut bench = Bench::new(&Plain { pod, container, ..Plain::default() });
    bench.nodes(0..1, L1);
    amounts(&mut bench, "node-0", 100_000_000, 1000);
    bench.patch_node("node-0", Patch::Unschedulable(number == 57));
    foreign(&mut bench, "node-0");
    let daemonset = bench.daemonset();
    let node = bench.world.nodes.get("node-0").unwrap();
    assert_eq!(Placer::new(&daemonset.spec).place(node), expected);
}

// ------------------------------------------------------------ 7. queueing

#[test]
fn case_058_a_deleted_daemonset_is_looked_at() {
    let mut bench = Bench::new(&Plain::default());
    let deleted = bench.delete_daemonset();
    assert!(deleted.after.is_none());
    assert_eq!(bench.observe(&deleted), [Wake::Enqueue(bench.key.clone())]);
    assert_eq!(bench.memory.expectations(&bench.key), None);
}

#[test]
fn case_059_expectations_do_not_outlive_their_daemonset() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    assert_eq!(bench.sync(), counts(1, 0, 0));
    // Its pod is never seen.
    let pod = bench.world.pods.keys().next().unwrap().clone();
    bench.remove_pod(&pod);
    bench.memory.expect(&bench.key.clone(), 1, 0, bench.now);
    assert_eq!(bench.sync(), NOTHING);
    let written = bench.last_delta();
    assert_eq!(bench.observe(&written), [Wake::Enqueue(bench.key.clone())], "by its own status");
    assert_eq!(bench.sync(), NOTHING);
    let deleted = bench.delete_daemonset();
    bench.observe(&deleted);
    assert_eq!(bench.memory.expectations(&bench.key), None);
    bench.create(&Plain::default());
    assert_eq!(bench.sync(), counts(1, 0, 0));
}

#[test]
fn case_060_nothing_is_done_while_it_is_deleted() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.pod("node-0", Shape { owned: false, ..Shape::default() });
    bench.delete_in_the_foreground();
    assert_eq!(bench.sync(), NOTHING);
}

#[test]
fn case_061_deleted_in_the_middle_of_a_sync() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..5, &[]);
    bench.pod("node-0", Shape { owned: false, ..Shape::default() });
    let next = bench.begin_sync();
    bench.delete_in_the_foreground();
    assert_eq!(bench.end_sync(next), NOTHING);
    assert_eq!(bench.world.orphans_in(&"default".into()).count(), 1, "it is not adopted");
}

/// What a change of the only node leads to: whether the node is looked at, and which DaemonSets are then enqueued.
fn node_change(bench: &mut Bench, change: impl FnOnce(&mut Bench) -> Delta) -> (bool, bool) {
    let delta = change(bench);
    let looked_at = bench.observe(&delta) == [Wake::Node("node-0".into())];
    let node = bench.world.nodes.get("node-0").unwrap();
    (looked_at, sync_node_update(&bench.world, node) == [bench.key.clone()])
}

fn one_node(labels: bench::LabelList) -> Bench {
    let mut bench = Bench::new(&Plain::on(N1));
    bench.nodes(0..1, labels);
    bench
}

fn node_labels(labels: bench::LabelList) -> Patch {
    Patch::Labels(labels.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect())
}

#[test]
fn case_062_what_is_not_labels_or_taints_is_ignored() {
    let mut bench = one_node(N1);
    let cordon = |bench: &mut Bench| bench.patch_node("node-0", Patch::Unschedulable(true));
    assert!(!node_change(&mut bench, cordon).0);
    let mut node = (**bench.world.nodes.get("node-0").unwrap()).clone();
    node.set_condition("Ready", ConditionStatus::False, SimTime::ZERO);
    let report = |bench: &mut Bench| bench.patch_node("node-0", Patch::NodeConditions(node.conditions));
    assert!(!node_change(&mut bench, report).0);
}

#[test]
fn case_063_the_labels_match_now() {
    let mut bench = one_node(&[]);
    assert_eq!(node_change(&mut bench, |bench| bench.patch_node("node-0", node_labels(N1))), (true, true));
    // Other labels do not.
    let mut bench = one_node(&[]);
    assert_eq!(node_change(&mut bench, |bench| bench.patch_node("node-0", node_labels(L1))), (true, false));
}

#[test]
fn case_064_a_taint_goes() {
    let mut bench = one_node(N1);
    let tainted = |bench: &mut Bench| {
        bench.taint("node-0", "dedicated=user1:NoSchedule");
        bench.last_delta()
    };
    assert_eq!(node_change(&mut bench, tainted), (true, false));
    let untainted = |bench: &mut Bench| bench.patch_node("node-0", Patch::Taints(Arc::from([])));
    assert_eq!(node_change(&mut bench, untainted), (true, true));
}

#[test]
fn case_065_amounts_do_not_matter() {
    let mut bench = one_node(N1);
    let less = |bench: &mut Bench| {
        amounts(bench, "node-0", 1, 1);
        bench.last_delta()
    };
    assert!(!node_change(&mut bench, less).0);
}

#[test]
fn case_066_a_pod_that_was_on_the_wrong_node_is_on_a_right_one() {
    for (misscheduled, enqueued) in [(1, true), (0, false)] {
        let mut bench = one_node(&[]);
        bench.pod("node-0", Shape::default());
        bench.set_status(|status| status.number_misscheduled = misscheduled);
        assert_eq!(node_change(&mut bench, |bench| bench.patch_node("node-0", node_labels(N1))), (true, enqueued));
    }
}

#[test]
fn case_067_every_new_node_is_looked_at() {
    let mut bench = Bench::new(&Plain::on(N1));
    let delta = bench.nodes(0..1, &[]);
    assert_eq!(bench.observe(&delta), [Wake::Node("node-0".into())]);
}

#[test]
fn case_068_pods_of_others_wake_nobody() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.add_daemonset("other", L2);
    for (bound, owner) in [(true, None), (false, None), (true, Some("other")), (false, Some("other"))] {
        let pod = bench.pod("node-0", Shape { owned: false, labels: &[], bound, ..Shape::default() });
        if let Some(owner) = owner {
            bench.adopt(&pod, owner);
        }
        let delta = bench.remove_pod(&pod);
        let wakes = bench.observe(&delta);
        assert!(!wakes.contains(&Wake::Enqueue(bench.key.clone())), "{bound} {owner:?}: {wakes:?}");
    }
}

#[test]
fn case_069_a_pod_wakes_its_owner_alone() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.add_daemonset("twin", L1);
    let own = bench.pod("node-0", Shape::default());
    let enqueued = [Wake::Enqueue(bench.key.clone())];
    let added = bench.last_delta();
    assert_eq!(bench.observe(&added), enqueued);
    let delta = bench.set_ready(&own, true);
    assert_eq!(bench.observe(&delta), enqueued);
    let delta = bench.remove_pod(&own);
    assert_eq!(bench.observe(&delta), enqueued);
}

/// foo and foo-2 select the pod, foo-3 does not; nobody owns it.
fn orphan() -> (Bench, ObjectKey) {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.add_daemonset("foo-2", L1);
    bench.add_daemonset("foo-3", L2);
    let orphan = bench.pod("node-0", Shape { owned: false, ..Shape::default() });
    (bench, orphan)
}

/// Whom a change wakes, each once.
fn woken(bench: &mut Bench, delta: &Delta) -> Vec<String> {
    let name = |wake| match wake {
        Wake::Enqueue(key) => key.name.to_string(),
        other => panic!("{other:?}"),
    };
    bench.observe(delta).into_iter().map(name).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn case_070_an_orphan_wakes_whoever_matches() {
    let (mut bench, _) = orphan();
    let added = bench.last_delta();
    assert_eq!(woken(&mut bench, &added), ["foo", "foo-2"]);
}

#[test]
fn case_071_an_orphan_with_the_same_labels_wakes_nobody() {
    let (mut bench, orphan) = orphan();
    let delta = bench.set_ready(&orphan, true);
    assert_eq!(bench.observe(&delta), []);
}

#[test]
fn case_072_an_orphan_that_matches_now() {
    let (mut bench, orphan) = orphan();
    let delta = bench.label_pod(&orphan, "type", "other");
    assert_eq!(bench.observe(&delta), []);
    let delta = bench.label_pod(&orphan, "type", "production");
    assert_eq!(woken(&mut bench, &delta), ["foo", "foo-2"]);
}

#[test]
fn case_073_another_owner() {
    let (mut bench, orphan) = orphan();
    let old = bench.adopt(&orphan, "foo-2");
    bench.release(&orphan);
    let new = bench.adopt(&orphan, "foo");
    let delta = Delta { before: old.after, after: new.after };
    assert_eq!(woken(&mut bench, &delta), ["foo", "foo-2"]);
}

#[test]
fn case_074_an_owner_less() {
    let (mut bench, orphan) = orphan();
    bench.adopt(&orphan, "foo");
    let delta = bench.release(&orphan);
    assert_eq!(woken(&mut bench, &delta), ["foo", "foo-2"]);
}

#[test]
fn case_075_an_orphan_that_goes_wakes_nobody() {
    let (mut bench, orphan) = orphan();
    let delta = bench.remove_pod(&orphan);
    assert_eq!(bench.observe(&delta), []);
}

// ------------------------------------------------------------ 8. status

#[test]
fn case_076_ready_pods() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..2, &[]);
    bench.pods("node-0", 1, L1);
    bench.pods("node-1", 1, L1);
    bench.sync();
    assert_eq!(bench.daemonset().status.number_ready, 0);
    bench.all_ready();
    bench.sync();
    assert_eq!(bench.daemonset().status.number_ready, 2);
}

#[test]
fn case_077_the_observed_generation() {
    let mut bench = Bench::new(&Plain::default());
    assert_eq!(bench.daemonset().status.observed_generation, 0);
    bench.sync();
    assert_eq!(bench.daemonset().status.observed_generation, 1);
}

cases!(status_writes: case_078 = 78, case_079 = 79, case_080 = 80);

#[test]
fn case_081_a_status_is_not_written_again_when_the_read_before_fails() {
    let mut sim = in_time(1);
    refuse(&mut sim, RefusedRequests::WriteStatus, 2);
    refuse(&mut sim, RefusedRequests::ReadDaemonSet, 1);
    // A write and the read behind it.
    assert_eq!(granted(&first_sync(&mut sim), Kind::DaemonSet), [false, false]);
    // So one refused write is left for the sync that comes because of the error.
    let of_controller = |record: &&Arc<Record>| record.actor == Actor::DaemonSetController;
    let all: Vec<Arc<Record>> = sim.history().records().iter().filter(of_controller).cloned().collect();
    let of_status: Vec<bool> = granted(&all, Kind::DaemonSet).into_iter().skip_while(|it| *it).collect();
    assert_eq!(of_status[..4], [false, false, false, true]);
}

fn status_writes(number: u32) {
    let mut sim = in_time(1);
    refuse(&mut sim, RefusedRequests::WriteStatus, number - 78);
    let granted = granted(&first_sync(&mut sim), Kind::DaemonSet);
    let expected: &[bool] = match number {
        78 => &[true],
        79 => &[false, true],
        _ => &[false, false],
    };
    assert_eq!(granted, expected);
}

// ------------------------------------------------------------ 9. rolling update with maxUnavailable

fn unavailable(number: usize, image: &str) -> Plain {
    Plain {
        strategy: format!("{{type: RollingUpdate, rollingUpdate: {{maxUnavailable: {number}}}}}"),
        image: image.into(),
        ..Plain::default()
    }
}

/// A cluster with a ready pod on every node.
fn settled(set: &Plain, nodes: usize) -> Bench {
    let mut bench = Bench::new(set);
    bench.nodes(0..nodes, &[]);
    assert_eq!(bench.sync(), counts(nodes.min(250), 0, 0));
    bench.all_ready();
    assert_eq!(bench.sync(), NOTHING);
    bench
}

#[test]
fn case_082_two_at_a_time() {
    let mut bench = settled(&unavailable(2, "a"), 5);
    bench.update(&unavailable(2, "b"));
    for share in [2, 2, 1] {
        assert_eq!(bench.sync(), counts(0, share, 0));
        assert_eq!(bench.sync(), counts(share, 0, 0));
        assert_eq!(bench.sync(), NOTHING);
        bench.all_ready();
    }
    assert_eq!(bench.sync(), NOTHING);
}

#[test]
fn case_083_new_pods_that_are_never_ready_stop_it() {
    let mut bench = settled(&unavailable(3, "a"), 5);
    bench.update(&unavailable(3, "b"));
    assert_eq!([bench.sync(), bench.sync(), bench.sync()], [counts(0, 3, 0), counts(3, 0, 0), NOTHING]);
}

#[test]
fn case_084_unready_pods_go_first() {
    let mut bench = settled(&unavailable(2, "a"), 5);
    for image in ["b", "c"] {
        bench.update(&unavailable(2, image));
        assert_eq!([bench.sync(), bench.sync(), bench.sync()], [counts(0, 2, 0), counts(2, 0, 0), NOTHING], "{image}");
    }
    let ready = bench.world.pods.values().filter(|pod| pod.is_ready());
    assert_eq!(ready.map(|pod| pod.spec.template.image()).collect::<Vec<_>>(), ["a"; 3]);
}

cases!(old_healthy_pods_are_saved: case_085 = 85, case_086 = 86);

fn old_healthy_pods_are_saved(number: usize) {
    let mut bench = settled(&unavailable(10, "v0"), 20);
    let names = |bench: &Bench| {
        let ready = bench.world.pods.values().filter(|pod| pod.is_ready());
        ready.map(|pod| pod.meta.name.clone()).collect::<BTreeSet<Name>>()
    };
    let mut healthy = None;
    for (nth, max) in [10, 3, 0, 9, 5, 1, 7, 2, 8, 4, 6].into_iter().enumerate() {
        bench.update(&unavailable(max, &format!("v{}", nth + 1)));
        let syncs = [bench.sync(), bench.sync(), bench.sync()];
        assert_eq!(syncs, [counts(0, 10, 0), counts(10, 0, 0), NOTHING], "maxUnavailable {max}");
        assert_eq!(*healthy.get_or_insert_with(|| names(&bench)), names(&bench));
    }
    assert_eq!(names(&bench).len(), 10);
    if number == 85 {
        return;
    }
    bench.update(&unavailable(11, "last"));
    assert_eq!([bench.sync(), bench.sync(), bench.sync()], [counts(0, 11, 0), counts(11, 0, 0), NOTHING]);
    assert_eq!(names(&bench).len(), 9);
}

#[test]
fn case_087_only_the_unavailable_old_ones() {
    let mut bench = Bench::new(&unavailable(10, "a"));
    bench.nodes(0..100, &[]);
    for nth in 0..100 {
        let (hash, ready) = match nth {
            0..10 => (Hash::Old, true),
            10..12 => (Hash::Old, false),
            _ => (Hash::Current, false),
        };
        let ready_since = ready.then_some(SimTime::ZERO);
        bench.pod(&format!("node-{nth}"), Shape { hash, ready_since, ..Shape::default() });
    }
    assert_eq!([bench.sync(), bench.sync(), bench.sync()], [counts(0, 2, 0), counts(2, 0, 0), NOTHING]);
}

#[test]
fn case_088_all_old_pods_that_are_not_ready() {
    let mut bench = Bench::new(&unavailable(3, "a"));
    bench.nodes(0..5, &[]);
    assert_eq!(bench.sync(), counts(5, 0, 0));
    bench.update(&unavailable(3, "b"));
    assert_eq!([bench.sync(), bench.sync(), bench.sync()], [counts(0, 5, 0), counts(5, 0, 0), NOTHING]);
}

#[test]
fn case_089_another_strategy_changes_nothing() {
    let mut bench = settled(&Plain::default(), 5);
    bench.update(&Plain { image: Plain::default().image, ..unavailable(1, "") });
    assert_eq!([bench.sync(), bench.sync()], [NOTHING, NOTHING]);
    assert_eq!(bench.world.revisions.len(), 1);
}

// ------------------------------------------------------------ 10. rolling update with maxSurge

fn surge(number: usize, image: &str) -> Plain {
    Plain {
        strategy: format!("{{type: RollingUpdate, rollingUpdate: {{maxUnavailable: 0, maxSurge: {number}}}}}"),
        image: image.into(),
        ..Plain::default()
    }
}

#[test]
fn case_090_two_more_at_a_time() {
    let mut bench = settled(&surge(2, "a"), 5);
    bench.update(&surge(2, "b"));
    for expected in [counts(2, 0, 0), counts(2, 2, 0), counts(1, 2, 0), counts(0, 1, 0)] {
        assert_eq!([bench.sync(), bench.sync()], [expected, NOTHING]);
        bench.all_ready();
    }
}

#[test]
fn case_091_a_node_that_is_no_longer_tolerated() {
    let tolerating = "tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]".to_owned();
    let mut bench = Bench::new(&Plain { pod: tolerating, ..surge(1, "a") });
    bench.nodes(0..5, &[]);
    bench.taint("node-0", "node-role.kubernetes.io/control-plane:NoSchedule");
    assert_eq!(bench.sync(), counts(5, 0, 0));
    bench.all_ready();
    bench.update(&surge(1, "a"));
    for expected in [counts(1, 1, 0), counts(1, 1, 0), counts(1, 1, 0), counts(1, 1, 0), counts(0, 1, 0)] {
        assert_eq!([bench.sync(), bench.sync()], [expected, NOTHING]);
        bench.all_ready();
    }
    assert_eq!(bench.world.pods_on("node-0").count(), 0);
}

cases!(unready_old_pods_and_min_ready_seconds: case_092 = 92, case_093 = 93, case_094 = 94, case_095 = 95, case_096 = 96);

fn unready_old_pods_and_min_ready_seconds(number: usize) {
    let mut bench = Bench::new(&surge(3, "a"));
    bench.nodes(0..5, &[]);
    assert_eq!(bench.sync(), counts(5, 0, 0));
    bench.update(&surge(3, "b"));
    assert_eq!([bench.sync(), bench.sync()], [counts(5, 0, 0), counts(0, 5, 0)]);
    if number == 92 {
        return;
    }
    bench.now = seconds(200);
    bench.all_ready();
    bench.now = seconds(300);
    bench.update(&Plain { min_ready_seconds: 15, ..surge(3, "c") });
    assert_eq!(bench.sync(), counts(3, 0, 0));
    if number == 93 {
        return;
    }
    let mut new = bench.pods_of_image("c");
    assert_eq!(new.len(), 3);
    for key in new.drain(..2) {
        bench.set_ready(&key, true);
    }
    let surged: BTreeSet<Name> = bench
        .pods_of_image("c")
        .iter()
        .map(|key| bench.world.pods.get(key).unwrap().target_node().unwrap().clone())
        .collect();
    let alone = |pod: &&Arc<Pod>| pod.spec.template.image() == "b" && !surged.contains(pod.target_node().unwrap());
    let alone = bench.world.pods.values().find(alone).unwrap().meta.key();
    bench.now = seconds(310);
    bench.set_ready(&alone, false);
    assert_eq!(bench.sync(), counts(1, 0, 0));
    if number == 94 {
        return;
    }
    bench.now = seconds(320);
    assert_eq!(bench.sync(), counts(1, 3, 0));
    if number == 95 {
        return;
    }
    for key in bench.pods_of_image("c") {
        bench.set_ready(&key, true);
    }
    bench.now = seconds(340);
    assert_eq!(bench.sync(), counts(0, 2, 0));
    bench.now = seconds(350);
    assert_eq!(bench.sync(), NOTHING);
}

cases!(which_of_three_pods_stay: case_097 = 97, case_098 = 98, case_099 = 99, case_100 = 100);

fn which_of_three_pods_stay(number: usize) {
    let (min_ready_seconds, current_ready_since, oldest_ready, deleted) = match number {
        97 => (0, None, true, 1),
        98 => (0, None, false, 2),
        99 => (15, Some(seconds(100)), true, 1),
        _ => (15, Some(seconds(90)), true, 2),
    };
    let mut bench = Bench::new(&Plain { min_ready_seconds, ..surge(1, "a") });
    bench.nodes(0..5, &[]);
    let old = |created, ready: bool| Shape {
        hash: Hash::Old,
        created,
        ready_since: ready.then_some(created),
        ..Shape::default()
    };
    bench.pod("node-1", Shape { created: seconds(100), ready_since: current_ready_since, ..Shape::default() });
    let oldest = bench.pod("node-1", old(seconds(50), oldest_ready));
    let younger = bench.pod("node-1", old(seconds(60), true));
    bench.pod("node-2", Shape { created: seconds(100), ..Shape::default() });
    bench.now = seconds(110);
    assert_eq!(bench.sync(), counts(3, deleted, 0));
    assert!(!bench.world.pods.contains_key(&younger));
    assert_eq!(bench.world.pods.contains_key(&oldest), deleted == 1);
}

#[test]
fn case_101_beyond_the_surge_where_a_pod_terminates() {
    let mut bench = Bench::new(&surge(1, "a"));
    bench.nodes(0..5, &[]);
    bench.pod("node-0", Shape::default());
    for nth in 0..5 {
        let shape =
            Shape { hash: Hash::Old, ready_since: Some(SimTime::ZERO), terminating: nth == 4, ..Shape::default() };
        bench.pod(&format!("node-{nth}"), shape);
    }
    assert_eq!(bench.sync(), counts(1, 0, 0));
    assert_eq!(bench.created_on, ["node-4"]);
}

// ------------------------------------------------------------ 11. numbers

cases!(numbers: case_102 = 102, case_103 = 103, case_104 = 104, case_105 = 105, case_106 = 106, case_107 = 107, case_108 = 108, case_109 = 109);

fn numbers(number: usize) {
    let (rolling, nodes, pods, expected) = match number {
        102 => ("maxUnavailable: 0", 0, 0, (0, 0, 0)),
        103 => ("maxUnavailable: 1", 2, 2, (0, 1, 2)),
        104 => ("maxUnavailable: 0", 2, 1, (0, 1, 2)),
        105 => ("maxUnavailable: 0, maxSurge: 0", 2, 1, (0, 1, 2)),
        106 => ("maxUnavailable: 50%", 2, 2, (0, 1, 2)),
        107 => ("maxUnavailable: 0, maxSurge: 50%", 2, 2, (1, 0, 2)),
        108 => ("maxUnavailable: 0, maxSurge: 100%", 2, 2, (2, 0, 2)),
        _ => ("maxUnavailable: 50%", 3, 2, (0, 2, 3)),
    };
    let strategy = format!("{{type: RollingUpdate, rollingUpdate: {{{rolling}}}}}");
    let mut bench = Bench::new(&Plain { strategy, ..Plain::default() });
    bench.nodes(0..nodes, &[]);
    for node in 0..pods {
        let terminating = number == 109 && node == 1;
        let shape = Shape { ready_since: Some(SimTime::ZERO), terminating, ..Shape::default() };
        bench.pod(&format!("node-{node}"), shape);
    }
    let daemonset = bench.daemonset();
    let UpdateStrategy::RollingUpdate { max_unavailable, max_surge } = daemonset.spec.update_strategy else {
        panic!("not a rolling update")
    };
    let numbers = rollout_numbers(&bench.world, &daemonset, max_unavailable, max_surge);
    assert_eq!((numbers.max_surge, numbers.max_unavailable, numbers.desired), expected);
}

// ------------------------------------------------------------ 12. history

cases!(matching_revisions_of_the_namespace_are_adopted: case_110 = 110, case_111 = 111);

fn matching_revisions_of_the_namespace_are_adopted(number: usize) {
    let mut bench = Bench::new(&Plain::default());
    bench.sync();
    let own = bench.add_revision("default", "own", 7, true);
    let orphan = bench.add_revision("default", "orphan", 8, false);
    let elsewhere = bench.add_revision("kube-system", "elsewhere", 9, false);
    bench.sync();
    let controlled = |key| bench.world.revisions.get(key).is_some_and(|it| it.meta.controller().is_some());
    if number == 111 {
        assert!(!controlled(&elsewhere));
        return;
    }
    assert_eq!((controlled(&own), controlled(&orphan)), (true, true));
    let uid = bench.daemonset().meta.uid;
    let numbers = bench.world.revisions.values().filter(|it| it.meta.controller().is_some_and(|it| it.uid == uid));
    assert_eq!(numbers.map(|it| it.revision).max(), Some(9), "the current one comes after all adopted ones");
}

// ------------------------------------------------------------ 13. helper functions

cases!(whether_a_pod_is_updated: case_112 = 112, case_113 = 113, case_114 = 114, case_115 = 115, case_116 = 116, case_117 = 117, case_118 = 118, case_119 = 119);

fn whether_a_pod_is_updated(number: usize) {
    let bench = Bench::new(&Plain::default());
    let is_updated = |generation: Option<&str>, hash: Option<&str>, current_hash: &str| {
        let mut pod = PodMaker::new(&bench.daemonset(), "x").for_node(&"node-0".into());
        let labels = [("pod-template-generation", generation), ("controller-revision-hash", hash)];
        let labels = labels.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        pod.meta.labels = Arc::new(labels.collect());
        let mut daemonset = (*bench.daemonset()).clone();
        let annotations = Arc::make_mut(&mut daemonset.meta.annotations);
        annotations.insert("deprecated.daemonset.template.generation".into(), "12345".into());
        Current::new(&daemonset, current_hash).is_updated(&pod)
    };
    match number {
        112 => assert!(is_updated(Some("12345"), Some("55555"), "55555")),
        113 => assert!(is_updated(Some("12345"), Some("other"), "55555")),
        114 => assert!(is_updated(Some("12345"), None, "55555")),
        115 => assert!(is_updated(Some("12345"), None, "")),
        116 => assert!(is_updated(Some("12345"), Some("55555"), "")),
        117 => assert!(is_updated(Some("1"), Some("55555"), "55555")),
        118 => assert!(!is_updated(Some("1"), Some("1"), "55555")),
        _ => assert!(!is_updated(None, None, "55555") && !is_updated(None, None, "")),
    }
}

#[test]
fn case_120_labels_of_new_pods_without_a_hash() {
    let pod = PodMaker::new(&Bench::new(&Plain::default()).daemonset(), "").for_node(&"node-0".into());
    assert_eq!((pod.meta.label("pod-template-generation"), pod.hash()), (Some("1"), None));
}

#[test]
fn case_121_labels_of_new_pods() {
    let mut bench = Bench::new(&Plain::default());
    bench.update(&Plain { image: "foo/bar:2".into(), ..Plain::default() });
    let pod = PodMaker::new(&bench.daemonset(), "3242341807").for_node(&"node-0".into());
    assert_eq!((pod.meta.label("pod-template-generation"), pod.hash()), (Some("2"), Some("3242341807")));
}

cases!(the_affinity_is_replaced: case_122 = 122, case_123 = 123, case_124 = 124, case_125 = 125, case_126 = 126, case_127 = 127, case_128 = 128);

fn the_affinity_is_replaced(number: usize) {
    let required = |terms: &str| {
        format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: {terms}}}}}}}"
        )
    };
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: \
                     disk, operator: In, values: [ssd]}]}}]";
    let pod = match number {
        122 => String::new(),
        123 => required("[{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [host_1]}]}]"),
        124 => format!("affinity: {{nodeAffinity: {{{preferred}}}}}"),
        125 => required("[{matchFields: [{key: metadata.name, operator: In, values: [host_1, host_2]}]}]"),
        126 => required(
            "[{matchExpressions: [{key: a, operator: Exists}]}, {matchFields: [{key: metadata.name, operator: In, values: \
             [host_2]}]}]",
        ),
        127 => required("[{matchFields: [{key: metadata.name, operator: NotIn, values: [host_2]}]}]"),
        _ => required("[{matchFields: [{key: metadata.foo, operator: In, values: [bar]}]}]"),
    };
    let bench = Bench::new(&Plain { pod, ..Plain::default() });
    let pod = PodMaker::new(&bench.daemonset(), "x").for_node(&"host_1".into()).to_value();
    let node_affinity = pod.at(&["spec", "affinity", "nodeAffinity"]).unwrap();
    assert_eq!(
        node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution").unwrap().to_json(),
        r#"{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["host_1"]}]}]}"#
    );
    let kept = node_affinity.get("preferredDuringSchedulingIgnoredDuringExecution").is_some();
    assert_eq!(kept, number == 124);
}

cases!(the_node_that_a_pod_is_meant_for: case_129 = 129, case_130 = 130, case_131 = 131, case_132 = 132);

fn the_node_that_a_pod_is_meant_for(number: usize) {
    let bare = |spec: &str| {
        let text = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{containers: [], {spec}}}}}");
        Pod::from_value(&everynode::manifest::read_value(&text).unwrap()).target_node().map(ToString::to_string)
    };
    let named = |names: &str| {
        bare(&format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: \
             [{{matchFields: [{{key: metadata.name, operator: In, values: [{names}]}}]}}]}}}}}}"
        ))
    };
    let target = match number {
        129 => bare("nodeName: node-1"),
        130 => named("node-1"),
        131 => named("node-1, node-2"),
        _ => bare("hostNetwork: false"),
    };
    assert_eq!(target.as_deref(), (number < 131).then_some("node-1"));
}
