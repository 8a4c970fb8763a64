//! Pods and the template they are made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::meta::{Labels, Name, ObjectMeta};
use super::selector::{LabelSelector, NodeSelector, NodeSelectorTerm, Requirement};
use super::taint::Toleration;
use super::time::{SimDuration, SimTime};
use super::value::{Map, Value};

/// Label with the name part of the ControllerRevision that a pod was made from.
pub const HASH_LABEL: &str = "controller-revision-hash";
/// Label with the template generation that a pod was made from.
pub const GENERATION_LABEL: &str = "pod-template-generation";

/// The values of `preemptionPolicy`.
pub const NEVER: &str = "Never";
pub const PREEMPT_LOWER_PRIORITY: &str = "PreemptLowerPriority";

/// `spec.template` of a DaemonSet.
#[derive(Clone, Debug, PartialEq)]
pub struct PodTemplate {
    pub labels: Arc<Labels>,
    pub annotations: Arc<Labels>,
    pub finalizers: Arc<[Name]>,
    pub spec: Arc<PodTemplateSpec>,
    /// The whole template as stored, defaulted: what is hashed and compared.
    pub value: Arc<Value>,
}

/// The part of a pod's spec that all pods of one template share: what the engine reads of it, and all of it as a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodTemplateSpec {
    pub node_name: Option<Name>,
    pub node_selector: Labels,
    /// `affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`.
    pub required_affinity: Option<NodeSelector>,
    /// The node that the required affinity names, if it names one by `metadata.name`.
    pub affinity_node: Option<Name>,
    pub tolerations: Arc<[Toleration]>,
    pub containers: Vec<Container>,
    pub host_network: bool,
    pub host_ports: Vec<HostPort>,
    /// The required terms of `affinity.podAffinity` and of `affinity.podAntiAffinity`.
    pub pod_affinity: Vec<PodAffinityTerm>,
    pub pod_anti_affinity: Vec<PodAffinityTerm>,
    pub termination_grace_period_seconds: i64,
    pub priority_class_name: String,
    pub preemption_policy: String,
    /// Sums of the containers' requests as the scheduler counts them, in milli-units of each resource.
    pub requests: BTreeMap<String, i64>,
    pub value: Arc<Value>,
}

/// What the engine reads of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    pub name: Name,
    pub image: Name,
}

/// A port of the node that a container takes for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    pub ip: String,
    pub protocol: String,
    pub port: i64,
}

impl HostPort {
    /// Models the scheduler's `HostPortInfo.CheckConflict`.
    pub fn conflicts_with(&self, other: &HostPort) -> bool {
        let any = |ip: &str| ip.is_empty() || ip == "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (any(&self.ip) || any(&other.ip) || self.ip == other.ip)
    }
}

/// Pods that a pod wants near it, or far from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodAffinityTerm {
    /// Without a selector no pod is meant.
    selector: Option<LabelSelector>,
    /// With neither of these two, pods of the pod's own namespace are meant.
    namespaces: Vec<String>,
    namespace_selector: Option<LabelSelector>,
    /// Nodes with the same value of this label are near to each other.
    pub topology_key: String,
}

impl PodAffinityTerm {
    fn list(spec: &Value, kind: &str) -> Vec<PodAffinityTerm> {
        let terms = spec.at(&["affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution"]);
        let selector =
            |term: &Value, key: &str| term.get(key).filter(|it| !it.is_null()).map(LabelSelector::from_value);
        let term = |term: &Value| PodAffinityTerm {
            selector: selector(term, "labelSelector"),
            namespaces: term.texts("namespaces").unwrap_or_default(),
            namespace_selector: selector(term, "namespaceSelector"),
            topology_key: term.text("topologyKey").to_owned(),
        };
        terms.and_then(Value::as_list).unwrap_or_default().iter().map(term).collect()
    }

