//! Which nodes a DaemonSet's pods belong on (`NodeShouldRunDaemonPod`).
//!
//! Not looked at, as in the original: resources, host ports, node conditions, `spec.unschedulable`, other pods.

use std::sync::Arc;

use crate::api::selector::{FIELD_NAME, NodeSelectorTerm, Requirement};
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

/// One of the original's checks: how it came out, and what was compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What it looks at: node name, node selector, required affinity, taints.
    pub subject: &'static str,
    pub passed: bool,
    pub lines: Vec<Comparison>,
    /// The function of the original that compares this.
    pub function: &'static str,
}

/// One comparison. Texts mark what is taken literally with backticks.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// `None` where it decides nothing by itself.
    pub passed: Option<bool>,
    pub text: String,
    /// Whose toleration it is.
    pub whose: &'static str,
    /// The taint that a toleration would have to name.
    pub untolerated: Option<Taint>,
}

const YOURS: &str = "yours";
const ADDED: &str = "added for every DaemonSet";

/// All checks of one node for one DaemonSet, and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub placement: Placement,
    pub checks: Vec<Check>,
    /// What should happen here, in one sentence.
    pub verdict: &'static str,
    /// What may stay here, and why.
    pub stays: String,
}

/// The checks of `predicates` in their order, with the values compared, and the answer of `NodeShouldRunDaemonPod`.
pub fn explain(spec: &DaemonSetSpec, node: &Node) -> Explanation {
    let placer = Placer::new(spec);
    let placement = placer.place(node);
    let checks = vec![
        placer.check_name(node),
        placer.check_selector(node),
        placer.check_affinity(node),
        placer.check_taints(node),
    ];
    let verdict = if placement.should_run { "A pod belongs here." } else { "No pod is created here." };
    let stays = match placer.obstacle(node) {
        None => "One that runs may continue.".to_owned(),
        Some(Obstacle::Taint(taint)) if placement.should_continue => {
            ["One that already ran may continue, because the effect is ", &taint.effect, "."].concat()
        }
        Some(Obstacle::Taint(taint)) => {
            ["One that runs is deleted, because the effect is ", &taint.effect, "."].concat()
        }
        Some(Obstacle::NodeName { .. }) => {
            "One that runs is deleted, because its template names another node.".to_owned()
        }
        Some(_) => {
            "One that runs is deleted: the DaemonSet controller looks at selector and affinity again and again, \
                    although the field is called …IgnoredDuringExecution."
                .to_owned()
        }
    };
    Explanation { placement, checks, verdict, stays }
}

fn compared(passed: impl Into<Option<bool>>, text: String) -> Comparison {
    Comparison { passed: passed.into(), text, whose: "", untolerated: None }
}

/// What a node has at a label: `, the node has `ssd``.
fn has_label(labels: &Labels, key: &str) -> String {
    match labels.get(key) {
        Some(value) if value.is_empty() => ", and the node has it without a value".to_owned(),
        Some(value) => [", and the node has `", value, "`"].concat(),
        None => ", and the node has no such label".to_owned(),
    }
}

