//! The scheduler, pure: a pending pod and the nodes, to a node or the reasons why none.
//!
//! Filters in the original's order: NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts,
//! NodeResourcesFit. Not modelled: volumes, topology spread, inter-pod affinity, preemption, and scores beyond a simple
//! spreading of bare pods, since a DaemonSet pod names its node.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::api::node::quantity_text;
use crate::api::pod::HostPort;
use crate::api::taint::{NO_EXECUTE, NO_SCHEDULE, UNSCHEDULABLE};
use crate::api::{Name, Node, Pod, Taint};
use crate::store::World;

/// What became of one scheduling cycle.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Bind {
        node: Name,
    },
    /// The message of the event and of the PodScheduled condition (`FitError.Error`).
    Unschedulable {
        message: String,
    },
}

/// Why a pod goes to a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Its node affinity names the node.
    Pinned { node: Name },
    /// The node fits, and has the fewest pods of those that do.
    Fits { node: Name },
    /// No node takes it: each node that was looked at and what stands against it, the first few of them.
    Unschedulable { message: String, nodes: Arc<[(Name, Vec<Obstacle>)]> },
}

/// What stands against a node, in the order in which the filters look.
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    Cordoned,
    Taint(Taint),
    Affinity,
    /// Another pod has the port.
    HostPort {
        port: i64,
        taken_by: Name,
    },
    TooManyPods {
        pods: i64,
        allowed: i64,
    },
    /// Amounts in milli-units.
    Insufficient {
        resource: String,
        asked: i64,
        used: i64,
        allocatable: i64,
    },
}

/// Nodes whose obstacles are kept with the reason.
const NAMED_MAX: usize = 8;

impl Obstacle {
    /// The words of the scheduler's message.
    fn message(&self) -> String {
        match self {
            Obstacle::Cordoned => "node(s) were unschedulable".to_owned(),
            Obstacle::Taint(_) => "node(s) had untolerated taint(s)".to_owned(),
            Obstacle::Affinity => "node(s) didn't match Pod's node affinity/selector".to_owned(),
            Obstacle::HostPort { .. } => "node(s) didn't have free ports for the requested pod ports".to_owned(),
            Obstacle::TooManyPods { .. } => "Too many pods".to_owned(),
            Obstacle::Insufficient { resource, .. } => ["Insufficient ", resource].concat(),
        }
    }

    /// The plugin that looks at it.
    pub fn function(&self) -> &'static str {
        match self {
            Obstacle::Cordoned => "NodeUnschedulable.Filter",
            Obstacle::Taint(_) => "TaintToleration.Filter",
            Obstacle::Affinity => "NodeAffinity.Filter",
            Obstacle::HostPort { .. } => "NodePorts.Filter",
            Obstacle::TooManyPods { .. } | Obstacle::Insufficient { .. } => "NodeResourcesFit.Filter",
        }
    }
}

/// With the values compared.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Cordoned => f.write_str("it is cordoned, and the pod does not tolerate that"),
            Obstacle::Taint(taint) => write!(f, "its taint `{taint}` is not tolerated"),
            Obstacle::Affinity => f.write_str("the pod's node affinity or selector does not match it"),
            Obstacle::HostPort { port, taken_by } => write!(f, "its port {port} is taken by {taken_by}"),
            Obstacle::TooManyPods { pods, allowed } => write!(f, "{pods} pods are on it, and it takes {allowed}"),
            Obstacle::Insufficient { resource, asked, used, allocatable } => {
                let amount = |milli| quantity_text(resource, milli);
                let free = amount((allocatable - used).max(0));
                let (asked, used, allocatable) = (amount(*asked), amount(*used), amount(*allocatable));
                write!(f, "the pod asks for {asked} {resource}, and {free} of {allocatable} are free ({used} taken)")
            }
        }
    }
}

impl Reason {
    pub fn function(&self) -> &'static str {
        match self {
            Reason::Pinned { .. } => "NodeAffinity.PreFilter",
            Reason::Fits { .. } => "schedulePod",
            Reason::Unschedulable { .. } => "FitError.Error",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Pinned { node } => write!(f, "its node affinity names {node}"),
            Reason::Fits { node } => write!(f, "{node} fits and has the fewest pods"),
            Reason::Unschedulable { message, .. } => f.write_str(message),
        }
    }
}

/// Why a node does not take a pod.
#[derive(Default)]
struct Obstacles {
    /// Empty if the node fits.
    found: Vec<Obstacle>,
    /// Whether the node would fit if other pods were not there: only then preemption is tried.
    resolvable: bool,
}

fn filter(world: &World, pod: &Pod, node: &Node) -> Obstacles {
    let spec = &pod.spec.template;
    let tolerates = |taint: &Taint| pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(taint));
    if node.unschedulable && !tolerates(&Taint::new(UNSCHEDULABLE, "", NO_SCHEDULE)) {
        return unresolvable(Obstacle::Cordoned);
    }
    let keeps_away = |taint: &&Taint| (taint.effect == NO_SCHEDULE || taint.effect == NO_EXECUTE) && !tolerates(taint);
    if let Some(taint) = node.taints.iter().find(|taint| keeps_away(taint)) {
        return unresolvable(Obstacle::Taint(taint.clone()));
    }
    if !pod.affinity_matches(node.name(), node.labels()) {
        return unresolvable(Obstacle::Affinity);
    }
    // Terminating pods count until they are gone; pods that have ended do not.
    let others = || world.pods_on(node.name()).filter(|other| !other.is_terminal() && other.meta.uid != pod.meta.uid);
    let taken = |port: &HostPort| {
        let other = others().find(|other| other.spec.template.host_ports.iter().any(|it| it.conflicts_with(port)))?;
        Some(Obstacle::HostPort { port: port.port, taken_by: other.meta.name.clone() })
    };
    if let Some(conflict) = spec.host_ports.iter().find_map(taken) {
        return Obstacles { found: vec![conflict], resolvable: true };
    }
    let found = insufficient(spec.requests.iter(), &node.allocatable, others());
    let fits_an_empty_node = insufficient(spec.requests.iter(), &node.allocatable, std::iter::empty()).is_empty();
    Obstacles { found, resolvable: fits_an_empty_node }
}

