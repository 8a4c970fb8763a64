//! The pods of a DaemonSet: which they are, where they stand, and how a new one is made.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::pod::{GENERATION_LABEL, HASH_LABEL};
use crate::api::{
    DaemonSet, DaemonSetSpec, Kind, Labels, Name, Node, ObjectMeta, OwnerReference, Pod, PodSpec, PodStatus, SimTime,
    Uid,
};
use crate::store::World;

use super::placement::pod_tolerations;

/// A node and the DaemonSet's pods on it, or meant for it.
pub struct NodePods<'a> {
    pub name: &'a Name,
    /// `None` if the node does not exist (any more).
    pub node: Option<&'a Arc<Node>>,
    pub pods: &'a [&'a Arc<Pod>],
}

/// Calls `visit` for every node of the cluster and for every missing node that still has pods of the DaemonSet, in the
/// order of names (`getNodesToDaemonPods`). Pods that have ended and are being deleted are left out.
pub fn pods_by_node(world: &World, daemonset: &DaemonSet, visit: &mut dyn FnMut(NodePods<'_>)) {
    let selector = &daemonset.spec.selector;
    let matching = LabelMemo::default();
    let counts = |pod: &Pod| {
        let matches = matching.ask(&pod.meta.labels, |labels| selector.matches(labels));
        matches && !(pod.is_terminal() && pod.is_terminating())
    };
    walk(world, daemonset.meta.uid, &counts, visit);
}

/// The pods that count for one node alone.
pub(super) fn counting_pods_on<'a>(world: &'a World, daemonset: &DaemonSet, node: &Name) -> Vec<&'a Arc<Pod>> {
    let selector = &daemonset.spec.selector;
    let counts = |pod: &&Arc<Pod>| selector.matches(&pod.meta.labels) && !(pod.is_terminal() && pod.is_terminating());
    world.pods_of_on(daemonset.meta.uid, node).filter(counts).collect()
}

/// Every node, and every missing node that has such pods of a controller, in the order of names.
pub(super) fn walk(world: &World, controller: Uid, counts: &dyn Fn(&Pod) -> bool, visit: &mut dyn FnMut(NodePods<'_>)) {
    let mut pods = world.pods_of(controller).filter(|pod| counts(pod)).peekable();
    let mut here: Vec<&Arc<Pod>> = Vec::new();
    let mut nodes = world.nodes.iter().peekable();
    loop {
        let pod_target = loop {
            match pods.peek().map(|pod| pod.target_node()) {
                // Neither bound nor pinned: neither counted nor deleted.
                Some(None) => drop(pods.next()),
                Some(Some(target)) => break Some(target),
                None => break None,
            }
        };
        let name = match (nodes.peek().map(|(name, _)| *name), pod_target) {
            (Some(node), Some(target)) if same_name(node, target) => node,
            (Some(node), Some(target)) => node.min(target),
            (Some(name), None) | (None, Some(name)) => name,
            (None, None) => return,
        };
        let node = nodes.next_if(|(node, _)| same_name(node, name)).map(|(_, node)| node);
        here.clear();
        while let Some(pod) = pods.next_if(|pod| pod.target_node().is_some_and(|target| same_name(target, name))) {
            here.push(pod);
        }
        visit(NodePods { name, node, pods: &here });
    }
}

/// Names that come from one place are one pointer.
fn same_name(a: &Name, b: &Name) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// Pods of one template share their labels, so a question about labels is asked once for all of them. A rollout has two
/// or three different ones, so a few answers are enough.
#[derive(Default)]
struct LabelMemo(RefCell<Vec<(Arc<Labels>, bool)>>);

impl LabelMemo {
    const ANSWERS_MAX: usize = 4;

    fn ask(&self, labels: &Arc<Labels>, question: impl FnOnce(&Labels) -> bool) -> bool {
        let mut answers = self.0.borrow_mut();
        if let Some((_, answer)) = answers.iter().find(|(known, _)| Arc::ptr_eq(known, labels)) {
            return *answer;
        }
        let answer = question(labels);
        if answers.len() == Self::ANSWERS_MAX {
            answers.remove(0);
        }
        answers.push((labels.clone(), answer));
        answer
    }
}

/// The order in which pods of one node are preferred (`podByCreationTimestampAndPhase`, which ignores the phase): bound
/// before unbound, then older, then by name.
pub(super) fn sort_for_keeping(pods: &mut [&Arc<Pod>]) {
    pods.sort_by_key(|pod| {
        let created = pod.meta.created_at.unwrap_or_default().truncated_to_second();
        (pod.spec.node_name.is_none(), created, pod.meta.name.clone())
    });
}

/// The first pod in that order.
pub(super) fn first_pod<'a>(pods: &[&'a Arc<Pod>]) -> Option<&'a Arc<Pod>> {
    match pods {
        [] => None,
        [only] => Some(only),
        _ => {
            let mut sorted = pods.to_vec();
            sort_for_keeping(&mut sorted);
            sorted.first().copied()
        }
    }
}

