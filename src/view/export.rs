//! What a reader takes away: manifests, the whole cluster, the run as a log.

use crate::api::daemonset::TEMPLATE_GENERATION_ANNOTATION;
use crate::api::value::{Map, Value};
use crate::api::{ConditionStatus, DaemonSet, SimTime};
use crate::controllers::daemonset::history;
use crate::engine::{History, LAST_APPLIED, Record};
use crate::manifest;
use crate::store::{Object, World};

/// An object as somebody would write it: without what the API server and the controllers put into it.
pub fn manifest(object: &Object) -> String {
    let mut value = object.to_value();
    value.make_map().remove("status");
    let metadata = value.entry("metadata").make_map();
    for field in ["creationTimestamp", "generation", "resourceVersion", "uid", "ownerReferences", "generateName"] {
        metadata.remove(field);
    }
    if let Some(Value::Map(annotations)) = metadata.get_mut("annotations") {
        annotations.retain(|key, _| ![LAST_APPLIED, TEMPLATE_GENERATION_ANNOTATION].contains(&key.as_str()));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    manifest::print(&value)
}

/// All DaemonSets as manifests, one document each, and the namespaces that they need.
pub fn manifests(world: &World) -> String {
    let needed = |name: &str| world.daemonsets.values().any(|set| *set.meta.namespace == *name);
    let own = |name: &str| !["default", "kube-system", "kube-public", "kube-node-lease"].contains(&name);
    let namespaces = world.namespaces.values().filter(|it| own(&it.meta.name) && needed(&it.meta.name));
    let namespaces = namespaces.map(|it| {
        let named = Value::from([("name", Value::from(&*it.meta.name))]);
        manifest::print(&[("apiVersion", "v1".into()), ("kind", "Namespace".into()), ("metadata", named)].into())
    });
    let sets = world.daemonsets.values().map(|set| manifest(&Object::DaemonSet(set.clone())));
    namespaces.chain(sets).collect::<Vec<_>>().join("---\n")
}

/// The cluster as `kubectl get nodes,ds,pods,controllerrevisions -A -o yaml` prints it; it can be imported again.
pub fn cluster(world: &World, now: SimTime) -> String {
    cluster_parts(world, now).collect()
}

/// The same, an object at a time.
pub fn cluster_parts(world: &World, now: SimTime) -> impl Iterator<Item = String> + use<> {
    let objects = world.nodes.values().map(|it| Object::Node(it.clone()));
    let objects = objects.chain(world.daemonsets.values().map(|it| Object::DaemonSet(it.clone())));
    let objects = objects.chain(world.pods.values().map(|it| Object::Pod(it.clone())));
    let objects = objects.chain(world.revisions.values().map(|it| Object::ControllerRevision(it.clone())));
    let objects: Vec<Object> = objects.collect();
    let items = objects.into_iter().map(move |object| item(&object, now));
    let foot = "kind: List\nmetadata:\n  resourceVersion: \"\"\n";
    std::iter::once("apiVersion: v1\nitems:\n".to_owned()).chain(items).chain([foot.to_owned()])
}

fn item(object: &Object, now: SimTime) -> String {
    let mut value = object.to_value();
    if let Object::Node(node) = object
        && node.ready() != ConditionStatus::Unknown
        && let Value::List(conditions) = value.entry("status").entry("conditions")
    {
        // A kubelet that lives has told so just now. By that the dump says how old everything in it is.
        for condition in conditions {
            *condition.entry("lastHeartbeatTime") = now.to_rfc3339().into();
        }
    }
    let mut text = String::new();
    for (index, line) in manifest::print(&value).lines().enumerate() {
        text.extend([if index == 0 { "- " } else { "  " }, line, "\n"]);
    }
    text
}

/// The log as JSON lines, one record each: `seq`, `seconds`, `actor`, `verb`, `kind`, `namespace`, `name`, `node`,
/// `reason`, `function` of the original, `causedBy`.
pub fn log(history: &History) -> String {
    history.records().iter().map(|record| line(record)).collect()
}

/// One line of [`log`].
pub fn line(record: &Record) -> String {
    let mut map = Map::new();
    let mut set = |key: &str, value: Value| {
        if !matches!(&value, Value::Str(text) if text.is_empty()) {
            map.insert(key.to_owned(), value);
        }
    };
    let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    set("seq", number(record.seq));
    set("seconds", Value::Float(record.at.as_secs_f64()));
    set("actor", record.actor.as_str().into());
    set("verb", record.verb.as_str().into());
    set("kind", record.object.kind.as_str().into());
    set("namespace", (&*record.object.key.namespace).into());
    set("name", (&*record.object.key.name).into());
    set("node", record.node.as_deref().unwrap_or_default().into());
    set("reason", record.reason.to_string().into());
    set("function", record.reason.function().unwrap_or_default().into());
    if let Some(cause) = record.caused_by {
        set("causedBy", number(cause));
    }
    Value::Map(map).to_json() + "\n"
}

/// The revisions of a DaemonSet but for the current one, the newest first: number and image.
pub fn older_revisions(world: &World, daemonset: &DaemonSet) -> Vec<(i64, String)> {
    let current = history::current(world, daemonset).map(|revision| revision.meta.uid);
    let image = |template: &Value| {
        let containers = template.at(&["spec", "containers"])?.as_list()?;
        containers.first()?.get("image")?.as_str().map(str::to_owned)
    };
    let mut revisions: Vec<(i64, String)> = history::revisions(world, daemonset)
        .filter(|revision| Some(revision.meta.uid) != current)
        .map(|it| (it.revision, history::template_of(it).and_then(image).unwrap_or_default()))
        .collect();
    revisions.sort_by_key(|(number, _)| -number);
    revisions
}

/// A name for a file, of letters that every system takes.
pub fn file_name(name: &str, ending: &str) -> String {
    let good = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    [&name.chars().map(good).collect::<String>(), ".", ending].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::import::import;
    use crate::engine::{Command, Scenario, Sim, check};

    fn sim() -> Sim {
        let mut sim = Sim::new(&Scenario::walk_through());
        let set = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, namespace: tools}\nspec:\n  selector: \
                   {matchLabels: {app: agent}}\n  template:\n    metadata: {labels: {app: agent}}\n    spec:\n      \
                   containers: [{name: a, image: \"nginx:1.16\"}]\n";
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: tools}\n---\n";
        sim.submit(Command::Apply { text: [namespace, set].concat() });
        sim.run_until_quiet();
        sim.submit(Command::Apply { text: set.replace("1.16", "1.17") });
        sim.run_until_quiet();
        sim
    }

    #[test]
    fn what_is_taken_away_can_be_brought_back() {
        let sim = sim();
        let text = manifests(sim.world());
        assert_eq!(check(&text).findings, []);
        assert!(text.contains("name: tools") && !text.contains("uid") && !text.contains("last-applied"), "{text}");
        let mut other = Sim::new(&Scenario::walk_through());
        assert_eq!(other.submit(Command::Apply { text }).errors, Vec::<String>::new());
        other.run_until_quiet();
        assert_eq!(other.world().pods.len(), 3);
        let import = import(&cluster(sim.world(), sim.now())).unwrap_or_default();
        assert_eq!((import.taken.get("Pod"), import.taken.get("Node")), (Some(&3), Some(&6)));
    }

    #[test]
    fn the_log_has_a_line_for_each_record() {
        let sim = sim();
        let text = log(sim.history());
        assert_eq!(text.lines().count(), sim.history().records().len());
        let first = text.lines().next().and_then(manifest::read_value).unwrap_or_default();
        assert_eq!(first.get("actor").and_then(Value::as_str), Some("you"));
    }

    #[test]
    fn older_revisions_have_number_and_image() {
        let sim = sim();
        let set = sim.world().daemonsets.values().next().cloned().expect("it is there");
        assert_eq!(older_revisions(sim.world(), &set), [(1, "nginx:1.16".to_owned())]);
        assert_eq!(file_name("nginx daemon/set", "yaml"), "nginx-daemon-set.yaml");
    }
}
