//! What a reader types into a form, and what is wrong with it. What the cluster makes of it is the store's business.

use crate::api::value::{Map, Value};
use crate::api::{Labels, Node, Quantity, Taint, labels_to_value, quantity_text};
use crate::manifest;

/// A name, how many, labels and taints.
pub type NewNodes = (String, u32, Labels, Vec<Taint>);

pub fn add_nodes(name: &str, count: &str, labels_text: &str, taints_text: &str) -> Result<NewNodes, Vec<String>> {
    let mut errors = Vec::new();
    if name.is_empty() {
        errors.push("Name: a node needs one.".to_owned());
    }
    let count = count.parse::<u32>().ok().filter(|count| (1..=NODES_MAX).contains(count)).unwrap_or_else(|| {
        errors.push(["How many: a number from 1 to ", &NODES_MAX.to_string(), "."].concat());
        0
    });
    let labels = labels(labels_text).unwrap_or_else(|more| {
        errors.extend(more);
        Labels::new()
    });
    let taints = taints_in(taints_text, &mut errors);
    if errors.is_empty() { Ok((name.to_owned(), count, labels, taints)) } else { Err(errors) }
}

/// Nodes that are added at once.
const NODES_MAX: u32 = 5000;

/// `key=value` pairs between commas.
pub fn labels(text: &str) -> Result<Labels, Vec<String>> {
    let mut errors = Vec::new();
    let mut labels = Labels::new();
    for item in items(text) {
        match item.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                labels.insert(key.trim().to_owned(), value.trim().to_owned());
            }
            _ => errors.push(["Labels: ", item, " should be key=value."].concat()),
        }
    }
    if errors.is_empty() { Ok(labels) } else { Err(errors) }
}

/// `key=value` sets, `key-` takes away.
pub fn label_changes(text: &str) -> Result<Vec<(String, Option<String>)>, Vec<String>> {
    let mut errors = Vec::new();
    let mut changes = Vec::new();
    for item in items(text) {
        match (item.split_once('='), item.strip_suffix('-')) {
            (Some((key, value)), _) if !key.trim().is_empty() => {
                changes.push((key.trim().to_owned(), Some(value.trim().to_owned())));
            }
            (None, Some(key)) if !key.is_empty() => changes.push((key.to_owned(), None)),
            _ => errors.push(["Labels: ", item, " should be key=value, or key- to take it away."].concat()),
        }
    }
    if changes.is_empty() && errors.is_empty() {
        errors.push("Labels: say which, as in disk=ssd.".to_owned());
    }
    if errors.is_empty() { Ok(changes) } else { Err(errors) }
}

/// `key=value:Effect` or `key:Effect`.
pub fn taints(text: &str) -> Result<Vec<Taint>, Vec<String>> {
    let mut errors = Vec::new();
    let taints = taints_in(text, &mut errors);
    if taints.is_empty() && errors.is_empty() {
        errors.push("Taints: say which, as in dedicated=gpu:NoSchedule.".to_owned());
    }
    if errors.is_empty() { Ok(taints) } else { Err(errors) }
}

fn taints_in(text: &str, errors: &mut Vec<String>) -> Vec<Taint> {
    let mut taints = Vec::new();
    for item in items(text) {
        match Taint::parse(item) {
            Some(taint) => taints.push(taint),
            None => errors.push(
                ["Taints: ", item, " should be key=value:Effect with NoSchedule, PreferNoSchedule or NoExecute."]
                    .concat(),
            ),
        }
    }
    taints
}

/// A node's allocatable amounts as the form shows them: CPU, memory, pods, and the others as `name=amount`.
pub fn capacity_of(node: &Node) -> [String; 4] {
    let amount = |name: &str| node.allocatable.get(name).map_or_else(String::new, |milli| quantity_text(name, *milli));
    let others = node.allocatable.iter().filter(|(name, _)| !["cpu", "memory", "pods"].contains(&name.as_str()));
    let others: Vec<String> =
        others.map(|(name, milli)| [name.as_str(), "=", &quantity_text(name, *milli)].concat()).collect();
    [amount("cpu"), amount("memory"), amount("pods"), others.join(", ")]
}

