//! The resource types, and which objects a line names.

use crate::api::value::Map;
use crate::api::{Kind, ObjectKey, Pod, Value};
use crate::store::World;

use super::Moment;
use super::line::Line;
use super::selector::{self, Selector};

/// A type of objects as kubectl knows it.
#[derive(Debug, PartialEq)]
pub struct Resource {
    /// Plural, singular, then the short names.
    pub names: &'static [&'static str],
    pub group: &'static str,
    pub kind: &'static str,
    pub namespaced: bool,
}

/// In the order in which `kubectl get all` prints what it prints.
pub static RESOURCES: &[Resource] = &[
    Resource { names: &["pods", "pod", "po"], group: "", kind: "Pod", namespaced: true },
    Resource { names: &["services", "service", "svc"], group: "", kind: "Service", namespaced: true },
    Resource { names: &["daemonsets", "daemonset", "ds"], group: "apps", kind: "DaemonSet", namespaced: true },
    Resource { names: &["nodes", "node", "no"], group: "", kind: "Node", namespaced: false },
    Resource {
        names: &["controllerrevisions", "controllerrevision"],
        group: "apps",
        kind: "ControllerRevision",
        namespaced: true,
    },
    Resource { names: &["events", "event", "ev"], group: "", kind: "Event", namespaced: true },
    Resource { names: &["namespaces", "namespace", "ns"], group: "", kind: "Namespace", namespaced: false },
    Resource {
        names: &["priorityclasses", "priorityclass", "pc"],
        group: "scheduling.k8s.io",
        kind: "PriorityClass",
        namespaced: false,
    },
    Resource {
        names: &["resourcequotas", "resourcequota", "quota"],
        group: "",
        kind: "ResourceQuota",
        namespaced: true,
    },
    Resource { names: &["limitranges", "limitrange", "limits"], group: "", kind: "LimitRange", namespaced: true },
];

/// Types of a real cluster that this program does not simulate, by their names.
const NOT_SIMULATED: &str = " deployments deployment deploy replicasets replicaset rs statefulsets statefulset sts jobs job \
    cronjobs cronjob cj configmaps configmap cm secrets secret serviceaccounts serviceaccount sa ingresses ingress ing \
    persistentvolumes persistentvolume pv persistentvolumeclaims persistentvolumeclaim pvc storageclasses storageclass sc \
    roles role rolebindings rolebinding clusterroles clusterrole clusterrolebindings clusterrolebinding networkpolicies \
    networkpolicy netpol horizontalpodautoscalers horizontalpodautoscaler hpa poddisruptionbudgets poddisruptionbudget pdb \
    endpoints ep endpointslices endpointslice replicationcontrollers replicationcontroller rc leases lease \
    customresourcedefinitions customresourcedefinition crd crds ";

impl Resource {
    pub fn plural(&self) -> &'static str {
        self.names[0]
    }

    /// `daemonset.apps`: what stands before a name in messages.
    pub fn singular(&self) -> String {
        dotted(self.names[1], self.group)
    }

    /// `daemonsets.apps`: what stands in errors.
    pub fn in_errors(&self) -> String {
        dotted(self.names[0], self.group)
    }

    /// The kind of the simulation's own objects; services have none.
    pub fn sim_kind(&self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == self.kind)
    }

    pub fn of_kind(kind: &str) -> Option<&'static Resource> {
        RESOURCES.iter().find(|it| it.kind == kind)
    }
}

fn dotted(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// The resource with a name: `ds`, `daemonsets.apps`, `daemonsets.v1.apps`.
///
/// # Errors
/// kubectl's words about a type that the server has not, or ours about one that is not simulated.
pub fn find(name: &str) -> Result<&'static Resource, String> {
    let lower = name.to_ascii_lowercase();
    let (bare, group) = lower.split_once('.').unwrap_or((&lower, ""));
    let group = group.strip_prefix("v1.").or((group == "v1").then_some("")).unwrap_or(group);
    let fits = |it: &&Resource| it.names.contains(&bare) && (group.is_empty() || group == it.group);
    if let Some(found) = RESOURCES.iter().find(fits) {
        return Ok(found);
    }
    if NOT_SIMULATED.contains(&[" ", bare, " "].concat()) && !bare.is_empty() {
        let known: Vec<&str> = RESOURCES.iter().map(Resource::plural).collect();
        return Err(format!(
            "error: the resource type {name:?} is not simulated here; these are: {}",
            known.join(", ")
        ));
    }
    Err(format!("error: the server doesn't have a resource type {name:?}"))
}

