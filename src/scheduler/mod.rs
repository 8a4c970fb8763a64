//! The scheduler, pure: a pending pod and the nodes, to a node or the reasons why none.
//!
//! Filters in the original's order: NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts,
//! NodeResourcesFit, PodTopologySpread, InterPodAffinity. Of the spread only the label that a node must have is looked at:
//! a DaemonSet pod names its node, and by default only nodes that a pod could go to count. Not modelled: volumes, and scores
//! beyond a simple spreading of bare pods.

mod affinity;
mod preemption;
mod queueing;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::api::node::quantity_text;
use crate::api::pod::HostPort;
use crate::api::taint::{NO_EXECUTE, NO_SCHEDULE, UNSCHEDULABLE};
use crate::api::{Name, Node, Pod, Taint, Uid, Value};
use crate::store::World;

pub use queueing::{RefusedBy, is_worth_a_try};

/// What became of one scheduling cycle.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Bind {
        node: Name,
    },
    /// The message of the event and of the PodScheduled condition (`FitError.Error`).
    Unschedulable {
        message: String,
        refused_by: RefusedBy,
    },
    /// No node takes the pod as things are, but one will when its victims are gone.
    Preempt {
        message: String,
        refused_by: RefusedBy,
        node: Name,
        victims: Vec<Arc<Pod>>,
    },
}

/// Why a pod goes to a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Its node affinity names the node.
    Pinned { node: Name, room: Arc<Room> },
    /// The node fits, and has the fewest pods of those that do.
    Fits { node: Name, room: Arc<Room> },
    /// No node takes it: each node that was looked at and what stands against it, the first few of them.
    Unschedulable { message: String, nodes: Arc<[(Name, Vec<Obstacle>)]> },
    /// A pod of higher priority needs its room.
    Preempted { by: Name, priority: i32, own: i32 },
}

/// What stands against a node, in the order in which the filters look.
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    Cordoned,
    Taint(Taint),
    /// What of its selector and affinity fails there.
    Affinity {
        failing: String,
    },
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
    /// It lacks the label over whose values the pods are to be spread.
    Spread {
        key: String,
    },
    /// No pod that it wants to be with is near.
    PodAffinity,
    /// A pod that it does not want to be with is near.
    PodAntiAffinity {
        other: Name,
    },
    /// A pod that does not want to be with it is near.
    UnwantedByPod {
        other: Name,
    },
}

/// What was compared of a node that fits, before the pod came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Room {
    /// Nodes that were looked at, of all.
    pub compared: usize,
    pub nodes: usize,
    pub pods: i64,
    pub pods_allowed: i64,
    /// Of CPU and memory, in milli-units: what the pod asks for, what is taken, what there is.
    pub cpu: [i64; 3],
    pub memory: [i64; 3],
    /// Taints that would keep away a pod which does not tolerate them.
    pub tolerated: usize,
}

/// Nodes whose obstacles are kept with the reason.
const NAMED_MAX: usize = 8;

impl Obstacle {
    /// The words of the scheduler's message.
    fn message(&self) -> String {
        match self {
            Obstacle::Cordoned => "node(s) were unschedulable".to_owned(),
            Obstacle::Taint(_) => "node(s) had untolerated taint(s)".to_owned(),
            Obstacle::Affinity { .. } => "node(s) didn't match Pod's node affinity/selector".to_owned(),
            Obstacle::HostPort { .. } => "node(s) didn't have free ports for the requested pod ports".to_owned(),
            Obstacle::TooManyPods { .. } => "Too many pods".to_owned(),
            Obstacle::Insufficient { resource, .. } => ["Insufficient ", resource].concat(),
            Obstacle::Spread { .. } => {
                "node(s) didn't match pod topology spread constraints (missing required label)".to_owned()
            }
            Obstacle::PodAffinity => "node(s) didn't match pod affinity rules".to_owned(),
            Obstacle::PodAntiAffinity { .. } => "node(s) didn't match pod anti-affinity rules".to_owned(),
            Obstacle::UnwantedByPod { .. } => "node(s) didn't satisfy existing pods anti-affinity rules".to_owned(),
        }
    }

