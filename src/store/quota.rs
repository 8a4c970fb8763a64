//! What counts against a ResourceQuota (pkg/quota), and the admission plugin that holds new objects against it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::quota::{Amounts, QuotaStatus, ResourceQuota, amount_text};
use crate::api::{Kind, Name, Pod};

use super::world::{Object, World};

/// Resources that a quota may ask every container to name.
const NAMED_BY_CONTAINERS: [(&str, &str, &str); 6] = [
    ("cpu", "requests", "cpu"),
    ("memory", "requests", "memory"),
    ("requests.cpu", "requests", "cpu"),
    ("requests.memory", "requests", "memory"),
    ("limits.cpu", "limits", "cpu"),
    ("limits.memory", "limits", "memory"),
];

/// What an object takes of a namespace's quotas. Pods that have ended take only their count of objects.
fn usage(object: &Object) -> Amounts {
    let mut usage = Amounts::from([(format!("count/{}", object.kind().resource()), 1000)]);
    match object {
        Object::Pod(pod) if !pod.is_terminal() => usage.extend(pod_usage(pod)),
        Object::ResourceQuota(_) => drop(usage.insert("resourcequotas".to_owned(), 1000)),
        _ => {}
    }
    usage
}

fn pod_usage(pod: &Pod) -> Amounts {
    let mut usage = Amounts::from([("pods".to_owned(), 1000)]);
    for (name, amount) in &pod.spec.template.requests {
        usage.insert(format!("requests.{name}"), *amount);
        if ["cpu", "memory", "ephemeral-storage"].contains(&name.as_str()) {
            usage.insert(name.clone(), *amount);
        }
    }
    for (name, amount) in pod.spec.template.limits() {
        usage.insert(format!("limits.{name}"), amount);
    }
    usage
}

/// Whether a quota is about an object: its scopes narrow it to some pods.
fn is_about(quota: &ResourceQuota, object: &Object) -> bool {
    let scopes = quota.spec.texts("scopes").unwrap_or_default();
    let Object::Pod(pod) = object else { return scopes.is_empty() };
    let ends = pod.spec.template.value.int("activeDeadlineSeconds").is_some();
    let best_effort = pod.spec.template.qos_class() == "BestEffort";
    scopes.iter().all(|scope| match scope.as_str() {
        "Terminating" => ends,
        "NotTerminating" => !ends,
        "BestEffort" => best_effort,
        "NotBestEffort" => !best_effort,
        _ => false,
    })
}

/// Counts what is there (`syncResourceQuota`).
pub fn count(world: &World, quota: &ResourceQuota) -> QuotaStatus {
    let namespace = &quota.meta.namespace;
    let mut used: Amounts = quota.hard.keys().map(|name| (name.clone(), 0)).collect();
    let mut add = |object: &Object| {
        if is_about(quota, object) {
            for (name, amount) in usage(object) {
                used.entry(name).and_modify(|used| *used += amount);
            }
        }
    };
    world.in_namespace(namespace).iter().for_each(&mut add);
    QuotaStatus { hard: Arc::new(quota.hard.clone()), used: Arc::new(used) }
}

/// Admission plugin ResourceQuota: each quota of the namespace with its new use, or why one does not allow the object.
pub(super) fn admit(world: &World, object: &Object) -> Result<Vec<(Arc<ResourceQuota>, QuotaStatus)>, String> {
    let mut charged = Vec::new();
    for quota in world.quotas_in(&object.meta().namespace) {
        let Some(status) = quota.status.as_ref().filter(|_| is_about(quota, object)) else { continue };
        if let Object::Pod(pod) = object {
            names_what_it_must(pod, quota)?;
        }
        let asked: Amounts = usage(object).into_iter().filter(|(name, _)| status.hard.contains_key(name)).collect();
        if asked.values().all(|amount| *amount == 0) {
            continue;
        }
        let used_of = |name: &String| status.used.get(name).copied().unwrap_or(0);
        let exceeds = |(name, amount): &(&String, &i64)| used_of(name) + **amount > status.hard[*name];
        let exceeded: Vec<&String> = asked.iter().filter(exceeds).map(|(name, _)| name).collect();
        if !exceeded.is_empty() {
            let list = |amount: &dyn Fn(&String) -> i64| {
                let text = |name: &&String| format!("{name}={}", amount_text(name, amount(name)));
                exceeded.iter().map(text).collect::<Vec<_>>().join(",")
            };
            return Err(format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                quota.meta.name,
                list(&|name| asked[name]),
                list(&used_of),
                list(&|name| status.hard[name])
            ));
        }
        let mut used = (*status.used).clone();
        for (name, amount) in asked {
            *used.entry(name).or_default() += amount;
        }
        charged.push((quota.clone(), QuotaStatus { used: Arc::new(used), ..status.clone() }));
    }
    Ok(charged)
}

/// Models `podEvaluator.Constraints`: what a quota limits, every container has to name.
fn names_what_it_must(pod: &Pod, quota: &ResourceQuota) -> Result<(), String> {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for container in pod.spec.template.value.list("containers") {
        for (limited, list, resource) in NAMED_BY_CONTAINERS {
            let named = |list: &str| container.at(&["resources", list, resource]).is_some();
            // A limit is a request too, where there is none.
            if quota.hard.contains_key(limited) && !named(list) && !named("limits") {
                missing.entry(limited).or_default().push(container.text("name"));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = missing.iter().map(|(name, of)| format!("{name} for: {}", of.join(","))).collect();
    Err(format!("failed quota: {}: must specify {}", quota.meta.name, texts.join("; ")))
}

impl World {
    /// The ResourceQuotas of a namespace.
    pub fn quotas_in(&self, namespace: &Name) -> impl Iterator<Item = &Arc<ResourceQuota>> {
        let namespace = namespace.clone();
        self.quotas.iter().filter(move |(key, _)| key.namespace == namespace).map(|(_, quota)| quota)
    }

    /// Everything in a namespace, but for events.
    pub fn in_namespace(&self, namespace: &Name) -> Vec<Object> {
        let pods = self.pods_in(namespace).cloned().map(Object::Pod);
        let daemonsets = self.daemonsets_in(namespace).cloned().map(Object::DaemonSet);
        let revisions = self.revisions_in(namespace).cloned().map(Object::ControllerRevision);
        let quotas = self.quotas_in(namespace).cloned().map(Object::ResourceQuota);
        let here = self.limit_ranges.iter().filter(|(key, _)| key.namespace == *namespace);
        let limit_ranges = here.map(|(_, range)| Object::LimitRange(range.clone()));
        pods.chain(revisions).chain(daemonsets).chain(quotas).chain(limit_ranges).collect()
    }
}

/// Whether a change in a namespace makes its quotas' counts wrong: creations have been counted as they were admitted.
pub fn frees(before: Option<&Object>, after: Option<&Object>) -> bool {
    match (before, after) {
        (Some(before), None) => before.kind() != Kind::Event,
        (Some(Object::Pod(old)), Some(Object::Pod(new))) => !old.is_terminal() && new.is_terminal(),
        _ => false,
    }
}

/// A quota's status in the manner of its controller.
pub fn recount(world: &World, quota: &ResourceQuota) -> Option<QuotaStatus> {
    let counted = count(world, quota);
    (quota.status.as_ref() != Some(&counted)).then_some(counted)
}
