//! Nodes, namespaces and priority classes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::meta::{Labels, Name, ObjectMeta};
use super::taint::Taint;
use super::time::SimTime;
use super::value::{Map, Value};

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub meta: ObjectMeta,
    pub taints: Arc<[Taint]>,
    pub unschedulable: bool,
    pub pod_cidr: Option<Name>,
    pub internal_ip: Option<Name>,
    pub conditions: Arc<[NodeCondition]>,
    /// In milli-units of each resource.
    pub allocatable: Arc<BTreeMap<String, i64>>,
    pub kubelet_version: Name,
}

/// One entry of `status.conditions` of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeCondition {
    pub kind: Name,
    pub status: ConditionStatus,
    /// When a kubelet last told it: kubelets here do so when something changes.
    pub reported_at: SimTime,
    pub changed_at: SimTime,
    pub reason: Name,
    pub message: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionStatus {
    True,
    False,
    Unknown,
}

super::typed::typed!(words ConditionStatus { True, False, Unknown });

impl ConditionStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
    }
}

/// cpu 4, memory 8Gi, ephemeral-storage 100Gi, pods 110: what a node has that does not say otherwise.
fn default_allocatable() -> BTreeMap<String, i64> {
    BTreeMap::from([
        ("cpu".to_owned(), 4_000),
        ("ephemeral-storage".to_owned(), 100 * 1024 * 1024 * 1024 * 1000),
        ("memory".to_owned(), 8 * 1024 * 1024 * 1024 * 1000),
        ("pods".to_owned(), 110_000),
    ])
}

impl Node {
    /// A healthy node without taints, as a kubelet registers it: with the labels that every node gets.
    pub fn named(name: &str) -> Self {
        let mut node = Node {
            meta: ObjectMeta::named("", name),
            taints: Arc::from([]),
            unschedulable: false,
            pod_cidr: None,
            internal_ip: None,
            conditions: Arc::from([]),
            allocatable: Arc::new(default_allocatable()),
            kubelet_version: "v1.36.2".into(),
        };
        node.add_well_known_labels();
        for kind in ["MemoryPressure", "DiskPressure", "PIDPressure"] {
            node.set_condition(kind, ConditionStatus::False, SimTime::ZERO);
        }
        node.set_condition("Ready", ConditionStatus::True, SimTime::ZERO);
        node
    }

    /// A node from a manifest. Conditions that it does not name are those of a healthy node.
    pub fn from_value(value: &Value) -> Self {
        let spec = value.get("spec").unwrap_or(&Value::Null);
        let status = value.get("status").unwrap_or(&Value::Null);
        let meta = ObjectMeta::from_value(value);
        let mut node = Node::named(&meta.name);
        node.meta = ObjectMeta { namespace: "".into(), ..meta };
        node.add_well_known_labels();
        node.taints = spec.list("taints").iter().map(Taint::from_value).collect();
        node.unschedulable = spec.flag("unschedulable");
        node.pod_cidr = spec.get("podCIDR").and_then(Value::as_str).map(Into::into);
        if let Some(listed) = status.get("allocatable").and_then(Value::as_map) {
            let milli = |value: &Value| match value {
                Value::Str(text) => super::Quantity::parse(text).ok().map(|quantity| quantity.milli()),
                Value::Int(number) => Some(number.saturating_mul(1000)),
                _ => None,
            };
            let mut allocatable = default_allocatable();
            allocatable.extend(listed.iter().filter_map(|(name, value)| Some((name.clone(), milli(value)?))));
            node.allocatable = Arc::new(allocatable);
        }
        for condition in status.list("conditions") {
            let status = match condition.text("status") {
                "True" => ConditionStatus::True,
                "False" => ConditionStatus::False,
                _ => ConditionStatus::Unknown,
            };
            node.set_condition(condition.text("type"), status, SimTime::ZERO);
        }
        node
    }

