//! What every object has: name, identity, version, owners.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::time::SimTime;
use super::value::{Map, Value};

/// A name that is shared by many objects and copied often.
pub type Name = Arc<str>;

/// Labels or annotations.
pub type Labels = BTreeMap<String, String>;

/// The kinds that the simulation keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Namespace,
    Node,
    PriorityClass,
    ResourceQuota,
    LimitRange,
    DaemonSet,
    ControllerRevision,
    Pod,
    Event,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::Namespace,
        Kind::Node,
        Kind::PriorityClass,
        Kind::ResourceQuota,
        Kind::LimitRange,
        Kind::DaemonSet,
        Kind::ControllerRevision,
        Kind::Pod,
        Kind::Event,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Namespace => "Namespace",
            Kind::Node => "Node",
            Kind::PriorityClass => "PriorityClass",
            Kind::ResourceQuota => "ResourceQuota",
            Kind::LimitRange => "LimitRange",
            Kind::DaemonSet => "DaemonSet",
            Kind::ControllerRevision => "ControllerRevision",
            Kind::Pod => "Pod",
            Kind::Event => "Event",
        }
    }

    pub fn api_version(self) -> &'static str {
        match self {
            Kind::Namespace | Kind::Node | Kind::Pod | Kind::Event | Kind::ResourceQuota | Kind::LimitRange => "v1",
            Kind::PriorityClass => "scheduling.k8s.io/v1",
            Kind::DaemonSet | Kind::ControllerRevision => "apps/v1",
        }
    }

    /// The resource as error messages and kubectl name it: `daemonsets.apps`.
    pub fn resource(self) -> &'static str {
        match self {
            Kind::Namespace => "namespaces",
            Kind::Node => "nodes",
            Kind::PriorityClass => "priorityclasses.scheduling.k8s.io",
            Kind::ResourceQuota => "resourcequotas",
            Kind::LimitRange => "limitranges",
            Kind::DaemonSet => "daemonsets.apps",
            Kind::ControllerRevision => "controllerrevisions.apps",
            Kind::Pod => "pods",
            Kind::Event => "events",
        }
    }

    /// The singular that kubectl prints before a name: `daemonset.apps/agent created`.
    pub fn singular(self) -> &'static str {
        match self {
            Kind::Namespace => "namespace",
            Kind::Node => "node",
            Kind::PriorityClass => "priorityclass.scheduling.k8s.io",
            Kind::ResourceQuota => "resourcequota",
            Kind::LimitRange => "limitrange",
            Kind::DaemonSet => "daemonset.apps",
            Kind::ControllerRevision => "controllerrevision.apps",
            Kind::Pod => "pod",
            Kind::Event => "event",
        }
    }

    pub fn is_namespaced(self) -> bool {
        !matches!(self, Kind::Namespace | Kind::Node | Kind::PriorityClass)
    }
}

super::typed::typed!(words Kind { Namespace, Node, PriorityClass, ResourceQuota, LimitRange, DaemonSet, ControllerRevision, Pod, Event });

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an object is found among those of its kind. Cluster-wide kinds have an empty namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    pub namespace: Name,
    pub name: Name,
}

impl ObjectKey {
    pub fn new(namespace: impl Into<Name>, name: impl Into<Name>) -> Self {
        ObjectKey { namespace: namespace.into(), name: name.into() }
    }

    pub fn cluster(name: impl Into<Name>) -> Self {
        ObjectKey { namespace: "".into(), name: name.into() }
    }
}

/// `namespace/name`, as the work queues' keys are written.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// An object's identity over its whole life: a version 4 UUID, drawn from the simulation's seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u128);

impl Uid {
    /// Makes a valid version 4 UUID of any 128 bits.
    pub fn from_random(bits: u128) -> Self {
        Uid(bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62))
    }

    /// Reads a UUID; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        (text.len() == 36 && digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok().map(Uid))?
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            n >> 96,
            n >> 80 & 0xffff,
            n >> 64 & 0xffff,
            n >> 48 & 0xffff,
            n & 0xffff_ffff_ffff
        )
    }
}

/// A reference from a dependent to the object that owns it.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerReference {
    pub api_version: Name,
    pub kind: Name,
    pub name: Name,
    pub uid: Uid,
    pub controller: bool,
    pub block_owner_deletion: bool,
}

impl OwnerReference {
    /// The reference that a controller writes into what it creates or adopts (`metav1.NewControllerRef`).
    pub fn controller(kind: Kind, name: &Name, uid: Uid) -> Self {
        OwnerReference {
            api_version: kind.api_version().into(),
            kind: kind.as_str().into(),
            name: name.clone(),
            uid,
            controller: true,
            block_owner_deletion: true,
        }
    }

    pub fn from_value(value: &Value) -> Self {
        OwnerReference {
            api_version: value.text("apiVersion").into(),
            kind: value.text("kind").into(),
            name: value.text("name").into(),
            uid: Uid::parse(value.text("uid")).unwrap_or_default(),
            controller: value.flag("controller"),
            block_owner_deletion: value.flag("blockOwnerDeletion"),
        }
    }

