//! Looking ahead and looking back: what a dry run foretells is what comes, and the plot shows what was.

use everynode::api::{DaemonSetStatus, Kind, ObjectKey, SimDuration, SimTime};
use everynode::engine::{Command, DryRun, Forecast, Limits, NodeFuture, Range, Scenario, Sim, check};
use everynode::manifest::diff::Change;
use everynode::store::World;
use everynode::view::ahead::{self, Ahead};
use everynode::view::{ObjectRef, Plots, branch, track, words};

fn manifest(image: &str, strategy: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  {strategy}
  selector: {{matchLabels: {{app: agent}}}}
  template:
    metadata: {{labels: {{app: agent}}}}
    spec:
      {more}
      containers:
      - {{name: agent, image: '{image}'}}
"
    )
}

const EVERYWHERE: &str = "tolerations: [{operator: Exists}]";
const SURGE: &str = "updateStrategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 50%}}";
const TWO: &str = "updateStrategy: {rollingUpdate: {maxUnavailable: 2}}";

fn key() -> ObjectKey {
    ObjectKey::new("default", "agent")
}

fn apply(image: &str, strategy: &str, more: &str) -> Command {
    Command::Apply { text: manifest(image, strategy, more) }
}

/// Six nodes that all run the first version.
fn running(strategy: &str) -> Sim {
    let mut sim = Sim::new(&Scenario::walk_through());
    assert!(sim.submit(apply("agent:1", strategy, EVERYWHERE)).errors.is_empty());
    sim.run_until_quiet();
    sim
}

fn forecast(sim: &Sim, command: Command, runs: usize) -> Forecast {
    let mut dry_run = DryRun::new(sim, command, vec![key()], runs);
    // Slices of any size come to the same.
    while dry_run.step(7) {}
    assert_eq!(dry_run.runs_done(), runs);
    dry_run.forecasts()[0].clone()
}

/// Pods that nobody deletes.
fn staying(world: &World) -> usize {
    world.pods.values().filter(|pod| !pod.is_terminating()).count()
}

fn futures(forecast: &Forecast) -> Vec<NodeFuture> {
    forecast.nodes.iter().map(|it| it.future).collect()
}

#[test]
fn a_dry_run_foretells_what_comes_and_touches_nothing() {
    for (strategy, waves) in [("", 6), (TWO, 3), (SURGE, 2)] {
        let mut sim = running(strategy);
        let command = apply("agent:2", strategy, EVERYWHERE);
        let untouched = (sim.world().clone(), sim.history().records().len(), sim.now());
        let told = forecast(&sim, command.clone(), 1);
        assert_eq!((sim.world().clone(), sim.history().records().len(), sim.now()), untouched);

        let (begin, first) = (sim.now(), sim.history().records().len());
        let names: Vec<_> = sim.world().pods.keys().cloned().collect();
        sim.submit(command);
        sim.run_until_quiet();
        let status = &sim.world().daemonsets.get(&key()).expect("it is there").status;
        assert_eq!(
            (told.settles, i64::from(told.after.updated)),
            (true, status.updated_number_scheduled),
            "{strategy}"
        );
        assert!(sim.world().pods.keys().all(|name| !names.contains(name)), "all are replaced");
        assert_eq!(futures(&told), [NodeFuture::Replaced; 6]);

        // Counted another way: from the worlds after each record.
        let history = sim.history();
        let (mut fewest, mut most, mut last) = (i64::MAX, 0, begin);
        let mut before = None;
        for records in first..=history.records().len() {
            let world = history.world_after(records);
            let set = world.daemonsets.get(&key()).expect("it is there");
            let now = (set.status, staying(&world));
            fewest = fewest.min(set.status.number_available);
            most = most.max(staying(&world));
            let counts = |(status, pods): &(DaemonSetStatus, usize)| {
                (
                    status.desired_number_scheduled,
                    status.number_ready,
                    status.updated_number_scheduled,
                    status.number_available,
                    status.number_unavailable,
                    *pods,
                )
            };
            if before.as_ref().map(counts) != Some(counts(&now)) && records > first {
                last = history.records()[records - 1].at;
            }
            before = Some(now);
        }
        assert_eq!(told.takes, Some(Range { least: last.since(begin), most: last.since(begin) }), "{strategy}");
        assert_eq!(told.fewest_available.map(|it| i64::from(it.least)), Some(fewest), "{strategy}");
        assert_eq!(told.most_pods.map(|it| it.most as usize), Some(most), "{strategy}");
        assert_eq!(told.waves, Some(Range { least: waves, most: waves }), "{strategy}");
    }
}

