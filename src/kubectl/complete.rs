//! What a line that is being typed may go on with: verbs, types, names, flags and their values.

use crate::store::World;

use super::resources::{self, RESOURCES, Resource};
use super::verbs::{self, Verb};

/// What may stand in the place of the line's last word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// Where the last word begins, in bytes.
    pub from: usize,
    pub candidates: Vec<String>,
}

/// Candidates for the end of a line.
pub fn complete(world: &World, line: &str) -> Completion {
    let from = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (before, last) = line.split_at(from);
    let mut words: Vec<&str> = before.split_whitespace().collect();
    if matches!(words.first(), Some(&"kubectl" | &"k")) {
        words.remove(0);
    }
    let mut candidates = candidates(world, &words, last);
    if before.is_empty() {
        candidates.push("kubectl ".to_owned());
    }
    candidates.retain(|it| it.starts_with(last) && it != last);
    candidates.sort();
    candidates.dedup();
    Completion { from, candidates }
}

fn candidates(world: &World, words: &[&str], last: &str) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let Some(at) = words.iter().position(|word| verbs::find(word).is_some()) else {
        return verbs::top().map(|verb| verb.path.to_owned()).collect();
    };
    let name = words[at];
    let child = words.get(at + 1).and_then(|word| verbs::find(&format!("{name} {word}")));
    let Some(top) = verbs::find(name) else { return Vec::new() };
    if name == "help" {
        return verbs::top().map(|verb| verb.path.to_owned()).collect();
    }
    if child.is_none() && top.has_children() && words.len() == at + 1 {
        let children = top
            .children()
            .filter(|verb| verb.simulated)
            .filter_map(|verb| verb.path.split_once(' ').map(|(_, name)| name.to_owned()));
        return children.chain((name == "create").then(|| "-f".to_owned())).collect();
    }
    let verb = child.unwrap_or(top);
    let rest = &words[at + 1 + usize::from(child.is_some())..];
    let namespace = value_of(rest, &["-n", "--namespace"]).unwrap_or("default");
    match rest.last().copied().unwrap_or_default() {
        "-o" | "--output" => return owned(&["wide", "yaml", "json", "name", "jsonpath=", "custom-columns="]),
        "-n" | "--namespace" => return world.namespaces.keys().map(ToString::to_string).collect(),
        "-f" | "--filename" => return owned(&["-"]),
        "--for" => return names(world, namespace, "", true),
        word if needs_value(verb, word) => return Vec::new(),
        _ => {}
    }
    if let Some((flag, _)) = last.split_once('=').filter(|_| last.starts_with("--")) {
        let values: &[&str] = match flag {
            "--output" => &["wide", "yaml", "json", "name"],
            "--cascade" => &["background", "foreground", "orphan"],
            "--dry-run" => &["client", "server", "none"],
            "--validate" => &["strict", "warn", "ignore"],
            "--type" => &["strategic", "merge"],
            "--for" => &["delete", "create", "condition=Ready"],
            _ => &[],
        };
        return values.iter().map(|value| format!("{flag}={value}")).collect();
    }
    if last.starts_with('-') && !last.is_empty() {
        let flags = verb.flags().filter(|flag| flag.simulated);
        let global = ["--namespace=".to_owned(), "--help".to_owned()];
        let written = |flag: verbs::Flag| format!("--{}{}", flag.name, if flag.alone.is_none() { "=" } else { "" });
        return flags.map(written).chain(global).collect();
    }
    positional(world, verb, &arguments(verb, rest), last, namespace)
}

/// The words that are neither flags nor their values.
fn arguments<'a>(verb: &Verb, words: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = Vec::new();
    let mut skip = false;
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        if word.starts_with('-') {
            skip = needs_value(verb, word);
        } else {
            arguments.push(*word);
        }
    }
    arguments
}

fn needs_value(verb: &Verb, word: &str) -> bool {
    let flag = match word.strip_prefix("--") {
        Some(long) if !long.contains('=') => verb.flag(long),
        Some(_) => None,
        None => word.strip_prefix('-').and_then(|short| {
            let mut letters = short.chars();
            let letter = letters.next()?;
            letters.next().is_none().then(|| verb.short_flag(letter))?
        }),
    };
    flag.is_some_and(|flag| flag.alone.is_none())
}

fn value_of<'a>(words: &[&'a str], flags: &[&str]) -> Option<&'a str> {
    let at = words.iter().position(|word| flags.contains(word))?;
    words.get(at + 1).copied()
}

