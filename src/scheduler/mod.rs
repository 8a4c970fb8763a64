//! The scheduler, pure: a pending pod and the nodes, to a node or the reasons why none.
//!
//! Filters in the original's order: NodeUnschedulable, NodeName, TaintToleration, NodeAffinity, NodePorts,
//! NodeResourcesFit. Not modelled: volumes, topology spread, inter-pod affinity, preemption, and scores beyond a simple
//! spreading of bare pods, since a DaemonSet pod names its node.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

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
    Pinned {
        node: Name,
    },
    /// The node fits, and has the fewest pods of those that do.
    Fits {
        node: Name,
    },
    Unschedulable {
        message: String,
    },
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
            Reason::Unschedulable { message } => f.write_str(message),
        }
    }
}

/// Why a node does not take a pod.
#[derive(Default)]
struct Obstacles {
    /// In the scheduler's words; empty if the node fits.
    reasons: Vec<String>,
    /// Whether the node would fit if other pods were not there: only then preemption is tried.
    resolvable: bool,
}

fn filter(world: &World, pod: &Pod, node: &Node) -> Obstacles {
    let spec = &pod.spec.template;
    let tolerates = |taint: &Taint| pod.spec.tolerations.iter().any(|toleration| toleration.tolerates(taint));
    if node.unschedulable && !tolerates(&Taint::new(UNSCHEDULABLE, "", NO_SCHEDULE)) {
        return unresolvable("node(s) were unschedulable");
    }
    let keeps_away = |taint: &&Taint| (taint.effect == NO_SCHEDULE || taint.effect == NO_EXECUTE) && !tolerates(taint);
    if node.taints.iter().any(|taint| keeps_away(&taint)) {
        return unresolvable("node(s) had untolerated taint(s)");
    }
    if !pod.affinity_matches(node.name(), node.labels()) {
        return unresolvable("node(s) didn't match Pod's node affinity/selector");
    }
    // Terminating pods count until they are gone; pods that have ended do not.
    let others = || world.pods_on(node.name()).filter(|other| !other.is_terminal() && other.meta.uid != pod.meta.uid);
    if !spec.host_ports.is_empty()
        && others().any(|other| {
            let taken = &other.spec.template.host_ports;
            spec.host_ports.iter().any(|port| taken.iter().any(|it| it.conflicts_with(port)))
        })
    {
        let reasons = vec!["node(s) didn't have free ports for the requested pod ports".to_owned()];
        return Obstacles { reasons, resolvable: true };
    }
    let reasons = insufficient(spec.requests.iter(), &node.allocatable, others());
    let fits_an_empty_node = insufficient(spec.requests.iter(), &node.allocatable, std::iter::empty()).is_empty();
    Obstacles { reasons, resolvable: fits_an_empty_node }
}

fn unresolvable(reason: &str) -> Obstacles {
    Obstacles { reasons: vec![reason.to_owned()], resolvable: false }
}

/// Models `fitsRequest`: the number of pods, then each requested resource.
fn insufficient<'a>(
    requests: impl Iterator<Item = (&'a String, &'a i64)>,
    allocatable: &BTreeMap<String, i64>,
    others: impl Iterator<Item = &'a Arc<Pod>>,
) -> Vec<String> {
    let mut used: BTreeMap<&str, i64> = BTreeMap::new();
    let mut count: i64 = 0;
    for other in others {
        count += 1;
        for (name, milli) in &other.spec.template.requests {
            *used.entry(name).or_default() += milli;
        }
    }
    let capacity = |name: &str| allocatable.get(name).copied().unwrap_or(0);
    let mut reasons = Vec::new();
    if (count + 1) * 1000 > capacity("pods") {
        reasons.push("Too many pods".to_owned());
    }
    for (name, request) in requests.filter(|(_, request)| **request > 0) {
        if *request > capacity(name) - used.get(name.as_str()).copied().unwrap_or(0) {
            reasons.push(format!("Insufficient {name}"));
        }
    }
    reasons
}

/// One scheduling cycle for one pod.
pub fn schedule(world: &World, pod: &Pod) -> (Verdict, Reason) {
    let verdict = |verdict: Result<Name, String>, pinned: bool| match verdict {
        Ok(node) if pinned => (Verdict::Bind { node: node.clone() }, Reason::Pinned { node }),
        Ok(node) => (Verdict::Bind { node: node.clone() }, Reason::Fits { node }),
        Err(message) => (Verdict::Unschedulable { message: message.clone() }, Reason::Unschedulable { message }),
    };
    let total = world.nodes.len();
    // A pod that names its node by affinity is compared with that node only.
    let named = pod.spec.pinned_node.as_ref().or(pod.spec.template.affinity_node.as_ref());
    if let Some(name) = named {
        let Some(node) = world.nodes.get(name) else {
            return verdict(Err(fit_error(total, count(Vec::new(), total), 0)), true);
        };
        let obstacles = filter(world, pod, node);
        if obstacles.reasons.is_empty() {
            return verdict(Ok(name.clone()), true);
        }
        let resolvable = usize::from(obstacles.resolvable);
        return verdict(Err(fit_error(total, count(obstacles.reasons, total - 1), resolvable)), true);
    }
    let mut reasons = Vec::new();
    let mut resolvable = 0;
    let mut best: Option<(usize, &Name)> = None;
    for (name, node) in world.nodes.iter() {
        let obstacles = filter(world, pod, node);
        if obstacles.reasons.is_empty() {
            let load = world.pods_on(name).count();
            if best.is_none_or(|(least, _)| load < least) {
                best = Some((load, name));
            }
        }
        resolvable += usize::from(obstacles.resolvable);
        reasons.extend(obstacles.reasons);
    }
    match best {
        Some((_, node)) => verdict(Ok(node.clone()), false),
        None => verdict(Err(fit_error(total, count(reasons, 0), resolvable)), false),
    }
}

/// How many nodes gave each reason; `others` were left out by the node affinity.
fn count(reasons: Vec<String>, others: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
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
