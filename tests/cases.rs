//! The behaviour cases of the original's own unit tests, by their numbers (`TestSimpleDaemonSetLaunchesPods` and so on),
//! against the pure functions of the controller.
//!
//! As in the original's tests, what a stage of a sync decides happens at once, and expectations are met at once; so one
//! sync can include `manage` and `rollingUpdate`. A deleted pod is gone. Not here, since they are about faults of the API
//! server or about queues: 3, 4, 6 to 8, 58, 59, 61, 78 to 81.

#[path = "cases_support/bench.rs"]
mod bench;

use std::collections::BTreeSet;
use std::sync::Arc;

use bench::{Bench, Counts, Hash, L1, L2, N1, Plain, Shape};
use everynode::api::{ConditionStatus, Name, Pod, PodPhase, SimDuration, SimTime};
use everynode::controllers::daemonset::placement::{Placement, Placer};
use everynode::controllers::daemonset::watch::{Wake, sync_node_update};
use everynode::controllers::daemonset::{Current, PodMaker, pods_by_node, rollout_numbers};
use everynode::store::Patch;

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
    SimTime(seconds * 1_000_000)
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

#[test]
fn case_005_the_status_counts_the_new_pods() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..5, &[]);
    bench.sync();
    assert_eq!(bench.daemonset().status.current_number_scheduled, 5);
}

#[test]
fn case_009_and_010_none_and_one_node() {
    let mut bench = Bench::new(&Plain::default());
    assert_eq!(bench.sync(), NOTHING);
    bench.nodes(0..1, &[]);
    assert_eq!(bench.sync(), counts(1, 0, 0));
}

#[test]
fn case_011_and_014_conditions_are_not_looked_at() {
    for (condition, status) in [("Ready", ConditionStatus::False), ("NetworkUnavailable", ConditionStatus::True)] {
        let mut bench = Bench::new(&Plain::default());
        bench.nodes(0..1, &[]);
        bench.condition("node-0", condition, status);
        assert_eq!(bench.sync(), counts(1, 0, 0), "{condition}");
    }
}

#[test]
fn case_012_and_013_resources_are_not_looked_at() {
    let request = "resources: {requests: {memory: 75M, cpu: 75m}}";
    for pod in ["nodeName: node-0", "nodeSelector: {color: blue, speed: fast}"] {
        let set = Plain { pod: pod.into(), container: request.into(), ..Plain::default() };
        let mut bench = Bench::new(&set);
        bench.nodes(0..1, N1);
        bench.nodes(1..2, &[]);
        for node in ["node-0", "node-1"] {
            let amounts = [("cpu".to_owned(), 100), ("memory".to_owned(), 1000), ("pods".to_owned(), 1000)];
            bench.patch_node(node, Patch::Allocatable(Arc::new(amounts.into())));
        }
        bench.pod("node-0", Shape { owned: false, labels: &[], ..Shape::default() });
        assert_eq!(bench.sync(), counts(1, 0, 0), "{pod}");
    }
}

