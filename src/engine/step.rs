//! Everything that can happen.

use std::sync::Arc;

use crate::api::{Kind, Name, ObjectKey, Uid};
use crate::controllers::daemonset::Decision;
use crate::store::Delta;

/// What is due at some moment. This list is closed: whatever moves the simulation is one of these, or a command of the
/// reader's.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The watches tell everybody what a record changed.
    Deliver { deltas: Arc<[Delta]>, cause: u64 },
    /// A DaemonSet is put into the queue: a timer or a retry.
    Enqueue { key: ObjectKey, timer: Timer, cause: u64 },
    /// A worker has looked at everything and decides on the next stage of a sync.
    SyncStage { key: ObjectKey },
    /// A request of a sync reaches the API server.
    SyncRequest { key: ObjectKey, decision: Decision },
    /// The scheduler takes the next pod.
    Schedule,
    /// A kubelet has got on with a pod.
    Kubelet { pod: ObjectKey, uid: Uid, progress: Progress, cause: u64 },
    /// The garbage collector looks at an object.
    Collect { kind: Kind, key: ObjectKey, uid: Uid, cause: u64 },
    /// The node life cycle controller looks at a node's conditions.
    TaintNode { node: Name, cause: u64 },
    /// The node life cycle controller looks for kubelets that are silent, and for zones that are broken.
    MonitorNodes,
    /// The node life cycle controller takes the pods of a node that has fallen silent for not ready.
    MarkPodsNotReady { node: Name, cause: u64 },
    /// The node life cycle controller looks at the nodes that wait for a NoExecute taint.
    TaintPass,
    /// The taint eviction controller marks a pod, and then deletes it.
    Evict { pod: ObjectKey, uid: Uid, marked: bool, cause: u64 },
    /// The namespace controller tries to empty a namespace that is deleted.
    EmptyNamespace { namespace: Name, cause: u64 },
    /// The quota controller counts what a namespace holds.
    CountQuotas { namespace: Name, cause: u64 },
    /// The pod garbage collector looks for pods that nobody will finish.
    PodGc,
}

/// Why a DaemonSet is looked at again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A pod will have been ready for minReadySeconds.
    MinReady,
    /// A failed pod is left alone until then.
    LeftAlone,
    /// The last sync failed.
    Retry,
    /// The controller starts, and lists what is there.
    Start,
}

/// How far a kubelet has come with a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Creating,
    Started,
    Ready,
    Stopped,
}