/// Amounts in milli-units.
pub fn capacity(cpu: &str, memory: &str, pods: &str, others: &str) -> Result<Vec<(String, i64)>, Vec<String>> {
    let mut errors = Vec::new();
    let mut amounts = Vec::new();
    let named = [("cpu", cpu), ("memory", memory), ("pods", pods)].into_iter().filter(|(_, text)| !text.is_empty());
    let others = items(others).filter_map(|item| match item.split_once('=') {
        Some((name, text)) if !name.trim().is_empty() => Some((name.trim(), text.trim())),
        _ => {
            errors.push(["Others: ", item, " should be name=amount."].concat());
            None
        }
    });
    let all: Vec<(&str, &str)> = named.chain(others).collect();
    for (name, text) in all {
        match Quantity::parse(text).ok().filter(|amount| !amount.is_negative()) {
            Some(amount) => amounts.push((name.to_owned(), amount.milli())),
            None => errors.push([name, ": ", text, " is no amount such as 4, 500m or 8Gi."].concat()),
        }
    }
    if errors.is_empty() { Ok(amounts) } else { Err(errors) }
}

/// The manifest of a pod that nobody owns, bound to a node.
pub fn bare_pod(
    name: &str,
    namespace: &str,
    image: &str,
    labels_text: &str,
    node: &str,
) -> Result<String, Vec<String>> {
    let mut meta = Map::from([("name".to_owned(), name.into())]);
    if !namespace.is_empty() {
        meta.insert("namespace".to_owned(), namespace.into());
    }
    let labels = labels(labels_text)?;
    if !labels.is_empty() {
        meta.insert("labels".to_owned(), labels_to_value(&labels));
    }
    let container = Value::from([("name", "main".into()), ("image", image.into())]);
    let pod = [
        ("apiVersion", "v1".into()),
        ("kind", "Pod".into()),
        ("metadata", Value::Map(meta)),
        ("spec", [("containers", Value::List(vec![container])), ("nodeName", node.into())].into()),
    ];
    Ok(manifest::print(&pod.into()))
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_all_that_is_wrong_with_it_at_once() {
        let errors = add_nodes("", "0", "disk", "gpu:Never").err().unwrap_or_default();
        assert_eq!(errors.len(), 4, "{errors:?}");
        let form = add_nodes("w", "2", "disk=ssd, zone=a", "dedicated=gpu:NoSchedule").ok();
        assert_eq!(form.map(|(_, count, labels, taints)| (count, labels.len(), taints.len())), Some((2, 2, 1)));
    }

    #[test]
    fn capacity_is_read_as_it_is_shown() {
        let node = Node::named("n");
        let [cpu, memory, pods, others] = capacity_of(&node);
        assert_eq!((cpu.as_str(), memory.as_str(), pods.as_str()), ("4", "8Gi", "110"));
        let mut amounts = capacity(&cpu, &memory, &pods, &others).unwrap_or_default();
        amounts.sort();
        assert_eq!(amounts, node.allocatable.iter().map(|(name, milli)| (name.clone(), *milli)).collect::<Vec<_>>());
        assert!(capacity("many", "", "", "gpu").is_err_and(|errors| errors.len() == 2));
    }

    #[test]
    fn a_bare_pod_is_a_manifest_without_findings() {
        let text = bare_pod("bare", "default", "nginx:1.16", "app=nginx", "worker-1").unwrap_or_default();
        assert_eq!(crate::engine::check(&text).findings, []);
    }

    #[test]
    fn a_label_is_set_or_taken_away() {
        assert_eq!(
            label_changes("disk=ssd,zone-").ok(),
            Some(vec![("disk".to_owned(), Some("ssd".to_owned())), ("zone".to_owned(), None)])
        );
        assert!(label_changes("").is_err());
    }
}