#[test]
fn case_015_and_016_host_ports_are_not_looked_at() {
    let set = Plain { container: "ports: [{hostPort: 666, containerPort: 666}]".into(), ..Plain::default() };
    let mut bench = Bench::new(&set);
    bench.nodes(0..2, &[]);
    bench.pod("node-0", Shape::default());
    bench.pod("node-1", Shape { owned: false, labels: &[], ..Shape::default() });
    assert_eq!(bench.sync(), counts(1, 0, 0));
    assert_eq!(bench.created_on, ["node-1"]);
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

#[test]
fn case_021_to_025_selectors_and_names_together() {
    for (number, pod, expected) in [
        (21, "nodeSelector: {color: red, speed: fast}", 0),
        (22, "nodeName: node-0", 1),
        (23, "nodeName: node-10", 0),
        (24, "nodeSelector: {color: blue, speed: fast}, nodeName: node-6", 1),
        (25, "nodeSelector: {color: blue, speed: fast}, nodeName: node-0", 0),
    ] {
        let mut bench = Bench::new(&Plain { pod: pod.into(), ..Plain::default() });
        labelled(&mut bench);
        assert_eq!(bench.sync(), counts(expected, 0, 0), "case {number}");
    }
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

#[test]
fn case_027_and_028_existing_pods() {
    let surge = Plain {
        strategy: "{type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}".into(),
        ..Plain::default()
    };
    let case = |set: Plain| {
        let mut bench = Bench::new(&set);
        bench.nodes(0..5, &[]);
        bench.pods("node-1", 1, L1);
        bench.pods("node-2", 2, L1);
        bench.pods("node-3", 5, L1);
        bench.pods("node-4", 2, L2);
        assert_eq!(bench.sync(), counts(2, 5, 0));
        assert_eq!(bench.created_on, ["node-0", "node-4"]);
    };
    both(case);
    case(surge);
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

#[test]
fn case_031_grouping_by_node() {
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
    let mut groups = Vec::new();
    let daemonset = bench.daemonset();
    pods_by_node(&bench.world, &daemonset, |here| groups.push((here.name.to_string(), here.pods.len())));
    assert_eq!(groups, [("node-0".to_owned(), 4), ("node-1".to_owned(), 4)]);
}

// ------------------------------------------------------------ 4. failed pods

#[test]
fn case_033_to_036_failed_pods() {
    both(|set| {
        for (number, failed, normal, expected) in
            [(33, 0, 1, NOTHING), (34, 0, 0, counts(1, 0, 0)), (35, 1, 0, counts(0, 1, 1)), (36, 1, 3, counts(0, 3, 1))]
        {
            let mut bench = Bench::new(&set);
            bench.nodes(0..1, &[]);
            for _ in 0..failed {
                bench.pod("node-0", Shape { phase: PodPhase::Failed, ..Shape::default() });
            }
            bench.pods("node-0", normal, L1);
            assert_eq!(bench.sync(), expected, "case {number}");
        }
    });
}

#[test]
fn case_037_to_039_failed_pods_back_off() {
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
        assert_eq!(bench.sync(), NOTHING);
        assert_eq!(bench.memory.in_backoff(&key, bench.now), Some(&delay));
        bench.now = bench.now + SimDuration(delay.delay.0 - 1);
        assert!(bench.memory.in_backoff(&key, bench.now).is_some());
        bench.now = bench.now + SimDuration(1);
        assert_eq!(bench.memory.in_backoff(&key, bench.now), None);
        assert_eq!(bench.sync(), counts(0, 1, 1));
    });
}

// ------------------------------------------------------------ 5. taints

#[test]
fn case_040_to_044_taints() {
    let tolerating = || toleration("key: dedicated, value: user1, effect: NoSchedule");
    for (number, set, taint, pods, expected) in [
        (40, Plain::default(), "dedicated=user1:NoSchedule", 1, NOTHING),
        (41, Plain::default(), "dedicated=user1:NoExecute", 1, counts(0, 1, 0)),
        (42, Plain::default(), "dedicated=user1:NoSchedule", 0, NOTHING),
        (43, tolerating(), "dedicated=user1:NoSchedule", 0, counts(1, 0, 0)),
        (44, tolerating(), "", 0, counts(1, 0, 0)),
    ] {
        let mut bench = Bench::new(&set);
        bench.nodes(0..1, &[]);
        bench.taint("node-0", taint);
        bench.pods("node-0", pods, L1);
        assert_eq!(bench.sync(), expected, "case {number}");
    }
}

#[test]
fn case_045_to_047_taints_that_daemon_pods_tolerate() {
    for (taints, expected) in [
        ("node.kubernetes.io/not-ready:NoExecute", 1),
        ("node.kubernetes.io/unreachable:NoExecute", 1),
        (
            "node.kubernetes.io/disk-pressure:NoSchedule node.kubernetes.io/memory-pressure:NoSchedule \
             node.kubernetes.io/pid-pressure:NoSchedule",
            1,
        ),
        // The twin that a real cluster sets as well.
        ("node.kubernetes.io/not-ready:NoExecute node.kubernetes.io/not-ready:NoSchedule", 0),
        ("node.kubernetes.io/unreachable:NoExecute node.kubernetes.io/unreachable:NoSchedule", 0),
    ] {
        let mut bench = Bench::new(&Plain::default());
        bench.nodes(0..1, &[]);
        bench.taint("node-0", taints);
        assert_eq!(bench.sync(), counts(expected, 0, 0), "{taints}");
    }
}

// ------------------------------------------------------------ 6. eligibility

#[test]
fn case_048_to_057_eligibility() {
    let runs = Placement { should_run: true, should_continue: true };
    let not = Placement { should_run: false, should_continue: false };
    let request = |memory: &str| format!("resources: {{requests: {{memory: {memory}}}}}");
    let ports = "ports: [{hostPort: 666, containerPort: 666}]".to_owned();
    let selector = |labels: &str| format!("nodeSelector: {{{labels}}}");
    let none = String::new;
    for (number, pod, container, expected) in [
        (48, none(), request("50M"), runs),
        (49, none(), request("200M"), runs),
        (50, "nodeName: other-node".to_owned(), none(), not),
        (51, none(), ports, runs),
        (52, none(), request("100M"), runs),
        (53, selector("name: simple-daemon, type: test"), none(), not),
        (54, selector("name: simple-daemon, type: production"), none(), runs),
        (55, affinity("type", "test"), none(), not),
        (56, affinity("type", "production"), none(), runs),
        (57, none(), none(), runs),
    ] {
        let mut bench = Bench::new(&Plain { pod, container, ..Plain::default() });
        bench.nodes(0..1, L1);
        bench.patch_node("node-0", Patch::Unschedulable(number == 57));
        bench.pod("node-0", Shape { owned: false, labels: &[], ..Shape::default() });
        let daemonset = bench.daemonset();
        let node = bench.world.nodes.get("node-0").unwrap();
        assert_eq!(Placer::new(&daemonset.spec).place(node), expected, "case {number}");
    }
}

// ------------------------------------------------------------ 7. queueing

#[test]
fn case_060_nothing_is_done_while_it_is_deleted() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.pod("node-0", Shape { owned: false, ..Shape::default() });
    bench.delete_in_the_foreground();
    assert_eq!(bench.sync(), NOTHING);
}