/// What marks a pod as made from the current template.
pub struct Current {
    pub hash: String,
    /// The template generation as the label writes it.
    pub generation: Option<String>,
    updated: LabelMemo,
}

impl Current {
    pub fn new(daemonset: &DaemonSet, hash: &str) -> Self {
        let generation = daemonset.template_generation().map(|number| number.to_string());
        Current { hash: hash.to_owned(), generation, updated: LabelMemo::default() }
    }

    /// Models `IsPodUpdated`: made from the current template, by the hash or by the template generation.
    pub fn is_updated(&self, pod: &Pod) -> bool {
        self.updated.ask(&pod.meta.labels, |labels| {
            let by_hash = !self.hash.is_empty() && labels.get(HASH_LABEL) == Some(&self.hash);
            by_hash || (self.generation.is_some() && labels.get(GENERATION_LABEL) == self.generation.as_ref())
        })
    }

    /// By which label a pod counts as updated, or does not, in words.
    pub fn compare(&self, pod: &Pod) -> (bool, String) {
        let own = |label: &str| pod.meta.label(label).unwrap_or("missing").to_owned();
        let (hash, generation) = (own(HASH_LABEL), own(GENERATION_LABEL));
        let current = self.generation.as_deref().unwrap_or("not set");
        let text = match (self.is_updated(pod), self.has_current_hash(pod)) {
            (true, true) if !self.hash.is_empty() => format!("the current one: its hash label is `{hash}`"),
            (true, _) => format!(
                "it counts as current by its generation label `{generation}`, although its hash label is `{hash}`"
            ),
            (false, _) if self.hash.is_empty() => {
                format!("its hash label is `{hash}`, and there is no current revision yet")
            }
            (false, _) => format!(
                "an old one: its hash label is `{hash}`, the current one's is `{}`; its generation label is `{generation}`, \
                 the current one's is `{current}`",
                self.hash
            ),
        };
        (self.is_updated(pod), text)
    }

    pub fn has_current_hash(&self, pod: &Pod) -> bool {
        pod.hash() == Some(&self.hash)
    }
}

/// What all new pods of one DaemonSet revision share. Kept from sync to sync, so that they really share it.
#[derive(Clone)]
pub struct PodMaker {
    blueprint: Pod,
    spec: Arc<DaemonSetSpec>,
    hash: String,
}

impl PodMaker {
    /// Models `CreatePodTemplate` and `GetPodFromTemplate`.
    pub fn new(daemonset: &DaemonSet, hash: &str) -> Self {
        let template = &daemonset.spec.template;
        let mut labels: BTreeMap<String, String> = (*template.labels).clone();
        if let Some(generation) = daemonset.template_generation() {
            labels.insert(GENERATION_LABEL.to_owned(), generation.to_string());
        }
        if !hash.is_empty() {
            labels.insert(HASH_LABEL.to_owned(), hash.to_owned());
        }
        let owner = OwnerReference::controller(Kind::DaemonSet, &daemonset.meta.name, daemonset.meta.uid);
        let meta = ObjectMeta {
            namespace: daemonset.meta.namespace.clone(),
            generate_name: Some(format!("{}-", daemonset.meta.name).into()),
            labels: Arc::new(labels),
            annotations: template.annotations.clone(),
            finalizers: template.finalizers.clone(),
            owner_references: Arc::from([owner]),
            ..ObjectMeta::default()
        };
        let spec = PodSpec {
            template: template.spec.clone(),
            node_name: template.spec.node_name.clone(),
            pinned_node: None,
            tolerations: pod_tolerations(&template.spec),
            priority: 0,
            never_preempts: false,
        };
        let status = PodStatus::default();
        PodMaker { blueprint: Pod { meta, spec, status }, spec: daemonset.spec.clone(), hash: hash.to_owned() }
    }

    /// Whether this still makes the pods that a DaemonSet wants.
    pub fn is_for(&self, daemonset: &DaemonSet, hash: &str) -> bool {
        let owner = self.blueprint.meta.controller().map(|owner| owner.uid);
        let generation = daemonset.template_generation().map(|number| number.to_string());
        Arc::ptr_eq(&self.spec, &daemonset.spec)
            && self.hash == hash
            && owner == Some(daemonset.meta.uid)
            && self.blueprint.meta.label(GENERATION_LABEL) == generation.as_deref()
    }

    /// A pod for one node: its required node affinity is replaced by the node's name
    /// (`ReplaceDaemonSetPodNodeNameNodeAffinity`).
    pub fn for_node(&self, node: &Name) -> Pod {
        let mut pod = self.blueprint.clone();
        pod.spec.pinned_node = Some(node.clone());
        pod
    }
}

/// A pod of a DaemonSet for one node, as it is sent to the API server.
pub fn new_pod(daemonset: &DaemonSet, hash: &str, node: &Name) -> Pod {
    PodMaker::new(daemonset, hash).for_node(node)
}

/// Models `IsPodAvailable` for the pods of one DaemonSet.
pub(super) fn is_available(daemonset: &DaemonSet, pod: &Pod, now: SimTime) -> bool {
    pod.is_available(daemonset.spec.min_ready_seconds, now)
}
