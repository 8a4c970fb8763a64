//! Namespaces that are deleted: their content goes first (pkg/controller/namespace/deletion).

use crate::api::{Kind, Name, SimDuration};
use crate::store::{Object, World};

/// A namespace that has been marked is left alone for this long (`namespaceDeletionGracePeriod`).
pub const GRACE_PERIOD: SimDuration = SimDuration::from_secs(5);
/// While content remains the controller tries again, first after this long, then after twice as long each time.
pub const RETRY_FIRST: SimDuration = SimDuration::from_secs(5);
pub const RETRY_MAX: SimDuration = SimDuration::from_secs(60);

/// What a try comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// What is deleted now.
    pub delete: Vec<Object>,
    /// Whether the namespace is empty then, so that it goes too.
    pub finish: bool,
}

/// Models `deleteAllContent`: pods first, and nothing else until they are gone; then everything in the order of its type's
/// name.
pub fn try_to_empty(world: &World, namespace: &Name) -> Try {
    let content = world.in_namespace(namespace);
    let (pods, mut others): (Vec<Object>, Vec<Object>) =
        content.into_iter().partition(|object| object.kind() == Kind::Pod);
    if !pods.is_empty() {
        let delete = pods.into_iter().filter(|pod| !pod.meta().is_terminating()).collect();
        return Try { delete, finish: false };
    }
    // What holds on to a finalizer stays, and the namespace with it.
    let finish = others.iter().all(|object| object.meta().finalizers.is_empty());
    others.sort_by_key(|object| object.kind().resource());
    Try { delete: others, finish }
}
