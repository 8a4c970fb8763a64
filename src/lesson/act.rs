//! What a lesson asks to be done: by the reader, or by "Do it for me".

use super::cluster;
use super::fields::{Holds, Source, join};
use crate::api::value::Value;
use crate::api::{ConditionStatus, Kind, ObjectKey};
use crate::engine::{Command, Sim};

/// One act of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Apply the text that the editor should hold at this step.
    Apply,
    /// A command line.
    Kubectl(String),
    /// What no command line does: a node joins, a kubelet dies, a condition is reported.
    Command(Command),
    SelectNode(String),
    SelectDaemonSet(String),
    /// The first pod, of a DaemonSet if one is named, on a node if one is named.
    SelectPod {
        of: String,
        on: String,
    },
    /// Show the selected object as YAML, or why it is as it is.
    Show {
        yaml: bool,
    },
}

/// What whoever holds the simulation and the page does for an act.
#[derive(Clone, Debug, PartialEq)]
pub enum Doing {
    /// Put a text into the editor and apply it.
    Apply(String),
    Kubectl(String),
    Submit(Command),
    Select(Kind, ObjectKey),
    Show {
        yaml: bool,
    },
}

const FORMS: &str = "An act is `apply`, a line that begins with `kubectl`, `select node NAME`, `select daemonset NAME`, \
                     `select pod of DAEMONSET on NODE`, `show yaml`, `show why`, `node NAME joins`, `NODE reports \
                     CONDITION=STATUS`, `the kubelet of NODE dies` or `comes back`, or `{join: {name: NAME, ..}}`.";

impl Act {
    pub(super) fn read(source: &mut Source, value: &Value, path: &str) -> Option<Act> {
        let act = match value {
            Value::Str(text) => Act::parse(text.trim()),
            Value::Map(_) => {
                let map = source.map(value, path, &[("join", Holds::Map)], 1)?;
                let path = join(path, "join");
                let node = source.map(map.get("join")?, &path, cluster::NODE, 1)?;
                let (template, count) = cluster::group(source, node, &path);
                return Some(Act::Command(Command::AddNodes { template, count }));
            }
            _ => None,
        };
        if act.is_none() {
            source.wrong(path, "this is no act".to_owned(), FORMS);
        }
        act
    }

    fn parse(text: &str) -> Option<Act> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let command = |command| Some(Act::Command(command));
        match words.as_slice() {
            ["apply"] => Some(Act::Apply),
            ["kubectl", _, ..] => Some(Act::Kubectl(text.to_owned())),
            ["show", what @ ("yaml" | "why")] => Some(Act::Show { yaml: *what == "yaml" }),
            ["select", "node", name] => Some(Act::SelectNode((*name).to_owned())),
            ["select", "daemonset", name] => Some(Act::SelectDaemonSet((*name).to_owned())),
            ["select", "pod", rest @ ..] => {
                let (of, on) = match rest {
                    [] => ("", ""),
                    ["of", of] => (*of, ""),
                    ["on", on] => ("", *on),
                    ["of", of, "on", on] => (*of, *on),
                    _ => return None,
                };
                Some(Act::SelectPod { of: of.to_owned(), on: on.to_owned() })
            }
            ["node", name, "joins"] => {
                command(Command::AddNodes { template: crate::engine::NodeTemplate::worker(name), count: 1 })
            }
            ["the", "kubelet", "of", name, "dies"] => {
                command(Command::Kubelet { name: (*name).to_owned(), running: false })
            }
            ["the", "kubelet", "of", name, "comes", "back"] => {
                command(Command::Kubelet { name: (*name).to_owned(), running: true })
            }
            [name, "reports", report] => {
                let (condition, status) = report.split_once('=')?;
                let status = match status {
                    "True" => ConditionStatus::True,
                    "False" => ConditionStatus::False,
                    "Unknown" => ConditionStatus::Unknown,
                    _ => return None,
                };
                command(Command::SetCondition { name: (*name).to_owned(), condition: condition.to_owned(), status })
            }
            _ => None,
        }
    }

    /// What is to be done now; nothing if what is to be selected is not there. `text` is the step's manifest.
    pub fn doing(&self, sim: &Sim, text: &str) -> Option<Doing> {
        let world = sim.world();
        Some(match self {
            Act::Apply => Doing::Apply(text.to_owned()),
            Act::Kubectl(line) => Doing::Kubectl(line.clone()),
            Act::Command(command) => Doing::Submit(command.clone()),
            Act::SelectNode(name) => Doing::Select(Kind::Node, ObjectKey::cluster(name.as_str())),
            Act::SelectDaemonSet(name) => {
                let key = world.daemonsets.keys().find(|key| *key.name == **name)?;
                Doing::Select(Kind::DaemonSet, key.clone())
            }
            Act::SelectPod { of, on } => {
                let pod = world.pods.values().find(|pod| {
                    let owner = pod.meta.controller().map_or("", |owner| &*owner.name);
                    (of.is_empty() || owner == of)
                        && (on.is_empty() || pod.target_node().is_some_and(|node| **node == **on))
                        && !pod.is_terminating()
                })?;
                Doing::Select(Kind::Pod, pod.meta.key())
            }
            Act::Show { yaml } => Doing::Show { yaml: *yaml },
        })
    }

    /// The command line or the words that the act stands for, where there are any.
    pub fn words(&self) -> Option<String> {
        match self {
            Act::Kubectl(line) => Some(line.clone()),
            Act::Command(command) => Some(command.to_text().to_string()),
            _ => None,
        }
    }
}