fn unresolvable(obstacle: Obstacle) -> Obstacles {
    Obstacles { found: vec![obstacle], resolvable: false }
}

/// Models `fitsRequest`: the number of pods, then each requested resource.
fn insufficient<'a>(
    requests: impl Iterator<Item = (&'a String, &'a i64)>,
    allocatable: &BTreeMap<String, i64>,
    others: impl Iterator<Item = &'a Arc<Pod>>,
) -> Vec<Obstacle> {
    let mut used: BTreeMap<&str, i64> = BTreeMap::new();
    let mut pods: i64 = 0;
    for other in others {
        pods += 1;
        for (name, milli) in &other.spec.template.requests {
            *used.entry(name).or_default() += milli;
        }
    }
    let capacity = |name: &str| allocatable.get(name).copied().unwrap_or(0);
    let mut found = Vec::new();
    let allowed = capacity("pods");
    if (pods + 1) * 1000 > allowed {
        found.push(Obstacle::TooManyPods { pods, allowed: allowed / 1000 });
    }
    for (resource, asked) in requests.filter(|(_, request)| **request > 0) {
        let (allocatable, used) = (capacity(resource), used.get(resource.as_str()).copied().unwrap_or(0));
        if *asked > allocatable - used {
            found.push(Obstacle::Insufficient { resource: resource.clone(), asked: *asked, used, allocatable });
        }
    }
    found
}

/// One scheduling cycle for one pod.
pub fn schedule(world: &World, pod: &Pod) -> (Verdict, Reason) {
    let total = world.nodes.len();
    let bind = |node: &Name| Verdict::Bind { node: node.clone() };
    // A pod that names its node by affinity is compared with that node only.
    let named = pod.spec.pinned_node.as_ref().or(pod.spec.template.affinity_node.as_ref());
    if let Some(name) = named {
        let Some(node) = world.nodes.get(name) else {
            return unschedulable(fit_error(total, count(&[], total), 0), &[]);
        };
        let Obstacles { found, resolvable } = filter(world, pod, node);
        if found.is_empty() {
            return (bind(name), Reason::Pinned { node: name.clone() });
        }
        let nodes = [(name.clone(), found)];
        let message = fit_error(total, count(&nodes, total - 1), usize::from(resolvable));
        return unschedulable(message, &nodes);
    }
    let mut nodes = Vec::new();
    let mut resolvable = 0;
    let mut best: Option<(usize, &Name)> = None;
    for (name, node) in world.nodes.iter() {
        let obstacles = filter(world, pod, node);
        if obstacles.found.is_empty() {
            let load = world.pods_on(name).count();
            if best.is_none_or(|(least, _)| load < least) {
                best = Some((load, name));
            }
            continue;
        }
        resolvable += usize::from(obstacles.resolvable);
        nodes.push((name.clone(), obstacles.found));
    }
    match best {
        Some((_, node)) => (bind(node), Reason::Fits { node: node.clone() }),
        None => unschedulable(fit_error(total, count(&nodes, 0), resolvable), &nodes),
    }
}

fn unschedulable(message: String, nodes: &[(Name, Vec<Obstacle>)]) -> (Verdict, Reason) {
    let nodes = nodes.iter().take(NAMED_MAX).cloned().collect();
    (Verdict::Unschedulable { message: message.clone() }, Reason::Unschedulable { message, nodes })
}

/// How many nodes gave each reason; `others` were left out by the node affinity.
fn count(nodes: &[(Name, Vec<Obstacle>)], others: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for obstacle in nodes.iter().flat_map(|(_, obstacles)| obstacles) {
        *counts.entry(obstacle.message()).or_default() += 1;
    }
    if others > 0 {
        counts.insert("node(s) didn't satisfy plugin(s) [NodeAffinity]".to_owned(), others);
    }
    counts
}

/// Models `FitError.Error`. Preemption is not modelled: nodes on which it could be tried have no victims.
fn fit_error(total: usize, counts: BTreeMap<String, usize>, resolvable: usize) -> String {
    if total == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let list = |counts: BTreeMap<String, usize>| {
        let mut reasons: Vec<String> = counts.into_iter().map(|(reason, nodes)| format!("{nodes} {reason}")).collect();
        reasons.sort();
        reasons.join(", ")
    };
    let preemption = [
        ("No preemption victims found for incoming pod", resolvable),
        ("Preemption is not helpful for scheduling", total - resolvable),
    ];
    let preemption = preemption.into_iter().filter(|(_, nodes)| *nodes > 0);
    let preemption = list(preemption.map(|(reason, nodes)| (reason.to_owned(), nodes)).collect());
    format!(
        "0/{total} nodes are available: {}. no new claims to deallocate, preemption: 0/{total} nodes are available: \
         {preemption}.",
        list(counts)
    )
}