    /// Whether a pod is one of those that the term of a pod in the namespace `own` means; `labels_of` are those of the
    /// pod's namespace.
    pub fn means(&self, pod: &Pod, own: &str, labels_of: &Labels) -> bool {
        let namespace = &*pod.meta.namespace;
        let in_namespace = match (self.namespaces.is_empty(), &self.namespace_selector) {
            (true, None) => namespace == own,
            (_, by_labels) => {
                self.namespaces.iter().any(|it| it == namespace)
                    || by_labels.as_ref().is_some_and(|selector| selector.matches(labels_of))
            }
        };
        in_namespace && self.selector.as_ref().is_some_and(|selector| selector.matches(&pod.meta.labels))
    }
}

/// Requests in milli-units of the map `resources`; a missing request is the limit (`SetDefaults_Pod`).
fn requests(container: &Value) -> BTreeMap<String, i64> {
    let resources = container.get("resources");
    let mut milli = quantities(resources.and_then(|resources| resources.get("limits")));
    milli.extend(quantities(resources.and_then(|resources| resources.get("requests"))));
    milli
}

fn quantities(list: Option<&Value>) -> BTreeMap<String, i64> {
    let milli = |value: &Value| match value {
        Value::Str(text) => super::Quantity::parse(text).ok().map(|quantity| quantity.milli()),
        Value::Int(number) => Some(number.saturating_mul(1000)),
        Value::Float(number) => Some((number * 1000.0).ceil() as i64),
        _ => None,
    };
    let mut amounts = BTreeMap::new();
    for (name, value) in list.and_then(Value::as_map).into_iter().flatten() {
        if let Some(milli) = milli(value) {
            amounts.insert(name.clone(), milli);
        }
    }
    amounts
}

/// An init container that goes on running beside the others.
fn is_restartable(init_container: &Value) -> bool {
    init_container.text("restartPolicy") == "Always"
}

/// Models component-helpers `PodRequests`: the sum over containers and restartable init containers, or the largest init
/// step where that is more, plus the pod's overhead.
fn pod_requests(spec: &Value) -> BTreeMap<String, i64> {
    let mut total: BTreeMap<String, i64> = BTreeMap::new();
    let add = |sum: &mut BTreeMap<String, i64>, more: &BTreeMap<String, i64>| {
        for (name, amount) in more {
            let entry = sum.entry(name.clone()).or_insert(0);
            *entry = entry.saturating_add(*amount);
        }
    };
    for container in spec.list("containers") {
        add(&mut total, &requests(container));
    }
    let mut restartable: BTreeMap<String, i64> = BTreeMap::new();
    let mut init_peak: BTreeMap<String, i64> = BTreeMap::new();
    for container in spec.list("initContainers") {
        let own = requests(container);
        if is_restartable(container) {
            add(&mut total, &own);
            add(&mut restartable, &own);
        } else {
            let mut step = restartable.clone();
            add(&mut step, &own);
            for (name, amount) in step {
                let peak = init_peak.entry(name).or_insert(0);
                *peak = (*peak).max(amount);
            }
        }
    }
    for (name, amount) in init_peak {
        let entry = total.entry(name).or_insert(0);
        *entry = (*entry).max(amount);
    }
    for (name, amount) in quantities(spec.at(&["resources", "requests"])) {
        if name == "cpu" || name == "memory" || name.starts_with("hugepages-") {
            total.insert(name, amount);
        }
    }
    add(&mut total, &quantities(spec.get("overhead")));
    total
}

/// The node that an affinity names: the first requirement `metadata.name In [x]` with exactly one value, as
/// `GetTargetNodeName` reads it.
fn node_named_by(affinity: &NodeSelector) -> Option<Name> {
    let named = |field: &Requirement| match field.values() {
        [name] if field.key == "metadata.name" && field.operator == "In" => Some(Name::from(name.as_str())),
        _ => None,
    };
    affinity.terms().iter().flat_map(NodeSelectorTerm::fields).find_map(named)
}

