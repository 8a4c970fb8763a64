//! The garbage collector in time: what is owned follows its owner a moment later.

use crate::api::{Kind, Name, ObjectKey, ObjectMeta, SimDuration, Uid};
use crate::controllers::garbage_collector::{self, Act};
use crate::store::{ORPHAN_FINALIZER, Object, Patch, Request};

use super::manager::REQUEST_LATENCY;
use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};
use super::step::Step;

/// The garbage collector's graph takes notice of a change.
const COLLECTOR_NOTICES: (SimDuration, SimDuration) = (SimDuration::from_millis(20), SimDuration::from_millis(80));

impl Sim {
    pub(super) fn collect_later(&mut self, object: &Object, cause: u64) {
        let noticed = self.state.now + self.state.rng.duration(COLLECTOR_NOTICES);
        let sent = self.state.collector.as_mut().map_or(noticed, |limiter| limiter.take(noticed));
        let at = sent + self.state.rng.duration(REQUEST_LATENCY);
        let step = Step::Collect { kind: object.kind(), key: object.key(), uid: object.meta().uid, cause };
        self.schedule_at(at, step);
    }

    /// An object with new owners, of which one is gone already, or waits for its dependents to go.
    pub(super) fn collect_if_left_alone(&mut self, object: &Object, cause: u64) {
        if !garbage_collector::collect(&self.state.world, object).is_empty() {
            self.collect_later(object, cause);
        }
    }

    pub(super) fn collect_dependents(&mut self, owner: Uid, cause: u64) {
        for object in garbage_collector::dependents(&self.state.world, owner) {
            self.collect_later(&object, cause);
        }
    }

    /// A dependent is gone: its owner may have waited for that.
    pub(super) fn collect_terminating_owner(&mut self, meta: &ObjectMeta, cause: u64) {
        let Some(owner) = meta.controller() else { return };
        let key = ObjectKey { namespace: meta.namespace.clone(), name: owner.name.clone() };
        let waits = self.state.world.daemonsets.get(&key).filter(|set| set.meta.is_terminating()).cloned();
        if let Some(daemonset) = waits {
            self.collect_later(&Object::DaemonSet(daemonset), cause);
        }
    }

    /// A dependent has let go: owners that leave their dependents behind may have waited for that.
    pub(super) fn collect_orphaning_owners(&mut self, cause: u64, namespace: &Name) {
        let waiting: Vec<Object> = self
            .state
            .world
            .daemonsets_in(namespace)
            .filter(|set| set.meta.is_terminating() && set.meta.has_finalizer(ORPHAN_FINALIZER))
            .filter(|set| garbage_collector::dependents(&self.state.world, set.meta.uid).is_empty())
            .cloned()
            .map(Object::DaemonSet)
            .collect();
        for object in waiting {
            self.collect_later(&object, cause);
        }
    }

    pub(super) fn collect(&mut self, kind: Kind, key: &ObjectKey, uid: Uid, cause: u64) {
        let Some(object) = self.state.world.get(kind, key).filter(|object| object.meta().uid == uid) else { return };
        let is_owner = object.meta().is_terminating() && object.kind() == Kind::DaemonSet;
        for act in garbage_collector::collect(&self.state.world, &object) {
            let (verb, target_kind, target, request, reason) = match act {
                Act::Delete { kind, key, uid, propagation, owner, waits } => {
                    let propagation = Some(propagation);
                    let request = Request::Delete {
                        kind,
                        key: key.clone(),
                        uid: Some(uid),
                        propagation,
                        grace_period_seconds: None,
                    };
                    (Verb::Delete, kind, key, request, Reason::OwnerGone { owner, waits })
                }
                Act::RemoveOwner { kind, key, uid, owner } => {
                    let patch = Patch::RemoveOwner(owner);
                    let request = Request::Patch { kind, key: key.clone(), uid: Some(uid), patch };
                    let owner = if is_owner { object.meta().name.clone() } else { key.name.clone() };
                    (Verb::Release, kind, key, request, Reason::Orphaned { owner })
                }
                Act::RemoveFinalizer { kind, key, uid, finalizer } => {
                    let patch = Patch::RemoveFinalizer(finalizer.into());
                    let request = Request::Patch { kind, key: key.clone(), uid: Some(uid), patch };
                    (Verb::Remove, kind, key, request, Reason::DependentsDone)
                }
            };
            let node = match self.state.world.get(target_kind, &target) {
                Some(Object::Pod(pod)) => pod.target_node().cloned(),
                _ => None,
            };
            let entry = Entry {
                actor: Actor::GarbageCollector,
                verb,
                object: ObjectRef { kind: target_kind, key: target },
                node,
                reason,
                caused_by: Some(cause),
            };
            drop(self.send(request, entry));
        }
    }
}
