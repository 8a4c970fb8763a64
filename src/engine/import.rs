//! A real cluster to begin with: what `kubectl get nodes,ds,pods,controllerrevisions -A -o yaml` (or json) prints.
//!
//! The objects come in the state they are in, and the simulated controllers go on from there as real ones do after a
//! restart: they list everything, and compare. Ages are kept: the moment of the dump, taken as the latest that it
//! mentions, is the beginning of the simulation.
//!
//! Not taken over: objects of kinds that are not simulated, events, and the parts of a pod's spec that nothing here
//! reads, unless the pod is of a DaemonSet whose revision is in the dump.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::daemonset::DaemonSetStatus;
use crate::api::meta::Labels;
use crate::api::node::NodeCondition;
use crate::api::pod::{HASH_LABEL, PodCondition, PodSpec, PodTemplateSpec};
use crate::api::typed::{TypeError, Typed};
use crate::api::value::{Map, Value};
use crate::api::{
    ConditionStatus, ControllerRevision, DaemonSet, Kind, Name, Namespace, Node, ObjectMeta, OwnerReference, Pod,
    PodPhase, PodStatus, PriorityClass, SimTime, Uid,
};
use crate::controllers::daemonset::history;
use crate::manifest::{self, DumpCursor, Sieve, Unreadable};
use crate::store::{NAMESPACES, Object, PRIORITY_CLASSES, defaulting};

/// More text than this is not read: about four times what 5,000 nodes and 20,000 pods come to.
pub const BYTES_MAX: usize = 512 * 1024 * 1024;

/// The objects that a simulation begins with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// Owners before what they own.
    pub objects: Vec<Object>,
}

/// A dump, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Import {
    pub cluster: Cluster,
    /// How many objects of each kind were taken over.
    pub taken: BTreeMap<&'static str, usize>,
    /// How many of each other kind were left out.
    pub left_out: BTreeMap<String, usize>,
    /// What the reader should know: sentences.
    pub notes: Vec<String>,
}

/// Whether a text is a dump of a cluster rather than a manifest: objects with the marks of an API server in a list, or
/// several one after the other, and nodes among them.
pub fn is_dump(text: &str) -> bool {
    // The list says what it is at its beginning or at its end, and a hundred megabytes are not looked through for it.
    let (head, tail) = (text.floor_char_boundary(EDGE), text.ceil_char_boundary(text.len().saturating_sub(EDGE)));
    let at_edge = |kind: &str| has_kind(&text[..head], kind) || has_kind(&text[tail..], kind);
    let several = || ["\n---", "}\n{", "}{"].iter().any(|between| text.contains(between));
    let is_served = text.contains("resourceVersion") && text.contains("uid");
    let nodes = at_edge("NodeList");
    is_served && (nodes || at_edge("List") || several()) && (nodes || has_kind(text, "Node"))
}

/// Where a list says that it is one.
const EDGE: usize = 64 * 1024;

/// Whether an object of a kind is in the text, as YAML or JSON.
fn has_kind(text: &str, kind: &str) -> bool {
    text.match_indices(kind).any(|(at, _)| {
        let before = text[..at].trim_end_matches(['"', ' ']);
        let ends = text.as_bytes().get(at + kind.len()).is_none_or(|byte| b"\n\r\",} ".contains(byte));
        ends && before.strip_suffix(':').is_some_and(|before| before.trim_end_matches('"').ends_with("kind"))
    })
}

/// A longer text is only read by the quick reader: the careful one would take minutes.
const CAREFUL_MAX: usize = 8 * 1024 * 1024;

/// Reads a dump.
///
/// # Errors
/// As [`Importing::read`].
pub fn import(text: &str) -> Result<Import, String> {
    let mut importing = Importing::default();
    while !importing.read(text, usize::MAX)? {}
    importing.finish()
}

/// A dump that is being read, a few objects at a time.
#[derive(Default)]
pub struct Importing {
    cursor: DumpCursor,
    reader: Reader,
}

impl Importing {
    /// Goes on for so many objects with a text that is the same each time. Whether it has come to the end.
    ///
    /// # Errors
    /// A sentence for the reader: why there is no cluster in the text, with the line where that helps.
    pub fn read(&mut self, text: &str, objects: usize) -> Result<bool, String> {
        if text.len() > BYTES_MAX {
            return Err(format!(
                "The text has {} MB; more than {} MB are not read.",
                text.len() >> 20,
                BYTES_MAX >> 20
            ));
        }
        for _ in 0..objects {
            match self.cursor.next(text, &mut self.reader) {
                Ok(Some(value)) => self.reader.add(value),
                Ok(None) => return Ok(true),
                Err(error) => return self.read_carefully(text, &error).map(|()| true),
            }
        }
        Ok(false)
    }

