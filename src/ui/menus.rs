//! What can be done to each thing, as menus.

use super::state::{Action, Dialog, InspectorTab, MenuItem};
use crate::api::{ConditionStatus, Kind, PodPhase};
use crate::engine::{Command, RefusedRequests, Scenario, Sim};
use crate::store::{Propagation, World};
use crate::view::{ObjectRef, export};

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
        item("Import your own cluster…", Action::Open(Dialog::Import(Default::default()))),
        item("Export…", Action::Open(Dialog::Export)),
        item("The tutorial's manifest into the editor", Action::Load(super::session::TUTORIAL.to_owned())),
        cluster("3 masters and 20 workers", 20),
        cluster("3 masters and 100 workers", 100),
        cluster("3 masters and 1,000 workers", 1000),
        cluster("3 masters and 5,000 workers", 5000),
    ]
}

/// The menu of an object in the world that the page shows: its label and items; none if the object is gone.
pub fn of(sim: &Sim, world: &World, object: &ObjectRef) -> Option<(String, Vec<MenuItem>)> {
    let items = match object.kind {
        Kind::Node => node_items(sim, world, object)?,
        Kind::Pod => pod_items(world, object)?,
        Kind::DaemonSet => daemonset_items(world, object)?,
        _ => return None,
    };
    let label =
        ["Actions for ", if object.kind == Kind::DaemonSet { "DaemonSet " } else { "" }, &object.key.name].concat();
    Some((label, items))
}

fn node_items(sim: &Sim, world: &World, object: &ObjectRef) -> Option<Vec<MenuItem>> {
    let node = world.nodes.get(&object.key.name)?;
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
    items.push(item("Capacity…", Action::Open(Dialog::Capacity(object.key.name.clone()))));
    items.push(item("Run a bare pod here…", Action::Open(Dialog::BarePod(object.key.name.clone()))));
    items.push(match is("Ready") {
        true => condition("Report NotReady", "Ready", ConditionStatus::False),
        false => condition("Report Ready", "Ready", ConditionStatus::True),
    });
    for (kind, what) in [
        ("MemoryPressure", "memory pressure"),
        ("DiskPressure", "disk pressure"),
        ("PIDPressure", "PID pressure"),
        ("NetworkUnavailable", "an unavailable network"),
    ] {
        let (verb, status) =
            if is(kind) { ("End ", ConditionStatus::False) } else { ("Report ", ConditionStatus::True) };
        items.push(condition(&[verb, what].concat(), kind, status));
    }
    let dead = sim.kubelet_is_dead(&object.key.name);
    let kubelet = if dead { "Bring the kubelet back" } else { "Kill the kubelet: unreachable" };
    items.push(item(kubelet, Action::Run(Command::Kubelet { name: name(), running: dead })));
    items.push(danger("Remove the node", Command::RemoveNode { name: name() }));
    Some(items)
}

fn pod_items(world: &World, object: &ObjectRef) -> Option<Vec<MenuItem>> {
    let pod = world.pods.get(&object.key)?;
    let (namespace, name) = (|| object.key.namespace.to_string(), || object.key.name.to_string());
    let ready = pod.is_ready();
    let delete =
        |grace_period_seconds| Command::DeletePod { namespace: namespace(), name: name(), grace_period_seconds };
    let phase = |label: &str, phase| {
        item(label, Action::Run(Command::SetPodPhase { namespace: namespace(), name: name(), phase }))
    };
    Some(vec![
        item(
            if ready { "Make it unready" } else { "Make it ready" },
            Action::Run(Command::SetPodReady { namespace: namespace(), name: name(), ready: !ready }),
        ),
        phase("Let it fail", PodPhase::Failed),
        phase("Let it end well", PodPhase::Succeeded),
        item("Labels…", Action::Open(Dialog::Label(object.clone()))),
        danger("Delete the pod", delete(None)),
        danger("Delete it at once, by force", delete(Some(0))),
    ])
}

/// Revisions that a menu offers to go back to.
const REVISIONS_SHOWN: usize = 5;

fn daemonset_items(world: &World, object: &ObjectRef) -> Option<Vec<MenuItem>> {
    let daemonset = world.daemonsets.get(&object.key)?;
    let (namespace, name) = (|| object.key.namespace.to_string(), || object.key.name.to_string());
    let delete = |propagation| Command::DeleteDaemonSet { namespace: namespace(), name: name(), propagation };
    let undo = |label: &str, to_revision| {
        item(label, Action::Run(Command::RolloutUndo { namespace: namespace(), name: name(), to_revision }))
    };
    let mut items = vec![
        item("Show its YAML", Action::ShowYaml(object.clone(), InspectorTab::Yaml)),
        item("Its manifest into the editor", Action::EditLive(object.clone())),
        item("Restart its pods", Action::Run(Command::RolloutRestart { namespace: namespace(), name: name() })),
        undo("Undo the last rollout", None),
    ];
    for (number, image) in export::older_revisions(world, daemonset).into_iter().take(REVISIONS_SHOWN) {
        items.push(undo(&["Undo to revision ", &number.to_string(), " (", &image, ")"].concat(), Some(number)));
    }
    for (label, of) in [
        ("Let the server refuse 3 pod creations", RefusedRequests::CreatePods),
        ("Let the server refuse 3 pod deletions", RefusedRequests::DeletePods),
        ("Let the server refuse 3 status writes", RefusedRequests::WriteStatus),
    ] {
        items.push(item(label, Action::Run(Command::RefuseRequests { of, count: 3 })));
    }
    items.extend([
        danger("Delete it and its pods", delete(Propagation::Background)),
        danger("Delete its pods first, then it", delete(Propagation::Foreground)),
        danger("Delete it, leave its pods", delete(Propagation::Orphan)),
    ]);
    Some(items)
}
