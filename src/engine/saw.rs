//! What an actor had before it when it acted, as the record holds it: the object just before the change, and what was
//! compared. The DaemonSet controller's own comparisons are in `controllers::daemonset::saw`.

use crate::api::node::quantity_text;
use crate::api::taint::NO_EXECUTE;
use crate::api::{ConditionStatus, Node, Pod};
use crate::controllers::pod_gc;
use crate::scheduler::{self, Room};
use crate::store::Object;

use super::record::{Actor, Reason, Record, Verb};

/// One thing that was looked at, and the function of the original that looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub what: &'static str,
    pub text: String,
    pub function: &'static str,
}

impl Record {
    /// What its actor saw. Empty for the reader's own acts, and where the reason says all.
    pub fn saw(&self) -> Vec<Fact> {
        let mut facts = Facts(Vec::new());
        let before = self.deltas.first().and_then(|delta| delta.before.as_ref());
        match (self.actor, &self.reason, before) {
            (Actor::Kubelet, _, Some(Object::Pod(pod))) => kubelet(&mut facts, self.verb, pod),
            (Actor::Scheduler, Reason::Scheduler(reason), Some(Object::Pod(pod))) => scheduler(&mut facts, reason, pod),
            (Actor::GarbageCollector, reason, Some(object)) => garbage_collector(&mut facts, reason, object),
            (Actor::NodeLifecycle, _, Some(Object::Node(node))) => {
                node_conditions(&mut facts, node, self.reason.function().unwrap_or_default());
            }
            (Actor::NodeLifecycle | Actor::PodGc | Actor::TaintEviction | Actor::Namespace, reason, Some(object)) => {
                lost(&mut facts, reason, object);
            }
            _ => {}
        }
        facts.0
    }
}

struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, what: &'static str, text: String, function: &'static str) {
        self.0.push(Fact { what, text, function });
    }
}

/// `Running on worker-1, ready`
fn state(pod: &Pod) -> String {
    let place = pod.spec.node_name.as_deref().map(|node| [" on ", node].concat()).unwrap_or_default();
    let ready = match (pod.is_terminal(), pod.is_ready()) {
        (true, _) => "",
        (_, true) => ", ready",
        (_, false) => ", not ready",
    };
    let waiting = pod.status.waiting.map(|waiting| [" (", waiting, ")"].concat()).unwrap_or_default();
    let going = if pod.is_terminating() { ", being deleted" } else { "" };
    [pod.status.phase.as_str(), &waiting, &place, ready, going].concat()
}

fn kubelet(facts: &mut Facts, verb: Verb, pod: &Pod) {
    if verb == Verb::Remove {
        facts.add("Its pod", state(pod), "SyncTerminatingPod");
        if let Some(deletion) = pod.meta.deletion_at {
            let grace = pod.meta.deletion_grace_period_seconds.unwrap_or_default();
            let text = format!("asked for, with at most {grace} s to stop, which end at {deletion}");
            facts.add("Its deletion", text, "SyncTerminatingPod");
        }
        return;
    }
    facts.add("Its pod", state(pod), if verb == Verb::Start { "HandlePodAdditions" } else { "SyncPod" });
    let container = match pod.status.started_at {
        None => "not started".to_owned(),
        Some(at) => format!("begun at {at}"),
    };
    facts.add("Its container", [pod.spec.template.image(), ", ", &container].concat(), "computePodActions");
}

