//! What applying a text would do, told beforehand: worked out on a fork of the world, nothing is touched.

use std::sync::Arc;

use crate::api::{DaemonSet, Name, Node, ObjectKey, ObjectMeta, Value};
use crate::controllers::daemonset::placement::Placer;
use crate::controllers::daemonset::pods_by_node;
use crate::store::World;

use super::check::{Check, CheckedDocument};

/// What would become of the nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// One sentence for the reader.
    pub sentence: String,
    pub nodes: Vec<NodePreview>,
}

/// What would become of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodePreview {
    pub node: Name,
    pub daemonset: Name,
    pub change: NodeChange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeChange {
    /// The node gets a pod.
    Gets,
    /// Its pod is replaced.
    Updates,
    /// Its pod goes.
    Loses,
    /// Its pod stays.
    Keeps,
}

/// What applying a checked text would do to the cluster as it is.
pub fn preview(world: &World, check: &Check) -> Preview {
    let mut preview = Preview::default();
    let mut sentences: Vec<String> = Vec::new();
    let (mut new_nodes, mut changed_nodes, mut same_nodes, mut others, mut same) = (0, 0, 0, 0, Vec::new());
    for document in &check.documents {
        // The others are applied all the same.
        if document.refusal("").is_some() {
            continue;
        }
        match document.document.kind.as_str() {
            "DaemonSet" => match preview_daemonset(world, document, &mut preview.nodes) {
                Some(sentence) => sentences.push(sentence),
                None => same.push(document.document.name.as_str()),
            },
            "Node" => match world.nodes.get(&*document.document.name) {
                None => new_nodes += 1,
                Some(existing) if has_all_of(existing, &document.object) => same_nodes += 1,
                Some(_) => changed_nodes += 1,
            },
            "Pod" | "Namespace" | "PriorityClass" => others += 1,
            _ => {}
        }
    }
    for (count, verb, what) in
        [(new_nodes, "add", "node"), (changed_nodes, "change", "node"), (others, "apply", "other object")]
    {
        if count > 0 {
            sentences.push(format!("{verb} {}", counted(count, what)));
        }
    }
    let verb = if same.len() + same_nodes == 1 { "is" } else { "are" };
    let nodes = counted(same_nodes, "node");
    if same_nodes > 0 {
        same.push(&nodes);
    }
    if !same.is_empty() {
        sentences.push(format!("change nothing: {} {verb} as it says here", same.join(", ")));
    }
    preview.sentence = match (check.has_errors(), sentences.is_empty()) {
        (true, none) => {
            let errors = check.findings.iter().filter(|it| it.severity == crate::manifest::Severity::Error).count();
            let errors = counted(errors, "error");
            match none {
                true => format!("{errors} to mend before this can be applied"),
                false => format!("{errors} to mend; the rest would {}", sentences.join("; ")),
            }
        }
        (false, true) => "Nothing here to apply".to_owned(),
        (false, false) => format!("Would {}", sentences.join("; ")),
    };
    preview
}

/// What would become of one DaemonSet; nothing if it is as it would be.
fn preview_daemonset(world: &World, checked: &CheckedDocument, nodes: &mut Vec<NodePreview>) -> Option<String> {
    let mut wanted = DaemonSet::from_value(&checked.object);
    if wanted.meta.name.is_empty() {
        return Some("be refused: to apply needs a name; generateName is for create".to_owned());
    }
    if wanted.meta.namespace.is_empty() {
        wanted.meta.namespace = "default".into();
    }
    if !world.namespaces.contains_key(&wanted.meta.namespace) {
        return Some(format!("be refused: namespace {} does not exist", wanted.meta.namespace));
    }
    let key = ObjectKey { namespace: wanted.meta.namespace.clone(), name: wanted.meta.name.clone() };
    let existing = world.daemonsets.get(&key);
    if existing.is_some_and(|existing| existing.meta.is_terminating()) {
        return Some(format!("change nothing: {} is being deleted", wanted.meta.name));
    }
    if let Some(existing) = existing {
        wanted.meta.uid = existing.meta.uid;
    }
    let new_template = existing.is_some_and(|old| old.spec.template.value != wanted.spec.template.value);
    // What the controller still has to do is its own affair, not the effect of applying.
    if existing.is_some_and(|old| old.spec.value == wanted.spec.value && has_all(&old.meta, &wanted.meta)) {
        return None;
    }
    let placer = Placer::new(&wanted.spec);
    let (mut gets, mut updates, mut loses) = (0, 0, 0);
    // A new DaemonSet finds no pods of its own: nobody has its uid yet.
    pods_by_node(world, existing.map_or(&wanted, Arc::as_ref), &mut |here| {
        let Some(node) = here.node else { return };
        let placement = placer.place(node);
        let has_pod = here.pods.iter().any(|pod| !pod.is_terminating());
        let change = match (has_pod, placement.should_run, placement.should_continue) {
            (false, true, _) => NodeChange::Gets,
            (true, _, true) if new_template => NodeChange::Updates,
            (true, _, true) => NodeChange::Keeps,
            (true, _, false) => NodeChange::Loses,
            (false, false, _) => return,
        };
        match change {
            NodeChange::Gets => gets += 1,
            NodeChange::Updates => updates += 1,
            NodeChange::Loses => loses += 1,
            NodeChange::Keeps => {}
        }
        nodes.push(NodePreview { node: here.name.clone(), daemonset: wanted.meta.name.clone(), change });
    });
    let name = &wanted.meta.name;
    let mut parts = Vec::new();
    let without =
        world.nodes.len() - nodes.iter().filter(|it| it.daemonset == *name && it.change != NodeChange::Loses).count();
    if gets > 0 {
        parts.push(format!("create {}", counted(gets, "pod")));
    }
    if updates > 0 {
        let how = match wanted.spec.update_strategy {
            crate::api::UpdateStrategy::OnDelete => "as you delete them".to_owned(),
            crate::api::UpdateStrategy::RollingUpdate { max_unavailable, max_surge } => match max_surge.scaled(1) > 0 {
                true => format!("at most {max_surge} extra"),
                false => format!("at most {max_unavailable} unavailable"),
            },
        };
        parts.push(format!("update {}, {how}", counted(updates, "pod")));
    }
    if loses > 0 {
        parts.push(format!("remove {}", counted(loses, "pod")));
    }
    if parts.is_empty() {
        parts.push(if existing.is_some() {
            format!("change {name}, but no pod")
        } else {
            format!("create {name}, but no pod")
        });
    }
    if without > 0 && gets > 0 {
        parts.push(format!("{} {} without", counted(without, "node"), if without == 1 { "stays" } else { "stay" }));
    }
    Some(parts.join("; "))
}

/// Whether an object has the labels and annotations that a text asks for; of its others applying takes none away but
/// those that an earlier text had.
fn has_all(old: &ObjectMeta, wanted: &ObjectMeta) -> bool {
    wanted.labels.iter().all(|(key, value)| old.labels.get(key) == Some(value))
        && wanted.annotations.iter().all(|(key, value)| old.annotations.get(key) == Some(value))
}

/// Whether a node is as a text asks for.
fn has_all_of(old: &Node, text: &Value) -> bool {
    let wanted = Node::from_value(text);
    let asks = |field: &str| text.get("spec").is_some_and(|spec| spec.get(field).is_some());
    has_all(&old.meta, &wanted.meta)
        && (!asks("taints") || old.taints == wanted.taints)
        && (!asks("unschedulable") || old.unschedulable == wanted.unschedulable)
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