    fn to_value(&self) -> Value {
        [
            ("apiVersion", Value::from(&*self.api_version)),
            ("blockOwnerDeletion", self.block_owner_deletion.into()),
            ("controller", self.controller.into()),
            ("kind", (&*self.kind).into()),
            ("name", (&*self.name).into()),
            ("uid", self.uid.to_string().into()),
        ]
        .into()
    }
}

/// `metadata` of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectMeta {
    pub name: Name,
    /// Empty for cluster-wide kinds.
    pub namespace: Name,
    pub generate_name: Option<Name>,
    pub uid: Uid,
    /// One counter for the whole store.
    pub resource_version: u64,
    /// 0 for kinds that have none.
    pub generation: i64,
    /// Exact here, printed in whole seconds; `None` until the API server has stored the object.
    pub created_at: Option<SimTime>,
    /// `deletionTimestamp`: now plus the grace period.
    pub deletion_at: Option<SimTime>,
    pub deletion_grace_period_seconds: Option<i64>,
    pub labels: Arc<Labels>,
    pub annotations: Arc<Labels>,
    pub owner_references: Arc<[OwnerReference]>,
    pub finalizers: Arc<[Name]>,
}

impl Default for ObjectMeta {
    fn default() -> Self {
        ObjectMeta {
            name: "".into(),
            namespace: "".into(),
            generate_name: None,
            uid: Uid::default(),
            resource_version: 0,
            generation: 0,
            created_at: None,
            deletion_at: None,
            deletion_grace_period_seconds: None,
            labels: Arc::default(),
            annotations: Arc::default(),
            owner_references: Arc::from([]),
            finalizers: Arc::from([]),
        }
    }
}

impl ObjectMeta {
    pub fn named(namespace: &str, name: &str) -> Self {
        ObjectMeta { name: name.into(), namespace: namespace.into(), ..Default::default() }
    }

    /// Reads what a manifest may say in `metadata`; anything else there is the API server's to set.
    pub fn from_value(object: &Value) -> Self {
        let Some(meta) = object.get("metadata") else { return ObjectMeta::default() };
        let text = |key: &str| Name::from(meta.text(key));
        ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            generate_name: meta.get("generateName").and_then(Value::as_str).map(Into::into),
            uid: Uid::parse(meta.text("uid")).unwrap_or_default(),
            labels: Arc::new(meta.labels("labels").unwrap_or_default()),
            annotations: Arc::new(meta.labels("annotations").unwrap_or_default()),
            finalizers: meta.list("finalizers").iter().filter_map(Value::as_str).map(Into::into).collect(),
            owner_references: meta.list("ownerReferences").iter().map(OwnerReference::from_value).collect(),
            ..Default::default()
        }
    }

    pub fn key(&self) -> ObjectKey {
        ObjectKey { namespace: self.namespace.clone(), name: self.name.clone() }
    }

    pub fn is_terminating(&self) -> bool {
        self.deletion_at.is_some()
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// The owner that manages the object (`metav1.GetControllerOf`).
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller)
    }

    pub fn has_finalizer(&self, name: &str) -> bool {
        self.finalizers.iter().any(|finalizer| &**finalizer == name)
    }

    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        let mut set = |key: &str, value: Value| {
            map.insert(key.to_owned(), value);
        };
        if !self.annotations.is_empty() {
            set("annotations", labels_to_value(&self.annotations));
        }
        if let Some(at) = self.created_at {
            set("creationTimestamp", at.to_rfc3339().into());
        }
        if let Some(seconds) = self.deletion_grace_period_seconds {
            set("deletionGracePeriodSeconds", seconds.into());
        }
        if let Some(at) = self.deletion_at {
            set("deletionTimestamp", at.to_rfc3339().into());
        }
        if !self.finalizers.is_empty() {
            set("finalizers", Value::List(self.finalizers.iter().map(|name| (&**name).into()).collect()));
        }
        if let Some(prefix) = &self.generate_name {
            set("generateName", (&**prefix).into());
        }
        if self.generation > 0 {
            set("generation", self.generation.into());
        }
        if !self.labels.is_empty() {
            set("labels", labels_to_value(&self.labels));
        }
        set("name", (&*self.name).into());
        if !self.namespace.is_empty() {
            set("namespace", (&*self.namespace).into());
        }
        if !self.owner_references.is_empty() {
            set("ownerReferences", Value::List(self.owner_references.iter().map(OwnerReference::to_value).collect()));
        }
        if self.resource_version > 0 {
            set("resourceVersion", self.resource_version.to_string().into());
            set("uid", self.uid.to_string().into());
        }
        Value::Map(map)
    }
}

/// Labels or annotations as a value.
pub fn labels_to_value(labels: &Labels) -> Value {
    Value::Map(labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_are_version_4() {
        let uid = Uid::from_random(u128::MAX);
        assert_eq!(uid.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uid::parse(&uid.to_string()), Some(uid));
        assert_eq!(Uid::parse("x"), None);
    }
}
