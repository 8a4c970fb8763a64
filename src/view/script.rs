//! A run as a script of kubectl commands, to be repeated on a real cluster or on one of kwok's.

use crate::api::value::{Map, Value};
use crate::api::{Kind, Node, Pod, SimTime};
use crate::engine::{Command, NodeTemplate, Sim};
use crate::manifest;
use crate::store::{Object, Propagation};

/// A shorter pause than this is none, in microseconds.
const PAUSE_MIN: u64 = 500_000;

const HEAD: &str = "#!/usr/bin/env bash
# This run, for the cluster that kubectl's current context is: best one of kwok (kwokctl create cluster), whose nodes and
# kubelets are simulated too. On a cluster with nodes of its own leave out the nodes below, and put their names in.
# What was refused in this run will be refused there as well; the rest goes on.
set -uo pipefail

# The oldest pod in a namespace, with a label, on a node: generated names differ from run to run.
pod() {
  kubectl get pods -n \"$1\" -l \"$2\" --field-selector \"spec.nodeName=$3\" --sort-by=.metadata.creationTimestamp -o name | head -n 1
}
";

/// The script. Commands that were refused here are in it too: there they'll be refused as well.
pub fn script(sim: &Sim) -> String {
    parts(sim.clone()).collect()
}

/// The same, a node or a command at a time.
pub fn parts(sim: Sim) -> impl Iterator<Item = String> {
    let scenario = sim.scenario().clone();
    let mut head = HEAD.to_owned();
    if scenario.cluster.is_some() {
        head.push_str("\n# It begins with an imported cluster: bring its nodes and DaemonSets there first.\n");
    }
    let templates = scenario.nodes.into_iter().flat_map(|(template, count)| {
        (1..=count).map(move |index| {
            let name = [&template.name, "-", &index.to_string()].concat();
            ["\n", &joins(&template, &name)].concat()
        })
    });
    let mut before = SimTime::ZERO;
    let commands = scenario.commands.into_iter().flat_map(move |submitted| {
        let pause = submitted.at.since(before).0;
        before = submitted.at;
        let mut out = "\n".to_owned();
        if pause >= PAUSE_MIN {
            out.extend(["sleep ", &pause.div_ceil(1_000_000).to_string(), "\n"]);
        }
        let (mut template, mut names) = (None, Vec::new());
        match submitted.command {
            Command::AddNodes { template: of, count } => {
                names = joined(&sim, &of, count);
                template = Some(of);
            }
            other => command(&mut out, &sim, &other),
        }
        let nodes = names.into_iter().filter_map(move |name| Some(joins(template.as_ref()?, &name)));
        std::iter::once(out).chain(nodes)
    });
    std::iter::once(head).chain(templates).chain(commands)
}

/// A node joins.
fn joins(template: &NodeTemplate, name: &str) -> String {
    let mut out = String::new();
    here(&mut out, "kubectl apply", &node_manifest(template, name));
    out
}

/// What one would type for a command; nothing for what no kubectl does.
pub fn typed(command: &Command) -> Option<String> {
    let mut out = String::new();
    match command {
        Command::Apply { text } => here(&mut out, "kubectl apply", text),
        command => match reported(command) {
            Some((named, status)) => {
                patch_status(&mut out, &named, status);
                out.pop();
            }
            None => out.push_str(&command.to_text()),
        },
    }
    Some(out).filter(|text| text.starts_with("kubectl "))
}

fn command(out: &mut String, sim: &Sim, command: &Command) {
    let text = command.to_text();
    // The buttons here do not ask whether a label or a taint has another value already.
    let overwrite = match command {
        Command::LabelNode { .. } | Command::LabelPod { .. } | Command::Taint { .. } => " --overwrite",
        _ => "",
    };
    match command {
        Command::Apply { text } => here(out, "kubectl apply", text),
        Command::File { verb, text, .. } => here(out, &["kubectl ", verb.as_str()].concat(), text),
        Command::Kubelet { name, running } => {
            out.extend(["# Here ", &text, ". kwok looks only after nodes with this annotation:\n"]);
            let value = if *running { "=fake" } else { "-" };
            out.extend(["kubectl annotate node ", name, " kwok.x-k8s.io/node", value, "\n"]);
        }
        Command::DeletePod { namespace, name, .. } | Command::LabelPod { namespace, name, .. } => {
            // The pod of that place instead of the pod of that name.
            let named = ["pod ", name].concat();
            out.extend([text.replacen(&named, &pod(sim, namespace, name), 1).as_str(), overwrite, "\n"]);
        }
        Command::Patch { kind: Kind::Pod, namespace, name, line, .. } => {
            out.extend([line.replacen(name.as_str(), &pod(sim, namespace, name), 1).as_str(), "\n"]);
        }
        Command::Delete { kind: Kind::Pod, namespace, name, propagation } => {
            let cascade = if *propagation == Propagation::Orphan { " --cascade=orphan" } else { "" };
            out.extend(["kubectl delete -n ", namespace, " ", &pod(sim, namespace, name), cascade, "\n"]);
        }
        Command::RefuseRequests { .. } => out.extend(["# Here ", &text, ": no kubectl can ask for that.\n"]),
        command => match reported(command) {
            Some((named, status)) => {
                let named = match command {
                    Command::SetPodReady { namespace, name, .. } | Command::SetPodPhase { namespace, name, .. } => {
                        [pod(sim, namespace, name), option(namespace)].concat()
                    }
                    _ => named,
                };
                patch_status(out, &named, status);
            }
            None => out.extend([&*text, overwrite, "\n"]),
        },
    }
}