    /// Written by hand, or by another tool: the careful reader takes its time.
    fn read_carefully(&mut self, text: &str, error: &Unreadable) -> Result<(), String> {
        let documents = if text.len() > CAREFUL_MAX { Vec::new() } else { manifest::read(text).documents };
        if documents.is_empty() {
            let Unreadable { line, what } = error;
            return Err(format!(
                "Line {line} cannot be read: {what}. Paste the whole output of `kubectl get \
                 nodes,ds,pods,controllerrevisions -A -o yaml`, unchanged."
            ));
        }
        self.reader = Reader::default();
        documents.into_iter().for_each(|document| self.reader.add(document.value));
        Ok(())
    }

    /// How much of the text has been read, in bytes.
    pub fn at(&self) -> usize {
        self.cursor.at()
    }

    /// The cluster.
    ///
    /// # Errors
    /// A sentence for the reader: why there is no cluster in the text.
    pub fn finish(self) -> Result<Import, String> {
        self.reader.finish()
    }
}

/// Fields of which nothing is read, and which make up most of a dump.
fn not_needed(kind: &str, parent: &str, field: &str) -> bool {
    match kind {
        "Pod" => not_needed_of_pod(parent, field),
        "Node" => match parent {
            "nodeInfo" => field != "kubeletVersion",
            "status" => ["capacity", "daemonEndpoints", "images", "volumesAttached", "volumesInUse"].contains(&field),
            _ => is_managed(parent, field),
        },
        _ => is_managed(parent, field),
    }
}

fn is_managed(parent: &str, field: &str) -> bool {
    parent == "metadata" && field == "managedFields"
}

fn not_needed_of_pod(parent: &str, field: &str) -> bool {
    let fields: &[&str] = match parent {
        "conditions" => &["lastProbeTime", "observedGeneration"],
        "containerStatuses" => return field != "restartCount" && field != "state",
        "state" => return field != "waiting",
        "containers" | "initContainers" | "ephemeralContainers" => &[
            "env",
            "envFrom",
            "imagePullPolicy",
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "securityContext",
            "startupProbe",
            "terminationMessagePath",
            "terminationMessagePolicy",
            "volumeMounts",
        ],
        "spec" => &["dnsPolicy", "enableServiceLinks", "securityContext", "volumes"],
        "status" => &[
            "ephemeralContainerStatuses",
            "hostIPs",
            "initContainerStatuses",
            "observedGeneration",
            "podIPs",
            "qosClass",
        ],
        _ => return is_managed(parent, field),
    };
    fields.contains(&field)
}

/// Takes the fields of which nothing is read out of a value of an object.
fn remove_not_needed(value: &mut Value, kind: &str, parent: &str) {
    match value {
        Value::Map(map) => {
            map.retain(|field, _| !not_needed(kind, parent, field));
            map.iter_mut().for_each(|(field, value)| remove_not_needed(value, kind, field));
        }
        Value::List(list) => list.iter_mut().for_each(|value| remove_not_needed(value, kind, parent)),
        _ => {}
    }
}

#[derive(Default)]
pub(super) struct Reader {
    namespaces: Vec<Value>,
    nodes: Vec<Node>,
    priority_classes: Vec<Value>,
    daemonsets: Vec<Value>,
    revisions: Vec<Value>,
    /// Each with the place of its group.
    pods: Vec<(Pod, Option<usize>)>,
    groups: Vec<Siblings>,
    places: BTreeMap<Group, usize>,
    /// The group of the pod that is being read, if there was one of it before.
    known: Option<usize>,
    names: Names,
    /// The latest moment that the dump mentions.
    latest: Option<SimTime>,
    left_out: BTreeMap<String, usize>,
}

/// What pods of one template have in common: their controller's uid, and the hash in their labels.
type Group = (String, String);

/// The pods of a group, as the first one of them is: what the others say again is neither read nor kept again.
struct Siblings {
    template: Arc<PodTemplateSpec>,
    labels: Arc<Labels>,
    owners: Value,
    owner_references: Arc<[OwnerReference]>,
}

