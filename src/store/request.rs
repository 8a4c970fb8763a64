//! What can be asked of the API server, and how it refuses.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::world::Object;
use crate::api::quota::QuotaStatus;
use crate::api::typed::typed;
use crate::api::{
    DaemonSetStatus, Kind, Name, NodeCondition, ObjectKey, OwnerReference, PodStatus, SimTime, Taint, Uid,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// An object with a name, or with a generateName.
    Create(Object),
    /// Metadata and spec of an existing object; its status stays.
    Update(Object),
    Patch {
        kind: Kind,
        key: ObjectKey,
        /// Refused if the object has another uid.
        uid: Option<Uid>,
        patch: Patch,
    },
    Delete {
        kind: Kind,
        key: ObjectKey,
        uid: Option<Uid>,
        propagation: Option<Propagation>,
        /// Pods only; `None` means the pod's own grace period.
        grace_period_seconds: Option<i64>,
    },
    /// The scheduler's answer for a pod.
    Bind { pod: ObjectKey, uid: Uid, node: Name },
}

/// A change to a part of an object, made to whatever is stored when the request arrives.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// `None` removes a label.
    Labels(Vec<(String, Option<String>)>),
    /// `None` removes an annotation.
    Annotations(Vec<(String, Option<String>)>),
    AddOwner(OwnerReference),
    RemoveOwner(Uid),
    RemoveFinalizer(Name),
    PodStatus(PodStatus),
    DaemonSetStatus(DaemonSetStatus),
    Taints(Arc<[Taint]>),
    Unschedulable(bool),
    NodeConditions(Arc<[NodeCondition]>),
    Allocatable(Arc<BTreeMap<String, i64>>),
    /// An event has happened again.
    Event {
        count: u32,
        message: Name,
        last_at: SimTime,
    },
    QuotaStatus(QuotaStatus),
    /// The number of a ControllerRevision.
    Revision(i64),
}

/// What becomes of an owner's dependents (`metav1.DeletionPropagation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

impl Propagation {
    pub fn as_str(self) -> &'static str {
        match self {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        }
    }
}

typed!(words Propagation { Background, Foreground, Orphan });

pub const FOREGROUND_FINALIZER: &str = "foregroundDeletion";
pub const ORPHAN_FINALIZER: &str = "orphan";

/// A refusal of the API server.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    pub reason: ErrorReason,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorReason {
    NotFound,
    AlreadyExists,
    Conflict,
    Forbidden,
    Invalid,
    InternalError,
}

impl ApiError {
    pub fn not_found(kind: Kind, name: &str) -> Self {
        ApiError { reason: ErrorReason::NotFound, message: format!("{} {name:?} not found", kind.resource()) }
    }

    pub fn already_exists(kind: Kind, name: &str) -> Self {
        ApiError { reason: ErrorReason::AlreadyExists, message: format!("{} {name:?} already exists", kind.resource()) }
    }

    pub fn conflict(kind: Kind, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: the object has been modified; please apply your changes to \
             the latest version and try again",
            kind.resource()
        );
        ApiError { reason: ErrorReason::Conflict, message }
    }

    /// The API server's storage does not answer.
    pub fn no_storage() -> Self {
        ApiError {
            reason: ErrorReason::InternalError,
            message: "Internal error occurred: etcdserver: no leader".into(),
        }
    }

    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self.reason {
            ErrorReason::NotFound => 404,
            ErrorReason::AlreadyExists | ErrorReason::Conflict => 409,
            ErrorReason::Forbidden => 403,
            ErrorReason::Invalid => 422,
            ErrorReason::InternalError => 500,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}
