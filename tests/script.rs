//! The script that a run is exported as, run through the simulator's own kubectl on an empty cluster: it leads to the same
//! cluster.

use everynode::api::{SimDuration, Taint};
use everynode::engine::{Command, NodeTemplate, Scenario, Sim};
use everynode::kubectl;
use everynode::view::script::script;

const AGENT: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers:
      - name: main
        image: nginx:1.16
";

/// As a shell would read the script, as far as its commands go.
fn play(script: &str) -> Sim {
    let mut sim = Sim::new(&Scenario::default());
    let (_, commands) = script.split_once("\n}\n").expect("the function pod");
    let mut lines = commands.lines();
    while let Some(line) = lines.next() {
        if let Some(seconds) = line.strip_prefix("sleep ") {
            let end = sim.now() + SimDuration::from_secs(seconds.parse().expect("seconds"));
            sim.run_until(end, usize::MAX);
            sim.wait_until(end);
        } else if let Some((command, word)) = line.split_once(" <<'") {
            let end = word.trim_end_matches('\'');
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            kubectl(&mut sim, command, &(text.join("\n") + "\n"));
        } else if !line.is_empty() && !line.starts_with('#') {
            let line = with_pods(&mut sim, line);
            kubectl(&mut sim, &line, "");
        }
    }
    sim.run_until_quiet();
    sim
}

/// Puts the pod's name in for each call of the script's function.
fn with_pods(sim: &mut Sim, line: &str) -> String {
    let Some((before, rest)) = line.split_once("\"$(pod ") else { return line.to_owned() };
    let (call, after) = rest.split_once(")\"").expect("it is closed");
    let words: Vec<&str> = call.split(' ').map(|word| word.trim_matches('\'')).collect();
    let [namespace, labels, node] = words[..] else { panic!("{call}") };
    let get = format!(
        "kubectl get pods -n {namespace} -l {labels} --field-selector spec.nodeName={node} --sort-by=.metadata.creationTimestamp -o name"
    );
    let found = kubectl(sim, &get, "");
    let first = found.lines().next().expect("there is such a pod");
    format!("{before}{first}{after}")
}

fn kubectl(sim: &mut Sim, line: &str, stdin: &str) -> String {
    let answer = kubectl::run(sim, line, &mut |name| (name == "-").then(|| stdin.to_owned()));
    let text: String = answer.chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    assert_eq!(answer.exit, 0, "{line}: {text}");
    text
}

/// What a cluster comes to: its nodes, its DaemonSets, and the pods by what they run and where.
fn outcome(sim: &Sim) -> Vec<String> {
    let world = sim.world();
    let nodes = world.nodes.values().map(|node| {
        let taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
        let ready = node.condition("Ready").map(|it| it.status);
        format!("{} {:?} {taints:?} {} {ready:?}", node.name(), node.meta.labels, node.unschedulable)
    });
    let sets =
        world.daemonsets.values().map(|set| format!("{} {:?}", set.meta.name, set.status.updated_number_scheduled));
    let mut pods: Vec<String> = world
        .pods
        .values()
        .map(|pod| {
            format!("{:?} {} {:?} {:?}", pod.spec.node_name, pod.spec.template.image(), pod.meta.labels, pod.is_ready())
        })
        .collect();
    pods.sort();
    nodes.chain(sets).chain(pods).collect()
}

fn run(sim: &mut Sim, command: Command) {
    let outcome = sim.submit(command);
    assert_eq!(outcome.errors, [] as [String; 0]);
    sim.run_until_quiet();
    sim.wait_until(sim.now() + SimDuration::from_secs(2));
}

fn a_pod_on(sim: &Sim, node: &str) -> String {
    let on = |pod: &&std::sync::Arc<everynode::api::Pod>| pod.spec.node_name.as_deref() == Some(node);
    sim.world().pods.values().find(on).expect("it runs").meta.name.to_string()
}

#[test]
fn the_script_of_a_run_leads_to_the_same_cluster() {
    let mut sim = Sim::new(&Scenario::walk_through());
    let apply = |text: &str| Command::Apply { text: text.to_owned() };
    run(&mut sim, apply(AGENT));
    let name = a_pod_on(&sim, "worker-2");
    run(&mut sim, Command::DeletePod { namespace: "default".into(), name, grace_period_seconds: None });
    run(&mut sim, Command::Cordon { name: "worker-1".into(), on: true });
    let taint = |text: &str| Taint::parse(text).expect("a taint");
    run(
        &mut sim,
        Command::Taint { name: "worker-3".into(), add: vec![taint("gpu=yes:NoExecute")], remove: Vec::new() },
    );
    let template = NodeTemplate {
        name: "extra".into(),
        labels: [("disk".to_owned(), "ssd".to_owned())].into(),
        taints: vec![taint("a=b:PreferNoSchedule")],
    };
    run(&mut sim, Command::AddNodes { template, count: 2 });
    run(&mut sim, Command::LabelNode { name: "extra-1".into(), labels: vec![("zone".into(), Some("z1".into()))] });
    run(&mut sim, apply(&AGENT.replace("1.16", "1.17")));
    let name = a_pod_on(&sim, "extra-2");
    run(
        &mut sim,
        Command::LabelPod { namespace: "default".into(), name, labels: vec![("app".into(), Some("released".into()))] },
    );
    run(&mut sim, Command::RemoveNode { name: "worker-2".into() });
    run(&mut sim, apply(&AGENT.replace("agent", "other")));
    let propagation = everynode::store::Propagation::Orphan;
    run(&mut sim, Command::DeleteDaemonSet { namespace: "default".into(), name: "other".into(), propagation });

    let text = script(&sim);
    let again = play(&text);
    assert_eq!(outcome(&again), outcome(&sim), "{text}");
    // Not by chance: it was a run in which something happened.
    assert!(sim.world().pods.len() > 5 && sim.world().nodes.len() == 7);
}