fn positional(world: &World, verb: &Verb, arguments: &[&str], last: &str, namespace: &str) -> Vec<String> {
    let nodes = || world.nodes.keys().map(ToString::to_string).collect::<Vec<_>>();
    let path = verb.path;
    match (path, arguments) {
        ("cordon" | "uncordon" | "drain", _) => nodes(),
        ("taint", []) => vec!["nodes".to_owned()],
        ("taint", [_, ..]) if !arguments.iter().any(|it| it.contains([':', '='])) => nodes(),
        ("set image", [target]) => containers(world, target, namespace),
        _ if path.starts_with("rollout") || path.starts_with("set") => match arguments {
            [] => names(world, namespace, "ds/", false),
            [kind] => of_type(world, kind, namespace),
            _ => Vec::new(),
        },
        ("get" | "describe" | "delete" | "label" | "annotate" | "patch" | "wait" | "scale" | "edit", []) => {
            match last.split_once('/') {
                Some((kind, _)) => {
                    of_type(world, kind, namespace).into_iter().map(|it| format!("{kind}/{it}")).collect()
                }
                None => types(verb),
            }
        }
        ("label" | "annotate", [_, _, ..]) | ("patch" | "scale" | "edit", [_, _, ..]) => Vec::new(),
        ("get" | "describe" | "delete" | "label" | "annotate" | "patch" | "wait" | "scale" | "edit", [kind, ..]) => {
            of_type(world, kind, namespace)
        }
        _ => Vec::new(),
    }
}

fn types(verb: &Verb) -> Vec<String> {
    let all = RESOURCES.iter().flat_map(|resource| [resource.names[0], resource.names[resource.names.len() - 1]]);
    all.chain((verb.path == "get").then_some("all")).map(str::to_owned).collect()
}

fn of_type(world: &World, kind: &str, namespace: &str) -> Vec<String> {
    match resources::find(kind) {
        Ok(resource) => object_names(world, resource, namespace),
        Err(_) => Vec::new(),
    }
}

/// The names of a type's objects; the keys are enough for that.
fn object_names(world: &World, resource: &Resource, namespace: &str) -> Vec<String> {
    let here = |key: &&crate::api::ObjectKey| *key.namespace == *namespace;
    let name = |key: &crate::api::ObjectKey| key.name.to_string();
    match resource.kind {
        "Pod" => world.pods.keys().filter(here).map(name).collect(),
        "DaemonSet" => world.daemonsets.keys().filter(here).map(name).collect(),
        "ControllerRevision" => world.revisions.keys().filter(here).map(name).collect(),
        "Node" => world.nodes.keys().map(ToString::to_string).collect(),
        "Namespace" => world.namespaces.keys().map(ToString::to_string).collect(),
        "PriorityClass" => world.priority_classes.keys().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// `ds/agent`, and `pod/...` too where any object is meant.
fn names(world: &World, namespace: &str, prefix: &str, pods: bool) -> Vec<String> {
    let prefix = if prefix.is_empty() { "ds/" } else { prefix };
    let sets = of_type(world, "ds", namespace).into_iter().map(|name| format!("{prefix}{name}"));
    let pods = if pods { of_type(world, "pods", namespace) } else { Vec::new() };
    sets.chain(pods.into_iter().map(|name| format!("pod/{name}"))).collect()
}

fn containers(world: &World, target: &str, namespace: &str) -> Vec<String> {
    let name = target.split_once('/').map_or(target, |(_, name)| name);
    let set = world.daemonsets.get(&crate::api::ObjectKey::new(namespace, name));
    let containers = set.into_iter().flat_map(|set| set.spec.template.spec.containers.iter());
    containers.map(|container| format!("{}=", container.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Command, Scenario, Sim};

    #[test]
    fn a_line_can_be_completed_at_every_place() {
        let mut sim = Sim::new(&Scenario::walk_through());
        let text = "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {a: b}}, \
                    template: {metadata: {labels: {a: b}}, spec: {containers: [{name: main, image: nginx}]}}}}";
        sim.submit(Command::Apply { text: text.to_owned() });
        sim.run_until_quiet();
        let complete = |line: &str| complete(sim.world(), line).candidates;
        assert_eq!(complete("kube"), ["kubectl "]);
        assert!(!complete("kubectl ").contains(&"kubectl ".to_owned()));
        for (line, expected) in [
            ("kub", "kubectl "),
            ("g", "get"),
            ("kubectl desc", "describe"),
            ("kubectl rollout st", "status"),
            ("kubectl rollout status d", "ds/agent"),
            ("kubectl get daem", "daemonsets"),
            ("kubectl get ds ", "agent"),
            ("kubectl get ds/a", "ds/agent"),
            ("kubectl get pods -o w", "wide"),
            ("kubectl get pods -n kube-s", "kube-system"),
            ("kubectl get -n default ds a", "agent"),
            ("kubectl get pods --show-l", "--show-labels"),
            ("kubectl delete ds agent --cascade=o", "--cascade=orphan"),
            ("kubectl drain worker-1 --ign", "--ignore-daemonsets"),
            ("kubectl cordon worker-2", ""),
            ("kubectl cordon worker-", "worker-1"),
            ("kubectl taint nodes ma", "master-1"),
            ("kubectl set image ds/agent ", "main="),
            ("kubectl apply -f ", "-"),
            ("kubectl help pa", "patch"),
        ] {
            let found = complete(line);
            match expected {
                "" => assert_eq!(found, Vec::<String>::new(), "{line}"),
                _ => assert!(found.iter().any(|it| it == expected), "{line}: {found:?}"),
            }
        }
    }
}
