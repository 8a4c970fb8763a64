//! Why the controller does what it does: made where the decision is made, in words that a learner understands.

use std::fmt;
use std::sync::Arc;

use crate::api::{DaemonSetStatus, Name, SimDuration};

use super::placement::Obstacle;

#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The node should run the DaemonSet and has no pod of it.
    NoPodHere { node: Name, daemonset: Name },
    /// The node may not keep pods of the DaemonSet.
    MayNotContinue { node: Name, daemonset: Name, obstacle: Obstacle },
    /// Another pod of the DaemonSet is on the node, and one is enough.
    Duplicate { node: Name, kept: Name },
    /// The pod failed. Should its successor fail within `next_wait`, that one is left alone for so long.
    Failed { node: Name, next_wait: SimDuration },
    /// The pod ended although it should run for ever.
    Succeeded { node: Name },
    /// The pod still waits for a node that does not exist any more.
    NodeGone { node: Name },
    /// A template without a revision.
    NewTemplate { revision: i64 },
    /// A template that an older revision already holds: that one becomes the newest.
    KnownTemplate { from: i64, to: i64 },
    /// Several revisions hold the same template: this one is kept.
    SameTemplate { kept: Name },
    /// A revision without the hash label gets its own name as label.
    RevisionWithoutHash,
    /// Another template already has this revision's name.
    NameCollision { collision_count: i32 },
    /// More old revisions than the limit, and no pod uses this one.
    BeyondHistoryLimit { limit: i64 },
    /// Nobody controls the object, and the selector matches its labels.
    SelectorMatches,
    /// The selector no longer matches the object's labels.
    SelectorNoLongerMatches,
    /// An old pod that is available; the budget allows one more to be away.
    OldRevision { unavailable: i64, max_unavailable: i64 },
    /// An old pod that is not available anyway, so replacing it costs nothing.
    OldAndUnavailable,
    /// With surge: the new pod runs before the old one goes.
    SurgeFirst { surging: i64, max_surge: i64 },
    /// With surge: the old pod is not available, so its successor is made beyond the surge budget.
    SurgeForUnavailable,
    /// With surge: a successor for a node whose pod is already going.
    SurgeForTerminating { node: Name },
    /// With surge: the new pod is available, the old one is no longer needed.
    SuccessorAvailable { successor: Name },
    /// With surge: the old pod is not ready, the new one takes over.
    OldNotReady,
    /// With surge: the node is no longer wanted, and enough pods are available elsewhere.
    NoLongerWanted { node: Name },
    /// The status says something else than what is there: before and after.
    StatusChanged(Arc<(DaemonSetStatus, DaemonSetStatus)>),
}

