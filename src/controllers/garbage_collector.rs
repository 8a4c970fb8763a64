//! The garbage collector: what is owned goes when its owner goes (pkg/controller/garbagecollector).
//!
//! Owners are DaemonSets; dependents are pods and ControllerRevisions. Owners of other kinds count as missing only if
//! their kind is one that the simulation keeps.

use crate::api::{Kind, Name, ObjectKey, ObjectMeta, Uid};
use crate::store::{FOREGROUND_FINALIZER, ORPHAN_FINALIZER, Object, Propagation, World};

/// What the collector does about one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// None of its owners is left, or those that are left wait for it to go.
    Delete { kind: Kind, key: ObjectKey, uid: Uid, propagation: Propagation, owner: Name, waits: bool },
    /// Its owner is deleted with the wish to leave it behind, or is gone while another owner stays.
    RemoveOwner { kind: Kind, key: ObjectKey, uid: Uid, owner: Uid },
    /// All dependents are gone or left behind: the owner may go.
    RemoveFinalizer { kind: Kind, key: ObjectKey, uid: Uid, finalizer: &'static str },
}

/// The objects that name an owner.
pub fn dependents(world: &World, owner: Uid) -> Vec<Object> {
    let pods = world.pods_of(owner).cloned().map(Object::Pod);
    let named = |meta: &ObjectMeta| meta.owner_references.iter().any(|reference| reference.uid == owner);
    let revisions = world.revisions.values().filter(|it| named(&it.meta)).cloned().map(Object::ControllerRevision);
    revisions.chain(pods).collect()
}

/// How an owner reference stands.
#[derive(Clone, Copy, PartialEq)]
enum Standing {
    /// The owner lives.
    Solid,
    /// The owner is gone, or another object has its name.
    Dangling,
    /// The owner waits for its dependents.
    Waiting,
}

fn standing(world: &World, namespace: &Name, owner: &crate::api::OwnerReference) -> Standing {
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == &*owner.kind) else { return Standing::Solid };
    let namespace = if kind.is_namespaced() { namespace.clone() } else { "".into() };
    match world.get(kind, &ObjectKey { namespace, name: owner.name.clone() }) {
        Some(object) if object.meta().uid == owner.uid => {
            let meta = object.meta();
            let waits = meta.is_terminating() && meta.has_finalizer(FOREGROUND_FINALIZER);
            if waits { Standing::Waiting } else { Standing::Solid }
        }
        _ => Standing::Dangling,
    }
}

/// Models `attemptToDeleteItem` for a dependent, and `processDeletingDependentsItem` and `attemptToOrphanWorker` for an
/// owner that is being deleted.
pub fn collect(world: &World, object: &Object) -> Vec<Act> {
    let meta = object.meta();
    let (kind, key, uid) = (object.kind(), meta.key(), meta.uid);
    if meta.is_terminating() && meta.has_finalizer(ORPHAN_FINALIZER) {
        let mut acts: Vec<Act> = dependents(world, uid)
            .iter()
            .map(|it| Act::RemoveOwner { kind: it.kind(), key: it.key(), uid: it.meta().uid, owner: uid })
            .collect();
        if acts.is_empty() {
            acts.push(Act::RemoveFinalizer { kind, key, uid, finalizer: ORPHAN_FINALIZER });
        }
        return acts;
    }
    if meta.is_terminating() && meta.has_finalizer(FOREGROUND_FINALIZER) {
        let blocks = |it: &Object| {
            it.meta().owner_references.iter().any(|reference| reference.uid == uid && reference.block_owner_deletion)
        };
        if !dependents(world, uid).iter().any(blocks) {
            return vec![Act::RemoveFinalizer { kind, key, uid, finalizer: FOREGROUND_FINALIZER }];
        }
    }
    if meta.owner_references.is_empty() || meta.is_terminating() {
        return Vec::new();
    }
    let owners: Vec<_> =
        meta.owner_references.iter().map(|owner| (owner, standing(world, &meta.namespace, owner))).collect();
    if owners.iter().any(|(_, standing)| *standing == Standing::Solid) {
        return owners
            .iter()
            .filter(|(_, standing)| *standing != Standing::Solid)
            .map(|(owner, _)| Act::RemoveOwner { kind, key: key.clone(), uid, owner: owner.uid })
            .collect();
    }
    let waiting = owners.iter().any(|(_, standing)| *standing == Standing::Waiting);
    let propagation = match waiting && !dependents(world, uid).is_empty() {
        true => Propagation::Foreground,
        false => Propagation::Background,
    };
    let owner = owners.first().map(|(owner, _)| owner.name.clone()).unwrap_or_else(|| "".into());
    vec![Act::Delete { kind, key, uid, propagation, owner, waits: waiting }]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::api::{DaemonSet, SimTime};
    use crate::controllers::daemonset::history::new_revision;
    use crate::manifest::read_value;

    #[test]
    fn an_owner_waits_for_none_but_dependents_that_block() {
        let text = "metadata: {name: a, namespace: default, uid: aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee, finalizers: \
                    [foregroundDeletion]}";
        let mut owner = DaemonSet::from_value(&read_value(text).unwrap_or_default());
        owner.meta.deletion_at = Some(SimTime::default());
        for blocks in [true, false] {
            let mut dependent = new_revision(&owner, 1);
            let references = dependent.meta.owner_references.iter().cloned();
            dependent.meta.owner_references =
                references.map(|it| crate::api::OwnerReference { block_owner_deletion: blocks, ..it }).collect();
            let mut world = World::default();
            world.revisions.insert(dependent.meta.key(), Arc::new(dependent));
            assert_eq!(dependents(&world, owner.meta.uid).len(), 1);
            let acts = collect(&world, &Object::DaemonSet(Arc::new(owner.clone())));
            let goes = matches!(acts.as_slice(), [Act::RemoveFinalizer { finalizer: FOREGROUND_FINALIZER, .. }]);
            assert_eq!(goes, !blocks, "{acts:?}");
        }
    }
}
