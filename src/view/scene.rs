//! The map: nodes grouped by role, the pods on them, and a ribbon for each DaemonSet.

use std::rc::Rc;

use super::dense::DenseMap;
use crate::api::{Name, ObjectKey};

/// How a pod looks on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodLook {
    /// Not bound to its node yet.
    Waiting,
    Starting,
    Running,
    /// Runs, but is not ready.
    Unready,
    Terminating,
    Failed,
    Succeeded,
}

impl PodLook {
    pub fn word(self) -> &'static str {
        match self {
            PodLook::Waiting => "Waiting",
            PodLook::Starting => "Creating",
            PodLook::Running => "Running",
            PodLook::Unready => "Not ready",
            PodLook::Terminating => "Terminating",
            PodLook::Failed => "Failed",
            PodLook::Succeeded => "Done",
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            PodLook::Waiting => "waiting",
            PodLook::Starting => "starting",
            PodLook::Running => "running",
            PodLook::Unready => "unready",
            PodLook::Terminating => "terminating",
            PodLook::Failed => "failed",
            PodLook::Succeeded => "succeeded",
        }
    }
}

/// A pod, as its chip shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct PodChip {
    pub key: ObjectKey,
    /// `-x7k2p` where its DaemonSet is clear from colour and letter.
    pub short: Name,
    /// Where it runs, or will.
    pub node: Name,
    /// Empty for a pod that no DaemonSet owns.
    pub daemonset: Name,
    /// The colour and letter of its DaemonSet.
    pub slot: Option<u8>,
    pub look: PodLook,
    /// What it says: the look's word, or what its container waits for.
    pub word: &'static str,
    /// `status.phase`
    pub phase: &'static str,
    pub ready: bool,
    /// The number of its ControllerRevision; 0 where there is none.
    pub revision: i64,
    /// Whether that is the revision its DaemonSet wants.
    pub current: bool,
}

/// Why a DaemonSet has no pod on a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Absent {
    pub daemonset: Name,
    pub slot: u8,
    /// Empty while one is still to come.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeStatus {
    Ready,
    NotReady,
    Unknown,
    /// The Node object is gone; its pods wait for the pod garbage collector.
    Removed,
}

impl NodeStatus {
    pub fn word(self) -> &'static str {
        match self {
            NodeStatus::Ready => "Ready",
            NodeStatus::NotReady => "NotReady",
            NodeStatus::Unknown => "Unknown",
            NodeStatus::Removed => "Removed",
        }
    }

    pub fn class(self) -> &'static str {
        match self {
            NodeStatus::Ready => "ready",
            NodeStatus::NotReady => "notready",
            NodeStatus::Unknown => "unknown",
            NodeStatus::Removed => "removed",
        }
    }
}

/// A short remark on a node's card, a taint for one.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Its style: `taint`, `cordoned` or `kubelet`.
    pub class: &'static str,
    pub text: String,
    /// What it means, in full.
    pub title: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeCard {
    pub name: Name,
    pub role: Role,
    pub status: NodeStatus,
    pub cordoned: bool,
    pub roles: String,
    /// The pod network, shown where there are no chips.
    pub cidr: Name,
    pub chips: Vec<Chip>,
    pub pods: Vec<PodChip>,
    pub absent: Vec<Absent>,
}

/// The groups of the map, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    ControlPlane,
    Worker,
    Other,
    Removed,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::ControlPlane, Role::Worker, Role::Other, Role::Removed];

    pub fn title(self) -> &'static str {
        match self {
            Role::ControlPlane => "control-plane",
            Role::Worker => "workers",
            Role::Other => "other roles",
            Role::Removed => "removed, pods still to be collected",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Group {
    pub role: Role,
    pub cards: Vec<Rc<NodeCard>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub desired: i64,
    pub current: i64,
    pub ready: i64,
    pub updated: i64,
    pub available: i64,
}

/// How many pods of a DaemonSet are in which state, for the progress bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Of the current revision and ready.
    pub updated: u32,
    pub starting: u32,
    pub stopping: u32,
    pub old: u32,
    pub missing: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ribbon {
    pub key: ObjectKey,
    pub slot: u8,
    /// The revision that holds its template; 0 until there is one.
    pub revision: i64,
    pub hash: Name,
    pub counts: Counts,
    pub parts: Parts,
    /// Its state in words: `3 of 6 updated`.
    pub summary: String,
    pub deleting: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Cards; none when there are too many nodes for cards.
    pub groups: Vec<Rc<Group>>,
    /// Cells, when there are too many nodes for cards.
    pub dense: Option<Rc<DenseMap>>,
    pub ribbons: Vec<Rc<Ribbon>>,
    pub node_count: usize,
    pub pod_count: usize,
}

/// The letter that tells DaemonSets apart where colour cannot.
pub fn letter(slot: u8) -> &'static str {
    ["A", "B", "C", "D", "E", "F", "G", "H"][usize::from(slot % SLOTS)]
}

/// How many DaemonSets have a colour and letter of their own; after that they repeat.
pub const SLOTS: u8 = 8;
