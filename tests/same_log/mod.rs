//! One scenario with a bit of everything, for the promise that the log is the same natively and in the browser.

use everynode::api::{ConditionStatus, SimTime, Taint};
use everynode::engine::{Command, NodeTemplate, Scenario, Sim};
use everynode::store::Propagation;

const MANIFEST: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]
      containers: [{name: agent, image: 'agent:1'}]
";

/// The hash that `tests/same_log/hash.txt` says the log has.
pub fn expected() -> u64 {
    include_str!("hash.txt").trim().parse().unwrap_or_default()
}

/// Runs the scenario.
pub fn run() -> Sim {
    let mut sim = Sim::new(&Scenario { seed: 42, ..Scenario::with_workers(20) });
    let apply = |text: &str| Command::Apply { text: text.to_owned() };
    sim.submit(apply(MANIFEST));
    sim.run_until(SimTime(1_500_000), usize::MAX);
    sim.submit(apply(&MANIFEST.replace("agent:1", "agent:slow")));
    sim.run_until(SimTime(5_000_000), usize::MAX);
    sim.submit(Command::AddNodes { template: NodeTemplate::worker("late"), count: 3 });
    sim.submit(Command::Kubelet { name: "worker-3".to_owned(), running: false });
    sim.submit(Command::RemoveNode { name: "worker-4".to_owned() });
    let taint = Taint::new("dedicated", "gpu", "NoExecute");
    sim.submit(Command::Taint { name: "worker-5".to_owned(), add: vec![taint], remove: Vec::new() });
    sim.submit(Command::SetCondition {
        name: "worker-6".to_owned(),
        condition: "Ready".to_owned(),
        status: ConditionStatus::False,
    });
    sim.run_until_quiet();
    sim.submit(Command::RolloutUndo { namespace: "default".to_owned(), name: "agent".to_owned(), to_revision: None });
    sim.run_until_quiet();
    sim.submit(Command::DeleteDaemonSet {
        namespace: "default".to_owned(),
        name: "agent".to_owned(),
        propagation: Propagation::Foreground,
    });
    sim.run_until_quiet();
    sim
}
