//! What the reader can do. Buttons and typed commands make the same ones, and a scenario is a list of them.

use std::sync::Arc;

use crate::api::taint::{CONTROL_PLANE, NO_SCHEDULE};
use crate::api::typed::typed;
use crate::api::{ConditionStatus, Kind, Labels, Node, PodPhase, SimDuration, SimTime, Taint};
use crate::controllers::node_lifecycle;
use crate::kubelet;
use crate::store::{Propagation, World};

use super::apply::{FileVerb, PatchType, Validation};
use super::import::Cluster;

/// An act of the reader's.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `kubectl apply -f -`
    Apply {
        text: String,
    },
    /// `kubectl apply`, `create` or `replace` in other ways than [`Command::Apply`]: of a file, or with unknown fields let
    /// pass.
    File {
        verb: FileVerb,
        text: String,
        /// The name of the file, `STDIN` for `-f -`.
        source: String,
        validation: Validation,
        /// `-n`: where objects go that name no namespace, and others may not.
        namespace: Option<String>,
    },
    /// `kubectl patch`, and the commands that kubectl turns into one: `label`, `annotate`, `set`.
    Patch {
        kind: Kind,
        namespace: String,
        name: String,
        /// JSON.
        patch: String,
        how: PatchType,
        /// kubectl's word for it, `image updated`; empty for `patched`.
        done: String,
        /// The command as it was typed.
        line: String,
    },
    /// `kubectl delete` of an object of any kind.
    Delete {
        kind: Kind,
        namespace: String,
        name: String,
        propagation: Propagation,
    },
    DeleteDaemonSet {
        namespace: String,
        name: String,
        propagation: Propagation,
    },
    DeletePod {
        namespace: String,
        name: String,
        grace_period_seconds: Option<i64>,
    },
    /// Nodes join: `name` alone, or `name-1`, `name-2`, ... when there are several.
    AddNodes {
        template: NodeTemplate,
        count: u32,
    },
    RemoveNode {
        name: String,
    },
    /// `kubectl cordon`, `kubectl uncordon`
    Cordon {
        name: String,
        on: bool,
    },
    /// `kubectl taint node`: removed ones first, by key and effect.
    Taint {
        name: String,
        add: Vec<Taint>,
        remove: Vec<Taint>,
    },
    /// `kubectl label node`; `None` removes a label.
    LabelNode {
        name: String,
        labels: Vec<(String, Option<String>)>,
    },
    /// A condition as a kubelet would post it.
    SetCondition {
        name: String,
        condition: String,
        status: ConditionStatus,
    },
    /// Allocatable amounts, in milli-units.
    SetCapacity {
        name: String,
        allocatable: Vec<(String, i64)>,
    },
    /// A kubelet dies, or comes back.
    Kubelet {
        name: String,
        running: bool,
    },
    /// Sets a pod's Ready condition by hand.
    SetPodReady {
        namespace: String,
        name: String,
        ready: bool,
    },
    /// Sets a pod's phase by hand.
    SetPodPhase {
        namespace: String,
        name: String,
        phase: PodPhase,
    },
    /// The API server refuses so many of the DaemonSet controller's next requests of one sort, as when its storage fails.
    RefuseRequests {
        of: RefusedRequests,
        count: u32,
    },
    LabelPod {
        namespace: String,
        name: String,
        labels: Vec<(String, Option<String>)>,
    },
    /// `kubectl rollout restart`
    RolloutRestart {
        namespace: String,
        name: String,
    },
    /// `kubectl rollout undo`; to the revision before the current one unless a number is given.
    RolloutUndo {
        namespace: String,
        name: String,
        to_revision: Option<i64>,
    },
}

