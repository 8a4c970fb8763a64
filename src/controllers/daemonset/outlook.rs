//! What the controller would do on one node at its next sync, and what it waits for: asked of the same code that decides.

use std::sync::Arc;

use crate::api::{DaemonSet, Name, ObjectKey, Pod, UpdateStrategy};

use super::manage;
use super::pods::{Current, NodePods, counting_pods_on, is_available};
use super::reason::Reason;
use super::rolling_update::rollout;
use super::saw::counted;
use super::sync::{Act, Decision, View};
use super::{history, placement::Placer};

/// Something that the controller will do, or that it waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreseen {
    pub title: String,
    pub why: String,
    /// The function of the original in which that is decided.
    pub function: &'static str,
    /// Whether the next sync does it; otherwise something has to happen first.
    pub next_sync: bool,
}

/// What comes next for a DaemonSet on a node; nothing where all is as it should be.
pub fn outlook(view: &View, daemonset: &DaemonSet, node: &Name) -> Vec<Foreseen> {
    if daemonset.meta.is_terminating() {
        let why = "for a DaemonSet that is being deleted the controller does nothing any more";
        return vec![Foreseen::waits(format!("Nothing for {}", daemonset.meta.name), why.to_owned(), "syncDaemonSet")];
    }
    let pods = counting_pods_on(view.world, daemonset, node);
    let here = NodePods { name: node, node: view.world.nodes.get(node), pods: &pods };
    let mut all = Vec::new();
    let key = daemonset.meta.key();
    let plan = manage::on_node(view, daemonset, &here);
    let wants_more = !plan.decisions.is_empty();
    if let Some(expected) = view.memory.expectations(&key).filter(|_| !view.memory.is_satisfied(&key, view.now)) {
        let both = [(expected.creates, "create"), (expected.deletes, "delete")];
        let unseen = both.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| counted(count, what));
        let unseen = unseen.collect::<Vec<_>>().join(" and ");
        let why = format!("when the controller has seen {unseen} of its own happen");
        all.push(Foreseen::waits(format!("Go on with {}", key.name), why, "SatisfiedExpectations"));
    }
    all.extend(plan.decisions.into_iter().map(|decision| Foreseen::decided(&key, decision)));
    if let Some(super::Saw::Nodes(seen)) = plan.saw {
        all.extend(seen.left_alone.into_iter().map(|it| {
            let why = format!("it failed within the back-off of {}, so it stays until {}", it.delay, it.until);
            Foreseen::waits(format!("Delete {}", it.pod), why, "podsShouldBeOnNode")
        }));
    }
    if !wants_more && all.is_empty() {
        all.extend(wait_on_node(view, daemonset, &here));
    }
    all
}

/// What a node waits for on which `manage` has nothing to do.
fn wait_on_node(view: &View, daemonset: &DaemonSet, here: &NodePods) -> Option<Foreseen> {
    let node = here.node?;
    let should_run = Placer::new(&daemonset.spec).place(node).should_run;
    let (going, staying): (Vec<&Arc<Pod>>, Vec<&Arc<Pod>>) = here.pods.iter().partition(|pod| pod.is_terminating());
    if let (Some(going), true, true) = (going.first(), staying.is_empty(), should_run) {
        let why = "once that is gone: without maxSurge a node never has two".to_owned();
        let title = format!("Create a successor of {}", going.meta.name);
        return Some(Foreseen::waits(title, why, "podsShouldBeOnNode"));
    }
    let current = Current::new(daemonset, &history::current_hash(view.world, daemonset));
    let old = staying.iter().find(|pod| !current.is_updated(pod))?;
    let name = &old.meta.name;
    if daemonset.spec.update_strategy == UpdateStrategy::OnDelete {
        let why =
            "its template is old, but with OnDelete only you delete it; then it is made anew from the current one";
        return Some(Foreseen::waits(format!("Keep {name}"), why.to_owned(), "updateDaemonSet"));
    }
    let rollout = rollout(view.world, daemonset, view.now)?;
    if rollout.max_surge > 0 && staying.len() > 1 {
        let why = "once its successor on this node is available".to_owned();
        return Some(Foreseen::waits(format!("Delete {name}"), why, "rollingUpdate"));
    }
    if !is_available(daemonset, old, view.now) {
        return Some(match rollout.max_surge {
            0 => Foreseen { next_sync: true, ..Foreseen::of(format!("Delete {name}"), &Reason::OldAndUnavailable) },
            _ => Foreseen {
                next_sync: true,
                ..Foreseen::of(format!("Create a successor of {name}"), &Reason::SurgeForUnavailable)
            },
        });
    }
    let title = match rollout.max_surge {
        0 => format!("Delete {name}"),
        _ => format!("Create a successor of {name}"),
    };
    let why = match (rollout.left(), rollout.waiting) {
        (0, _) => match rollout.holders.first() {
            Some(holder) => format!("its turn comes when the budget allows; that now waits for {holder}"),
            None => "its turn comes when the budget allows".to_owned(),
        },
        (left, waiting) if left >= waiting => "its revision is old, and the budget allows it to go".to_owned(),
        (left, waiting) => {
            format!("it is one of {waiting} old pods, and the budget allows {left} of them to go, in no promised order")
        }
    };
    Some(Foreseen { next_sync: rollout.left() >= rollout.waiting, ..Foreseen::waits(title, why, "rollingUpdate") })
}

impl Foreseen {
    fn waits(title: String, why: String, function: &'static str) -> Self {
        Foreseen { title, why, function, next_sync: false }
    }

    fn of(title: String, reason: &Reason) -> Self {
        Foreseen { title, why: reason.to_string(), function: reason.function(), next_sync: false }
    }

    fn decided(daemonset: &ObjectKey, decision: Decision) -> Self {
        let title = match &decision.act {
            Act::DeletePod { pod, .. } => format!("Delete {}", pod.name),
            _ => format!("Create a pod of {}", daemonset.name),
        };
        Foreseen { next_sync: true, ..Foreseen::of(title, &decision.reason) }
    }
}
