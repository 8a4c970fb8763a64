//! The reader's commands, carried out: the one door through which anything from outside changes the cluster.

use std::sync::Arc;

use crate::api::{DaemonSet, DaemonSetSpec, Kind, Name, Node, ObjectKey, Taint, Value};
use crate::controllers::daemonset::history;
use crate::store::{ApiError, ErrorReason, Object, Patch, Request, validation};

use super::apply::{self, FileVerb, LAST_APPLIED, PatchType, Validation, Write};
use super::command::{Command, NodeTemplate, Outcome, SubmittedCommand};
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};

/// Annotation of the template that `kubectl rollout restart` sets.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";
/// More nodes than this in one cluster are refused.
pub const NODES_MAX: usize = 100_000;

impl Sim {
    /// Carries out a command at the present moment. It becomes part of the scenario, whether or not it succeeds.
    pub fn submit(&mut self, command: Command) -> Outcome {
        let submitted =
            SubmittedCommand { after_steps: self.state.steps, at: self.state.now, command: command.clone() };
        self.scenario.commands.push(submitted);
        self.history.begin();
        self.carry_out(command, None)
    }

    fn carry_out(&mut self, command: Command, before: Option<&Sim>) -> Outcome {
        let text = command.to_text();
        let mut work = Submission { sim: self, text, outcome: Outcome::default(), source: None, before };
        work.carry_out(command);
        work.outcome
    }

    /// What would become of a command and of the cluster (`dryRun=All`); nothing is changed. Several objects of one text
    /// are tried each by itself, as by a server that stores none of them.
    pub fn try_out(&self, command: Command) -> Outcome {
        let mut copy = self.ahead(None);
        let outcome = copy.carry_out(command, Some(self));
        Outcome { tried: Some(Box::new(copy.state.world)), ..outcome }
    }

    /// What a command would answer, if it changed nothing: it is refused, or what it asks for is so already.
    pub fn without_effect(&self, command: &Command) -> Option<Outcome> {
        // These are no part of the world and change what happens next.
        if matches!(command, Command::Kubelet { .. } | Command::RefuseRequests { .. }) {
            return None;
        }
        let mut copy = self.ahead(None);
        let outcome = copy.submit(command.clone());
        copy.history.records().iter().all(|record| record.deltas.is_empty()).then_some(outcome)
    }
}

struct Submission<'a> {
    sim: &'a mut Sim,
    /// The command as kubectl writes it: the reason of every record.
    text: Arc<str>,
    outcome: Outcome,
    /// The name of the text that the object comes from.
    source: Option<String>,
    /// The cluster as it was, if the command is only tried.
    before: Option<&'a Sim>,
}

