//! The log: who did what to which object, why, and because of what.

use std::fmt;
use std::sync::Arc;

use crate::api::{Kind, Name, ObjectKey, SimDuration, SimTime};
use crate::controllers::daemonset;
use crate::store::Delta;
use crate::{kubelet, scheduler};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    You,
    DaemonSetController,
    Scheduler,
    Kubelet,
    GarbageCollector,
    NodeLifecycle,
    TaintEviction,
    Namespace,
    ResourceQuota,
    PodGc,
}

impl Actor {
    /// The name under which the actor is known in a real cluster.
    pub fn as_str(self) -> &'static str {
        match self {
            Actor::You => "you",
            Actor::DaemonSetController => "daemonset-controller",
            Actor::Scheduler => "scheduler",
            Actor::Kubelet => "kubelet",
            Actor::GarbageCollector => "garbage-collector",
            Actor::NodeLifecycle => "node-lifecycle",
            Actor::TaintEviction => "taint-eviction-controller",
            Actor::Namespace => "namespace-controller",
            Actor::ResourceQuota => "resourcequota-controller",
            Actor::PodGc => "pod-gc",
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Apply,
    Create,
    Delete,
    /// A change of an object that is not one of the others.
    Update,
    /// A pod gets its node.
    Bind,
    /// A pod finds no node.
    Unschedulable,
    /// A kubelet begins with a pod.
    Start,
    Ready,
    NotReady,
    Fail,
    /// A pod has stopped and its object is removed.
    Remove,
    /// A controller compares what should be with what is, and finds work.
    Sync,
    Status,
    Taint,
    Adopt,
    Release,
    Error,
    /// A real cluster takes the place of what was there.
    Import,
}

impl Verb {
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Apply => "Apply",
            Verb::Create => "Create",
            Verb::Delete => "Delete",
            Verb::Update => "Update",
            Verb::Bind => "Bind",
            Verb::Unschedulable => "Unschedulable",
            Verb::Start => "Start",
            Verb::Ready => "Ready",
            Verb::NotReady => "Not ready",
            Verb::Fail => "Fail",
            Verb::Remove => "Remove",
            Verb::Sync => "Compare",
            Verb::Status => "Status",
            Verb::Taint => "Taint",
            Verb::Adopt => "Adopt",
            Verb::Release => "Release",
            Verb::Error => "Error",
            Verb::Import => "Import",
        }
    }
}

/// What is acted on.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRef {
    pub kind: Kind,
    pub key: ObjectKey,
}

/// Why. Data of the room in which it was decided; the text is for the reader.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    DaemonSet(daemonset::Reason),
    Scheduler(scheduler::Reason),
    Kubelet(kubelet::Reason),
    /// The command as kubectl would write it.
    Command(Arc<str>),
    /// What a stage of a sync found to do, and what it had compared.
    Work {
        creates: usize,
        deletes: usize,
        others: usize,
        /// What it is going to do: `delete 1 old pod`.
        does: Arc<str>,
        saw: Option<Arc<daemonset::Saw>>,
    },
    /// The owner of the object is gone, or waits for it to go.
    OwnerGone {
        owner: Name,
        /// It is being deleted, and waits for what it owns to go first.
        waits: bool,
    },
    /// The owner is deleted, and its dependents are to be left behind.
    Orphaned {
        owner: Name,
    },
    /// All dependents of the object are gone or left behind.
    DependentsDone,
    /// The object's node does not exist any more.
    NodeMissing {
        node: Name,
    },
    /// The node's conditions, or cordoning, ask for these taints.
    Conditions {
        taints: Arc<str>,
    },
    /// The node has not been ready for a while, so pods that do not tolerate that are to leave.
    StillNotReady {
        node: Name,
    },
    /// The node is ready again, so pods may stay.
    ReadyAgain {
        node: Name,
    },
    /// No node of the cluster is ready: rather the control plane is cut off.
    AllDisrupted,
    /// A taint of the node drives the pod away.
    NotTolerated {
        node: Name,
        taint: Arc<str>,
    },
    /// The pod tolerates the node's taints no longer than this.
    TolerationOver {
        node: Name,
        after: SimDuration,
    },
    /// The pod may stay after all.
    EvictionCancelled,
    /// The node is not ready, and somebody has said that it will not come back.
    OutOfService {
        node: Name,
    },
    /// The pod was never bound, so no kubelet finishes it.
    NeverBound,
    /// The namespace is deleted, and everything in it.
    NamespaceGoes {
        namespace: Name,
    },
    /// What a namespace holds has changed.
    QuotaCounted,
    /// The node's kubelet has been silent for too long.
    KubeletSilent {
        node: Name,
        silent_for: SimDuration,
    },
    /// The node is not ready, so what runs on it counts as not ready.
    NodeNotReady {
        node: Name,
    },
    /// Only an event tells of it.
    Told,
    /// The API server refused.
    Refused {
        message: Arc<str>,
    },
}