typed!(enum Command {
    Apply = "apply" { text },
    File = "file" { verb, text, source, validation, namespace },
    Patch = "patch" { kind, namespace, name, patch, how, done, line },
    Delete = "delete" { kind, namespace, name, propagation },
    DeleteDaemonSet = "deleteDaemonSet" { namespace, name, propagation },
    DeletePod = "deletePod" { namespace, name, grace_period_seconds = "gracePeriodSeconds" },
    AddNodes = "addNodes" { template, count },
    RemoveNode = "removeNode" { name },
    Cordon = "cordon" { name, on },
    Taint = "taint" { name, add, remove },
    LabelNode = "labelNode" { name, labels },
    SetCondition = "setCondition" { name, condition, status },
    SetCapacity = "setCapacity" { name, allocatable },
    Kubelet = "kubelet" { name, running },
    SetPodReady = "setPodReady" { namespace, name, ready },
    SetPodPhase = "setPodPhase" { namespace, name, phase },
    RefuseRequests = "refuseRequests" { of, count },
    LabelPod = "labelPod" { namespace, name, labels },
    RolloutRestart = "rolloutRestart" { namespace, name },
    RolloutUndo = "rolloutUndo" { namespace, name, to_revision = "toRevision" },
});

/// Which requests of the DaemonSet controller are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedRequests {
    CreatePods,
    DeletePods,
    WriteStatus,
    /// The read before a status is written once more.
    ReadDaemonSet,
}

impl RefusedRequests {
    pub fn as_str(self) -> &'static str {
        match self {
            RefusedRequests::CreatePods => "createPods",
            RefusedRequests::DeletePods => "deletePods",
            RefusedRequests::WriteStatus => "writeStatus",
            RefusedRequests::ReadDaemonSet => "readDaemonSet",
        }
    }
}

typed!(words RefusedRequests { CreatePods, DeletePods, WriteStatus, ReadDaemonSet });

/// What new nodes look like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeTemplate {
    pub name: String,
    pub labels: Labels,
    pub taints: Vec<Taint>,
}

typed!(struct NodeTemplate { name, labels, taints });

impl NodeTemplate {
    pub fn worker(name: &str) -> Self {
        NodeTemplate { name: name.to_owned(), ..NodeTemplate::default() }
    }

    /// A node as kubeadm makes those of the control plane.
    pub fn control_plane(name: &str) -> Self {
        NodeTemplate {
            name: name.to_owned(),
            labels: Labels::from([(CONTROL_PLANE.to_owned(), String::new())]),
            taints: vec![Taint::new(CONTROL_PLANE, "", NO_SCHEDULE)],
        }
    }

    /// A healthy node of this kind.
    pub(super) fn to_node(&self, name: &str) -> Node {
        let mut node = Node::named(name);
        Arc::make_mut(&mut node.meta.labels).extend(self.labels.clone());
        node.taints = self.taints.clone().into();
        node
    }
}