impl Placer<'_> {
    fn check_name(&self, node: &Node) -> Check {
        let passed = self.is_for_name(node);
        let line = match &self.template.node_name {
            None => compared(None, "not pinned: `spec.template.spec.nodeName` is empty".to_owned()),
            Some(wanted) if passed => compared(true, ["pinned to `", wanted, "`, which this is"].concat()),
            Some(wanted) => compared(false, ["pinned to `", wanted, "`, and this is `", node.name(), "`"].concat()),
        };
        Check { subject: "Node name", passed, lines: vec![line], function: "predicates" }
    }

    fn check_selector(&self, node: &Node) -> Check {
        let labels = node.labels();
        let compare = |(key, wanted): (&String, &String)| {
            let passed = labels.get(key) == Some(wanted);
            let pair = ["`", key, "=", wanted, "`"].concat();
            let text = match passed {
                true => pair + " is on the node",
                false => pair + " is wanted" + &has_label(labels, key),
            };
            compared(passed, text)
        };
        let mut lines: Vec<Comparison> = self.template.node_selector.iter().map(compare).collect();
        if lines.is_empty() {
            lines.push(compared(None, "none: `spec.template.spec.nodeSelector` is empty".to_owned()));
        }
        let passed = self.selector_matches(labels);
        Check { subject: "Node selector", passed, lines, function: "GetRequiredNodeAffinity" }
    }

    fn check_affinity(&self, node: &Node) -> Check {
        let mut lines = Vec::new();
        match &self.template.required_affinity {
            None => lines.push(compared(None, "none is required".to_owned())),
            Some(affinity) if affinity.terms().is_empty() => {
                lines.push(compared(false, "there is no term, and without one nothing matches".to_owned()));
            }
            Some(affinity) => {
                for (index, term) in affinity.terms().iter().enumerate() {
                    lines.push(compare_term(&["term ", &(index + 1).to_string()].concat(), term, node));
                }
            }
        }
        let passed = self.affinity_matches(node);
        Check { subject: "Required affinity", passed, lines, function: "GetRequiredNodeAffinity" }
    }

    fn check_taints(&self, node: &Node) -> Check {
        let mut lines = Vec::new();
        let mut passed = true;
        for taint in node.taints.iter() {
            let matters = taint.effect == NO_EXECUTE || taint.effect == NO_SCHEDULE;
            let name = ["`", &taint.to_string(), "`"].concat();
            match self.tolerations.iter().position(|toleration| toleration.tolerates(taint)) {
                Some(index) => {
                    let text = [&name, " is tolerated by `", &self.tolerations[index].to_string(), "`"].concat();
                    lines.push(Comparison { whose: self.whose(index), ..compared(true, text) });
                }
                None if !matters => {
                    let text =
                        name + " is not tolerated, but is only a preference of the scheduler: it never matters here";
                    lines.push(compared(None, text));
                }
                None => {
                    passed = false;
                    let untolerated = Some(taint.clone());
                    let text = name + " is tolerated by none of";
                    lines.push(Comparison { untolerated, ..compared(false, text) });
                    self.list_misses(taint, &mut lines);
                }
            }
        }
        if lines.is_empty() {
            lines.push(compared(None, "the node has none".to_owned()));
        }
        Check { subject: "Taints", passed, lines, function: "FindMatchingUntoleratedTaint" }
    }

    /// The tolerations that miss a taint: the reader's own and those that come close one by one, the others together.
    fn list_misses(&self, taint: &Taint, lines: &mut Vec<Comparison>) {
        let mut others: Vec<String> = Vec::new();
        for (index, toleration) in self.tolerations.iter().enumerate() {
            let whose = self.whose(index);
            if whose == ADDED && toleration.key != taint.key {
                let short = toleration.key.strip_prefix("node.kubernetes.io/").unwrap_or(&toleration.key);
                others.push([short, ":", &toleration.effect].concat());
                continue;
            }
            let wrong = match toleration.misses(taint).unwrap_or_default() {
                // Lt and Gt.
                "operator" => {
                    [&toleration.operator, " matches only with the gate TaintTolerationComparisonOperators"].concat()
                }
                field => ["another ", field].concat(),
            };
            let text = ["`", &toleration.to_string(), "`: ", &wrong].concat();
            lines.push(Comparison { whose, ..compared(None, text) });
        }
        if !others.is_empty() {
            lines.push(Comparison { whose: ADDED, ..compared(None, others.join(", ") + ": other keys") });
        }
    }

    /// The template's own tolerations come first, and are replaced in place where they say the same.
    fn whose(&self, index: usize) -> &'static str {
        match self.template.tolerations.get(index) {
            Some(own) if *own == self.tolerations[index] => YOURS,
            Some(_) => "yours, but without its seconds, as added for every DaemonSet",
            None => ADDED,
        }
    }
}

/// One term of the required affinity: the expression that fails, or all of them if it matches.
fn compare_term(number: &str, term: &NodeSelectorTerm, node: &Node) -> Comparison {
    let labels = node.labels();
    if term.is_empty() {
        return compared(false, [number, " is empty, and an empty term matches nothing"].concat());
    }
    let compare = |requirement: &Requirement| {
        let text = ["`", &requirement.to_string(), "`"].concat();
        if requirement.key == FIELD_NAME && term.fields().iter().any(|field| std::ptr::eq(field, requirement)) {
            return [&text, ", and the node is `", node.name(), "`"].concat();
        }
        let numbers = matches!(requirement.operator.as_str(), "Gt" | "Lt");
        let is_number = |text: &String| text.parse::<i64>().is_ok();
        match labels.get(&requirement.key) {
            Some(value) if numbers && !is_number(value) => {
                [&text, ", and `", value, "` on the node is no integer"].concat()
            }
            _ if numbers && !requirement.values().iter().all(is_number) => text + ", which names no integer",
            _ => text + &has_label(labels, &requirement.key),
        }
    };
    match term.first_failing(node.name(), labels) {
        Some(failing) => compared(false, [number, " does not match: ", &compare(failing)].concat()),
        None => {
            let all: Vec<String> = term.expressions().iter().chain(term.fields()).map(compare).collect();
            compared(true, [number, " matches: ", &all.join("; ")].concat())
        }
    }
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
            Obstacle::NodeSelector { key, wanted, actual: Some(actual) } if actual.is_empty() => {
                write!(f, "its node selector wants {key}={wanted}, and the node has {key} without a value")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Value;

    #[test]
    fn an_affinity_without_terms_says_so() {
        let terms: Value = [("nodeSelectorTerms", Value::List(Vec::new()))].into();
        let node: Value = [("requiredDuringSchedulingIgnoredDuringExecution", terms)].into();
        let spec: Value = [("affinity", [("nodeAffinity", node)].into())].into();
        let spec = DaemonSetSpec::from_value(&[("template", [("spec", spec)].into())].into());
        let node = Node::named("worker-1");
        let explained = explain(&spec, &node);
        assert_eq!((explained.placement, explained.checks[2].passed), (MUST_GO, false));
        assert_eq!(explained.checks[2].lines[0].text, "there is no term, and without one nothing matches");
        let obstacle = Placer::new(&spec).obstacle(&node).map(|it| it.to_string());
        assert_eq!(obstacle.as_deref(), Some("its node affinity has no term that could match"));
    }
}
