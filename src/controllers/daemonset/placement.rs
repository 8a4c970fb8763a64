//! Which nodes a DaemonSet's pods belong on (`NodeShouldRunDaemonPod`).
//!
//! Not looked at, as in the original: resources, host ports, node conditions, `spec.unschedulable`, other pods.

use std::sync::Arc;

use crate::api::taint::{
    DISK_PRESSURE, MEMORY_PRESSURE, NETWORK_UNAVAILABLE, NO_EXECUTE, NO_SCHEDULE, NOT_READY, PID_PRESSURE, UNREACHABLE,
    UNSCHEDULABLE,
};
use crate::api::{DaemonSetSpec, Labels, Node, PodTemplateSpec, Taint, Toleration};

/// What holds for one DaemonSet on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// A pod belongs here: one is created if there is none, and it counts as desired.
    pub should_run: bool,
    /// A pod that is here may stay.
    pub should_continue: bool,
}

const RUNS: Placement = Placement { should_run: true, should_continue: true };
const MAY_STAY: Placement = Placement { should_run: false, should_continue: true };
const MUST_GO: Placement = Placement { should_run: false, should_continue: false };

/// Why a node is not for a DaemonSet: the first check that fails, in the original's order.
#[derive(Clone, Debug, PartialEq)]
pub enum Obstacle {
    /// The template is pinned to another node.
    NodeName { wanted: String },
    /// A label that the node selector asks for is missing or different.
    NodeSelector { key: String, wanted: String, actual: Option<String> },
    /// No term of the required node affinity matches; each term's failing requirement.
    Affinity { failing: Vec<String> },
    /// An untolerated taint.
    Taint(Taint),
}

/// The DaemonSet's side of the comparison, made once for all nodes.
pub struct Placer<'a> {
    template: &'a PodTemplateSpec,
    /// What a pod of the DaemonSet tolerates.
    pub tolerations: Arc<[Toleration]>,
}

impl<'a> Placer<'a> {
    pub fn new(spec: &'a DaemonSetSpec) -> Self {
        let template = &*spec.template.spec;
        Placer { template, tolerations: pod_tolerations(template) }
    }

    /// Models `NodeShouldRunDaemonPod` and `predicates`.
    pub fn place(&self, node: &Node) -> Placement {
        if !self.is_for_name(node) || !self.selector_matches(node.labels()) || !self.affinity_matches(node) {
            return MUST_GO;
        }
        let mut placement = RUNS;
        for taint in node.taints.iter().filter(|taint| !self.tolerates(taint)) {
            match taint.effect.as_str() {
                NO_EXECUTE => return MUST_GO,
                NO_SCHEDULE => placement = MAY_STAY,
                // PreferNoSchedule never matters.
                _ => {}
            }
        }
        placement
    }

    /// The first check that fails, or `None` where the DaemonSet should run.
    pub fn obstacle(&self, node: &Node) -> Option<Obstacle> {
        if !self.is_for_name(node) {
            let wanted = self.template.node_name.as_deref().unwrap_or_default().to_owned();
            return Some(Obstacle::NodeName { wanted });
        }
        let labels = node.labels();
        if let Some((key, wanted)) =
            self.template.node_selector.iter().find(|(key, value)| labels.get(*key) != Some(value))
        {
            let actual = labels.get(key).cloned();
            return Some(Obstacle::NodeSelector { key: key.clone(), wanted: wanted.clone(), actual });
        }
        if !self.affinity_matches(node) {
            let terms = self.template.required_affinity.iter().flat_map(|affinity| affinity.terms());
            let failing = terms.filter_map(|term| term.first_failing(node.name(), labels)).map(ToString::to_string);
            return Some(Obstacle::Affinity { failing: failing.collect() });
        }
        // NoExecute decides over NoSchedule: it also drives running pods away.
        let untolerated =
            |effect: &str| node.taints.iter().find(|taint| taint.effect == effect && !self.tolerates(taint)).cloned();
        untolerated(NO_EXECUTE).or_else(|| untolerated(NO_SCHEDULE)).map(Obstacle::Taint)
    }

    fn is_for_name(&self, node: &Node) -> bool {
        self.template.node_name.as_ref().is_none_or(|wanted| wanted == node.name())
    }

    fn selector_matches(&self, labels: &Labels) -> bool {
        self.template.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    }

    fn affinity_matches(&self, node: &Node) -> bool {
        self.template.required_affinity.as_ref().is_none_or(|affinity| affinity.matches(node.name(), node.labels()))
    }

    fn tolerates(&self, taint: &Taint) -> bool {
        self.tolerations.iter().any(|toleration| toleration.tolerates(taint))
    }
}

/// One line of the explanation for a node: what was compared, and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub passed: bool,
    pub title: String,
    pub detail: String,
}