impl Command {
    /// The command as kubectl writes it, as far as kubectl has it.
    pub fn to_text(&self) -> Arc<str> {
        let changes = |labels: &[(String, Option<String>)]| {
            let change = |(key, value): &(String, Option<String>)| match value {
                Some(value) => format!(" {key}={value}"),
                None => format!(" {key}-"),
            };
            labels.iter().map(change).collect::<String>()
        };
        let in_namespace = |namespace: &str| match namespace {
            "default" => String::new(),
            other => format!(" -n {other}"),
        };
        let cascade = |propagation: &Propagation| match propagation {
            Propagation::Background => "",
            Propagation::Foreground => " --cascade=foreground",
            Propagation::Orphan => " --cascade=orphan",
        };
        match self {
            Command::Apply { .. } => "kubectl apply -f -".to_owned(),
            Command::File { verb, source, validation, namespace, .. } => {
                let file = if source == "STDIN" || source.is_empty() { "-" } else { source };
                let validate = match validation {
                    Validation::Strict => String::new(),
                    other => format!(" --validate={}", other.as_str()),
                };
                let namespace = namespace.as_deref().map(|it| format!(" -n {it}")).unwrap_or_default();
                format!("kubectl {} -f {file}{namespace}{validate}", verb.as_str())
            }
            Command::Patch { line, .. } => line.clone(),
            Command::Delete { kind, namespace, name, propagation } => {
                let kind = kind.as_str().to_ascii_lowercase();
                let namespace = if namespace.is_empty() { String::new() } else { in_namespace(namespace) };
                format!("kubectl delete {kind} {name}{namespace}{}", cascade(propagation))
            }
            Command::DeleteDaemonSet { namespace, name, propagation } => {
                format!("kubectl delete daemonset {name}{}{}", in_namespace(namespace), cascade(propagation))
            }
            Command::DeletePod { namespace, name, grace_period_seconds } => {
                let grace = match grace_period_seconds {
                    Some(0) => " --grace-period=0 --force".to_owned(),
                    Some(seconds) => format!(" --grace-period={seconds}"),
                    None => String::new(),
                };
                format!("kubectl delete pod {name}{}{grace}", in_namespace(namespace))
            }
            Command::AddNodes { template, count: 1 } => format!("node {} joins", template.name),
            Command::AddNodes { template, count } => format!("{count} nodes {}-… join", template.name),
            Command::RemoveNode { name } => format!("kubectl delete node {name}"),
            Command::Cordon { name, on: true } => format!("kubectl cordon {name}"),
            Command::Cordon { name, on: false } => format!("kubectl uncordon {name}"),
            Command::Taint { name, add, remove } => {
                let added = add.iter().map(|taint| format!(" {taint}"));
                let removed = remove.iter().map(|taint| format!(" {}:{}-", taint.key, taint.effect));
                format!("kubectl taint node {name}{}", added.chain(removed).collect::<String>())
            }
            Command::LabelNode { name, labels } => format!("kubectl label node {name}{}", changes(labels)),
            Command::SetCondition { name, condition, status } => {
                format!("{name} reports {condition}={}", status.as_str())
            }
            Command::SetCapacity { name, .. } => format!("{name} reports another capacity"),
            Command::Kubelet { name, running: false } => format!("the kubelet of {name} dies"),
            Command::Kubelet { name, running: true } => format!("the kubelet of {name} comes back"),
            Command::SetPodReady { name, ready: true, .. } => format!("{name} is made ready"),
            Command::SetPodReady { name, ready: false, .. } => format!("{name} is made unready"),
            Command::SetPodPhase { name, phase, .. } => format!("{name} is made {}", phase.as_str()),
            Command::RefuseRequests { of, count } => {
                let what = match of {
                    RefusedRequests::CreatePods => "to create a pod",
                    RefusedRequests::DeletePods => "to delete a pod",
                    RefusedRequests::WriteStatus => "to write a status",
                    RefusedRequests::ReadDaemonSet => "to read the DaemonSet",
                };
                format!("the API server refuses the controller's next {count} requests {what}")
            }
            Command::LabelPod { namespace, name, labels } => {
                format!("kubectl label pod {name}{}{}", in_namespace(namespace), changes(labels))
            }
            Command::RolloutRestart { namespace, name } => {
                format!("kubectl rollout restart daemonset {name}{}", in_namespace(namespace))
            }
            Command::RolloutUndo { namespace, name, to_revision } => {
                let to = to_revision.map(|number| format!(" --to-revision={number}")).unwrap_or_default();
                format!("kubectl rollout undo daemonset {name}{}{to}", in_namespace(namespace))
            }
        }
        .into()
    }
}

/// What became of a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What kubectl prints: `daemonset.apps/agent created`.
    pub messages: Vec<String>,
    /// What kubectl warns of.
    pub warnings: Vec<String>,
    /// Why nothing, or not everything, was done.
    pub errors: Vec<String>,
    /// The cluster as it would be, if the command was only tried.
    pub tried: Option<Box<World>>,
}

/// How the simulated machinery behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whether controllers keep to the request rates of a real cluster (20 a second for the controllers, 50 for the
    /// scheduler), or send as fast as the API server answers.
    pub original_pace: bool,
    pub kubelet: kubelet::Timing,
    /// How long a kubelet may be silent before its node counts as unknown.
    pub node_monitor_grace_period: SimDuration,
}

typed!(struct Settings {
    original_pace = "originalPace",
    kubelet,
    node_monitor_grace_period = "nodeMonitorGracePeriod",
});

impl Default for Settings {
    fn default() -> Self {
        Settings {
            original_pace: true,
            kubelet: kubelet::Timing::default(),
            node_monitor_grace_period: node_lifecycle::GRACE_PERIOD,
        }
    }
}

/// A cluster, a seed and what the reader did: the same scenario gives the same log, anywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    pub seed: u64,
    pub settings: Settings,
    /// The nodes that are there from the start, each group as with [`Command::AddNodes`].
    pub nodes: Vec<(NodeTemplate, u32)>,
    /// A real cluster that was there before; the nodes above join it.
    pub cluster: Option<Arc<Cluster>>,
    pub commands: Vec<SubmittedCommand>,
}

