//! What applying the manifest would lead to, in the reader's words: figures, nodes, and the differences as text.

use super::words;
use crate::api::value::{Map, Value};
use crate::api::{Kind, ObjectKey, SimDuration, UpdateStrategy};
use crate::engine::{Check, DryRun, Forecast, NodeFuture, Range};
use crate::manifest::diff::{Change, diff, hunks};
use crate::manifest::{self, Severity};
use crate::store::World;

/// The most nodes that are listed one by one.
const NODES_MAX: usize = 200;
/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// Annotations that clients and controllers keep for themselves.
const OWN_ANNOTATIONS: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "deprecated.daemonset.template.generation"];

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ahead {
    pub errors: Vec<String>,
    pub sets: Vec<SetAhead>,
    pub diffs: Vec<ObjectDiff>,
    /// What is still being found out.
    pub running: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SetAhead {
    pub name: String,
    /// A figure and what it says.
    pub figures: Vec<(String, String)>,
    /// What the figures do not tell.
    pub remark: String,
    pub nodes: Vec<NodeAhead>,
    /// Nodes that the list leaves out.
    pub more: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeAhead {
    pub node: String,
    pub future: NodeFuture,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ObjectDiff {
    pub title: String,
    /// A line without a change stands for a gap if it is empty.
    pub lines: Vec<(Change, String)>,
    /// Fields that the server filled in on both sides, and that are left out.
    pub folded: usize,
}

impl NodeFuture {
    pub fn word(self) -> &'static str {
        match self {
            NodeFuture::Created => "create",
            NodeFuture::Kept => "keep",
            NodeFuture::Replaced => "replace",
            NodeFuture::Removed => "remove",
            NodeFuture::Without => "without",
        }
    }
}

/// The DaemonSets of a manifest.
pub fn daemonsets(check: &Check) -> Vec<ObjectKey> {
    let of_kind = check.documents.iter().filter(|it| it.document.kind == Kind::DaemonSet.as_str());
    of_kind.map(|it| key(Kind::DaemonSet, &it.document)).collect()
}

fn key(kind: Kind, document: &manifest::Document) -> ObjectKey {
    match kind {
        Kind::Namespace | Kind::Node | Kind::PriorityClass => ObjectKey::cluster(&*document.name),
        _ if document.namespace.is_empty() => ObjectKey::new("default", &*document.name),
        _ => ObjectKey::new(&*document.namespace, &*document.name),
    }
}

/// What is known by now.
pub fn ahead(check: &Check, dry_run: &DryRun) -> Ahead {
    let (before, after) = dry_run.worlds();
    let running = match (dry_run.is_done(), dry_run.runs_done(), dry_run.progress()) {
        (true, ..) => String::new(),
        (_, 0, Some(numbers)) => {
            let done = numbers.updated.min(numbers.available).to_string();
            ["Running ahead: ", &done, " of ", &numbers.desired.to_string(), " updated and available…"].concat()
        }
        (_, runs, _) => ["Running ahead with other seeds: ", &runs.to_string(), " done…"].concat(),
    };
    // What the findings beside the editor say is said in their words, not in those of the server.
    let found = check.findings.iter().filter(|it| it.severity == Severity::Error).map(words::finding);
    let found: Vec<String> = if dry_run.errors.is_empty() { Vec::new() } else { found.collect() };
    Ahead {
        errors: if found.is_empty() { dry_run.errors.clone() } else { found },
        sets: dry_run.forecasts().iter().map(|forecast| set_ahead(forecast, after)).collect(),
        diffs: if dry_run.errors.is_empty() { diffs(check, before, after) } else { Vec::new() },
        running,
    }
}

fn set_ahead(forecast: &Forecast, after: &World) -> SetAhead {
    let count = |wanted: &[NodeFuture]| forecast.nodes.iter().filter(|it| wanted.contains(&it.future)).count();
    let here = count(&[NodeFuture::Removed, NodeFuture::Replaced, NodeFuture::Kept]);
    let there = count(&[NodeFuture::Created, NodeFuture::Replaced, NodeFuture::Kept]);
    let without = count(&[NodeFuture::Without, NodeFuture::Removed]);
    let replaced = count(&[NodeFuture::Replaced]);
    let mut figures = Vec::new();
    let mut say = |figure: String, words: String| figures.push((figure, words));

    let stays = match without {
        0 => "nodes with a pod".to_owned(),
        1 => "nodes with a pod; 1 is without".to_owned(),
        many => ["nodes with a pod; ", &many.to_string(), " are without"].concat(),
    };
    say([&here.to_string(), " → ", &there.to_string()].concat(), stays);
    let strategy = after.daemonsets.get(&forecast.key).map(|daemonset| daemonset.spec.update_strategy);
    if let Some(waves) = forecast.waves.filter(|_| replaced > 0) {
        let limit = match strategy {
            Some(strategy @ UpdateStrategy::RollingUpdate { max_surge, .. }) if strategy.allows_surge() => {
                ["at most ", &max_surge.to_string(), " extra at a time"].concat()
            }
            Some(UpdateStrategy::RollingUpdate { max_unavailable, .. }) => {
                ["at most ", &max_unavailable.to_string(), " unavailable at a time"].concat()
            }
            _ => String::new(),
        };
        let noun = if waves.most == 1 { " wave" } else { " waves" };
        say([&range(&waves, &|number| number.to_string()), noun].concat(), limit);
    }
    // How long it takes, and what is there meanwhile, is of interest where pods come.
    let comes = count(&[NodeFuture::Created, NodeFuture::Replaced]) > 0;
    if let Some(takes) = forecast.takes.filter(|_| comes && forecast.settles && forecast.stopped_after.is_none()) {
        let over = ["at the present start times, over ", &words::count(forecast.runs, "seed")].concat();
        say(times(&takes), over);
    }
    if let Some(fewest) = forecast.fewest_available.filter(|_| comes && forecast.before.desired > 0) {
        let of = [" of ", &forecast.after.desired.to_string()].concat();
        say([range(&fewest, &|number| number.to_string()), of].concat(), "fewest available on the way".to_owned());
    }
    if let Some(most) = forecast.most_pods.filter(|most| most.most > forecast.before.pods.max(forecast.after.pods)) {
        say(range(&most, &|number| number.to_string()), "most pods on the way".to_owned());
    }
    let on_delete = strategy == Some(UpdateStrategy::OnDelete);
    let remark = match (forecast.settles, on_delete) {
        (true, _) => String::new(),
        _ if let Some(after) = forecast.stopped_after => {
            let (updated, desired) = (forecast.after.updated.to_string(), forecast.after.desired.to_string());
            let time = words::seconds(after.0);
            ["Looked no further ahead than ", &time, ": by then ", &updated, " of ", &desired, " are updated."].concat()
        }
        (false, true) if forecast.after.updated < forecast.after.desired => {
            "With the strategy OnDelete the old pods stay until you delete them.".to_owned()
        }
        _ => {
            let (updated, available) = (forecast.after.updated.to_string(), forecast.after.available.to_string());
            let desired = forecast.after.desired.to_string();
            ["It does not come to its end: ", &updated, " of ", &desired, " updated, ", &available, " available."]
                .concat()
        }
    };
    let nodes = forecast.nodes.iter().take(NODES_MAX).map(|it| NodeAhead {
        node: it.node.to_string(),
        future: it.future,
        why: match it.future {
            NodeFuture::Created | NodeFuture::Replaced | NodeFuture::Kept if !it.ready => {
                match forecast.stopped_after {
                    None => [&it.why, "; it does not become ready"].concat(),
                    Some(_) => [&it.why, "; it is not ready by then"].concat(),
                }
            }
            _ => it.why.clone(),
        },
    });
    SetAhead {
        name: forecast.key.name.to_string(),
        figures,
        remark,
        nodes: nodes.collect(),
        more: forecast.nodes.len().saturating_sub(NODES_MAX),
    }
}

fn range<T: Copy + PartialEq>(range: &Range<T>, text: &dyn Fn(T) -> String) -> String {
    let (least, most) = (text(range.least), text(range.most));
    if least == most { least } else { [&least, "–", &most].concat() }
}

/// `27–34 s`
fn times(takes: &Range<SimDuration>) -> String {
    let whole = takes.least.0 >= 10_000_000 && takes.most.0 < 100_000_000;
    let seconds = |micros: u64| ((micros + 500_000) / 1_000_000).to_string();
    if whole { [&range(takes, &|it| seconds(it.0)), " s"].concat() } else { range(takes, &|it| words::seconds(it.0)) }
}

// ------------------------------------------------------------ the differences

/// Of each object of the manifest that would change, how.
fn diffs(check: &Check, before: &World, after: &World) -> Vec<ObjectDiff> {
    let of = |checked: &crate::engine::CheckedDocument| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == checked.document.kind)?;
        let key = key(kind, &checked.document);
        let object = |world: &World| world.get(kind, &key).map(|object| plain(object.to_value()));
        let (old, new) = (object(before), object(after)?);
        if old.as_ref() == Some(&new) {
            return None;
        }
        let title = [kind.as_str(), " ", &key.name].concat();
        Some(object_diff(title, old.as_ref(), &new, &checked.document.value))
    };
    check.documents.iter().filter_map(of).collect()
}