#[test]
fn case_062_to_067_node_events() {
    let mut bench = Bench::new(&Plain::on(N1));
    bench.nodes(0..1, &[]);
    let own = Wake::Enqueue(bench.key.clone());
    let node = Wake::Node("node-0".into());
    // 65 and 62: neither amounts nor conditions nor cordoning matter.
    let amounts = Arc::new([("cpu".to_owned(), 1)].into());
    for ignored in [Patch::Allocatable(amounts), Patch::Unschedulable(true)] {
        let delta = bench.patch_node("node-0", ignored);
        assert_eq!(bench.observe(&delta), []);
    }
    let enqueued = |bench: &Bench| {
        let node = bench.world.nodes.get("node-0").unwrap();
        sync_node_update(&bench.world, node).into_iter().map(Wake::Enqueue).collect::<Vec<_>>()
    };
    assert_eq!(enqueued(&bench), []);
    // 63: the labels match now.
    let labels = N1.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect();
    let delta = bench.patch_node("node-0", Patch::Labels(labels));
    assert_eq!(bench.observe(&delta), std::slice::from_ref(&node));
    assert_eq!(enqueued(&bench), std::slice::from_ref(&own));
    // 64: a taint comes and goes.
    bench.taint("node-0", "dedicated=user1:NoSchedule");
    assert_eq!(enqueued(&bench), []);
    let delta = bench.patch_node("node-0", Patch::Taints(Arc::from([])));
    assert_eq!(bench.observe(&delta), std::slice::from_ref(&node));
    assert_eq!(enqueued(&bench), std::slice::from_ref(&own));
    // 66: a pod that was on the wrong node is on a right one.
    bench.pod("node-0", Shape::default());
    assert_eq!(enqueued(&bench), []);
    bench.set_status(|status| status.number_misscheduled = 1);
    assert_eq!(enqueued(&bench), [own]);
    // 67: every new node is looked at.
    let delta = bench.nodes(1..2, &[]);
    assert_eq!(bench.observe(&delta), [Wake::Node("node-1".into())]);
}

#[test]
fn case_068_and_069_pods_of_others_wake_nobody() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    let foreign = bench.pod("node-0", Shape { owned: false, labels: &[], ..Shape::default() });
    let delta = bench.remove_pod(&foreign);
    assert_eq!(bench.observe(&delta), []);
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

#[test]
fn case_070_to_075_orphans_wake_whoever_matches() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..1, &[]);
    bench.add_daemonset("foo-2", L1);
    bench.add_daemonset("foo-3", L2);
    let wakes = |names: &[&str]| {
        let wake = |name: &&str| Wake::Enqueue(everynode::api::ObjectKey::new("default", *name));
        names.iter().map(wake).collect::<Vec<_>>()
    };
    let orphan = bench.pod("node-0", Shape { owned: false, ..Shape::default() });
    let added = bench.last_delta();
    assert_eq!(bench.observe(&added), wakes(&["foo", "foo-2"]), "case 70");
    let delta = bench.set_ready(&orphan, true);
    assert_eq!(bench.observe(&delta), [], "case 71");
    let delta = bench.label_pod(&orphan, "type", "other");
    assert_eq!(bench.observe(&delta), []);
    let delta = bench.label_pod(&orphan, "type", "production");
    assert_eq!(bench.observe(&delta), wakes(&["foo", "foo-2"]), "case 72");
    let delta = bench.adopt(&orphan, "foo-2");
    assert_eq!(bench.observe(&delta), wakes(&["foo-2"]));
    let delta = bench.release(&orphan);
    assert_eq!(bench.observe(&delta), wakes(&["foo-2", "foo", "foo-2"]), "case 74");
    let delta = bench.remove_pod(&orphan);
    assert_eq!(bench.observe(&delta), [], "case 75");
}