impl PodTemplateSpec {
    /// Reads a PodSpec that has passed validation; a field of the wrong shape counts as absent.
    pub fn from_value(value: &Value) -> Self {
        let host_network = value.flag("hostNetwork");
        let restartable = value.list("initContainers").iter().filter(|container| is_restartable(container));
        let mut host_ports = Vec::new();
        for port in value.list("containers").iter().chain(restartable).flat_map(|container| container.list("ports")) {
            let host_port = port.int("hostPort").filter(|number| *number > 0);
            let on_node = if host_network { host_port.or(port.int("containerPort")) } else { host_port };
            if let Some(number) = on_node {
                let protocol = port.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
                let ip = port.text("hostIP").to_owned();
                host_ports.push(HostPort { ip, protocol: protocol.to_owned(), port: number });
            }
        }
        let container = |container: &Value| Container {
            name: container.text("name").into(),
            image: container.text("image").into(),
        };
        let required_affinity = value
            .at(&["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"])
            .filter(|required| !required.is_null())
            .map(NodeSelector::from_value);
        PodTemplateSpec {
            affinity_node: required_affinity.as_ref().and_then(node_named_by),
            node_name: Some(value.text("nodeName")).filter(|name| !name.is_empty()).map(Into::into),
            node_selector: value.labels("nodeSelector").unwrap_or_default(),
            required_affinity,
            tolerations: value.list("tolerations").iter().map(Toleration::from_value).collect(),
            containers: value.list("containers").iter().map(container).collect(),
            host_network,
            host_ports,
            pod_affinity: PodAffinityTerm::list(value, "podAffinity"),
            pod_anti_affinity: PodAffinityTerm::list(value, "podAntiAffinity"),
            termination_grace_period_seconds: value.int("terminationGracePeriodSeconds").unwrap_or(30),
            priority_class_name: value.text("priorityClassName").to_owned(),
            preemption_policy: value.text("preemptionPolicy").to_owned(),
            requests: pod_requests(value),
            value: Arc::new(value.clone()),
        }
    }

    /// Sums of the containers' limits, in milli-units of each resource.
    pub fn limits(&self) -> BTreeMap<String, i64> {
        let mut total = BTreeMap::new();
        for container in self.value.list("containers") {
            for (name, amount) in quantities(container.at(&["resources", "limits"])) {
                *total.entry(name).or_insert(0) += amount;
            }
        }
        total
    }

    /// The first container's image.
    pub fn image(&self) -> &str {
        self.containers.first().map_or("", |container| &container.image)
    }
}

impl PodTemplate {
    pub fn from_value(value: &Value) -> Self {
        let meta = ObjectMeta::from_value(value);
        PodTemplate {
            labels: meta.labels,
            annotations: meta.annotations,
            finalizers: meta.finalizers,
            spec: Arc::new(PodTemplateSpec::from_value(value.get("spec").unwrap_or(&Value::Null))),
            value: Arc::new(value.clone()),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    pub meta: ObjectMeta,
    pub spec: PodSpec,
    pub status: PodStatus,
}

/// A pod's spec: what it shares with others of its template, and what is its own.
#[derive(Clone, Debug, PartialEq)]
pub struct PodSpec {
    pub template: Arc<PodTemplateSpec>,
    /// The node the pod is bound to.
    pub node_name: Option<Name>,
    /// The one node in the affinity that the DaemonSet controller injects; it replaces the template's required terms.
    pub pinned_node: Option<Name>,
    /// The template's tolerations and those that were added for this pod.
    pub tolerations: Arc<[Toleration]>,
    pub priority: i32,
    /// Whether it drives no others away, whatever its priority (`preemptionPolicy: Never`).
    pub never_preempts: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodPhase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
}

super::typed::typed!(words PodPhase { Pending, Running, Succeeded, Failed });

impl PodPhase {
    pub fn as_str(self) -> &'static str {
        match self {
            PodPhase::Pending => "Pending",
            PodPhase::Running => "Running",
            PodPhase::Succeeded => "Succeeded",
            PodPhase::Failed => "Failed",
        }
    }
}

/// One entry of `status.conditions` of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodCondition {
    pub kind: &'static str,
    pub status: bool,
    pub changed_at: SimTime,
    pub reason: Name,
    pub message: Name,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodStatus {
    pub phase: PodPhase,
    pub conditions: Arc<[PodCondition]>,
    /// Since when the Ready condition has been true: asked for far more often than it is set.
    ready_since: Option<SimTime>,
    /// `reason` and `message` of the whole pod, set when it failed (`Evicted`, `OutOfcpu`, ...).
    pub reason: Option<Name>,
    pub message: Option<Name>,
    /// Why the first container waits: `ContainerCreating`, `ImagePullBackOff`, `CrashLoopBackOff`.
    pub waiting: Option<&'static str>,
    pub restarts: u32,
    pub host_ip: Option<Name>,
    pub pod_ip: Option<Name>,
    pub started_at: Option<SimTime>,
    pub nominated_node: Option<Name>,
}

impl PodStatus {
    pub fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// Sets a condition; the transition time moves only when the status does.
    pub fn set_condition(&mut self, kind: &'static str, status: bool, reason: &str, message: &str, now: SimTime) {
        let mut conditions: Vec<PodCondition> = self.conditions.to_vec();
        let new = PodCondition { kind, status, changed_at: now, reason: reason.into(), message: message.into() };
        match conditions.iter_mut().find(|condition| condition.kind == kind) {
            Some(old) => {
                let changed_at = if old.status == status { old.changed_at } else { now };
                *old = PodCondition { changed_at, ..new };
            }
            None => conditions.push(new),
        }
        self.set_conditions(conditions);
    }