/// Without what the server keeps for itself.
fn plain(mut object: Value) -> Value {
    let map = object.make_map();
    map.remove("status");
    if let Some(meta) = map.get_mut("metadata") {
        let meta = meta.make_map();
        meta.retain(|key, _| ["name", "namespace", "labels", "annotations"].contains(&key.as_str()));
        if let Some(annotations) = meta.get_mut("annotations") {
            annotations.make_map().retain(|key, _| !OWN_ANNOTATIONS.contains(&key.as_str()));
        }
        if meta.get("annotations").and_then(Value::as_map).is_some_and(Map::is_empty) {
            meta.remove("annotations");
        }
    }
    object
}

fn object_diff(title: String, old: Option<&Value>, new: &Value, written: &Value) -> ObjectDiff {
    let mut folded = 0;
    let (left, right) = fold(old.unwrap_or(new), new, Some(written), &mut folded);
    let left = old.map(|_| manifest::print(&left)).unwrap_or_default();
    let right = manifest::print(&right);
    let all = diff(&left, &right);
    let mut lines: Vec<(Change, String)> = Vec::new();
    for (index, (_, hunk)) in hunks(&all, CONTEXT).into_iter().enumerate() {
        if index > 0 {
            lines.push((Change::Same, String::new()));
        }
        lines.extend(hunk.iter().map(|(change, line)| (*change, (*line).to_owned())));
    }
    ObjectDiff { title, lines, folded }
}