#[test]
fn several_seeds_give_a_range_that_holds_the_first() {
    let sim = running("");
    let one = forecast(&sim, apply("agent:2", "", EVERYWHERE), 1).takes.expect("it ran");
    let many = forecast(&sim, apply("agent:2", "", EVERYWHERE), 20).takes.expect("it ran");
    assert!(many.least <= one.least && one.most <= many.most);
    assert!(many.most > many.least, "chance makes a difference");
    assert_eq!(
        many,
        forecast(&sim, apply("agent:2", "", EVERYWHERE), 20).takes.expect("the same seeds, the same range")
    );
}

#[test]
fn each_node_is_told_what_becomes_of_it_and_why() {
    let mut sim = running("");
    sim.submit(Command::RemoveNode { name: "worker-3".to_owned() });
    sim.run_until_quiet();
    let node = everynode::engine::NodeTemplate::worker("worker-9");
    sim.submit(Command::AddNodes { template: node, count: 1 });
    // Before the controller has seen the new node.
    let told = forecast(&sim, apply("agent:2", "", ""), 1);
    let of = |name: &str| told.nodes.iter().find(|it| &*it.node == name).expect("the node is told of");
    assert_eq!(of("worker-1").future, NodeFuture::Replaced);
    assert!(of("worker-1").why.contains("revision is old"), "{}", of("worker-1").why);
    // The taint of the control plane is NoSchedule: the pod there may stay, so the update replaces it never or removes it.
    assert!(!of("master-1").why.is_empty());
    assert_eq!(of("worker-9").future, NodeFuture::Created);
    assert!(of("worker-9").why.contains("has no pod of it"), "{}", of("worker-9").why);

    let same = forecast(&running(""), apply("agent:1", "", EVERYWHERE), 1);
    assert_eq!(futures(&same), [NodeFuture::Kept; 6]);
    assert_eq!(same.takes.map(|it| it.most), Some(SimDuration::ZERO));

    let narrower = apply("agent:1", "", "tolerations: [{operator: Exists}]\n      nodeSelector: {disk: ssd}");
    let told = forecast(&running(""), narrower, 1);
    assert_eq!(futures(&told), [NodeFuture::Removed; 6]);
    assert!(told.nodes[0].why.contains("disk=ssd"), "{}", told.nodes[0].why);

    let on_delete = forecast(&running(""), apply("agent:2", "updateStrategy: {type: OnDelete}", EVERYWHERE), 1);
    assert_eq!(futures(&on_delete), [NodeFuture::Kept; 6]);
    assert!(on_delete.nodes[0].why.contains("OnDelete"), "{}", on_delete.nodes[0].why);
}

#[test]
fn a_rollout_that_gets_stuck_is_told_of_as_such() {
    let sim = running("");
    let told = forecast(&sim, apply("agent:bad", "", EVERYWHERE), 2);
    assert!(!told.settles, "{told:?}");
    assert_eq!(told.nodes.iter().filter(|it| it.future == NodeFuture::Replaced).count(), 1);
    assert!(!told.nodes.iter().find(|it| it.future == NodeFuture::Replaced).expect("one").ready);
    assert!(told.nodes.iter().any(|it| it.future == NodeFuture::Kept && it.why.contains("the rollout stops")));
}

#[test]
fn a_rollout_that_takes_long_is_not_taken_for_stuck() {
    let slow = "minReadySeconds: 200";
    let told = forecast(&running(slow), apply("agent:2", slow, EVERYWHERE), 1);
    assert!(told.settles, "{told:?}");
    assert!(told.takes.is_some_and(|it| it.least.0 > 1_200_000_000), "{:?}", told.takes);
}

