//! Which change wakes which DaemonSet: the event handlers of the original (`addPod`, `updateNode`, ...).

use std::sync::Arc;

use crate::api::{DaemonSet, Kind, Name, Node, ObjectKey, ObjectMeta, OwnerReference, Pod, SimDuration};
use crate::store::{Delta, Object, World};

use super::memory::Memory;
use super::placement::Placer;

/// What the handlers do about one change.
#[derive(Clone, Debug, PartialEq)]
pub enum Wake {
    /// Put a DaemonSet into the queue.
    Enqueue(ObjectKey),
    /// Put a DaemonSet into the queue later.
    EnqueueAfter(ObjectKey, SimDuration),
    /// Put a node into the queue of node updates.
    Node(Name),
}

/// Handles one observed change. `world` is the store as the handlers see it.
pub fn observe(world: &World, memory: &mut Memory, delta: &Delta, wake: &mut Vec<Wake>) {
    match (&delta.before, &delta.after) {
        (before, Some(Object::DaemonSet(after))) => {
            if before.as_ref().is_some_and(|before| before.meta().uid != after.meta.uid) {
                memory.forget(&after.meta.key());
            }
            wake.push(Wake::Enqueue(after.meta.key()));
        }
        (Some(Object::DaemonSet(before)), None) => {
            memory.forget(&before.meta.key());
            wake.push(Wake::Enqueue(before.meta.key()));
        }
        (None, Some(Object::Pod(pod))) if pod.is_terminating() => delete_pod(world, memory, pod, wake),
        (None, Some(Object::Pod(pod))) => add_pod(world, memory, pod, wake),
        (Some(Object::Pod(old)), Some(Object::Pod(new))) => update_pod(world, memory, old, new, wake),
        (Some(Object::Pod(pod)), None) => delete_pod(world, memory, pod, wake),
        (None, Some(Object::Node(node))) => wake.push(Wake::Node(node.name().clone())),
        (Some(Object::Node(old)), Some(Object::Node(new))) => {
            // `shouldIgnoreNodeUpdate`: conditions, capacity and cordon matter only through the taints they cause.
            if old.meta.labels != new.meta.labels || old.taints != new.taints {
                wake.push(Wake::Node(new.name().clone()));
            }
        }
        // Deleting a node has no handler in the original.
        (before, after) => {
            if let Some(Object::ControllerRevision(_)) = before.as_ref().or(after.as_ref()) {
                observe_revision(world, before.as_ref().map(Object::meta), after.as_ref().map(Object::meta), wake);
            }
        }
    }
}

/// Models `resolveControllerRef`.
fn resolve<'a>(world: &'a World, namespace: &Name, owner: Option<&OwnerReference>) -> Option<&'a Arc<DaemonSet>> {
    let owner = owner.filter(|owner| &*owner.kind == Kind::DaemonSet.as_str())?;
    let key = ObjectKey { namespace: namespace.clone(), name: owner.name.clone() };
    world.daemonsets.get(&key).filter(|daemonset| daemonset.meta.uid == owner.uid)
}

fn enqueue_matching(world: &World, meta: &ObjectMeta, wake: &mut Vec<Wake>) {
    for daemonset in world.daemonsets_in(&meta.namespace) {
        let selector = &daemonset.spec.selector;
        if !selector.is_empty() && selector.matches(&meta.labels) {
            wake.push(Wake::Enqueue(daemonset.meta.key()));
        }
    }
}

fn add_pod(world: &World, memory: &mut Memory, pod: &Pod, wake: &mut Vec<Wake>) {
    match pod.meta.controller() {
        Some(owner) => {
            if let Some(daemonset) = resolve(world, &pod.meta.namespace, Some(owner)) {
                memory.lower_creates(&daemonset.meta.key(), 1);
                wake.push(Wake::Enqueue(daemonset.meta.key()));
            }
        }
        None => enqueue_matching(world, &pod.meta, wake),
    }
}

fn update_pod(world: &World, memory: &mut Memory, old: &Pod, new: &Pod, wake: &mut Vec<Wake>) {
    if new.is_terminating() {
        return delete_pod(world, memory, new, wake);
    }
    let namespace = &new.meta.namespace;
    let (old_owner, new_owner) = (old.meta.controller(), new.meta.controller());
    let owner_changed = old_owner != new_owner;
    if owner_changed && let Some(daemonset) = resolve(world, namespace, old_owner) {
        wake.push(Wake::Enqueue(daemonset.meta.key()));
    }
    if new_owner.is_some() {
        let Some(daemonset) = resolve(world, namespace, new_owner) else { return };
        wake.push(Wake::Enqueue(daemonset.meta.key()));
        let min_ready_seconds = daemonset.spec.min_ready_seconds;
        if min_ready_seconds > 0 && !old.is_ready() && new.is_ready() {
            // One second more, since timestamps are stored in whole seconds.
            let after = SimDuration::from_secs(min_ready_seconds as u64 + 1);
            wake.push(Wake::EnqueueAfter(daemonset.meta.key(), after));
        }
    } else if owner_changed || old.meta.labels != new.meta.labels {
        enqueue_matching(world, &new.meta, wake);
    }
}

fn delete_pod(world: &World, memory: &mut Memory, pod: &Pod, wake: &mut Vec<Wake>) {
    if let Some(daemonset) = resolve(world, &pod.meta.namespace, pod.meta.controller()) {
        memory.lower_deletes(&daemonset.meta.key(), 1);
        wake.push(Wake::Enqueue(daemonset.meta.key()));
    }
}

fn observe_revision(world: &World, before: Option<&ObjectMeta>, after: Option<&ObjectMeta>, wake: &mut Vec<Wake>) {
    let resolved = |meta: Option<&ObjectMeta>| {
        meta.and_then(|meta| resolve(world, &meta.namespace, meta.controller()))
            .map(|set| Wake::Enqueue(set.meta.key()))
    };
    match (before, after) {
        // Its own new revision tells the controller nothing new.
        (None, Some(after)) if after.controller().is_none() => enqueue_matching(world, after, wake),
        (Some(before), Some(after)) => {
            if before.controller() != after.controller() {
                wake.extend(resolved(Some(before)));
            }
            if after.controller().is_some() {
                wake.extend(resolved(Some(after)));
            } else if before.controller().is_some() || before.labels != after.labels {
                enqueue_matching(world, after, wake);
            }
        }
        (Some(before), None) => wake.extend(resolved(Some(before))),
        _ => {}
    }
}

/// Models `syncNodeUpdate`: the DaemonSets for which a changed node matters.
pub fn sync_node_update(world: &World, node: &Node) -> Vec<ObjectKey> {
    let matters = |daemonset: &&Arc<DaemonSet>| {
        // Bound pods whose owner has this name; the original does not compare uids here.
        let is_its = |pod: &&Arc<Pod>| {
            pod.meta.namespace == daemonset.meta.namespace
                && pod
                    .meta
                    .controller()
                    .is_some_and(|owner| owner.name == daemonset.meta.name && &*owner.kind == "DaemonSet")
        };
        let has_pod = world.pods_on(node.name()).any(|pod| is_its(&pod));
        let placement = Placer::new(&daemonset.spec).place(node);
        match has_pod {
            false => placement.should_run,
            true => !placement.should_continue || daemonset.status.number_misscheduled > 0,
        }
    };
    world.daemonsets.values().filter(matters).map(|daemonset| daemonset.meta.key()).collect()
}