/// An object that a line names.
#[derive(Clone, Debug)]
pub struct Item {
    pub resource: &'static Resource,
    pub value: Value,
}

impl Item {
    pub fn name(&self) -> &str {
        text(&self.value, &["metadata", "name"])
    }

    pub fn namespace(&self) -> &str {
        text(&self.value, &["metadata", "namespace"])
    }

    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.namespace(), self.name())
    }

    /// `daemonset.apps/agent`
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.resource.singular(), self.name())
    }
}

/// The text at a path, or nothing.
pub fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    value.at(path).and_then(Value::as_str).unwrap_or_default()
}

/// What a line asks for: a type with the names given for it, in the order of the line.
#[derive(Clone, Debug)]
pub struct Ask {
    pub resource: &'static Resource,
    /// Empty for all of the type.
    pub names: Vec<String>,
}

/// Reads `TYPE`, `TYPE NAME...`, `TYPE,TYPE`, `TYPE/NAME ...`, `all`.
///
/// # Errors
/// kubectl's words.
pub fn asks(args: &[String]) -> Result<Vec<Ask>, String> {
    let [first, names @ ..] = args else { return Ok(Vec::new()) };
    if args.iter().any(|arg| arg.contains('/')) {
        let mut asks: Vec<Ask> = Vec::new();
        for arg in args {
            let Some((kind, name)) = arg.split_once('/') else {
                return Err(match args.iter().position(|it| it == arg) {
                    Some(0) => "error: there is no need to specify a resource type as a separate argument when passing \
                                arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of \
                                'kubectl get resource resource/<resource_name>'"
                        .to_owned(),
                    _ => "error: there is no need to specify a resource type as a separate argument when passing \
                          arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl \
                          get resource resource/<resource_name>'"
                        .to_owned(),
                });
            };
            if kind.is_empty() || name.is_empty() || name.contains('/') {
                return Err("error: arguments in resource/name form may not have more than one slash".to_owned());
            }
            let resource = find(kind)?;
            match asks.last_mut().filter(|ask| ask.resource == resource) {
                Some(ask) => ask.names.push(name.to_owned()),
                None => asks.push(Ask { resource, names: vec![name.to_owned()] }),
            }
        }
        return Ok(asks);
    }
    let mut asks = Vec::new();
    for kind in first.split(',').filter(|kind| !kind.is_empty()) {
        if kind == "all" {
            asks.extend(RESOURCES[..3].iter().map(|resource| Ask { resource, names: Vec::new() }));
        } else {
            asks.push(Ask { resource: find(kind)?, names: names.to_vec() });
        }
    }
    Ok(asks)
}

/// The objects that were found, one list for each type that was asked for, and the errors about those that were not.
#[derive(Debug, Default)]
pub struct Found {
    pub lists: Vec<(&'static Resource, Vec<Item>)>,
    pub errors: Vec<String>,
}

impl Found {
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.lists.iter().flat_map(|(_, items)| items)
    }
}

/// Looks up what a line asks for, with its namespace and selectors.
///
/// # Errors
/// A selector that cannot be read.
pub fn look_up(moment: &Moment, line: &Line, asks: &[Ask]) -> Result<Found, String> {
    let filter = Filter::of(line);
    let mut found = Found::default();
    for ask in asks {
        let namespace = (!filter.everywhere).then(|| line.namespace());
        if ask.names.is_empty() {
            let mut items = all_of(moment.world, ask.resource, namespace, Some(&filter));
            items.retain(|item| filter.admits(&item.value));
            if let Some(bad) = filter.bad(ask.resource) {
                found.errors.push(bad);
                items.clear();
            }
            found.lists.push((ask.resource, items));
            continue;
        }
        if !filter.is_empty() {
            return Err("error: name cannot be provided when a selector is specified".to_owned());
        }
        if filter.everywhere && ask.resource.namespaced {
            return Err("error: a resource cannot be retrieved by name across all namespaces".to_owned());
        }
        let mut items = Vec::new();
        for name in &ask.names {
            match one(moment.world, ask.resource, line.namespace(), name) {
                Some(item) => items.push(item),
                None => found.errors.push(not_found(ask.resource, name)),
            }
        }
        found.lists.push((ask.resource, items));
    }
    Ok(found)
}