    /// The plugin that looks at it.
    pub fn function(&self) -> &'static str {
        match self {
            Obstacle::Cordoned => "NodeUnschedulable.Filter",
            Obstacle::Taint(_) => "TaintToleration.Filter",
            Obstacle::Affinity { .. } => "NodeAffinity.Filter",
            Obstacle::HostPort { .. } => "NodePorts.Filter",
            Obstacle::TooManyPods { .. } | Obstacle::Insufficient { .. } => "NodeResourcesFit.Filter",
            Obstacle::Spread { .. } => "PodTopologySpread.Filter",
            Obstacle::PodAffinity | Obstacle::PodAntiAffinity { .. } | Obstacle::UnwantedByPod { .. } => {
                "InterPodAffinity.Filter"
            }
        }
    }
}

/// With the values compared.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Cordoned => f.write_str("it is cordoned, and the pod does not tolerate that"),
            Obstacle::Taint(taint) => write!(f, "its taint `{taint}` is not tolerated"),
            Obstacle::Affinity { failing } => write!(f, "the pod's node affinity or selector wants {failing}"),
            Obstacle::HostPort { port, taken_by } => write!(f, "its port {port} is taken by {taken_by}"),
            Obstacle::TooManyPods { pods, allowed } => {
                write!(f, "the number of pods on it is {pods}, and it takes {allowed} at most")
            }
            Obstacle::Insufficient { resource, asked, used, allocatable } => {
                let amount = |milli| quantity_text(resource, milli);
                let free = amount((allocatable - used).max(0));
                let (asked, used, allocatable) = (amount(*asked), amount(*used), amount(*allocatable));
                write!(f, "the pod asks for {asked} {resource}, and {free} of {allocatable} are free ({used} taken)")
            }
            Obstacle::Spread { key } => write!(f, "it has no label {key}, over which the pods are to be spread"),
            Obstacle::PodAffinity => f.write_str("no pod that the pod's affinity asks for is near it"),
            Obstacle::PodAntiAffinity { other } => write!(f, "the pod's anti-affinity keeps it away from {other}"),
            Obstacle::UnwantedByPod { other } => write!(f, "the anti-affinity of {other} keeps the pod away"),
        }
    }
}

impl Reason {
    pub fn function(&self) -> &'static str {
        match self {
            Reason::Pinned { .. } => "NodeAffinity.PreFilter",
            Reason::Fits { .. } => "schedulePod",
            Reason::Unschedulable { .. } => "FitError.Error",
            Reason::Preempted { .. } => "SelectVictimsOnNode",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Pinned { node, .. } => write!(f, "its node affinity names {node}"),
            Reason::Fits { node, .. } => write!(f, "{node} fits, and has the fewest pods of the nodes that do"),
            Reason::Unschedulable { message, .. } => f.write_str(message),
            Reason::Preempted { by, priority, own } => {
                write!(f, "{by} needs its room and has priority {priority}, which is higher than {own}")
            }
        }
    }
}

/// The pods of the cluster as a scheduling cycle sees them.
#[derive(Clone, Copy)]
struct Sight<'a> {
    world: &'a World,
    /// The pod that is scheduled: it does not stand in its own way.
    pod: &'a Pod,
    /// Pods that have been promised a node, and wait for it.
    nominated: &'a [Arc<Pod>],
    /// Pods that are thought away.
    without: &'a [Uid],
}

impl<'a> Sight<'a> {
    /// Terminating pods count until they are gone; pods that have ended do not.
    fn counts(&self, other: &Pod) -> bool {
        !other.is_terminal() && other.meta.uid != self.pod.meta.uid && !self.without.contains(&other.meta.uid)
    }