/// The group of a pod with this metadata.
fn group_of(meta: &Value) -> Option<Group> {
    let controller = meta.list("ownerReferences").iter().find(|owner| owner.flag("controller"))?;
    let labels = meta.get("labels")?;
    let hash = HASH_LABELS.iter().find_map(|label| labels.get(label)?.as_str())?;
    Some((controller.get("uid")?.as_str()?.to_owned(), hash.to_owned()))
}

/// The labels that hold the hash of a pod's template: of DaemonSets, and of Deployments.
pub(super) const HASH_LABELS: [&str; 2] = [HASH_LABEL, "pod-template-hash"];

/// Words that many objects say, kept once.
#[derive(Default)]
struct Names(BTreeSet<Name>);

impl Names {
    fn get(&mut self, text: &str) -> Name {
        if let Some(name) = self.0.get(text) {
            return name.clone();
        }
        let name = Name::from(text);
        self.0.insert(name.clone());
        name
    }
}

impl Sieve for Reader {
    fn leaves_out(&self, kind: &str, parent: &str, field: &str) -> bool {
        if self.known.is_some() && parent == "spec" && kind == "Pod" {
            return !["nodeName", "priority", "affinity"].contains(&field);
        }
        not_needed(kind, parent, field)
    }

    fn has_read(&mut self, kind: &str, field: &str, value: &Value) {
        match field {
            "metadata" => {
                let group = if kind == "Pod" { group_of(value) } else { None };
                self.known = group.and_then(|group| self.places.get(&group).copied());
            }
            // Of the next object, whose metadata may come behind its spec.
            "apiVersion" | "kind" => self.known = None,
            _ => {}
        }
    }
}