/// Objects that a command changes or describes before anybody else gets a turn.
const PORTION: usize = 25;

/// The same a portion at a time: the next ones, as they are by now. Errors come with the first.
///
/// # Errors
/// kubectl's words about the selectors.
pub fn portion(moment: &Moment, line: &Line, asks: &[Ask]) -> Result<Found, String> {
    let mut found = Found::default();
    let keys = match line.chosen.keys.get() {
        Some(keys) => keys,
        None => {
            let (keys, errors) = chosen(moment, line, asks)?;
            found.errors = errors;
            line.chosen.keys.get_or_init(|| keys)
        }
    };
    let done = line.chosen.done.get();
    for (resource, key) in keys.iter().skip(done).take(PORTION) {
        let item = one(moment.world, resource, &key.namespace, &key.name);
        found.lists.push((resource, item.into_iter().collect()));
    }
    line.chosen.done.set(keys.len().min(done + PORTION));
    Ok(found)
}

/// A name that is not there may be the beginning of others: these are chosen then.
pub fn choose_by_prefix(moment: &Moment, line: &Line, ask: &Ask) -> bool {
    let (resource, prefix) = (ask.resource, ask.names[0].as_str());
    let filter = Filter::of(line);
    let is_there = || one(moment.world, resource, line.namespace(), prefix).is_some();
    if !filter.is_empty() || filter.everywhere && resource.namespaced || is_there() {
        return false;
    }
    let keys = || {
        let mut keys = keys(moment.world, resource, resource.namespaced.then(|| line.namespace()), &filter);
        keys.retain(|key| key.name.starts_with(prefix));
        keys
    };
    match line.chosen.keys.get() {
        Some(_) => true,
        None => {
            let keys: Vec<_> = keys().into_iter().map(|key| (resource, key)).collect();
            !keys.is_empty() && line.chosen.keys.set(keys).is_ok()
        }
    }
}

