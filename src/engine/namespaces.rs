//! The controllers that look after namespaces, in time: one empties those that are deleted, one counts for the quotas.

use std::sync::Arc;

use crate::api::{Kind, Name, Namespace, ObjectKey, SimDuration};
use crate::controllers::namespace_deletion::{self, Try};
use crate::store::{Delta, Object, Patch, Request, Table, quota};

use super::record::{Actor, ObjectRef, Reason, Verb};
use super::sim::{Entry, Sim};
use super::step::Step;

/// A quota's controller takes notice of a change.
const QUOTA_NOTICES: (SimDuration, SimDuration) = (SimDuration::from_millis(4), SimDuration::from_millis(15));

/// What these controllers remember.
#[derive(Clone, Default)]
pub(super) struct NamespaceWatch {
    /// Namespaces that are being emptied: how long until the next try, and whether it is planned.
    emptying: Table<Name, (SimDuration, bool)>,
    /// Namespaces whose quotas are about to be counted.
    counting: Table<Name, ()>,
}

impl Sim {
    pub(super) fn observe_for_namespaces(&mut self, delta: &Delta, cause: u64) {
        let Some(object) = delta.object() else { return };
        match (&delta.before, &delta.after) {
            (before, Some(Object::Namespace(namespace)))
                if namespace.meta.is_terminating()
                    && !before.as_ref().is_some_and(|before| before.meta().is_terminating()) =>
            {
                self.begin_to_empty(namespace, cause);
            }
            (Some(Object::Namespace(namespace)), None) => {
                self.state.namespaces.emptying.remove(&namespace.meta.name);
            }
            // Something that held it up is gone.
            (Some(_), None) => {
                let name = object.meta().namespace.clone();
                if let Some((wait, false)) = self.state.namespaces.emptying.get(&name).copied() {
                    self.empty_later(&name, wait, cause);
                }
            }
            _ => {}
        }
        let is_new_quota = match (&delta.before, &delta.after) {
            (None, Some(Object::ResourceQuota(_))) => true,
            (Some(Object::ResourceQuota(old)), Some(Object::ResourceQuota(new))) => old.hard != new.hard,
            _ => false,
        };
        if is_new_quota || quota::frees(delta.before.as_ref(), delta.after.as_ref()) {
            self.count_later(&object.meta().namespace, cause);
        }
    }

    fn begin_to_empty(&mut self, namespace: &Namespace, cause: u64) {
        let name = &namespace.meta.name;
        self.state.namespaces.emptying.insert(name.clone(), (namespace_deletion::RETRY_FIRST, true));
        let step = Step::EmptyNamespace { namespace: name.clone(), cause };
        self.schedule_after(namespace_deletion::GRACE_PERIOD, step);
    }

    fn empty_later(&mut self, name: &Name, wait: SimDuration, cause: u64) {
        let next = SimDuration(wait.0 * 2).min(namespace_deletion::RETRY_MAX);
        self.state.namespaces.emptying.insert(name.clone(), (next, true));
        self.schedule_after(wait, Step::EmptyNamespace { namespace: name.clone(), cause });
    }

    /// Models `syncNamespaceFromKey`.
    pub(super) fn empty_namespace(&mut self, name: &Name, cause: u64) {
        let terminating = self.state.world.namespaces.get(name).is_some_and(|it| it.meta.is_terminating());
        let Some((wait, _)) = self.state.namespaces.emptying.get(name).copied().filter(|_| terminating) else { return };
        let Try { delete, finish } = namespace_deletion::try_to_empty(&self.state.world, name);
        let entry = |verb, object: ObjectRef, node| Entry {
            actor: Actor::Namespace,
            verb,
            object,
            node,
            reason: Reason::NamespaceGoes { namespace: name.clone() },
            caused_by: Some(cause),
        };
        let progress = !delete.is_empty();
        for object in delete {
            let node = object.as_pod().and_then(|pod| pod.target_node().cloned());
            let target = ObjectRef { kind: object.kind(), key: object.key() };
            let request = Request::Delete {
                kind: object.kind(),
                key: object.key(),
                uid: Some(object.meta().uid),
                propagation: None,
                grace_period_seconds: None,
            };
            drop(self.send(request, entry(Verb::Delete, target, node)));
        }
        if finish {
            let key = ObjectKey::cluster(name.clone());
            let patch = Patch::RemoveFinalizer("kubernetes".into());
            let request = Request::Patch { kind: Kind::Namespace, key: key.clone(), uid: None, patch };
            drop(self.send(request, entry(Verb::Remove, ObjectRef { kind: Kind::Namespace, key }, None)));
        } else if progress || wait < namespace_deletion::RETRY_MAX {
            self.empty_later(name, wait, cause);
        } else {
            // Nothing changes any more: the original would look every minute; here the next deletion wakes it.
            self.state.namespaces.emptying.insert(name.clone(), (wait, false));
        }
    }

    fn count_later(&mut self, namespace: &Name, cause: u64) {
        let has_quota = self.state.world.quotas_in(namespace).next().is_some();
        if has_quota && !self.state.namespaces.counting.contains_key(namespace) {
            self.state.namespaces.counting.insert(namespace.clone(), ());
            let step = Step::CountQuotas { namespace: namespace.clone(), cause };
            self.schedule_between(QUOTA_NOTICES, step);
        }
    }

    /// Models `syncResourceQuota` for every quota of a namespace.
    pub(super) fn count_quotas(&mut self, namespace: &Name, cause: u64) {
        self.state.namespaces.counting.remove(namespace);
        let quotas: Vec<_> = self.state.world.quotas_in(namespace).map(Arc::clone).collect();
        for quota in quotas {
            let Some(status) = quota::recount(&self.state.world, &quota) else { continue };
            let key = quota.meta.key();
            let entry = Entry {
                actor: Actor::ResourceQuota,
                verb: Verb::Status,
                object: ObjectRef { kind: Kind::ResourceQuota, key: key.clone() },
                node: None,
                reason: Reason::QuotaCounted,
                caused_by: Some(cause),
            };
            let patch = Patch::QuotaStatus(status);
            drop(self.send(Request::Patch { kind: Kind::ResourceQuota, key, uid: None, patch }, entry));
        }
    }
}
