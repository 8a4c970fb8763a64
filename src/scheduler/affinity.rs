//! Pods that want other pods near them or far from them (the plugin InterPodAffinity, its required terms).

use std::sync::Arc;

use crate::api::pod::PodAffinityTerm;
use crate::api::{Labels, Node, Pod};
use crate::store::World;

use super::{Obstacle, Sight};

/// Models `InterPodAffinity.Filter`.
pub(super) fn obstacle(sight: &Sight, pod: &Pod, node: &Node) -> Option<Obstacle> {
    let spec = &pod.spec.template;
    if !spec.pod_affinity.is_empty() && !finds_company(sight, pod, node) {
        return Some(Obstacle::PodAffinity);
    }
    for term in &spec.pod_anti_affinity {
        let unwanted = |other: &&Arc<Pod>| means(sight.world, term, pod, other);
        if let Some(other) = near(sight, term, node).into_iter().find(unwanted) {
            return Some(Obstacle::PodAntiAffinity { other: other.meta.name.clone() });
        }
    }
    let keeps_away = |other: &&Arc<Pod>| {
        let place = other.spec.node_name.as_ref().and_then(|name| sight.world.nodes.get(name));
        let is_near = |term: &PodAffinityTerm| place.is_some_and(|place| is_near(term, place, node));
        sight.counts(other)
            && other
                .spec
                .template
                .pod_anti_affinity
                .iter()
                .any(|term| is_near(term) && means(sight.world, term, other, pod))
    };
    let other = sight.world.pods_with_anti_affinity().find(keeps_away)?;
    Some(Obstacle::UnwantedByPod { other: other.meta.name.clone() })
}

/// Models `satisfyPodAffinity`: every term finds a pod near the node that all terms mean. The first pod of a group that
/// wants to be together may go anywhere.
fn finds_company(sight: &Sight, pod: &Pod, node: &Node) -> bool {
    let terms = &pod.spec.template.pod_affinity;
    if terms.iter().any(|term| !node.labels().contains_key(&term.topology_key)) {
        return false;
    }
    let meant_by_all = |other: &Pod| terms.iter().all(|term| means(sight.world, term, pod, other));
    let found = |term: &PodAffinityTerm| near(sight, term, node).into_iter().any(|other| meant_by_all(other));
    if terms.iter().all(found) {
        return true;
    }
    let is_first = || {
        !sight
            .world
            .pods
            .values()
            .any(|other| other.spec.node_name.is_some() && sight.counts(other) && meant_by_all(other))
    };
    meant_by_all(pod) && is_first()
}

fn means(world: &World, term: &PodAffinityTerm, of: &Pod, other: &Pod) -> bool {
    let none = Arc::<Labels>::default();
    let labels = world.namespaces.get(&other.meta.namespace).map_or(&none, |namespace| &namespace.meta.labels);
    term.means(other, &of.meta.namespace, labels)
}

fn is_near(term: &PodAffinityTerm, place: &Node, node: &Node) -> bool {
    let value = |node: &Node| node.labels().get(&term.topology_key).cloned();
    place.name() == node.name() || (value(place).is_some() && value(place) == value(node))
}

/// The pods on nodes that are near to one.
fn near<'a>(sight: &Sight<'a>, term: &PodAffinityTerm, node: &'a Node) -> Vec<&'a Arc<Pod>> {
    if !node.labels().contains_key(&term.topology_key) {
        return Vec::new();
    }
    if term.topology_key == "kubernetes.io/hostname" {
        return sight.pods_on(node).collect();
    }
    let nodes = sight.world.nodes.values().filter(|place| is_near(term, place, node));
    nodes.flat_map(|place| sight.pods_on(place)).collect()
}

/// Whether a pod is one that the terms of another are about, or the other way round.
pub(super) fn concerns(world: &World, pod: &Pod, other: &Pod) -> bool {
    let spec = &pod.spec.template;
    let meant = spec.pod_affinity.iter().chain(&spec.pod_anti_affinity).any(|term| means(world, term, pod, other));
    meant || other.spec.template.pod_anti_affinity.iter().any(|term| means(world, term, other, pod))
}