/// What was chosen, by its names, and the errors about what is not there.
type Keys = (Vec<(&'static Resource, ObjectKey)>, Vec<String>);

/// The names of all that a line asks for.
///
/// # Errors
/// kubectl's words about the selectors.
pub fn chosen(moment: &Moment, line: &Line, asks: &[Ask]) -> Result<Keys, String> {
    let filter = Filter::of(line);
    let (mut all, mut errors) = (Vec::new(), Vec::new());
    for ask in asks {
        if !ask.names.is_empty() {
            let found = look_up(moment, line, std::slice::from_ref(ask))?;
            all.extend(found.items().map(|item| (ask.resource, item.key())));
            errors.extend(found.errors);
        } else if let Some(bad) = filter.bad(ask.resource) {
            errors.push(bad);
        } else {
            let namespace = (ask.resource.namespaced && !filter.everywhere).then(|| line.namespace());
            let admitted = |key: &ObjectKey| {
                filter.by_labels(moment.world, ask.resource, key)
                    && (filter.fields.is_empty() && ask.resource.sim_kind().is_some()
                        || one(moment.world, ask.resource, &key.namespace, &key.name)
                            .is_some_and(|item| filter.admits(&item.value)))
            };
            let keys = keys(moment.world, ask.resource, namespace, &filter).into_iter().filter(admitted);
            all.extend(keys.map(|key| (ask.resource, key)));
        }
    }
    Ok((all, errors))
}

pub fn not_found(resource: &Resource, name: &str) -> String {
    format!("Error from server (NotFound): {} {name:?} not found", resource.in_errors())
}

/// The object with a name.
pub fn one(world: &World, resource: &'static Resource, namespace: &str, name: &str) -> Option<Item> {
    let key = if resource.namespaced { ObjectKey::new(namespace, name) } else { ObjectKey::cluster(name) };
    let value = match resource.sim_kind() {
        Some(kind) => world.get(kind, &key)?.to_value(),
        None => service(world, resource, Some(namespace)).filter(|value| text(value, &["metadata", "name"]) == name)?,
    };
    Some(Item { resource, value })
}

/// All objects of a type, in a namespace or in all of them, by namespace and name.
pub fn all(world: &World, resource: &'static Resource, namespace: Option<&str>) -> Vec<Item> {
    all_of(world, resource, namespace, None)
}

/// The names of all objects of a type, without most of those that a filter does not admit.
pub fn keys(world: &World, resource: &'static Resource, namespace: Option<&str>, filter: &Filter) -> Vec<ObjectKey> {
    let inside = |key: &&ObjectKey| namespace.is_none_or(|namespace| *key.namespace == *namespace);
    match resource.sim_kind() {
        Some(Kind::Pod) => {
            let pods = world.pods.iter().filter(|(key, pod)| inside(key) && filter.may_admit(pod));
            pods.map(|(key, _)| key.clone()).collect()
        }
        Some(Kind::Event) => world.events.keys().filter(inside).cloned().collect(),
        Some(Kind::Node) => world.nodes.keys().map(|name| ObjectKey::cluster(name.clone())).collect(),
        _ => all(world, resource, namespace).iter().map(Item::key).collect(),
    }
}

/// The same without most of those that a filter does not admit: of pods there may be very many.
fn all_of(world: &World, resource: &'static Resource, namespace: Option<&str>, filter: Option<&Filter>) -> Vec<Item> {
    let inside = |key: &ObjectKey| namespace.is_none_or(|namespace| *key.namespace == *namespace);
    let values: Vec<Value> = match resource.sim_kind() {
        Some(Kind::Pod) => {
            let wanted = |pod: &Pod| filter.is_none_or(|filter| filter.may_admit(pod));
            let pods = world.pods.iter().filter(|(key, pod)| inside(key) && wanted(pod));
            pods.map(|(_, it)| it.to_value()).collect()
        }
        Some(Kind::DaemonSet) => {
            world.daemonsets.iter().filter(|(key, _)| inside(key)).map(|(_, it)| it.to_value()).collect()
        }
        Some(Kind::ControllerRevision) => {
            world.revisions.iter().filter(|(key, _)| inside(key)).map(|(_, it)| it.to_value()).collect()
        }
        Some(Kind::LimitRange) => {
            world.limit_ranges.iter().filter(|(key, _)| inside(key)).map(|(_, it)| it.to_value()).collect()
        }
        Some(Kind::ResourceQuota) => {
            world.quotas.iter().filter(|(key, _)| inside(key)).map(|(_, it)| it.to_value()).collect()
        }
        Some(Kind::Event) => world.events.iter().filter(|(key, _)| inside(key)).map(|(_, it)| it.to_value()).collect(),
        Some(Kind::Node) => world.nodes.values().map(|it| it.to_value()).collect(),
        Some(Kind::Namespace) => world.namespaces.values().map(|it| it.to_value()).collect(),
        Some(Kind::PriorityClass) => world.priority_classes.values().map(|it| it.to_value()).collect(),
        None => service(world, resource, namespace).into_iter().collect(),
    };
    values.into_iter().map(|value| Item { resource, value }).collect()
}

/// The API server's own service: it is there in every cluster, and the only one in this.
fn service(world: &World, resource: &Resource, namespace: Option<&str>) -> Option<Value> {
    let default = world.namespaces.get("default")?;
    if resource.kind != "Service" || namespace.is_some_and(|namespace| namespace != "default") {
        return None;
    }
    let port =
        [("name", Value::from("https")), ("port", 443.into()), ("protocol", "TCP".into()), ("targetPort", 6443.into())];
    let labels = Map::from([
        ("component".to_owned(), Value::from("apiserver")),
        ("provider".to_owned(), Value::from("kubernetes")),
    ]);
    let metadata: Value = [
        ("creationTimestamp", Value::from(default.meta.created_at.unwrap_or_default().to_rfc3339())),
        ("labels", labels.into()),
        ("name", "kubernetes".into()),
        ("namespace", "default".into()),
    ]
    .into();
    let spec: Value = [
        ("clusterIP", Value::from("10.96.0.1")),
        ("clusterIPs", vec!["10.96.0.1"].into()),
        ("internalTrafficPolicy", "Cluster".into()),
        ("ipFamilies", vec!["IPv4"].into()),
        ("ipFamilyPolicy", "SingleStack".into()),
        ("ports", Value::List(vec![port.into()])),
        ("sessionAffinity", "None".into()),
        ("type", "ClusterIP".into()),
    ]
    .into();
    Some(
        [
            ("apiVersion", Value::from("v1")),
            ("kind", "Service".into()),
            ("metadata", metadata),
            ("spec", spec),
            ("status", [("loadBalancer", Value::Map(Map::new()))].into()),
        ]
        .into(),
    )
}

/// The selectors of a line.
pub struct Filter {
    labels: Selector,
    fields: Vec<(String, bool, String)>,
    everywhere: bool,
    /// As they were typed.
    typed: [String; 2],
    /// What the server cannot read.
    mistake: Option<String>,
}

impl Filter {
    pub fn of(line: &Line) -> Filter {
        let typed = ["selector", "field-selector"].map(|flag| line.flag(flag).unwrap_or_default().trim().to_owned());
        let (labels, fields) = (selector::parse(&typed[0]), selector::parse_fields(&typed[1]));
        let mistake = labels.as_ref().err().or(fields.as_ref().err()).cloned();
        Filter {
            labels: labels.unwrap_or_default(),
            fields: fields.unwrap_or_default(),
            everywhere: line.is("all-namespaces"),
            typed,
            mistake,
        }
    }

    /// The server's refusal of the selectors (`EnhanceListError`).
    fn refused(&self, resource: &Resource, why: &str) -> String {
        format!(
            "Error from server (BadRequest): Unable to find {:?} that match label selector {:?}, field selector {:?}: {why}",
            format!("{}/v1, Resource={}", resource.group, resource.plural()),
            self.typed[0],
            self.typed[1]
        )
    }

    pub fn is_empty(&self) -> bool {
        self.typed.iter().all(String::is_empty)
    }

    /// Whether the labels of an object are those that are asked for.
    fn by_labels(&self, world: &World, resource: &Resource, key: &ObjectKey) -> bool {
        let object = resource.sim_kind().filter(|_| !self.labels.is_empty()).and_then(|kind| world.get(kind, key));
        object.is_none_or(|object| selector::matches_by(&self.labels, &|key| object.meta().label(key)))
    }

    /// Whether a pod can be one of those that are asked for, as far as can be told without its value.
    fn may_admit(&self, pod: &Pod) -> bool {
        let node = pod.spec.node_name.as_deref().unwrap_or_default();
        let on_node =
            |(path, equal, wanted): &(String, bool, String)| path != "spec.nodeName" || (node == wanted) == *equal;
        selector::matches_by(&self.labels, &|key| pod.meta.label(key)) && self.fields.iter().all(on_node)
    }

    /// Whether an object is one of those that are asked for.
    pub fn admits(&self, value: &Value) -> bool {
        let labels = value.at(&["metadata", "labels"]).and_then(Value::as_map);
        let field = |(path, equal, wanted): &(String, bool, String)| {
            let path: Vec<&str> = path.split('.').collect();
            let actual = value.at(&path).map(|value| match value {
                Value::Str(text) => text.clone(),
                other => other.to_json(),
            });
            (actual.unwrap_or_default() == *wanted) == *equal
        };
        selector::matches(&self.labels, labels) && self.fields.iter().all(field)
    }

    /// What the server says to selectors that it cannot read, or to a field that the type has no index for.
    pub fn bad(&self, resource: &Resource) -> Option<String> {
        if let Some(mistake) = &self.mistake {
            return Some(self.refused(resource, mistake));
        }
        let known: &[&str] = match resource.kind {
            "Pod" => &[
                "metadata.name",
                "metadata.namespace",
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "spec.hostNetwork",
                "status.phase",
                "status.podIP",
                "status.nominatedNodeName",
            ],
            "Node" => &["metadata.name", "spec.unschedulable"],
            "Namespace" => &["metadata.name", "status.phase"],
            "Event" => &[
                "metadata.name",
                "metadata.namespace",
                "involvedObject.kind",
                "involvedObject.namespace",
                "involvedObject.name",
                "involvedObject.uid",
                "involvedObject.apiVersion",
                "involvedObject.fieldPath",
                "reason",
                "reportingComponent",
                "source",
                "type",
            ],
            _ => &["metadata.name", "metadata.namespace"],
        };
        let bad = self.fields.iter().find(|(path, _, _)| !known.contains(&path.as_str()))?;
        Some(self.refused(resource, &format!("field label not supported: {}", bad.0)))
    }
}
