//! One sync of one DaemonSet (`syncDaemonSet`), told as stages. Each stage looks at the world as it is when the stage
//! begins and answers with a [`Plan`]; whoever runs the plan comes back for the next stage when its requests are done.
//!
//! Not modelled: the informer caches as such. A stage sees the store as it is; what the original sees late, it sees late
//! here through its expectations, which are lowered when its watch delivers the change.

use std::sync::Arc;

use crate::api::{
    ControllerRevision, DaemonSet, DaemonSetStatus, Name, ObjectKey, SimDuration, SimTime, Uid, UpdateStrategy,
};
use crate::store::World;

use super::memory::{BackoffKey, Memory};
use super::reason::Reason;
use super::saw::Saw;
use super::tally::Tally;
use super::{history, manage, rolling_update, status};

/// What a stage may look at.
pub struct View<'a> {
    pub world: &'a World,
    pub memory: &'a Memory,
    /// The DaemonSet's nodes sorted beforehand, as they are now; without it every node is looked at.
    pub tally: Option<&'a Tally>,
    pub now: SimTime,
    /// Decides what the original leaves to the order of a Go map.
    pub seed: u64,
}

/// Where in a sync we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Find or make the revision of the current template.
    History,
    /// Adopt and release pods.
    Claim,
    /// Pods that are missing, surplus or broken.
    Manage,
    /// Old pods, if everything that was asked for before has been seen to happen.
    RollingUpdate,
    /// Revisions beyond the limit.
    Cleanup,
    /// The status numbers.
    Status,
}

/// What to do and why, and how to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Creates run in slow-start batches, then everything else at once.
    pub decisions: Vec<Decision>,
    /// The stage after this one; `None` ends the sync.
    pub next: Option<Stage>,
    /// Whether the creates and deletes of this plan are to be expected (they go through `syncNodes`).
    pub expects: bool,
    /// Failed pods that this plan removes: their back-off grows.
    pub advance_backoff: Vec<BackoffKey>,
    /// Look again after this long.
    pub requeue_after: Option<SimDuration>,
    /// The sync fails with this message and is tried again.
    pub error: Option<String>,
    /// What was compared.
    pub saw: Option<Saw>,
}

/// One act of the controller.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The node it is about, if any.
    pub node: Option<Name>,
    pub act: Act,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    CreatePod { node: Name },
    DeletePod { pod: ObjectKey, uid: Uid },
    AdoptPod { pod: ObjectKey, uid: Uid },
    ReleasePod { pod: ObjectKey, uid: Uid },
    RelabelPod { pod: ObjectKey, uid: Uid, hash: String },
    AdoptRevision { revision: ObjectKey, uid: Uid },
    ReleaseRevision { revision: ObjectKey, uid: Uid },
    LabelRevision { revision: ObjectKey, uid: Uid, hash: String },
    CreateRevision(Arc<ControllerRevision>),
    RenumberRevision { revision: ObjectKey, uid: Uid, number: i64 },
    DeleteRevision { revision: ObjectKey, uid: Uid },
    WriteStatus(DaemonSetStatus),
}

/// Answers what a sync does at a stage.
pub fn sync(view: &View, key: &ObjectKey, stage: Stage) -> Plan {
    let Some(daemonset) = view.world.daemonsets.get(key) else {
        // Gone: the garbage collector looks after its pods.
        return Plan::default();
    };
    if daemonset.meta.is_terminating() || daemonset.spec.selector.is_empty() {
        // Nothing is created, deleted or counted any more.
        return Plan::default();
    }
    match stage {
        Stage::History => history::construct(view, daemonset),
        Stage::Claim if !view.memory.is_satisfied(key, view.now) => status::plan(view, daemonset, false),
        Stage::Claim => Plan { next: Some(Stage::Manage), ..manage::claim(view, daemonset) },
        Stage::Manage => Plan { next: Some(Stage::RollingUpdate), ..manage::manage(view, daemonset) },
        Stage::RollingUpdate => {
            let next = Some(Stage::Cleanup);
            match daemonset.spec.update_strategy {
                UpdateStrategy::RollingUpdate { max_unavailable, max_surge }
                    if view.memory.is_satisfied(key, view.now) =>
                {
                    Plan { next, ..rolling_update::plan(view, daemonset, max_unavailable, max_surge) }
                }
                // OnDelete waits for somebody to delete the old pods.
                _ => Plan { next, ..Plan::default() },
            }
        }
        Stage::Cleanup => Plan { next: Some(Stage::Status), ..history::cleanup(view, daemonset) },
        Stage::Status => status::plan(view, daemonset, true),
    }
}

impl Decision {
    pub(super) fn create(daemonset: &DaemonSet, node: &Name) -> Self {
        let reason = Reason::NoPodHere { node: node.clone(), daemonset: daemonset.meta.name.clone() };
        Decision { node: Some(node.clone()), act: Act::CreatePod { node: node.clone() }, reason }
    }

    pub(super) fn delete(pod: &crate::api::Pod, node: &Name, reason: Reason) -> Self {
        let act = Act::DeletePod { pod: pod.meta.key(), uid: pod.meta.uid };
        Decision { node: Some(node.clone()), act, reason }
    }
}