impl Reason {
    /// The function of the original in which this is decided, where there is one.
    pub fn function(&self) -> Option<&'static str> {
        Some(match self {
            Reason::DaemonSet(reason) => reason.function(),
            Reason::Scheduler(reason) => reason.function(),
            Reason::Kubelet(reason) => reason.function(),
            Reason::Work { saw: Some(saw), .. } => saw.function(),
            Reason::Work { .. } => "syncDaemonSet",
            Reason::OwnerGone { .. } => "attemptToDeleteItem",
            Reason::Orphaned { .. } => "attemptToOrphanWorker",
            Reason::DependentsDone => "processDeletingDependentsItem",
            Reason::NodeMissing { .. } => "gcOrphaned",
            Reason::Conditions { .. } => "doNoScheduleTaintingPass",
            Reason::StillNotReady { .. } => "doNoExecuteTaintingPass",
            Reason::ReadyAgain { .. } => "markNodeAsReachable",
            Reason::AllDisrupted => "handleDisruption",
            Reason::NotTolerated { .. } | Reason::TolerationOver { .. } => "processPodOnNode",
            Reason::EvictionCancelled => "cancelWorkWithEvent",
            Reason::OutOfService { .. } => "gcTerminating",
            Reason::NeverBound => "gcUnscheduledTerminating",
            Reason::NamespaceGoes { .. } => "deleteAllContent",
            Reason::QuotaCounted => "syncResourceQuota",
            Reason::KubeletSilent { .. } => "tryUpdateNodeHealth",
            Reason::NodeNotReady { .. } => "MarkPodsNotReady",
            Reason::Command(_) | Reason::Refused { .. } | Reason::Told => return None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::DaemonSet(reason) => reason.fmt(f),
            Reason::Scheduler(reason) => reason.fmt(f),
            Reason::Kubelet(reason) => reason.fmt(f),
            Reason::Command(command) => f.write_str(command),
            Reason::Work { creates, deletes, others, .. } => {
                let parts = [(creates, "to create"), (deletes, "to delete"), (others, "to change")];
                let parts = parts.iter().filter(|(count, _)| **count > 0);
                let texts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
                write!(f, "what is there differs from what should be: {}", texts.join(", "))
            }
            Reason::OwnerGone { owner, waits: false } => write!(f, "its owner {owner} is gone"),
            Reason::OwnerGone { owner, .. } => write!(f, "its owner {owner} is being deleted, and waits for it to go"),
            Reason::Orphaned { owner } => write!(f, "its owner {owner} goes and leaves it behind"),
            Reason::DependentsDone => f.write_str("nothing depends on it any more"),
            Reason::NodeMissing { node } => {
                write!(f, "its node {node} has been gone for {}", crate::controllers::pod_gc::QUARANTINE)
            }
            Reason::Conditions { taints } if taints.is_empty() => f.write_str("nothing asks for its taints any more"),
            Reason::Conditions { taints } => write!(f, "its conditions ask for {taints}"),
            Reason::StillNotReady { node } => {
                write!(f, "{node} is not ready, so pods that do not tolerate that are to leave it")
            }
            Reason::ReadyAgain { node } => write!(f, "{node} is ready again"),
            Reason::AllDisrupted => f.write_str("no node is ready, so no pod is driven away"),
            Reason::NotTolerated { node, taint } => write!(f, "it does not tolerate the taint {taint} of {node}"),
            Reason::TolerationOver { node, after } => write!(f, "it tolerates the taints of {node} only for {after}"),
            Reason::EvictionCancelled => {
                f.write_str("the taints of its node have changed, so what was planned for it is called off")
            }
            Reason::OutOfService { node } => write!(f, "{node} is out of service, so nobody else will finish it"),
            Reason::NamespaceGoes { namespace } => write!(f, "the namespace {namespace} is deleted"),
            Reason::QuotaCounted => f.write_str("what the namespace holds has been counted"),
            Reason::NeverBound => f.write_str("it was never bound to a node, so nobody else will finish it"),
            Reason::KubeletSilent { node, silent_for } => {
                write!(f, "the kubelet of {node} has been silent for {silent_for}")
            }
            Reason::NodeNotReady { node } => write!(f, "{node} is not ready"),
            Reason::Told => f.write_str("only an event tells of it"),
            Reason::Refused { message } => f.write_str(message),
        }
    }
}

/// One act, and what it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its place in the log, counted from 0.
    pub seq: u64,
    pub at: SimTime,
    pub actor: Actor,
    pub verb: Verb,
    pub object: ObjectRef,
    /// The node it happens on or is about.
    pub node: Option<Name>,
    pub reason: Reason,
    pub deltas: Arc<[Delta]>,
    /// The record that led to this one; `None` for the reader's own acts.
    pub caused_by: Option<u64>,
}

impl Record {
    /// Whether the act is one that a reader follows: not the book-keeping of status writes and comparisons.
    pub fn is_act(&self) -> bool {
        !matches!(self.verb, Verb::Status | Verb::Sync)
    }

    /// One line: `00:01.500 daemonset-controller Create Pod default/agent-x7k2p on worker-1: reason`.
    pub fn to_line(&self) -> String {
        let node = self.node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
        let (kind, key) = (self.object.kind, &self.object.key);
        if self.verb == Verb::Import {
            return format!("{} {} {} a cluster: {}", self.at, self.actor.as_str(), self.verb.as_str(), self.reason);
        }
        format!("{} {} {} {kind} {key}{node}: {}", self.at, self.actor.as_str(), self.verb.as_str(), self.reason)
    }
}