/// What a kubelet reports, which `kubectl patch --subresource=status` can write in its place: of which object, and what.
fn reported(command: &Command) -> Option<(String, Value)> {
    let condition =
        |kind: &str, status: &str| Value::from([("status", Value::from(status)), ("type", Value::from(kind))]);
    Some(match command {
        Command::SetCondition { name, condition: kind, status } => {
            let conditions = Value::List(vec![condition(kind, status.as_str())]);
            (["node ", name].concat(), [("conditions", conditions)].into())
        }
        Command::SetCapacity { name, allocatable } => {
            let amount = |(name, milli): &(String, i64)| (name.clone(), crate::api::quantity_text(name, *milli).into());
            let amounts = Value::Map(allocatable.iter().map(amount).collect::<Map>());
            (["node ", name].concat(), [("allocatable", amounts.clone()), ("capacity", amounts)].into())
        }
        Command::SetPodReady { namespace, name, ready } => {
            let status = if *ready { "True" } else { "False" };
            let conditions = vec![condition("Ready", status), condition("ContainersReady", status)];
            (in_namespace(name, namespace), [("conditions", Value::List(conditions))].into())
        }
        Command::SetPodPhase { namespace, name, phase } => {
            (in_namespace(name, namespace), [("phase", phase.as_str().into())].into())
        }
        _ => return None,
    })
}

fn in_namespace(pod: &str, namespace: &str) -> String {
    ["pod ", pod, &option(namespace)].concat()
}

fn option(namespace: &str) -> String {
    if namespace == "default" { String::new() } else { [" -n ", namespace].concat() }
}

/// Text on a command's standard input.
fn here(out: &mut String, command: &str, text: &str) {
    let mut end = "EOF".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    out.extend([command, " -f - <<'", &end, "'\n", text.trim_end_matches('\n'), "\n", &end, "\n"]);
}

fn patch_status(out: &mut String, object: &str, status: Value) {
    let patch = Value::from([("status", status)]).to_json();
    out.extend(["kubectl patch ", object, " --subresource=status -p ", &quoted(&patch), "\n"]);
}

fn quoted(text: &str) -> String {
    ["'", &text.replace('\'', "'\\''"), "'"].concat()
}

/// Words of the shell that give the pod: by its labels and its node.
fn pod(sim: &Sim, namespace: &str, name: &str) -> String {
    let same = |pod: &Pod| *pod.meta.name == *name && *pod.meta.namespace == *namespace;
    let mut deltas = sim.history().records().iter().flat_map(|record| record.deltas.iter());
    // As it was when it had its node; the log may begin after that.
    let seen = deltas.find_map(|delta| match delta.object() {
        Some(Object::Pod(pod)) if same(pod) && pod.target_node().is_some() => Some(pod.clone()),
        _ => None,
    });
    let seen = seen.or_else(|| sim.world().pods.values().find(|pod| same(pod)).cloned());
    let Some(pod) = seen.filter(|pod| pod.meta.controller().is_some()) else { return ["pod/", name].concat() };
    let own = ["controller-revision-hash", "pod-template-generation"];
    let labels: Vec<String> = pod
        .meta
        .labels
        .iter()
        .filter(|(key, _)| !own.contains(&key.as_str()))
        .map(|(key, value)| [key.as_str(), "=", value].concat())
        .collect();
    let node = pod.target_node().map_or("", |node| node);
    ["\"$(pod ", namespace, " ", &quoted(&labels.join(",")), " ", node, ")\""].concat()
}