impl Reader {
    pub(super) fn add(&mut self, value: Value) {
        // What is known of a pod ends with it.
        self.known = None;
        let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
        let group = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        self.see_times(&value);
        let named = value.at(&["metadata", "name"]).and_then(Value::as_str).is_some_and(|name| !name.is_empty());
        match (group, kind) {
            _ if !named && !kind.is_empty() => {
                *self.left_out.entry([kind, " without a name"].concat()).or_default() += 1;
            }
            ("v1", "Node") => {
                let node = node(&value, &mut self.names);
                self.nodes.push(node);
            }
            ("v1", "Namespace") => self.namespaces.push(value),
            ("v1", "Pod") => self.add_pod(value),
            (_, "DaemonSet") => self.daemonsets.push(value),
            (_, "ControllerRevision") => self.revisions.push(value),
            (_, "PriorityClass") => self.priority_classes.push(value),
            _ => {
                let kind = if kind.is_empty() { "objects without a kind" } else { kind };
                *self.left_out.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }

    /// The dump is as old as the latest moment in it.
    fn see_times(&mut self, value: &Value) {
        let created = value.at(&["metadata", "creationTimestamp"]).and_then(moment);
        let conditions = value.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default();
        let of_condition = conditions.iter().flat_map(|condition| {
            ["lastHeartbeatTime", "lastTransitionTime"].map(|field| condition.get(field).and_then(moment))
        });
        self.latest = of_condition.chain([created, self.latest]).flatten().max();
    }

    fn add_pod(&mut self, mut value: Value) {
        let [mut spec, status] = ["spec", "status"].map(|field| value.make_map().remove(field).unwrap_or_default());
        let group = value.get("metadata").and_then(group_of);
        let mut place = group.as_ref().and_then(|group| self.places.get(group).copied());
        let [labels, owners] = match place {
            Some(_) => ["labels", "ownerReferences"].map(|field| value.entry("metadata").make_map().remove(field)),
            None => [None, None],
        };
        let mut meta = meta(&value);
        if let Some(siblings) = place.map(|place| &self.groups[place]) {
            let labels = labels.unwrap_or_default();
            meta.labels = if is_same(&siblings.labels, &labels) {
                siblings.labels.clone()
            } else {
                Arc::new(Value::from([("labels", labels)]).labels("labels").unwrap_or_default())
            };
            let owners = owners.unwrap_or_default();
            meta.owner_references = if owners == siblings.owners {
                siblings.owner_references.clone()
            } else {
                owner_references(&owners, &meta.namespace)
            };
        }
        meta.namespace = self.names.get(&meta.namespace);
        let mut own = PodSpec {
            template: Arc::default(),
            node_name: named(&spec, "nodeName"),
            pinned_node: pinned_node(&spec).map(Into::into),
            tolerations: Arc::default(),
            priority: spec.int("priority").and_then(|it| i32::try_from(it).ok()).unwrap_or(0),
            never_preempts: false,
        };
        own.template = match place {
            Some(place) => self.groups[place].template.clone(),
            None => {
                // What belongs to the one pod is kept beside.
                let map = spec.make_map();
                for field in ["nodeName", "priority", "enableServiceLinks"] {
                    map.remove(field);
                }
                if own.pinned_node.is_some() {
                    let node_affinity = spec.entry("affinity").entry("nodeAffinity").make_map();
                    node_affinity.remove("requiredDuringSchedulingIgnoredDuringExecution");
                    remove_empty(&mut spec, &["affinity", "nodeAffinity"]);
                    remove_empty(&mut spec, &["affinity"]);
                }
                // Not every reader could leave it out: a field that is not needed may come before the kind.
                remove_not_needed(&mut spec, "Pod", "spec");
                Arc::new(PodTemplateSpec::from_value(&spec))
            }
        };
        if let (None, Some(group)) = (place, group) {
            place = Some(self.groups.len());
            self.places.insert(group, self.groups.len());
            self.groups.push(Siblings {
                template: own.template.clone(),
                labels: meta.labels.clone(),
                owners: value.entry("metadata").make_map().remove("ownerReferences").unwrap_or_default(),
                owner_references: meta.owner_references.clone(),
            });
        }
        let status = pod_status(&status, &mut self.names);
        self.pods.push((Pod { meta, spec: own, status }, place));
    }

    /// The cluster of objects whose dates are the simulation's own, if there is a node among them.
    pub(super) fn finish_kept(mut self) -> Option<Cluster> {
        self.latest = moment(&SimTime::ZERO.to_rfc3339().into());
        self.finish().ok().map(|import| import.cluster)
    }

    fn finish(mut self) -> Result<Import, String> {
        if self.nodes.is_empty() {
            return Err("There is no Node in the text. Paste the output of `kubectl get \
                        nodes,ds,pods,controllerrevisions -A -o yaml`."
                .to_owned());
        }
        let begin = Beginning(self.latest.unwrap_or_default());
        let mut import = Import { left_out: std::mem::take(&mut self.left_out), ..Import::default() };
        let mut objects: Vec<Object> = Vec::new();
        for value in &self.namespaces {
            objects.push(Object::Namespace(Arc::new(Namespace { meta: begin.meta(meta(value)) })));
        }
        for value in &self.priority_classes {
            let class = PriorityClass { meta: begin.meta(meta(value)), ..PriorityClass::from_value(value) };
            objects.push(Object::PriorityClass(Arc::new(class)));
        }
        for node in std::mem::take(&mut self.nodes) {
            objects.push(Object::Node(Arc::new(begin.node(node))));
        }
        let daemonsets: Vec<DaemonSet> =
            std::mem::take(&mut self.daemonsets).into_iter().map(|value| begin.daemonset(value)).collect();
        let mut revisions: Vec<ControllerRevision> =
            std::mem::take(&mut self.revisions).into_iter().map(|value| begin.revision(value)).collect();
        for daemonset in &daemonsets {
            settle_current(daemonset, &mut revisions, &mut import.notes);
        }
        let pods = self.finish_pods(&begin, &revisions, &daemonsets, &mut import.notes);
        objects.extend(daemonsets.into_iter().map(|it| Object::DaemonSet(Arc::new(it))));
        objects.extend(revisions.into_iter().map(|it| Object::ControllerRevision(Arc::new(it))));
        objects.extend(pods.into_iter().map(|it| Object::Pod(Arc::new(it))));
        without_doubles(&mut objects);
        objects.splice(0..0, unlisted(&objects));
        for object in &objects {
            *import.taken.entry(object.kind().as_str()).or_default() += 1;
        }
        if !import.taken.contains_key("DaemonSet") {
            import.notes.push("There is no DaemonSet in the text: write or paste one, and apply it here.".to_owned());
        }
        import.cluster = Cluster { objects };
        Ok(import)
    }

    fn finish_pods(
        &mut self,
        begin: &Beginning,
        revisions: &[ControllerRevision],
        daemonsets: &[DaemonSet],
        notes: &mut Vec<String>,
    ) -> Vec<Pod> {
        // The revision has the whole template, where the pod was read only in part.
        let mut whole: Vec<Option<Arc<PodTemplateSpec>>> = vec![None; self.groups.len()];
        for revision in revisions {
            let owner = revision.meta.controller().map(|owner| owner.uid.to_string());
            let spec = history::template_of(revision).and_then(|template| template.get("spec"));
            if let (Some(owner), Some(hash), Some(spec)) = (owner, revision.hash(), spec)
                && let Some(place) = self.places.get(&(owner, hash.to_owned()))
            {
                whole[*place] = Some(Arc::new(PodTemplateSpec::from_value(spec)));
            }
        }
        let known: Vec<Uid> = daemonsets.iter().map(|daemonset| daemonset.meta.uid).collect();
        let mut strangers: BTreeMap<Name, usize> = BTreeMap::new();
        let mut pods = Vec::with_capacity(self.pods.len());
        for (mut pod, group) in std::mem::take(&mut self.pods) {
            pod.meta = begin.meta(pod.meta);
            begin.pod_status(&mut pod.status);
            let controller = pod.meta.controller();
            if let Some(owner) = controller.filter(|it| &*it.kind == "DaemonSet" && !known.contains(&it.uid)) {
                *strangers.entry(owner.name.clone()).or_default() += 1;
            }
            let spec = &mut pod.spec;
            spec.tolerations = spec.template.tolerations.clone();
            if let Some(template) = group.and_then(|place| whole[place].as_ref()) {
                spec.template = template.clone();
            }
            spec.never_preempts = spec.template.preemption_policy == crate::api::pod::NEVER;
            pods.push(pod);
        }
        for (owner, count) in strangers {
            notes.push(format!(
                "{} to the DaemonSet {owner}, which is not in the text. What belongs to it stays as it is: add `ds` to what \
                 you get, and it is looked after.",
                if count == 1 { "1 pod belongs".to_owned() } else { format!("{count} pods belong") },
            ));
        }
        pods
    }
}

/// What is named twice, as in two dumps that were put together, is as it was named last.
fn without_doubles(objects: &mut Vec<Object>) {
    let mut seen = BTreeSet::new();
    objects.reverse();
    objects.retain(|object| seen.insert((object.kind(), object.key())));
    objects.reverse();
}

/// The namespaces and priority classes that must be there, for objects name them, though the command does not list them:
/// without them the API server would refuse each new pod.
fn unlisted(objects: &[Object]) -> Vec<Object> {
    let mut namespaces: BTreeSet<&str> = BTreeSet::new();
    let mut classes: BTreeMap<&str, i32> = BTreeMap::new();
    for object in objects {
        namespaces.insert(&object.meta().namespace);
        match object {
            Object::Pod(pod) => drop(classes.insert(&pod.spec.template.priority_class_name, pod.spec.priority)),
            Object::DaemonSet(set) => drop(classes.entry(&set.spec.template.spec.priority_class_name).or_default()),
            _ => {}
        }
    }
    let listed = |kind, name: &str| objects.iter().any(|it| it.kind() == kind && *it.meta().name == *name);
    let meta = |kind, name: &str| ObjectMeta {
        uid: uid_of(None, &[kind, "", name]),
        created_at: Some(SimTime::ZERO),
        // It is in the store, as all others are.
        resource_version: 1,
        ..ObjectMeta::named("", name)
    };
    let namespaces = namespaces
        .into_iter()
        .filter(|name| !name.is_empty() && !NAMESPACES.contains(name) && !listed(Kind::Namespace, name));
    // The API server gives each the label of its name.
    let label = |name: &str| Arc::new(Labels::from([("kubernetes.io/metadata.name".to_owned(), name.to_owned())]));
    let namespaces = namespaces.map(|name| {
        let meta = ObjectMeta { labels: label(name), ..meta("Namespace", name) };
        Object::Namespace(Arc::new(Namespace { meta }))
    });
    let classes = classes.into_iter().filter(|(name, _)| {
        let known = PRIORITY_CLASSES.iter().any(|(known, _)| known == name);
        !name.is_empty() && !known && !listed(Kind::PriorityClass, name)
    });
    let classes = classes.map(|(name, value)| {
        let meta = meta("PriorityClass", name);
        Object::PriorityClass(Arc::new(PriorityClass { meta, value, ..PriorityClass::from_value(&Value::Null) }))
    });
    namespaces.chain(classes).collect()
}

/// The node that the DaemonSet controller has pinned a pod to.
fn pinned_node(spec: &Value) -> Option<&str> {
    let path = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
    let [term] = spec.at(&path)?.as_list()? else { return None };
    let [field] = term.get("matchFields")?.as_list()? else { return None };
    let [name] = field.get("values")?.as_list()? else { return None };
    let named = term.get("matchExpressions").is_none() && field.get("key")?.as_str()? == "metadata.name";
    name.as_str().filter(|_| named)
}

fn remove_empty(value: &mut Value, path: &[&str]) {
    let [parents @ .., last] = path else { return };
    let Some(parent) = parents.iter().try_fold(&mut *value, |at, key| match at {
        Value::Map(map) => map.get_mut(*key),
        _ => None,
    }) else {
        return;
    };
    if parent.get(last).is_some_and(|it| it.as_map().is_some_and(Map::is_empty)) {
        parent.make_map().remove(*last);
    }
}

/// The newest revision of a DaemonSet that its controller has seen as it is now is the current one, even where another
/// release of Kubernetes wrote the template with other defaults: without this, the look of the text alone would seem to
/// be a change, and start a rollout that no real cluster starts.
fn settle_current(daemonset: &DaemonSet, revisions: &mut [ControllerRevision], notes: &mut Vec<String>) {
    let seen = daemonset.status.observed_generation >= daemonset.meta.generation && daemonset.meta.generation > 0;
    let uid = daemonset.meta.uid;
    let own = revisions.iter_mut().filter(|it| it.meta.controller().is_some_and(|owner| owner.uid == uid));
    let Some(newest) = own.max_by_key(|revision| revision.revision).filter(|_| seen) else { return };
    let patch = history::patch_of(daemonset);
    if *newest.data != patch {
        newest.json = patch.to_json().into();
        newest.data = Arc::new(patch);
        notes.push(format!(
            "The newest revision of {} was written with other defaults than those of Kubernetes 1.36; it is taken as \
             the current one, as its own controller does.",
            daemonset.meta.name
        ));
    }
}

/// The date of the dump, at which the simulation begins. Only the end of the text tells it: until then moments are counted
/// from the Unix epoch.
struct Beginning(SimTime);

/// A moment that the dump does not tell.
const UNTOLD: SimTime = SimTime(i64::MIN);

impl Beginning {
    fn moment(&self, at: SimTime) -> SimTime {
        if at == UNTOLD { SimTime::ZERO } else { SimTime(at.0 - self.0.0) }
    }

    fn meta(&self, mut meta: ObjectMeta) -> ObjectMeta {
        meta.created_at = Some(meta.created_at.map_or(SimTime::ZERO, |at| self.moment(at)));
        meta.deletion_at = meta.deletion_at.map(|at| self.moment(at));
        meta
    }

    fn node(&self, mut node: Node) -> Node {
        node.meta = self.meta(node.meta);
        let mut conditions = node.conditions.to_vec();
        for condition in &mut conditions {
            condition.changed_at = self.moment(condition.changed_at);
            condition.reported_at = self.moment(condition.reported_at);
        }
        node.conditions = conditions.into();
        node
    }

    fn daemonset(&self, mut value: Value) -> DaemonSet {
        let meta = self.meta(meta(&value));
        let status = daemonset_status(value.get("status"));
        remove_null_timestamp(value.entry("spec").entry("template"));
        defaulting::default_daemonset(&mut value);
        DaemonSet { meta, status, ..DaemonSet::from_value(&value) }
    }

    fn revision(&self, mut value: Value) -> ControllerRevision {
        let meta = self.meta(meta(&value));
        let mut data = std::mem::take(value.entry("data"));
        if data.at(&["spec", "template"]).is_some() {
            remove_null_timestamp(data.entry("spec").entry("template"));
        }
        ControllerRevision {
            meta,
            revision: value.get("revision").and_then(Value::as_int).unwrap_or(1),
            json: data.to_json().into(),
            data: Arc::new(data),
        }
    }

    fn pod_status(&self, status: &mut PodStatus) {
        status.started_at = status.started_at.map(|at| self.moment(at));
        let mut conditions = status.conditions.to_vec();
        for condition in &mut conditions {
            condition.changed_at = self.moment(condition.changed_at);
        }
        status.set_conditions(conditions);
    }
}

fn node(value: &Value, names: &mut Names) -> Node {
    let mut node = Node::from_value(value);
    node.meta = ObjectMeta { labels: node.meta.labels, namespace: names.get(""), ..meta(value) };
    let text = |path: &[&str]| value.at(path).and_then(Value::as_str);
    if let Some(version) = text(&["status", "nodeInfo", "kubeletVersion"]) {
        node.kubelet_version = names.get(version);
    }
    for address in value.at(&["status", "addresses"]).and_then(Value::as_list).unwrap_or_default() {
        if address.text("type") == "InternalIP" && node.internal_ip.is_none() {
            node.internal_ip = address.get("address").and_then(Value::as_str).map(Into::into);
        }
    }
    let mut conditions = node.conditions.to_vec();
    for condition in value.at(&["status", "conditions"]).and_then(Value::as_list).unwrap_or_default() {
        let status = match condition.text("status") {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        };
        let time = |field: &str| condition.get(field).filter(|it| !it.is_null()).map(|it| moment(it).unwrap_or(UNTOLD));
        let changed_at = time("lastTransitionTime").unwrap_or(UNTOLD);
        conditions.retain(|it| *it.kind != *condition.text("type"));
        conditions.push(NodeCondition {
            kind: names.get(condition.text("type")),
            status,
            reported_at: time("lastHeartbeatTime").unwrap_or(changed_at),
            changed_at,
            reason: names.get(condition.text("reason")),
            message: names.get(condition.text("message")),
        });
    }
    node.conditions = conditions.into();
    node
}

fn pod_status(value: &Value, names: &mut Names) -> PodStatus {
    let text = |field: &str| named(value, field);
    let mut status = PodStatus::default();
    status.phase = match value.text("phase") {
        "Running" => PodPhase::Running,
        "Succeeded" => PodPhase::Succeeded,
        "Failed" => PodPhase::Failed,
        _ => PodPhase::Pending,
    };
    (status.reason, status.message) = (text("reason"), text("message"));
    (status.host_ip, status.pod_ip) = (text("hostIP"), text("podIP"));
    status.nominated_node = text("nominatedNodeName");
    status.started_at = value.get("startTime").and_then(moment);
    let mut conditions: Vec<PodCondition> = Vec::new();
    for condition in value.list("conditions") {
        if let Some(kind) = known(&POD_CONDITIONS, condition.text("type")) {
            conditions.retain(|it| it.kind != kind);
            conditions.push(PodCondition {
                kind,
                status: condition.text("status") == "True",
                changed_at: condition.get("lastTransitionTime").and_then(moment).unwrap_or(UNTOLD),
                reason: names.get(condition.text("reason")),
                message: names.get(condition.text("message")),
            });
        }
    }
    status.set_conditions(conditions);
    let containers = value.list("containerStatuses");
    let restarts = containers.iter().filter_map(|it| it.int("restartCount")).sum::<i64>();
    status.restarts = u32::try_from(restarts).unwrap_or(0);
    let waiting = |it: &Value| it.at(&["state", "waiting", "reason"]).and_then(Value::as_str).map(str::to_owned);
    if let Some(reason) = containers.iter().find_map(waiting) {
        status.waiting = Some(known(&WAITING, &reason).unwrap_or("CreateContainerError"));
    }
    status
}

/// A field's text that is only told if there is one.
fn named(value: &Value, field: &str) -> Option<Name> {
    Some(value.text(field)).filter(|text| !text.is_empty()).map(Into::into)
}

const POD_CONDITIONS: [&str; 6] =
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled", "DisruptionTarget"];

/// The reasons that a kubelet gives for a container that does not run yet.
const WAITING: [&str; 10] = [
    "ContainerCreating",
    "PodInitializing",
    "ImagePullBackOff",
    "ErrImagePull",
    "InvalidImageName",
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "ErrImageNeverPull",
];

fn known(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().find(|word| **word == text).copied()
}

/// Older releases of Kubernetes store `creationTimestamp: null` in templates.
fn remove_null_timestamp(template: &mut Value) {
    if template.at(&["metadata", "creationTimestamp"]).is_some_and(Value::is_null) {
        template.entry("metadata").make_map().remove("creationTimestamp");
    }
}

fn daemonset_status(value: Option<&Value>) -> DaemonSetStatus {
    let number = |field: &str| value.and_then(|it| it.get(field)).and_then(Value::as_int).unwrap_or(0);
    DaemonSetStatus {
        desired_number_scheduled: number("desiredNumberScheduled"),
        current_number_scheduled: number("currentNumberScheduled"),
        number_misscheduled: number("numberMisscheduled"),
        number_ready: number("numberReady"),
        updated_number_scheduled: number("updatedNumberScheduled"),
        number_available: number("numberAvailable"),
        number_unavailable: number("numberUnavailable"),
        observed_generation: number("observedGeneration"),
        collision_count: value
            .and_then(|it| it.get("collisionCount"))
            .and_then(Value::as_int)
            .and_then(|count| i32::try_from(count).ok()),
    }
}

/// Everything in `metadata`, also what only the API server may write.
fn meta(value: &Value) -> ObjectMeta {
    let mut meta = ObjectMeta::from_value(value);
    let given = value.get("metadata");
    let field = |name: &str| given.and_then(|it| it.get(name));
    let number = |name: &str| field(name).and_then(Value::as_int);
    meta.generation = number("generation").unwrap_or(0);
    meta.deletion_grace_period_seconds = number("deletionGracePeriodSeconds");
    meta.resource_version = match field("resourceVersion") {
        Some(Value::Str(text)) => text.parse().unwrap_or(1),
        Some(Value::Int(version)) => u64::try_from(*version).unwrap_or(1),
        _ => 1,
    };
    // Whoever has shortened a dump by hand may have left out what kubectl takes for granted.
    let kind = value.text("kind");
    if meta.namespace.is_empty() && ["DaemonSet", "Pod", "ControllerRevision"].contains(&kind) {
        meta.namespace = "default".into();
    }
    meta.uid = uid_of(field("uid"), &[kind, &meta.namespace, &meta.name]);
    if let Some(owners) = field("ownerReferences") {
        meta.owner_references = owner_references(owners, &meta.namespace);
    }
    meta.created_at = field("creationTimestamp").and_then(moment);
    meta.deletion_at = field("deletionTimestamp").and_then(moment);
    meta
}

fn owner_references(owners: &Value, namespace: &str) -> Arc<[OwnerReference]> {
    let reference = |value: &Value| {
        let owner = OwnerReference::from_value(value);
        OwnerReference { uid: uid_of(value.get("uid"), &[&owner.kind, namespace, &owner.name]), ..owner }
    };
    owners.as_list().unwrap_or_default().iter().map(reference).collect()
}

/// Whether labels that were read are these.
fn is_same(labels: &Labels, read: &Value) -> bool {
    let Some(map) = read.as_map().filter(|map| map.len() == labels.len()) else { return labels.is_empty() };
    map.iter().zip(labels).all(|((key, value), (label, text))| key == label && value.as_str() == Some(text))
}

/// An object's uid. One that is missing, or is no UUID, is made up, the same for all who name the object.
fn uid_of(value: Option<&Value>, name: &[&str]) -> Uid {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    Uid::parse(text).unwrap_or_else(|| {
        let parts: &[&str] = if text.is_empty() { name } else { &[text] };
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
        // FNV-1a, 128 bits.
        let hash = bytes.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        });
        Uid::from_random(hash)
    })
}

/// A moment, counted from the Unix epoch.
fn moment(value: &Value) -> Option<SimTime> {
    SimTime::unix_seconds(value.as_str()?).map(|seconds| SimTime(seconds * 1_000_000))
}

// ------------------------------------------------------------ as part of a scenario

impl Cluster {
    /// The objects as `kubectl get -o json` would list them at the beginning of the simulation.
    pub fn to_value(&self) -> Value {
        Value::List(self.objects.iter().map(Object::to_value).collect())
    }

    /// Reads back what [`Cluster::to_value`] gave; what cannot be read is left out.
    pub fn from_value(value: &Value) -> Cluster {
        let mut reader = Reader::default();
        value.as_list().unwrap_or_default().iter().cloned().for_each(|object| reader.add(object));
        reader.finish_kept().unwrap_or_default()
    }
}

impl Typed for Arc<Cluster> {
    fn read(value: &Value) -> Result<Self, TypeError> {
        Ok(Arc::new(Cluster::from_value(value)))
    }

    fn write(&self) -> Value {
        self.to_value()
    }
}