impl Submission<'_> {
    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Apply { text } => self.file(&text, FileVerb::Apply, Validation::Strict, "STDIN", None),
            Command::File { verb, text, source, validation, namespace } => {
                self.file(&text, verb, validation, &source, namespace.as_deref());
            }
            Command::Patch { kind, namespace, name, patch, how, done, .. } => {
                self.patch(kind, &ObjectKey::new(namespace, name), &patch, how, &done);
            }
            Command::Delete { kind, namespace, name, propagation } => {
                let request = Request::Delete {
                    kind,
                    key: ObjectKey::new(namespace, name),
                    uid: None,
                    propagation: Some(propagation),
                    grace_period_seconds: None,
                };
                self.request(Verb::Delete, request, None, "deleted");
            }
            Command::DeleteDaemonSet { namespace, name, propagation } => {
                let key = ObjectKey::new(namespace, name);
                let request = Request::Delete {
                    kind: Kind::DaemonSet,
                    key,
                    uid: None,
                    propagation: Some(propagation),
                    grace_period_seconds: None,
                };
                self.request(Verb::Delete, request, None, "deleted");
            }
            Command::DeletePod { namespace, name, grace_period_seconds } => {
                let key = ObjectKey::new(namespace, name);
                let node = self.node_of(&key);
                let request =
                    Request::Delete { kind: Kind::Pod, key, uid: None, propagation: None, grace_period_seconds };
                self.request(Verb::Delete, request, node, "deleted");
            }
            Command::AddNodes { template, count } => self.add_nodes(&template, count),
            Command::RemoveNode { name } => {
                let request = Request::Delete {
                    kind: Kind::Node,
                    key: ObjectKey::cluster(&*name),
                    uid: None,
                    propagation: None,
                    grace_period_seconds: None,
                };
                self.request(Verb::Delete, request, Some(name.into()), "deleted");
            }
            Command::Cordon { name, on } => {
                let done = if on { "cordoned" } else { "uncordoned" };
                self.patch_node(&name, Patch::Unschedulable(on), done);
            }
            Command::Taint { name, add, remove } => {
                let Some(node) = self.sim.world().nodes.get(name.as_str()) else { return self.no_such_node(&name) };
                let replaced = |taint: &&Taint| {
                    add.iter().chain(&remove).any(|it| it.key == taint.key && it.effect == taint.effect)
                };
                let kept = node.taints.iter().filter(|taint| !replaced(taint)).cloned();
                let taints = kept.chain(add.iter().cloned()).collect();
                let done = if add.is_empty() { "untainted" } else { "tainted" };
                self.patch_node(&name, Patch::Taints(taints), done);
            }
            Command::LabelNode { name, labels } => self.label(Kind::Node, ObjectKey::cluster(&*name), labels),
            Command::SetCondition { name, condition, status } => {
                let Some(node) = self.sim.world().nodes.get(name.as_str()) else { return self.no_such_node(&name) };
                let mut changed: Node = (**node).clone();
                changed.set_condition(&condition, status, self.sim.state.now);
                self.patch_node(&name, Patch::NodeConditions(changed.conditions), "patched");
                let cause = self.sim.history.next_seq().saturating_sub(1);
                self.sim.heard_from(&name.into(), cause);
            }
            Command::SetCapacity { name, allocatable } => {
                let Some(node) = self.sim.world().nodes.get(name.as_str()) else { return self.no_such_node(&name) };
                let mut amounts = (*node.allocatable).clone();
                amounts.extend(allocatable);
                self.patch_node(&name, Patch::Allocatable(Arc::new(amounts)), "patched");
            }
            Command::Kubelet { name, running } => self.kubelet(&name, running),
            Command::SetPodReady { namespace, name, ready } => {
                let now = self.sim.state.now;
                let verb = if ready { Verb::Ready } else { Verb::NotReady };
                self.change_pod(&ObjectKey::new(namespace, name), verb, |status| {
                    for kind in ["Ready", "ContainersReady"] {
                        let reason = status.condition(kind).map(|it| it.reason.clone()).unwrap_or_else(|| "".into());
                        status.set_condition(kind, ready, &reason, "", now);
                    }
                });
            }
            Command::SetPodPhase { namespace, name, phase } => {
                self.change_pod(&ObjectKey::new(namespace, name), Verb::Update, |status| status.phase = phase);
            }
            Command::RefuseRequests { of, count } => {
                self.sim.state.manager.refuse(of, count);
                self.outcome.messages.push(self.text.to_string());
            }
            Command::LabelPod { namespace, name, labels } => {
                self.label(Kind::Pod, ObjectKey::new(namespace, name), labels);
            }
            Command::RolloutRestart { namespace, name } => {
                let at = self.sim.state.now.to_rfc3339();
                self.change_template(&ObjectKey::new(namespace, name), "restarted", |template| {
                    template
                        .entry("metadata")
                        .entry("annotations")
                        .make_map()
                        .insert(RESTARTED_AT.to_owned(), at.into());
                });
            }
            Command::RolloutUndo { namespace, name, to_revision } => {
                self.undo(&ObjectKey::new(namespace, name), to_revision);
            }
        }
    }

    // ------------------------------------------------------------ texts and patches

    /// `kubectl apply -f -` and its like: one object after the other; one that is refused does not stop the next.
    fn file(&mut self, text: &str, verb: FileVerb, validation: Validation, source: &str, namespace: Option<&str>) {
        let (documents, error) = apply::documents(text, verb, namespace);
        for (index, document) in documents.iter().enumerate() {
            if let Some(before) = self.before.filter(|_| index > 0) {
                *self.sim = before.ahead(None);
            }
            match apply::write(self.sim.world(), document, verb, validation, source) {
                Ok(Some(write)) => {
                    self.write(write, if verb == FileVerb::Apply { Verb::Apply } else { Verb::Create }, source)
                }
                Ok(None) => {
                    let kind = &document.kind;
                    self.outcome.warnings.push(format!("Warning: {kind} is not simulated here and is skipped"));
                }
                Err(refusal) => self.outcome.errors.push(refusal),
            }
        }
        self.outcome.errors.extend(error);
    }

    fn write(&mut self, write: Write, verb: Verb, source: &str) {
        self.outcome.warnings.extend(write.warnings);
        let verb = if verb == Verb::Apply || write.done == "created" { verb } else { Verb::Update };
        match write.request {
            Some(request) => {
                self.source = Some(source.to_owned()).filter(|source| !source.is_empty());
                self.request(verb, request, None, write.done);
                self.source = None;
            }
            None => {
                let name = &write.object.meta().name;
                self.outcome.messages.push(format!("{}/{name} {}", write.object.kind().singular(), write.done));
            }
        }
    }

    /// Models kubectl's `patch`: what changes nothing is sent all the same, but says so.
    fn patch(&mut self, kind: Kind, key: &ObjectKey, patch: &str, how: PatchType, done: &str) {
        let Some(existing) = self.sim.world().get(kind, key) else {
            return self.refused(&ApiError::not_found(kind, &key.name));
        };
        let Some(patch) = crate::manifest::read_value(patch).filter(|patch| patch.as_map().is_some()) else {
            self.outcome.errors.push(format!("error: unable to parse {patch:?}: it is no map"));
            return;
        };
        match apply::patched(&existing, &patch, how, Validation::Warn) {
            Ok(write) => {
                self.outcome.warnings.extend(write.warnings);
                let node = match &existing {
                    Object::Pod(pod) => pod.target_node().cloned(),
                    Object::Node(node) => Some(node.name().clone()),
                    _ => None,
                };
                let version = existing.meta().resource_version;
                let Some(request) = write.request else { return };
                self.request(Verb::Update, request, node, if done.is_empty() { "patched" } else { done });
                let same = self.sim.world().get(kind, key).is_some_and(|it| it.meta().resource_version == version);
                if let Some(message) = self.outcome.messages.last_mut().filter(|_| same && done.is_empty()) {
                    message.push_str(" (no change)");
                }
            }
            Err(refusal) => self.outcome.errors.push(refusal),
        }
    }

    // ------------------------------------------------------------ nodes

    fn add_nodes(&mut self, template: &NodeTemplate, count: u32) {
        if self.sim.world().nodes.len() + count as usize > NODES_MAX {
            self.outcome.errors.push(format!("a cluster has at most {NODES_MAX} nodes here"));
            return;
        }
        let mut index = 0;
        for _ in 0..count {
            let name = if count == 1 && !self.sim.world().nodes.contains_key(template.name.as_str()) {
                template.name.clone()
            } else {
                // The next number that is free.
                loop {
                    index += 1;
                    let name = format!("{}-{index}", template.name);
                    if !self.sim.world().nodes.contains_key(name.as_str()) {
                        break name;
                    }
                }
            };
            let node: Name = name.as_str().into();
            let request = Request::Create(Object::Node(Arc::new(template.to_node(&name))));
            self.request(Verb::Create, request, Some(node), "created");
        }
    }

    fn patch_node(&mut self, name: &str, patch: Patch, done: &str) {
        let request = Request::Patch { kind: Kind::Node, key: ObjectKey::cluster(name), uid: None, patch };
        self.request(Verb::Update, request, Some(name.into()), done);
    }

    fn kubelet(&mut self, name: &str, running: bool) {
        let Some(node) = self.sim.world().nodes.get(name).cloned() else { return self.no_such_node(name) };
        let entry = self.entry(Verb::Update, Kind::Node, node.meta.key(), Some(node.name().clone()));
        let cause = self.sim.record(entry, Vec::new());
        self.sim.set_kubelet(node.name(), running, cause);
        if running {
            let mut changed = (*node).clone();
            for kind in ["MemoryPressure", "DiskPressure", "PIDPressure"] {
                if changed.condition(kind).is_some_and(|it| it.status == crate::api::ConditionStatus::Unknown) {
                    changed.set_condition(kind, crate::api::ConditionStatus::False, self.sim.state.now);
                }
            }
            changed.set_condition("Ready", crate::api::ConditionStatus::True, self.sim.state.now);
            if changed.conditions != node.conditions {
                self.patch_node(name, Patch::NodeConditions(changed.conditions), "patched");
            }
            self.sim.kubelet_reports_again(node.name(), cause);
        }
    }

    /// Models kubectl's `label`: another word for each sort of change, and nothing sent where nothing changes.
    fn label(&mut self, kind: Kind, key: ObjectKey, changes: Vec<(String, Option<String>)>) {
        let Some(object) = self.sim.world().get(kind, &key) else {
            return self.refused(&ApiError::not_found(kind, &key.name));
        };
        let old = &object.meta().labels;
        let mut new = (**old).clone();
        for (key, value) in &changes {
            match value {
                Some(value) => drop(new.insert(key.clone(), value.clone())),
                None => drop(new.remove(key)),
            }
        }
        if new == **old {
            self.outcome.messages.push(format!("{}/{} not labeled", kind.singular(), key.name));
            return;
        }
        let errors = validation::validate_labels(&crate::api::meta::labels_to_value(&new));
        if let Some(refusal) = apply::invalid(kind.as_str(), &key.name, &errors) {
            self.outcome.errors.push(refusal);
            return;
        }
        let removes = changes.iter().filter(|(_, value)| value.is_none()).count();
        let done = match removes {
            0 => "labeled",
            some if some == changes.len() => "unlabeled",
            _ => "modified",
        };
        let node = match &object {
            Object::Pod(pod) => pod.target_node().cloned(),
            _ => Some(key.name.clone()),
        };
        let request = Request::Patch { kind, key, uid: None, patch: Patch::Labels(changes) };
        self.request(Verb::Update, request, node, done);
    }

    fn no_such_node(&mut self, name: &str) {
        self.refused(&ApiError::not_found(Kind::Node, name));
    }

    // ------------------------------------------------------------ pods and templates

    fn node_of(&self, pod: &ObjectKey) -> Option<Name> {
        self.sim.world().pods.get(pod).and_then(|pod| pod.target_node().cloned())
    }

    fn change_pod(&mut self, key: &ObjectKey, verb: Verb, change: impl FnOnce(&mut crate::api::PodStatus)) {
        let Some(pod) = self.sim.world().pods.get(key).cloned() else {
            return self.refused(&ApiError::not_found(Kind::Pod, &key.name));
        };
        let mut status = pod.status.clone();
        change(&mut status);
        let request = Request::Patch {
            kind: Kind::Pod,
            key: key.clone(),
            uid: Some(pod.meta.uid),
            patch: Patch::PodStatus(status),
        };
        self.request(verb, request, pod.target_node().cloned(), "patched");
    }

    fn change_template(&mut self, key: &ObjectKey, done: &str, change: impl FnOnce(&mut Value)) {
        let Some(daemonset) = self.sim.world().daemonsets.get(key).cloned() else {
            return self.refused(&ApiError::not_found(Kind::DaemonSet, &key.name));
        };
        let mut spec = (*daemonset.spec.value).clone();
        change(spec.entry("template"));
        let changed = DaemonSet { spec: Arc::new(DaemonSetSpec::from_value(&spec)), ..(*daemonset).clone() };
        self.request(Verb::Update, Request::Update(Object::DaemonSet(Arc::new(changed))), None, done);
    }

    /// Models kubectl's `DaemonSetRollbacker`.
    fn undo(&mut self, key: &ObjectKey, to_revision: Option<i64>) {
        let Some(daemonset) = self.sim.world().daemonsets.get(key).cloned() else {
            return self.refused(&ApiError::not_found(Kind::DaemonSet, &key.name));
        };
        self.outcome.warnings.extend(managed_by_apply(&daemonset));
        let mut revisions: Vec<_> = history::revisions(self.sim.world(), &daemonset).cloned().collect();
        revisions.sort_by_key(|revision| revision.revision);
        let wanted = match to_revision.filter(|number| *number != 0) {
            Some(number) => revisions.iter().find(|revision| revision.revision == number),
            None => revisions.len().checked_sub(2).and_then(|index| revisions.get(index)),
        };
        if let Some(wanted) = wanted
            && history::current(self.sim.world(), &daemonset).is_some_and(|current| current.meta.uid == wanted.meta.uid)
        {
            let number = wanted.revision;
            let skipped = format!("skipped rollback (current template already matches revision {number})");
            self.outcome.messages.push(format!("daemonset.apps/{} {skipped}", key.name));
            return;
        }
        let Some(template) = wanted.and_then(|revision| history::template_of(revision)).cloned() else {
            let message = match to_revision.filter(|number| *number != 0) {
                Some(number) => format!("unable to find specified revision {number} in history"),
                None => "no last revision to roll back to".to_owned(),
            };
            self.outcome.errors.push(format!("error: {message}"));
            return;
        };
        self.change_template(key, "rolled back", |current| {
            *current = template;
            current.make_map().remove("$patch");
        });
    }

    // ------------------------------------------------------------ requests

    fn entry(&self, verb: Verb, kind: Kind, key: ObjectKey, node: Option<Name>) -> Entry {
        let reason = Reason::Command(self.text.clone());
        Entry { actor: Actor::You, verb, object: ObjectRef { kind, key }, node, reason, caused_by: None }
    }

    /// Sends a request in the reader's name; `done` is kubectl's word for its success.
    fn request(&mut self, verb: Verb, request: Request, node: Option<Name>, done: &str) {
        let (kind, key) = match &request {
            Request::Create(object) | Request::Update(object) => (object.kind(), object.key()),
            Request::Patch { kind, key, .. } | Request::Delete { kind, key, .. } => (*kind, key.clone()),
            Request::Bind { pod, .. } => (Kind::Pod, pod.clone()),
        };
        let entry = self.entry(verb, kind, key, node);
        let namespace_note = |key: &ObjectKey| match (verb, key.namespace.is_empty()) {
            (Verb::Delete, false) => format!(" from {} namespace", key.namespace),
            _ => String::new(),
        };
        match self.sim.send(request, entry) {
            Ok(object) => {
                let key = object.key();
                let name = if verb == Verb::Delete { format!(" \"{}\"", key.name) } else { format!("/{}", key.name) };
                self.outcome.messages.push(format!("{}{name} {done}{}", kind.singular(), namespace_note(&key)));
            }
            Err(refusal) => self.refused(&refusal),
        }
    }

    fn refused(&mut self, refusal: &ApiError) {
        let reason = match refusal.reason {
            ErrorReason::NotFound => "NotFound",
            ErrorReason::AlreadyExists => "AlreadyExists",
            ErrorReason::Conflict => "Conflict",
            ErrorReason::Forbidden => "Forbidden",
            ErrorReason::Invalid => "Invalid",
            ErrorReason::InternalError => "InternalError",
        };
        let doing =
            self.source.as_ref().map(|source| format!("error when creating \"{source}\": ")).unwrap_or_default();
        self.outcome.errors.push(format!("Error from server ({reason}): {doing}{}", refusal.message));
    }
}

/// What kubectl warns of before it rolls a DaemonSet back that was applied.
pub fn managed_by_apply(daemonset: &DaemonSet) -> Option<String> {
    daemonset.meta.annotations.contains_key(LAST_APPLIED).then(|| {
        format!(
            "Warning: resource daemonsets/{} was previously managed with 'kubectl apply'. Rolling back will not update the \
             {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider \
             using 'kubectl apply' with your previous configuration file instead.",
            daemonset.meta.name
        )
    })
}