/// The names that the nodes of a command got.
fn joined(sim: &Sim, template: &NodeTemplate, count: u32) -> Vec<String> {
    if count == 1 {
        return vec![template.name.clone()];
    }
    let prefix = [&template.name, "-"].concat();
    let created = sim.history().records().iter().flat_map(|record| record.deltas.iter());
    let names = created.filter_map(|delta| match (&delta.before, &delta.after) {
        (None, Some(Object::Node(node))) if node.name().starts_with(&prefix) => Some(node.name().to_string()),
        _ => None,
    });
    names.take(count as usize).collect()
}

/// A node as kwok takes it for one of its own.
fn node_manifest(template: &NodeTemplate, name: &str) -> String {
    let mut node = Node::named(name);
    let labels = std::sync::Arc::make_mut(&mut node.meta.labels);
    labels.extend(template.labels.clone());
    let taints = template.taints.iter().map(crate::api::Taint::to_value).collect();
    let annotations = Value::from([("kwok.x-k8s.io/node", Value::from("fake"))]);
    let metadata = [
        ("annotations", annotations),
        ("labels", crate::api::labels_to_value(&node.meta.labels)),
        ("name", name.into()),
    ];
    let amount = |(name, milli): (&String, &i64)| (name.clone(), crate::api::quantity_text(name, *milli).into());
    let amounts = Value::Map(node.allocatable.iter().map(amount).collect::<Map>());
    let mut fields = Map::from([
        ("apiVersion".to_owned(), "v1".into()),
        ("kind".to_owned(), "Node".into()),
        ("metadata".to_owned(), metadata.into()),
        ("status".to_owned(), [("allocatable", amounts.clone()), ("capacity", amounts)].into()),
    ]);
    if !template.taints.is_empty() {
        fields.insert("spec".to_owned(), [("taints", Value::List(taints))].into());
    }
    manifest::print(&Value::Map(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ConditionStatus, SimDuration};
    use crate::engine::Scenario;

    #[test]
    fn a_run_becomes_a_script() {
        let mut sim = Sim::new(&Scenario::walk_through());
        let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: \
                    agent}}\n  template:\n    metadata: {labels: {app: agent}}\n    spec:\n      containers: [{name: a, \
                    image: \"nginx:1.16\"}]\n";
        sim.submit(Command::Apply { text: text.to_owned() });
        sim.run_until_quiet();
        sim.wait_until(sim.now() + SimDuration::from_secs(3));
        let (key, node) = {
            let pod = sim.world().pods.values().next().expect("it runs");
            (pod.meta.key(), pod.spec.node_name.clone().expect("it is bound"))
        };
        sim.submit(Command::DeletePod {
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            grace_period_seconds: None,
        });
        sim.run_until_quiet();
        sim.submit(Command::SetCondition {
            name: "worker-1".to_owned(),
            condition: "Ready".to_owned(),
            status: ConditionStatus::False,
        });
        let script = script(&sim);
        assert_eq!(script.matches("kind: Node").count(), 6);
        assert!(script.contains("image: \"nginx:1.16\""), "{script}");
        assert!(script.contains(&format!("kubectl delete \"$(pod default 'app=agent' {node})\"")), "{script}");
        assert!(script.contains("sleep "), "{script}");
        assert!(script.contains("kubectl patch node worker-1 --subresource=status -p '{\"status\""), "{script}");
        assert!(!script.contains(&*key.name));
    }

    #[test]
    fn a_pod_is_found_in_its_namespace() {
        let mut sim = Sim::new(&Scenario::walk_through());
        let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, namespace: kube-system}\nspec:\n  selector: \
                    {matchLabels: {app: agent}}\n  template:\n    metadata: {labels: {app: agent}}\n    spec:\n      \
                    containers: [{name: a, image: \"nginx:1.16\"}]\n";
        sim.submit(Command::Apply { text: text.to_owned() });
        sim.run_until_quiet();
        let pod = sim.world().pods.values().next().expect("it runs").clone();
        let (namespace, name) = (pod.meta.namespace.to_string(), pod.meta.name.to_string());
        sim.submit(Command::SetPodReady { namespace: namespace.clone(), name: name.clone(), ready: false });
        sim.submit(Command::DeletePod { namespace, name, grace_period_seconds: None });
        let node = pod.spec.node_name.as_deref().expect("it is bound");
        let found = format!("\"$(pod kube-system 'app=agent' {node})\" -n kube-system");
        let script = script(&sim);
        assert!(script.contains(&format!("kubectl patch {found} --subresource=status")), "{script}");
        assert!(script.contains(&format!("kubectl delete {found}\n")), "{script}");
    }

    #[test]
    fn a_text_ends_where_it_should() {
        let mut out = String::new();
        here(&mut out, "kubectl apply", "a\nEOF\nb\n");
        assert_eq!(out, "kubectl apply -f - <<'EOF_'\na\nEOF\nb\nEOF_\n");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