    fn add_well_known_labels(&mut self) {
        let labels = Arc::make_mut(&mut self.meta.labels);
        for (key, value) in [
            ("kubernetes.io/hostname", &*self.meta.name),
            ("kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            // The node life cycle controller copies them there (`reconcileNodeLabels`).
            ("beta.kubernetes.io/os", "linux"),
            ("beta.kubernetes.io/arch", "amd64"),
        ] {
            labels.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        }
    }

    pub fn name(&self) -> &Name {
        &self.meta.name
    }

    pub fn labels(&self) -> &Labels {
        &self.meta.labels
    }

    pub fn condition(&self, kind: &str) -> Option<&NodeCondition> {
        self.conditions.iter().find(|condition| &*condition.kind == kind)
    }

    /// The status of the Ready condition; a node that has none is not known to be ready.
    pub fn ready(&self) -> ConditionStatus {
        self.condition("Ready").map_or(ConditionStatus::Unknown, |condition| condition.status)
    }

    /// Sets a condition with the reason and message that a kubelet gives for it.
    pub fn set_condition(&mut self, kind: &str, status: ConditionStatus, now: SimTime) {
        let (reason, message) = kubelet_words(kind, status);
        self.set_condition_because(kind, status, reason, message, now);
    }

    /// Sets a condition; the transition time moves only when the status does.
    pub fn set_condition_because(
        &mut self,
        kind: &str,
        status: ConditionStatus,
        reason: &str,
        message: &str,
        now: SimTime,
    ) {
        let mut conditions: Vec<NodeCondition> = self.conditions.to_vec();
        let new = NodeCondition {
            kind: kind.into(),
            status,
            reported_at: now,
            changed_at: now,
            reason: reason.into(),
            message: message.into(),
        };
        match conditions.iter_mut().find(|condition| &*condition.kind == kind) {
            Some(old) => {
                let changed_at = if old.status == status { old.changed_at } else { now };
                // What is unknown is told by the node life cycle controller, not by the kubelet.
                let reported_at = if status == ConditionStatus::Unknown { old.reported_at } else { now };
                *old = NodeCondition { changed_at, reported_at, ..new };
            }
            None => conditions.push(new),
        }
        self.conditions = conditions.into();
    }

    /// The roles of the label prefix `node-role.kubernetes.io/`, as kubectl prints them (`findNodeRoles`).
    pub fn roles(&self) -> Vec<&str> {
        let prefix = "node-role.kubernetes.io/";
        self.meta
            .labels
            .iter()
            .filter_map(|(key, value)| match key.strip_prefix(prefix) {
                Some(role) if !role.is_empty() => Some(role),
                _ if key == "kubernetes.io/role" && !value.is_empty() => Some(value.as_str()),
                _ => None,
            })
            .collect()
    }

    pub fn to_value(&self) -> Value {
        let mut spec = Map::new();
        if let Some(cidr) = &self.pod_cidr {
            spec.insert("podCIDR".to_owned(), (&**cidr).into());
            spec.insert("podCIDRs".to_owned(), Value::List(vec![(&**cidr).into()]));
        }
        if !self.taints.is_empty() {
            spec.insert("taints".to_owned(), Value::List(self.taints.iter().map(Taint::to_value).collect()));
        }
        if self.unschedulable {
            spec.insert("unschedulable".to_owned(), true.into());
        }
        let resources = || {
            Value::Map(
                self.allocatable
                    .iter()
                    .map(|(name, milli)| (name.clone(), quantity_text(name, *milli).into()))
                    .collect(),
            )
        };
        let mut status = Map::from([
            ("allocatable".to_owned(), resources()),
            ("capacity".to_owned(), resources()),
            ("conditions".to_owned(), Value::List(self.conditions.iter().map(NodeCondition::to_value).collect())),
            ("daemonEndpoints".to_owned(), [("kubeletEndpoint", Value::from([("Port", Value::Int(10250))]))].into()),
            ("nodeInfo".to_owned(), self.info()),
        ]);
        if let Some(ip) = &self.internal_ip {
            let address = |kind: &str, address: &str| Value::from([("address", address.into()), ("type", kind.into())]);
            status.insert(
                "addresses".to_owned(),
                Value::List(vec![address("InternalIP", ip), address("Hostname", &self.meta.name)]),
            );
        }
        [
            ("apiVersion", Value::from("v1")),
            ("kind", "Node".into()),
            ("metadata", self.meta.to_value()),
            ("spec", Value::Map(spec)),
            ("status", Value::Map(status)),
        ]
        .into()
    }
}

impl Node {
    /// What a kubelet tells of its machine; all machines here are of one kind.
    fn info(&self) -> Value {
        [
            ("architecture", Value::from("amd64")),
            ("bootID", "".into()),
            ("containerRuntimeVersion", "containerd://2.1.4".into()),
            ("kernelVersion", "6.1.0-13-amd64".into()),
            ("kubeProxyVersion", "".into()),
            ("kubeletVersion", (&*self.kubelet_version).into()),
            ("machineID", "".into()),
            ("operatingSystem", "linux".into()),
            ("osImage", "Debian GNU/Linux 12 (bookworm)".into()),
            ("systemUUID", "".into()),
        ]
        .into()
    }
}

/// A resource amount as nodes print it: bytes in Ki, Mi, Gi where exact, the rest plain or in milli-units.
pub fn quantity_text(name: &str, milli: i64) -> String {
    let whole = milli / 1000;
    if milli % 1000 != 0 {
        return format!("{milli}m");
    }
    if name == "memory" || name.starts_with("ephemeral") || name.starts_with("hugepages") {
        for (suffix, shift) in [("Gi", 30), ("Mi", 20), ("Ki", 10)] {
            if whole != 0 && whole & ((1 << shift) - 1) == 0 {
                return format!("{}{suffix}", whole >> shift);
            }
        }
    }
    whole.to_string()
}

fn kubelet_words(kind: &str, status: ConditionStatus) -> (&'static str, &'static str) {
    use ConditionStatus::{False, True, Unknown};
    match (kind, status) {
        (_, Unknown) => ("NodeStatusUnknown", "Kubelet stopped posting node status."),
        ("Ready", True) => ("KubeletReady", "kubelet is posting ready status"),
        ("Ready", False) => ("KubeletNotReady", "container runtime is down"),
        ("MemoryPressure", True) => ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
        ("MemoryPressure", False) => ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", True) => ("KubeletHasDiskPressure", "kubelet has disk pressure"),
        ("DiskPressure", False) => ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", True) => ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
        ("PIDPressure", False) => ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("NetworkUnavailable", True) => ("NoRouteCreated", "Node created without a route"),
        ("NetworkUnavailable", False) => ("RouteCreated", "RouteController created a route"),
        _ => ("", ""),
    }
}

impl NodeCondition {
    fn to_value(&self) -> Value {
        [
            ("lastHeartbeatTime", Value::from(self.reported_at.to_rfc3339())),
            ("lastTransitionTime", self.changed_at.to_rfc3339().into()),
            ("message", (&*self.message).into()),
            ("reason", (&*self.reason).into()),
            ("status", self.status.as_str().into()),
            ("type", (&*self.kind).into()),
        ]
        .into()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    pub meta: ObjectMeta,
}

impl Namespace {
    pub fn to_value(&self) -> Value {
        let phase = if self.meta.is_terminating() { "Terminating" } else { "Active" };
        let mut meta = self.meta.to_value();
        // The server's own: its name as a label, and the finalizer that the namespace controller removes at last.
        meta.entry("labels").make_map().insert("kubernetes.io/metadata.name".to_owned(), (&*self.meta.name).into());
        [
            ("apiVersion", Value::from("v1")),
            ("kind", "Namespace".into()),
            ("metadata", meta),
            ("spec", [("finalizers", Value::List(vec!["kubernetes".into()]))].into()),
            ("status", [("phase", phase.into())].into()),
        ]
        .into()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PriorityClass {
    pub meta: ObjectMeta,
    pub value: i32,
    pub global_default: bool,
    pub preemption_policy: Name,
}

impl PriorityClass {
    pub fn from_value(value: &Value) -> Self {
        PriorityClass {
            meta: ObjectMeta::from_value(value),
            value: value.get("value").and_then(Value::as_int).and_then(|n| i32::try_from(n).ok()).unwrap_or(0),
            global_default: value.get("globalDefault").and_then(Value::as_bool).unwrap_or(false),
            preemption_policy: value
                .get("preemptionPolicy")
                .and_then(Value::as_str)
                .unwrap_or("PreemptLowerPriority")
                .into(),
        }
    }

    pub fn to_value(&self) -> Value {
        [
            ("apiVersion", Value::from("scheduling.k8s.io/v1")),
            ("globalDefault", self.global_default.into()),
            ("kind", "PriorityClass".into()),
            ("metadata", self.meta.to_value()),
            ("preemptionPolicy", (&*self.preemption_policy).into()),
            ("value", i64::from(self.value).into()),
        ]
        .into()
    }
}