    /// Sets all conditions, one of each kind.
    pub fn set_conditions(&mut self, conditions: Vec<PodCondition>) {
        self.conditions = conditions.into();
        self.ready_since = self.condition("Ready").filter(|ready| ready.status).map(|ready| ready.changed_at);
    }
}

impl Pod {
    /// A bare pod from a defaulted manifest.
    pub fn from_value(value: &Value) -> Self {
        let spec = Arc::new(PodTemplateSpec::from_value(value.get("spec").unwrap_or(&Value::Null)));
        Pod {
            meta: ObjectMeta::from_value(value),
            spec: PodSpec {
                node_name: spec.node_name.clone(),
                pinned_node: None,
                tolerations: spec.tolerations.clone(),
                priority: 0,
                never_preempts: false,
                template: spec,
            },
            status: PodStatus::default(),
        }
    }

    /// Models `GetTargetNodeName`: where the pod is, or where its affinity sends it.
    pub fn target_node(&self) -> Option<&Name> {
        let spec = &self.spec;
        spec.node_name.as_ref().or(spec.pinned_node.as_ref()).or(spec.template.affinity_node.as_ref())
    }

    pub fn is_terminating(&self) -> bool {
        self.meta.is_terminating()
    }

    /// Failed or Succeeded.
    pub fn is_terminal(&self) -> bool {
        matches!(self.status.phase, PodPhase::Failed | PodPhase::Succeeded)
    }

    /// Models `IsPodReady`.
    pub fn is_ready(&self) -> bool {
        self.status.ready_since.is_some()
    }

    /// Models `IsPodAvailable`: ready, and that for at least `min_ready_seconds`.
    pub fn is_available(&self, min_ready_seconds: i64, now: SimTime) -> bool {
        self.available_at(min_ready_seconds).is_some_and(|at| at <= now)
    }

    /// When a pod that is ready has been so for long enough; `None` if it is not ready.
    pub fn available_at(&self, min_ready_seconds: i64) -> Option<SimTime> {
        let needed = SimDuration::from_secs(min_ready_seconds.max(0) as u64);
        self.status.ready_since.map(|since| since.truncated_to_second() + needed)
    }

    pub fn hash(&self) -> Option<&str> {
        self.meta.label(HASH_LABEL)
    }

