//! The nodes that a lesson or an example begins with.

use super::fields::{Holds, Source, item, join, list, text};
use crate::api::value::{Map, Value};
use crate::api::{Labels, Taint};
use crate::engine::NodeTemplate;
use crate::store::validation::names;

pub(super) const NODE: &[(&str, Holds)] = &[
    ("name", Holds::Text),
    ("count", Holds::Number),
    ("role", Holds::OneOf(&["worker", "control-plane"])),
    ("labels", Holds::Labels),
    ("taints", Holds::List),
];
/// More nodes than this make no lesson.
const NODES_MAX: u32 = 5000;

/// Groups of nodes, as [`crate::engine::Scenario::nodes`] holds them.
pub(super) fn groups(source: &mut Source, nodes: &[Value], path: &str) -> Vec<(NodeTemplate, u32)> {
    let mut groups = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let path = item(path, index);
        if let Some(map) = source.map(node, &path, NODE, 1) {
            let group = group(source, map, &path);
            if groups.iter().any(|(other, _): &(NodeTemplate, u32)| other.name == group.0.name) {
                let mend = "Give them one group with its count, or another name.";
                source.wrong(&join(&path, "name"), "nodes above have this name".to_owned(), mend);
            }
            groups.push(group);
        }
    }
    let total = groups.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
    if total > NODES_MAX {
        source.wrong(path, [&total.to_string(), " nodes are too many"].concat(), TOO_MANY);
        groups.clear();
    }
    groups
}

const TOO_MANY: &str = "Up to 5000 nodes are read.";

/// One group, whose fields are known to be right.
pub(super) fn group(source: &mut Source, map: &Map, path: &str) -> (NodeTemplate, u32) {
    let name = text(map, "name");
    let mut template = match text(map, "role").as_str() {
        "control-plane" => NodeTemplate::control_plane(&name),
        _ => NodeTemplate::worker(&name),
    };
    let labels = map.get("labels").and_then(Value::as_map);
    let labels: Labels = labels
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    template.labels.extend(labels);
    for (index, value) in list(map, "taints").iter().enumerate() {
        match value.as_str().and_then(Taint::parse) {
            Some(taint) => template.taints.push(taint),
            None => {
                let path = item(&join(path, "taints"), index);
                source.wrong(
                    &path,
                    "this is no taint".to_owned(),
                    "Write key=value:Effect, for instance dedicated=gpu:NoSchedule.",
                );
            }
        }
    }
    if map.get("name").is_some_and(|name| name.as_str().is_some())
        && let Some(complaint) = names::dns_subdomain(&name).into_iter().next()
    {
        source.wrong(&join(path, "name"), ["no node can have this name: ", &complaint].concat(), "");
    }
    let count = map.get("count").and_then(Value::as_int).unwrap_or(1);
    match u32::try_from(count).ok().filter(|count| *count <= NODES_MAX) {
        Some(count) => (template, count),
        None => {
            if count > 0 {
                let message = [&count.to_string(), " nodes are too many"].concat();
                source.wrong(&join(path, "count"), message, TOO_MANY);
            }
            (template, 1)
        }
    }
}