// ------------------------------------------------------------ 8. status

#[test]
fn case_076_and_077_ready_pods_and_the_observed_generation() {
    let mut bench = Bench::new(&Plain::default());
    bench.nodes(0..2, &[]);
    bench.pods("node-0", 1, L1);
    bench.pods("node-1", 1, L1);
    bench.sync();
    assert_eq!(bench.daemonset().status.number_ready, 0);
    assert_eq!(bench.daemonset().status.observed_generation, 1);
    bench.all_ready();
    bench.sync();
    assert_eq!(bench.daemonset().status.number_ready, 2);
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

#[test]
fn case_085_and_086_old_healthy_pods_are_saved() {
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

#[test]
fn case_092_to_096_unready_old_pods_and_min_ready_seconds() {
    let mut bench = Bench::new(&surge(3, "a"));
    bench.nodes(0..5, &[]);
    assert_eq!(bench.sync(), counts(5, 0, 0));
    bench.update(&surge(3, "b"));
    assert_eq!([bench.sync(), bench.sync()], [counts(5, 0, 0), counts(0, 5, 0)], "case 92");
    bench.now = seconds(200);
    bench.all_ready();
    bench.now = seconds(300);
    bench.update(&Plain { min_ready_seconds: 15, ..surge(3, "c") });
    assert_eq!(bench.sync(), counts(3, 0, 0), "case 93");
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
    assert_eq!(bench.sync(), counts(1, 0, 0), "case 94");
    bench.now = seconds(320);
    assert_eq!(bench.sync(), counts(1, 3, 0), "case 95");
    for key in bench.pods_of_image("c") {
        bench.set_ready(&key, true);
    }
    bench.now = seconds(340);
    assert_eq!(bench.sync(), counts(0, 2, 0), "case 96");
    bench.now = seconds(350);
    assert_eq!(bench.sync(), NOTHING, "case 96");
}

#[test]
fn case_097_to_100_which_of_three_pods_stay() {
    for (number, min_ready_seconds, current_ready_since, oldest_ready, deleted) in [
        (97, 0, None, true, 1),
        (98, 0, None, false, 2),
        (99, 15, Some(seconds(100)), true, 1),
        (100, 15, Some(seconds(90)), true, 2),
    ] {
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
        assert_eq!(bench.sync(), counts(3, deleted, 0), "case {number}");
        assert!(!bench.world.pods.contains_key(&younger), "case {number}");
        assert_eq!(bench.world.pods.contains_key(&oldest), deleted == 1, "case {number}");
    }
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

#[test]
fn case_102_to_109_numbers() {
    for (number, rolling, nodes, expected) in [
        (102, "maxUnavailable: 0", 0, (0, 0, 0)),
        (103, "maxUnavailable: 1", 2, (0, 1, 2)),
        (104, "maxUnavailable: 0", 2, (0, 1, 2)),
        (105, "maxUnavailable: 0, maxSurge: 0", 2, (0, 1, 2)),
        (106, "maxUnavailable: 50%", 2, (0, 1, 2)),
        (107, "maxUnavailable: 0, maxSurge: 50%", 2, (1, 0, 2)),
        (108, "maxUnavailable: 0, maxSurge: 100%", 2, (2, 0, 2)),
        (109, "maxUnavailable: 50%", 3, (0, 2, 3)),
    ] {
        let strategy = format!("{{type: RollingUpdate, rollingUpdate: {{{rolling}}}}}");
        let mut bench = Bench::new(&Plain { strategy, ..Plain::default() });
        bench.nodes(0..nodes, &[]);
        let daemonset = bench.daemonset();
        let everynode::api::UpdateStrategy::RollingUpdate { max_unavailable, max_surge } =
            daemonset.spec.update_strategy
        else {
            panic!("not a rolling update")
        };
        let numbers = rollout_numbers(&bench.world, &daemonset, max_unavailable, max_surge);
        assert_eq!((numbers.max_surge, numbers.max_unavailable, numbers.desired), expected, "case {number}");
    }
}

// ------------------------------------------------------------ 12. history

#[test]
fn case_110_and_111_matching_revisions_of_the_namespace_are_adopted() {
    let mut bench = Bench::new(&Plain::default());
    bench.sync();
    let own = bench.add_revision("default", "own", 7, true);
    let orphan = bench.add_revision("default", "orphan", 8, false);
    let elsewhere = bench.add_revision("kube-system", "elsewhere", 9, false);
    bench.sync();
    let controlled = |key| bench.world.revisions.get(key).is_some_and(|it| it.meta.controller().is_some());
    assert_eq!((controlled(&own), controlled(&orphan), controlled(&elsewhere)), (true, true, false));
    let uid = bench.daemonset().meta.uid;
    let numbers = bench.world.revisions.values().filter(|it| it.meta.controller().is_some_and(|it| it.uid == uid));
    assert_eq!(numbers.map(|it| it.revision).max(), Some(9), "the current one comes after all adopted ones");
}

// ------------------------------------------------------------ 13. helper functions

#[test]
fn case_112_to_119_whether_a_pod_is_updated() {
    let bench = Bench::new(&Plain::default());
    for (number, generation, hash, current_hash, expected) in [
        (112, Some("12345"), Some("55555"), "55555", true),
        (113, Some("12345"), Some("other"), "55555", true),
        (114, Some("12345"), None, "55555", true),
        (115, Some("12345"), None, "", true),
        (116, Some("12345"), Some("55555"), "", true),
        (117, Some("1"), Some("55555"), "55555", true),
        (118, Some("1"), Some("1"), "55555", false),
        (119, None, None, "55555", false),
        (119, None, None, "", false),
    ] {
        let mut pod = PodMaker::new(&bench.daemonset(), "x").for_node(&"node-0".into());
        pod.meta.labels = Arc::new(
            [("pod-template-generation", generation), ("controller-revision-hash", hash)]
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
                .collect(),
        );
        let mut daemonset = (*bench.daemonset()).clone();
        let annotations = Arc::make_mut(&mut daemonset.meta.annotations);
        annotations.insert("deprecated.daemonset.template.generation".into(), "12345".into());
        let current = Current::new(&daemonset, current_hash);
        assert_eq!(current.is_updated(&pod), expected, "case {number}");
    }
}

#[test]
fn case_120_and_121_labels_of_new_pods() {
    let bench = Bench::new(&Plain::default());
    for hash in ["", "3242341807"] {
        let pod = PodMaker::new(&bench.daemonset(), hash).for_node(&"node-0".into());
        assert_eq!(pod.meta.label("pod-template-generation"), Some("1"));
        assert_eq!(pod.meta.label("controller-revision-hash"), Some(hash).filter(|hash| !hash.is_empty()));
    }
}

#[test]
fn case_122_to_128_the_affinity_is_replaced() {
    let required = |terms: &str| {
        format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: {terms}}}}}}}"
        )
    };
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: \
                     disk, operator: In, values: [ssd]}]}}]";
    for (number, pod) in [
        (122, String::new()),
        (123, required("[{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [host_1]}]}]")),
        (124, format!("affinity: {{nodeAffinity: {{{preferred}}}}}")),
        (125, required("[{matchFields: [{key: metadata.name, operator: In, values: [host_1, host_2]}]}]")),
        (
            126,
            required(
                "[{matchExpressions: [{key: a, operator: Exists}]}, {matchFields: [{key: metadata.name, operator: In, \
                 values: [host_2]}]}]",
            ),
        ),
        (127, required("[{matchFields: [{key: metadata.name, operator: NotIn, values: [host_2]}]}]")),
        (128, required("[{matchFields: [{key: metadata.foo, operator: In, values: [bar]}]}]")),
    ] {
        let bench = Bench::new(&Plain { pod, ..Plain::default() });
        let pod = PodMaker::new(&bench.daemonset(), "x").for_node(&"host_1".into()).to_value();
        let node_affinity = pod.at(&["spec", "affinity", "nodeAffinity"]).unwrap();
        assert_eq!(
            node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution").unwrap().to_json(),
            r#"{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["host_1"]}]}]}"#,
            "case {number}"
        );
        let kept = node_affinity.get("preferredDuringSchedulingIgnoredDuringExecution").is_some();
        assert_eq!(kept, number == 124, "case {number}");
    }
}

#[test]
fn case_129_to_132_the_node_that_a_pod_is_meant_for() {
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
    assert_eq!(bare("nodeName: node-1").as_deref(), Some("node-1"));
    assert_eq!(named("node-1").as_deref(), Some("node-1"));
    assert_eq!(named("node-1, node-2"), None);
    assert_eq!(bare("hostNetwork: false"), None);
}