/// Both objects without the fields that are the same in both and that nobody wrote: the server's defaults.
fn fold(old: &Value, new: &Value, written: Option<&Value>, folded: &mut usize) -> (Value, Value) {
    match (old, new) {
        (Value::Map(a), Value::Map(b)) => {
            let (mut left, mut right) = (Map::new(), Map::new());
            for (key, value) in a {
                let wrote = written.and_then(|written| written.get(key));
                match b.get(key) {
                    Some(other) if wrote.is_none() && value == other && !is_name(key) => *folded += 1,
                    Some(other) => {
                        let (value, other) = fold(value, other, wrote, folded);
                        left.insert(key.clone(), value);
                        right.insert(key.clone(), other);
                    }
                    None => drop(left.insert(key.clone(), value.clone())),
                }
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                right.insert(key.clone(), value.clone());
            }
            (left.into(), right.into())
        }
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            let wrote = written.and_then(Value::as_list).filter(|list| list.len() == a.len()).unwrap_or_default();
            let pairs = a.iter().zip(b).enumerate();
            let folded = pairs.map(|(index, (a, b))| match wrote.get(index) {
                Some(written) => fold(a, b, Some(written), folded),
                None => (a.clone(), b.clone()),
            });
            let (left, right): (Vec<Value>, Vec<Value>) = folded.unzip();
            (Value::List(left), Value::List(right))
        }
        _ => (old.clone(), new.clone()),
    }
}

/// What tells an object or an entry of a list from its neighbours.
fn is_name(key: &str) -> bool {
    ["apiVersion", "kind", "metadata", "name"].contains(&key)
}