/// A command and when it came: so many steps had been taken, and it was so late.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmittedCommand {
    pub after_steps: u64,
    pub at: SimTime,
    pub command: Command,
}

typed!(struct Scenario { seed, settings, nodes, cluster, commands });
typed!(whole SubmittedCommand { after_steps = "afterSteps", at, command });

impl Scenario {
    /// The tutorial's cluster: 3 masters and 3 workers.
    pub fn walk_through() -> Self {
        Scenario::with_workers(3)
    }

    /// 3 masters and any number of workers.
    pub fn with_workers(workers: u32) -> Self {
        let mut nodes = vec![(NodeTemplate::control_plane("master"), 3)];
        if workers > 0 {
            nodes.push((NodeTemplate::worker("worker"), workers));
        }
        Scenario { seed: 1, nodes, ..Scenario::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::typed::{from_value, to_value};
    use crate::manifest::read_value;

    /// Scenarios are saved in browsers and sent as links: what was written once must be read for ever.
    #[test]
    fn scenarios_keep_their_written_form() {
        let commands = [
            r#"{"apply":{"text":"a: b"}}"#,
            r#"{"deleteDaemonSet":{"name":"d","namespace":"n","propagation":"Foreground"}}"#,
            r#"{"deletePod":{"gracePeriodSeconds":0,"name":"p","namespace":"n"}}"#,
            r#"{"deletePod":{"name":"p","namespace":"n"}}"#,
            r#"{"addNodes":{"count":3,"template":{"labels":{"a":"b"},"name":"w","taints":[{"effect":"NoSchedule","key":"k"}]}}}"#,
            r#"{"removeNode":{"name":"w"}}"#,
            r#"{"cordon":{"name":"w","on":true}}"#,
            r#"{"taint":{"add":[{"effect":"NoExecute","key":"k","value":"v"}],"name":"w","remove":[]}}"#,
            r#"{"labelNode":{"labels":[["a","b"],["c",null]],"name":"w"}}"#,
            r#"{"setCondition":{"condition":"Ready","name":"w","status":"Unknown"}}"#,
            r#"{"setCapacity":{"allocatable":[["cpu",500]],"name":"w"}}"#,
            r#"{"kubelet":{"name":"w","running":false}}"#,
            r#"{"setPodReady":{"name":"p","namespace":"n","ready":true}}"#,
            r#"{"setPodPhase":{"name":"p","namespace":"n","phase":"Failed"}}"#,
            r#"{"refuseRequests":{"count":2,"of":"writeStatus"}}"#,
            r#"{"labelPod":{"labels":[["a",null]],"name":"p","namespace":"n"}}"#,
            r#"{"file":{"source":"x.yaml","text":"a: b","validation":"warn","verb":"create"}}"#,
            r#"{"patch":{"done":"","how":"merge","kind":"DaemonSet","line":"l","name":"d","namespace":"n","patch":"{}"}}"#,
            r#"{"delete":{"kind":"ControllerRevision","name":"c","namespace":"n","propagation":"Background"}}"#,
            r#"{"rolloutRestart":{"name":"d","namespace":"n"}}"#,
            r#"{"rolloutUndo":{"name":"d","namespace":"n","toRevision":2}}"#,
        ];
        let commands: Vec<_> =
            commands.iter().map(|command| format!(r#"{{"afterSteps":1,"at":2,"command":{command}}}"#)).collect();
        let written = [
            r#"{"commands":["#,
            &commands.join(","),
            r#"],"nodes":[[{"labels":{},"name":"worker","taints":[]},3]],"seed":7,"settings":{"kubelet":"#,
            r#"{"shows_creating":true,"slow_ready":3000000,"start":[900000,2400000],"stop":[700000,1600000]},"#,
            r#""nodeMonitorGracePeriod":50000000,"originalPace":false}}"#,
        ]
        .concat();
        let scenario: Scenario = from_value(&read_value(&written).unwrap()).unwrap();
        assert_eq!(to_value(&scenario).to_json(), written);
        assert_eq!(from_value::<Scenario>(&read_value("{}").unwrap()), Ok(Scenario::default()));
        assert!(from_value::<Scenario>(&read_value(r#"{"commands":[{"unheardOf":{}}]}"#).unwrap()).is_err());
    }
}