fn scheduler(facts: &mut Facts, reason: &scheduler::Reason, pod: &Pod) {
    let (room, function) = match reason {
        scheduler::Reason::Pinned { room, .. } => (room, "NodeAffinity.PreFilter"),
        scheduler::Reason::Fits { room, .. } => (room, "findNodesThatFitPod"),
        scheduler::Reason::Preempted { .. } => {
            facts.add("Its pod", state(pod), "SelectVictimsOnNode");
            return facts.add("Its priority", pod.spec.priority.to_string(), "MoreImportantPod");
        }
        // What stands against each node is shown instead.
        scheduler::Reason::Unschedulable { .. } => return,
    };
    let Room { compared, nodes, pods, pods_allowed, cpu, memory, tolerated } = &**room;
    facts.add("Nodes", format!("{compared} of {nodes} may be asked"), function);
    let taints = match tolerated {
        0 => "none that keeps pods away".to_owned(),
        count => format!("{count} that would keep pods away, and the pod tolerates each"),
    };
    facts.add("Taints there", taints, "TaintToleration.Filter");
    facts.add("Pods there", format!("{pods} of at most {pods_allowed}"), "NodeResourcesFit.Filter");
    for (what, resource, [asked, used, allocatable]) in [("CPU", "cpu", cpu), ("Memory", "memory", memory)] {
        if *asked > 0 {
            let amount = |milli: i64| quantity_text(resource, milli);
            let (asked, free, all) = (amount(*asked), amount(allocatable - used), amount(*allocatable));
            let text = format!("the pod asks for {asked}, and {free} of {all} are free");
            facts.add(what, text, "NodeResourcesFit.Filter");
        }
    }
}

fn garbage_collector(facts: &mut Facts, reason: &Reason, object: &Object) {
    let meta = object.meta();
    for owner in meta.owner_references.iter() {
        let how = match reason {
            Reason::OwnerGone { waits: true, .. } => ", which waits for this to go",
            Reason::OwnerGone { .. } => ", and no object has this uid any more",
            _ => "",
        };
        let text = format!("{} {}, uid {}{how}", owner.kind, owner.name, owner.uid);
        facts.add("Its owner", text, "classifyReferences");
    }
    if !meta.finalizers.is_empty() {
        facts.add("Its finalizers", meta.finalizers.join(", "), "attemptToDeleteItem");
    }
    if *reason == Reason::DependentsDone {
        let text = "none is left that it has to wait for".to_owned();
        facts.add("Its dependents", text, "processDeletingDependentsItem");
    }
}

fn node_conditions(facts: &mut Facts, node: &Node, function: &'static str) {
    // Ready is always of interest, the others where something is wrong.
    for condition in node.conditions.iter() {
        let is_ready = &*condition.kind == "Ready";
        if is_ready || condition.status != ConditionStatus::False {
            let (kind, status) = (&condition.kind, condition.status.as_str());
            let text = format!("{kind} is {status} since {} ({})", condition.changed_at, condition.reason);
            facts.add(if is_ready { "Its condition" } else { "Another condition" }, text, function);
        }
    }
    if node.unschedulable {
        facts.add("Cordoned", "yes".to_owned(), function);
    }
    let taints: Vec<String> = node.taints.iter().map(ToString::to_string).collect();
    let taints = if taints.is_empty() { "none".to_owned() } else { taints.join(", ") };
    facts.add("Its taints before", taints, function);
}

/// Pods whose node, or whose place there, is lost.
fn lost(facts: &mut Facts, reason: &Reason, object: &Object) {
    let function = reason.function().unwrap_or_default();
    let Object::Pod(pod) = object else { return };
    facts.add("Its pod", state(pod), function);
    match reason {
        Reason::NodeMissing { node } => {
            let text = format!("{node} is not in the cluster, {} after it was missed", pod_gc::QUARANTINE);
            facts.add("Its node", text, "discoverDeletedNodes");
        }
        Reason::NotTolerated { .. } | Reason::TolerationOver { .. } => {
            let against = pod.spec.tolerations.iter().filter(|it| it.effect.is_empty() || it.effect == NO_EXECUTE);
            let texts: Vec<String> = against.map(ToString::to_string).collect();
            let text = if texts.is_empty() { "none against NoExecute".to_owned() } else { texts.join(", ") };
            facts.add("Its tolerations", text, "getMinTolerationTime");
        }
        _ => {}
    }
}