    /// The pods on a node, and those that have been promised it and are no less important
    /// (`RunFilterPluginsWithNominatedPods`).
    fn pods_on(&self, node: &'a Node) -> impl Iterator<Item = &'a Arc<Pod>> + use<'a> {
        let sight = *self;
        let promised = self.nominated.iter().filter(move |other| {
            other.status.nominated_node.as_ref() == Some(node.name()) && other.spec.priority >= sight.pod.spec.priority
        });
        self.world.pods_on(node.name()).chain(promised).filter(move |other| sight.counts(other))
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

fn tolerates(pod: &Pod, taint: &Taint) -> bool {
    pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(taint))
}

fn keeps_away(pod: &Pod, taint: &Taint) -> bool {
    (taint.effect == NO_SCHEDULE || taint.effect == NO_EXECUTE) && !tolerates(pod, taint)
}

fn filter(sight: &Sight, pod: &Pod, node: &Node) -> Obstacles {
    let spec = &pod.spec.template;
    if node.unschedulable && !tolerates(pod, &Taint::new(UNSCHEDULABLE, "", NO_SCHEDULE)) {
        return unresolvable(Obstacle::Cordoned);
    }
    if let Some(taint) = node.taints.iter().find(|taint| keeps_away(pod, taint)) {
        return unresolvable(Obstacle::Taint(taint.clone()));
    }
    if !pod.affinity_matches(node.name(), node.labels()) {
        return unresolvable(Obstacle::Affinity { failing: what_fails(pod, node) });
    }
    let taken = |port: &HostPort| {
        let has_it = |other: &&Arc<Pod>| other.spec.template.host_ports.iter().any(|it| it.conflicts_with(port));
        let other = sight.pods_on(node).find(has_it)?;
        Some(Obstacle::HostPort { port: port.port, taken_by: other.meta.name.clone() })
    };
    if let Some(conflict) = spec.host_ports.iter().find_map(taken) {
        return Obstacles { found: vec![conflict], resolvable: true };
    }
    let found = insufficient(spec.requests.iter(), &node.allocatable, sight.pods_on(node));
    if !found.is_empty() {
        let fits_an_empty_node = without_others(pod, node).is_empty();
        return Obstacles { found, resolvable: fits_an_empty_node };
    }
    let spread = spec.value.list("topologySpreadConstraints").iter();
    let mut hard = spread.filter(|it| it.get("whenUnsatisfiable").and_then(Value::as_str) == Some("DoNotSchedule"));
    let key = hard.find_map(|it| it.get("topologyKey")?.as_str().filter(|key| !node.labels().contains_key(*key)));
    if let Some(key) = key {
        return unresolvable(Obstacle::Spread { key: key.to_owned() });
    }
    match affinity::obstacle(sight, pod, node) {
        None => Obstacles::default(),
        // Company does not come by driving others away.
        Some(Obstacle::PodAffinity) => unresolvable(Obstacle::PodAffinity),
        Some(obstacle) => Obstacles { found: vec![obstacle], resolvable: true },
    }
}

/// What a node lacks for a pod's node selector or required node affinity.
fn what_fails(pod: &Pod, node: &Node) -> String {
    let has = |key: &str| match node.labels().get(key) {
        Some(value) => [", and it has `", value, "`"].concat(),
        None => ", and it has no such label".to_owned(),
    };
    let spec = &pod.spec.template;
    if let Some((key, wanted)) = spec.node_selector.iter().find(|(key, value)| node.labels().get(*key) != Some(value)) {
        return ["`", key, "=", wanted, "`", &has(key)].concat();
    }
    if let Some(pinned) = &pod.spec.pinned_node {
        return ["node `", pinned, "`"].concat();
    }
    let terms = spec.required_affinity.iter().flat_map(|affinity| affinity.terms());
    let failing = terms.filter_map(|term| term.first_failing(node.name(), node.labels()));
    let texts: Vec<String> = failing.map(|it| ["`", &it.to_string(), "`", &has(&it.key)].concat()).collect();
    if texts.is_empty() { "what no term of it says".to_owned() } else { texts.join("; or ") }
}

fn unresolvable(obstacle: Obstacle) -> Obstacles {
    Obstacles { found: vec![obstacle], resolvable: false }
}

/// What a node lacks even when it is empty.
fn without_others(pod: &Pod, node: &Node) -> Vec<Obstacle> {
    insufficient(pod.spec.template.requests.iter(), &node.allocatable, std::iter::empty())
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

/// One scheduling cycle for one pod. `nominated` are the pods that have been promised a node.
pub fn schedule(world: &World, pod: &Pod, nominated: &[Arc<Pod>]) -> (Verdict, Reason) {
    let sight = Sight { world, pod, nominated, without: &[] };
    let total = world.nodes.len();
    // A pod that names its node by affinity is compared with that node only; the others are left out from the start.
    let named = pod.spec.pinned_node.as_ref().or(pod.spec.template.affinity_node.as_ref());
    let compared: Vec<&Arc<Node>> = match named {
        Some(name) => world.nodes.get(name).into_iter().collect(),
        None => world.nodes.values().collect(),
    };
    let mut refusals: Vec<(Name, Vec<Obstacle>)> = Vec::new();
    let mut resolvable: Vec<&Arc<Node>> = Vec::new();
    let mut best: Option<(usize, &Name)> = None;
    for node in &compared {
        let obstacles = filter(&sight, pod, node);
        if obstacles.found.is_empty() {
            // A promise is kept: the promised node comes first.
            let is_promised = pod.status.nominated_node.as_ref() == Some(node.name());
            let load = if is_promised { 0 } else { 1 + world.pods_on(node.name()).count() };
            if best.is_none_or(|(least, _)| load < least) {
                best = Some((load, node.name()));
            }
            continue;
        }
        if obstacles.resolvable {
            resolvable.push(node);
        }
        refusals.push((node.name().clone(), obstacles.found));
    }
    if let Some((_, node)) = best {
        let node = node.clone();
        let room = Arc::new(room(&sight, &node, compared.len()));
        let reason = match named {
            Some(_) => Reason::Pinned { node: node.clone(), room },
            None => Reason::Fits { node: node.clone(), room },
        };
        return (Verdict::Bind { node }, reason);
    }
    let left_out = total - compared.len();
    let mut refused_by = if left_out > 0 { RefusedBy::NODE_AFFINITY } else { RefusedBy::default() };
    for obstacle in refusals.iter().flat_map(|(_, obstacles)| obstacles) {
        refused_by = refused_by.and(RefusedBy::of(obstacle));
    }
    let reasons = count(&refusals, left_out);
    let nodes: Arc<[_]> = refusals.into_iter().take(NAMED_MAX).collect();
    let preemption = match preemption::not_eligible(&sight, pod) {
        Some(text) => text.to_owned(),
        None => match preemption::find(&sight, pod, &resolvable) {
            Ok(preemption::Candidate { node, victims }) => {
                let message = format!("0/{total} nodes are available: {}.", list(reasons));
                let reason = Reason::Unschedulable { message: message.clone(), nodes };
                return (Verdict::Preempt { message, refused_by, node, victims }, reason);
            }
            Err(mut reasons) => {
                if total > resolvable.len() {
                    reasons.insert("Preemption is not helpful for scheduling".to_owned(), total - resolvable.len());
                }
                format!("0/{total} nodes are available: {}.", list(reasons))
            }
        },
    };
    let message = match total {
        0 => "no nodes available to schedule pods".to_owned(),
        _ => format!(
            "0/{total} nodes are available: {}. no new claims to deallocate, preemption: {preemption}",
            list(reasons)
        ),
    };
    (Verdict::Unschedulable { message: message.clone(), refused_by }, Reason::Unschedulable { message, nodes })
}

/// What a node that fits was compared by.
fn room(sight: &Sight, name: &Name, compared: usize) -> Room {
    let world = sight.world;
    let Some(node) = world.nodes.get(name) else { return Room::default() };
    let amount = |amounts: &BTreeMap<String, i64>, resource: &str| amounts.get(resource).copied().unwrap_or(0);
    let asked = |pod: &Pod, resource: &str| {
        pod.spec.template.requests.iter().find(|(name, _)| *name == resource).map_or(0, |(_, milli)| *milli)
    };
    let mut room = Room {
        compared,
        nodes: world.nodes.len(),
        pods_allowed: amount(&node.allocatable, "pods") / 1000,
        cpu: [asked(sight.pod, "cpu"), 0, amount(&node.allocatable, "cpu")],
        memory: [asked(sight.pod, "memory"), 0, amount(&node.allocatable, "memory")],
        tolerated: node.taints.iter().filter(|taint| [NO_SCHEDULE, NO_EXECUTE].contains(&&*taint.effect)).count(),
        ..Room::default()
    };
    for other in sight.pods_on(node) {
        room.pods += 1;
        room.cpu[1] += asked(other, "cpu");
        room.memory[1] += asked(other, "memory");
    }
    room
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

/// The reasons as `FitError.Error` lists them: sorted as texts, number first.
fn list(counts: BTreeMap<String, usize>) -> String {
    let mut reasons: Vec<String> = counts.into_iter().map(|(reason, nodes)| format!("{nodes} {reason}")).collect();
    reasons.sort();
    reasons.join(", ")
}
