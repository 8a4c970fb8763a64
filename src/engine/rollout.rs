//! How far a DaemonSet's rollout is, in numbers, followed through the log.

use crate::api::{Kind, ObjectKey, ObjectMeta, Pod};
use crate::store::{Delta, Object, World};

/// What the status of a DaemonSet says, and how many pods of it are to stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    pub desired: u32,
    pub ready: u32,
    pub updated: u32,
    pub available: u32,
    pub unavailable: u32,
    /// Nodes that should not run it, and have a pod of it, which may stay there.
    pub misscheduled: u32,
    /// Its pods, without those that are being deleted.
    pub pods: u32,
}

impl Numbers {
    /// Whether nothing is left to do: each wanted pod is updated and available, and there is no other but those that may
    /// stay where none would be made.
    pub fn is_settled(&self) -> bool {
        let may_be = self.desired..=self.desired + self.misscheduled;
        self.updated == self.desired && self.available == self.desired && may_be.contains(&self.pods)
    }
}

/// The numbers of one DaemonSet at some moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    pub key: ObjectKey,
    pub numbers: Numbers,
}

impl Tally {
    /// Before there was anything of it.
    pub fn new(key: ObjectKey) -> Tally {
        Tally { key, numbers: Numbers::default() }
    }

    /// As a world has it.
    pub fn of(world: &World, key: &ObjectKey) -> Tally {
        let mut tally = Tally::new(key.clone());
        let daemonset = world.daemonsets.get(key).cloned().map(Object::DaemonSet);
        tally.note(&Delta { before: None, after: daemonset });
        tally.numbers.pods = world.pods.values().filter(|pod| tally.counts(pod)).count() as u32;
        tally
    }

    fn counts(&self, pod: &Pod) -> bool {
        !pod.is_terminating() && owner(&pod.meta).as_ref() == Some(&self.key)
    }

    /// Follows one change. Says whether a number is another one now.
    pub fn note(&mut self, delta: &Delta) -> bool {
        let old = self.numbers;
        match (&delta.before, &delta.after) {
            (_, Some(Object::DaemonSet(daemonset))) if daemonset.meta.key() == self.key => {
                let (status, count) = (&daemonset.status, |number: i64| u32::try_from(number).unwrap_or(0));
                self.numbers = Numbers {
                    desired: count(status.desired_number_scheduled),
                    ready: count(status.number_ready),
                    updated: count(status.updated_number_scheduled),
                    available: count(status.number_available),
                    unavailable: count(status.number_unavailable),
                    misscheduled: count(status.number_misscheduled),
                    pods: old.pods,
                };
            }
            (Some(Object::DaemonSet(daemonset)), None) if daemonset.meta.key() == self.key => {
                self.numbers = Numbers { pods: old.pods, ..Numbers::default() };
            }
            (before, after) => {
                let is_ours = |object: &Option<Object>| {
                    object.as_ref().and_then(Object::as_pod).is_some_and(|pod| self.counts(pod))
                };
                let (was, is) = (is_ours(before), is_ours(after));
                self.numbers.pods = (old.pods + u32::from(is)).saturating_sub(u32::from(was));
            }
        }
        self.numbers != old
    }
}

/// The DaemonSet that a change is about: itself, or the one that a pod belongs to.
pub fn concerns(delta: &Delta) -> Option<ObjectKey> {
    match delta.object()? {
        Object::DaemonSet(daemonset) => Some(daemonset.meta.key()),
        Object::Pod(pod) => owner(&pod.meta).or_else(|| owner(&delta.before.as_ref()?.as_pod()?.meta)),
        _ => None,
    }
}

/// The DaemonSet that controls an object.
pub fn owner(meta: &ObjectMeta) -> Option<ObjectKey> {
    let owner = meta.controller().filter(|owner| &*owner.kind == Kind::DaemonSet.as_str())?;
    Some(ObjectKey { namespace: meta.namespace.clone(), name: owner.name.clone() })
}
