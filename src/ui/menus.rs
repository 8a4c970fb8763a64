//! What can be done to each thing, as menus.

use super::state::{Action, Dialog, InspectorTab, MenuItem};
use crate::api::{ConditionStatus, Kind, PodPhase};
use crate::engine::{Command, Scenario, Sim};
use crate::store::Propagation;
use crate::view::ObjectRef;

pub fn item(label: &str, action: Action) -> MenuItem {
    MenuItem { label: label.to_owned(), action, danger: false }
}

fn danger(label: &str, command: Command) -> MenuItem {
    MenuItem { label: label.to_owned(), action: Action::Run(command), danger: true }
}

/// The clusters to begin with.
pub fn scenarios() -> Vec<MenuItem> {
    let cluster = |label: &str, workers| item(label, Action::Begin(Scenario::with_workers(workers)));
    vec![
        item("nginx walk-through: start again", Action::Begin(Scenario::walk_through())),
        item("The tutorial's manifest into the editor", Action::Load(super::session::TUTORIAL.to_owned())),
        cluster("3 masters and 20 workers", 20),
        cluster("3 masters and 100 workers", 100),
        cluster("3 masters and 1,000 workers", 1000),
        cluster("3 masters and 5,000 workers", 5000),
    ]
}

/// The menu of an object: its label and items; none if the object is gone.
pub fn of(sim: &Sim, object: &ObjectRef) -> Option<(String, Vec<MenuItem>)> {
    let items = match object.kind {
        Kind::Node => node_items(sim, object)?,
        Kind::Pod => pod_items(sim, object)?,
        Kind::DaemonSet => daemonset_items(sim, object)?,
        _ => return None,
    };
    let label =
        ["Actions for ", if object.kind == Kind::DaemonSet { "DaemonSet " } else { "" }, &object.key.name].concat();
    Some((label, items))
}

fn node_items(sim: &Sim, object: &ObjectRef) -> Option<Vec<MenuItem>> {
    let node = sim.world().nodes.get(&object.key.name)?;
    let name = || object.key.name.to_string();
    let condition = |label: &str, condition: &str, status| {
        let command = Command::SetCondition { name: name(), condition: condition.to_owned(), status };
        item(label, Action::Run(command))
    };
    let is = |kind: &str| node.condition(kind).is_some_and(|condition| condition.status == ConditionStatus::True);
    let cordon = if node.unschedulable { "Uncordon" } else { "Cordon" };
    let mut items = vec![
        item(cordon, Action::Run(Command::Cordon { name: name(), on: !node.unschedulable })),
        item("Taints…", Action::Open(Dialog::Taint(object.key.name.clone()))),
        item("Labels…", Action::Open(Dialog::Label(object.clone()))),
    ];
    items.push(if is("Ready") {
        condition("Report NotReady", "Ready", ConditionStatus::False)
    } else {
        condition("Report Ready", "Ready", ConditionStatus::True)
    });
    for (kind, on, off) in [
        ("MemoryPressure", "Report memory pressure", "End memory pressure"),
        ("DiskPressure", "Report disk pressure", "End disk pressure"),
    ] {
        items.push(match is(kind) {
            true => condition(off, kind, ConditionStatus::False),
            false => condition(on, kind, ConditionStatus::True),
        });
    }
    let dead = sim.kubelet_is_dead(&object.key.name);
    let kubelet = if dead { "Start the kubelet" } else { "Stop the kubelet" };
    items.push(item(kubelet, Action::Run(Command::Kubelet { name: name(), running: dead })));
    items.push(danger("Remove the node", Command::RemoveNode { name: name() }));
    Some(items)
}

fn pod_items(sim: &Sim, object: &ObjectRef) -> Option<Vec<MenuItem>> {
    let pod = sim.world().pods.get(&object.key)?;
    let (namespace, name) = (|| object.key.namespace.to_string(), || object.key.name.to_string());
    let ready = pod.is_ready();
    let delete =
        |grace_period_seconds| Command::DeletePod { namespace: namespace(), name: name(), grace_period_seconds };
    Some(vec![
        item(
            if ready { "Make it unready" } else { "Make it ready" },
            Action::Run(Command::SetPodReady { namespace: namespace(), name: name(), ready: !ready }),
        ),
        item(
            "Let it fail",
            Action::Run(Command::SetPodPhase { namespace: namespace(), name: name(), phase: PodPhase::Failed }),
        ),
        item("Labels…", Action::Open(Dialog::Label(object.clone()))),
        danger("Delete the pod", delete(None)),
        danger("Delete it at once, by force", delete(Some(0))),
    ])
}

fn daemonset_items(sim: &Sim, object: &ObjectRef) -> Option<Vec<MenuItem>> {
    sim.world().daemonsets.get(&object.key)?;
    let (namespace, name) = (|| object.key.namespace.to_string(), || object.key.name.to_string());
    let delete = |propagation| Command::DeleteDaemonSet { namespace: namespace(), name: name(), propagation };
    Some(vec![
        item("Show its YAML", Action::ShowYaml(object.clone(), InspectorTab::Yaml)),
        item("Restart its pods", Action::Run(Command::RolloutRestart { namespace: namespace(), name: name() })),
        item(
            "Undo the last rollout",
            Action::Run(Command::RolloutUndo { namespace: namespace(), name: name(), to_revision: None }),
        ),
        danger("Delete it and its pods", delete(Propagation::Background)),
        danger("Delete its pods first, then it", delete(Propagation::Foreground)),
        danger("Delete it, leave its pods", delete(Propagation::Orphan)),
    ])
}