/// The checks of `predicates` in their order, with the values compared.
pub fn explain(spec: &DaemonSetSpec, node: &Node) -> Vec<Check> {
    let placer = Placer::new(spec);
    let template = placer.template;
    let labels = node.labels();
    let mut checks = Vec::new();
    let mut check =
        |passed, title: &str, detail: String| checks.push(Check { passed, title: title.to_owned(), detail });

    match &template.node_name {
        None => check(true, "Node name is not pinned", "spec.template.spec.nodeName is empty".to_owned()),
        Some(wanted) => {
            let passed = placer.is_for_name(node);
            let title = if passed { "Node name is the pinned one" } else { "Pinned to another node" };
            check(passed, title, format!("spec.template.spec.nodeName is {wanted}"));
        }
    }

    if template.node_selector.is_empty() {
        check(true, "Node selector matches", "no nodeSelector".to_owned());
    }
    for (key, wanted) in &template.node_selector {
        let passed = labels.get(key) == Some(wanted);
        let title = if passed { "Node selector matches" } else { "Node selector does not match" };
        let actual = labels.get(key).map_or("the node has no such label".to_owned(), |it| format!("the node has {it}"));
        check(passed, title, format!("{key}={wanted} wanted, {actual}"));
    }

    match &template.required_affinity {
        None => check(true, "Node affinity matches", "no required node affinity".to_owned()),
        Some(affinity) => {
            let passed = placer.affinity_matches(node);
            let title = if passed { "Node affinity matches" } else { "No term of the node affinity matches" };
            let terms = affinity.terms().iter().enumerate().map(|(index, term)| {
                let number = index + 1;
                match term.first_failing(node.name(), labels) {
                    _ if term.is_empty() => format!("term {number} is empty and matches nothing"),
                    Some(failing) => {
                        let actual = labels.get(&failing.key).map_or("no such label".to_owned(), Clone::clone);
                        format!("term {number} fails: {failing}, the node has {actual}")
                    }
                    None => format!("term {number} matches"),
                }
            });
            check(passed, title, terms.collect::<Vec<_>>().join("; "));
        }
    }

    if node.taints.is_empty() {
        check(true, "Taints are tolerated", format!("{} has no taints", node.name()));
    }
    for taint in node.taints.iter() {
        let by = placer.tolerations.iter().position(|toleration| toleration.tolerates(taint));
        match by {
            Some(index) => {
                let toleration = &placer.tolerations[index];
                let whose = if template.tolerations.contains(toleration) {
                    "in the template"
                } else {
                    "added to every DaemonSet pod"
                };
                check(true, "Taint is tolerated", format!("{taint} by the toleration {toleration} {whose}"));
            }
            None if taint.effect == NO_EXECUTE || taint.effect == NO_SCHEDULE => {
                let consequence = if taint.effect == NO_EXECUTE {
                    "pods that run here are removed"
                } else {
                    "pods that run here may stay"
                };
                check(false, "Taint is not tolerated", format!("{taint}: {consequence}"));
            }
            None => check(true, "Taint does not matter", format!("{taint} is only a preference of the scheduler")),
        }
    }
    checks
}

/// Models `AddOrUpdateDaemonPodTolerations`: the template's tolerations and those that every DaemonSet pod gets.
pub fn pod_tolerations(template: &PodTemplateSpec) -> Arc<[Toleration]> {
    let mut tolerations: Vec<Toleration> = template.tolerations.to_vec();
    let always = [
        (NOT_READY, NO_EXECUTE),
        (UNREACHABLE, NO_EXECUTE),
        (DISK_PRESSURE, NO_SCHEDULE),
        (MEMORY_PRESSURE, NO_SCHEDULE),
        (PID_PRESSURE, NO_SCHEDULE),
        (UNSCHEDULABLE, NO_SCHEDULE),
    ];
    let for_host_network = template.host_network.then_some((NETWORK_UNAVAILABLE, NO_SCHEDULE));
    for (key, effect) in always.into_iter().chain(for_host_network) {
        let added = Toleration::exists(key, effect);
        // The same toleration of the user's is replaced, which makes it last for ever.
        let same =
            |t: &&mut Toleration| t.key == key && t.effect == effect && t.operator == "Exists" && t.value.is_empty();
        match tolerations.iter_mut().find(same) {
            Some(existing) => *existing = added,
            None => tolerations.push(added),
        }
    }
    tolerations.into()
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Obstacle::NodeName { wanted } => write!(f, "its template is pinned to node {wanted}"),
            Obstacle::NodeSelector { key, wanted, actual: None } => {
                write!(f, "its node selector wants {key}={wanted}, and the node has no label {key}")
            }
            Obstacle::NodeSelector { key, wanted, actual: Some(actual) } => {
                write!(f, "its node selector wants {key}={wanted}, and the node has {actual}")
            }
            Obstacle::Affinity { failing } if failing.is_empty() => {
                f.write_str("its node affinity has no term that could match")
            }
            Obstacle::Affinity { failing } => write!(f, "its node affinity does not match: {}", failing.join("; ")),
            Obstacle::Taint(taint) => write!(f, "taint {taint} is not tolerated"),
        }
    }
}
