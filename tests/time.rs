//! Looking ahead and looking back: what a dry run foretells is what comes, and the plot shows what was.

use everynode::api::{DaemonSetStatus, ObjectKey, SimDuration};
use everynode::engine::{Command, DryRun, Forecast, NodeFuture, Range, Scenario, Sim};

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
            let now = (set.status, world.pods.len());
            fewest = fewest.min(set.status.number_available);
            most = most.max(world.pods.len());
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
fn a_refused_command_is_told_at_once_and_a_stopped_run_counts_as_it_stands() {
    let sim = running("");
    let text = manifest("agent:2", "", EVERYWHERE).replace("matchLabels: {app: agent}", "matchLabels: {app: other}");
    let mut refused = DryRun::new(&sim, Command::Apply { text }, vec![key()], 3);
    assert!(refused.is_done() && !refused.step(1));
    assert!(!refused.errors.is_empty());

    let mut stopped = DryRun::new(&sim, apply("agent:2", "", EVERYWHERE), vec![key()], 3);
    stopped.step(100);
    assert!(stopped.progress().is_some() && stopped.forecasts().is_empty());
    stopped.stop();
    assert!(stopped.is_done() && !stopped.forecasts()[0].settles);
}