impl Reason {
    /// The function of the original in which the decision is made.
    pub fn function(&self) -> &'static str {
        match self {
            Reason::NoPodHere { .. }
            | Reason::MayNotContinue { .. }
            | Reason::Duplicate { .. }
            | Reason::Failed { .. }
            | Reason::Succeeded { .. }
            | Reason::SurgeForTerminating { .. }
            | Reason::SuccessorAvailable { .. }
            | Reason::OldNotReady => "podsShouldBeOnNode",
            Reason::NodeGone { .. } => "getUnscheduledPodsWithoutNode",
            Reason::NewTemplate { .. } | Reason::KnownTemplate { .. } | Reason::RevisionWithoutHash => {
                "constructHistory"
            }
            Reason::NameCollision { .. } => "snapshot",
            Reason::SameTemplate { .. } => "dedupCurHistories",
            Reason::BeyondHistoryLimit { .. } => "cleanupHistory",
            Reason::SelectorMatches | Reason::SelectorNoLongerMatches => "ClaimObject",
            Reason::OldRevision { .. }
            | Reason::OldAndUnavailable
            | Reason::SurgeFirst { .. }
            | Reason::SurgeForUnavailable
            | Reason::NoLongerWanted { .. } => "rollingUpdate",
            Reason::StatusChanged(_) => "updateDaemonSetStatus",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoPodHere { node, daemonset } => write!(f, "{node} should run {daemonset} and has no pod of it"),
            Reason::MayNotContinue { node, daemonset, obstacle } => {
                write!(f, "{daemonset} may not run on {node}: {obstacle}")
            }
            Reason::Duplicate { node, kept } => write!(f, "{node} needs one pod, and {kept} is kept"),
            Reason::Failed { node, next_wait } => write!(
                f,
                "it failed on {node}, so another takes its place; if that one fails too, it stays until {next_wait} after this"
            ),
            Reason::Succeeded { node } => write!(f, "it ended on {node}, but a daemon should run for ever"),
            Reason::NodeGone { node } => write!(f, "it waits for {node}, which does not exist"),
            Reason::NewTemplate { revision } => {
                write!(f, "no revision holds this template, so it becomes revision {revision}")
            }
            Reason::KnownTemplate { from, to } => {
                write!(f, "revision {from} already holds this template, so it becomes revision {to}")
            }
            Reason::SameTemplate { kept } => write!(f, "{kept} holds the same template and is kept"),
            Reason::RevisionWithoutHash => f.write_str("the revision has no hash label"),
            Reason::NameCollision { collision_count } => {
                write!(f, "another template has this hash, so the collision count becomes {collision_count}")
            }
            Reason::BeyondHistoryLimit { limit } => {
                write!(f, "no pod uses it and more than {limit} old revisions are kept")
            }
            Reason::SelectorMatches => f.write_str("the selector matches its labels and nobody controls it"),
            Reason::SelectorNoLongerMatches => f.write_str("the selector no longer matches its labels"),
            Reason::OldRevision { unavailable, max_unavailable } => write!(
                f,
                "its revision is old, and {unavailable} of at most {max_unavailable} {} unavailable",
                if *unavailable == 1 { "is" } else { "are" }
            ),
            Reason::OldAndUnavailable => {
                f.write_str("its revision is old and it is not available, so nothing is lost by replacing it")
            }
            Reason::SurgeFirst { surging, max_surge } => write!(
                f,
                "the old pod stays until this one is available; {surging} of at most {max_surge} {} surging",
                if *surging == 1 { "is" } else { "are" }
            ),
            Reason::SurgeForUnavailable => {
                f.write_str("the old pod is not available, so its successor does not wait for the surge budget")
            }
            Reason::SurgeForTerminating { node } => {
                write!(f, "the pod on {node} is going, and with maxSurge its successor need not wait")
            }
            Reason::SuccessorAvailable { successor } => write!(f, "its successor {successor} is available"),
            Reason::OldNotReady => f.write_str("it is old and not ready, and its successor is there"),
            Reason::NoLongerWanted { node } => {
                write!(f, "{node} should no longer run it, and enough pods are available elsewhere")
            }
            Reason::StatusChanged(both) => {
                let (before, after) = (numbers(&both.0), numbers(&both.1));
                let mut separator = "";
                for ((name, before), (_, after)) in before.into_iter().zip(after) {
                    if before != after {
                        write!(f, "{separator}{name} {before} → {after}")?;
                        separator = ", ";
                    }
                }
                Ok(())
            }
        }
    }
}

/// The status numbers by the names that people know.
fn numbers(status: &DaemonSetStatus) -> [(&'static str, i64); 8] {
    [
        ("desired", status.desired_number_scheduled),
        ("current", status.current_number_scheduled),
        ("misscheduled", status.number_misscheduled),
        ("ready", status.number_ready),
        ("updated", status.updated_number_scheduled),
        ("available", status.number_available),
        ("unavailable", status.number_unavailable),
        ("observed generation", status.observed_generation),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_no_manifest_leads_to_read_well_too() {
        for (reason, text, function) in [
            (
                Reason::SameTemplate { kept: "a-1".into() },
                "a-1 holds the same template and is kept",
                "dedupCurHistories",
            ),
            (Reason::RevisionWithoutHash, "the revision has no hash label", "constructHistory"),
            (
                Reason::NameCollision { collision_count: 2 },
                "another template has this hash, so the collision count becomes 2",
                "snapshot",
            ),
        ] {
            assert_eq!((reason.to_string().as_str(), reason.function()), (text, function));
        }
    }
}