    /// Whether the required node affinity and node selector of the pod allow a node
    /// (`nodeaffinity.GetRequiredNodeAffinity`).
    pub fn affinity_matches(&self, node_name: &str, labels: &Labels) -> bool {
        let selector = &self.spec.template.node_selector;
        selector.iter().all(|(key, value)| labels.get(key) == Some(value))
            && match (&self.spec.pinned_node, &self.spec.template.required_affinity) {
                (Some(pinned), _) => **pinned == *node_name,
                (None, Some(required)) => required.matches(node_name, labels),
                (None, None) => true,
            }
    }

    pub fn to_value(&self) -> Value {
        [
            ("apiVersion", Value::from("v1")),
            ("kind", "Pod".into()),
            ("metadata", self.meta.to_value()),
            ("spec", self.spec.to_value()),
            ("status", self.status.to_value(&self.spec, self.meta.generation)),
        ]
        .into()
    }
}

/// What the server fills in for a container of a pod and not of a template (`SetDefaults_Pod`): requests where there are
/// only limits, and the ports on the node where its network is used.
pub fn default_container(container: &mut Value, host_network: bool) {
    if let Some(Value::Map(limits)) = container.at(&["resources", "limits"]).cloned() {
        let requests = container.entry("resources").entry("requests").make_map();
        for (name, limit) in limits {
            requests.entry(name).or_insert(limit);
        }
    }
    if let (true, Some(Value::List(ports))) = (host_network, container.make_map().get_mut("ports")) {
        for port in ports {
            let own = port.get("containerPort").cloned().filter(|_| port.int("hostPort").unwrap_or(0) == 0);
            if let Some(number) = own {
                port.make_map().insert("hostPort".to_owned(), number);
            }
        }
    }
}

impl PodSpec {
    pub fn to_value(&self) -> Value {
        let mut value = (*self.template.value).clone();
        if let Some(node) = &self.pinned_node {
            let term = Requirement {
                key: "metadata.name".to_owned(),
                operator: "In".to_owned(),
                values: Some(vec![node.to_string()]),
            };
            let required = [(
                "nodeSelectorTerms",
                Value::List(vec![[("matchFields", Value::List(vec![term.to_value()]))].into()]),
            )];
            value
                .entry("affinity")
                .entry("nodeAffinity")
                .make_map()
                .insert("requiredDuringSchedulingIgnoredDuringExecution".to_owned(), required.into());
        }
        let map = value.make_map();
        if let Some(node) = &self.node_name {
            map.insert("nodeName".to_owned(), (&**node).into());
        }
        map.entry("enableServiceLinks".to_owned()).or_insert(true.into());
        for list in ["initContainers", "containers"] {
            if let Some(Value::List(containers)) = map.get_mut(list) {
                containers.iter_mut().for_each(|it| default_container(it, self.template.host_network));
            }
        }
        let preemption_policy = if self.never_preempts { NEVER } else { PREEMPT_LOWER_PRIORITY };
        map.insert("preemptionPolicy".to_owned(), preemption_policy.into());
        map.insert("priority".to_owned(), i64::from(self.priority).into());
        if !self.tolerations.is_empty() {
            map.insert(
                "tolerations".to_owned(),
                Value::List(self.tolerations.iter().map(Toleration::to_value).collect()),
            );
        }
        value
    }
}

impl PodTemplateSpec {
    /// Models `ComputePodQOS`: what is promised to the pod when the node runs short.
    pub fn qos_class(&self) -> &'static str {
        let lists = ["initContainers", "containers"].into_iter().filter_map(|list| self.value.get(list)?.as_list());
        let (mut any, mut all) = (false, true);
        for container in lists.flatten() {
            for resource in ["cpu", "memory"] {
                let amount = |field: &str| container.at(&["resources", field, resource]);
                let (request, limit) = (amount("requests"), amount("limits"));
                any |= request.is_some() || limit.is_some();
                all &= limit.is_some() && request.is_none_or(|request| Some(request) == limit);
            }
        }
        match (any, all) {
            (false, _) => "BestEffort",
            (true, true) => "Guaranteed",
            (true, false) => "Burstable",
        }
    }
}

