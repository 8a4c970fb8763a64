//! The reader's commands, carried out: the one door through which anything from outside changes the cluster.

use std::sync::Arc;

use crate::api::value::Map;
use crate::api::{
    DaemonSet, DaemonSetSpec, Kind, Name, Namespace, Node, ObjectKey, ObjectMeta, Pod, PriorityClass, Taint, Value,
};
use crate::controllers::daemonset::history;
use crate::store::{ApiError, ErrorReason, Object, Patch, Request};

use super::check::{CheckedDocument, check};
use super::command::{Command, NodeTemplate, Outcome, SubmittedCommand};
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};

/// Annotation in which `kubectl apply` keeps what was applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
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
        let text = command.to_text();
        let mut work = Submission { sim: self, text, outcome: Outcome::default(), applying: false };
        work.carry_out(command);
        work.outcome
    }
}

struct Submission<'a> {
    sim: &'a mut Sim,
    /// The command as kubectl writes it: the reason of every record.
    text: Arc<str>,
    outcome: Outcome,
    /// Whether the objects come from a text.
    applying: bool,
}

impl Submission<'_> {
    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Apply { text } => self.apply(&text),
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
            Command::LabelNode { name, labels } => self.patch_node(&name, Patch::Labels(labels), "labeled"),
            Command::SetCondition { name, condition, status } => {
                let Some(node) = self.sim.world().nodes.get(name.as_str()) else { return self.no_such_node(&name) };
                let mut changed: Node = (**node).clone();
                changed.set_condition(&condition, status, self.sim.state.now);
                self.patch_node(&name, Patch::NodeConditions(changed.conditions), "patched");
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
            Command::RefuseRequests { of, count } => self.sim.state.manager.refuse(of, count),
            Command::LabelPod { namespace, name, labels } => {
                let key = ObjectKey::new(namespace, name);
                let node = self.node_of(&key);
                let request = Request::Patch { kind: Kind::Pod, key, uid: None, patch: Patch::Labels(labels) };
                self.request(Verb::Update, request, node, "labeled");
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

    // ------------------------------------------------------------ apply

    /// `kubectl apply -f -`: nothing is touched if anything in the text would be refused.
    fn apply(&mut self, text: &str) {
        let checked = check(text);
        if checked.has_errors() {
            let errors = checked.findings.iter().filter(|finding| finding.severity == crate::manifest::Severity::Error);
            self.outcome.errors.extend(errors.map(|finding| finding.message.clone()));
            return;
        }
        self.applying = true;
        for document in &checked.documents {
            self.apply_document(document);
        }
    }

    fn apply_document(&mut self, checked: &CheckedDocument) {
        let mut meta = ObjectMeta::from_value(&checked.object);
        let object = match checked.document.kind.as_str() {
            "DaemonSet" => Object::DaemonSet(Arc::new(DaemonSet::from_value(&checked.object))),
            "Pod" => Object::Pod(Arc::new(Pod::from_value(&checked.object))),
            "Node" => Object::Node(Arc::new(Node::from_value(&checked.object))),
            "Namespace" => Object::Namespace(Arc::new(Namespace { meta: meta.clone() })),
            "PriorityClass" => Object::PriorityClass(Arc::new(PriorityClass::from_value(&checked.object))),
            // Kinds that are not simulated were named in a finding.
            _ => return,
        };
        let kind = object.kind();
        meta.namespace = match kind.is_namespaced() {
            true if meta.namespace.is_empty() => "default".into(),
            true => meta.namespace,
            false => "".into(),
        };
        let mut object = object;
        object.meta_mut().namespace = meta.namespace.clone();
        let annotations = Arc::make_mut(&mut object.meta_mut().annotations);
        annotations.insert(LAST_APPLIED.to_owned(), format!("{}\n", last_applied(checked, &meta.namespace)));
        match self.sim.world().get(kind, &object.key()) {
            None => self.request(Verb::Apply, Request::Create(object), None, "created"),
            Some(existing) => self.apply_over(&existing, object),
        }
    }

    /// Models the client side's three-way merge as far as the whole object goes: what others have set in places that the
    /// manifest never named is kept.
    fn apply_over(&mut self, existing: &Object, mut object: Object) {
        if let (Object::DaemonSet(old), Object::DaemonSet(new)) = (existing, &object)
            && old.spec.selector != new.spec.selector
        {
            let selector = new.spec.value.get("selector").cloned().unwrap_or_default();
            let message = format!(
                "The DaemonSet {:?} is invalid: spec.selector: Invalid value: {selector}: field is immutable",
                &*new.meta.name
            );
            self.outcome.errors.push(message);
            return;
        }
        let old = existing.meta();
        let applied_before = |field: &str| -> Map {
            let text = old.annotations.get(LAST_APPLIED);
            let value = text.and_then(|text| crate::manifest::read_value(text));
            value.and_then(|value| value.at(&["metadata", field]).and_then(Value::as_map).cloned()).unwrap_or_default()
        };
        let (old_labels, old_annotations) = (applied_before("labels"), applied_before("annotations"));
        let meta = object.meta_mut();
        for (mine, theirs, before) in
            [(&mut meta.labels, &old.labels, &old_labels), (&mut meta.annotations, &old.annotations, &old_annotations)]
        {
            let kept = theirs.iter().filter(|(key, _)| !before.contains_key(*key));
            let mut merged: crate::api::Labels = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
            merged.extend(mine.iter().map(|(key, value)| (key.clone(), value.clone())));
            *mine = Arc::new(merged);
        }
        meta.finalizers = old.finalizers.clone();
        meta.owner_references = old.owner_references.clone();
        if let (Object::Node(old), Object::Node(new)) = (existing, &mut object) {
            // The node's own reports, and taints that follow from them, are not the manifest's.
            let new = Arc::make_mut(new);
            new.conditions = old.conditions.clone();
        }
        let unchanged =
            self.sim.world().get(object.kind(), &object.key()).is_some_and(|stored| same_spec(&stored, &object));
        if unchanged {
            let kind = object.kind();
            self.outcome.messages.push(format!("{}/{} unchanged", kind.singular(), object.meta().name));
            return;
        }
        self.request(Verb::Apply, Request::Update(object), None, "configured");
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
        if daemonset.meta.annotations.contains_key(LAST_APPLIED) {
            self.outcome.warnings.push(format!(
                "Warning: resource daemonsets/{} was previously managed with 'kubectl apply'. Rolling back will not update \
                 the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. \
                 Consider using 'kubectl apply' with your previous configuration file instead.",
                key.name
            ));
        }
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
        let doing = if self.applying { "error when creating \"STDIN\": " } else { "" };
        self.outcome.errors.push(format!("Error from server ({reason}): {doing}{}", refusal.message));
    }
}

/// The manifest as kubectl keeps it in the annotation.
fn last_applied(checked: &CheckedDocument, namespace: &str) -> String {
    let mut value = checked.document.value.clone();
    let metadata = value.entry("metadata");
    let map = metadata.make_map();
    map.entry("annotations".to_owned()).or_insert_with(|| Value::Map(Map::new()));
    if !namespace.is_empty() {
        map.insert("namespace".to_owned(), namespace.into());
    }
    value.to_json()
}

/// Whether an update would change anything that a manifest can say.
fn same_spec(stored: &Object, wanted: &Object) -> bool {
    let (old, new) = (stored.meta(), wanted.meta());
    let same_meta = old.labels == new.labels && {
        let without_generation = |labels: &crate::api::Labels| {
            let mut labels = labels.clone();
            labels.remove(crate::api::daemonset::TEMPLATE_GENERATION_ANNOTATION);
            labels
        };
        without_generation(&old.annotations) == without_generation(&new.annotations)
    };
    same_meta
        && match (stored, wanted) {
            (Object::DaemonSet(old), Object::DaemonSet(new)) => old.spec.value == new.spec.value,
            (Object::Node(old), Object::Node(new)) => {
                old.taints == new.taints && old.unschedulable == new.unschedulable && old.allocatable == new.allocatable
            }
            (Object::PriorityClass(old), Object::PriorityClass(new)) => old.value == new.value,
            _ => true,
        }
}