#[test]
fn a_refused_command_is_told_at_once_and_a_stopped_run_counts_as_it_stands() {
    let sim = running("");
    let text = manifest("agent:2", "", EVERYWHERE).replace("matchLabels: {app: agent}", "matchLabels: {app: other}");
    let mut refused = DryRun::new(&sim, Command::Apply { text }, vec![key()], 3);
    assert!(refused.is_done() && !refused.step(1));
    assert!(!refused.errors.is_empty());

    let mut stopped = DryRun::new(&sim, apply("agent:2", "", EVERYWHERE), vec![key()], 3);
    stopped.step(100);
    assert!(stopped.progress().is_some() && stopped.forecasts()[0].runs == 0);
    stopped.stop();
    assert!(stopped.is_done() && !stopped.forecasts()[0].settles && stopped.forecasts()[0].stopped_after.is_some());
}

#[test]
fn what_becomes_of_each_node_is_told_before_anything_has_been_run() {
    let fewer = EVERYWHERE.replace("operator: Exists", "operator: Exists, effect: PreferNoSchedule");
    assert_ne!(fewer, EVERYWHERE);
    let empty = Sim::new(&Scenario::walk_through());
    for (sim, strategy, rest) in [
        (&empty, "", EVERYWHERE),
        (&empty, "", ""),
        (&running(""), "", EVERYWHERE),
        (&running(""), SURGE, EVERYWHERE),
        (&running(""), "updateStrategy: {type: OnDelete}", EVERYWHERE),
        (&running(""), "", ""),
        (&running(""), "", "nodeSelector: {disk: ssd}"),
        (&running(""), "", fewer.as_str()),
    ] {
        let command = apply("agent:2", strategy, rest);
        let mut dry_run = DryRun::new(sim, command, vec![key()], 1);
        let at_once = dry_run.forecasts()[0].clone();
        assert_eq!((at_once.runs, at_once.takes, at_once.waves), (0, None, None));
        while dry_run.step(1000) {}
        let after = &dry_run.forecasts()[0];
        assert_eq!(at_once.after.desired, after.after.desired, "{strategy} {rest}");
        assert_eq!(futures(&at_once), futures(after), "{strategy} {rest}");
        for (early, late) in at_once.nodes.iter().zip(&after.nodes) {
            assert_eq!(early.node, late.node);
            if !matches!(late.future, NodeFuture::Replaced | NodeFuture::Removed) {
                assert_eq!(early.why, late.why, "{strategy} {rest}");
            }
        }
    }
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_findings() {
    let text = manifest("agent:2", "", EVERYWHERE).replacen("spec:\n", "spec:\n  replicas: 3\n", 1);
    let shown = told(&running(""), &text, 1);
    assert_eq!(shown.errors.len(), 1, "{shown:?}");
    assert!(shown.errors[0].starts_with("Line ") && shown.errors[0].contains("replicas"), "{shown:?}");
    assert!(!shown.errors[0].contains("map["), "{shown:?}");
}

fn told(sim: &Sim, text: &str, runs: usize) -> Ahead {
    let check = check(text);
    let command = Command::Apply { text: text.to_owned() };
    let mut dry_run = DryRun::new(sim, command, ahead::daemonsets(&check), runs);
    while dry_run.step(1000) {}
    ahead::ahead(&check, &dry_run)
}

#[test]
fn the_panel_shows_figures_nodes_and_a_diff_without_the_servers_defaults() {
    let shown = told(&running(""), &manifest("agent:2", SURGE, EVERYWHERE), 20);
    let set = &shown.sets[0];
    let figures: Vec<String> = set.figures.iter().map(|(figure, words)| format!("{figure} {words}")).collect();
    assert_eq!(figures[0], "6 → 6 nodes with a pod");
    assert_eq!(figures[1], "2 waves at most 50% extra at a time");
    assert!(figures[2].ends_with("at the present start times, over 20 seeds"), "{figures:?}");
    assert_eq!(figures[3], "6 of 6 fewest available on the way");
    assert_eq!(figures[4], "9 most pods on the way");
    assert_eq!((set.nodes.len(), set.more, set.remark.as_str()), (6, 0, ""));
    let lines: Vec<String> =
        shown.diffs[0].lines.iter().map(|(change, line)| format!("{}{line}", change.sign())).collect();
    let text = lines.join("\n");
    for part in ["-      - image: agent:1\n+      - image: agent:2", "-      maxSurge: 0\n", "+      maxSurge: 50%"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("terminationMessagePath") && !text.contains("dnsPolicy"), "{text}");
    assert!(!text.contains("last-applied"), "{text}");
    assert!(shown.diffs[0].folded > 5, "{}", shown.diffs[0].folded);
}

#[test]
fn the_panel_tells_of_a_new_daemonset_of_no_change_and_of_errors() {
    let fresh = Sim::new(&Scenario::walk_through());
    let shown = told(&fresh, &manifest("agent:1", "", ""), 2);
    assert_eq!(shown.sets[0].figures[0], ("0 → 3".to_owned(), "nodes with a pod; 3 are without".to_owned()));
    assert!(shown.diffs[0].lines.iter().all(|(change, _)| *change == Change::Added));
    assert!(!shown.diffs[0].lines.iter().any(|(_, line)| line.contains("terminationMessagePath")));

    let shown = told(&running(""), &manifest("agent:1", "", EVERYWHERE), 1);
    assert_eq!(shown.diffs, []);
    // Where no pod comes or goes, there is no time that it takes.
    assert_eq!(shown.sets[0].figures.len(), 1);

    let shown = told(&running(""), "kind: DaemonSet\n", 1);
    assert!(!shown.errors.is_empty() && shown.sets.is_empty() && shown.diffs.is_empty());

    let shown = told(&running(""), &manifest("agent:bad", "", EVERYWHERE), 1);
    assert!(shown.sets[0].remark.contains("1 of 6 updated, 5 available"), "{}", shown.sets[0].remark);
}

#[test]
fn the_plot_is_the_status_over_time_and_tells_two_strategies_apart() {
    let rolled = |strategy: &str| {
        let mut sim = running(strategy);
        let begin = sim.now().micros();
        sim.submit(apply("agent:2", strategy, EVERYWHERE));
        sim.run_until_quiet();
        (begin, sim)
    };
    let (begin, one) = rolled("");
    let (also, two) = rolled(SURGE);
    assert_eq!(begin, also);
    let plots = [&one, &two].map(|sim| Plots::of(sim.history().records()));
    for (sim, plots) in [&one, &two].into_iter().zip(&plots) {
        let plot = plots.get(&key()).expect("it has a plot");
        for (at, numbers) in plot.points() {
            let world = sim.history().world_after(sim.history().records_at(SimTime::from_micros(*at)));
            let status = world.daemonsets.get(&key()).map(|set| set.status).unwrap_or_default();
            assert_eq!(i64::from(numbers.ready), status.number_ready);
            assert_eq!(i64::from(numbers.updated), status.updated_number_scheduled);
            assert_eq!(i64::from(numbers.unavailable), status.number_unavailable);
            assert_eq!(numbers.pods as usize, staying(&world));
        }
    }
    let rollouts = [&plots[0], &plots[1]].map(|plots| plots.get(&key()).expect("a plot").rollout(begin, u64::MAX));
    assert_eq!(rollouts.map(|it| (it.fewest_available, it.most_pods)), [(5, 6), (6, 9)]);
    assert!(rollouts[0].took > rollouts[1].took && rollouts[1].took.is_some());
    let told = forecast(&running(SURGE), apply("agent:2", SURGE, EVERYWHERE), 1);
    assert_eq!(rollouts[1].took, told.takes.map(|it| it.least.0), "as foretold");
}

#[test]
fn a_fork_keeps_what_was_before_and_the_branches_differ_after() {
    let mut sim = running("");
    let fork_at = sim.history().records().len();
    sim.submit(apply("agent:2", "", EVERYWHERE));
    sim.run_until_quiet();
    for records in [0, 1, fork_at / 2, fork_at, sim.history().records().len() - 3] {
        let mut fork = sim.fork_at(records);
        assert_eq!(fork.world(), &sim.history().world_after(records), "after {records}");
        assert_eq!(fork.history().records(), &sim.history().records()[..records]);
        let again = Sim::new(fork.scenario());
        assert!(again.history().records().len() <= records);
        let outcome = fork.submit(Command::Cordon { name: "worker-1".to_owned(), on: true });
        assert!(outcome.errors.is_empty());
        fork.run_until_quiet();
        assert!(fork.world().nodes.get("worker-1").expect("it is there").unschedulable);
        assert!(!sim.world().nodes.get("worker-1").expect("it is there").unschedulable, "the other branch stays");
    }
}

#[test]
fn going_back_act_by_act_gives_the_worlds_that_going_forth_gave() {
    let mut sim = running(SURGE);
    sim.submit(apply("agent:2", SURGE, EVERYWHERE));
    sim.run_until_quiet();
    let records = sim.history().records();
    let mut world = sim.world().clone();
    for count in (0..records.len()).rev() {
        for delta in records[count].deltas.iter().rev() {
            world.revert(delta);
        }
        assert!(world == sim.history().world_after(count), "before record {count}");
    }
}

#[test]
fn lanes_have_each_act_once_a_column_and_the_landmarks_are_the_readers() {
    let mut sim = running("");
    sim.submit(apply("agent:2", "", EVERYWHERE));
    sim.run_until_quiet();
    let records = sim.history().records();
    let end = sim.now().micros();
    let fine = track::lanes(records, 0, end, end);
    let acts = records.iter().filter(|record| record.is_act()).count();
    let marks: usize = fine.iter().map(Vec::len).sum();
    assert!(marks > acts / 2 && marks <= acts, "{marks} of {acts}");
    let coarse = track::lanes(records, 0, end, 10);
    assert!(coarse.iter().all(|lane| lane.len() <= 10 * 5 + 5));
    let landmarks = track::landmarks(records, 0, end);
    assert_eq!(landmarks.len(), 2);
    assert_eq!(landmarks[0], (0, "Apply agent".to_owned()));

    let pod = records.iter().find(|record| record.object.kind == Kind::Pod).expect("a pod");
    let node = ObjectRef::node(pod.node.as_ref().expect("it has a node"));
    let set = ObjectRef { kind: Kind::DaemonSet, key: key() };
    assert!(track::is_about(pod, &node) && track::is_about(pod, &set));
    assert!(!track::is_about(pod, &ObjectRef::node(&"no-such-node".into())));
}

#[test]
fn a_branch_is_called_by_what_it_changes() {
    let before = running("");
    let called = |command: Command| {
        let mut sim = before.clone();
        sim.submit(command.clone());
        branch::name(&command, before.world(), sim.world())
    };
    assert_eq!(called(apply("agent:2", SURGE, EVERYWHERE)), "maxSurge 50%");
    assert_eq!(called(apply("agent:2", TWO, EVERYWHERE)), "maxUnavailable 2");
    assert_eq!(called(apply("agent:2", "", EVERYWHERE)), "agent:2");
    assert_eq!(called(Command::Cordon { name: "worker-1".to_owned(), on: true }), "cordon worker-1");
    assert_eq!(branch::unique("x", |name| ["x", "x (2)"].contains(&name)), "x (3)");
}

/// A run of many acts keeps few keyframes, says so, and ends where no more can be kept.
#[test]
fn a_long_run_is_bounded_and_says_so() {
    let mut sim = Sim::new(&Scenario::with_workers(20));
    sim.limit(Limits { keyframe_every: 4, keyframes: 6, records: 150 });
    sim.submit(apply("agent:1", TWO, ""));
    sim.run_until(SimTime::MAX, 100);
    assert!(sim.history().keyframes() <= 6);
    for number in 2.. {
        sim.submit(apply(&format!("agent:{number}"), TWO, ""));
        sim.run_until_quiet();
        if sim.history().is_full() {
            break;
        }
    }
    let history = sim.history();
    assert!(history.keyframes() <= 6 && history.thinned_before() > 100);
    assert!(sim.is_quiet() && !sim.step() && sim.next_wake().is_none());
    let now = sim.now();
    sim.run_until(SimTime::MAX, usize::MAX);
    sim.run_until_quiet();
    assert_eq!(sim.now(), now, "nothing happens any more");
    assert!(words::limits(sim.history()).unwrap().contains("the most that are kept"));
    // A branch from before goes on.
    let mut branch = sim.fork_at(60);
    assert_eq!(branch.world(), &sim.history().world_after(branch.history().records().len()));
    assert!(branch.step());
    assert!(words::limits(branch.history()).unwrap().contains("fewer points"));
}