impl PodStatus {
    fn to_value(&self, spec: &PodSpec, generation: i64) -> Value {
        let mut map = Map::from([("phase".to_owned(), Value::from(self.phase.as_str()))]);
        let mut text = |key: &str, value: &Option<Name>| {
            if let Some(value) = value {
                map.insert(key.to_owned(), (&**value).into());
            }
        };
        text("reason", &self.reason);
        text("message", &self.message);
        text("hostIP", &self.host_ip);
        text("podIP", &self.pod_ip);
        text("nominatedNodeName", &self.nominated_node);
        for (key, ip) in [("hostIPs", &self.host_ip), ("podIPs", &self.pod_ip)] {
            if let Some(ip) = ip {
                map.insert(key.to_owned(), Value::List(vec![[("ip", Value::from(&**ip))].into()]));
            }
        }
        map.insert("qosClass".to_owned(), spec.template.qos_class().into());
        if let Some(at) = self.started_at {
            map.insert("observedGeneration".to_owned(), generation.into());
            map.insert("startTime".to_owned(), at.to_rfc3339().into());
        }
        if !self.conditions.is_empty() {
            // In the order in which kubelets write them.
            let mut conditions: Vec<&PodCondition> = self.conditions.iter().collect();
            conditions
                .sort_by_key(|it| CONDITIONS.iter().position(|kind| *kind == it.kind).unwrap_or(CONDITIONS.len()));
            let values = conditions.into_iter().map(|it| it.to_value(generation));
            map.insert("conditions".to_owned(), Value::List(values.collect()));
        }
        if self.started_at.is_some() {
            // The restarts are those of all containers together: the first one tells them.
            let restarts = [self.restarts].into_iter().chain(std::iter::repeat(0));
            let containers = spec.template.containers.iter().zip(restarts);
            let statuses = containers.map(|(container, restarts)| self.container_status(container, restarts));
            map.insert("containerStatuses".to_owned(), Value::List(statuses.collect()));
        }
        Value::Map(map)
    }

    fn container_status(&self, container: &Container, restarts: u32) -> Value {
        let running = self.phase == PodPhase::Running && self.waiting.is_none();
        let state: Value = match (self.waiting, self.phase) {
            (Some(reason), _) => [("waiting", Value::from([("reason", reason.into())]))].into(),
            (None, PodPhase::Running) => {
                let at = self.started_at.unwrap_or_default().to_rfc3339();
                [("running", Value::from([("startedAt", at.into())]))].into()
            }
            (None, phase) => {
                let (code, reason) = if phase == PodPhase::Failed { (1, "Error") } else { (0, "Completed") };
                [("terminated", Value::from([("exitCode", Value::Int(code)), ("reason", reason.into())]))].into()
            }
        };
        [
            ("image", Value::from(&*container.image)),
            // No image has content here.
            ("imageID", if self.phase == PodPhase::Pending { "" } else { "sha256:0" }.into()),
            ("lastState", Value::Map(Map::new())),
            ("name", (&*container.name).into()),
            ("ready", self.condition("ContainersReady").is_some_and(|c| c.status).into()),
            ("restartCount", i64::from(restarts).into()),
            ("started", running.into()),
            ("state", state),
        ]
        .into()
    }
}

/// The conditions that kubelets write.
const CONDITIONS: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

impl PodCondition {
    fn to_value(&self, generation: i64) -> Value {
        let mut map = Map::from([
            ("lastProbeTime".to_owned(), Value::Null),
            ("observedGeneration".to_owned(), generation.into()),
            ("lastTransitionTime".to_owned(), Value::from(self.changed_at.to_rfc3339())),
            ("status".to_owned(), if self.status { "True" } else { "False" }.into()),
            ("type".to_owned(), self.kind.into()),
        ]);
        for (key, text) in [("reason", &self.reason), ("message", &self.message)] {
            if !text.is_empty() {
                map.insert(key.to_owned(), (&**text).into());
            }
        }
        Value::Map(map)
    }
}
