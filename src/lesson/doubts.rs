//! What is written as it should be, but cannot be meant: a name that nothing in the lesson has, a check that can never
//! hold, a manifest that is to be applied and would be refused.

use super::act::Act;
use super::check::Check;
use super::fields::{Source, item, join};
use super::read::{Lesson, Step};
use crate::api::schema;
use crate::engine::{self, Command, Sim};
use crate::manifest::{self, Severity};

/// What things are called at a step, the steps before included.
#[derive(Default)]
pub(super) struct Names {
    pub nodes: Vec<String>,
    pub daemonsets: Vec<String>,
}

impl Names {
    /// The name of a node that was meant instead; a `*` ends a prefix. Nothing for one that there is, or that may come: the
    /// next nodes of a group have its name with other numbers.
    pub fn node(&self, name: &str) -> Option<String> {
        let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '*').len();
        let (own, number) = name.split_at_checked(stem(name))?;
        let mut stems: Vec<&str> = self.nodes.iter().filter_map(|node| node.get(..stem(node))).collect();
        stems.dedup();
        let known = own.is_empty() || stems.contains(&own);
        let right = if known { None } else { schema::closest(own, &stems) };
        right.map(|right| [right, number].concat())
    }

    /// The name of a DaemonSet that was meant instead.
    pub fn daemonset(&self, name: &str) -> Option<&str> {
        meant(name, &self.daemonsets)
    }
}

/// Only a name that is nearly right is told: others may be given by the reader's own hand.
fn meant<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    if name.is_empty() || known.contains(&name) { None } else { schema::closest(name, &known) }
}

/// Looks through a lesson in which every field is as it should be.
pub(super) fn tell(source: &mut Source, lesson: &Lesson, kubectl: &dyn Fn(&str) -> Option<String>) {
    let mut names = Names::default();
    let mut sim = Sim::new(&lesson.scenario());
    let all = lesson.steps.iter().flat_map(|step| &step.acts);
    for command in all.filter_map(|act| if let Act::Command(command) = act { Some(command) } else { None }) {
        if matches!(command, Command::AddNodes { .. }) {
            drop(sim.submit(command.clone()));
        }
    }
    names.nodes = sim.world().nodes.keys().map(|name| name.to_string()).collect();
    let mut read = "";
    for manifest in [&lesson.manifest].into_iter().chain(lesson.steps.iter().map(|step| &step.manifest)) {
        if manifest != read {
            let documents = manifest::read(manifest).documents;
            names.daemonsets.extend(documents.into_iter().filter(|it| it.kind == "DaemonSet").map(|it| it.name));
            read = manifest;
        }
    }
    names.daemonsets.sort();
    names.daemonsets.dedup();
    let mut applied = "";
    for (index, step) in lesson.steps.iter().enumerate() {
        let path = item("steps", index);
        let step_path = |field: &str, index: usize| item(&join(&path, field), index);
        if step.acts.contains(&Act::Apply) && step.manifest != applied {
            applied = &step.manifest;
            refused(source, step, &path);
        }
        for (index, act) in step.acts.iter().enumerate() {
            if let Some((message, mend)) = doubt(act, &names, kubectl) {
                source.wrong(&step_path("do", index), message, &mend);
            }
        }
        for (index, check) in step.done.iter().enumerate() {
            let path = step_path("done", index);
            let edited = step.edits || step.acts.contains(&Act::Apply);
            for (field, message, mend) in Check::doubts(check, &names, edited.then_some(&*step.manifest)) {
                source.wrong(&join(&path, field), message, &mend);
            }
        }
        let at = step.look.as_ref().and_then(|look| look.at.strip_prefix("node "));
        if let Some(right) = at.and_then(|name| names.node(name)) {
            source.wrong(&join(&join(&path, "look"), "at"), nobody("node"), &instead(&right));
        }
    }
}

pub(super) fn nobody(kind: &str) -> String {
    ["no ", kind, " of this lesson is called so"].concat()
}

pub(super) fn instead(right: &str) -> String {
    ["Did you mean `", right, "`?"].concat()
}

/// A manifest that is to be applied, and that the server would not take.
fn refused(source: &mut Source, step: &Step, path: &str) {
    let findings = engine::check(&step.manifest).findings;
    if let Some(wrong) = findings.iter().find(|it| it.severity == Severity::Error) {
        let line = wrong.span.line.max(1).to_string();
        let message = ["the manifest of this step is refused: in its line ", &line, ", ", &wrong.message].concat();
        let field = ["manifest", "edit", "do"].into_iter().map(|field| join(path, field));
        let field = field.into_iter().find(|field| source.has(field));
        source.wrong(&field.unwrap_or_default(), message, wrong.mend.as_deref().unwrap_or_default());
    }
}

fn doubt(act: &Act, names: &Names, kubectl: &dyn Fn(&str) -> Option<String>) -> Option<(String, String)> {
    let (kind, right) = match act {
        Act::Kubectl(line) => return Some((kubectl(line)?, String::new())),
        Act::SelectNode(name) | Act::Command(Command::Kubelet { name, .. } | Command::SetCondition { name, .. }) => {
            ("node", names.node(name))
        }
        Act::SelectDaemonSet(name) => ("DaemonSet", names.daemonset(name).map(str::to_owned)),
        Act::SelectPod { of, on } => match names.daemonset(of) {
            Some(right) => ("DaemonSet", Some(right.to_owned())),
            None => ("node", names.node(on)),
        },
        _ => return None,
    };
    Some((nobody(kind), instead(&right?)))
}
